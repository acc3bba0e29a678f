"""job-controller: runs pods until enough of them have succeeded, or too many have failed.

It keeps at most `parallelism` pods going, waits longer after each failure, counts every pod that ends exactly once
(app/controllers/batch/jobs.py says how), and at the end says which way it went. A suspended Job has no pods.
Models kubernetes/pkg/controller/job/job_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app import pod_control
from app.api import conditions, limits, objects, times
from app.api.messages import N_, Message, Saying, many, message
from app.api.objects import Obj, Ref, is_terminating, name_of, namespace_of, ref_of, uid_of
from app.api.status import changed_fields
from app.component_helpers import pods
from app.controllers.batch import jobs
from app.controllers.batch.jobs import Ending, Tally
from app.reconcile import (
    Action,
    Announce,
    Controller,
    Difference,
    Patch,
    Reader,
    RequeueAfter,
    UpdateStatus,
    Watch,
    itself,
    owned_by,
)


@dataclass(frozen=True, slots=True)
class JobObservation:
    job: Obj | None  # None: it is gone, and left pods behind
    pods: Sequence[Obj]  # that it controls
    left: Sequence[Obj]  # pods of a Job of this name that is gone
    now_ms: int


class JobController(Controller[JobObservation]):
    name = "job-controller"
    title = "Job"
    lane = 20
    reconciles = "Job"
    sleeps = True
    concurrency = 5
    says = {
        **pod_control.SAYS,
        "TooFewActivePods": Saying(
            pod_control.too_few,
            many("one pod short", "%(n)s pods short"),
            {"Pod": N_("It creates one: %(name)s.")},
        ),
        "TooManyActivePods": Saying(
            pod_control.too_many,
            many("one pod too many", "%(n)s pods too many"),
            {"Pod": N_("It deletes one: %(name)s.")},
        ),
        "NoMorePodsWanted": Saying(
            many("No pod is wanted any more: one must go.", "No pods are wanted any more: %(n)s must go."),
            N_("no pods wanted"),
        ),
        "PodBackOff": Saying(N_("A pod has failed: the next one must wait."), N_("wait after a failure")),
        "PodCounted": Saying(
            N_("%(about)s has ended, and is counted."),
            N_("one has ended"),
            {"Pod": N_("It removes the finalizer of %(name)s.")},
        ),
        "JobIsGone": Saying(
            N_("The Job of %(about)s is gone: nobody counts it."),
            N_("the Job is gone"),
            {"Pod": N_("It removes the finalizer of %(name)s.")},
        ),
        "DeadlineAhead": Saying(N_("The Job has a deadline."), N_("a deadline")),
    }

    def __init__(self) -> None:
        self.watches = (
            itself("Job"),
            Watch("Pod", _job_of, only=owned_by("Job"), indexes={"job": _job_of}),
        )

    def observe(self, key: Ref, reader: Reader) -> JobObservation | None:
        job = reader.get(key)
        found = reader.by("Pod", "job", key)
        if job is None and not any(map(jobs.has_finalizer, found)):
            return None
        uid = uid_of(job) if job else ""
        mine = tuple(pod for pod in found if objects.controller_uid(pod) == uid)
        left = tuple(pod for pod in found if objects.controller_uid(pod) != uid)
        return JobObservation(job, mine, left, reader.now_ms)

    @staticmethod
    def saw(seen: JobObservation) -> Message:
        if seen.job is None:
            return message(N_("%(who)s finds pods of a Job that is gone: %(n)s."), n=len(seen.left))
        text, active = N_("%(who)s sees %(name)s; pods at work: %(n)s."), sum(map(pods.is_active, seen.pods))
        return message(text, name=name_of(seen.job), n=active)

    def diff(self, seen: JobObservation) -> Iterable[Difference]:
        job = seen.job
        leaving = job is None or is_terminating(job)
        for pod in (*seen.left, *(seen.pods if leaving else ())):
            if jobs.has_finalizer(pod):
                yield _release(pod, "JobIsGone")
        if job is None or leaving or jobs.finished(job):
            return
        counts = jobs.tally(job, seen.pods)
        end = jobs.ending(job, seen.pods, counts, seen.now_ms)
        if end is not None or job["spec"].get("suspend"):
            gone, change = _stop(job, counts)
            yield from gone
        else:
            differences, change = _keep_going(seen, job, counts)
            yield from differences
        yield from _status(seen, job, counts, end, change)
        for pod in counts.releasable:
            yield _release(pod, "PodCounted")
        if end is None and (left_ms := jobs.deadline_in_ms(job, seen.now_ms)) is not None:
            wait = (RequeueAfter(left_ms, "activeDeadlineSeconds"),)
            yield Difference(ref_of(job), "spec.activeDeadlineSeconds", "over", "running", "DeadlineAhead", wait)


def _release(pod: Obj, reason: str) -> Difference:
    patch = Patch(ref_of(pod), {"metadata": {"finalizers": jobs.without_finalizer(pod)}}, uid=uid_of(pod))
    return Difference(ref_of(pod), "metadata.finalizers", "none", jobs.FINALIZER, reason, (patch,))


# ---------------------------------------------------------------------------------------------- how many pods


def _stop(job: Obj, counts: Tally) -> tuple[list[Difference], int]:
    if not counts.active:
        return [], 0
    actions = tuple(pod_control.deletion(job, pod) for pod in counts.active[: limits.ACTS_AT_A_TIME])
    return [Difference(ref_of(job), "active", 0, len(counts.active), "NoMorePodsWanted", actions)], -len(actions)


def _keep_going(seen: JobObservation, job: Obj, counts: Tally) -> tuple[list[Difference], int]:
    """What to do about the number of active pods, and by how many it changes."""
    wanted, active = jobs.wanted_active(job, counts), len(counts.active)
    about = ref_of(job)
    if wanted < active:
        surplus = sorted(counts.active, key=uid_of)[: min(active - wanted, limits.ACTS_AT_A_TIME)]
        deletions = tuple(pod_control.deletion(job, pod) for pod in surplus)
        return [Difference(about, "active", wanted, active, "TooManyActivePods", deletions)], -len(deletions)
    if wanted == active:
        return [], 0
    if delay_ms := jobs.backoff_ms(seen.pods, seen.now_ms):
        wait = (RequeueAfter(delay_ms, "back-off after a failure"),)
        return [Difference(about, "active", wanted, active, "PodBackOff", wait)], 0
    count = min(wanted - active, limits.ACTS_AT_A_TIME)
    made = [jobs.new_pod(job)] * count
    if jobs.is_indexed(job):
        made = [jobs.new_pod(job, index) for index in jobs.next_indexes(job, counts, count)]
    creations = tuple(pod_control.creation(job, pod) for pod in made)
    return [Difference(about, "active", wanted, active, "TooFewActivePods", creations)], len(made)


# ------------------------------------------------------------------------------------------------------ status


def _status(seen: JobObservation, job: Obj, counts: Tally, end: Ending | None, change: int) -> Iterator[Difference]:
    old: dict[str, Any] = job.get("status") or {}
    status = {key: value for key, value in old.items() if key not in ("active", "uncountedTerminatedPods")}
    status |= {
        "terminating": counts.terminating + (-change if change < 0 else 0),
        "uncountedTerminatedPods": counts.uncounted,
        "ready": 0 if change < 0 else counts.ready,
    }
    if active := len(counts.active) + change:
        status["active"] = active
    if jobs.is_indexed(job):
        if counts.indexes:
            status |= {"succeeded": jobs.total(counts.indexes), "completedIndexes": jobs.format_indexes(counts.indexes)}
    elif counts.counted["succeeded"]:
        status["succeeded"] = old.get("succeeded", 0) + counts.counted["succeeded"]
    if counts.counted["failed"]:
        status["failed"] = old.get("failed", 0) + counts.counted["failed"]
    events = _suspension(seen, job, status)
    if not job["spec"].get("suspend") and not old.get("startTime"):
        status["startTime"] = times.rfc3339(seen.now_ms)
    if end is not None:
        events += _end(seen, job, status, end, counts)
    if status == old:
        return
    desired, observed = changed_fields(status, old)
    actions: tuple[Action, ...] = (UpdateStatus(job, status), *events)
    yield Difference(ref_of(job), "status", desired, observed, "StatusOutdated", actions)


def _suspension(seen: JobObservation, job: Obj, status: dict[str, Any]) -> tuple[Announce, ...]:
    held = status.get("conditions")
    suspended = conditions.is_true(held, "Suspended")
    if job["spec"].get("suspend"):
        status.pop("startTime", None)
        if suspended:
            return ()
        status["conditions"] = _with(held, "Suspended", True, "JobSuspended", "Job suspended", seen.now_ms)
        return (Announce(job, "Normal", "Suspended", "Job suspended"),)
    if not suspended:
        return ()
    status["conditions"] = _with(held, "Suspended", False, "JobResumed", "Job resumed", seen.now_ms)
    status["startTime"] = times.rfc3339(seen.now_ms)
    return (Announce(job, "Normal", "Resumed", "Job resumed"),)


def _end(seen: JobObservation, job: Obj, status: dict[str, Any], end: Ending, counts: Tally) -> tuple[Announce, ...]:
    """First what is aimed at; once every pod is counted and gone, the verdict."""
    held, now_ms = status.get("conditions"), seen.now_ms
    if not conditions.is_true(held, end.type):
        status["conditions"] = _with(held, end.type, True, end.reason, end.message, now_ms)
        return ()
    if status["terminating"] or counts.uncounted or counts.active:
        return ()
    well = end.type == "SuccessCriteriaMet"
    status["conditions"] = _with(held, "Complete" if well else "Failed", True, end.reason, end.message, now_ms)
    if well:
        status["completionTime"] = times.rfc3339(now_ms)
        return (Announce(job, "Normal", "Completed", "Job completed"),)
    return (Announce(job, "Warning", end.reason, end.message),)


def _with(
    held: list[conditions.Condition] | None, type_: str, is_so: bool, reason: str, message: str, now_ms: int
) -> list[conditions.Condition]:
    condition = {"type": type_, "status": str(is_so), "lastProbeTime": times.rfc3339(now_ms)}
    condition |= {"reason": reason, "message": message}
    return conditions.with_condition(held, condition, now_ms)


# ---------------------------------------------------------------------------------------------- what wakes it


def _job_of(pod: Obj, _: Reader | None = None) -> tuple[Ref, ...]:
    owner = objects.controller_of(pod)
    return (Ref("Job", namespace_of(pod), owner["name"]),) if owner and objects.is_of(owner, "Job") else ()
