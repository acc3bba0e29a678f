"""Schedules of CronJobs: what they stand for, and the parser's complaints."""

from __future__ import annotations

import re

import pytest

from app.api import cron, times


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
        (", * * * *", 'failed to parse int from : strconv.Atoi: parsing "": invalid syntax'),
        ("* * * * ,,", 'failed to parse int from : strconv.Atoi: parsing "": invalid syntax'),
    ],
)
def test_what_is_wrong_with_a_schedule(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(complaint)}$"):
        cron.parse(text)


def following(schedule: str, after: str, zone: str, count: int = 1) -> list[str]:
    found, at_ms = [], times.parse(after)
    for _ in range(count):
        later = cron.next_after(cron.parse(schedule), at_ms, zone)
        assert later is not None
        at_ms = later
        found.append(times.rfc3339(at_ms))
    return found


@pytest.mark.parametrize(
    ("schedule", "after", "zone", "expected"),
    [
        pytest.param(
            "30 2 * * *", "2027-03-13T08:00:00Z", "America/New_York", ["2027-03-15T06:30:00Z"],
            id="a time that the clocks leave out waits for the next day",
        ),
        pytest.param(
            "30 1 * * *", "2026-11-01T00:00:00Z", "America/New_York", ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"],
            id="a time that comes twice is served twice",
        ),
        pytest.param(
            "0 * * * *", "2026-11-01T04:30:00Z", "America/New_York", ["2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z"],
            id="hours go on",
        ),
        pytest.param(
            "0 0 * * *", "2018-11-03T12:00:00Z", "America/Sao_Paulo", ["2018-11-05T02:00:00Z"],
            id="a midnight that there is not",
        ),
        pytest.param(
            "15 2 * * *", "2026-04-04T12:00:00Z", "Australia/Lord_Howe", ["2026-04-05T15:45:00Z"],
            id="of half an hour the search, in whole ones, knows nothing",
        ),
        pytest.param("0 0 29 2 mon-sat", "2096-02-28T12:00:00Z", "", ["2096-02-29T00:00:00Z"], id="or any weekday"),
    ],
)  # fmt: skip
def test_when_clocks_change(schedule: str, after: str, zone: str, expected: list[str]) -> None:
    assert following(schedule, after, zone, len(expected)) == expected


@pytest.mark.parametrize("zone", ["", "Europe/Berlin"])
@pytest.mark.parametrize("schedule", ["0 0 29 2 *", "59 23 31 12 *", "* * 30 2 *", "0 0 31 4,6,9,11 *"])
def test_rare_times_are_found_without_looking_at_every_minute(
    schedule: str, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[object] = []
    look = cron._is_day
    monkeypatch.setattr(cron, "_is_day", lambda *asked: looks.append(asked) or look(*asked))
    found = cron.next_after(cron.parse(schedule), times.parse("2027-03-01T00:00:00Z"), zone)
    assert (found is None) == ("30 2" in schedule or "31 4" in schedule)
    assert len(looks) < 1_000


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("1h30m", 5400), ("1.5m", 90), ("10ms", 1), ("2500ms", 2), ("-1h", 1)]
)
def test_every_so_often(text: str, seconds: int) -> None:
    found = cron.parse(f"@every {text}")
    assert found == cron.Every(seconds)
    assert cron.next_after(found, 1_700) == 1000 * (1 + seconds)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("soon", 'time: invalid duration "soon"'),
        ("5", 'time: missing unit in duration "5"'),
        ("5d", 'time: unknown unit "d" in duration "5d"'),
        ("", 'time: invalid duration ""'),
    ],
)
def test_what_is_no_duration(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=f"^failed to parse duration @every {text}: {re.escape(complaint)}$"):
        cron.parse(f"@every {text}")


def test_a_time_as_the_clocks_of_a_zone_show_it() -> None:
    at_ms = times.parse("2026-07-01T00:00:00Z")
    assert cron.written(at_ms, "Asia/Tokyo") == "2026-07-01T09:00:00+09:00"
    assert cron.written(at_ms, "") == cron.written(at_ms, "Etc/UTC") == "2026-07-01T00:00:00Z"
