"""What does not come back is ended, from outside: the last of the budgets, for what none of the others thought of.

Work for a room, and each answer, is done inside `watched()`. While the process computes, a signal comes ten times in a
second of CPU time; whoever it finds at work for the fiftieth time is ended by `Overrun`, wherever that is. So a machine
that is busy with something else, or was asleep, makes nobody too slow; and greenlets are told apart, for a signal finds
the one that runs.

`start` is called once, in the main thread (app/web/serve.py). Without it nothing is ended: a debugger is in no hurry.
"""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.api import limits

TICK_S = 0.1


class Overrun(BaseException):
    """No Exception: nobody who handles mistakes of his own may take it for one."""


class Watched:
    __slots__ = ("pauses", "spent", "ticks")

    def __init__(self) -> None:
        self.ticks = self.pauses = self.spent = 0

    @property
    def cpu_s(self) -> float:
        """What was computed since it began, with all that was watched inside."""
        return self.spent * TICK_S


_running: dict[int, Watched] = {}


def start() -> None:
    signal.signal(signal.SIGPROF, _tick)
    signal.setitimer(signal.ITIMER_PROF, TICK_S, TICK_S)


def stop() -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)


@contextmanager
def watched() -> Iterator[Watched]:
    """Raises Overrun when what is done inside computes for too long. Inside another it begins to count anew."""
    me = threading.get_ident()
    outer = _running.get(me)
    mine = _running[me] = Watched()
    try:
        yield mine
    finally:
        if outer is None:
            del _running[me]
        else:
            outer.spent += mine.spent
            _running[me] = outer


def renew() -> None:
    """Something was finished: whoever does many things, one after the other, has as much for each."""
    if (mine := _running.get(threading.get_ident())) is not None:
        mine.ticks = 0


def count_pause() -> float:
    """How often whoever is at work has paused, with this time. How long it takes if nobody watches, nobody knows."""
    if (mine := _running.get(threading.get_ident())) is None:
        return math.inf
    mine.pauses += 1
    return mine.pauses


def _tick(number: int, frame: Any) -> None:
    found = _running.get(threading.get_ident())
    if found is None:
        return
    found.ticks += 1
    found.spent += 1
    if found.ticks * TICK_S > limits.SLICE_CPU_S:
        found.ticks = 0  # who tidies up after himself has time to
        raise Overrun
