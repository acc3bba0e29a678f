"""A room: one cluster with its lock, its pace, its frames and the people who watch.

Whoever touches the cluster holds the room's lock, and holds it shortly. The Pacer calls `turn`; routes call the verbs
(`submit`, `set_pace`, ...); a viewer's own thread calls `attach`, `take` and `detach`. A Keeper writes down each
command before it is performed, and how far the room is after it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from app.api import limits
from app.api.messages import Message, message
from app.api.objects import Obj, Ref
from app.cluster import Awaited, Cluster, Entry, Planned
from app.commands import ClientRequest, Command, TakeTurns
from app.engine.trace import Step
from app.look import Look
from app.rooms import budget, slicing, stepping
from app.rooms.access import CLOSED, Access
from app.rooms.asking import Asked
from app.rooms.beginnings import pace_of
from app.rooms.boundary import Boundary
from app.rooms.broadcast import Broadcast
from app.rooms.clients import Clients
from app.rooms.counterpart import Counterpart
from app.rooms.drawing import Drawing
from app.rooms.fanout import Viewer
from app.rooms.frames import Pace
from app.rooms.keeping import NOBODY, Keeper
from app.rooms.motion import Motion
from app.rooms.playing import Pressed, ask_again, press
from app.rooms.story import Story, Told
from app.rooms.watches import Watch, Watches
from app.scenarios import Scenario
from app.scenarios.progress import Progress

AWAKE_S = 30.0  # a room nobody watches goes on for so long after a command
VISIT_S = 10.0  # and for so long after an API client asked for something: it may be polling

T = TypeVar("T")


class Room(Asked):
    def __init__(
        self, id: str, scenario: Scenario, cluster: Cluster, drawing: Drawing, wake: Callable[[Room], None],
        clock: Callable[[], float], viewer_limit: int = limits.VIEWERS_OF_ROOM, pace: Pace | None = None,
        watch_limit: int = limits.WATCHES_OF_ROOM, keeper: Keeper = NOBODY,
    ) -> None:  # fmt: skip
        self.id, self._keeper = id, keeper
        self.counterpart = Counterpart(clock)  # the newest call, without a person
        self._boundary = Boundary(id, lambda entry: keeper.failed(self, entry), lambda: keeper.stopped(self))
        self.cluster = self._keep(cluster)
        self.script = Progress(scenario, cluster)
        self.pace = pace or Pace()
        self.lock = threading.RLock()
        self.access = Access()
        self.journaled: int | None = 0  # how much of the journal the storage has; None: what it has is another
        self.is_stored = True  # it could be written down
        self.retold = 0  # what came before that step was told by another version of us
        self._wake, self._clock, self._drawing = wake, clock, drawing
        self._broadcast = Broadcast(cluster, lambda frame, lang: drawing.frame(self, frame, lang), viewer_limit)
        self._motion = self._new_motion()
        self._was_told, self._awake_until = True, 0.0
        self._watches = Watches(watch_limit)
        self._clients = Clients(self._watches)

    # ------------------------------------------------------------------------------------------ looking

    @property
    def broken(self) -> Message | None:
        """Why it has stopped, if it has."""
        return self._boundary.broken

    @property
    def epoch(self) -> int:
        """Frames are counted from 1 within an epoch; a reset or a restore begins a new one."""
        return self._broadcast.fanout.epoch

    @property
    def frame(self) -> int:
        return self._broadcast.fanout.newest

    @property
    def viewers(self) -> int:
        return len(self._broadcast.fanout)

    @property
    def is_watched(self) -> bool:
        return self.viewers > 0 or len(self._watches) > 0

    @property
    def restless(self) -> bool:
        """Paused because "run until quiet" came to its limit: something is tried again and again."""
        return self.pace.paused and self._motion.restless

    @property
    def told(self) -> Told | None:
        """The step that the page shows."""
        return self._motion.told

    @property
    def scenario(self) -> Scenario:
        return self.script.scenario

    @property
    def act(self) -> Step | None:
        return self._motion.act

    @property
    def path(self) -> Sequence[Told]:
        """What was told since then, oldest first."""
        return tuple(self._motion.path)

    @property
    def is_told(self) -> bool:
        """All that was done has been told."""
        return self._motion.is_told

    @property
    def awaited(self) -> Awaited | None:
        return self.cluster.awaited()

    @property
    def journal(self) -> Sequence[Entry]:
        return self.cluster.journal

    @property
    def look(self) -> Look:
        """The cluster as others see it, for whoever holds the lock: `drawn`, `snapshot` and `read` do."""
        return self.cluster

    def drawn(self, draw: Callable[[], T]) -> T:
        """What `draw` makes of the room, exactly as of `frame`."""
        with self.lock:
            self._settle()
            with self._boundary.looking():
                return draw()

    def snapshot(self, key: Hashable, draw: Callable[[], T]) -> T:
        """As `drawn`, but once per frame and key, and for that at most a tenth of a second old."""
        with self.lock:
            if not (self._broadcast.has(key) and self._broadcast.is_fresh(self._clock())):
                self._settle()
            with self._boundary.looking():
                return self._broadcast.snapshot(key, draw)

    def get(self, ref: Ref) -> Obj | None:
        return self.cluster.get(ref)

    def plan(self, text: str, namespace: str) -> tuple[Planned, ...]:
        """What applying `text` would do. Raises ApiError, whose `document` is the one that was refused."""
        with self.lock, self._boundary.looking():
            return self.cluster.plan(text, namespace)

    def news(self, take: Callable[[Look], T]) -> T:
        """As `read`, for those whom the room wakes when it has moved: they do not move it."""
        with self.lock, self._boundary.looking():
            return take(self.cluster)

    def read(self, take: Callable[[Cluster], T]) -> T:
        """What an API client asks for, as of now; nothing is drawn for it. `take` is quick, and changes nothing."""
        with self.lock:
            now = self._clock()
            with self._boundary.doing(self.cluster):
                self._clients.ask(now)
                self._catch_up(now)
                asleep = not self._is_live()
                if asleep:
                    self._motion.interrupt()
                self._awake_until = max(self._awake_until, now + VISIT_S)
            with self._boundary.looking():
                taken = take(self.cluster)
        if asleep:
            self._wake(self)
        return taken

    # ------------------------------------------------------------------------------------------ doing

    def submit(self, command: Command) -> Step:
        """The step that records `command`; its record says whether the API server refused."""
        with self._doing():
            self._admit(command)
            self._motion.acted(step := self.cluster.submit(command), self._clock(), self.pace)
            return step

    def press(self, index: int, chosen: str = "") -> Pressed:
        """A step of the lesson; `chosen` is a name that somebody picked. Raises NotFound if there is no such step."""
        with self._doing():
            self._admit()
            pressed = press(self.script, self.cluster, index, chosen)
            if pressed.steps:
                self._motion.acted(pressed.steps[-1], self._clock(), self.pace, pressed.alike)
            return pressed

    def set_pace(self, **changes: Any) -> Pace:
        """Raises BadRequest for a mode or speed that there is not."""
        with self._doing():
            pace = replace(self.pace, **changes)
            if pace.mode != self.pace.mode:
                self.cluster.submit(TakeTurns(pace.mode == "story"))
            self.pace = pace
            if pace.paused:
                self._motion.halt()
            return pace

    def grant(self, access: Access) -> None:
        """It is called that, and those may do something there, from now on."""
        with self._doing():
            self.access = access

    def next_moment(self) -> bool:
        """Play to the next moment that is told, and pause there. Returns at once: whether one may come."""
        with self._doing():
            if due := self._motion.is_due:
                self._pause()
                self._motion.seek()
            return due

    def step_phase(self) -> Step | None:
        """Pause, and make one visible step, which is told; None if the cluster is quiet."""
        with self._doing():
            self._pause()
            self._motion.show(step := self.cluster.step_phase())
            return step

    def finish_loop(self) -> None:
        """Pause, and run to the end of the reconcile that was seen last, or else of the next one."""
        with self._doing():
            self._pause()
            self._motion.show(stepping.finish_loop(self.cluster))

    def run_until_quiet(self, at_least_ms: int = 0) -> None:
        """As fast as possible, in slices, until nothing is left to do, and on to that Unix time. Returns at once."""
        with self._doing():
            self._motion.rush(at_least_ms)

    def restart(self, scenario: Scenario, cluster: Cluster) -> None:
        """Another cluster in the same room: every viewer takes a snapshot."""
        with self.lock:
            self.retold = 0
            self.counterpart.end()
            self.pace = pace_of(scenario, replace(self.pace, paused=False), self.scenario)
            self.cluster, self._boundary.broken, self.journaled = self._keep(cluster), None, 0
            self.script = Progress(scenario, cluster)
            self._motion = self._new_motion()
            self._broadcast.restart(cluster)
            self._watches.restart()
        self._wake(self)

    def stop(self, why: Message) -> None:
        """It goes no further, until it is reset."""
        self._boundary.broken = why

    def close(self) -> None:
        """It goes no further, and nothing of it is written down any more."""
        self.journaled = None
        self.stop(message(CLOSED))
        self.let_go()

    # ------------------------------------------------------------------------------------------ watching

    def let_go(self) -> None:
        """Whoever follows it takes a snapshot or lists again, and is told why it has stopped."""
        self._broadcast.restart(self.cluster)
        self._watches.dismiss()

    def attach(self, lang: str, epoch: int, frame: int, wake: threading.Event | None = None) -> Viewer:
        """Somebody has the page as of `frame`; `wake` is set when there is news for it. Raises TooManyRequests."""
        viewer = self._broadcast.attach(lang, epoch, frame, wake or threading.Event())
        with self.lock:
            if self.viewers == 1:
                self._motion.interrupt()
        self._wake(self)
        return viewer

    def take(self, viewer: Viewer) -> list[bytes] | None:
        """Drawn frames since the viewer's last, oldest first; None: it fell behind and needs a snapshot."""
        return self._broadcast.fanout.take(viewer)

    def detach(self, viewer: Viewer) -> None:
        self._broadcast.detach(viewer)
        self._wake(self)

    def open_watch(self) -> Watch:
        """An API client follows changes; as long as it does the room is awake. Raises TooManyRequests."""
        with self.lock:
            asleep = not self._is_live()
            watch = self._watches.open(self.cluster)
            self._clients.ask(self._clock())
            if asleep:
                self._motion.interrupt()
        self._wake(self)
        return watch

    def close_watch(self, watch: Watch) -> None:
        self._watches.close(watch)

    def dismiss(self) -> None:
        self._broadcast.fanout.dismiss()
        self._watches.dismiss()

    # ------------------------------------------------------------------------------------------ moving

    def turn(self, now: float) -> float | None:
        """Move the cluster for one slice, publish what is due. Returns when to come again; None: when woken."""
        if not self.lock.acquire(blocking=False):
            return now + slicing.SLICE_S  # somebody has it in hand: the other rooms do not wait for that
        try:
            if self.broken or not self._is_live():
                return None
            with self._boundary.turning(self.cluster):
                return self._turn(now)
            return None
        finally:
            self.lock.release()

    def _turn(self, now: float) -> float | None:
        motion, waited = self._motion, self._motion.waiting
        was_told, self._was_told = self._was_told, motion.is_told
        motion.story.languages, motion.promised_ms = sorted(self._broadcast.fanout.langs), self.script.due_ms
        next_move = motion.turn(now, self._pace_at(now))
        if motion.restless and not self.pace.paused:
            self._pause()
            self._broadcast.stale = True
            next_move = None
        next_move = now if self._ask_again(now, is_idle=next_move is None) else next_move
        if self.counterpart.turn():
            next_move, self._broadcast.stale = now, True
        self._tell()
        self._broadcast.stale |= waited != motion.waiting or self._was_told != was_told
        self._broadcast.stale |= self.script.follow(self.cluster)
        publish_at = self._broadcast.due_at(motion.told)
        if publish_at is not None and publish_at <= now:
            self._publish(now)
            publish_at = self._broadcast.due_at(motion.told)
        told_at = motion.stands_until if motion.stands_until > now and not self.pace.paused else None
        return min((at for at in (next_move, publish_at, told_at) if at is not None), default=None)

    def _is_live(self) -> bool:
        return self.is_watched or self._motion.rushing or self._clock() < self._awake_until

    def _tell(self) -> None:
        self._keeper.moved(self)
        if self.cluster.api_down:
            self._watches.dismiss()  # an API server that is down hangs up
        else:
            self._watches.tell(self.cluster.store.revision)

    def _pace_at(self, now: float) -> Pace:
        return replace(self.pace, mode="clock") if self._clients.are_at_work(now) else self.pace

    def _catch_up(self, now: float) -> None:
        """Where time goes by the clock, or somebody is called: bring virtual time up to now."""
        pace = self._pace_at(now)
        if self._is_live() and (pace.mode == "clock" or self.cluster.is_called):
            self._motion.turn(now, pace)
            self._tell()

    def _settle(self) -> None:
        """Bring virtual time and the newest frame up to now."""
        with self._boundary.doing(self.cluster):
            now = self._clock()
            self._catch_up(now)
            if self._broadcast.is_behind:
                self._publish(now)

    def _publish(self, now: float) -> None:
        self.script.follow(self.cluster)
        self._broadcast.publish(now, self._motion.waiting, self._motion.told, self.script.version)
        self._motion.shown(self._clock())

    def _new_motion(self) -> Motion:
        story = Story(self.cluster, lambda step, languages: self._drawing.reading_ms(self, step, languages))
        motion = Motion(self.cluster, story, self._clock)
        motion.recall(self._clock(), self.pace)
        return motion

    def _ask_again(self, now: float, *, is_idle: bool) -> bool:
        """What was refused to a step of the lesson, if its time has come. Told is only that it was granted."""
        again = None if self.pace.paused else ask_again(self.script, self.cluster, is_idle=is_idle)
        if again is not None and not again.is_refused:
            self._motion.acted(again.steps[-1], now, self.pace)
        return again is not None

    def _admit(self, command: Command | None = None) -> None:
        budget.check(self.cluster)
        if isinstance(command, ClientRequest) and command.who:
            self._clients.ask(self._clock())
        else:
            self._clients.page_acts()

    def _pause(self) -> None:
        self.pace = replace(self.pace, paused=True)
        self._motion.halt()

    @contextmanager
    def _doing(self) -> Iterator[None]:
        """Around everything a person does: up to now first, then awake for a while, and written down."""
        with self.lock:
            with self._boundary.doing(self.cluster):
                now = self._clock()
                self._catch_up(now)
                self._awake_until = now + AWAKE_S
                yield
                self._motion.interrupt()
                self._broadcast.stale = True
                self._tell()
            self._keeper.save(self)
        self._wake(self)

    def _keep(self, cluster: Cluster) -> Cluster:
        cluster.on_begin = lambda entry: self._keeper.begun(self, entry)
        cluster.on_alarm = lambda: self.counterpart.begin(cluster)
        return cluster
