"""A stretch of a room's past is told as it was told when it came, also where a room has forgotten a part of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

import pytest

from app.api import errors, limits
from app.api.objects import Ref
from app.commands import DeleteObject, SetTraffic
from app.look import Look
from app.look.recording import Recording
from app.rooms import Room, Stretch, moments, newest_act, stretch_of, stretches
from app.rooms.hindsight import Hindsight
from app.rooms.storage import Storage
from tests.support.rooms import READING_MS, WATCHER, make_room, play

T = TypeVar("T")
Row = tuple[int, float, bool, int]


def played(lesson: str = "self-healing") -> tuple[Room, list[Row]]:
    """And what was told of it."""
    room, _script, clock = make_room(lesson)
    room.attach(WATCHER, room.epoch, room.frame)
    if lesson == "self-healing":
        room.submit(DeleteObject(Ref("Pod", "default", room.cluster.objects("Pod")[0]["metadata"]["name"])))
    else:
        room.press(0)
    play(room, clock)
    return room, [(told.step.number, told.stands_s, told.is_repeat, told.more) for told in room.path]


def again(parts: list[Stretch]) -> list[Row]:
    told = (moment.told for moment in moments(parts, lambda step, languages: READING_MS))
    return [(each.step.number, each.stands_s, each.is_repeat, each.more) for each in told]


@pytest.mark.parametrize("lesson", ["self-healing", "rolling-update", "node-failure"])
def test_what_was_told_is_told_again(lesson: str) -> None:
    room, told = played(lesson)
    parts = stretches(Hindsight(Storage(None)), room, newest_act(room.journal), room.cluster.trace.count)
    assert len(told) > 15
    assert again(parts) == told


def test_seconds_of_traffic_that_are_like_the_others_are_not_told_again() -> None:
    room, _script, _clock = make_room()
    room.cluster.run()
    before = room.cluster.trace.count
    room.submit(SetTraffic(Ref("Service", "default", "web"), 10))
    room.cluster.advance(room.cluster.now_ms + 20_000)
    found = again([stretch_of(Recording.of(room.look), before + 1, room.cluster.trace.count)])
    assert found[0][0] == newest_act(room.journal)
    assert len(found) < 5


class Forgetful(Hindsight):
    """Knows of each moment the last few changes."""

    begins = 0

    def look(self, room: Room, step: int, draw: Callable[[Look], T]) -> T:
        look = Recording.of(room.look).at(step)
        if step < self.begins:
            raise errors.NotFound("too long ago")
        return draw(replace(look, changes=look.changes[-25:]))


def test_pieces_that_live_again_are_one_story() -> None:
    room, told = played()
    act, forgetful = newest_act(room.journal), Forgetful(Storage(None))
    parts = stretches(forgetful, room, act, room.cluster.trace.count)
    assert len(parts) > 1
    assert all(after.first == before.last + 1 for before, after in pairwise(parts))
    assert [row[0] for row in again(parts)] == [row[0] for row in told]
    forgetful.begins = act - 100
    whole = stretches(forgetful, room, 1, room.cluster.trace.count)
    assert 1 < whole[0].first <= act, "where nothing leads there any more it begins later"


def test_each_moment_knows_the_act_that_it_came_of() -> None:
    room, _told = played()
    acts = [
        moment.act
        for moment in moments([stretch_of(Recording.of(room.look), 1, room.cluster.trace.count)], lambda *_: 0)
    ]
    assert acts[-1] is not None
    assert acts[-1].number == newest_act(room.journal)
    assert len({act.number for act in acts if act is not None}) == 3, "two manifests of the lesson, and a pod killed"


def test_there_are_limits() -> None:
    room, _told = played()
    hindsight, last = Hindsight(Storage(None)), room.cluster.trace.count
    for first, end in ((0, last), (1, last + 1), (9, 8)):
        with pytest.raises(errors.NotFound):
            stretches(hindsight, room, first, end)
    room.cluster.trace._steps.end += limits.STORY_STEPS
    with pytest.raises(errors.BadRequest, match="more than 20,000"):
        stretches(hindsight, room, 1, room.cluster.trace.count)
