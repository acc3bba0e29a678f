"""A room goes out by its menu and comes in on a page of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.support import contrast


def test_a_room_is_exported_and_imported(open_page: Opener, tmp_path: Path) -> None:
    page = open_page()
    steps = page.evaluate("JSON.parse(document.getElementById('frame').textContent).now")
    page.keyboard.press(";")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export this room").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name == "loopscope-self-healing.yaml"
    page.keyboard.press("Escape")
    page.locator("#room-menu > summary").click()
    page.get_by_role("link", name="Import a room").click()
    page.set_input_files("#file", file)
    page.get_by_role("button", name="Make a room of it").click()
    expect(page.locator("#answer")).to_contain_text("every mark on the way is the same")
    assert page.evaluate("JSON.parse(document.getElementById('frame').textContent).now") >= steps
    expect(page.locator("#board .pod")).to_have_count(3)


@pytest.mark.parametrize(("size", "lang", "theme"), [("projector", "en", "light"), ("phone", "ja", "dark")])
def test_the_page_that_takes_rooms_in_fits(open_page: Opener, size: str, lang: str, theme: str) -> None:
    page: Page = open_page(size, lang, theme)
    page.goto(page.url.partition("/rooms/")[0] + f"/import?lang={lang}")
    page.fill("#text", "format: 2")
    page.locator("button.primary").click()
    expect(page.get_by_role("alert")).to_contain_text("This Loopscope reads format 1")
    expect(page.locator("#text")).to_have_value("format: 2")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert contrast.faint(page, "main *") == []
    open_page.complaints.clear()  # type: ignore[attr-defined]  # the 400 of what was refused
