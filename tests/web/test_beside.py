"""The page on which two rooms stand side by side, and the doors that lead there."""

from __future__ import annotations

import json
import re
import time
from html import unescape
from typing import Any

import pytest
from flask import Flask

from app.api.objects import Ref
from app.commands import Scale
from app.rooms import viewer_key
from app.rooms.rooms import Rooms
from tests.support.browser import JSON, Browser, make_app

WEB = Ref("Deployment", "default", "web")


@pytest.fixture
def rooms(app: Flask) -> Rooms:
    found: Rooms = app.extensions["rooms"]
    return found


@pytest.fixture
def fork(browser: Browser) -> str:
    """The name of a room that comes from the browser's, and in which something else was done."""
    browser.room.cluster.run()
    answer = browser.post("/fork").get_json()
    assert answer["beside"] == f"{browser.base}/beside/{answer['room']}"
    other = browser.app.extensions["rooms"].get(answer["room"])
    other.submit(Scale(WEB, 5))
    browser.room.submit(Scale(WEB, 4))
    for room in (browser.room, other):
        room.cluster.advance(room.cluster.now_ms + 20_000)
    return str(answer["room"])


def still(axis: dict[str, Any]) -> dict[str, Any]:
    """Without what changes by itself: whether a sentence still stands is asked of the wall's clock."""
    return {**axis, "sides": [{**side, "busy": None} for side in axis["sides"]]}


def axis_of(html: str) -> dict[str, Any]:
    found = re.search(r'data-axis="([^"]*)"', html)
    assert found
    axis: dict[str, Any] = json.loads(unescape(found[1]))
    return axis


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_both_at_the_moment_they_parted_and_the_way_on(browser: Browser, fork: str, lang: str) -> None:
    html = browser.get(f"/beside/{fork}?lang={lang}").get_data(as_text=True)
    axis = browser.get(f"/beside/{fork}/axis?lang={lang}").get_json()
    assert still(axis_of(html)) == still(axis)
    assert axis["stops"][0][0] == 0
    assert html.count('id="a-o-Deployment-default-web"') == html.count('id="b-o-Deployment-default-web"') == 1
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids)), "no id is there twice"
    says = {"en": ("You scale web to 4.", "You scale web to 5."), "ja": ("webを4個に", "webを5個に")}
    for side, said in zip(axis["sides"], says[lang], strict=True):
        assert said[:5] in side["deeds"][0][1]


def test_both_at_each_moment(browser: Browser, fork: str) -> None:
    axis = browser.get(f"/beside/{fork}/axis").get_json()
    at_ms, a, b, told_a, told_b, _stands = axis["stops"][-1]
    piece = browser.get(f"/beside/{fork}/at?at={at_ms}&a={a}&b={b}&told_a={told_a}&told_b={told_b}").get_data(True)
    by_time = browser.get(f"/beside/{fork}/at?at={at_ms}").get_data(True)
    assert re.findall(r'data-row="recover".*?</tr>', piece, re.DOTALL) == re.findall(
        r'data-row="recover".*?</tr>', by_time, re.DOTALL
    )
    assert [len(re.findall(rf'id="{side}-o-Pod-default-web', piece)) for side in "ab"] == [4, 5]
    assert "4\u00a0Running" in piece
    assert "5\u00a0Running" in piece
    for _ms, a, b, told_a, told_b, _stands in axis["stops"][1:-1:7]:
        piece = browser.get(f"/beside/{fork}/at?at={_ms}&a={a}&b={b}&told_a={told_a}&told_b={told_b}").get_data(True)
        shown = re.findall(r'id="then-[ab]"\s+data-step="(\d+)"\s+data-fresh="(\w+)"', piece)
        assert [int(step) for step, _fresh in shown] == [told_a, told_b]
        assert [fresh for _step, fresh in shown] == [str(a == told_a).lower(), str(b == told_b).lower()]


def test_the_fork_knows_where_it_comes_from_in_this_browser_alone(browser: Browser, fork: str) -> None:
    client = browser.client
    link = f'href="/rooms/{fork}/beside"'
    for path in ("", "/files"):
        html = client.get(f"/rooms/{fork}{path}").get_data(as_text=True)
        assert link in html
        assert browser.room.id not in html, "its address is its key"
    assert client.get(f"/rooms/{fork}/beside").headers["Location"] == f"{browser.base}/beside/{fork}"
    assert "/beside" not in browser.html
    stranger = browser.app.test_client()
    assert link not in stranger.get(f"/rooms/{fork}").get_data(as_text=True)
    asked = stranger.get(f"/rooms/{fork}/beside")
    assert asked.status_code == 200
    assert 'name="with"' in asked.get_data(as_text=True)


@pytest.mark.parametrize(
    "link", ["{}", "/rooms/{}", "http://localhost/rooms/{}?lang=ja", " https://talk.example/rooms/{}/beside/x "]
)
def test_another_room_is_named_by_its_link(browser: Browser, fork: str, link: str) -> None:
    answer = browser.get("/beside", query_string={"with": link.format(fork)})
    assert answer.headers["Location"] == f"{browser.base}/beside/{fork}"


@pytest.mark.parametrize(
    ("path", "code", "said"),
    [
        ("/beside?with=nonsense!", 404, "no link of a room"),
        ("/beside/bbbbbbbbbbbbbbbbbbbb", 404, "One of the two rooms is gone"),
        ("/beside/{id}", 409, "the same room twice"),
        ("/beside/{id}/axis", 409, "the same room twice"),
    ],
)
def test_what_cannot_be_compared_is_said(browser: Browser, path: str, code: int, said: str) -> None:
    answer = browser.get(path.format(id=browser.room.id))
    assert answer.status_code == code
    assert said in answer.get_data(as_text=True)


def test_when_the_origin_is_gone_that_is_said(browser: Browser, fork: str) -> None:
    answer = browser.client.get(f"/rooms/bbbbbbbbbbbbbbbbbbbb/beside/{fork}", headers={"Accept-Language": "ja"})
    assert answer.status_code == 404
    assert "片方のルームがありません" in answer.get_data(as_text=True)
    assert f'action="/rooms/{fork}/beside"' in answer.get_data(as_text=True)


def test_who_may_only_watch_is_given_no_other_key(browser: Browser, fork: str) -> None:
    watching, gone = viewer_key(browser.room.id), "b" * 20
    for path in (f"{watching}/beside/{viewer_key(fork)}", f"{watching}/beside/{gone}", f"{watching}/beside/{watching}"):
        html = browser.app.test_client().get(f"/rooms/{path}").get_data(as_text=True)
        assert watching in html
        assert browser.room.id not in html
        assert fork not in html


def test_the_page_knows_which_room_may_not_go_on_and_why(browser: Browser, fork: str) -> None:
    watching, other = viewer_key(browser.room.id), viewer_key(fork)
    for one, two in ((browser.room.id, fork), (watching, fork), (browser.room.id, other), (watching, other)):
        html = browser.app.test_client().get(f"/rooms/{one}/beside/{two}?lang=en").get_data(as_text=True)
        found = re.search(r'data-why-not="([^"]*)"', html)
        assert found
        says = ["watching" in why for why in json.loads(unescape(found[1]))]
        assert says == [one == watching, two == other]


@pytest.mark.parametrize("query", ["at=x", "a=-1", "told_b=1e3", "at=" + "9" * 13])
def test_numbers_that_are_none_are_refused(browser: Browser, fork: str, query: str) -> None:
    assert browser.get(f"/beside/{fork}/at?{query}", headers=JSON).status_code == 400


def test_a_step_that_there_is_not_is_the_newest(browser: Browser, fork: str) -> None:
    assert browser.get(f"/beside/{fork}/at?at=999999999&a=999999&b=999999").status_code == 200


def test_a_room_goes_on_to_where_the_other_is(app: Flask, browser: Browser) -> None:
    room = browser.room
    room.cluster.run()
    later_ms = room.cluster.now_ms - room.cluster.epoch_ms + 12_345
    assert browser.post("/quiet", {"at_least": str(later_ms)}).status_code == 200
    for _ in range(100):
        room.turn(time.monotonic())
    assert room.cluster.now_ms - room.cluster.epoch_ms == later_ms
    assert browser.post("/quiet", {"at_least": "soon"}).status_code == 400
    assert browser.post("/quiet", {"until": "1"}).status_code == 400


@pytest.mark.long
def test_a_past_that_is_not_in_memory_any_more_lives_again() -> None:
    app = make_app()
    browser = Browser(app)
    room = browser.room
    room.cluster.run()
    step = room.cluster.trace.count
    fork = app.extensions["sharing"].forked(room)
    fork.submit(Scale(WEB, 2))
    room.submit(Scale(WEB, 6))
    room.cluster.trace._steps.limit = 10
    room.cluster.advance(room.cluster.now_ms + 600_000)
    assert room.cluster.trace.first > step + 1
    piece = browser.get(f"/beside/{fork.id}/at?at=0&a={step + 1}&b={step + 1}").get_data(as_text=True)
    assert "You scale web to 6." in piece
    html = browser.get(f"/beside/{fork.id}/at?at=600000").get_data(as_text=True)
    assert "Steps of long ago are not known any more" in html
    app.extensions["rooms"].close()
