"""A server that says how long one of its greenlets kept all others waiting: `python -m benchmarks.holding serve ...`.

Used by benchmarks/large.py and benchmarks/neighbours.py through `Held`. What counts is CPU time between two switches,
so that a machine that is busy with something else makes nobody look slow. Each hold of more than `LONG_MS` is a line of
the file that `HOLDS` names: milliseconds, and where it was met most often.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import greenlet

from app.web import serve
from tests.support.server import Server

HOLDS, LONG_MS, SAMPLE_S, DEEPEST = "LOOPSCOPE_HOLDS", 5.0, 0.002, 12


class Hold(NamedTuple):
    ms: float
    where: str


class Held(Server):
    """A Server that keeps account."""

    program = ("-m", "benchmarks.holding")

    def __enter__(self) -> Held:
        self._holds = Path(f"{self._output.name}.holds")
        self._holds.touch()
        self._seen = 0
        os.environ[HOLDS] = str(self._holds)
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._holds.unlink()

    def holds(self) -> list[Hold]:
        """Since it was asked before, the longest first."""
        text = self._holds.read_text()
        lines, self._seen = text[self._seen :].splitlines(), len(text)
        parted = (line.partition(" ") for line in lines)
        return sorted((Hold(float(ms), where) for ms, _, where in parted), reverse=True)


def watch() -> None:
    """In gunicorn's worker: look at each switch."""
    file = open(os.environ[HOLDS], "a", buffering=1)  # noqa: SIM115
    met: Counter[str] = Counter()
    since = time.thread_time()

    def switched(event: str, args: Any) -> None:
        nonlocal since
        now = time.thread_time()
        if (now - since) * 1000 > LONG_MS:
            where = met.most_common(1)[0][0] if met else "?"
            file.write(f"{(now - since) * 1000:.1f} {where}\n")
            now = time.thread_time()
        met.clear()
        since = now

    def sample(number: int, frame: FrameType | None) -> None:
        met[_stack(frame)] += 1

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGVTALRM, sample)
        signal.setitimer(signal.ITIMER_VIRTUAL, SAMPLE_S, SAMPLE_S)
    greenlet.settrace(switched)


def _stack(frame: FrameType | None) -> str:
    names: list[str] = []
    while frame is not None and len(names) < DEEPEST:
        if "/app/" in (path := frame.f_code.co_filename):
            names.append(f"{path.rpartition('/app/')[2]}:{frame.f_lineno}:{frame.f_code.co_name}")
        elif not names:
            names.append(frame.f_code.co_name)
        frame = frame.f_back
    return " < ".join(names)


if __name__ == "__main__":
    os.register_at_fork(after_in_child=watch)
    sys.exit(serve.main())
