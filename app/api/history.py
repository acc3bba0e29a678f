"""An append-only list that forgets its beginning and can be copied without copying what was written.

The store's log, the trace and the journal are such lists: a copy of a cluster shares their past with the original.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar, overload

T = TypeVar("T")

_CHUNK = 256  # items whose memory is shared, and given back, together


class History(Sequence[T]):
    """Items are numbered from 0 as they come. The newest `limit` are kept (None: all); as a sequence it is those."""

    __slots__ = ("_begin", "_full", "_tail", "end", "limit")

    def __init__(self, limit: int | None = None) -> None:
        self.end = 0  # number of the next to come
        self.limit = limit
        self._begin = 0  # number of the first item in memory
        self._full: list[list[T]] = []  # chunks that never change again, so copies share them
        self._tail: list[T] = []

    @property
    def first(self) -> int:
        """Number of the oldest that is kept."""
        return self._begin if self.limit is None else max(self._begin, self.end - self.limit)

    def append(self, item: T) -> None:
        self._tail.append(item)
        self.end += 1
        if len(self._tail) == _CHUNK:
            self._full.append(self._tail)
            self._tail = []
            while self._full and self._begin + _CHUNK <= self.first:
                del self._full[0]
                self._begin += _CHUNK

    def get(self, number: int) -> T | None:
        """None: not kept any more, or not there yet."""
        first = self.first
        return self[number - first] if first <= number < self.end else None

    def since(self, number: int) -> list[T]:
        """Those from `number` on that are kept, oldest first."""
        chunk, place = divmod(max(number, self.first) - self._begin, _CHUNK)
        if chunk >= len(self._full):
            return self._tail[place:] if chunk == len(self._full) else []
        found = self._full[chunk][place:]
        for full in self._full[chunk + 1 :]:
            found += full
        return found + self._tail

    def forget(self) -> Iterator[None]:
        """Everything, chunk by chunk: whoever has others to think of pauses in between."""
        while self._full:
            self._full.pop()
            yield
        self._tail = []
        self._begin = self.end

    @staticmethod
    def of(items: Iterable[T]) -> History[T]:
        made: History[T] = History()
        for item in items:
            made.append(item)
        return made

    def begun_at(self, number: int) -> History[T]:
        """An empty one, as long as this may be, whose next item has that number."""
        begun: History[T] = History(self.limit)
        begun.end = begun._begin = number
        return begun

    def copy(self) -> History[T]:
        copied: History[T] = History(self.limit)
        copied.end, copied._begin = self.end, self._begin
        copied._full, copied._tail = list(self._full), list(self._tail)
        return copied

    def until(self, end: int) -> History[T]:
        """As it was when `end` was the number of the next to come; what was forgotten since then stays forgotten."""
        assert self.first <= end <= self.end
        past = self.copy()
        full, rest = divmod(end - self._begin, _CHUNK)
        past._full, past._tail = self._full[:full], (*self._full, self._tail)[full][:rest]
        past.end = end
        return past

    def __len__(self) -> int:
        return self.end - self.first

    def __iter__(self) -> Iterator[T]:
        return iter(self.since(self.first))

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> list[T]: ...

    def __getitem__(self, place: int | slice) -> T | list[T]:
        if isinstance(place, slice):
            start, stop, step = place.indices(len(self))
            return self.since(self.first + start)[: max(0, stop - start) : step]
        found = range(self.first, self.end)[place]
        chunk, within = divmod(found - self._begin, _CHUNK)
        return self._full[chunk][within] if chunk < len(self._full) else self._tail[within]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]
