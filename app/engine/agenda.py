"""The agenda: what is due when, as plain data, in one order that depends on nothing but the seed and the commands.

Order is (due_ms, rank, sequence). Within one millisecond deliveries (rank 0) come first, then the loops nearest to the
machines: what one instant sets off has settled before a loop that sums it up looks at it. Background entries are
heartbeats and what follows from them; a cluster with nothing else on its agenda is quiet.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

from app.api.breath import breathing
from app.api.parts import Part
from app.reconcile import AWAITED, NOW, Pace


@dataclass(slots=True, eq=False)
class Entry:
    """`event` is None once it was cancelled."""

    due_ms: int
    rank: int
    sequence: int
    event: tuple[Any, ...] | None
    pace: Pace = NOW

    @property
    def background(self) -> bool:
        return self.pace > NOW


_Item = tuple[int, int, int, Entry]


class Moved:
    """The entries of a copied agenda, by those that they stand for."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}

    def item(self, item: _Item) -> _Item:
        due_ms, rank, sequence, _ = item
        return due_ms, rank, sequence, self.entry(item[3])

    def entry(self, old: Entry) -> Entry:
        """One that is not on the agenda any more is copied too: whoever holds it may still ask it."""
        copied = self._entries.get(id(old))
        if copied is None:
            copied = Entry(old.due_ms, old.rank, old.sequence, old.event, old.pace)
            self._entries[id(old)] = copied
        return copied


class Agenda(Part):
    STATE = ("_awaited", "_background", "_foreground", "_pending", "_sequence")

    def __init__(self) -> None:
        self._foreground: list[_Item] = []
        self._background: list[_Item] = []
        self._awaited: list[_Item] = []  # those of them that people may wait for
        self._sequence = 0
        self._pending = 0  # foreground entries that are not cancelled

    def clear(self) -> None:
        self._foreground.clear()
        self._background.clear()
        self._awaited.clear()
        self._pending = 0

    @property
    def quiet(self) -> bool:
        return self._pending == 0

    def add(self, due_ms: int, rank: int, event: tuple[Any, ...], pace: Pace = NOW) -> Entry:
        self._sequence = sequence = self._sequence + 1
        entry = Entry(due_ms, rank, sequence, event, pace)
        if entry.background:
            heapq.heappush(self._background, (due_ms, rank, sequence, entry))
            if pace == AWAITED:
                heapq.heappush(self._awaited, (due_ms, rank, sequence, entry))
        else:
            self._pending += 1
            heapq.heappush(self._foreground, (due_ms, rank, sequence, entry))
        return entry

    def cancel(self, entry: Entry) -> None:
        if entry.event is not None and not entry.background:
            self._pending -= 1
        entry.event = None

    def in_foreground(self, entry: Entry) -> Entry:
        """The same, but waited for."""
        if not entry.background or entry.event is None:
            return entry
        awaited = self.add(entry.due_ms, entry.rank, entry.event)
        self.cancel(entry)
        return awaited

    def copy(self) -> tuple[Agenda, Moved]:
        """The same entries on an agenda of their own, and which stands for which."""
        copied, moved = Agenda(), Moved()
        copied._foreground = [moved.item(item) for item in breathing(self._foreground)]
        copied._background = [moved.item(item) for item in breathing(self._background)]
        copied._awaited = [moved.item(item) for item in self._awaited]
        copied._sequence, copied._pending = self._sequence, self._pending
        return copied, moved

    @property
    def awaited(self) -> Entry | None:
        """The first that is AWAITED."""
        head = _head(self._awaited)
        return head[3] if head is not None else None

    def next_due_ms(self, *, foreground: bool = False) -> int | None:
        """When the next entry is due; `foreground`: the next that is no heartbeat. None: there is none."""
        ahead = _head(self._foreground)
        behind = None if foreground else _head(self._background)
        if ahead is None or (behind is not None and behind < ahead):
            ahead = behind
        return ahead[0] if ahead is not None else None

    def pop(self, until_ms: int | None = None) -> Entry | None:
        """Take the next entry; None if nothing is due (by `until_ms`)."""
        heap, ahead = self._foreground, _head(self._foreground)
        behind = _head(self._background)
        if ahead is None or (behind is not None and behind < ahead):
            heap, ahead = self._background, behind
        if ahead is None or (until_ms is not None and ahead[0] > until_ms):
            return None
        entry = heapq.heappop(heap)[3]
        if not entry.background:
            self._pending -= 1
        elif entry.pace == AWAITED:
            _head(self._awaited)  # which it is, once those that were cancelled are gone
            heapq.heappop(self._awaited)
        return entry


def _head(heap: list[_Item]) -> _Item | None:
    """The first entry that is not cancelled."""
    while heap:
        head = heap[0]
        if head[3].event is not None:
            return head
        heapq.heappop(heap)
    return None
