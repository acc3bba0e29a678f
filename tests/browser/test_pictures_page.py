"""Pictures to take away: the dialog, and what a browser makes of what the server draws."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.support import contrast


def opened(page: Page) -> Page:
    page.keyboard.press(";")
    page.locator("#room-menu [data-comes='pictures']").click()
    expect(page.locator("#pictures")).to_be_visible()
    return page


def told(open_page: Opener, **options: str) -> Page:
    """A page on which a story was told."""
    page = open_page(**options)
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("#caption")).to_have_attribute("data-phase", "you")
    page.locator("[data-quiet-run]").click()
    expect(page.locator("#ending")).to_be_visible()
    return opened(page)


def saved(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.locator(f"#pictures {button}").click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def test_a_moment_is_saved_as_svg_and_png(open_page: Opener, tmp_path: Path) -> None:
    page = told(open_page)
    svg, png = saved(page, "[data-svg]", tmp_path), saved(page, "[data-png]", tmp_path)
    assert svg.read_text().startswith("<svg")
    data = png.read_bytes()
    assert data.startswith(b"\x89PNG")
    assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == (2560, 1440)
    assert page.locator("#pictures img").evaluate("image => image.naturalWidth") == 1280


@pytest.mark.long
def test_a_story_is_saved_as_a_picture_that_moves(open_page: Opener, tmp_path: Path) -> None:
    page = told(open_page)
    moments = int(page.locator("[data-about-gif]").inner_text().split()[0])
    gif = saved(page, "[data-gif]", tmp_path).read_bytes()
    assert gif.startswith(b"GIF89a")
    assert (int.from_bytes(gif[6:8], "little"), int.from_bytes(gif[8:10], "little")) == (960, 540)
    assert gif.count(b"\x21\xf9\x04") >= moments, "a frame for each"
    expect(page.locator("#pictures .making")).to_be_hidden()


def test_it_may_be_cancelled_and_made_again(open_page: Opener) -> None:
    page = told(open_page)
    page.route("**/picture.svg?*", lambda route: None)  # no answer ever comes
    page.locator("[data-gif]").click()
    expect(page.locator("#pictures progress")).to_be_visible()
    page.locator("[data-cancel]").click()
    expect(page.locator("#pictures .making")).to_be_hidden()
    expect(page.locator("[data-gif]")).to_be_enabled()
    expect(page.locator("#pictures .refused")).to_be_empty()


def test_the_frame_to_copy_says_what_was_chosen(open_page: Opener) -> None:
    page = opened(open_page())
    code = page.locator("#pictures code")
    expect(code).to_contain_text('<iframe src="http://')
    expect(code).to_contain_text('/embed?panels=caption,loop,board&amp;lang=en" width="800"')
    page.get_by_label("the timeline").check()
    page.get_by_label("the loop").uncheck()
    page.get_by_label("Size").select_option("400 300")
    expect(code).to_contain_text("panels=caption,board,timeline&amp;lang=en")
    expect(code).to_contain_text('width="400" height="300"')
    copied = page.locator("#pictures [data-copy]").get_attribute("data-copy")
    assert copied == code.inner_text()


@pytest.mark.parametrize(("size", "lang", "theme"), [("projector", "en", "light"), ("phone", "ja", "dark")])
def test_the_dialog_fits(open_page: Opener, size: str, lang: str, theme: str) -> None:
    page = opened(open_page(size, lang, theme))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("#pictures").evaluate("one => one.scrollWidth <= one.clientWidth")
    assert contrast.faint(page, "#pictures *") == []
    page.keyboard.press("Escape")
    expect(page.locator("#pictures")).to_be_hidden()
