"""The schedule of a CronJob: five fields, `@daily` and the like, and what is wrong with one.

Validation asks `parse`, the CronJob loop `next_after`. Models github.com/robfig/cron/v3 `parser.go`, whose sentences
Kubernetes hands on, and `spec.go`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
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
    """`1,5-9,*/15` as the numbers it stands for. Terms that are empty are passed over; but one there must be, though
    the original takes a field of commas, which no time matches."""
    terms = [term for term in text.split(",") if term] or [""]
    return frozenset(number for term in terms for number in _range(term, bounds))


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
_MINUTE = timedelta(minutes=1)


@lru_cache(maxsize=256)
def knows_zone(zone: str) -> bool:
    """Whether there is a time zone of that name; "" is UTC."""
    try:
        return not zone or bool(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def next_after(schedule: Schedule, after_ms: int, zone: str = "") -> int | None:
    """The first time that matches later than `after_ms`; both Unix milliseconds. None: not within five years.

    `zone` is a name such as `Asia/Tokyo`; "" is UTC. A local time that a change of clocks leaves out does not match,
    one that comes twice matches twice."""
    place, moment = _place(zone), _minute_of(after_ms) + _MINUTE
    last_year = moment.year + _SEARCHED_YEARS
    while moment.year <= last_year:
        gap = _gap(schedule, local := moment.astimezone(place))
        if gap is None:
            return _ms(moment)
        moment = max(gap.later(local, schedule.minutes).astimezone(UTC), moment + _MINUTE)
    return None


def latest_within(schedule: Schedule, after_ms: int, until_ms: int, zone: str = "") -> int | None:
    """The last time that matches later than `after_ms` and no later than `until_ms`; however many came before it."""
    place, moment = _place(zone), _minute_of(until_ms)
    first_year = moment.year - _SEARCHED_YEARS
    while _ms(moment) > after_ms and moment.year >= first_year:
        gap = _gap(schedule, local := moment.astimezone(place))
        if gap is None:
            return _ms(moment)
        moment = min(gap.earlier(local, schedule.minutes).astimezone(UTC), moment - _MINUTE)
    return None


class _Gap(NamedTuple):
    """From a local time that does not match, the nearest one that its coarsest field leaves possible."""

    later: Callable[[datetime, frozenset[int]], datetime]
    earlier: Callable[[datetime, frozenset[int]], datetime]


def _gap(schedule: Schedule, local: datetime) -> _Gap | None:
    """None: it matches. Whole months, days and hours are passed over at once: a search looks at every day at most."""
    if local.month not in schedule.months:
        return _MONTH
    if not _is_day(schedule, local):
        return _DAY
    if local.hour not in schedule.hours:
        return _HOUR
    return None if local.minute in schedule.minutes else _WITHIN_HOUR


def _midnight(local: datetime, day: int, days_later: int = 0) -> datetime:
    bare = datetime(local.year, local.month, day, tzinfo=None) + timedelta(days=days_later)
    return bare.replace(tzinfo=local.tzinfo)


def _next_month(local: datetime, _: frozenset[int]) -> datetime:
    return _midnight(_midnight(local, 1, 32), 1)


def _another_hour(local: datetime, minutes: int) -> datetime:
    """In time that passes, whatever the clocks do."""
    return local.astimezone(UTC) + timedelta(minutes=minutes)


def _later_in_hour(local: datetime, minutes: frozenset[int]) -> datetime:
    return _another_hour(local, min((each for each in minutes if each > local.minute), default=60) - local.minute)


def _earlier_in_hour(local: datetime, minutes: frozenset[int]) -> datetime:
    return _another_hour(local, max((each for each in minutes if each < local.minute), default=-1) - local.minute)


_MONTH = _Gap(_next_month, lambda local, _: _midnight(local, 1).astimezone(UTC) - _MINUTE)
_DAY = _Gap(
    lambda local, _: _midnight(local, local.day, 1),
    lambda local, _: _midnight(local, local.day).astimezone(UTC) - _MINUTE,
)
_HOUR = _Gap(
    lambda local, _: _another_hour(local, 60 - local.minute), lambda local, _: _another_hour(local, -1 - local.minute)
)
_WITHIN_HOUR = _Gap(_later_in_hour, _earlier_in_hour)


def _place(zone: str) -> tzinfo:
    return ZoneInfo(zone) if zone else UTC


def _minute_of(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms // 60_000 * 60, tz=UTC)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000


def _is_day(schedule: Schedule, moment: datetime) -> bool:
    """Of day of month and day of week both must match, or either if both are restricted."""
    day = moment.day in schedule.days
    weekday = moment.isoweekday() % 7 in schedule.weekdays
    return day and weekday if schedule.any_day or schedule.any_weekday else day or weekday
