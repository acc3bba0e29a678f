"""Somebody is called: time goes by the clock, and a copy of that moment shows what the controllers would have done."""

from __future__ import annotations

import pytest

from app.api.objects import Ref, ref_of
from app.commands import ByHand, DeleteObject, GoOnCall, SetImage
from app.engine.trace import Differed
from app.rooms import Room
from tests.support.rooms import WATCHER, Clock, live, make_room

pytestmark = pytest.mark.long

RS = "replicaset-controller"


@pytest.fixture
def called() -> tuple[Room, Clock]:
    """A room with a pod killed, and nobody but a person to replace it."""
    room, _script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    room.submit(GoOnCall(RS))
    live(room, clock, 5.0)
    room.submit(DeleteObject(ref_of(room.cluster.objects("Pod", "default")[0])))
    live(room, clock, 20.0)
    assert room.cluster.is_called
    return room, clock


def test_time_goes_by_the_clock_until_somebody_has_acted(called: tuple[Room, Clock]) -> None:
    room, clock = called
    before = room.submit(GoOnCall(RS)).at_ms
    live(room, clock, 20.0)
    room.submit(ByHand(RS, room.cluster.alerts[0].key))
    assert room.cluster.journal[-1].at_ms - before == pytest.approx(20_000, abs=300)
    live(room, clock, 60.0)
    assert room.cluster.quiet
    before = room.cluster.now_ms
    live(room, clock, 10.0)
    assert room.cluster.now_ms == before


def test_that_somebody_is_called_is_told(called: tuple[Room, Clock]) -> None:
    room, _clock = called
    told = [each.step.record for each in room.path]
    assert any(isinstance(record, Differed) and record.left for record in told)


def test_both_begin_at_the_same_moment_and_are_counted_alike(called: tuple[Room, Clock]) -> None:
    room, clock = called
    live(room, clock, 30.0)
    room.submit(ByHand(RS, room.cluster.alerts[0].key))
    live(room, clock, 60.0)
    ours, compared = room.cluster.calls[-1], room.counterpart.compared
    assert compared is not None
    theirs = compared.call
    assert theirs is not None
    assert (theirs.step, theirs.since_ms) == (ours.step, ours.since_ms)
    assert 0 < theirs.until_ms - theirs.since_ms < 30_000 < ours.until_ms - ours.since_ms
    assert theirs.handed_back
    assert not ours.handed_back
    assert compared.nights == 0


def test_the_room_is_none_the_wiser(called: tuple[Room, Clock]) -> None:
    room, _clock = called
    assert room.counterpart.compared is not None
    assert len(room.cluster.objects("Pod", "default")) == 2
    assert [entry.command["do"] for entry in room.journal] == ["bootstrap", "apply", "on-call", "delete"]


def test_what_the_controllers_cannot_mend_within_ten_minutes_they_have_not_mended() -> None:
    room, _script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    room.submit(SetImage(Ref("Deployment", "default", "web"), "nginx:crash"))
    live(room, clock, 120.0)
    room.submit(GoOnCall(RS))
    room.submit(DeleteObject(ref_of(room.cluster.objects("Pod", "default")[0])))
    live(room, clock, 60.0)
    compared = room.counterpart.compared
    assert compared is not None
    assert (compared.call, compared.gave_up) == (None, True)


def test_a_reset_begins_without_it(called: tuple[Room, Clock]) -> None:
    room, _clock = called
    room.restart(room.scenario, room.cluster.copy())
    assert room.counterpart.compared is None
