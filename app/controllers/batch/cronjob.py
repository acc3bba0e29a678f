"""cronjob-controller: creates a Job each time a schedule says so, and keeps count of those that run.

A Job's name is the CronJob's and the minute it was due, so a time is never served twice. What is still running decides,
by `concurrencyPolicy`, whether the next one may start. Waiting for the next time is background.
Models kubernetes/pkg/controller/cronjob/cronjob_controllerv2.go and utils.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.api import cron, objects, times
from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, is_terminating, name_of, namespace_of, ref_of, uid_of
from app.api.status import changed_fields
from app.controllers.batch import jobs
from app.reconcile import (
    AWAITED,
    Action,
    Announce,
    Cache,
    Controller,
    Create,
    Delete,
    Difference,
    Reader,
    RequeueAfter,
    UpdateStatus,
    itself,
    owned_by,
    owns,
)

_SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
_MANY = 100
_TOO_MANY = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
_PADDING_MS = 100  # its clock may be ahead


@dataclass(frozen=True, slots=True)
class CronJobObservation:
    cron_job: Obj
    jobs: Sequence[Obj]  # that it controls
    now_ms: int


class CronJobController(Controller[CronJobObservation]):
    name = "cronjob-controller"
    title = "CronJob"
    lane = 10
    reconciles = "CronJob"
    sleeps = True
    says = {
        "JobIsDue": Saying(N_("It is time for %(desired)s."), N_("it is time")),
        "JobReplaced": Saying(N_("%(about)s still runs: the next Job replaces it."), N_("replace it")),
        "JobHistoryExceeded": Saying(
            N_("More ended Jobs than are kept: %(about)s is the oldest."), N_("too much history")
        ),
        "JobsSeen": Saying(N_("The list of its Jobs is out of date."), N_("Jobs changed")),
        "NextTimeAhead": Saying(
            N_("Its next time is still ahead."), N_("not yet time"), needs=N_("Its schedule must say that it is time.")
        ),
    }

    def __init__(self) -> None:
        self.wakes = (itself("CronJob"), owns("Job", "CronJob"))
        self.reads = (Cache("Job", selects=owned_by("CronJob"), indexes={"controller": _controller}),)

    def observe(self, key: Ref, reader: Reader) -> CronJobObservation | None:
        cron_job = reader.get(key)
        if cron_job is None:
            return None
        return CronJobObservation(cron_job, reader.by("Job", "controller", uid_of(cron_job)), reader.now_ms)

    @staticmethod
    def saw(seen: CronJobObservation) -> Message:
        text = N_("%(who)s reads the schedule of %(name)s; Jobs at work: %(n)s.")
        running = sum(not jobs.finished(job) for job in seen.jobs)
        return message(text, name=name_of(seen.cron_job), n=running)

    def diff(self, seen: CronJobObservation) -> Iterable[Difference]:
        if is_terminating(seen.cron_job):
            return
        active, last_success, events = _still_active(seen)
        yield from _history(seen)
        yield from _start(seen, active, last_success, events)


# -------------------------------------------------------------------------------------------------- the old ones


def _still_active(seen: CronJobObservation) -> tuple[list[dict[str, Any]], str, list[Announce]]:
    """(status.active without those that have ended, lastSuccessfulTime, what to tell)."""
    cron_job, status = seen.cron_job, seen.cron_job.get("status") or {}
    by_uid = {uid_of(job): job for job in seen.jobs}
    active, events = [], []
    known = {reference.get("uid") for reference in status.get("active") or ()}
    last_success = status.get("lastSuccessfulTime", "")
    for reference in status.get("active") or ():
        name = reference.get("name", "")
        job = by_uid.get(reference.get("uid", ""))
        if job is None:
            events.append(Announce(cron_job, "Normal", "MissingJob", f"Active job went missing: {name}"))
        elif how := jobs.finished(job):
            message = f"Saw completed job: {name_of(job)}, condition: {how}"
            events.append(Announce(cron_job, "Normal", "SawCompletedJob", message))
        else:
            active.append(reference)
    for job in seen.jobs:
        ended = jobs.finished(job)
        if uid_of(job) not in known and not ended:
            message = f"Saw a job that the controller did not create or forgot: {name_of(job)}"
            events.append(Announce(cron_job, "Warning", "UnexpectedJob", message))
        completed = (job.get("status") or {}).get("completionTime", "")
        if ended == "Complete" and completed > last_success:
            last_success = completed
    return active, last_success, events


def _history(seen: CronJobObservation) -> Iterator[Difference]:
    """Of the Jobs that have ended only the newest few are kept."""
    spec = seen.cron_job["spec"]
    limits = {"Complete": spec.get("successfulJobsHistoryLimit", 3), "Failed": spec.get("failedJobsHistoryLimit", 1)}
    for how, limit in limits.items():
        ended = sorted((job for job in seen.jobs if jobs.finished(job) == how and not is_terminating(job)), key=_began)
        for job in ended[: max(0, len(ended) - limit)]:
            yield Difference(ref_of(job), "exists", False, True, "JobHistoryExceeded", (_delete(seen.cron_job, job),))


def _began(job: Obj) -> tuple[str, str]:
    return (job.get("status") or {}).get("startTime", ""), name_of(job)


def _delete(cron_job: Obj, job: Obj) -> Delete:
    told = Announce(cron_job, "Normal", "SuccessfulDelete", f"Deleted job {name_of(job)}")
    return Delete(ref_of(job), uid=uid_of(job), propagation="Background", announce=told)


# --------------------------------------------------------------------------------------------------- the next one


def _start(
    seen: CronJobObservation, active: list[dict[str, Any]], last_success: str, events: list[Announce]
) -> Iterator[Difference]:
    """The Job that is due, if one is; then what the status says; then when to look again."""
    cron_job, spec = seen.cron_job, seen.cron_job["spec"]
    due = Due()
    if not cron.knows_zone(spec.get("timeZone") or ""):
        message = f"invalid timeZone: {spec['timeZone']!r}: unknown time zone {spec['timeZone']}".replace("'", '"')
        events.append(Announce(cron_job, "Warning", "UnknownTimeZone", message))
    elif not spec.get("suspend"):
        try:
            due = _times(seen)
        except ValueError as wrong:
            message = f"invalid schedule: {spec['schedule']} : {wrong}"
            events.append(Announce(cron_job, "Warning", "InvalidSchedule", message))
    if due.at_ms is not None and due.too_many:
        events.append(Announce(cron_job, "Warning", "TooManyMissedTimes", _TOO_MANY))
    status = _status(cron_job, active, last_success)
    replaced: list[Obj] = []
    if due.at_ms is not None:
        policy, name = spec.get("concurrencyPolicy", "Allow"), f"{name_of(cron_job)}-{due.at_ms // 60_000}"
        late = spec.get("startingDeadlineSeconds")
        if late is not None and seen.now_ms > due.at_ms + 1000 * late:
            when = times.rfc1123(due.at_ms)
            events.append(
                Announce(cron_job, "Warning", "MissSchedule", f"Missed scheduled time to start a job: {when}")
            )
        elif policy == "Forbid" and active:
            message = "Not starting job because prior execution is running and concurrency policy is Forbid"
            events.append(Announce(cron_job, "Normal", "JobAlreadyActive", message))
        elif not any(name_of(job) == name for job in seen.jobs):
            replaced = [job for job in seen.jobs if policy == "Replace" and not jobs.finished(job)]
            for job in replaced:
                yield Difference(ref_of(job), "exists", False, True, "JobReplaced", (_delete(cron_job, job),))
            told = Announce(cron_job, "Normal", "SuccessfulCreate", f"Created job {name}")
            failed = Announce(cron_job, "Warning", "FailedCreate", "Error creating job: {error}")
            create = Create(_new_job(cron_job, name, due.at_ms), announce=told, on_error=failed)
            yield Difference(ref_of(cron_job), "schedule", name, "", "JobIsDue", (create,))
    yield from _write(seen, status, replaced, events)
    if due.next_ms is not None:
        wait = (RequeueAfter(due.next_ms + _PADDING_MS - seen.now_ms, "the schedule"),)
        yield Difference(ref_of(cron_job), "schedule", "a job", "not due", "NextTimeAhead", wait, pace=AWAITED)


def _status(cron_job: Obj, active: list[dict[str, Any]], last_success: str) -> dict[str, Any]:
    status = {key: value for key, value in (cron_job.get("status") or {}).items() if key != "active"}
    if active:
        status["active"] = active
    if last_success:
        status["lastSuccessfulTime"] = last_success
    return status


def _write(
    seen: CronJobObservation, status: dict[str, Any], replaced: Sequence[Obj], events: list[Announce]
) -> Iterator[Difference]:
    """Jobs of ours that it does not know as active yet are the ones just created."""
    cron_job, old = seen.cron_job, seen.cron_job.get("status") or {}
    known = {reference["uid"] for reference in status.get("active") or ()}
    gone = set(map(uid_of, replaced))
    mine = [job for job in seen.jobs if _is_scheduled(job) and not jobs.finished(job) and uid_of(job) not in gone]
    fresh = [job for job in mine if uid_of(job) not in known]
    events = [each for each in events if not any(each.message.endswith(f": {name_of(job)}") for job in fresh)]
    active = [each for each in status.get("active") or () if each["uid"] not in gone]
    active += [_reference(job) for job in fresh]
    status = {
        **{key: value for key, value in status.items() if key != "active"},
        **({"active": active} if active else {}),
    }
    last_ms = max((times.parse(objects.annotations_of(job)[_SCHEDULED]) for job in mine), default=0)
    if last_ms and times.rfc3339(last_ms) > status.get("lastScheduleTime", ""):
        status["lastScheduleTime"] = times.rfc3339(last_ms)
    if status == old:
        if events:
            yield Difference(ref_of(cron_job), "status.active", "as it is", "otherwise", "JobsSeen", tuple(events))
        return
    desired, observed = changed_fields(status, old)
    actions: tuple[Action, ...] = (UpdateStatus(cron_job, status), *events)
    yield Difference(ref_of(cron_job), "status", desired, observed, "StatusOutdated", actions)


def _is_scheduled(job: Obj) -> bool:
    return _SCHEDULED in objects.annotations_of(job)


def _reference(job: Obj) -> dict[str, Any]:
    return {
        "kind": "Job",
        "namespace": namespace_of(job),
        "name": name_of(job),
        "uid": uid_of(job),
        "apiVersion": "batch/v1",
        "resourceVersion": job["metadata"]["resourceVersion"],
    }


class Due(NamedTuple):
    """What the schedule says now."""

    at_ms: int | None = None  # the latest time that was due and not served yet
    next_ms: int | None = None
    too_many: bool = False  # more than a hundred times were missed


def _times(seen: CronJobObservation) -> Due:
    """Raises ValueError if the schedule never comes."""
    spec, status = seen.cron_job["spec"], seen.cron_job.get("status") or {}
    schedule, zone = cron.parse(spec["schedule"]), spec.get("timeZone") or ""
    since = status.get("lastScheduleTime") or seen.cron_job["metadata"]["creationTimestamp"]
    served = [objects.annotations_of(job)[_SCHEDULED] for job in seen.jobs if _is_scheduled(job)]
    since_ms = max(map(times.parse, [since, *served]))
    late, from_ms = spec.get("startingDeadlineSeconds"), since_ms
    if late is not None:
        from_ms = max(since_ms, seen.now_ms - 1000 * late)
    at_ms, missed = _latest(schedule, from_ms, seen.now_ms, zone)
    last_ms, missed_since = _latest(schedule, since_ms, seen.now_ms, zone)
    if last_ms is None:
        last_ms = seen.now_ms if missed_since else since_ms
    return Due(at_ms, cron.next_after(schedule, last_ms, zone), missed > _MANY)


def _latest(schedule: cron.Schedule | cron.Every, since_ms: int, now_ms: int, zone: str) -> tuple[int | None, int]:
    """(the last time after `since_ms` that has come, about how many there were): reckoned from the distance of the
    first two, so that years are not searched minute by minute."""
    first_ms = cron.next_after(schedule, since_ms, zone)
    second_ms = None if first_ms is None else cron.next_after(schedule, first_ms, zone)
    if first_ms is None or second_ms is None:
        raise ValueError("time difference between two schedules is less than 1 second")
    if now_ms < first_ms:
        return None, 0
    if now_ms < second_ms:
        return first_ms, 0
    apart_ms = second_ms - first_ms
    missed = (now_ms - first_ms) // apart_ms + 1
    last_ms, next_ms = None, cron.next_after(schedule, first_ms + (missed - 2) * apart_ms, zone)
    while next_ms is not None and next_ms <= now_ms:
        last_ms, next_ms = next_ms, cron.next_after(schedule, next_ms, zone)
    return last_ms, missed


def _new_job(cron_job: Obj, name: str, due_ms: int) -> Obj:
    template = cron_job["spec"]["jobTemplate"]
    given, zone = template.get("metadata") or {}, cron_job["spec"].get("timeZone") or ""
    meta: dict[str, Any] = {"name": name, "namespace": namespace_of(cron_job)}
    if given.get("labels"):
        meta["labels"] = given["labels"]
    meta["annotations"] = {**(given.get("annotations") or {}), _SCHEDULED: cron.written(due_ms, zone)}
    meta["ownerReferences"] = [objects.owner_reference(cron_job)]
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": template["spec"]}


def _controller(obj: Obj) -> tuple[str, ...]:
    uid = objects.controller_uid(obj)
    return (uid,) if uid else ()
