"""What the controllers would have done: a copy of the moment in which somebody was called, in which every loop that a
person stands in for acts by itself again, run to its quiet with nobody watching.

A Room makes one when a call begins, and gives it a slice after each of its own turns. How long it took, and how many
requests were lost, is counted there by the very code that counts for the person (app/engine/oncall.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from app.api import times
from app.api.control_plane import CONTROL_PLANE
from app.cluster import Cluster
from app.commands import GoOnCall
from app.engine.trace import Call
from app.rooms import memory
from app.rooms.slicing import SLICE_S

LONGEST_MS, MOST_STEPS = 600_000, 200_000  # then it is given up
SLICE_STEPS = 16  # between looks at the wall clock


class Compared(NamedTuple):
    """The same call without a person."""

    step: int  # that it began with, here and there
    call: Call | None = None  # None: it is not over yet
    gave_up: bool = False  # nor after ten minutes of virtual time, or that many steps
    nights: int = 0  # in which somebody was called after that


class Counterpart:
    """`compared` is None before the first call."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.compared: Compared | None = None
        self._moment: Cluster | None = None
        self._latest_ms = self._last_step = 0
        self._clock = clock

    def begin(self, cluster: Cluster) -> None:
        """Somebody is called in `cluster`, just now."""
        self.end()
        self._moment = moment = cluster.copy()
        self._latest_ms, self._last_step = moment.now_ms + LONGEST_MS, moment.trace.count + MOST_STEPS
        self.compared = Compared(moment.calls[-1].step)
        plane = moment.get(CONTROL_PLANE)
        for actor in (plane or {}).get("spec", {}).get("onCall") or ():
            moment.submit(GoOnCall(actor, on=False))

    def end(self) -> None:
        if self._moment is not None:
            memory.let_go(self._moment)
        self._moment = self.compared = None

    def turn(self) -> bool:
        """Move it for one slice. Whether there was anything to move."""
        began, moved = self._clock(), self._moment is not None
        while self._moment is not None and self._clock() - began < SLICE_S:
            for _ in range(SLICE_STEPS):
                if (compared := self._step(self._moment)) is not None:
                    self.end()
                    self.compared = compared
                    break
        return moved

    def _step(self, moment: Cluster) -> Compared | None:
        """One step; or what came of it all, once it is over."""
        assert self.compared is not None
        began = self.compared.step
        call = next(each for each in moment.calls if each.step == began)
        if call.until_ms:
            later = (each.since_ms for each in moment.calls if each.step > began)
            return Compared(began, call, nights=times.nights(later))
        goes_on = moment.trace.count < self._last_step and moment.step(self._latest_ms) is not None
        return None if goes_on else Compared(began, gave_up=True)
