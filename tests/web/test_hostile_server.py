"""A real server, with a bug in it that computes for ever: gunicorn would end it, and every room with it."""

from __future__ import annotations

import urllib.error
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.buggy import Buggy
from tests.support.server import Server, Visitor

pytestmark = pytest.mark.long
NOBODY = 0  # answers


def answered(ask: Callable[[], str]) -> tuple[int, str]:
    try:
        return 200, ask()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()
    except OSError:
        return NOBODY, ""


def scaled(visitor: Visitor, room: str, replicas: int) -> tuple[int, str]:
    values = {"kind": "Deployment", "name": "web", "replicas": replicas}
    return answered(lambda: visitor.post(f"/rooms/{room}/commands/scale", values))


def page_of(visitor: Visitor, room: str) -> tuple[int, str]:
    return answered(lambda: visitor.get(f"/rooms/{room}"))


def test_a_command_an_answer_and_a_step_without_an_end_cost_nobody_else_anything(tmp_path: Path) -> None:
    with Buggy("--data", str(tmp_path)) as server:
        slow, stuck, other = server.stranger(), server.stranger(), server
        slow_room, stuck_room, room = slow.room(), stuck.room(), other.room()
        begun = server.log()
        code, text = scaled(slow, slow_room, 7)
        assert (code, "left out, for it computed for more than 0.5 seconds" in text) == (504, True)
        code, text = answered(lambda: other.get(f"/rooms/{room}/objects/Deployment/default/endless/yaml"))
        assert code == 504
        assert scaled(stuck, stuck_room, 6)[0] == 200
        stuck.post(f"/rooms/{stuck_room}/quiet", {})
        assert scaled(other, room, 4)[0] == 200
        code, text = page_of(slow, slow_room)
        assert (code, "was left out: it took too long" in text) == (200, True)
        while (page := page_of(stuck, stuck_room))[0] == 200:
            pass
        assert page[0] == 503
        assert "A step of this room computed for more than 0.5 seconds" in page[1]
        assert "Loopscope is ready" not in server.log().removeprefix(begun), "no worker was ended"
        server.stop()
    with Server("--data", str(tmp_path)) as server:
        slow.url = stuck.url = server.url
        code, text = page_of(slow, slow_room)
        assert (code, "was left out: it took too long" in text) == (200, True)
        assert scaled(slow, slow_room, 5)[0] == 200
        code, text = page_of(stuck, stuck_room)
        assert (code, "Reset the room" in text) == (503, True)
        assert scaled(stuck, stuck_room, 5)[0] == 503
        stuck.post(f"/rooms/{stuck_room}/reset", {})
        assert scaled(stuck, stuck_room, 5)[0] == 200


def test_a_command_that_ends_the_server_does_so_once(tmp_path: Path) -> None:
    with Buggy("--data", str(tmp_path)) as server:
        visitor, other = server.stranger(), server
        room, others = visitor.room(), other.room()
        assert scaled(other, others, 4)[0] == 200
        assert scaled(visitor, room, 8)[0] == NOBODY
        while (page := page_of(visitor, room))[0] == NOBODY:
            pass
        assert (page[0], "was left out: the server ended while doing it" in page[1]) == (200, True)
        assert "  replicas: 4\n" in other.get(f"/rooms/{others}/objects/Deployment/default/web/yaml")
        assert scaled(visitor, room, 5)[0] == 200
        visitor.post(f"/rooms/{room}/reset", {})
        assert scaled(visitor, room, 5)[0] == 200
