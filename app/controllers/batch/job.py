"""job-controller: runs pods until enough of them have succeeded, or too many have failed.

It keeps at most `parallelism` pods going, waits longer after each failure, counts every pod that ends exactly once
(jobs.py beside it says how), and at the end says which way it went. A suspended Job has no pods.
Models kubernetes/pkg/controller/job/job_controller.go.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app import pod_control
from app.api import conditions, limits, objects, times
from app.api.messages import N_, Message, Saying, many, message
from app.api.objects import Obj, Ref, is_terminating, name_of, namespace_of, ref_of, uid_of
from app.api.status import changed_fields
from app.component_helpers import pods, replicas
from app.controllers.batch import failures, indexes, jobs, staffing
from app.controllers.batch.failures import Setbacks
from app.controllers.batch.jobs import Claims, Ending, Tally, Tracked
from app.reconcile import (
    BY_NAMESPACE,
    Action,
    Announce,
    Cache,
    Controller,
    Difference,
    Patch,
    Reader,
    Remember,
    RequeueAfter,
    UpdateStatus,
    Wake,
    itself,
)


@dataclass(frozen=True, slots=True)
class JobObservation:
    job: Obj | None  # None: it is gone, and left pods behind
    pods: Sequence[Obj]  # that it controls
    left: Sequence[Obj]  # pods of a Job of this name that is gone
    now_ms: int
    orphans: Sequence[Obj] = ()  # pods of its namespace that nobody controls
    setbacks: Setbacks = failures.NONE


class JobController(Controller[JobObservation]):
    name = "job-controller"
    title = "Job"
    lane = 20
    reconciles = "Job"
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
        "PodBackOff": Saying(
            N_("A pod has failed: the next one must wait."),
            N_("wait after a failure"),
            needs=N_("The pause after a failure must be over: it doubles with each."),
        ),
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
        self.wakes = (itself("Job"), Wake("Pod", _jobs_of))
        self.reads = (
            Cache("Job", indexes=BY_NAMESPACE),
            Cache("Pod", selects=_may_be_ours, indexes={"job": _places}),
        )

    def observe(self, key: Ref, reader: Reader) -> JobObservation | None:
        job = reader.get(key)
        found = reader.by("Pod", "job", key)
        if job is None and not any(map(jobs.has_finalizer, found)):
            return None
        uid = uid_of(job) if job else ""
        mine = tuple(pod for pod in found if objects.controller_uid(pod) == uid)
        left = tuple(pod for pod in found if objects.controller_uid(pod) != uid)
        orphans = reader.by("Pod", "job", key.namespace) if job else ()
        return JobObservation(job, mine, left, reader.now_ms, orphans, reader.remembered() or failures.NONE)

    @staticmethod
    def saw(seen: JobObservation) -> Message:
        if seen.job is None:
            return message(N_("%(who)s finds pods of a Job that is gone: %(n)s."), n=len(seen.left))
        text, active = N_("%(who)s sees %(name)s; pods at work: %(n)s."), sum(map(pods.is_active, seen.pods))
        return message(text, name=name_of(seen.job), n=active)

    def diff(self, seen: JobObservation) -> Iterable[Difference]:
        job = seen.job
        if job is not None and not jobs.is_ours(job):
            return
        over = job is None or is_terminating(job) or bool(jobs.finished(job))
        claims = jobs.claim(job, seen.pods, seen.orphans) if job is not None else jobs.Claims((), (), ())
        adopted = set(map(uid_of, claims.adopted))
        for pod in (*seen.left, *(seen.pods if over else ())):
            if jobs.has_finalizer(pod) and uid_of(pod) not in adopted:
                yield _release(pod, "JobIsGone")
        if job is None or over:
            return
        yield from _adopt_and_let_go(job, claims)
        yield from _sync(seen, job, claims.pods)


def _sync(seen: JobObservation, job: Obj, found: Sequence[Obj]) -> Iterator[Difference]:
    counts = jobs.tally(job, found, seen.setbacks)
    end = jobs.ending(job, found, counts, seen.now_ms)
    gap, change, gone = _stop(job, counts) if end is not None else _keep_going(seen, job, found, counts)
    yield from gap
    if end is None and jobs.is_complete(job, counts, len(counts.active) + change):
        end = jobs.REACHED
    tracked = jobs.track(job, found, counts, end)
    now = Now(len(counts.active) + change, counts.ready - sum(map(pods.is_ready, gone)), counts.terminating + len(gone))
    yield from _status(seen, job, counts, tracked, end, now)
    for pod in tracked.releasable:
        yield _release(pod, "PodCounted")
    if end is None and (left_ms := jobs.deadline_in_ms(job, seen.now_ms)) is not None:
        wait = (RequeueAfter(left_ms, "activeDeadlineSeconds"),)
        yield Difference(ref_of(job), "spec.activeDeadlineSeconds", "over", "running", "DeadlineAhead", wait)


def _release(pod: Obj, reason: str) -> Difference:
    return Difference(ref_of(pod), "metadata.finalizers", "none", jobs.FINALIZER, reason, (_without_finalizer(pod),))


def _without_finalizer(pod: Obj) -> Patch:
    return Patch(ref_of(pod), {"metadata": {"finalizers": jobs.without_finalizer(pod)}}, uid=uid_of(pod))


def _adopt_and_let_go(job: Obj, claims: Claims) -> Iterator[Difference]:
    for pod in claims.adopted:
        meta = {
            "ownerReferences": replicas.owners_with(pod, job),
            "finalizers": jobs.with_finalizer(pod["metadata"].get("finalizers")),
        }
        patch = (Patch(ref_of(pod), {"metadata": meta}, uid=uid_of(pod)),)
        yield Difference(ref_of(pod), "metadata.ownerReferences", name_of(job), None, "OrphanMatches", patch)
    for pod in claims.released:
        owners = replicas.owners_without(pod, job) or None
        bare = {"ownerReferences": owners, "finalizers": jobs.without_finalizer(pod)}
        patch = (Patch(ref_of(pod), {"metadata": bare}, uid=uid_of(pod)),)
        yield Difference(ref_of(pod), "metadata.ownerReferences", None, name_of(job), "OwnedPodNoLongerMatches", patch)


# ---------------------------------------------------------------------------------------------- how many pods

Managed = tuple[list[Difference], int, Sequence[Obj]]
"""What to do, by how many it changes the active pods, and those that it deletes."""


def _stop(job: Obj, counts: Tally) -> Managed:
    """The Job has ended: what still runs bears its finalizer until it is counted."""
    gone = counts.active[: limits.ACTS_AT_A_TIME]
    if not gone:
        return [], 0, ()
    actions = tuple(pod_control.deletion(job, pod) for pod in gone)
    return [Difference(ref_of(job), "active", 0, len(counts.active), "NoMorePodsWanted", actions)], -len(gone), gone


def _keep_going(seen: JobObservation, job: Obj, found: Sequence[Obj], counts: Tally) -> Managed:
    about, active = ref_of(job), len(counts.active)
    suspended = bool(job["spec"].get("suspend"))
    wanted = 0 if suspended else staffing.wanted_active(job, counts)
    gone = staffing.surplus(job, counts, max(0, active - wanted))[: limits.ACTS_AT_A_TIME]
    if gone:
        reason = "NoMorePodsWanted" if suspended else "TooManyActivePods"
        return [Difference(about, "active", wanted, active, reason, _deletions(job, gone))], -len(gone), gone
    missing = wanted - active - (counts.terminating if failures.replaces_only_failed(job) else 0)
    if missing <= 0 or suspended:
        return [], 0, ()
    made, delay_ms = _new_pods(seen, job, found, counts, min(missing, limits.ACTS_AT_A_TIME))
    if delay_ms:
        wait = (RequeueAfter(delay_ms, "back-off after a failure"),)
        return [Difference(about, "active", wanted, active, "PodBackOff", wait)], 0, ()
    if not made:
        return [], 0, ()
    creations = tuple(pod_control.creation(job, pod) for pod in made)
    return [Difference(about, "active", wanted, active, "TooFewActivePods", creations)], len(made), ()


def _deletions(job: Obj, gone: Sequence[Obj]) -> tuple[Action, ...]:
    """Nobody is to count them as failed: their finalizer goes first."""
    return tuple(
        action
        for pod in gone
        for action in (
            *((_without_finalizer(pod),) if jobs.has_finalizer(pod) else ()),
            pod_control.deletion(job, pod),
        )
    )


def _new_pods(seen: JobObservation, job: Obj, found: Sequence[Obj], counts: Tally, count: int) -> tuple[list[Obj], int]:
    """The pods to make now; if none may be made yet, after how long."""
    if "backoffLimitPerIndex" not in job["spec"]:
        if delay_ms := failures.waits_ms(counts.setbacks, seen.now_ms):
            return [], delay_ms
        if not jobs.is_indexed(job):
            return [staffing.new_pod(job)] * count, 0
        return [staffing.new_pod(job, each) for each in staffing.next_indexes(job, found, counts, count)], 0
    pending = staffing.next_indexes(job, found, counts, count)
    waits = {each: staffing.index_waits_ms(counts, each, seen.now_ms) for each in pending}
    made = [staffing.new_pod(job, each, counts.to_replace.get(each)) for each in pending if not waits[each]]
    return made, 0 if made else min(waits.values(), default=0)


# ------------------------------------------------------------------------------------------------------ status


class Now(NamedTuple):
    """The pods as they are once this reconcile has acted."""

    active: int
    ready: int
    terminating: int


def _status(
    seen: JobObservation, job: Obj, counts: Tally, tracked: Tracked, end: Ending | None, now: Now
) -> Iterator[Difference]:
    old: dict[str, Any] = job.get("status") or {}
    status = {key: value for key, value in old.items() if key not in ("active", "uncountedTerminatedPods")}
    status |= {"terminating": now.terminating, "uncountedTerminatedPods": tracked.uncounted, "ready": now.ready}
    if now.active:
        status["active"] = now.active
    status |= _counters(job, old, counts, tracked)
    events: tuple[Announce, ...] = ()
    if not job["spec"].get("suspend") and not old.get("startTime"):
        status["startTime"] = times.rfc3339(seen.now_ms)
    if end is None:
        events = _suspension(seen, job, status)
    else:
        events = _end(seen, job, status, end, now.active == 0 and tracked.whole)
    if status == old:
        return
    desired, observed = changed_fields(status, old)
    setbacks = failures.NONE if jobs.finished({"status": status}) else counts.setbacks
    keep = () if setbacks == seen.setbacks else (Remember(setbacks if setbacks.failures else None),)
    actions: tuple[Action, ...] = (UpdateStatus(job, status), *events, *keep)
    yield Difference(ref_of(job), "status", desired, observed, "StatusOutdated", actions)


def _counters(job: Obj, old: dict[str, Any], counts: Tally, tracked: Tracked) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if not jobs.is_indexed(job):
        if tracked.counted["succeeded"]:
            found["succeeded"] = old.get("succeeded", 0) + tracked.counted["succeeded"]
    else:
        if tracked.completed:
            found["succeeded"] = indexes.total(tracked.completed)
            found["completedIndexes"] = indexes.written(tracked.completed)
        if "backoffLimitPerIndex" in job["spec"]:
            found["failedIndexes"] = indexes.written(counts.lost)
    if tracked.counted["failed"]:
        found["failed"] = old.get("failed", 0) + tracked.counted["failed"]
    return found


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


def _end(seen: JobObservation, job: Obj, status: dict[str, Any], end: Ending, over: bool) -> tuple[Announce, ...]:
    """First what is aimed at; once every pod is counted and gone, the verdict."""
    held, now_ms = status.get("conditions"), seen.now_ms
    if not conditions.is_true(held, end.type):
        status["conditions"] = _with(held, end.type, True, end.reason, end.message, now_ms)
        return ()
    if status["terminating"] or status["uncountedTerminatedPods"] or not over:
        return ()
    verdict = "Complete" if end.is_success else "Failed"
    status["conditions"] = _with(held, verdict, True, end.reason, end.message, now_ms)
    if not end.is_success:
        return (Announce(job, "Warning", end.reason, end.message),)
    status["completionTime"] = times.rfc3339(now_ms)
    done = Announce(job, "Normal", "Completed", "Job completed")
    if status.get("succeeded", 0) > job["spec"].get("completions", _ANY):
        text = "Too many succeeded pods running after completion count reached"
        return (Announce(job, "Warning", "TooManySucceededPods", text), done)
    return (done,)


_ANY = 2**31


def _with(
    held: list[conditions.Condition] | None, type_: str, is_so: bool, reason: str, message: str, now_ms: int
) -> list[conditions.Condition]:
    condition = {"type": type_, "status": str(is_so), "lastProbeTime": times.rfc3339(now_ms)}
    condition |= {"reason": reason, "message": message}
    return conditions.with_condition(held, condition, now_ms)


# ---------------------------------------------------------------------------------------------- what wakes it


def _may_be_ours(pod: Obj) -> bool:
    owner = objects.controller_of(pod)
    return owner is None or objects.is_of(owner, "Job")


def _by_name(pod: Obj) -> tuple[Ref, ...]:
    """The Job that controls it, or that it is left over from."""
    owner, name = objects.controller_of(pod), objects.labels_of(pod).get(_JOB_NAME, "")
    if owner is not None:
        return (Ref("Job", namespace_of(pod), owner["name"]),) if objects.is_of(owner, "Job") else ()
    return (Ref("Job", namespace_of(pod), name),) if name and jobs.has_finalizer(pod) else ()


def _places(pod: Obj) -> tuple[Hashable, ...]:
    return (*_by_name(pod), *(() if objects.controller_of(pod) else (namespace_of(pod),)))


def _jobs_of(pod: Obj, reader: Reader) -> Iterable[Ref]:
    return (*_by_name(pod), *(() if objects.controller_of(pod) else _claimants(pod, reader)))


_JOB_NAME = "batch.kubernetes.io/job-name"
_claimants = pod_control.owner_or_claimants("Job")
