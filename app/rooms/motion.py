"""How far a cluster moves in one turn, and which step is told meanwhile. A Room asks on every turn.

Story pace tells one step at a time (app/rooms/story.py): what matters stands as long as it takes to read, everything in
between costs no wall time. A gap of virtual time in which nothing would be seen is skipped in `lens_s`, at most four
seconds, and the frame says so. Where people use a Service, chaos reigns, or somebody is called, time goes by the clock,
and through a gap evenly, so that what happens is seen; it tells what it can. Clock pace runs `speed` virtual seconds a
second and tells what it can; a cluster that cannot keep up runs slower rather than in longer slices. No turn works
longer than `SLICE_S`: whoever else needs the process gets it in between.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from app.cluster import Cluster
from app.engine.trace import Step, is_visible
from app.rooms.frames import Pace, Waiting
from app.rooms.slicing import SLICE_S
from app.rooms.story import Story, Told

SLICE_STEPS = 16  # between looks at the wall clock
LENS_MS = 1_000  # shorter gaps are not worth mentioning
LENS_CAP_S = 4.0
LAG_S = 1.0
DRIFT_S = 0.05
RUSH_LIMIT_MS = 600_000  # a pod in CrashLoopBackOff never becomes quiet
PATH = 400  # told steps that are kept of a story


def lens_s(gap_ms: int, speed: float) -> float:
    """Wall seconds given to an idle gap: a quarter for one of a second, and another each time that it doubles."""
    return min(LENS_CAP_S, 0.25 * math.log2(1 + gap_ms / 1000)) / max(1.0, speed)


class Motion:
    def __init__(self, cluster: Cluster, story: Story, clock: Callable[[], float]) -> None:
        self.cluster = cluster
        self.story = story
        self.waiting: Waiting | None = None
        self.told: Told | None = None
        self.act: Step | None = None  # what somebody did last: the story began with it
        self.path: deque[Told] = deque(maxlen=PATH)  # what was told of it, oldest first
        self.restless = False  # rushed for as long as it may, and not quiet
        self.promised_ms: int | None = None  # virtual time for which the lesson waits
        self._clock = clock
        self._to_tell: deque[Told] = deque()
        self.stands_until = 0.0  # wall time: what is told, or a gap that is skipped, stands so long
        self._unseen_s = 0.0  # how long what is told is to stand, while no page shows it yet
        self._gap_until = 0.0  # wall time: under load, how long a gap is passed through
        self._seeking = False
        self._followed = cluster.trace.count  # clock pace: the steps up to here have been told, or never will be
        self._base: tuple[float, int] | None = None  # clock pace: (wall, virtual) that belong together
        self._rush_until_ms: int | None = None
        self._rush_to_ms = 0  # though nothing is left to do before that

    @property
    def rushing(self) -> bool:
        return self._rush_until_ms is not None

    @property
    def is_told(self) -> bool:
        """All that was done has been told, and the last of it has stood long enough."""
        return not (self._to_tell or self.story.holds_back or self.rushing) and self._clock() >= self.stands_until

    @property
    def is_due(self) -> bool:
        """There is more to tell, or something will happen."""
        if self._to_tell or self.story.holds_back:
            return True
        return self.cluster.next_due_ms() is not None or self.cluster.awaited() is not None

    @property
    def _is_urgent(self) -> bool:
        """Requests fail, or somebody is called: that is no time to be skipped."""
        return self.cluster.requests_fail or self.cluster.is_called

    def rush(self, at_least_ms: int = 0) -> None:
        """From the next turn on as fast as possible, until the cluster is quiet, and on to `at_least_ms`."""
        self._rush_until_ms = self.cluster.now_ms + RUSH_LIMIT_MS
        self._rush_to_ms = min(at_least_ms, self._rush_until_ms)
        self._to_tell.clear()
        self.stands_until = self._unseen_s = 0.0
        self.waiting = None
        self.restless = False

    def seek(self) -> None:
        """Play to the next moment that is told, though time may stand still."""
        self._seeking = True
        self.stands_until = self._unseen_s = 0.0

    def recall(self, now: float, pace: Pace) -> None:
        """A room was brought back without its last command: that is told."""
        last = self.cluster.journal[-1]
        step = self.cluster.trace.get(last.step + 1) if last.left_out else None
        if step is not None:
            self.acted(step, now, pace)

    def acted(self, step: Step, now: float, pace: Pace, more: int = 0) -> None:
        """Somebody did something, and `more` like it: a new story begins, whatever was to be told of the one before."""
        self._to_tell.clear()
        self.path.clear()
        self.waiting = None
        self.act = step
        self._tell(self.story.begin(step, more), now, pace.speed if pace.mode == "story" else 1.0)

    def shown(self, now: float) -> None:
        """Pages show what is told: from now on it is read."""
        if self._unseen_s:
            self.stands_until, self._unseen_s = max(self.stands_until, now + self._unseen_s), 0.0

    def show(self, step: Step | None) -> None:
        """One step that somebody asked for by hand."""
        if step is not None:
            self._to_tell.clear()
            self.told = self.story.by_hand(step)
            self.path.append(self.told)
            self.stands_until = self._unseen_s = 0.0
            self._pass_over()

    def interrupt(self) -> None:
        """Nothing is waited for any more."""
        self._base = None
        self._pass_over()
        self.restless = False
        if self.waiting is not None:
            self.waiting, self.stands_until = None, 0.0

    def halt(self) -> None:
        self._rush_until_ms = None
        self._seeking = False

    def turn(self, now: float, pace: Pace) -> float | None:
        """Move for at most SLICE_S. Returns the wall time of the next turn, None if there is nothing to wait for."""
        if self._rush_until_ms is not None:
            return self._rush(now, self._rush_until_ms)
        if pace.paused and not self._seeking:
            return None
        if pace.mode == "clock":
            return self._run_clock(now, pace.speed)
        return self._go_with_it(now, pace.speed) if self.cluster.goes_by_the_clock else self._play(now, pace.speed)

    def _tell(self, told: Told, now: float, speed: float) -> None:
        self.told = told
        self.path.append(told)
        self._unseen_s = told.stands_s / speed
        self.stands_until = now + self._unseen_s
        self._pass_over()
        self._seeking = False

    def _rush(self, now: float, until_ms: int) -> float | None:
        while self._clock() - now < SLICE_S:
            for _ in range(SLICE_STEPS):
                due = self.cluster.next_due_ms()
                if due is None or due > until_ms:
                    if self.cluster.advance(self._rush_to_ms, 1):
                        continue
                    self._rush_until_ms = self._base = None
                    self.restless = due is not None
                    self._tell_together(now)
                    self.stands_until, self._unseen_s = now, 0.0  # whoever skips to the end is not waited for
                    return now
                self.cluster.step()
        self._follow()
        return now

    def _play(self, now: float, speed: float) -> float | None:
        while (moment := self._clock()) - now < SLICE_S:
            if moment < self.stands_until:
                return self.stands_until
            if self._to_tell:
                self.waiting = None
                self._tell(self._to_tell.popleft(), moment, speed)
                return self.stands_until
            due = self.cluster.next_due_ms()
            if due is None:
                awaited = self.cluster.awaited()
                due = awaited.due_ms if awaited else None
            if due is None or due - self.cluster.now_ms >= LENS_MS:
                self._to_tell.extend(self.story.rest())
                if self._to_tell:
                    continue
            if due is None:
                self.waiting, self._seeking = None, False
                return None
            self._base = None
            if due - self.cluster.now_ms >= LENS_MS and (self.waiting is None or self.waiting.to_ms != due):
                wall = lens_s(due - self.cluster.now_ms, speed)
                self.waiting = Waiting(self.cluster.now_ms, due, wall)
                self.stands_until = moment + wall
                continue
            step = self.cluster.step()
            if step is not None:
                if is_visible(step):
                    self.waiting = None
                self._to_tell.extend(self.story.take(step))
        return now

    def _go_with_it(self, now: float, speed: float) -> float | None:
        """Requests, kills and pagers do not wait for readers. A long gap is passed through evenly, so that they are
        seen; never one in which requests fail, or somebody is called."""
        if self.waiting is not None and self._is_urgent:
            self.waiting = self._base = None
        if self.waiting is not None and now < self._gap_until:
            from_ms, to_ms, wall = self.waiting
            past = max(0.0, 1 - (self._gap_until - now) / wall)
            target = min(to_ms - 1, from_ms + int((to_ms - from_ms) * past))
            while self.cluster.advance(target, SLICE_STEPS) == SLICE_STEPS:
                if self._clock() - now >= SLICE_S:
                    return now
            return min(self._gap_until, now + DRIFT_S)
        self._to_tell.clear()
        due = self.cluster.next_due_ms()
        if due is None:
            awaited = self.cluster.awaited()
            due = awaited.due_ms if awaited else self.promised_ms
        if due is not None and due - self.cluster.now_ms >= LENS_MS and not self._is_urgent:
            wall = lens_s(due - self.cluster.now_ms, speed)
            self.waiting, self._gap_until = Waiting(self.cluster.now_ms, due, wall), now + wall
            self._base = None
            return now
        self.waiting = None
        return self._run_clock(now, speed)

    def _run_clock(self, now: float, speed: float) -> float | None:
        wall, virtual = self._base = self._base or (now, self.cluster.now_ms)
        target = virtual + int((now - wall) * 1000 * speed)
        while self.cluster.advance(target, SLICE_STEPS) == SLICE_STEPS:
            if self._clock() - now >= SLICE_S:
                self._follow()
                if target - self.cluster.now_ms > LAG_S * 1000 * speed:
                    self._base = (now, self.cluster.now_ms)
                return now
        self._tell_together(now)
        due = self.cluster.next_due_ms(foreground=False)
        return None if due is None else max(now, wall + (due - virtual) / (1000 * speed))

    def _tell_together(self, now: float) -> None:
        """What was done since the last sentence, once that has stood long enough."""
        self._follow()
        if now >= self.stands_until and (told := self.story.together()) is not None:
            self._tell(told, now, 1.0)

    def _follow(self) -> None:
        """Look turn by turn at what was made: it may be a hundred thousand steps until the next sentence."""
        self.story.hear(self.cluster.trace.since(self._followed))
        self._followed = self.cluster.trace.count

    def _pass_over(self) -> None:
        """What was made until now is told, or never will be."""
        self.story.unhear()
        self._followed = self.cluster.trace.count
