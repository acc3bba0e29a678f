"""The schedule of a CronJob: five fields, `@daily`, `@every 1h` and the like, and what is wrong with one.

Validation asks `parse`, the CronJob loop `next_after`. Models github.com/robfig/cron/v3 `parser.go`, whose sentences
Kubernetes hands on, `spec.go`, whose search it is, and `constantdelay.go`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from fractions import Fraction
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


class Every(NamedTuple):
    """`@every 90s`: so long after the time before."""

    seconds: int


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
def parse(text: str) -> Schedule | Every:
    """Raises ValueError with the parser's own words."""
    if text.startswith("@every "):
        return _every(text.removeprefix("@every "))
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


# -------------------------------------------------------------------------------------------------- @every

_UNITS_NS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([^0-9.]*)")


def _every(text: str) -> Every:
    """Of a duration as Go writes it, `1h30m`: whole seconds, and at least one."""
    try:
        return Every(max(1, int(_nanoseconds(text) // 10**9)))
    except ValueError as wrong:
        raise ValueError(f"failed to parse duration @every {text}: time: {wrong}") from None


def _nanoseconds(text: str) -> Fraction:
    negative, rest, total = text.startswith("-"), text[text[:1] in ("+", "-") :], Fraction(0)
    if rest == "0":
        return total
    while rest:
        part = _PART.match(rest)
        if part is None:
            raise ValueError(f'invalid duration "{text}"')
        number, unit = part.groups()
        if not unit:
            raise ValueError(f'missing unit in duration "{text}"')
        if unit not in _UNITS_NS:
            raise ValueError(f'unknown unit "{unit}" in duration "{text}"')
        total += Fraction(number.rstrip(".")) * _UNITS_NS[unit]
        rest = rest[part.end() :]
    if not text or text in ("+", "-") or total >= 2**63:
        raise ValueError(f'invalid duration "{text}"')
    return -total if negative else total


# ---------------------------------------------------------------------------------------------------- zones

_ZONE_PART = re.compile(r"[A-Za-z.\-_0-9+]{1,14}")


@lru_cache(maxsize=256)
def knows_zone(zone: str) -> bool:
    """Whether there is a time zone of that name; "" is UTC."""
    try:
        return not zone or bool(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def is_zone_name(zone: str) -> bool:
    """Whether a time zone may have that name."""
    parts = zone.split("/")
    return all(_ZONE_PART.fullmatch(part) and part not in (".", "..") and not part.startswith("-") for part in parts)


def written(at_ms: int, zone: str) -> str:
    """As the clocks of a zone show it: `2026-01-01T09:00:00+09:00`."""
    shown = datetime.fromtimestamp(at_ms // 1000, _place(zone)).isoformat()
    return shown.removesuffix("+00:00") + "Z" if shown.endswith("+00:00") else shown


# ------------------------------------------------------------------------------------------------ next times

_SEARCHED_YEARS = 5
_HOUR_S, _MINUTE_S = 3600, 60


def next_after(schedule: Schedule | Every, after_ms: int, zone: str = "") -> int | None:
    """The first time that matches later than `after_ms`; both Unix milliseconds. None: not within five years.

    `zone` is a name such as `Asia/Tokyo`; "" is UTC. A local time that a change of clocks leaves out does not match,
    one that comes twice matches twice."""
    after_s = after_ms // 1000
    if isinstance(schedule, Every):
        return 1000 * (after_s + schedule.seconds)
    clock = _Clock(_place(zone))
    at = clock.at(-(-(after_s + 1) // _MINUTE_S) * _MINUTE_S)
    last_year, found = at.year + _SEARCHED_YEARS, None
    while found is None and at.year <= last_year:
        at, found = _search(schedule, clock, at)
    return None if found is None else 1000 * found


def _search(schedule: Schedule, clock: _Clock, at: datetime) -> tuple[datetime, int | None]:
    """(where to begin again, since a field has wrapped around; or the moment that matches, in seconds)."""
    if at.month not in schedule.months:
        at = clock.date(at.year, at.month, 1)
        while at.month not in schedule.months:
            at = clock.date(at.year + at.month // 12, at.month % 12 + 1, 1)
            if at.month == 1:
                return at, None
    if not _is_day(schedule, at):
        at = clock.date(at.year, at.month, at.day)
        while not _is_day(schedule, at):
            at = clock.midnight_after(at)
            if at.day == 1:
                return at, None
    if at.hour not in schedule.hours:
        at = clock.later(at, -at.minute * _MINUTE_S)
        while at.hour not in schedule.hours:
            at = clock.later(at, _HOUR_S)
            if at.hour == 0:
                return at, None
    while at.minute not in schedule.minutes:
        at = clock.later(at, _MINUTE_S)
        if at.minute == 0:
            return at, None
    return at, int(at.timestamp())


class _Clock(NamedTuple):
    """The clocks of a place; a time that they never show is, as Go has it, an hour off."""

    place: tzinfo

    def at(self, second: int) -> datetime:
        return datetime.fromtimestamp(second, self.place)

    def later(self, at: datetime, seconds: int) -> datetime:
        return self.at(int(at.timestamp()) + seconds)

    def date(self, year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
        shown = int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp())
        return self.at(shown - self._offset(shown - self._offset(shown)))

    def midnight_after(self, at: datetime) -> datetime:
        day = datetime(at.year, at.month, at.day, tzinfo=UTC) + timedelta(days=1)
        found = self.date(day.year, day.month, day.day, at.hour, at.minute)
        if not found.hour:
            return found
        return self.later(found, (24 - found.hour if found.hour > 12 else -found.hour) * _HOUR_S)

    def _offset(self, second: int) -> int:
        offset = self.at(second).utcoffset()
        return int(offset.total_seconds()) if offset else 0


def _place(zone: str) -> tzinfo:
    return ZoneInfo(zone) if zone else UTC


def _is_day(schedule: Schedule, moment: datetime) -> bool:
    """Of day of month and day of week both must match, or either if both are restricted."""
    day = moment.day in schedule.days
    weekday = moment.isoweekday() % 7 in schedule.weekdays
    return day and weekday if schedule.any_day or schedule.any_weekday else day or weekday
