"""A fair work queue of keys, as client-go's: one place per key, never the same key twice at once, back-off per key.

Models client-go/util/workqueue: queue.go (dirty and processing sets) and default_rate_limiters.go (5 ms · 2^n, at most
1000 s).
"""

from __future__ import annotations

from collections.abc import Callable

from app.api.breath import breathing
from app.api.objects import Ref
from app.api.parts import Part
from app.engine.trace import WokenBy

_BASE_MS = 5
_CAP_MS = 1_000_000
_WAKES_KEPT = 8


class WorkQueue(Part):
    """`urgency`: of a key at the time it comes; the scheduler's queue has it, others go by order alone."""

    STATE = ("_dirty", "_failures", "_foreground", "_processing", "_ranks", "_urgent", "_waiting")
    __slots__ = (*STATE, "_urgency")

    def __init__(self, urgency: Callable[[Ref], int] | None = None) -> None:
        self._urgency = urgency
        self._urgent: dict[Ref, int] = {}  # how urgent each key is that waits, where keys are ranked
        self._ranks: dict[int, dict[Ref, None]] = {}  # the same by urgency
        self._waiting: dict[Ref, list[WokenBy]] = {}  # insertion order is the order of work
        self._dirty: dict[Ref, list[WokenBy]] = {}  # added again while being processed
        self._processing: dict[Ref, None] = {}
        self._failures: dict[Ref, int] = {}
        self._foreground: dict[Ref, None] = {}  # keys woken by more than a heartbeat

    def __len__(self) -> int:
        return len(self._waiting)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, key: Ref, wake: WokenBy, background: bool = False) -> None:
        place = self._dirty if key in self._processing else self._waiting
        wakes = place.setdefault(key, [])
        if place is self._waiting:
            self._rank(key)
        if len(wakes) < _WAKES_KEPT:
            wakes.append(wake)
        if not background:
            self._foreground[key] = None

    def hurry(self, key: Ref) -> bool:
        """If it waits it is no mere background any more. Returns whether it waits."""
        waits = key in self._waiting or key in self._dirty
        if waits:
            self._foreground[key] = None
        return waits

    def get(self) -> tuple[Ref, tuple[WokenBy, ...], bool]:
        """The next key, why it was added, and whether by heartbeats only. It is being processed until `done`."""
        key = next(iter(self._ranks[max(self._ranks)] if self._ranks else self._waiting))
        self._unrank(key)
        wakes = tuple(self._waiting.pop(key))
        self._processing[key] = None
        return key, wakes, self._foreground.pop(key, False) is False

    def copy(self, urgency: Callable[[Ref], int] | None) -> WorkQueue:
        copied = WorkQueue(urgency)
        copied._urgent = dict(self._urgent)
        copied._ranks = {urgency: dict(keys) for urgency, keys in self._ranks.items()}
        copied._waiting = {key: list(wakes) for key, wakes in breathing(self._waiting.items())}
        copied._dirty = {key: list(wakes) for key, wakes in self._dirty.items()}
        copied._processing = dict(self._processing)
        copied._failures = dict(self._failures)
        copied._foreground = dict(self._foreground)
        return copied

    def _rank(self, key: Ref) -> None:
        if self._urgency is None or self._urgent.get(key) == (urgency := self._urgency(key)):
            return
        self._unrank(key)
        self._urgent[key] = urgency
        self._ranks.setdefault(urgency, {})[key] = None

    def _unrank(self, key: Ref) -> None:
        urgency = self._urgent.pop(key, None)
        if urgency is not None:
            del self._ranks[urgency][key]
            if not self._ranks[urgency]:
                del self._ranks[urgency]

    def done(self, key: Ref) -> None:
        del self._processing[key]
        if key in self._dirty:
            self._waiting[key] = self._dirty.pop(key)
            self._rank(key)

    def retry_delay_ms(self, key: Ref) -> int:
        """Count one more failure of `key`; how long to leave it alone."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        return min(_BASE_MS << min(failures, 30), _CAP_MS)

    def forget(self, key: Ref) -> None:
        self._failures.pop(key, None)

    def failures(self, key: Ref) -> int:
        return self._failures.get(key, 0)

    @property
    def background(self) -> bool:
        """Nothing waits but what heartbeats woke."""
        return not self._foreground

    def keys(self) -> tuple[Ref, ...]:
        return tuple(self._waiting)
