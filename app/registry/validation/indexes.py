"""Indexes of a Job as text: `0,2-4`. Models kubernetes `pkg/apis/batch/validation` validateIndexesFormat."""

from __future__ import annotations

import re

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")

Interval = tuple[int, int]


def total(text: str, completions: int) -> int:
    """How many there are. Raises ValueError with upstream's words."""
    count, previous = 0, None
    for part in text.split(",") if text else ():
        first, last = _interval(part, completions)
        if previous is not None and previous >= first:
            raise ValueError(f"non-increasing order, previous: {previous}, current: {first}")
        count, previous = count + last - first + 1, last
    return count


def overlap(one: str, other: str, completions: int) -> int | None:
    """The first index that both have; parts that are none are left to who looks at the format."""
    left, right = _readable(one, completions), _readable(other, completions)
    here = there = 0
    while here < len(left) and there < len(right):
        (first, last), (start, end) = left[here], right[there]
        if first <= end and start <= last:
            return max(first, start)
        here, there = (here + 1, there) if first <= start else (here, there + 1)
    return None


def _readable(text: str, completions: int) -> list[Interval]:
    found = []
    for part in text.split(",") if text else ():
        try:
            found.append(_interval(part, completions))
        except ValueError:
            continue
    return found


def _interval(part: str, completions: int) -> Interval:
    bounds = part.split("-")
    if len(bounds) > 2:
        why = "violates the requirement that an index interval can have at most two parts separated by '-'"
        raise ValueError(f'the fragment "{part}" {why}')
    numbers = [_index(bound, completions) for bound in bounds]
    first, last = numbers[0], numbers[-1]
    if len(bounds) == 2 and first >= last:
        raise ValueError(f"non-increasing order, previous: {first}, current: {last}")
    return first, last


def _index(text: str, completions: int) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError(f'cannot convert string to integer for index: "{text}"')
    if int(text) >= completions:
        raise ValueError(f'too large index: "{text}"')
    return int(text)
