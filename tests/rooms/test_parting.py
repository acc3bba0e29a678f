"""Where two rooms with a common past part."""

from __future__ import annotations

import pytest

from app.api.objects import Ref
from app.cluster import Cluster
from app.commands import Scale, StopController
from app.rooms import NotComparable, Room, Rooms, parting
from app.rooms.parting import NO_COMMON_PAST, NOT_KEPT, SAME_ROOM
from app.rooms.sharing import Sharing
from tests.rooms.test_rooms import make_rooms

WEB = Ref("Deployment", "default", "web")


@pytest.fixture
def rooms() -> Rooms:
    return make_rooms()


@pytest.fixture
def room(rooms: Rooms) -> Room:
    room = rooms.create()
    room.cluster.run()
    return room


def test_they_part_where_one_was_forked_from_the_other(rooms: Rooms, room: Room) -> None:
    forked_at = room.cluster.trace.count
    fork = Sharing(rooms).forked(room)
    room.submit(Scale(WEB, 5))
    fork.submit(StopController("replicaset-controller"))
    fork.submit(Scale(WEB, 5))
    for each in (room, fork):
        each.cluster.run()
    found = parting(room, fork)
    assert found == parting(fork, room)
    assert (found.step, found.commands) == (forked_at, len(room.journal) - 1)
    assert found.at_ms <= room.journal[-1].at_ms
    step = room.cluster.trace.get(forked_at)
    assert step is not None
    assert found.at_ms == step.at_ms


def test_what_both_did_alike_is_their_common_past(rooms: Rooms, room: Room) -> None:
    fork = Sharing(rooms).forked(room)
    for each in (room, fork):
        each.submit(Scale(WEB, 5))
    room.cluster.run()
    found = parting(room, fork)
    assert found.commands == len(room.journal)
    assert found.step == fork.cluster.trace.count, "as far as the one has come that has come less far"
    fork.submit(Scale(WEB, 2))
    assert parting(room, fork).step == fork.journal[-1].step


def test_the_same_command_at_another_time_parts_them(rooms: Rooms, room: Room) -> None:
    fork = Sharing(rooms).forked(room)
    room.cluster.advance(room.cluster.now_ms + 1_000)
    step = fork.cluster.trace.count
    for each in (room, fork):
        each.submit(Scale(WEB, 5))
    assert parting(room, fork).step == step


def test_a_fork_at_a_step_of_the_past_parts_there(rooms: Rooms, room: Room) -> None:
    room.submit(Scale(WEB, 5))
    before = room.cluster.trace.count
    room.cluster.run()
    room.submit(Scale(WEB, 1))
    fork = Sharing(rooms).forked(room, before + 4)
    fork.submit(Scale(WEB, 2))
    assert parting(room, fork).step == before + 4


def test_two_rooms_of_one_lesson_have_its_beginning_in_common(rooms: Rooms, room: Room) -> None:
    other = rooms.create()
    begun = other.cluster.trace.count
    other.submit(Scale(WEB, 2))
    assert parting(room, other).step == begun


def test_rooms_without_a_common_past_are_not_compared(rooms: Rooms, room: Room) -> None:
    with pytest.raises(NotComparable) as refused:
        parting(room, rooms.create(cluster=Cluster(epoch_ms=room.cluster.epoch_ms + 1)))
    assert refused.value.why.text == NO_COMMON_PAST
    with pytest.raises(NotComparable) as refused:
        parting(room, room)
    assert refused.value.why.text == SAME_ROOM
    fork = Sharing(rooms).forked(room)
    room.retold = room.cluster.trace.count + 1
    with pytest.raises(NotComparable) as refused:
        parting(room, fork)
    assert refused.value.why.text == NOT_KEPT
