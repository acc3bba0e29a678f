"""How far a cluster moves in one turn. A Room asks on every turn; all state is a few numbers.

Beat pace makes `BEATS` beats a second times the speed. In one beat every loop may make one visible step of the same
virtual moment: what goes on side by side is seen side by side. Deliveries, timers and heartbeats in between cost no
wall time. A gap of virtual time in which nothing would be seen is skipped in `lens_s`, at most four seconds, and the
frame says so. Where people use a Service time does not stand still when nothing is left to do: it goes by the clock,
and through a gap evenly, so that their requests are seen. Clock pace runs `speed` virtual seconds a second; a cluster
that cannot keep up runs slower rather than in longer slices. No turn works longer than `SLICE_S`: whoever else needs
the process gets it in between.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from app.cluster import Cluster
from app.engine.trace import is_visible
from app.rooms.frames import Pace, Waiting

SLICE_S = 0.004
SLICE_STEPS = 16  # between looks at the wall clock
BEATS = 4.0  # a second at speed 1
LENS_MS = 1_000  # shorter gaps are not worth mentioning
LENS_CAP_S = 4.0
CATCH_UP_S = 0.05  # beats that were late by less are made up for
LAG_S = 1.0
DRIFT_S = 0.05
RUSH_LIMIT_MS = 600_000  # a pod in CrashLoopBackOff never becomes quiet


def lens_s(gap_ms: int, speed: float) -> float:
    """Wall seconds given to an idle gap: 1 s takes 0.25, 5 min take 2.06, a day 4."""
    return min(LENS_CAP_S, 0.25 * math.log2(1 + gap_ms / 1000)) / max(1.0, speed)


class Motion:
    def __init__(self, cluster: Cluster, clock: Callable[[], float]) -> None:
        self.cluster = cluster
        self.waiting: Waiting | None = None
        self._clock = clock
        self._beat_at = 0.0  # no visible step before this wall time
        self._beat_ms = 0  # the virtual moment of the beat that is going on
        self._in_beat: set[str] = set()  # who has made a visible step in it; empty: none is going on
        self._base: tuple[float, int] | None = None  # clock pace: (wall, virtual) that belong together
        self._rush_until_ms: int | None = None
        self.restless = False  # rushed for as long as it may, and not quiet

    @property
    def rushing(self) -> bool:
        return self._rush_until_ms is not None

    def rush(self) -> None:
        """From the next turn on as fast as possible, until the cluster is quiet."""
        self._rush_until_ms = self.cluster.now_ms + RUSH_LIMIT_MS
        self.waiting = None
        self.restless = False

    def interrupt(self, now: float, pace: Pace) -> None:
        """Somebody did something: nothing is waited for any more, and what was done is seen for one beat."""
        self._base = self.waiting = None
        self.restless = False
        self._beat_at = now + 1 / (BEATS * pace.speed)

    def halt(self) -> None:
        self._rush_until_ms = None

    def turn(self, now: float, pace: Pace) -> float | None:
        """Move for at most SLICE_S. Returns the wall time of the next turn, None if there is nothing to wait for."""
        if self._rush_until_ms is not None:
            return self._rush(now, self._rush_until_ms)
        if pace.paused:
            return None
        return self._beat(now, pace.speed) if pace.mode == "beat" else self._run_clock(now, pace.speed)

    def _rush(self, now: float, until_ms: int) -> float | None:
        while self._clock() - now < SLICE_S:
            for _ in range(SLICE_STEPS):
                due = self.cluster.next_due_ms()
                if due is None or due > until_ms:
                    self._rush_until_ms = self._base = None
                    self.restless = due is not None
                    return now
                self.cluster.step()
        return now

    def _beat(self, now: float, speed: float) -> float | None:
        beat = 1 / (BEATS * speed)
        while (moment := self._clock()) - now < SLICE_S:
            if moment < self._beat_at:
                return self._drift(moment)
            due = self.cluster.next_due_ms()
            if due is None:
                due = self.cluster.awaited_ms()
            if self._in_beat and due != self._beat_ms:
                self._end_beat(moment, beat)
                continue
            if due is None:
                self.waiting = None
                return self._run_clock(now, speed) if self.cluster.under_load else None
            self._base = None
            if due - self.cluster.now_ms >= LENS_MS and (self.waiting is None or self.waiting.to_ms != due):
                wall = lens_s(due - self.cluster.now_ms, speed)
                self.waiting = Waiting(self.cluster.now_ms, due, wall)
                self._beat_at = moment + wall
                continue
            step = self.cluster.step()
            if step is not None and is_visible(step):
                self.waiting = None
                if step.actor in self._in_beat:
                    self._end_beat(moment, beat)
                self._in_beat.add(step.actor)
                self._beat_ms = step.at_ms
        return now

    def _drift(self, moment: float) -> float:
        """Until the next beat. Under load time passes evenly through a gap, so that its requests are seen."""
        if self.waiting is None or not self.cluster.under_load:
            return self._beat_at
        from_ms, to_ms, wall = self.waiting
        past = max(0.0, 1 - (self._beat_at - moment) / wall)
        self.cluster.advance(min(to_ms - 1, from_ms + int((to_ms - from_ms) * past)), SLICE_STEPS)
        return min(self._beat_at, moment + DRIFT_S)

    def _end_beat(self, moment: float, beat: float) -> None:
        self._in_beat.clear()
        self._beat_at = max(self._beat_at, moment - CATCH_UP_S) + beat

    def _run_clock(self, now: float, speed: float) -> float | None:
        wall, virtual = self._base = self._base or (now, self.cluster.now_ms)
        target = virtual + int((now - wall) * 1000 * speed)
        while self.cluster.advance(target, SLICE_STEPS) == SLICE_STEPS:
            if self._clock() - now >= SLICE_S:
                if target - self.cluster.now_ms > LAG_S * 1000 * speed:
                    self._base = (now, self.cluster.now_ms)
                return now
        due = self.cluster.next_due_ms(foreground=False)
        return None if due is None else max(now, wall + (due - virtual) / (1000 * speed))
