"""What the editor says while others act, and when there is nothing to send."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.browser.test_page import faster, quiet


def test_the_plan_follows_what_others_do(open_page: Opener) -> None:
    page = open_page()
    faster(page)
    expect(page.locator("#plan")).to_contain_text("Nothing would change.")
    page.locator("#tries").get_by_role("button", name="Scale to 5").click()
    expect(page.locator("#plan")).to_contain_text("spec.replicas 5 → 3")
    expect(page.locator("#plan .drift")).to_contain_text("differs from what you wrote")
    quiet(page)
    expect(page.locator("#plan")).to_contain_text("spec.replicas 5 → 3")


def test_nothing_to_apply_is_said(open_page: Opener) -> None:
    page = open_page()
    page.get_by_role("textbox", name="Manifest").click()
    for key in ("Control+a", "Delete"):
        page.keyboard.press(key)
    page.keyboard.type("# nothing yet")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer .bad")).to_contain_text("no objects passed to apply")
