"""Virtual time is an integer: milliseconds since the Unix epoch. Objects carry it as RFC 3339 text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000
NIGHT_FROM, NIGHT_HOURS = 22, 8  # from ten in the evening until six, in UTC
_FIRST_S, _LAST_S = -62_135_596_800, 253_402_300_799  # of the years 1 and 9999, the only ones that have a text


@lru_cache(maxsize=4096)
def _second_text(second: int) -> str:
    """A grace period may end after any year that can be written: then it is the last moment that can."""
    shown = datetime.fromtimestamp(max(_FIRST_S, min(_LAST_S, second)), UTC)
    return f"{shown.year:04d}{shown:-%m-%dT%H:%M:%SZ}"


def rfc3339(at_ms: int) -> str:
    """`metav1.Time`: whole seconds, as every timestamp of an object except a Lease's."""
    return _second_text(at_ms // 1000)


def rfc3339_micro(at_ms: int) -> str:
    """`metav1.MicroTime`: what Lease and Event series use."""
    return f"{_second_text(at_ms // 1000)[:-1]}.{at_ms % 1000:03d}000Z"


def rfc1123(at_ms: int) -> str:
    """As some Events write a time: `Thu, 01 Jan 2026 09:00:00 +0000`."""
    return format_datetime(datetime.fromtimestamp(at_ms // 1000, UTC))


@lru_cache(maxsize=4096)
def parse(text: str) -> int:
    """Milliseconds since the epoch of an RFC 3339 text. Raises ValueError."""
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def duration(ms: int) -> str:
    """A span of time: `250 ms`, `1.2 s`, `30 s`, `5:00`."""
    if ms < 1000:
        return f"{ms} ms"
    if ms < 60_000:
        return f"{ms / 1000:.1f}".removesuffix(".0") + " s"
    return f"{ms // 60_000}:{ms // 1000 % 60:02d}"


def night_of(at_ms: int) -> int | None:
    """The number of the night in which that is; None by day."""
    night, since_ms = divmod(at_ms - NIGHT_FROM * _HOUR_MS, _DAY_MS)
    return night if since_ms < NIGHT_HOURS * _HOUR_MS else None


def nights(moments: Iterable[int]) -> int:
    """In how many nights one of these moments was: several in one night count once."""
    return len({night_of(at_ms) for at_ms in moments} - {None})


def time_of_day(at_ms: int) -> str:
    """`03:12`, in UTC."""
    return f"{at_ms // _HOUR_MS % 24:02d}:{at_ms // 60_000 % 60:02d}"


def latest(hour: int, by_ms: int) -> int:
    """The last time that a clock showed this full hour, in UTC."""
    return by_ms - (by_ms - hour * _HOUR_MS) % _DAY_MS
