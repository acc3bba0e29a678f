"""The schedule of a CronJob: five fields, `@daily` and the like, and what is wrong with one.

Validation asks `parse`, the CronJob loop `next_after`. Models github.com/robfig/cron/v3 `parser.go`, whose sentences
Kubernetes hands on, and `spec.go`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class Schedule(NamedTuple):
    """The numbers of each field that match. Whether days of month and week were written as `*` decides whether both
    must match, or either."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday
    any_day: bool
    any_weekday: bool


class _Bounds(NamedTuple):
    least: int
    most: int
    names: tuple[str, ...] = ()  # of least, least + 1, ...


_FIELDS = (
    _Bounds(0, 59),
    _Bounds(0, 23),
    _Bounds(1, 31),
    _Bounds(1, 12, ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    _Bounds(0, 6, ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


@lru_cache(maxsize=256)
def parse(text: str) -> Schedule:
    """Raises ValueError with the parser's own words. `@every`, which has no fields, is not taken."""
    if text.startswith("@"):
        if text not in _DESCRIPTORS:
            raise ValueError(f"unrecognized descriptor: {text}")
        text = _DESCRIPTORS[text]
    written = text.split()
    if len(written) != len(_FIELDS):
        raise ValueError(f"expected exactly {len(_FIELDS)} fields, found {len(written)}: [{' '.join(written)}]")
    sets = [_field(part, bounds) for part, bounds in zip(written, _FIELDS, strict=True)]
    starred = [any(term.partition("/")[0] in ("*", "?") for term in part.split(",")) for part in written]
    return Schedule(sets[0], sets[1], sets[2], sets[3], sets[4], any_day=starred[2], any_weekday=starred[4])


def _field(text: str, bounds: _Bounds) -> frozenset[int]:
    """`1,5-9,*/15` as the numbers it stands for."""
    return frozenset(number for term in text.split(",") if term for number in _range(term, bounds))


def _range(term: str, bounds: _Bounds) -> range:
    span, *steps = term.split("/")
    low, *highs = span.split("-")
    if low in ("*", "?"):
        start, end = bounds.least, bounds.most
    else:
        start = _number(low, bounds)
        if len(highs) > 1:
            raise ValueError(f"too many hyphens: {term}")
        end = _number(highs[0], bounds) if highs else start
    if len(steps) > 1:
        raise ValueError(f"too many slashes: {term}")
    step = _integer(steps[0]) if steps else 1
    if steps and not highs and low not in ("*", "?"):
        end = bounds.most  # "5/15" is "5-59/15"
    if start < bounds.least:
        raise ValueError(f"beginning of range ({start}) below minimum ({bounds.least}): {term}")
    if end > bounds.most:
        raise ValueError(f"end of range ({end}) above maximum ({bounds.most}): {term}")
    if start > end:
        raise ValueError(f"beginning of range ({start}) beyond end of range ({end}): {term}")
    if step == 0:
        raise ValueError(f"step of range should be a positive number: {term}")
    return range(start, end + 1, step)


def _number(text: str, bounds: _Bounds) -> int:
    name = text.lower()
    return bounds.least + bounds.names.index(name) if name in bounds.names else _integer(text)


def _integer(text: str) -> int:
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdecimal()):
        raise ValueError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax')
    if len(digits) > 18:
        raise ValueError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": value out of range')
    if int(text) < 0:
        raise ValueError(f"negative number ({int(text)}) not allowed: {text}")
    return int(text)


_SEARCHED_YEARS = 5
_SPANS_MS = (60_000, 3_600_000, 86_400_000, 32 * 86_400_000, 5 * 366 * 86_400_000)


@lru_cache(maxsize=256)
def knows_zone(zone: str) -> bool:
    """Whether there is a time zone of that name; "" is UTC."""
    try:
        return not zone or bool(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def next_after(schedule: Schedule, after_ms: int, zone: str = "") -> int | None:
    """The first time that matches later than `after_ms`; both Unix milliseconds. None: not within five years.

    `zone` is a name such as `Asia/Tokyo`; "" is UTC. A local time that a change of clocks leaves out does not match."""
    place = ZoneInfo(zone) if zone else UTC
    moment = datetime.fromtimestamp(after_ms // 60_000 * 60, tz=place) + timedelta(minutes=1)
    last_year = moment.year + _SEARCHED_YEARS
    while moment.year <= last_year:
        if moment.month not in schedule.months:
            moment = (moment.replace(day=1, hour=0, minute=0) + timedelta(days=32)).replace(day=1)
        elif not _is_day(schedule, moment):
            moment = moment.replace(hour=0, minute=0) + timedelta(days=1)
        elif moment.hour not in schedule.hours:
            moment = moment.replace(minute=0) + timedelta(hours=1)
        elif moment.minute not in schedule.minutes:
            moment += timedelta(minutes=1)
        else:
            return int(moment.timestamp()) * 1000
    return None


def latest_within(schedule: Schedule, after_ms: int, until_ms: int, zone: str = "") -> int | None:
    """The last time that matches later than `after_ms` and no later than `until_ms`; however many came before it."""
    for span_ms in _SPANS_MS:
        begin_ms = max(after_ms, until_ms - span_ms)
        latest, found = None, next_after(schedule, begin_ms, zone)
        while found is not None and found <= until_ms:
            latest, found = found, next_after(schedule, found, zone)
        if latest is not None or begin_ms == after_ms:
            return latest
    return None


def _is_day(schedule: Schedule, moment: datetime) -> bool:
    """Of day of month and day of week both must match, or either if both are restricted."""
    day = moment.day in schedule.days
    weekday = moment.isoweekday() % 7 in schedule.weekdays
    return day and weekday if schedule.any_day or schedule.any_weekday else day or weekday
