"""The watches that API clients hold open in a room: who is woken when the cluster changed, and when it is over.

A watch is a position in the store's log, kept by whoever serves it (app/web/kube/watches.py); here it is only a bell.
The Room rings it when the revision moved, when the room got another cluster, and when the server stops.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sized

from app.api import errors
from app.look import Look


class Watch:
    """`wake` is set when there may be news. `over`: the cluster that was watched is not the room's any more, its API
    server is down, or the server stops."""

    __slots__ = ("_among", "cluster", "over", "wake")

    def __init__(self, cluster: Look, among: Sized = ()) -> None:
        self._among = among
        self.cluster = cluster
        self.wake = threading.Event()
        self.over = False

    @property
    def fellows(self) -> int:
        """How many there are in its room."""
        return len(self._among)


class Watches:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._open: set[Watch] = set()
        self._told = -1

    def __len__(self) -> int:
        return len(self._open)

    def open(self, cluster: Look) -> Watch:
        """Raises TooManyRequests when the room has too many."""
        watch = Watch(cluster, self._open)
        with self._lock:
            if len(self._open) >= self._limit:
                raise errors.TooManyRequests(
                    f"this room has its limit of {self._limit} watches", details={"retryAfterSeconds": 1}
                )
            self._open.add(watch)
        return watch

    def close(self, watch: Watch) -> None:
        with self._lock:
            self._open.discard(watch)

    def tell(self, revision: int) -> None:
        """The store is at `revision` now."""
        if revision != self._told:
            self._told = revision
            self._ring(lambda _: None)

    def restart(self) -> None:
        """Another cluster: whoever watched the old one has to list again."""
        self._told = -1
        self.dismiss()

    def dismiss(self) -> None:
        def end(watch: Watch) -> None:
            watch.over = True

        self._ring(end)

    def _ring(self, first: Callable[[Watch], None]) -> None:
        with self._lock:
            watches = list(self._open)
        for watch in watches:
            first(watch)
            watch.wake.set()
