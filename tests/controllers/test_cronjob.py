"""When a schedule is due, and what is done about it."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import cron, times
from app.api.objects import Obj
from app.controllers.batch.cronjob import CronJobController, CronJobObservation
from app.reconcile import AWAITED, Announce, Create, Delete, Difference, RequeueAfter, UpdateStatus

NOW = "2026-01-01T09:00:30Z"
SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"


def cron_job(last: str = "2026-01-01T08:59:00Z", active: tuple[Obj, ...] = (), **spec: Any) -> Obj:
    meta = {"name": "tick", "namespace": "default", "uid": "cron", "creationTimestamp": "2026-01-01T08:00:00Z"}
    references = [{"uid": job["metadata"]["uid"], "name": job["metadata"]["name"]} for job in active]
    status = {"lastScheduleTime": last, **({"active": references} if references else {})}
    whole = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {}}}, **spec}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta, "spec": whole, "status": status}


def job(minute: str, ended: str = "") -> Obj:
    at = f"2026-01-01T{minute}:00Z"
    name = f"tick-{times.parse(at) // 60_000}"
    meta = {"name": name, "namespace": "default", "uid": name, "resourceVersion": "7", "annotations": {SCHEDULED: at}}
    conditions = [{"type": ended, "status": "True", "lastTransitionTime": at}] if ended else []
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": meta,
        "spec": {},
        "status": {"conditions": conditions, "startTime": at},
    }


def decided(of: Obj, *jobs: Obj, now: str = NOW) -> dict[str, Difference]:
    return {each.reason: each for each in CronJobController().diff(CronJobObservation(of, jobs, times.parse(now)))}


def test_a_time_that_has_come_makes_a_job_named_after_its_minute() -> None:
    found = decided(cron_job())
    (create,) = found["JobIsDue"].actions
    assert isinstance(create, Create)
    assert create.obj["metadata"]["name"] == f"tick-{times.parse('2026-01-01T09:00:00Z') // 60_000}"
    assert create.obj["metadata"]["annotations"][SCHEDULED] == "2026-01-01T09:00:00Z"
    assert found["NextTimeAhead"].actions == (RequeueAfter(30_100, "the schedule"),)
    assert found["NextTimeAhead"].pace == AWAITED


def test_of_many_missed_times_only_the_latest_is_served() -> None:
    (create,) = decided(cron_job(last="2026-01-01T03:00:00Z"))["JobIsDue"].actions
    assert isinstance(create, Create)
    assert create.obj["metadata"]["annotations"][SCHEDULED] == "2026-01-01T09:00:00Z"


def test_a_time_that_was_served_is_not_served_again() -> None:
    assert "JobIsDue" not in decided(cron_job(), job("09:00"))


@pytest.mark.parametrize(
    ("policy", "reasons"), [("Allow", {"JobIsDue"}), ("Forbid", set()), ("Replace", {"JobIsDue", "JobReplaced"})]
)
def test_what_still_runs_decides(policy: str, reasons: set[str]) -> None:
    old = job("08:59")
    found = decided(cron_job(active=(old,), concurrencyPolicy=policy), old)
    assert found.keys() & {"JobIsDue", "JobReplaced"} == reasons


def test_too_late_is_too_late() -> None:
    hourly = decided(cron_job(last="2026-01-01T08:00:00Z", schedule="0 * * * *", startingDeadlineSeconds=10))
    assert "JobIsDue" not in hourly
    found = decided(cron_job(startingDeadlineSeconds=40, schedule="0 * * * *", last="2026-01-01T08:00:00Z"))
    assert "JobIsDue" in found


def told(found: dict[str, Difference]) -> list[tuple[str, str, str]]:
    announced = [action for each in found.values() for action in each.actions if isinstance(action, Announce)]
    return [(each.type, each.reason, each.message) for each in announced]


TOO_MANY = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"


def test_of_more_than_a_hundred_missed_times_it_warns_and_serves_one() -> None:
    found = decided(cron_job(last="2026-01-01T07:10:00Z"))
    assert ("Warning", "TooManyMissedTimes", TOO_MANY) in told(found)
    (create,) = found["JobIsDue"].actions
    assert isinstance(create, Create)
    assert create.obj["metadata"]["annotations"][SCHEDULED] == "2026-01-01T09:00:00Z"
    assert told(decided(cron_job(last="2026-01-01T07:30:00Z"))) == []
    assert told(decided(cron_job(last="2026-01-01T07:10:00Z", startingDeadlineSeconds=600))) == []


def test_the_annotation_says_the_time_of_its_zone_and_the_status_that_of_utc() -> None:
    found = decided(cron_job(timeZone="Asia/Tokyo"))
    (create,) = found["JobIsDue"].actions
    assert isinstance(create, Create)
    assert create.obj["metadata"]["annotations"][SCHEDULED] == "2026-01-01T18:00:00+09:00"
    made = {**create.obj, "metadata": {**create.obj["metadata"], "uid": "u", "resourceVersion": "1"}}
    update = decided(cron_job(timeZone="Asia/Tokyo"), made)["StatusOutdated"].actions[0]
    assert isinstance(update, UpdateStatus)
    assert update.status["lastScheduleTime"] == "2026-01-01T09:00:00Z"


def test_every_ninety_seconds_counts_from_the_last_one() -> None:
    found = decided(cron_job(last="2026-01-01T08:58:00Z", schedule="@every 90s"))
    (create,) = found["JobIsDue"].actions
    assert isinstance(create, Create)
    assert create.obj["metadata"]["annotations"][SCHEDULED] == "2026-01-01T08:59:30Z"
    assert found["NextTimeAhead"].actions == (RequeueAfter(30_100, "the schedule"),)


def test_a_schedule_that_never_comes_is_told_of() -> None:
    found = decided(cron_job(schedule="0 0 31 2 *"))
    why = "invalid schedule: 0 0 31 2 * : time difference between two schedules is less than 1 second"
    assert told(found) == [("Warning", "InvalidSchedule", why)]
    assert "NextTimeAhead" not in found


def test_only_the_newest_that_have_ended_are_kept() -> None:
    ended = [job(f"08:5{n}", "Complete") for n in range(6)]
    found = [
        each for each in CronJobController().diff(CronJobObservation(cron_job(), ended, times.parse(NOW)))
        if each.reason == "JobHistoryExceeded"
    ]  # fmt: skip
    assert [each.about.name for each in found] == [each["metadata"]["name"] for each in ended[:3]]
    assert all(isinstance(each.actions[0], Delete) for each in found)


def test_suspended_nothing_is_due() -> None:
    assert decided(cron_job(suspend=True)).keys() & {"JobIsDue", "NextTimeAhead"} == set()


@pytest.mark.parametrize(
    ("schedule", "after", "zone", "expected"),
    [
        ("* * * * *", "2026-11-23T10:10:59Z", "", "2026-11-23T10:11:00Z"),
        ("*/15 3 * * *", "2026-11-23T10:10:59Z", "", "2026-11-24T03:00:00Z"),
        ("0 0 31 * *", "2026-11-23T10:10:59Z", "", "2026-12-31T00:00:00Z"),
        ("30 9 * * mon-fri", "2026-11-27T10:00:00Z", "", "2026-11-30T09:30:00Z"),
        ("0 0 29 2 *", "2026-11-23T10:10:59Z", "", "2028-02-29T00:00:00Z"),
        ("0 9 * * *", "2026-11-23T01:00:00Z", "Asia/Tokyo", "2026-11-24T00:00:00Z"),
        ("0 12 13 * fri", "2026-11-01T00:00:00Z", "", "2026-11-06T12:00:00Z"),
    ],
)
def test_the_next_time_of_a_schedule(schedule: str, after: str, zone: str, expected: str) -> None:
    found = cron.next_after(cron.parse(schedule), times.parse(after), zone)
    assert found is not None
    assert times.rfc3339(found) == expected


def test_a_day_that_never_comes() -> None:
    assert cron.next_after(cron.parse("0 0 31 2 *"), times.parse(NOW)) is None


def test_a_zone_that_nobody_knows_is_told_of_and_nothing_is_due() -> None:
    found = decided(cron_job(timeZone="a.b/c"))
    assert "JobIsDue" not in found
    assert "NextTimeAhead" not in found
    (told,) = [action for each in found.values() for action in each.actions if hasattr(action, "reason")]
    assert (told.reason, told.message) == ("UnknownTimeZone", 'invalid timeZone: "a.b/c": unknown time zone a.b/c')
