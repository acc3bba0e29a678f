"""Sets of numbers that mostly follow on each other, kept as ranges: which messages were confirmed, and delivered."""

from __future__ import annotations

from bisect import bisect_right

Ranges = tuple[tuple[int, int], ...]
"""((1, 4), (7, 7)) is 1, 2, 3, 4 and 7."""


def has(ranges: Ranges, number: int) -> bool:
    place = bisect_right(ranges, (number, number)) - 1
    return (place >= 0 and ranges[place][1] >= number) or (place + 1 < len(ranges) and ranges[place + 1][0] == number)


def with_number(ranges: Ranges, number: int) -> Ranges:
    if has(ranges, number):
        return ranges
    first = last = number
    kept = []
    for low, high in ranges:
        if high == number - 1:
            first = low
        elif low == number + 1:
            last = high
        else:
            kept.append((low, high))
    return tuple(sorted([*kept, (first, last)]))


def count(ranges: Ranges) -> int:
    return sum(high - low + 1 for low, high in ranges)


def numbers(ranges: Ranges) -> list[int]:
    return [number for low, high in ranges for number in range(low, high + 1)]


def minus(ranges: Ranges, others: Ranges) -> Ranges:
    """What is in the first and not in the others."""
    left: list[tuple[int, int]] = []
    for low, high in ranges:
        for first, last in others:
            if last < low or first > high:
                continue
            if first > low:
                left.append((low, first - 1))
            low = last + 1
        if low <= high:
            left.append((low, high))
    return tuple(left)
