"""The room in a frame of a page that another server sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from tests.browser.conftest import Opener
from tests.support.pages import complaints_into, context_of

Framed = Callable[..., Frame]
CAN_BE_PRESSED = "button, input, select, textarea, summary, form, [tabindex='0'], a:not(.brand)"


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def framed(chromium: Browser, tmp_path: Path) -> Iterator[Framed]:
    """`framed(address, width, height)` -> the frame in a page of another origin, by a visitor without cookies."""
    (tmp_path / "favicon.ico").touch()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = context_of(chromium, "laptop", "en", "light")
    complaints: list[str] = []

    def opened(address: str, width: int = 800, height: int = 450, *, as_file: bool = False) -> Frame:
        frame = f'<iframe src="{address}" width="{width}" height="{height}"></iframe>'
        (tmp_path / "slide.html").write_text(f"<!doctype html><title>slide</title>{frame}")
        page = context.new_page()
        complaints_into(complaints, page)
        page.goto(f"file://{tmp_path}/slide.html" if as_file else f"http://127.0.0.1:{server.server_port}/slide.html")
        return page.frames[1]

    yield opened
    context.close()
    server.shutdown()
    server.server_close()
    assert not complaints


def room_of(page: Page) -> str:
    return page.url.partition("?")[0].replace("127.0.0.1", "localhost")


def pods(frame: Frame) -> set[str]:
    names = frame.locator("#board .pod:not(.leaving)[data-name]").evaluate_all(
        "all => all.map(one => one.dataset.name)"
    )
    return set(names)


def test_the_frame_lives_with_the_room(open_page: Opener, framed: Framed) -> None:
    page = open_page()
    frame = framed(f"{room_of(page)}/embed")
    expect(frame.locator("#board .pod")).to_have_count(3)
    victim = sorted(pods(frame))[0]
    page.get_by_role("button", name=f"Kill pod {victim}").click()
    expect(frame.locator("#caption .text")).to_contain_text("You kill pod")
    expect(frame.locator(f'#board .pod[data-name="{victim}"]')).to_have_attribute("data-status", "Terminating")
    expect(frame.locator("#loop-section .ring:visible")).to_have_count(1)
    expect(frame.locator(f'#board .pod[data-name="{victim}"]')).to_have_count(0)
    expect(frame.locator("#board .pod:not(.leaving)[data-status='Running']")).to_have_count(3)


def test_nothing_in_it_can_be_pressed(open_page: Opener, framed: Framed) -> None:
    page = open_page()
    frame = framed(f"{room_of(page)}/embed?panels=caption,loop,board", 1280, 720)
    expect(frame.locator("#board .pod")).to_have_count(3)
    page.keyboard.press("j")
    page.keyboard.press("k")  # pods that are pushed are looked at, too
    expect(frame.locator("#board .pod")).to_have_count(4)
    visible = f"[...document.querySelectorAll({CAN_BE_PRESSED!r})].filter(one => one.checkVisibility()).length"
    assert frame.evaluate(visible) == 0
    assert frame.evaluate("document.querySelectorAll('#board .kills, #board [data-do], [name=csrf_token]').length") == 0
    before = page.evaluate("JSON.parse(document.getElementById('frame').textContent).scenario")
    for key in ("r", "r", "k", "x"):
        frame.page.keyboard.press(key)
    assert page.evaluate("JSON.parse(document.getElementById('frame').textContent).scenario") == before
    home = frame.get_by_role("link", name="Open in Loopscope")
    expect(home).to_have_attribute("target", "_blank")


@pytest.mark.parametrize(("width", "height"), [(400, 300), (800, 450), (1280, 720)])
@pytest.mark.parametrize("query", ["lang=ja&theme=dark", "panels=board,timeline,desired&theme=light"])
def test_it_fits_its_frame(open_page: Opener, framed: Framed, width: int, height: int, query: str) -> None:
    frame = framed(f"{room_of(open_page())}/embed?{query}", width, height)
    expect(frame.locator("#board .pod")).to_have_count(3)
    excess = "[document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]"
    assert frame.evaluate(excess) == [0, 0]
    for box in frame.locator(".panel:visible, .caption:visible, .corner").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().toJSON())"
    ):
        assert box["left"] >= 0
        assert box["right"] <= width
        assert box["top"] >= 0
        assert box["bottom"] <= height
    expect(frame.locator("#board .pod").first).to_be_in_viewport(ratio=0.9)
    scheme = "getComputedStyle(document.documentElement).colorScheme"
    assert frame.evaluate(scheme) == ("dark" if "dark" in query else "light")


def test_one_moment_stands_still_in_a_slide_that_is_a_file(open_page: Opener, framed: Framed) -> None:
    page = open_page()
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("#caption")).to_have_attribute("data-phase", "act")
    step = page.locator("#caption").get_attribute("data-step")
    said = page.locator("#caption .text").inner_text()
    page.get_by_role("button", name="Skip to the ending").click()
    expect(page.locator("#ending")).to_be_visible()
    frame = framed(f"{room_of(page)}/embed?step={step}", as_file=True)
    expect(frame.locator("#caption .text")).to_have_text(said)
    expect(frame.locator("#board .pod")).to_have_count(4)
    expect(frame.locator("#connection")).to_be_hidden()
