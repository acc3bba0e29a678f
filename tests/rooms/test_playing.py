"""A room plays its lesson: what a step needs is brought about, it is kept, told to viewers, and asked for again."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from app.api.errors import Conflict, NotFound
from app.api.objects import Ref
from app.commands import DeleteObject, StopController
from app.engine.trace import Commanded
from app.rooms import Limits, Room, Rooms
from tests.support.rooms import WATCHER, Script, live, make_room, play

pytestmark = pytest.mark.long

WEB = Ref("Deployment", "default", "web")


def make_rooms(data_dir: Path | None = None, **limits: int) -> Rooms:
    rooms = Rooms(Script(), data_dir, limits=Limits(**limits))
    rooms.pacer.stop()
    return rooms


def commands(room: Room, since: int) -> list[str]:
    """What was asked for since that step of the trace."""
    records = (step.record for step in room.cluster.trace.since(since))
    return [record.command.do for record in records if isinstance(record, Commanded)]


def test_what_a_step_needs_is_brought_about_at_once_and_is_in_the_journal() -> None:
    room, _script, _clock = make_room("cascade-delete")
    room.cluster.submit(DeleteObject(WEB))
    room.cluster.run()
    since = room.cluster.trace.count
    pressed = room.press(1)
    assert commands(room, since) == ["apply", "delete"]
    assert 5_000 < pressed.prepared_ms < 30_000
    assert pressed.refusal is None
    assert [entry.command["do"] for entry in list(room.journal)[-2:]] == ["apply", "delete"]
    room.cluster.run()
    room.script.follow(room.cluster)
    assert room.script.done(1)


def test_an_object_that_is_going_is_waited_for_and_declared_again() -> None:
    room, _script, _clock = make_room("cascade-delete")
    room.press(2)
    room.cluster.run(limit_steps=10)
    assert "deletionTimestamp" in (room.get(WEB) or {})["metadata"]
    assert room.press(0).refusal is None
    room.cluster.run()
    room.script.follow(room.cluster)
    assert room.script.done(0)


def test_what_cannot_be_brought_about_is_refused_and_nothing_counts_as_pressed() -> None:
    room, _script, _clock = make_room()
    room.cluster.submit(StopController("replicaset-controller"))
    for pod in room.cluster.objects("Pod"):
        room.cluster.submit(DeleteObject(Ref("Pod", "default", pod["metadata"]["name"])))
    room.cluster.run()
    pressed = room.press(0)
    assert isinstance(pressed.refusal, Conflict)
    assert (pressed.steps, pressed.expected, room.script.latest) == ((), False, None)
    with pytest.raises(NotFound):
        room.press(9)


def test_viewers_are_told_when_a_milestone_is_reached_and_the_press_is_the_story() -> None:
    room, script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    live(room, clock, 5)
    script.frames.clear()
    pressed = room.press(0)
    live(room, clock, 1)
    assert room.told is not None
    assert room.act is not None
    assert room.act.number == pressed.steps[-1].number
    play(room, clock)
    assert room.script.done(0)
    told = [frame for frame in script.frames if frame.scripted]
    assert 4 <= len(told) <= 5, "the press, and its four milestones"
    assert len(told) < len(script.frames)


def test_a_drain_that_was_refused_asks_again_until_it_may() -> None:
    room, _script, clock = make_room("disruption-budget")
    room.attach(WATCHER, room.epoch, room.frame)
    since = room.cluster.trace.count
    assert room.press(0).expected
    play(room, clock)
    assert room.script.done(0)
    tries = commands(room, since)
    assert 4 <= len(tries) <= 8
    assert set(tries) == {"drain"}
    assert room.script.again is None
    assert [entry.command["do"] for entry in list(room.journal)[-len(tries) :]] == tries


def test_a_room_that_stands_still_asks_nothing() -> None:
    room, _script, clock = make_room("disruption-budget")
    room.attach(WATCHER, room.epoch, room.frame)
    room.press(0)
    room.set_pace(paused=True)
    before = room.cluster.trace.count
    live(room, clock, 60)
    assert room.cluster.trace.count == before


def test_a_lesson_that_goes_by_the_clock_and_one_after_it_that_does_not() -> None:
    rooms = make_rooms()
    room = rooms.create("large-cluster")
    assert (room.pace.mode, room.pace.speed) == ("clock", 1.0)
    assert not room.cluster.engine.turns.wanted
    rooms.reset(room, "self-healing")
    assert room.pace.mode == "story"
    assert room.cluster.engine.turns.wanted
    room.set_pace(speed=3.0)
    rooms.reset(room, "rolling-update")
    assert room.pace.speed == 3.0


def test_how_far_a_room_has_come_outlives_a_restart(tmp_path: Path) -> None:
    first = make_rooms(tmp_path)
    room = first.create("scale-up")
    first.press(room, 0)
    room.cluster.run()
    room.script.follow(room.cluster)
    first.press(room, 1)
    room.cluster.run(limit_steps=300)
    first.close()
    again = make_rooms(tmp_path).get(room.id)
    assert (again.script.done(0), again.script.done(1), again.script.latest) == (True, False, 1)
    assert again.script.to_json() == room.script.to_json()
    for each in (again, room):
        each.cluster.run()
        each.script.follow(each.cluster)
    assert again.script.done(1)
    assert again.script.to_json() == room.script.to_json()


def test_a_reset_forgets_it(tmp_path: Path) -> None:
    first = make_rooms(tmp_path)
    room = first.create()
    first.press(room, 0)
    first.reset(room)
    first.close()
    assert make_rooms(tmp_path).get(room.id).script.latest is None


def test_a_file_from_before_there_were_scripts_still_opens(tmp_path: Path) -> None:
    first = make_rooms(tmp_path)
    room = first.create()
    first.close()
    with sqlite3.connect(tmp_path / "rooms.sqlite3") as db:
        for column in ("script", "commands", "seal"):
            db.execute(f"ALTER TABLE rooms DROP COLUMN {column}")
    db.close()
    rooms = make_rooms(tmp_path)
    again = rooms.get(room.id)
    assert again.script.latest is None
    rooms.press(again, 0)
    rooms.close()
    assert make_rooms(tmp_path).get(room.id).script.latest == 0
