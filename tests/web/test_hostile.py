"""One request stops nobody: each comes through the server's own door, and after it the server is started again."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from app.api.objects import Ref
from app.rooms import Room
from tests.support.browser import Browser, make_app
from tests.support.hostile import CONTAINER, FORM, HOSTILE, Request

STEPS = 4_000
SCALE = {"kind": "Deployment", "name": "web", "replicas": "4"}


def send(browser: Browser, request: Request) -> int:
    if request.content_type == FORM:
        return browser.post(request.path, request.body).status_code
    headers = {"Content-Type": request.content_type}
    path = browser.base + request.path
    return browser.client.open(path, method=request.method, data=request.data, headers=headers).status_code


def move(room: Room) -> None:
    """As far as the request could have a say in."""
    for _ in range(STEPS):
        room.cluster.step()


def start(data_dir: Path) -> Flask:
    return make_app(DATA_DIR=str(data_dir), RATES=None)


@pytest.mark.long
@pytest.mark.parametrize("requests", HOSTILE.values(), ids=HOSTILE)
def test_it_is_answered_and_all_goes_on(requests: list[Request], tmp_path: Path) -> None:
    app = start(tmp_path)
    browser, neighbour = Browser(app), Browser(app)
    for request in requests:
        assert send(browser, request) == request.code
        move(browser.room)
    expect_all_well(browser)
    expect_all_well(neighbour)
    app.extensions["rooms"].close()
    again = start(tmp_path)
    browser.client = again.test_client()
    page = browser.client.get(browser.base)
    browser.app, browser.token = again, page.get_data(as_text=True).partition('csrf-token" content="')[2][:64]
    expect_all_well(browser)
    assert browser.post("/reset").status_code == 200
    expect_all_well(browser)
    again.extensions["rooms"].close()


def expect_all_well(browser: Browser) -> None:
    assert browser.get("").status_code == 200
    assert browser.get("/snapshot").status_code == 200
    assert browser.post("/commands/scale", SCALE).status_code == 200
    assert browser.room.broken is None


def test_a_shell_without_an_end_is_ended(tmp_path: Path) -> None:
    app = start(tmp_path)
    browser = Browser(app)
    assert send(browser, Request("POST", "/kube/api/v1/namespaces/default/pods", CONTAINER)) == 201
    browser.room.cluster.run()
    for line in ('sh -c "$V0"', 'sh -c "$A"'):
        done = browser.room.execute(Ref("Pod", "default", "shell"), "", ["sh", "-c", line])
        assert (done.err, done.code) == ("sh: can't fork: Resource temporarily unavailable\n", 2)
    expect_all_well(browser)
    app.extensions["rooms"].close()
