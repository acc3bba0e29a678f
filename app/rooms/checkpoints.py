"""Rooms are written out now and then, so that they come back at once, whatever their age.

After so many steps, and when a room has come to rest, a copy of its cluster is written (app/cluster/checkpoint.py), in
slices between the turns of all rooms, and stored beside its journal with the version of the code, by Autosave, for that
may wait for the disk. Older ones are thinned: within the last `RECENT` steps each step is at most `WITHIN` after one
that is kept.
"""

from __future__ import annotations

import logging
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from app.api import limits
from app.cluster import Cluster, checkpoint
from app.rooms.slicing import SLICE_S, sliced
from app.rooms.storage import Kept, Storage

if TYPE_CHECKING:
    from app.rooms.room import Room

EVERY, WITHIN, RECENT = 2_000, 2_500, 100_000  # steps; a turn may make some hundreds
RESTED = 500  # steps after which a room that has come to rest is written too
PIECE = 65_536  # bytes between two pauses
PACKING = 3  # of zlib's levels: a tenth of the text, at a tenth of the time that writing it takes
CLOSING_S = 2.0  # for rooms that have come further than what is stored when the server ends

log = logging.getLogger(__name__)


class _Mark(NamedTuple):
    """Up to where a room is written down, and from where on again."""

    step: int
    due: int


class Checkpoints:
    """`wake` gives it turns; it moves as rooms do. `flush`: something of that room is to be stored. `lock`: nothing is
    stored meanwhile."""

    def __init__(self, storage: Storage, wake: Callable[[Checkpoints], None], flush: Callable[[Room], None]) -> None:
        self.lock = threading.Lock()
        self.count = self.bytes = 0  # of what was written
        self._storage = storage
        checkpoint.version(), checkpoint.records()  # worked out once, before anybody waits
        self._wake = wake
        self._flush = flush
        self._marks: dict[str, _Mark] = {}
        self._waiting: deque[tuple[Room, Cluster, Cluster]] = deque()
        self._in_hand: set[str] = set()  # rooms that wait or are written: one copy of each at a time
        self._at_work: Iterator[None] | None = None

    def begin(self, room: Room, step: int) -> None:
        """The room is in memory from now on; it is written down up to that step (0: its beginning)."""
        self._marks[room.id] = _Mark(step or room.cluster.trace.count, step + EVERY)

    def end(self, room: Room) -> None:
        self._marks.pop(room.id, None)

    def look(self, room: Room) -> None:
        """Called with the room's lock held, whenever it has moved and all that was done is stored: is it time for a
        copy?"""
        cluster, mark = room.cluster, self._marks.get(room.id)
        if mark is None or room.id in self._in_hand:
            return
        steps = cluster.trace.count
        if steps >= mark.due or (steps >= mark.step + RESTED and cluster.quiet and cluster.at_rest):
            self._take(room)

    def _take(self, room: Room) -> None:
        steps = room.cluster.trace.count
        self._marks[room.id] = _Mark(steps, steps + EVERY)
        self._waiting.append((room, room.cluster, room.cluster.copy()))
        self._in_hand.add(room.id)
        self._wake(self)

    def turn(self, now: float) -> float | None:
        """Write for one slice."""
        until = time.monotonic() + SLICE_S
        while time.monotonic() < until:
            if not self._go_on():
                return None
        return now

    def finish(self) -> None:
        """Write all that waits, at once."""
        while self._go_on():
            pass
        self._storage.flush()

    def close(self, rooms: Sequence[Room]) -> None:
        """The server ends: as far as time allows every room is written down as it is now."""
        if not self._storage.outlives:
            return
        until = time.monotonic() + CLOSING_S
        self.finish()
        for room in rooms:
            mark = self._marks.get(room.id)
            if time.monotonic() > until:
                return
            if mark is not None and room.broken is None and room.cluster.trace.count > mark.step:
                self._take(room)
                self.finish()

    def write_now(self, room: Room) -> None:
        """Of a room that does not move yet."""
        for _ in sliced(self._write(room, room.cluster, room.cluster)):
            pass

    def _go_on(self) -> bool:
        if self._at_work is None:
            if not self._waiting:
                return False
            room, original, copied = self._waiting.popleft()
            self._at_work = self._write(room, original, copied)
        if next(self._at_work, self) is self:
            self._at_work = None
        return True

    def _write(self, room: Room, original: Cluster, copied: Cluster) -> Iterator[None]:
        try:
            yield from self._pack(room, original, copied)
        finally:
            self._in_hand.discard(room.id)
        if copied is not original:
            yield from copied.forget()

    def _pack(self, room: Room, original: Cluster, copied: Cluster) -> Iterator[None]:
        packer, pieces = zlib.compressobj(PACKING), []
        try:
            for piece in checkpoint.written(copied):
                for at in range(0, len(piece), PIECE):  # one line may tell of thousands of objects
                    pieces.append(packer.compress(piece[at : at + PIECE]))
                    yield
        except checkpoint.Unwritable:
            log.exception("room %s holds what cannot be written down", room.id)
            return
        data = b"".join((*pieces, packer.flush()))
        kept = Kept(copied.trace.count, checkpoint.version(), copied.now_ms)
        mark = self._marks.get(room.id)
        if mark is not None:
            # Of a large room so many that those of its last steps fit.
            stretch = max(1.0, len(data) * (RECENT / EVERY) / limits.CHECKPOINT_BYTES)
            self._marks[room.id] = mark._replace(due=kept.step + round(EVERY * stretch))
        self._store(room, original, kept, data)

    def _store(self, room: Room, original: Cluster, kept: Kept, data: bytes) -> None:
        with self.lock:
            if room.cluster is original:  # it was not reset meanwhile
                self._storage.keep(room.id, kept, data, superfluous)
                self.count, self.bytes = self.count + 1, self.bytes + len(data)
        self._flush(room)


def superfluous(steps: Sequence[int]) -> list[int]:
    """Which of these checkpoints, oldest first, are not needed any more."""
    newest_first = list(reversed(steps))
    found: list[int] = []
    later = newest_first[0] if newest_first else 0
    for here, before in pairwise(newest_first[1:]):
        age = newest_first[0] - later
        if later - before <= (WITHIN if age < RECENT else age // 2):
            found.append(here)
        else:
            later = here
    return found


def unpacked(data: bytes) -> Iterator[bytes]:
    """The lines, letting others have the process in between. Raises Unreadable."""
    packer, rest, size = zlib.decompressobj(), b"", 0
    pieces = (data[at : at + 4_096] for at in range(0, len(data), 4_096))
    try:
        for piece in sliced(pieces):
            lines = (rest + packer.decompress(piece)).split(b"\n")
            rest = lines.pop()
            size += sum(map(len, lines))
            if size > limits.CHECKPOINT_TEXT_BYTES:
                raise checkpoint.Unreadable("it is larger than any")
            yield from lines
    except zlib.error as error:
        raise checkpoint.Unreadable(str(error)) from None
    if rest or not packer.eof:
        raise checkpoint.Unreadable("it is cut off")
