"""What becomes of a Job: which of its pods are done, how many more it wants, whether it has succeeded or failed. Pure.

A pod of a Job bears a finalizer until it was counted, so that none is lost or counted twice: first its uid is noted in
`uncountedTerminatedPods`, then the finalizer goes, then it is added to `succeeded` or `failed`. Of an Indexed Job what
counts is which indexes have succeeded. With a back-off limit per index the last failed pod of an index is kept until
another takes its place and inherits the number of failures.
Models kubernetes/pkg/controller/job/job_controller.go and indexed_job_utils.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from app.api import conditions, limits, objects, selectors, times
from app.api.objects import Obj
from app.component_helpers import pods
from app.controllers.batch import failures, indexes
from app.controllers.batch.failures import Setbacks
from app.controllers.batch.indexes import Indexes

FINALIZER = "batch.kubernetes.io/job-tracking"
INDEX = "batch.kubernetes.io/job-completion-index"
INDEX_FAILURES = "batch.kubernetes.io/job-index-failure-count"
INDEX_IGNORED_FAILURES = "batch.kubernetes.io/job-index-ignored-failure-count"
_CONTROLLER = "kubernetes.io/job-controller"
_MOST = 2**31 - 1


class Ending(NamedTuple):
    """Why a Job ends."""

    type: str  # of the condition: SuccessCriteriaMet or FailureTarget
    reason: str
    message: str

    @property
    def is_success(self) -> bool:
        return self.type == "SuccessCriteriaMet"


REACHED = Ending("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods")
_BACKOFF_LIMIT = Ending("FailureTarget", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
_DEADLINE = Ending("FailureTarget", "DeadlineExceeded", "Job was active longer than specified deadline")
_MAX_FAILED_INDEXES = Ending(
    "FailureTarget",
    "MaxFailedIndexesExceeded",
    "Job has exceeded the specified maximal number of failed indexes",
)
_FAILED_INDEXES = Ending("FailureTarget", "FailedIndexes", "Job has failed indexes")


class Tally(NamedTuple):
    """The pods of a Job, counted."""

    active: Sequence[Obj]
    ready: int
    terminating: int
    succeeded: int  # with those that are noted but not counted yet
    failed: int
    completed: Indexes  # that have succeeded (Indexed)
    lost: Indexes  # that have failed for good (with a back-off limit per index)
    to_replace: Mapping[int, Obj]  # the last failed pod of each index that waits for another one
    setbacks: Setbacks


class Tracked(NamedTuple):
    """What the status should say of pods that have ended, and whose finalizer may go."""

    uncounted: dict[str, list[str]]  # what `uncountedTerminatedPods` should say now
    counted: dict[str, int]  # to add to status.succeeded and status.failed
    releasable: Sequence[Obj]
    completed: Indexes
    whole: bool  # False: there are more than are noted at a time


def is_ours(job: Obj) -> bool:
    """`managedBy` may give it to another controller."""
    return bool(job["spec"].get("managedBy", _CONTROLLER) == _CONTROLLER)


def is_indexed(job: Obj) -> bool:
    return bool(job["spec"].get("completionMode") == "Indexed")


def finished(job: Obj) -> str:
    """Complete, Failed, or ""."""
    held = (job.get("status") or {}).get("conditions")
    return next((type_ for type_ in ("Complete", "Failed") if conditions.is_true(held, type_)), "")


def finished_ms(job: Obj) -> int | None:
    condition = conditions.find((job.get("status") or {}).get("conditions"), finished(job)) if finished(job) else None
    return times.parse(condition["lastTransitionTime"]) if condition else None


# ---------------------------------------------------------------------------------------------- which are mine


class Claims(NamedTuple):
    pods: Sequence[Obj]  # with those that are to be adopted, as they will be
    adopted: Sequence[Obj]
    released: Sequence[Obj]


def claim(job: Obj, owned: Sequence[Obj], orphans: Sequence[Obj]) -> Claims:
    selector = job["spec"].get("selector")
    if objects.is_terminating(job) or finished(job) or selector is None:
        return Claims(owned, (), ())
    mine = [pod for pod in owned if selectors.matches(selector, objects.labels_of(pod))]
    released = [pod for pod in owned if not selectors.matches(selector, objects.labels_of(pod))]
    adopted = [
        pod
        for pod in orphans
        if not objects.is_terminating(pod) and selectors.matches(selector, objects.labels_of(pod))
    ]
    return Claims([*mine, *map(_with_finalizer, adopted)], adopted, released)


def has_finalizer(pod: Obj) -> bool:
    return FINALIZER in (pod["metadata"].get("finalizers") or ())


def with_finalizer(finalizers: Sequence[str] | None) -> list[str]:
    return [*(each for each in finalizers or () if each != FINALIZER), FINALIZER]


def without_finalizer(pod: Obj) -> list[str] | None:
    return [each for each in pod["metadata"].get("finalizers") or () if each != FINALIZER] or None


def _with_finalizer(pod: Obj) -> Obj:
    meta = pod["metadata"]
    return {**pod, "metadata": {**meta, "finalizers": with_finalizer(meta.get("finalizers"))}}


def index_of(pod: Obj) -> int | None:
    return indexes.number(objects.annotations_of(pod).get(INDEX, ""))


# --------------------------------------------------------------------------------------------------- counting


def tally(job: Obj, found: Sequence[Obj], before: Setbacks) -> Tally:
    """`found` are the pods that the Job controls."""
    spec, status, noted = job["spec"], job.get("status") or {}, _noted(job)
    fresh = [pod for pod in found if has_finalizer(pod) and objects.uid_of(pod) not in noted and has_place(job, pod)]
    successes = [pod for pod in fresh if pods.phase(pod) == "Succeeded"]
    fails = [pod for pod in fresh if failures.is_failed(job, pod)]
    active = [pod for pod in found if pods.is_active(pod)]
    completed = indexes.merged((*_completed_before(job), *indexes.of(indexes_of(successes))))
    uncounted = status.get("uncountedTerminatedPods") or {}
    lost, to_replace = _per_index(job, found, active, completed)
    return Tally(
        active=active,
        ready=sum(map(pods.is_ready, active)),
        terminating=sum(objects.is_terminating(pod) and not pods.is_terminal(pod) for pod in found),
        succeeded=indexes.total(completed)
        if is_indexed(job)
        else status.get("succeeded", 0) + len(uncounted.get("succeeded") or ()) + len(successes),
        failed=status.get("failed", 0)
        + len(uncounted.get("failed") or ())
        + sum(failures.judged(job, pod).counts for pod in fails),
        completed=completed,
        lost=lost,
        to_replace=to_replace if "backoffLimitPerIndex" in spec else {},
        setbacks=failures.setbacks_after(before, successes, fails),
    )


def _noted(job: Obj) -> set[str]:
    uncounted = (job.get("status") or {}).get("uncountedTerminatedPods") or {}
    return {uid for uids in uncounted.values() for uid in uids}


def has_place(job: Obj, pod: Obj) -> bool:
    """Of an Indexed Job only pods with an index of it count."""
    number = index_of(pod)
    return not is_indexed(job) or (number is not None and number < job["spec"]["completions"])


def _completed_before(job: Obj) -> Indexes:
    text = (job.get("status") or {}).get("completedIndexes", "")
    return indexes.parse(text, job["spec"]["completions"]) if is_indexed(job) else ()


def indexes_of(found: Iterable[Obj]) -> list[int]:
    return [number for number in map(index_of, found) if number is not None]


def _per_index(
    job: Obj, found: Sequence[Obj], active: Sequence[Obj], completed: Indexes
) -> tuple[Indexes, dict[int, Obj]]:
    """(the indexes that have failed for good, the last failed pod of each that has not)."""
    spec, status = job["spec"], job.get("status") or {}
    if not is_indexed(job) or "backoffLimitPerIndex" not in spec:
        return (), {}
    fails = [pod for pod in found if has_finalizer(pod) and has_place(job, pod) and failures.is_failed(job, pod)]
    before = indexes.parse(status.get("failedIndexes", ""), spec["completions"])
    lost = indexes.merged((*before, *indexes.of(indexes_of(pod for pod in fails if _has_lost(job, pod)))))
    settled = indexes.merged((*completed, *lost, *indexes.of(indexes_of(active))))
    last: dict[int, Obj] = {}
    for pod in sorted(fails, key=lambda each: (sum(failures_of(each)), failures.finished_ms(each))):
        number = index_of(pod)
        if number is not None and not indexes.has(settled, number):
            last[number] = pod
    return lost, last


def _has_lost(job: Obj, pod: Obj) -> bool:
    judgement = failures.judged(job, pod)
    too_often = judgement.counts and failures_of(pod)[0] >= job["spec"]["backoffLimitPerIndex"]
    return judgement.action == "FailIndex" or too_often


def failures_of(pod: Obj) -> tuple[int, int]:
    """(failures of this index before this pod, those of them that a policy ignored)."""
    held = objects.annotations_of(pod)
    counts = (indexes.number(held.get(name, "")) or 0 for name in (INDEX_FAILURES, INDEX_IGNORED_FAILURES))
    counted, ignored = (count if count <= _MOST else 0 for count in counts)
    return counted, ignored


def track(job: Obj, found: Sequence[Obj], counts: Tally, end: Ending | None) -> Tracked:
    """Once a Job fails, whatever still runs of it has failed too; once it succeeds, that is let go."""
    uncounted = (job.get("status") or {}).get("uncountedTerminatedPods") or {}
    held, noted, before = (
        {objects.uid_of(pod) for pod in found if has_finalizer(pod)},
        _noted(job),
        _completed_before(job),
    )
    uids = {field: [uid for uid in uncounted.get(field) or () if uid in held] for field in ("succeeded", "failed")}
    counted = {field: len(uncounted.get(field) or ()) - len(kept) for field, kept in uids.items()}
    fresh, releasable = set[int](), list[Obj]()
    kept_back = {objects.uid_of(pod) for pod in counts.to_replace.values()} if end is None else set()
    whole = True
    for pod in sorted(filter(has_finalizer, found), key=_order) if is_indexed(job) else filter(has_finalizer, found):
        uid, number = objects.uid_of(pod), index_of(pod)
        has_failed = failures.is_failed(job, pod) or (end is not None and not end.is_success)
        if uid in noted:
            releasable.append(pod)
        elif pods.phase(pod) == "Succeeded":
            if not is_indexed(job):
                uids["succeeded"].append(uid)
            elif number is None or not has_place(job, pod) or indexes.has(before, number):
                releasable.append(pod)
            else:
                fresh.add(number)
        elif has_failed and uid not in kept_back:
            if has_place(job, pod) and failures.judged(job, pod).counts:
                uids["failed"].append(uid)
            else:
                releasable.append(pod)
        elif end is not None:
            releasable.append(pod)
        if len(fresh) + sum(map(len, uids.values())) >= limits.ACTS_AT_A_TIME:
            whole = False
            break
    completed = indexes.merged((*before, *indexes.of(fresh)))
    return Tracked({field: each for field, each in uids.items() if each}, counted, releasable, completed, whole)


def _order(pod: Obj) -> int:
    number = index_of(pod)
    return -1 if number is None else number


# ------------------------------------------------------------------------------------------------ how it ends


def ending(job: Obj, found: Sequence[Obj], counts: Tally, now_ms: int) -> Ending | None:
    """What was aimed at already; else what fails it; else its success policy."""
    spec, status = job["spec"], job.get("status") or {}
    for condition in status.get("conditions") or ():
        if condition["type"] in ("SuccessCriteriaMet", "FailureTarget") and condition["status"] == "True":
            return Ending(condition["type"], condition["reason"], condition["message"])
    for pod in found:
        if failures.is_failed(job, pod) and (told := failures.judged(job, pod).message):
            return Ending("FailureTarget", "PodFailurePolicy", told)
    limit = spec.get("backoffLimit", 6)
    if counts.failed > limit or _restarted_too_often(spec, found, limit):
        return _BACKOFF_LIMIT
    if (left_ms := deadline_in_ms(job, now_ms)) is not None and left_ms <= 0:
        return _DEADLINE
    lost = indexes.total(counts.lost)
    if lost > spec.get("maxFailedIndexes", lost):
        return _MAX_FAILED_INDEXES
    if lost and lost + indexes.total(counts.completed) >= spec["completions"]:
        return _FAILED_INDEXES
    rule = failures.succeeded_by_rule(job, counts.completed)
    if rule is not None:
        return Ending("SuccessCriteriaMet", "SuccessPolicy", f"Matched rules at index {rule}")
    return None


def is_complete(job: Obj, counts: Tally, active: int) -> bool:
    """Without `completions` one success will do, and what runs besides may end."""
    return not active and counts.succeeded >= job["spec"].get("completions", 1)


def deadline_in_ms(job: Obj, now_ms: int) -> int | None:
    """How long it may still run; None: for ever, or it does not run."""
    seconds, started = job["spec"].get("activeDeadlineSeconds"), (job.get("status") or {}).get("startTime")
    if seconds is None or not started or job["spec"].get("suspend"):
        return None
    return times.parse(started) + 1000 * int(seconds) - now_ms


def _restarted_too_often(spec: dict[str, Any], found: Sequence[Obj], limit: int) -> bool:
    """Containers that are restarted in their pod count too."""
    if spec["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    running = [pod for pod in found if pods.phase(pod) in ("Pending", "Running")]
    restarts = sum(
        status.get("restartCount", 0)
        for pod in running
        for status in (*pods.init_container_statuses(pod), *pods.container_statuses(pod))
    )
    return bool(restarts > 0 if limit == 0 else restarts >= limit)
