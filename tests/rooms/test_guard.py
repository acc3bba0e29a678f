"""What does not come back is ended, from outside, and costs one command, one answer or one room."""

from __future__ import annotations

import itertools
import logging
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.api.errors import Timeout
from app.api.objects import Ref
from app.cluster import Cluster
from app.commands import Command, Scale
from app.controllers.replicaset.replicaset import ReplicaSetController
from app.rooms import Broken, NotDone, Room, Rooms, guard
from tests.support.rooms import WATCHER, Script, live
from tests.support.rooms import Clock as HandMoved

WEB = Ref("Deployment", "default", "web")

pytestmark = [pytest.mark.long, pytest.mark.mistakes]


@pytest.fixture(autouse=True)
def guarded(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Its signals come from `for_ever`, not with time: whoever is slow because this machine is busy meets none."""
    caplog.set_level(logging.CRITICAL, logger="app.rooms")
    before = signal.getsignal(signal.SIGPROF)
    guard.start()
    guard.stop()
    yield
    signal.signal(signal.SIGPROF, before)


def for_ever(*_given: Any, **_named: Any) -> Any:
    for _ in itertools.count():
        signal.raise_signal(signal.SIGPROF)


def make_rooms(data_dir: Path, clock: HandMoved) -> Rooms:
    rooms = Rooms(Script(), data_dir, clock)
    rooms.pacer.stop()
    return rooms


def test_a_loop_without_an_end_is_ended_when_its_time_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.limits.SLICE_CPU_S", 0.3)
    guard.start()
    try:
        with pytest.raises(guard.Overrun), guard.watched() as mine:
            for _ in itertools.count():
                pass
    finally:
        guard.stop()
    assert mine.cpu_s > 0.3


def test_nobody_is_ended_who_is_not_watched_or_gets_something_done() -> None:
    for _ in range(500):
        signal.raise_signal(signal.SIGPROF)
    with guard.watched() as mine:
        for _ in range(500):
            signal.raise_signal(signal.SIGPROF)
            guard.renew()
    assert mine.cpu_s == 50.0


def test_within_another_each_counts_for_itself() -> None:
    with guard.watched():
        for _ in range(3):
            with pytest.raises(guard.Overrun), guard.watched():
                for_ever()


def test_what_is_spent_inside_counts_outside_too() -> None:
    with guard.watched() as outer:
        with pytest.raises(guard.Overrun), guard.watched() as inner:
            for_ever()
        assert outer.cpu_s == inner.cpu_s > 0


def test_a_command_without_an_end_is_left_out_and_the_room_goes_on_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = HandMoved()
    rooms = make_rooms(tmp_path, clock)
    room, neighbour = rooms.create(), rooms.create()
    room.submit(Scale(WEB, 2))
    with monkeypatch.context() as patched:
        patched.setattr(Scale, "perform", for_ever)
        with pytest.raises(NotDone, match="computed for more than 5 seconds") as slow:
            room.submit(Scale(WEB, 7))
    assert (slow.value.code, slow.value.reason) == (504, "Timeout")
    with pytest.raises(Broken):
        room.submit(Scale(WEB, 4))
    neighbour.submit(Scale(WEB, 4))
    again = rooms.get(room.id)
    assert again is not room
    expect_left_out(again, "slow", replicas=2)
    again.submit(Scale(WEB, 5))
    rooms.close()
    after = make_rooms(tmp_path, clock).get(room.id)
    assert replicas(after) == 5
    assert after.journal == again.journal


def replicas(room: Room) -> int:
    found = room.get(WEB)
    assert found is not None
    wanted: int = found["spec"]["replicas"]
    return wanted


def expect_left_out(room: Room, why: str, *, replicas: int) -> None:
    """Its newest command is, and is told."""
    step = room.cluster.trace.get(room.cluster.trace.count)
    assert step is not None
    assert step.record.command.to_json() == {"do": "leave-out", "command": "scale", "why": why}  # type: ignore[union-attr]
    assert room.journal[-1].left_out == why
    found = room.get(WEB)
    assert found is not None
    assert found["spec"]["replicas"] == replicas


def test_a_command_that_fails_by_a_mistake_of_ours_is_left_out_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = HandMoved()
    rooms = make_rooms(tmp_path, clock)
    room = rooms.create()

    def half(command: Scale, hands: Any) -> None:
        hands.patch(command.ref, {"spec": {"replicas": 9}})
        raise KeyError("a bug")

    monkeypatch.setattr(Scale, "perform", half)
    with pytest.raises(NotDone, match="KeyError"):
        room.submit(Scale(WEB, 7))
    monkeypatch.undo()
    expect_left_out(rooms.get(room.id), "KeyError", replicas=3)


def test_a_command_that_ended_the_server_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        """As gunicorn does to a worker that no longer answers."""

    def end(command: Command, hands: Any) -> None:
        raise Killed

    clock = HandMoved()
    rooms = make_rooms(tmp_path, clock)
    room = rooms.create()
    room.submit(Scale(WEB, 2))
    monkeypatch.setattr(Scale, "perform", end)
    with pytest.raises(Killed):
        room.submit(Scale(WEB, 7))
    monkeypatch.undo()
    for _restart in range(2):
        rooms = make_rooms(tmp_path, clock)
        expect_left_out(rooms.get(room.id), "killed", replicas=2)
    rooms.get(room.id).submit(Scale(WEB, 4))
    again = make_rooms(tmp_path, clock).get(room.id)
    assert [entry.left_out for entry in again.journal][-2:] == ["killed", ""]
    assert replicas(again) == 4


def test_a_step_without_an_end_stops_its_room_right_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = HandMoved()
    rooms = make_rooms(tmp_path, clock)
    room, neighbour = rooms.create(), rooms.create()
    room.attach(WATCHER, room.epoch, room.frame)
    room.submit(Scale(WEB, 5))
    with monkeypatch.context() as patched:
        patched.setattr(ReplicaSetController, "diff", for_ever)
        live(room, clock, 60)
        assert room.broken is not None
        assert "5 seconds" in str(room.broken.text) % room.broken.values
        stopped_at = room.cluster.trace.count
        neighbour.submit(Scale(WEB, 2))
    rooms.close()
    rooms = make_rooms(tmp_path, clock)
    room = rooms.get(room.id)
    assert room.broken is not None
    assert room.cluster.trace.count == stopped_at
    with pytest.raises(Broken, match="Reset the room"):
        room.submit(Scale(WEB, 4))
    rooms.reset(room)
    room.submit(Scale(WEB, 4))
    assert replicas(make_rooms(tmp_path, clock).get(room.id)) == 4


def test_a_journal_with_a_command_or_a_step_without_an_end_is_lived_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had just been quick enough, say, on another machine."""
    clock = HandMoved()
    rooms = make_rooms(tmp_path, clock)
    room = rooms.create()
    room.submit(Scale(WEB, 2))
    room.cluster.run()
    room.submit(Scale(WEB, 5))
    room.cluster.run()
    rooms.close()
    perform, diff = Scale.perform, ReplicaSetController.diff
    with monkeypatch.context() as patched:
        patched.setattr(Scale, "perform", lambda own, hands: for_ever() if own.replicas == 2 else perform(own, hands))
        again = make_rooms(tmp_path, clock).get(room.id)
        assert [entry.left_out for entry in again.journal][-2:] == ["slow", ""]
        assert replicas(again) == 5
    with monkeypatch.context() as patched:
        tripped: list[Any] = []

        def trip(own: Any, seen: Any) -> Any:
            if seen.replica_set["spec"]["replicas"] == 5:
                tripped.append(seen)
                for_ever()
            return diff(own, seen)

        patched.setattr(ReplicaSetController, "diff", trip)
        for _restart in range(2):
            again = make_rooms(tmp_path, clock).get(room.id)
            assert again.broken is not None
            assert again.cluster.trace.count < room.cluster.trace.count
        assert len(tripped) == 1, "once was enough"


def test_an_answer_that_takes_too_long_stops_nothing(tmp_path: Path) -> None:
    room = make_rooms(tmp_path, HandMoved()).create()
    for look in (room.read, lambda draw: room.drawn(lambda: draw(room.cluster))):
        with pytest.raises(Timeout, match="did not complete within the allotted timeout"):
            look(for_ever)
    with pytest.raises(KeyError):
        room.drawn(lambda: {}["a mistake of a view"])
    assert room.broken is None
    room.submit(Scale(WEB, 4))


def test_a_room_that_cannot_be_brought_back_says_why_and_keeps_what_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = HandMoved()
    monkeypatch.setattr("app.rooms.checkpoints.CLOSING_S", 0)
    rooms = make_rooms(tmp_path, clock)
    room = rooms.create()
    room.submit(Scale(WEB, 5))
    room.cluster.run()
    rooms.close()
    before = list(room.journal)
    with monkeypatch.context() as patched:
        patched.setattr("app.api.limits.STEPS_REPLAYED", 10)
        rooms = make_rooms(tmp_path, clock)
        again = rooms.get(room.id)
        assert again.broken is not None
        assert "too many" in str(again.broken.text)
        rooms.close()
    with monkeypatch.context() as patched:
        patched.setattr(Cluster, "replay", lambda *_: (_ for _ in ()).throw(LookupError("another version")))
        assert make_rooms(tmp_path, clock).get(room.id).broken is not None
    rooms = make_rooms(tmp_path, clock)
    again = rooms.get(room.id)
    assert list(again.journal) == before
    assert again.broken is None
    with monkeypatch.context() as patched:
        patched.setattr("app.api.limits.STEPS_REPLAYED", 10)
        rooms = make_rooms(tmp_path, clock)
        again = rooms.get(room.id)
        rooms.reset(again)
        again.submit(Scale(WEB, 4))
    assert replicas(make_rooms(tmp_path, clock).get(room.id)) == 4
