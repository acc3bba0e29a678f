"""What a room tells its viewers: what happened since the frame before, drawn once per language, ten times a second at
most.

A Room has one Broadcast and calls it with its lock held. Viewers take what was published through the Fanout.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from app.api import errors
from app.api.objects import Obj, Ref
from app.cluster import Cluster
from app.rooms.fanout import Fanout, Viewer
from app.rooms.frames import Frame, Waiting
from app.rooms.story import Told

FRAME_S = 0.1
RENDER_SHARE = 5  # drawing frames takes at most a fifth of the process, however large they are
PANELS_S = 0.5  # between two frames with the panels of loops, where so much happens that nobody could read them faster
FEW_STEPS = 50
COUNT_S = 1.0  # how soon the others hear that somebody came or went
MAX_STEPS = 2_000  # of a frame; of more the newest
LENGTH_OF_EPOCH = 31

T = TypeVar("T")


class Broadcast:
    """`draw` makes the bytes of a frame in one language."""

    def __init__(self, cluster: Cluster, draw: Callable[[Frame, str], bytes], viewer_limit: int) -> None:
        self.cluster = cluster
        self.fanout = Fanout(secrets.randbits(LENGTH_OF_EPOCH), viewer_limit)
        self.stale = False  # there is something to tell
        self._draw = draw
        self._recount = False
        self._cut_at = self._spent = self._panels_at = 0.0
        self._panels_step = 0  # as of which the panels of all loops were pushed
        self._told: Told | None = None
        self._script = 0
        self._snapshots: dict[Hashable, tuple[int, Any]] = {}
        self._mark()

    def restart(self, cluster: Cluster) -> None:
        """Another cluster: every viewer takes a snapshot."""
        self.cluster = cluster
        self._panels_step = 0
        self._begin_epoch()
        self._mark()

    def attach(self, lang: str, epoch: int, frame: int, wake: threading.Event) -> Viewer:
        """Raises TooManyRequests."""
        viewer = self.fanout.add(lang, epoch, frame, wake)
        self._recount = True
        return viewer

    def detach(self, viewer: Viewer) -> None:
        self.fanout.drop(viewer)
        self._recount = True

    @property
    def is_behind(self) -> bool:
        return self.stale or self.cluster.trace.count > self._seen_step

    def is_fresh(self, now: float) -> bool:
        """The newest frame is at most a tenth of a second old."""
        return now < self._cut_at + FRAME_S

    def due_at(self, told: Told | None) -> float | None:
        """When the next frame is to be published; None: there is nothing to tell."""
        if told is not self._told:
            return self._cut_at + FRAME_S  # however costly the frame before was to draw
        if self.is_behind:
            return self._cut_at + max(FRAME_S, RENDER_SHARE * self._spent)
        if self._panels_step < self._seen_step:
            return self._panels_at + PANELS_S
        return self._cut_at + COUNT_S if self._recount else None

    def publish(self, now: float, waiting: Waiting | None, told: Told | None, script: int) -> None:
        """`script` is the version of how far the room has come with its lesson."""
        frame = self._cut(now, waiting, told if told is not self._told else None, scripted=script != self._script)
        self.stale = self._recount = False
        self._cut_at, self._told, self._script = now, told, script
        if frame is None:
            self._begin_epoch()
            return
        started = time.thread_time()
        drawn = {lang: self._draw(frame, lang) for lang in self.fanout.langs}
        self._spent = time.thread_time() - started
        self.fanout.publish(frame.number, drawn)

    def snapshot(self, key: Hashable, draw: Callable[[], T]) -> T:
        """What `draw` makes of the room, once per frame and key."""
        number, drawn = self._snapshots.get(key, (-1, None))
        if number != self.fanout.newest:
            drawn = draw()
            self._snapshots[key] = (self.fanout.newest, drawn)
        return drawn  # type: ignore[no-any-return]

    def has(self, key: Hashable) -> bool:
        """A snapshot of the newest frame."""
        return self._snapshots.get(key, (-1, None))[0] == self.fanout.newest

    def _begin_epoch(self) -> None:
        self.fanout.restart(secrets.randbits(LENGTH_OF_EPOCH))
        self._snapshots.clear()

    def _cut(self, now: float, waiting: Waiting | None, told: Told | None, *, scripted: bool) -> Frame | None:
        """What happened since the last frame; None if the store's log no longer tells."""
        cluster = self.cluster
        try:
            changes = cluster.store.changes_since(self._seen_revision)
        except errors.Gone:
            self._mark()
            return None
        steps = cluster.trace.since(max(self._seen_step, cluster.trace.count - MAX_STEPS))
        changed: dict[Ref, Obj | None] = {change.ref: change.new for change in changes}
        before: dict[Ref, Obj | None] = {change.ref: change.old for change in reversed(changes)}
        self._mark()
        panels_since = None
        if self._seen_step - self._panels_step <= FEW_STEPS or now >= self._panels_at + PANELS_S:
            panels_since, self._panels_step, self._panels_at = self._panels_step, self._seen_step, now
        return Frame(self.fanout.newest + 1, steps, changed, waiting, before, told, scripted, panels_since)

    def _mark(self) -> None:
        self._seen_step = self.cluster.trace.count
        self._seen_revision = self.cluster.store.revision
