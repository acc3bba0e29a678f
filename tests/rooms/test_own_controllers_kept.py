"""A room with controllers that people wrote: a story is told of them, nothing stops it, and it comes back as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.api.objects import Ref
from app.commands import Apply, DefineController
from app.engine.trace import Commanded
from app.operators.own import calling
from app.rooms import Rooms
from tests.rooms.test_rooms import make_rooms, state_of
from tests.support.rooms import Clock, Script, play

BOB = "apiVersion: v1\nkind: Secret\nmetadata: {name: bob}\n"
HELLO = """
def sync(parent, children):
    return {"children": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "hello"}}]}
"""
EATER = "def sync(parent, children):\n  x = 'x'\n  for i in range(40):\n    x = x + x\n  return {}\n"
WRONG = "def sync(parent, children):\n  return parent['spec']\n"


@pytest.fixture(autouse=True)
def by_our_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.rooms.autosave.INTERVAL_S", 3600)


@pytest.mark.mistakes
def test_mistakes_and_strikes_stop_the_controller_alone_and_come_back_with_the_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    rooms = Rooms(Script(), tmp_path, clock)
    rooms.pacer.stop()
    room = rooms.create()
    room.attach("en", room.epoch, room.frame)
    for name, text in (("hello", HELLO), ("eater", EATER), ("wrong", WRONG)):
        rooms.submit(room, DefineController(name, "secret", text, "cm"))
    rooms.submit(room, Apply(BOB))
    play(room, clock)
    assert room.broken is None
    assert room.cluster.get(Ref("ConfigMap", "default", "hello")) is not None
    struck = [step.record.command.do for step in room.cluster.trace if isinstance(step.record, Commanded)]
    assert struck.count("strike-controller") == 1
    assert [mistake.failed.where for mistake in room.cluster.actors["wrong"].mistakes] == ["wrong, line 2"]
    rooms._autosave.write()

    ask = calling.call

    def never_the_eater(name: str, *call: Any) -> calling.Returned:
        assert name != "eater"
        return ask(name, *call)

    monkeypatch.setattr("app.operators.own.calling.call", never_the_eater)
    again = make_rooms(tmp_path).get(room.id)
    assert state_of(again.cluster) == state_of(room.cluster)
    assert list(again.cluster.trace)[-50:] == list(room.cluster.trace)[-50:]
