"""How long ago: durations as kubectl writes them. Printers and describe use it.

Models kubernetes/apimachinery `pkg/util/duration`.
"""

from __future__ import annotations

from app.api import times


def age(duration_ms: int) -> str:
    """Two figures at most: `119s`, `3m20s`, `59m`, `3h5m`, `47h`, `2d3h`, `2y41d`. A little less than nothing, as from
    clocks that disagree, is `0s`."""
    if duration_ms <= -2000:
        return "<invalid>"
    seconds = max(0, duration_ms) // 1000
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if hours < 3:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 2 * 365:
        return f"{days}d"
    if days < 8 * 365:
        return _two(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def since(timestamp: str | None, now_ms: int) -> str:
    """The age of an RFC 3339 time; `<unknown>` if there is none."""
    return age(now_ms - times.parse(timestamp)) if timestamp else "<unknown>"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"
