"""A pod's workers and its queue: first come, first served, as exact arithmetic. All times in microseconds.

With `c` workers and a constant service time this is the D-server queue of the textbooks (M/D/c when arrivals are
random). Called by app/nodes/network/requests.py for one window after the other; `free` and `starts` are what one window
hands to the next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from heapq import heapify, heapreplace

from app.nodes.network.capacity import Capacity


class Workers:
    """`free`: when each worker is free again. `starts`: when those that wait will be taken up."""

    __slots__ = ("_limit", "_queue", "_service_us", "busy_us", "free", "starts")

    def __init__(
        self, capacity: Capacity, slow: int = 1, free: Sequence[int] = (), starts: Sequence[int] = ()
    ) -> None:  # fmt: skip
        self.free = [*free][-capacity.concurrency :]
        self.free += [0] * (capacity.concurrency - len(self.free))
        heapify(self.free)
        self.starts = deque(starts)
        self.busy_us = 0  # CPU time of what was taken up
        self._queue = capacity.queue
        self._limit = capacity.cpu_milli
        self._service_us = capacity.service_ms * 1000 * slow

    def take(self, at_us: int) -> int:
        """A request arrives: when it is done, or -1 if there is no room for it. Arrivals must come in order."""
        starts, free = self.starts, self.free
        while starts and starts[0] <= at_us:
            starts.popleft()
        start = free[0]
        if start <= at_us:
            start = at_us
        elif len(starts) >= self._queue:
            return -1
        else:
            starts.append(start)
        self.busy_us += self._service_us
        done = start + self._stretched(start)
        heapreplace(free, done)
        return done

    def in_flight(self, at_us: int) -> int:
        """Requests that are being worked on or wait."""
        return sum(1 for each in self.free if each > at_us) + sum(1 for start in self.starts if start > at_us)

    def waiting(self, at_us: int) -> int:
        return sum(1 for start in self.starts if start > at_us)

    def _stretched(self, start: int) -> int:
        """Its service time when it shares a limit with those that are being worked on as it begins."""
        if not self._limit:
            return self._service_us
        running = 1 + sum(1 for each in self.free if each > start)
        return max(self._service_us, self._service_us * running * 1000 // self._limit)
