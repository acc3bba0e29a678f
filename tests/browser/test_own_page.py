"""Writing a controller on the page: from a template to its child on the board, a mistake with its line, and its end."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Opener
from tests.browser.test_page import PATIENCE_MS, faster
from tests.support.pages import post

BOB = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: bob}\n"
WRONG = "def sync(parent, children):\n    return parent['spec']\n"


def dialog(page: Page) -> Locator:
    page.locator("#new-menu summary").click()
    page.get_by_role("button", name="Controller of your own").click()
    return page.get_by_role("dialog", name="A controller of your own")


def test_a_controller_is_written_runs_fails_with_its_line_and_is_removed(open_page: Opener) -> None:
    page = open_page(size="projector")
    faster(page)
    post(page, "commands/apply", manifest=BOB)
    own = dialog(page)
    text = own.get_by_role("textbox", name="Controller in Starlark")
    expect(text).to_have_value(re.compile("Hello, "))
    own.get_by_role("button", name="Run it").click()
    expect(own.locator("#own-answer")).to_contain_text("controller hello defined")
    expect(own.get_by_role("listitem")).to_contain_text("hello")
    page.keyboard.press("Escape")
    expect(page.locator('#board [data-kind="ConfigMap"][data-name="bob-hello"]')).to_be_attached(timeout=PATIENCE_MS)

    own = dialog(page)
    text.fill(WRONG)
    own.get_by_role("button", name="Run it").click()
    expect(own.locator("#own-answer")).to_contain_text("controller hello defined")
    expect(own.get_by_role("listitem")).to_contain_text(
        'hello, line 2: Key `"spec"` was not found', timeout=PATIENCE_MS
    )

    own.get_by_role("button", name="Remove hello").click()
    expect(own.locator("#own-answer")).to_contain_text("controller hello removed")
    expect(own.get_by_role("listitem")).to_have_count(0)
