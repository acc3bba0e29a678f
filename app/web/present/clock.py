"""Virtual time as people read it: the one place that the page takes its times from. static/js/clock.js says the same
while it ticks."""

from __future__ import annotations

from app.api.times import duration as duration
from app.kubectl.printers.durations import age as age


def virtual(ms: int) -> str:
    """Time since the room's epoch: `00:42.6`, `1:02:42.6`."""
    tenths = max(0, ms) // 100
    hours, rest = divmod(tenths, 36_000)
    minutes, tenths = divmod(rest, 600)
    clock = f"{minutes:02d}:{tenths // 10:02d}.{tenths % 10}"
    return f"{hours}:{clock}" if hours else clock


def elapsed(ms: int) -> str:
    """How much later something came: `0:01.1`, `0:39`, `5:41`."""
    tenth = f".{max(0, ms) // 100 % 10}" if ms < 10_000 else ""
    return f"{max(0, ms) // 60_000}:{max(0, ms) // 1000 % 60:02d}{tenth}"
