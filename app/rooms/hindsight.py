"""A room as it was after any of its steps, also of long ago. Rooms has one.

What a room still knows it shows itself. For what it has forgotten a cluster lives again from the checkpoint before that
step, and is kept for the looks that follow, for whoever drags along the ruler asks for one step after the other: an
earlier one it still knows, for a later one it lives on.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from app.api import errors
from app.cluster import Cluster
from app.look import Look
from app.rooms import memory
from app.rooms.checkpoints import WITHIN
from app.rooms.loading import load
from app.rooms.replaying import as_it_was, lives_on
from app.rooms.storage import Damaged, Kept, Storage, Stored

if TYPE_CHECKING:
    from app.rooms.room import Room

T = TypeVar("T")
KEPT = 4  # clusters of the past
LARGE = 2_000  # objects: of a cluster with more none is kept


class _Past(NamedTuple):
    """One life of a room: a reset begins another."""

    room: str
    epoch: int


class Hindsight:
    """One look at a time: it may take as long as a few thousand steps."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Past, Cluster] = OrderedDict()  # the one looked at longest ago first

    def look(self, room: Room, step: int, draw: Callable[[Look], T]) -> T:
        """What `draw` makes of the room right after that step. Raises NotFound if there is none, or nothing leads there
        any more, and ServiceUnavailable."""
        if not 0 < step <= room.cluster.trace.count:
            raise errors.NotFound(f"there is no step {step}")
        if knows(room.cluster, step):
            return room.drawn(lambda: draw(room.look.at(step)))
        with self._lock:
            then = self._then(room, step)
            try:
                return draw(then.at(step))
            finally:
                self._keep(_Past(room.id, room.epoch), then)

    def again(self, room: Room, step: int) -> Cluster:
        """A cluster as the room's was right after that step, to go on from there. Raises as `look`."""
        with self._lock:
            found = as_it_was(*self._stored(room, step), partial(self._storage.checkpoint, room.id), step)
        if found is None:
            raise _gone(step)
        return found

    def forget(self, room: Room) -> None:
        """It is put away, or begins anew."""
        with self._lock:
            for past in [past for past in self._kept if past.room == room.id]:
                memory.let_go(self._kept.pop(past))

    def _then(self, room: Room, step: int) -> Cluster:
        """A cluster that knows that step. It is no longer kept."""
        kept = self._kept.pop(_Past(room.id, room.epoch), None)
        if kept is not None and knows(kept, step):
            return kept
        stored, checkpoints = self._stored(room, step)
        if kept is not None:
            if kept.trace.count < step <= kept.trace.count + WITHIN and lives_on(kept, stored, step):
                return kept
            memory.let_go(kept)
        found = as_it_was(stored, checkpoints, partial(self._storage.checkpoint, room.id), step)
        if found is None:
            raise _gone(step)
        return found

    def _stored(self, room: Room, step: int) -> tuple[Stored, list[Kept]]:
        try:
            return load(self._storage, room.id)
        except Damaged:
            raise _gone(step) from None

    def _keep(self, past: _Past, cluster: Cluster) -> None:
        if sum(map(cluster.count, cluster.kinds())) > LARGE:
            return memory.let_go(cluster)
        self._kept[past] = cluster
        while len(self._kept) > KEPT:
            memory.let_go(self._kept.popitem(last=False)[1])
        return None


def knows(cluster: Cluster, number: int) -> bool:
    """Whether it can tell what it was like then."""
    step = cluster.trace.get(number) if number <= cluster.trace.count else None
    return step is not None and step.revision >= cluster.known_from


def _gone(step: int) -> errors.NotFound:
    return errors.NotFound(f"step {step} is not kept any more")
