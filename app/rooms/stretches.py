"""A stretch of a room's past, told again: the same steps that a page would have told, each judged by how things were
when it was made. The web makes pages of them that play without a server.

A room that has forgotten the beginning of a stretch tells it from clusters that live again (app/rooms/hindsight.py).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.api import errors, limits
from app.api.breath import breathing
from app.api.objects import Obj, Ref
from app.cluster import Entry, outlook
from app.commands import TakeTurns
from app.engine.trace import Commanded, Differed, Failed, Step, Trace, changes_of
from app.look.recording import Recording, Walk
from app.rooms.hindsight import Hindsight
from app.rooms.motion import LENS_MS
from app.rooms.room import Room
from app.rooms.story import Reading, Story, Told

LOOK_AHEAD = 500  # steps in which the rest of a reconcile is looked for


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


def newest_act(journal: Sequence[Entry]) -> int:
    """The step of what somebody did last; 1: nobody did anything."""
    acts = (entry for entry in reversed(journal) if not entry.left_out and entry.command.get("do") != TakeTurns.do)
    return next((entry.step + 1 for entry in acts), 1)


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
    return Stretch(look, max(first, _known_from(look)), last)


def moments(parts: Sequence[Stretch], reading: Reading) -> Iterator[Moment]:
    """What there is to tell of all of them, in order."""
    judge = _Past()
    story, act = Story(judge, reading), None
    for look, first, last in parts:
        judge.look_at(look, first)
        walk, at_ms = Walk(look), 0
        for step in breathing(look.trace.until(last).since(first - 1)):
            judge.take(step)
            gap_ms, at_ms = step.at_ms - at_ms, step.at_ms
            if gap_ms >= LENS_MS:
                yield from (Moment(each, walk.to(each.step.number), act) for each in story.rest())
            if _is_act(step):
                yield from (Moment(each, walk.to(each.step.number), act) for each in story.rest())
                act = step
                yield Moment(story.begin(step), walk.to(step.number), act)
            else:
                yield from (Moment(each, walk.to(each.step.number), act) for each in story.take(step))
        yield from (Moment(each, walk.to(each.step.number), act) for each in story.rest())


class _Past:
    """Judges steps in the order in which they were made."""

    def __init__(self) -> None:
        self._trace = Trace()
        self._now: dict[Ref, Obj] = {}

    def look_at(self, look: Recording, first: int) -> None:
        step = look.trace.get(first)
        assert step is not None
        self._trace, self._now = look.trace, dict(look.as_of(_revision_before(step)))

    def take(self, step: Step) -> None:
        for change in changes_of(step):
            if change.new is None:
                self._now.pop(change.ref, None)
            else:
                self._now[change.ref] = change.new

    def matters(self, step: Step) -> bool:
        return outlook.mattered(step, self._ahead, self._now.get)

    def _ahead(self, step: Step) -> outlook.Outlook:
        """What the same loop said next about this key."""
        for number in range(step.number + 1, min(step.number + LOOK_AHEAD, self._trace.count) + 1):
            later = self._trace.get(number)
            if later is None or (later.actor, later.key) != (step.actor, step.key):
                continue
            if isinstance(later.record, Differed):
                return later.record.differences
            if isinstance(later.record, Failed):
                return None
        return ()


def _is_act(step: Step) -> bool:
    return isinstance(step.record, Commanded) and not step.background and not isinstance(step.record.command, TakeTurns)


def _known_from(look: Recording) -> int:
    """The first step before and after which every object is known."""
    trace = look.trace

    def revision_before(number: int) -> int:
        step = trace.get(number)
        return _revision_before(step) if step is not None else 0

    return bisect_left(range(trace.count + 1), look.known_from, trace.first, key=revision_before)


def _revision_before(step: Step) -> int:
    """Of the store: one change is one revision."""
    return step.revision - len(changes_of(step))
