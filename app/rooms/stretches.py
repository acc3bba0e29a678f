"""A stretch of a room's past, told again (retelling.py), and how all was at each of its moments. The web makes pages of
them that play without a server.

A room that has forgotten the beginning of a stretch tells it from clusters that live again (app/rooms/hindsight.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.api import errors, limits
from app.cluster import Entry
from app.commands import TakeTurns
from app.engine.trace import Step
from app.look.recording import Recording, Walk
from app.rooms.hindsight import Hindsight
from app.rooms.retelling import Retelling, known_from
from app.rooms.room import Room
from app.rooms.story import Reading, Told


class Stretch(NamedTuple):
    """Steps `first` to `last`, of which `look` knows every moment."""

    look: Recording
    first: int
    last: int


class Moment(NamedTuple):
    """A told step, how all was then, and the act that its story began with; None: that was before."""

    told: Told
    then: Recording
    act: Step | None


def is_act(entry: Entry) -> bool:
    """Of a person, on what is in the cluster, and performed."""
    return not entry.left_out and entry.command.get("do") != TakeTurns.do


def newest_act(journal: Sequence[Entry]) -> int:
    """The step of what somebody did last; 1: nobody did anything."""
    return next((entry.step + 1 for entry in reversed(journal) if is_act(entry)), 1)


def stretches(hindsight: Hindsight, room: Room, first: int, last: int) -> list[Stretch]:
    """Oldest first. They begin later than `first` if nothing leads there any more. Raises BadRequest if it is too long,
    and NotFound if nothing of it is known, or there is no such step."""
    if not 1 <= first <= last <= room.cluster.trace.count:
        raise errors.NotFound(f"there are no steps {first} to {last}: the newest is {room.cluster.trace.count}")
    if last - first >= limits.STORY_STEPS:
        raise errors.BadRequest(
            f"steps {first} to {last} are more than {limits.STORY_STEPS:,}: choose a shorter stretch"
        )
    found: list[Stretch] = []
    while last >= first:
        try:
            look = hindsight.look(room, last, Recording.of)
        except errors.NotFound:
            if found:
                break
            raise
        found.append(stretch_of(look, first, last))
        last = found[-1].first - 1
    return found[::-1]


def stretch_of(look: Recording, first: int, last: int) -> Stretch:
    """As much of these steps as is known there."""
    return Stretch(look, max(first, known_from(look)), last)


def moments(parts: Sequence[Stretch], reading: Reading) -> Iterator[Moment]:
    """What there is to tell of all of them, in order."""
    retelling = Retelling(reading)
    for look, first, last in parts:
        walk = Walk(look)
        for told in retelling.of(look, first, last):
            yield Moment(told, walk.to(told.step.number), retelling.act)
