"""The room in a frame of another page: which panels, who may frame it, and that nothing in it changes anything."""

from __future__ import annotations

import pytest

from app.rooms import viewer_key
from tests.support.browser import JSON, Browser


def html(browser: Browser, query: str = "") -> str:
    response = browser.get(f"/embed?{query}")
    assert response.status_code == 200
    return str(response.get_data(as_text=True))


def test_only_this_page_may_be_framed_by_others(browser: Browser) -> None:
    framed = browser.get("/embed").headers["Content-Security-Policy"]
    assert "frame-ancestors" not in framed
    assert "default-src 'self'" in framed
    assert "unsafe" not in framed
    for path in ("", "/snapshot", "/picture.svg", "/pictures"):
        assert "frame-ancestors 'self'" in browser.get(path).headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("query", "panels"),
    [
        ("", "caption loop board"),
        ("panels=board", "board"),
        ("panels=timeline,caption", "caption timeline"),
        ("panels=board,%20board,traffic", "board traffic"),
        ("panels=", "caption loop board"),
    ],
)
def test_panels_are_chosen_by_name(browser: Browser, query: str, panels: str) -> None:
    assert f'data-panels="{panels}"' in html(browser, query)


@pytest.mark.parametrize("query", ["panels=board,nonsense", "theme=pink", "step=-3", "step=1.5"])
def test_what_cannot_be_meant_is_refused(browser: Browser, query: str) -> None:
    response = browser.get(f"/embed?{query}", headers=JSON)
    assert response.status_code == 400
    if "nonsense" in query:
        message = response.get_json()["message"]
        assert message == 'unknown panel "nonsense": one of caption, loop, board, timeline, desired, traffic'


def test_it_has_no_token_no_editor_and_no_menus(browser: Browser) -> None:
    page = html(browser)
    assert browser.token not in page
    for control in ("csrf", 'id="manifest"', 'id="reset"', 'id="apply"', "hx-post", "<dialog"):
        assert control not in page
    assert "data-still" not in page


def test_it_needs_no_cookie(browser: Browser) -> None:
    stranger = browser.app.test_client(use_cookies=False)
    page = stranger.get(f"{browser.base}/embed?lang=ja&theme=dark").get_data(as_text=True)
    assert 'lang="ja"' in page
    assert 'data-theme="dark"' in page
    assert "web-" in page


def test_one_moment_is_drawn_as_it_was_and_stays(browser: Browser) -> None:
    name = browser.pods()[0]
    browser.post("/commands/delete", {"kind": "Pod", "namespace": "default", "name": name})
    number = browser.room.cluster.trace.count
    browser.room.cluster.run()
    assert f'data-name="{name}"' not in html(browser, "panels=board")
    then = html(browser, f"panels=board,caption&step={number}")
    assert f'data-name="{name}"' in then
    assert "You kill pod" in then
    assert f'data-step="{number}"' in then
    assert "data-still" in then


def test_a_moment_that_there_is_not_is_not_found(browser: Browser) -> None:
    assert browser.get("/embed?step=999999", headers=JSON).status_code == 404


def test_the_dialog_offers_the_frame(browser: Browser) -> None:
    page = browser.get("/pictures").get_data(as_text=True)
    key = viewer_key(browser.room.id)
    assert f'data-address="http://localhost/rooms/{key}/embed"' in page
    framed = browser.client.get(f"/rooms/{key}/embed").get_data(as_text=True)
    assert browser.room.id not in framed
    assert key in framed
    assert page.count('name="panel"') == 6
    assert 'data-comes="pictures"' in browser.get("/files").get_data(as_text=True)
