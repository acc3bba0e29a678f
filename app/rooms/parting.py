"""Where two rooms part: as far as their journals are the same, so is their past. The web shows such rooms beside each
other (app/web/beside.py), whether one was forked from the other, or both are of the same lesson."""

from __future__ import annotations

from itertools import takewhile
from typing import NamedTuple

from app.api import errors
from app.api.messages import N_, Message, message
from app.cluster import Entry
from app.rooms.room import Room

SAME_ROOM = N_("That is the same room twice. Compare it with another.")
NO_COMMON_PAST = N_(
    "These two rooms have no past in common: they began at different times, or with another lesson. Fork one of them."
)

NOT_KEPT = N_("The moment when these two rooms parted is not kept any more.")


class Parting(NamedTuple):
    """The last moment that is the same in both."""

    step: int
    at_ms: int
    commands: int  # of the journals that both have


class NotComparable(errors.Conflict):
    """Two rooms that are not to be shown beside each other. `why` for people, in their language."""

    def __init__(self, why: Message) -> None:
        super().__init__(str(why.text))
        self.why = why


class _Life(NamedTuple):
    """What decides what happens in a room, and how far that has come."""

    begun: tuple[int, int]  # seed, epoch
    journal: list[Entry]
    steps: int


def parting(one: Room, other: Room) -> Parting:
    """Raises NotComparable."""
    if one.id == other.id:
        raise NotComparable(message(SAME_ROOM))
    lives = _life(one), _life(other)
    commands = _common(*lives)
    if not commands:
        raise NotComparable(message(NO_COMMON_PAST))
    step = min(life.journal[commands].step if commands < len(life.journal) else life.steps for life in lives)
    step = min(step, *(life.steps for life in lives))
    if step < max(one.retold, other.retold):
        raise NotComparable(message(NOT_KEPT))
    seen = [known for room in (one, other) if (known := _seen(room, step)) is not None]
    if len(set(seen)) > 1:  # another version of us has told one of them
        raise NotComparable(message(NO_COMMON_PAST))
    at_ms = seen[0][1] if seen else lives[0].journal[commands - 1].at_ms
    return Parting(step, at_ms, commands)


def _life(room: Room) -> _Life:
    with room.lock:
        return _Life((room.cluster.seed, room.cluster.epoch_ms), list(room.journal), room.cluster.trace.count)


def _common(one: _Life, other: _Life) -> int:
    """So many commands from the beginning on are the same, at the same steps and times."""
    if one.begun != other.begun:
        return 0
    pairs = zip(one.journal, other.journal, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _seen(room: Room, step: int) -> tuple[int, int, int, str] | None:
    """What tells that step from others, where it is still known."""
    with room.lock:
        found = room.cluster.trace.get(step)
    return found and (found.number, found.at_ms, found.revision, found.actor)
