"""A room is shared by links; a page that may only look changes nothing and offers nothing that would."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.support import contrast

pytestmark = pytest.mark.long

LINKS = "#shared .links button"


def links(page: Page) -> list[str]:
    """Those of the dialog, in their order."""
    page.keyboard.press("@")
    page.wait_for_selector(LINKS)
    found: list[str] = page.locator(LINKS).evaluate_all("all => all.map((one) => one.dataset.copy)")
    return found


def path(link: str) -> str:
    return re.sub(r"^https?://[^/]+", "", link)


def test_the_links_of_the_dialog_do_what_they_say(open_page: Opener) -> None:
    owner = open_page()
    taking_part, watching, moment, copy, owning = map(path, links(owner))
    owner.get_by_role("button", name="Copy the link: Watch only").click()
    expect(owner.locator("#share .copied")).to_have_text("Copied")
    assert owning.partition("=")[2] not in owner.locator("#shared").inner_text(), "it is on a projector"

    viewer = open_page(path=watching)
    for name in ("Pause", "Reset", "Break things", "Apply", re.compile("^Kill pod"), re.compile("^Power off")):
        expect(viewer.get_by_role("button", name=name)).to_have_count(0)
    expect(viewer.locator("#only-look")).to_be_visible()
    viewer.keyboard.press(" ")
    expect(viewer.locator("#answer")).to_contain_text("This link is for watching")
    assert taking_part.rpartition("/")[2] not in viewer.content()
    viewer.locator("#board .pod .open").first.click()
    expect(viewer.locator("#inspector")).to_be_visible()
    expect(viewer.locator("#inspector .todo")).to_be_hidden()

    server = viewer.url.partition("/rooms/")[0]
    viewer.goto(server + moment)
    expect(viewer.locator("body.in-past")).to_be_visible()
    expect(viewer.locator("#board-now")).to_contain_text(f"step {moment.partition('=')[2]}")
    viewer.locator("#to-live").click()
    expect(viewer).to_have_url(re.compile(f"{watching}$"))

    viewer.goto(server + copy)
    viewer.get_by_role("button", name="Make my copy").click()
    expect(viewer.get_by_role("button", name="Reset")).to_be_visible()
    assert taking_part not in viewer.url
    expect(open_page(path=owning).locator("body")).to_have_attribute("data-role", "owner")


def test_an_owner_names_protects_and_closes_before_everybodys_eyes(open_page: Opener) -> None:
    owner = open_page()
    taking_part, watching = map(path, links(owner)[:2])
    guest, viewer = open_page(path=taking_part), open_page(path=watching, size="phone", lang="ja", theme="dark")
    owner.get_by_label("Name", exact=True).fill("第3回 もくもく会")
    owner.get_by_role("button", name="Save").click()
    for page in (owner, guest, viewer):
        expect(page.locator("#room-title")).to_have_text("第3回 もくもく会")
        expect(page).to_have_title("第3回 もくもく会 · Loopscope")
    owner.get_by_role("switch", name="Protect").click()
    expect(guest.locator("#only-look")).to_be_visible()
    expect(guest.get_by_role("button", name="Reset")).to_have_count(0)
    expect(owner.locator("#reset")).to_be_visible()
    expect(owner.get_by_role("switch", name="Protect")).to_have_attribute("aria-checked", "true")
    owner.get_by_role("switch", name="Protect").click()
    expect(guest.get_by_role("button", name="Reset")).to_be_visible()
    owner.locator("#shared .closing summary").click()
    owner.get_by_role("button", name="Close it for good").click()
    for page in (owner, guest, viewer):
        expect(page.locator("body.error h1")).to_be_visible()
    expect(guest.locator("body")).to_contain_text("closed by its owner")
    open_page.complaints.clear()  # type: ignore[attr-defined]  # the 404s of a room that is gone


@pytest.mark.parametrize(("size", "lang", "theme"), [("projector", "en", "light"), ("phone", "ja", "dark")])
def test_the_dialog_fits_and_can_be_read(open_page: Opener, size: str, lang: str, theme: str) -> None:
    page = open_page(size, lang, theme)
    links(page)
    page.locator("#shared .closing summary").click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    dialog = page.locator("#share")
    assert dialog.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    heights = page.locator("#shared :is(button, a, summary, input)").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().height)"
    )
    assert min(heights) >= 24
    assert contrast.faint(page, "#share *") == []


def test_a_page_that_only_looks_fits(open_page: Opener) -> None:
    owner = open_page()
    watching = path(links(owner)[1])
    for size in ("projector", "phone"):
        page = open_page(size, path=watching)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert contrast.faint(page, "header.top *") == []
