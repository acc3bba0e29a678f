"""A room: one cluster with its lock, its pace, its frames and the people who watch.

Whoever touches the cluster holds the room's lock, and holds it shortly. The Pacer calls `turn`; routes call the verbs
(`submit`, `set_pace`, `step_phase`, ...); a viewer's own thread calls `attach`, `take` and `detach`. What happened
since the last frame is gathered into the next one, at most ten a second, drawn once per language by `draw`.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from app.api import errors
from app.api.objects import Obj, Ref
from app.cluster import Cluster, Done, Entry, News, Planned, Process
from app.commands import Command
from app.engine.trace import Commanded, Result, Step, is_visible
from app.look import Look
from app.rooms.fanout import Fanout, Viewer
from app.rooms.frames import Frame, Pace
from app.rooms.motion import Motion
from app.rooms.watches import Watch, Watches
from app.scenarios import Scenario

FRAME_S = 0.1
RENDER_SHARE = 5  # drawing frames takes at most a fifth of the process, however large they are
COUNT_S = 1.0  # how soon the others hear that somebody came or went
AWAKE_S = 30.0  # a room nobody watches goes on for so long after a command
VISIT_S = 10.0  # and for so long after an API client asked for something: it may be polling
MAX_STEPS = 2_000  # of a frame; of more the newest
MAX_JOURNAL = 20_000
LENGTH_OF_EPOCH = 31

log = logging.getLogger(__name__)
T = TypeVar("T")
Draw = Callable[["Room", Frame, str], bytes]


class Broken(errors.ApiError):
    """Our own mistake made this room stop. The others go on."""


class Room:
    def __init__(
        self,
        id: str,
        scenario: Scenario,
        cluster: Cluster,
        draw: Draw,
        wake: Callable[[Room], None],
        clock: Callable[[], float],
        viewer_limit: int = 2_000,
        pace: Pace | None = None,
        watch_limit: int = 500,
    ) -> None:
        self.id = id
        self.scenario = scenario
        self.cluster = cluster
        self.pace = pace or Pace()
        self.lock = threading.RLock()
        self.journaled = 0  # how much of the journal the storage has
        self.broken = ""
        self._draw = draw
        self._wake = wake
        self._clock = clock
        self._fanout = Fanout(secrets.randbits(LENGTH_OF_EPOCH), viewer_limit)
        self._motion = Motion(cluster, clock)
        self._snapshots: dict[Hashable, tuple[int, Any]] = {}
        self._awake_until = 0.0
        self._watches = Watches(watch_limit)
        self._cut_at = self._spent = 0.0
        self._stale = self._recount = False
        self._mark()

    # ------------------------------------------------------------------------------------------ looking

    @property
    def epoch(self) -> int:
        """Frames are counted from 1 within an epoch; a reset or a restore begins a new one."""
        return self._fanout.epoch

    @property
    def frame(self) -> int:
        return self._fanout.newest

    @property
    def viewers(self) -> int:
        return len(self._fanout)

    @property
    def is_watched(self) -> bool:
        """By a page or by an API client."""
        return self.viewers > 0 or len(self._watches) > 0

    @property
    def restless(self) -> bool:
        """Paused because "run until quiet" came to its limit: something is tried again and again."""
        return self.pace.paused and self._motion.restless

    @property
    def journal(self) -> Sequence[Entry]:
        return self.cluster.journal

    @property
    def look(self) -> Look:
        """The cluster as others see it, for whoever holds the lock: `drawn`, `snapshot` and `read` do."""
        return self.cluster

    def drawn(self, draw: Callable[[], T]) -> T:
        """What `draw` makes of the room, exactly as of `frame`."""
        with self.lock, self._boundary():
            self._settle()
            return draw()

    def snapshot(self, key: Hashable, draw: Callable[[], T]) -> T:
        """As `drawn`, but once per frame and key, and for that at most a tenth of a second old."""
        with self.lock, self._boundary():
            number, drawn = self._snapshots.get(key, (-1, None))
            if number != self.frame or self._clock() >= self._cut_at + FRAME_S:
                self._settle()
            if number != self.frame:
                drawn = draw()
                self._snapshots[key] = (self.frame, drawn)
            return drawn  # type: ignore[no-any-return]

    def get(self, ref: Ref) -> Obj | None:
        with self.lock:
            return self.cluster.get(ref)

    def plan(self, text: str, namespace: str) -> tuple[Planned, ...]:
        """What applying `text` would do. Raises ApiError, whose `document` is the one that was refused."""
        with self.lock, self._boundary():
            return self.cluster.plan(text, namespace)

    def read(self, take: Callable[[Look], T]) -> T:
        """What an API client asks for, as of now; nothing is drawn for it. `take` is quick, and changes nothing."""
        return self._read(take)

    def _read(self, take: Callable[[Cluster], T]) -> T:
        with self.lock, self._boundary():
            now = self._clock()
            if self._is_live() and self.pace.mode == "clock":
                self._motion.turn(now, self.pace)
                self._tell()
            asleep = not self._is_live()
            if asleep:
                self._motion.interrupt(now, self.pace)
            self._awake_until = max(self._awake_until, now + VISIT_S)
            taken = take(self.cluster)
        if asleep:
            self._wake(self)
        return taken

    def dry_run(self, command: Command) -> tuple[Result, ...]:
        """What `command` would write. Raises the ApiError with which it would be refused."""
        return self._read(lambda cluster: cluster.dry_run(command))

    def process(self, ref: Ref, container: str = "", *, previous: bool = False) -> Process:
        """What a container has printed, as `kubectl logs` asks for it. Raises NotFound, or BadRequest."""
        return self._read(lambda cluster: cluster.process(ref, container, previous=previous))

    def printed(self, process: Process, since_ms: int) -> News:
        return self._read(lambda cluster: cluster.printed(process, since_ms))

    def execute(self, ref: Ref, container: str, words: Sequence[str] | str, stdin: str = "") -> Done:
        """As `kubectl exec`. Raises NotFound, or BadRequest. What kills its container is to be submitted."""
        return self._read(lambda cluster: cluster.execute(ref, container, words, stdin))

    # ------------------------------------------------------------------------------------------ doing

    def submit(self, command: Command) -> Step:
        """The step that records `command`; its record says whether the API server refused."""
        with self._doing():
            if len(self.journal) >= MAX_JOURNAL:
                raise errors.TooManyRequests(f"this room has taken its limit of {MAX_JOURNAL} commands: reset it")
            return self.cluster.submit(command)

    def set_pace(self, **changes: Any) -> Pace:
        """Raises BadRequest for a mode or speed that there is not."""
        with self._doing():
            self.pace = replace(self.pace, **changes)
            if self.pace.paused:
                self._motion.halt()
            return self.pace

    def step_phase(self) -> Step | None:
        """Pause, and make one visible step; None if the cluster is quiet."""
        with self._doing():
            self._pause()
            return self.cluster.step_phase()

    def finish_loop(self) -> None:
        """Pause, and run to the end of the reconcile that was seen last, or else of the next one."""
        with self._doing():
            self._pause()
            step = self._in_flight() or self.cluster.step_phase()
            if step is not None and step.key is not None:
                self.cluster.finish_loop(step.actor, step.key)

    def run_until_quiet(self) -> None:
        """From now on as fast as possible, in slices, until nothing is left to do. Returns at once."""
        with self._doing():
            self._motion.rush()

    def restart(self, scenario: Scenario, cluster: Cluster) -> None:
        """Another cluster in the same room: every viewer takes a snapshot."""
        with self.lock:
            self.scenario, self.cluster, self.broken = scenario, cluster, ""
            self.pace = replace(self.pace, paused=False)
            self.journaled = 0
            self._motion = Motion(cluster, self._clock)
            self._snapshots.clear()
            self._fanout.restart(secrets.randbits(LENGTH_OF_EPOCH))
            self._watches.restart()
            self._mark()
        self._wake(self)

    # ------------------------------------------------------------------------------------------ watching

    def attach(self, lang: str, epoch: int, frame: int, wake: threading.Event | None = None) -> Viewer:
        """Somebody opened the page and has the snapshot of `frame`; `wake` is set when there is news for it.

        Raises TooManyRequests."""
        viewer = self._fanout.add(lang, epoch, frame, wake or threading.Event())
        with self.lock:
            if self.viewers == 1:
                self._motion.interrupt(self._clock(), self.pace)
            self._recount = True
        self._wake(self)
        return viewer

    def take(self, viewer: Viewer) -> list[bytes] | None:
        """Drawn frames since the viewer's last, oldest first; None: it fell behind and needs a snapshot."""
        return self._fanout.take(viewer)

    def detach(self, viewer: Viewer) -> None:
        self._fanout.drop(viewer)
        self._recount = True
        self._wake(self)

    def open_watch(self) -> Watch:
        """An API client follows changes; as long as it does the room is awake. Raises TooManyRequests."""
        with self.lock:
            asleep = not self._is_live()
            watch = self._watches.open(self.cluster)
            if asleep:
                self._motion.interrupt(self._clock(), self.pace)
        self._wake(self)
        return watch

    def close_watch(self, watch: Watch) -> None:
        self._watches.close(watch)

    def dismiss(self) -> None:
        self._fanout.dismiss()
        self._watches.dismiss()

    # ------------------------------------------------------------------------------------------ moving

    def turn(self, now: float) -> float | None:
        """Move the cluster for one slice, publish what is due. Returns when to come again; None: when woken."""
        with self.lock:
            if self.broken or not self._is_live():
                return None
            try:
                with self._boundary():
                    return self._turn(now)
            except errors.ApiError as refusal:
                # Nobody asked for anything, so nobody can be refused.
                self._break(refusal)
                return None

    def _turn(self, now: float) -> float | None:
        waited = self._motion.waiting
        next_move = self._motion.turn(now, self.pace)
        if self._motion.restless and not self.pace.paused:
            self._pause()
            self._stale = True
            next_move = None
        self._tell()
        self._stale |= self.cluster.trace.count > self._seen_step or waited != self._motion.waiting
        publish_at = self._publish_at()
        if publish_at is not None and publish_at <= now:
            self._publish(now)
            publish_at = None
        times = [at for at in (next_move, publish_at) if at is not None]
        return min(times, default=None)

    def _is_live(self) -> bool:
        return self.is_watched or self._motion.rushing or self._clock() < self._awake_until

    def _tell(self) -> None:
        if self.cluster.api_down:
            self._watches.dismiss()  # an API server that is down hangs up
        else:
            self._watches.tell(self.cluster.store.revision)

    def _publish_at(self) -> float | None:
        if self._stale:
            return self._cut_at + max(FRAME_S, RENDER_SHARE * self._spent)
        return self._cut_at + COUNT_S if self._recount else None

    def _settle(self) -> None:
        """Bring virtual time and the newest frame up to now."""
        now = self._clock()
        if self._is_live() and self.pace.mode == "clock":
            self._motion.turn(now, self.pace)
        if self._stale or self.cluster.trace.count > self._seen_step:
            self._publish(now)

    def _publish(self, now: float) -> None:
        frame = self._cut()
        self._stale = self._recount = False
        self._cut_at = now
        if frame is None:
            self._fanout.restart(secrets.randbits(LENGTH_OF_EPOCH))
            self._snapshots.clear()
            return
        started = time.thread_time()
        drawn = {lang: self._draw(self, frame, lang) for lang in self._fanout.langs}
        self._spent = time.thread_time() - started
        self._fanout.publish(frame.number, drawn)

    def _cut(self) -> Frame | None:
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
        return Frame(self.frame + 1, steps, changed, self._motion.waiting, before)

    def _mark(self) -> None:
        self._seen_step = self.cluster.trace.count
        self._seen_revision = self.cluster.store.revision

    def _pause(self) -> None:
        self.pace = replace(self.pace, paused=True)
        self._motion.halt()

    def _in_flight(self) -> Step | None:
        """The newest visible step, if its reconcile is not over."""
        trace = self.cluster.trace
        for number in range(trace.count, trace.first - 1, -1):
            step = trace.get(number)
            if step is not None and is_visible(step) and not isinstance(step.record, Commanded):
                actor = self.cluster.actors.get(step.actor)
                going_on = actor is not None and any(key == step.key for key, _phase in actor.in_flight)
                return step if going_on else None
        return None

    @contextmanager
    def _doing(self) -> Iterator[None]:
        """Around everything a person does: up to now first, then awake for a while."""
        with self.lock, self._boundary():
            now = self._clock()
            if self._is_live() and self.pace.mode == "clock":
                self._motion.turn(now, self.pace)
            self._awake_until = now + AWAKE_S
            yield
            self._motion.interrupt(now, self.pace)
            self._stale = True
            self._tell()
        self._wake(self)

    @contextmanager
    def _boundary(self) -> Iterator[None]:
        """The one broad `except`: what is our mistake stops this room, with a sentence, and no other."""
        if self.broken:
            raise Broken(self.broken)
        try:
            yield
        except errors.ApiError:
            raise
        except Exception as mistake:
            self._break(mistake)
            raise Broken(self.broken) from mistake

    def _break(self, mistake: Exception) -> None:
        if not self.broken:
            log.error("room %s stopped after step %d", self.id, self.cluster.trace.count, exc_info=mistake)
            self.broken = f"this room has stopped, by a mistake of Loopscope ({type(mistake).__name__}): reset it"
