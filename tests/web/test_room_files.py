"""The doors through which a room goes out as a file and comes in as another."""

from __future__ import annotations

import io

import pytest
from flask import Flask

from app.rooms.rooms import Rooms
from app.web.rates import RATES, Budget, Rate
from tests.support.browser import JSON, Browser, make_app

pytestmark = pytest.mark.long


@pytest.fixture
def text(browser: Browser) -> str:
    browser.room.cluster.run()
    browser.post("/commands/scale", {"kind": "Deployment", "name": "web", "replicas": "4"})
    return browser.get("/export").get_data(as_text=True)


def test_a_room_is_a_file_to_keep(browser: Browser) -> None:
    answer = browser.get("/export")
    assert answer.status_code == 200
    assert answer.mimetype == "text/yaml"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="loopscope-self-healing.yaml"'
    assert browser.room.id not in answer.get_data(as_text=True)


def sent(browser: Browser, how: str, text: str, **headers: str) -> tuple[int, str, str]:
    """The status, where it leads, and what came back."""
    token = {"csrf_token": browser.token}
    given: dict[str, object] = {
        "upload": {"data": {**token, "file": (io.BytesIO(text.encode()), "room.yaml"), "text": ""}},
        "text": {"data": {**token, "text": text.replace("\n", "\r\n"), "file": (io.BytesIO(b""), "")}},
        "body": {"data": text.encode(), "content_type": "text/yaml", "headers": {"X-CSRF-Token": browser.token}},
        "stranger": {"data": {"text": text}},
    }[how]
    assert isinstance(given, dict)
    answer = browser.client.post("/import", **{**given, "headers": {**given.get("headers", {}), **headers}})
    return answer.status_code, answer.headers.get("Location", ""), answer.get_data(as_text=True)


@pytest.mark.parametrize("how", ["upload", "text", "body"])
def test_it_comes_in_as_a_new_room(app: Flask, browser: Browser, text: str, how: str) -> None:
    code, place, _ = sent(browser, how, text)
    assert code == 303
    assert place.startswith("/rooms/")
    assert place != browser.base
    rooms: Rooms = app.extensions["rooms"]
    again = rooms.get(place.removeprefix("/rooms/"))
    assert again.cluster.trace.count == browser.room.cluster.trace.count
    page = browser.client.get(place, headers={"Accept-Language": "ja"}).get_data(as_text=True)
    assert f"{again.cluster.trace.count}ステップ" in page


def test_a_program_gets_json(browser: Browser, text: str) -> None:
    code, _, body = sent(browser, "body", text, **JSON)
    assert code == 201
    assert '"url":"/rooms/' in body
    code, _, body = sent(browser, "body", "format: 2", **JSON)
    assert code == 400
    assert "This Loopscope reads format 1" in body


@pytest.mark.parametrize("how", ["upload", "text", "body"])
def test_what_is_wrong_is_said_above_the_form(browser: Browser, text: str, how: str) -> None:
    code, _, page = sent(browser, how, text.replace("replicas: 4", "replicas: many"))
    assert code == 400
    assert "must be of type int" in page
    assert "replicas: many" in page, "what was sent is still there"
    assert '<input type="file"' in page


def test_what_is_no_text_is_refused(browser: Browser) -> None:
    data = {"csrf_token": browser.token, "file": (io.BytesIO(b"\xff\xfe"), "room.yaml")}
    answer = browser.client.post("/import", data=data)
    assert answer.status_code == 400
    assert "no text in UTF-8" in answer.get_data(as_text=True)
    data = {"csrf_token": browser.token, "room": "x"}
    assert "unknown field" in browser.client.post("/import", data=data).get_data(as_text=True)


def test_a_page_of_others_brings_nothing_in(browser: Browser, text: str) -> None:
    assert sent(browser, "stranger", text)[0] == 403
    assert sent(browser, "body", text, Origin="http://evil.example")[0] == 403


def test_files_have_a_rate_of_their_own() -> None:
    rate = Budget(Rate(2, 0.001))
    app = make_app(RATES={**RATES, "file": rate})
    try:
        browser = Browser(app)
        assert [browser.get("/export").status_code for _ in range(3)] == [200, 200, 429]
        code, _, page = sent(browser, "text", "format: 1")
        assert code == 429
        assert "format: 1" in page
    finally:
        app.extensions["rooms"].close()


def test_a_page_that_takes_rooms_in_says_so_in_each_language(browser: Browser) -> None:
    assert "Import a room" in browser.client.get("/import?lang=en").get_data(as_text=True)
    assert "ルームをインポート" in browser.client.get("/import?lang=ja").get_data(as_text=True)
    menu = browser.get("/files").get_data(as_text=True)
    for place in (f"{browser.base}/export", f"{browser.base}/manifests", "/import"):
        assert f'href="{place}"' in menu
    assert f'hx-get="{browser.base}/files"' in browser.html


def test_what_if(app: Flask, browser: Browser) -> None:
    rooms: Rooms = app.extensions["rooms"]
    first = browser.pods()[0]
    pod = {"kind": "Pod", "namespace": "default", "name": first}
    step = browser.post("/commands/delete", pod).get_json()["step"]
    browser.room.cluster.run()
    now, before = (browser.post("/fork", data).get_json() for data in ({}, {"step": str(step - 1)}))
    assert (now["step"], before["step"]) == (browser.room.cluster.trace.count, step - 1)
    ours, then = (rooms.get(each["room"]) for each in (now, before))
    assert then.pace.paused
    assert not ours.pace.paused
    assert first in {pod["metadata"]["name"] for pod in then.cluster.objects("Pod", "default")}
    assert first not in browser.pods()
    then.cluster.run()
    assert first in {pod["metadata"]["name"] for pod in then.cluster.objects("Pod", "default")}
    assert browser.room.cluster.trace.count == now["step"]


@pytest.mark.parametrize(("step", "code"), [("-1", 400), ("x", 400), ("9" * 13, 400), ("999999999", 404)])
def test_there_is_no_fork_of_a_step_that_is_none(browser: Browser, step: str, code: int) -> None:
    assert browser.post("/fork", {"step": step}).status_code == code


def test_a_form_leads_to_the_fork(browser: Browser) -> None:
    answer = browser.client.post(browser.base + "/fork", data={"csrf_token": browser.token})
    assert answer.status_code == 303
    assert answer.headers["Location"] not in ("", browser.base)
    assert browser.client.get(answer.headers["Location"]).status_code == 200
    assert browser.client.post(browser.base + "/fork").status_code == 403


def test_what_is_declared_goes_out_as_manifests(browser: Browser) -> None:
    answer = browser.get("/manifests")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="manifests.yaml"'
    text = answer.get_data(as_text=True)
    assert "kind: Deployment" in text
    assert "kind: Pod\n" not in text
    assert "kind: Node\n" in browser.get("/manifests?nodes=kwok").get_data(as_text=True)
    assert browser.get("/manifests?nodes=all").status_code == 400
