"""A story as one file, opened from a disk by a browser that reaches nothing: it plays to its end, and by keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.contrast import faint
from tests.support.geometry import faults
from tests.support.pages import complaints_into, context_of
from tests.support.server import Server

pytestmark = pytest.mark.long

Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def files(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By language, of a room in which a pod was killed."""
    visitor = server.stranger()
    room = visitor.room()
    visitor.post(f"/rooms/{room}/quiet", {})
    ended(visitor.get, room)
    html = visitor.get(f"/rooms/{room}")
    pod = re.search(r'data-kind="Pod"\s+data-namespace="default"\s+data-name="([\w-]+)"', html)
    assert pod
    visitor.post(f"/rooms/{room}/commands/delete", {"kind": "Pod", "namespace": "default", "name": pod[1]})
    visitor.post(f"/rooms/{room}/quiet", {})
    ended(visitor.get, room)
    found = {}
    for lang in ("en", "ja"):
        found[lang] = tmp_path_factory.mktemp(lang) / "story.html"
        found[lang].write_text(visitor.get(f"/rooms/{room}/story.html?lang={lang}"))
    return found


def ended(get: Callable[[str], str], room: str) -> None:
    for _ in range(600):
        if '"quiet": true' in get(f"/rooms/{room}/snapshot").replace('"quiet":true', '"quiet": true'):
            return
    raise AssertionError("the room does not come to rest")


@pytest.fixture
def opened(chromium: Browser, files: dict[str, Path]) -> Iterator[Opener]:
    complaints: list[str] = []
    asked: list[str] = []
    contexts = []

    def open_file(size: str = "projector", lang: str = "en", theme: str = "light", motion: str = "reduce") -> Page:
        context = context_of(chromium, size, lang, theme)
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        page.emulate_media(reduced_motion="reduce" if motion == "reduce" else "no-preference")
        complaints_into(complaints, page)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(files[lang].as_uri())
        expect(page.locator("#board .pod")).to_have_count(3)
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert not complaints
    assert all(url.startswith("file://") for url in asked)
    assert len(asked) == len(contexts), "the pages themselves, and nothing else"


def at(page: Page) -> int:
    return int(page.locator("#moment").input_value())


def test_it_plays_to_its_end_and_again(opened: Opener) -> None:
    page = opened(motion="some")
    last = int(page.locator("#moment").get_attribute("max") or 0)
    expect(page.locator("#caption .text")).to_contain_text("You kill pod")
    page.get_by_label("Speed", exact=True).last.select_option("4")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator('#board .pod[data-tone="dying"]')).to_have_count(1)
    expect(page.locator("#ending")).to_contain_text("3 wanted, 3 ready")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert at(page) == last
    expect(page.locator('#board .pod[data-ready="true"]')).to_have_count(3)
    expect(page.locator("#tally")).to_have_text("3/3 Ready")
    page.keyboard.press("Home")
    expect(page.locator("#ending")).to_be_hidden()
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#caption")).to_have_attribute("data-phase", "observe")


def test_it_is_gone_through_by_keys_and_all_is_as_before(opened: Opener) -> None:
    page = opened()
    last = int(page.locator("#moment").get_attribute("max") or 0)
    pictures = [page.locator("#board").text_content()]
    for moment in range(1, last + 1):
        page.keyboard.press("ArrowRight")
        assert at(page) == moment
        expect(page.locator(".leaving, .arriving")).to_have_count(0)
        pictures.append(page.locator("#board").text_content())
    for moment in range(last - 1, -1, -1):
        page.keyboard.press("ArrowLeft")
        assert page.locator("#board").text_content() == pictures[moment], moment
    page.keyboard.press("End")
    assert page.locator("#board").text_content() == pictures[last]
    page.keyboard.press("PageUp")
    assert at(page) == 0
    page.keyboard.press("d")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.locator("#moment").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#moment")).to_have_attribute("aria-valuetext", re.compile(r"^moment 2 of \d+, 00:\d\d\.\d$"))
    page.get_by_text("In words").click()
    page.locator("#words button").nth(3).click()
    expect(page.locator("#words [aria-current=step]")).to_contain_text("creates one")
    page.keyboard.press("Escape")
    expect(page.locator("#words")).to_be_hidden()


@pytest.mark.parametrize(
    ("size", "lang", "theme"),
    [("projector", "en", "light"), ("desk", "ja", "dark"), ("phone", "en", "dark"), ("phone", "ja", "light")],
)
def test_it_lies_well(opened: Opener, size: str, lang: str, theme: str) -> None:
    page = opened(size=size, lang=lang, theme=theme)
    for _ in range(4):
        for _step in range(5):
            page.keyboard.press("ArrowRight")
        expect(page.locator(".leaving, .arriving")).to_have_count(0)
        assert faults(page) == []
        assert faint(page, ".controls, .top, .node, .service, .tray") == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_where_nothing_runs_the_story_is_there_in_words(chromium: Browser, files: dict[str, Path]) -> None:
    context = context_of(chromium, "laptop", "en", "light", script=False)
    page = context.new_page()
    page.goto(files["en"].as_uri())
    page.get_by_text("In words").click()
    expect(page.locator("#words")).to_contain_text("You kill pod")
    context.close()
