"""One frame to many viewers, without a queue anywhere.

`publish` puts the bytes of a frame, encoded once per language, into a short ring and wakes the viewers. Each viewer's
own thread or greenlet takes what came since its cursor and writes it; one that fell behind the ring, or speaks a
language that nobody had asked for, is told to take a fresh snapshot. So a slow phone loses intermediate frames and
nobody waits for it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping

from app.api import errors

RING_FRAMES = 64
RING_BYTES = 1 << 20


class Viewer:
    """One open page. `wake` is set when there is something to take, or when the room lets its viewers go."""

    __slots__ = ("cursor", "dismissed", "epoch", "lang", "people", "wake")

    def __init__(self, lang: str, epoch: int, cursor: int, wake: threading.Event) -> None:
        self.lang = lang
        self.epoch = epoch
        self.cursor = cursor
        self.wake = wake
        self.dismissed = False
        self.people = 1  # who look on; many where it passes frames on to another process


class Fanout:
    def __init__(self, epoch: int, limit: int) -> None:
        self.epoch = epoch
        self.newest = 0
        self.limit = limit
        self._lock = threading.Lock()
        self._ring: deque[Mapping[str, bytes]] = deque()  # by language; the last one is frame `newest`
        self._bytes = 0
        self._viewers: set[Viewer] = set()

    def __len__(self) -> int:
        return sum(viewer.people for viewer in list(self._viewers))

    @property
    def langs(self) -> set[str]:
        with self._lock:
            return {viewer.lang for viewer in self._viewers}

    def add(self, lang: str, epoch: int, cursor: int, wake: threading.Event) -> Viewer:
        """A viewer that has a snapshot of frame `cursor`. Raises TooManyRequests when the room is full."""
        viewer = Viewer(lang, epoch, cursor, wake)
        with self._lock:
            if len(self._viewers) >= self.limit:
                raise errors.TooManyRequests(f"this room has its limit of {self.limit} viewers")
            self._viewers.add(viewer)
        viewer.wake.set()
        return viewer

    def drop(self, viewer: Viewer) -> None:
        with self._lock:
            self._viewers.discard(viewer)

    def publish(self, number: int, payloads: Mapping[str, bytes]) -> None:
        with self._lock:
            self.newest = number
            self._ring.append(payloads)
            self._bytes += _size(payloads)
            while len(self._ring) > RING_FRAMES or (self._bytes > RING_BYTES and len(self._ring) > 1):
                self._bytes -= _size(self._ring.popleft())
            viewers = list(self._viewers)
        for viewer in viewers:
            viewer.wake.set()

    def restart(self, epoch: int, newest: int = 0) -> None:
        """Frames are counted anew: every viewer has to take a snapshot, but for one who has that of frame `newest`."""
        with self._lock:
            self.epoch, self.newest, self._bytes = epoch, newest, 0
            self._ring.clear()
            viewers = list(self._viewers)
        for viewer in viewers:
            viewer.wake.set()

    def take(self, viewer: Viewer) -> list[bytes] | None:
        """The frames since the viewer's cursor, oldest first; None: it has to take a snapshot."""
        with self._lock:
            missed = self.newest - viewer.cursor
            known = viewer.epoch == self.epoch and viewer.cursor >= 0 and 0 <= missed <= len(self._ring)
            viewer.epoch, viewer.cursor = self.epoch, self.newest
            if not known:
                return None
            since = [self._ring[index].get(viewer.lang) for index in range(-missed, 0)]
            return None if None in since else since  # type: ignore[return-value]

    def dismiss(self) -> None:
        """Tell every viewer to go: the server stops."""
        with self._lock:
            viewers = list(self._viewers)
        for viewer in viewers:
            viewer.dismissed = True
            viewer.wake.set()


def _size(payloads: Mapping[str, bytes]) -> int:
    return sum(map(len, payloads.values()))
