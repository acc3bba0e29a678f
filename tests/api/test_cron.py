"""Schedules of CronJobs: what they stand for, and the parser's complaints."""

from __future__ import annotations

import re

import pytest

from app.api import cron


def test_every_part_of_a_schedule() -> None:
    found = cron.parse("*/20 0-6/3,12 1 Jan-Mar mon,FRI")
    assert sorted(found.minutes) == [0, 20, 40]
    assert sorted(found.hours) == [0, 3, 6, 12]
    assert (sorted(found.days), sorted(found.months), sorted(found.weekdays)) == ([1], [1, 2, 3], [1, 5])
    assert (found.any_day, found.any_weekday) == (False, False)


@pytest.mark.parametrize(
    ("text", "minutes", "hours"),
    [
        ("@hourly", [0], list(range(24))),
        ("@midnight", [0], [0]),
        ("50/5 ? * * *", [50, 55], list(range(24))),
    ],
)
def test_short_forms(text: str, minutes: list[int], hours: list[int]) -> None:
    found = cron.parse(text)
    assert (sorted(found.minutes), sorted(found.hours)) == (minutes, hours)
    assert found.any_weekday


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("every day", "expected exactly 5 fields, found 2: [every day]"),
        ("* * * * * *", "expected exactly 5 fields, found 6: [* * * * * *]"),
        ("a * * * *", 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("5-3 * * * *", "beginning of range (5) beyond end of range (3): 5-3"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("1/2/3 * * * *", "too many slashes: 1/2/3"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("@often", "unrecognized descriptor: @often"),
    ],
)
def test_what_is_wrong_with_a_schedule(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(complaint)}$"):
        cron.parse(text)
