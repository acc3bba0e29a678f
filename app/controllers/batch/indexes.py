"""Completion indexes of an Indexed Job, as runs (first, last): it may have two thousand million of them. Pure.

A status says them as text, `0,2-4`. Models kubernetes/pkg/controller/job/indexed_job_utils.go (`orderedIntervals`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Indexes = tuple[tuple[int, int], ...]
"""In order, and apart from each other."""

_LONGEST = 10  # digits


def merged(runs: Iterable[tuple[int, int]]) -> Indexes:
    found: list[tuple[int, int]] = []
    for first, last in sorted(runs):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def of(numbers: Iterable[int]) -> Indexes:
    return merged((each, each) for each in numbers)


def total(indexes: Indexes) -> int:
    return sum(last - first + 1 for first, last in indexes)


def has(indexes: Indexes, number: int) -> bool:
    return any(first <= number <= last for first, last in indexes)


def common(one: Indexes, other: Indexes) -> int:
    """How many are in both."""
    return sum(max(0, min(a[1], b[1]) - max(a[0], b[0]) + 1) for a in one for b in other)


def between(indexes: Indexes, completions: int) -> Iterator[int]:
    """Those below `completions` that are not among `indexes`."""
    free = 0
    for first, last in indexes:
        yield from range(free, min(first, completions))
        free = last + 1
    yield from range(free, completions)


def written(indexes: Indexes) -> str:
    """`0,2-4`"""
    parts = (
        str(first) if first == last else f"{first}{'-' if last - first > 1 else ','}{last}" for first, last in indexes
    )
    return ",".join(parts)


def parse(text: str, completions: int) -> Indexes:
    """What a status says, which any client may have written: what is no index of this Job is passed over."""
    found: list[tuple[int, int]] = []
    for part in text.split(",") if text else ():
        low, _, high = part.partition("-")
        first, last = number(low), number(high or low)
        if first is not None and last is not None and first <= last and first < completions:
            found.append((first, min(last, completions - 1)))
    return merged(found)


def number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST else None
