"""Writing a controller on the page: from a template to its child on the board, a mistake with its line while one types,
what it would do before it runs, and its end. By keyboard too, and on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Opener
from tests.browser.test_page import faster
from tests.support.contrast import faint
from tests.support.geometry import faults
from tests.support.pages import post

BOB = "apiVersion: v1\nkind: Secret\nmetadata: {name: bob}\n"
WRONG = "def sync(parent, children):\n    return parent['spec']\n"
CONFIG = '#board [data-kind="ConfigMap"][data-name="bob-hello"]'


def panel(page: Page) -> Locator:
    page.locator("#new-menu summary").click()
    page.get_by_role("button", name="Controller of your own").click()
    own = page.get_by_role("dialog", name="A controller of your own")
    expect(own.locator(".cm-content")).to_be_focused()
    return own


def text_of(own: Locator) -> Locator:
    return own.get_by_role("textbox", name="Controller in Starlark")


def write(own: Locator, text: str) -> None:
    """In place of all that is there, as one pastes it."""
    text_of(own).click()
    own.page.keyboard.press("Control+a")
    text_of(own).evaluate(
        """(editor, text) => {
          const clipboardData = new DataTransfer()
          clipboardData.setData("text/plain", text)
          editor.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true}))
        }""",
        text,
    )


def test_a_controller_is_written_runs_fails_with_its_line_and_is_removed(open_page: Opener) -> None:
    page = open_page(size="projector")
    faster(page)
    post(page, "commands/apply", manifest=BOB)
    own = panel(page)
    expect(text_of(own)).to_contain_text("Hello, ")
    own.get_by_role("button", name="Run it").click()
    expect(own.locator("#own-answer")).to_contain_text("controller hello defined")
    expect(own.get_by_role("listitem")).to_contain_text("hello")
    expect(page.locator(CONFIG)).to_be_visible()
    expect(page.locator('#lane-names [data-lane="hello"]')).to_be_visible()
    expect(page.locator('.mini[data-role="hello"]')).to_be_visible()

    write(own, WRONG)
    own.get_by_role("button", name="Run it").click()
    expect(own.get_by_role("listitem")).to_contain_text('hello, line 2: Key `"spec"` was not found')

    own.get_by_role("button", name="Remove hello").click()
    expect(own.locator("#own-answer")).to_contain_text("controller hello removed")
    expect(own.get_by_role("listitem")).to_have_count(0)
    expect(page.locator('.mini[data-role="hello"]')).to_have_count(0)


def test_while_one_types_the_line_that_is_wrong_says_why(open_page: Opener) -> None:
    page = open_page(size="laptop")
    own = panel(page)
    write(own, "def sync(parent, children):\n    return childs\n")
    expect(own.locator("#own-lint")).to_have_text("line 2: Variable `childs` not found")
    expect(own.locator(".cm-broken")).to_have_text("    return childs")
    write(own, "def sync(parent, children):\n    return {}\n")
    expect(own.locator("#own-lint")).to_be_empty()
    expect(own.locator(".cm-broken")).to_have_count(0)


def test_it_is_tried_before_it_runs_and_again_with_each_change(open_page: Opener) -> None:
    page = open_page(size="desk")
    post(page, "commands/apply", manifest=BOB)
    own = panel(page)
    own.get_by_role("button", name="Try it").click()
    observation = own.get_by_role("textbox", name="Observation: a parent, then its children")
    expect(observation).to_have_value(re.compile("name: bob"))
    tried = own.locator("#own-tried")
    expect(tried).to_contain_text("ConfigMap bob-hello would be created")
    observation.fill(BOB.replace("bob", "eve"))
    expect(tried).to_contain_text("ConfigMap eve-hello would be created")
    write(own, "def sync(parent, children):\n    print('hm')\n    return parent['spec']\n")
    expect(tried).to_contain_text('hello, line 3: Key `"spec"` was not found')
    expect(tried).to_contain_text("hm")
    own.get_by_label("Begin with").select_option("website")
    expect(observation).to_have_value(re.compile("kind: ConfigMap"))
    expect(tried).to_contain_text("Nothing would be written")
    own.get_by_label("Begin with").select_option("backup")
    expect(tried).to_contain_text("apply its CustomResourceDefinition first")
    expect(observation).to_have_value("")
    expect(page.locator(CONFIG)).to_have_count(0)
    open_page.complaints.clear()  # type: ignore[attr-defined]  # the 400 of a kind that is not there


def test_by_keyboard_alone(open_page: Opener) -> None:
    page = open_page(size="projector")
    page.locator("body").press("z")
    own = page.get_by_role("dialog", name="A controller of your own")
    text = text_of(own)
    expect(text).to_be_focused()
    for key in ("Control+a", "Delete"):
        page.keyboard.press(key)
    page.keyboard.type("def sync(parent, children):\nreturn {")
    expect(text.locator(".cm-line").nth(1)).to_have_text("    return {}")
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    expect(text.locator(".cm-line").nth(1)).to_have_text("        return {}")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Control+Enter")
    expect(own.locator("#own-answer")).to_contain_text("controller hello defined")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(own.get_by_role("checkbox", name="Goes by events (on_change)")).to_be_focused()
    page.keyboard.press("Escape")
    expect(own).to_be_hidden()
    expect(page.get_by_role("textbox", name="Manifest")).to_be_visible()
    page.locator("body").press("z")
    expect(text).to_contain_text("return {}")


def test_without_the_real_editor_the_text_field_works_as_well(open_page: Opener) -> None:
    page = open_page(size="projector", editor=False)
    page.locator("body").press("z")
    own = page.get_by_role("dialog", name="A controller of your own")
    text_of(own).fill("def sync(parent, children):\n    return childs\n")
    expect(own.locator("#own-lint")).to_have_text("line 2: Variable `childs` not found")
    own.get_by_role("button", name="Run it").click()
    expect(own.locator("#own-answer")).to_contain_text("controller hello defined")
    open_page.complaints.clear()  # type: ignore[attr-defined]  # the module that was kept away


def test_what_one_wrote_is_there_when_the_page_is_loaded_again(open_page: Opener) -> None:
    page = open_page(size="laptop")
    write(panel(page), "# mine")
    page.reload()
    expect(text_of(panel(page))).to_have_text("# mine")


@pytest.mark.parametrize(("size", "lang", "theme"), [("projector", "en", "light"), ("phone", "ja", "dark")])
def test_nothing_is_cut_off_covered_or_faint(open_page: Opener, size: str, lang: str, theme: str) -> None:
    page = open_page(size=size, lang=lang, theme=theme)
    page.locator("#new-menu summary").click()
    assert faults(page) == []
    page.locator("#own-open").click()
    expect(page.locator("#own .cm-content")).to_be_focused()
    page.locator("#own-try-open").click()
    expect(page.locator("#own-tried .fates")).to_be_visible()
    assert faults(page) == []
    assert faint(page, "#own :is(p, h3, h4, label, span, button, code, b)") == []


def test_on_a_phone_nothing_zooms_and_nothing_goes_sideways(open_page: Opener) -> None:
    page = open_page(size="phone", lang="ja")
    page.locator("#new-menu summary").click()
    page.locator("#own-open").click()
    content = page.locator("#own .cm-content")
    expect(content).to_be_visible()
    sizes = page.locator("#own :is(.cm-content, input:not([type=checkbox]), select, textarea)").evaluate_all(
        "found => found.map((one) => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert min(sizes) >= 16
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_any_kind_begins_with_its_smallest_object(open_page: Opener) -> None:
    page = open_page(size="projector")
    page.locator("body").press("n")
    page.get_by_label("Any kind").fill("CronJob")
    page.get_by_label("Any kind").press("Enter")
    manifest = page.get_by_role("textbox", name="Manifest")
    expect(manifest).to_contain_text("kind: CronJob")
    expect(manifest).to_be_focused()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator('#board [data-kind="CronJob"][data-name="example"]')).to_be_attached()

    page.locator("#new-menu summary").click()
    page.get_by_label("Any kind").fill("Nothing")
    page.get_by_role("button", name="New object of this kind").click()
    expect(page.locator("#answer")).to_contain_text('the server doesn\'t have a resource type "Nothing"')
    open_page.complaints.clear()  # type: ignore[attr-defined]  # the 404 of the refusal


def test_the_editor_of_controllers_is_not_loaded_before_it_is_asked_for(open_page: Opener) -> None:
    page = open_page(size="laptop")
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    names = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    assert not [name for name in names if "starlark" in name or "ownpanel" in name]
    panel(page)
    assert [url for url in loaded if url.endswith("/js/starlark.js")]
