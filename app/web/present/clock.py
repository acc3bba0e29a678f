"""Virtual time as people read it."""

from __future__ import annotations

from app.api.times import duration as duration


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


def age(ms: int) -> str:
    """As kubectl's AGE column: `38s`, `3m20s`, `14m`, `3h5m`. static/js/clock.js says the same while it ticks."""
    seconds = max(0, ms) // 1000
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    return _two(days, "d", hours % 24, "h") if days < 8 else f"{days}d"


def _two(big: int, unit: str, small: int, small_unit: str) -> str:
    return f"{big}{unit}{small}{small_unit}" if small else f"{big}{unit}"
