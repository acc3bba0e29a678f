"""Rooms go out as files (roomfile.py), come in as new rooms with the same past, and fork. The web calls it and app/cli.

Who reads a file lives through all of it again, under the budgets of replaying.py, and compares marks (marks.py) on the
way. If another version of us would tell it differently, or somebody has edited it, it is the same up to the last mark
that is; from there on its commands come at their times, and whoever opens the room is told.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from app.api import errors, limits
from app.api.messages import N_, Message, message
from app.cluster import Cluster, checkpoint
from app.rooms import budget, guard, memory
from app.rooms.loading import stored_of
from app.rooms.marks import Marks
from app.rooms.replaying import CommandFails, StepFails, going_on, up_to
from app.rooms.room import Room
from app.rooms.roomfile import NotARoom, Past, read, written
from app.rooms.rooms import Rooms
from app.rooms.storage import Stored
from app.scenarios.progress import Progress

PATIENCE_S = 30.0  # that one waits for others who export or import
EQUAL = N_(
    "This room has the past of the one it was exported from: %(n)s steps, and every mark on the way is the same."
)
ANOTHER_VERSION = N_(
    "Another version of Loopscope exported this room. Up to step %(n)s its past is the same; then this version does "
    "something else, or the file was changed, and the commands came at their times."
)
EDITED = N_(
    "The file was changed since it was exported. Up to step %(n)s the past is the same; then the commands came at "
    "their times."
)
UNMARKED = N_("The file has no marks to compare with: its commands came at their times.")

Tell = Callable[[int], None]
"""Is told again and again how many steps have been lived through; may raise, to end it."""


class Relived(NamedTuple):
    cluster: Cluster
    equal: int  # the step up to which all is as it was
    said: Message

    @property
    def is_equal(self) -> bool:
        return self.said.text == EQUAL


class Sharing:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._one = threading.Lock()
        self._said: WeakKeyDictionary[Room, tuple[int, Message]] = WeakKeyDictionary()

    def exported(self, room: Room) -> str:
        """Raises TooLarge, Conflict, Timeout, or ServiceUnavailable."""
        with room.lock:
            if room.broken is None:
                room.script.follow(room.cluster)
            stored = stored_of(room)._replace(journal=list(room.journal))
        if not stored.journal:  # it was put away just now
            raise errors.ServiceUnavailable("this room was put away just now", details={"retryAfterSeconds": 1})
        with self._alone() as tell:
            return written(past_of(stored, tell))

    def take_in(self, text: str) -> Room:
        """A new room with the past that the text tells. Raises NotARoom, Timeout, TooManyRequests for one
        that holds too much, or ServiceUnavailable."""
        past = read(text)
        with self._alone() as tell:
            found = relived(past, tell)
        self._rooms.make_bytes()
        room = self._rooms.create(past.lesson, found.cluster)
        if found.is_equal:
            room.script = Progress.from_json(room.scenario, room.cluster, past.progress)
            self._rooms.save(room)
        self._said[room] = len(room.journal), found.said
        return room

    def said_of(self, room: Room) -> Message | None:
        """How it came in, until somebody does something there."""
        commands, said = self._said.get(room, (0, None))
        return said if commands == len(room.journal) else None

    def forked(self, room: Room, step: int = 0) -> Room:
        """A new room with the same past up to that step, paused there, and a future of its own; 0: up to now.

        Raises NotFound for a step that there is not, or that nothing leads to any more, and ServiceUnavailable."""
        script: dict[str, Any] = {}
        if step:
            cluster = self._rooms.hindsight.again(room, step)
        else:
            with room.lock:
                cluster, script = room.cluster.copy(), room.script.to_json()
        fork = self._rooms.create(room.scenario.id, cluster)
        fork.pace = replace(room.pace, paused=bool(step) or room.pace.paused)
        fork.script = Progress.from_json(room.scenario, cluster, script)
        fork.retold = min(room.retold, cluster.trace.count)
        self._rooms.checkpoints.write_now(fork)
        self._rooms.save(fork)
        return fork

    @contextmanager
    def _alone(self) -> Iterator[Tell]:
        """With what ends it when it has computed for too long."""
        if not self._one.acquire(timeout=PATIENCE_S):
            raise errors.ServiceUnavailable("others export or import rooms", details={"retryAfterSeconds": 10})
        try:
            with guard.watched() as mine:
                yield lambda steps: _check(mine)
        finally:
            self._one.release()


def _check(mine: guard.Watched) -> None:
    """Raises Timeout."""
    if mine.cpu_s > limits.ROOM_FILE_CPU_S:
        most = limits.ROOM_FILE_CPU_S
        raise errors.Timeout(f"living through all that was done there takes more than {most:g} seconds of computing")


# ----------------------------------------------------------------------------------------------- there


def past_of(stored: Stored, tell: Tell = lambda steps: None) -> Past:
    """With its marks, for which all of it is lived through again. Raises TooLarge, or Conflict.

    What another version of us told until now is told by ours, its commands at their times."""
    past = Past(
        checkpoint.version(), stored.scenario, stored.seed, stored.epoch_ms, stored.journal, stored.steps,
        stored.now_ms, progress=stored.script,
    )  # fmt: skip
    try:
        if stored.retold:
            past = _retold(past, tell)
        if past.steps > limits.STEPS_OF_ROOM_FILE:
            most = limits.STEPS_OF_ROOM_FILE
            raise errors.TooLarge(f"this room has made {past.steps} steps: one of more than {most} cannot be exported")
        marks = Marks(past.every)
        cluster = _by_steps(_begun(past), past, marks, tell)
    except (CommandFails, StepFails, ValueError):
        raise errors.Conflict("this room cannot be lived through again, and so not be exported") from None
    memory.let_go(cluster)
    return past._replace(digests=tuple(marks.digests), end=marks.end)


def _retold(past: Past, tell: Tell) -> Past:
    cluster = _by_times(_begun(past), past, tell)
    retold = past._replace(
        journal=list(cluster.journal), steps=cluster.trace.count, now_ms=cluster.now_ms, progress={}
    )  # fmt: skip
    memory.let_go(cluster)
    return retold


# ----------------------------------------------------------------------------------------- and back again


def relived(past: Past, tell: Tell = lambda steps: None) -> Relived:
    """Raises NotARoom, or TooManyRequests."""
    marks = Marks(past.every)
    if past.digests or past.end:
        cluster = _compared(past, marks, tell)
        if cluster is not None:
            return Relived(cluster, past.steps, message(EQUAL, n=past.steps))
    equal = min(marks.equal_to(past.digests), past.steps)
    try:
        cluster = _by_steps(_begun(past), up_to(past, equal), Marks(past.every), tell)
        _by_times(cluster, past, tell)
    except CommandFails as failed:
        problem = f"commands[{failed.number}] fails by a mistake of Loopscope ({failed.why})"
        raise NotARoom(problem, f"Leave it out, or mark it with `left_out: {failed.why}`.") from None
    except StepFails as failed:
        raise NotARoom(f"step {failed.after + 1} fails", f"Let the file end at step {failed.after}.") from None
    except (KeyError, ValueError) as mistake:
        raise NotARoom(f"commands[0] makes no cluster: {mistake}", "Write it as it was exported.") from None
    return Relived(cluster, equal, _difference(past, equal))


def _difference(past: Past, equal: int) -> Message:
    if not past.digests and not past.end:
        return message(UNMARKED)
    return message(EDITED if past.version == checkpoint.version() else ANOTHER_VERSION, n=equal)


def _compared(past: Past, marks: Marks, tell: Tell) -> Cluster | None:
    """As it was, if all its marks are the same."""
    try:
        cluster = _by_steps(_begun(past), past, marks, tell)
    except (CommandFails, StepFails, KeyError, ValueError):
        return None
    if marks.end == past.end and not marks.differ(past.digests) and cluster.trace.count == past.steps:
        return cluster
    memory.let_go(cluster)
    return None


def _begun(past: Past) -> Cluster:
    return Cluster.replay(past.seed, past.epoch_ms, past.journal[:1])


def _by_steps(cluster: Cluster, past: Past, marks: Marks, tell: Tell) -> Cluster:
    """On to the end, or to a mark that differs."""
    for coming in going_on(cluster, past):
        marks.follow(cluster.trace)
        tell(cluster.trace.count)
        if marks.differ(past.digests):
            break
        if coming is not None:
            budget.check(cluster)
    return cluster


def _by_times(cluster: Cluster, past: Past, tell: Tell) -> Cluster:
    most = limits.STEPS_OF_ROOM_FILE
    for coming in going_on(cluster, past, at_times=True):
        tell(cluster.trace.count)
        if cluster.trace.count > most:
            raise NotARoom(f"until the end it would make more than {most} steps", "Let it end earlier.")
        if coming is not None:
            budget.check(cluster)
    return cluster
