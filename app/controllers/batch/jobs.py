"""What becomes of a Job: which of its pods are done, how many more it wants, whether it has succeeded or failed. Pure.

A pod of a Job bears a finalizer until it was counted, so that none is lost or counted twice: first its uid is noted in
`uncountedTerminatedPods`, then the finalizer goes, then it is added to `succeeded` or `failed`. Of an Indexed Job what
counts is which indexes have succeeded.
Models kubernetes/pkg/controller/job/job_controller.go, indexed_job_utils.go, backoff_utils.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from app.api import conditions, objects, times
from app.api.objects import Obj
from app.component_helpers import pods

FINALIZER = "batch.kubernetes.io/job-tracking"
INDEX = "batch.kubernetes.io/job-completion-index"
_FIRST_BACKOFF_MS, _MAX_BACKOFF_MS = 10_000, 600_000
_LONGEST_INDEX = 10  # digits


class Ending(NamedTuple):
    """Why a Job ends."""

    type: str  # of the condition: SuccessCriteriaMet or FailureTarget
    reason: str
    message: str


REACHED = Ending("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods")
Indexes = tuple[tuple[int, int], ...]
"""Completion indexes as runs (first, last), in order and apart from each other: a Job may have two thousand million."""

BACKOFF_LIMIT = Ending("FailureTarget", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
DEADLINE = Ending("FailureTarget", "DeadlineExceeded", "Job was active longer than specified deadline")


class Tally(NamedTuple):
    """The pods of a Job, counted."""

    active: Sequence[Obj]
    ready: int
    terminating: int
    succeeded: int  # with those that are noted but not counted yet
    failed: int
    uncounted: dict[str, list[str]]  # what `uncountedTerminatedPods` should say now
    counted: dict[str, int]  # to add to status.succeeded and status.failed
    releasable: Sequence[Obj]  # pods whose finalizer may go
    indexes: Indexes  # that have succeeded (Indexed)


def is_indexed(job: Obj) -> bool:
    return bool(job["spec"].get("completionMode") == "Indexed")


def finished(job: Obj) -> str:
    """Complete, Failed, or ""."""
    held = (job.get("status") or {}).get("conditions")
    return next((type_ for type_ in ("Complete", "Failed") if conditions.is_true(held, type_)), "")


def finished_ms(job: Obj) -> int | None:
    condition = conditions.find((job.get("status") or {}).get("conditions"), finished(job)) if finished(job) else None
    return times.parse(condition["lastTransitionTime"]) if condition else None


def tally(job: Obj, found: Sequence[Obj]) -> Tally:
    """`found` are the pods that the job controls."""
    status: dict[str, Any] = job.get("status") or {}
    noted = {field: list(uids) for field, uids in (status.get("uncountedTerminatedPods") or {}).items()}
    held = {objects.uid_of(pod): has_finalizer(pod) for pod in found}
    counted, waiting = {}, {}
    for field in ("succeeded", "failed"):
        waiting[field] = [uid for uid in noted.get(field, ()) if held.get(uid)]
        counted[field] = len(noted.get(field, ())) - len(waiting[field])
    indexed, known = is_indexed(job), {uid for uids in noted.values() for uid in uids}
    fresh: dict[str, list[str]] = {"succeeded": [], "failed": []}
    releasable = [pod for pod in found if objects.uid_of(pod) in known and has_finalizer(pod)]
    completions = job["spec"].get("completions") or 0
    ended: set[int] = set()
    for pod in found:
        uid, field = objects.uid_of(pod), _ended(pod)
        if not field or not has_finalizer(pod) or uid in known:
            continue
        index = index_of(pod)
        if indexed and field == "succeeded":
            releasable.append(pod)
            if index is not None and index < completions:
                ended.add(index)
        else:
            fresh[field].append(uid)
    uncounted = {field: [*waiting[field], *fresh[field]] for field in ("succeeded", "failed")}
    active = [pod for pod in found if pods.is_active(pod)]
    indexes = merged((*parse_indexes(status.get("completedIndexes", ""), completions), *((n, n) for n in ended)))
    succeeded = (
        total(indexes) if indexed else status.get("succeeded", 0) + counted["succeeded"] + len(uncounted["succeeded"])
    )
    return Tally(
        active=active,
        ready=sum(pods.is_ready(pod) for pod in active),
        terminating=sum(objects.is_terminating(pod) and not pods.is_terminal(pod) for pod in found),
        succeeded=succeeded,
        failed=status.get("failed", 0) + counted["failed"] + len(uncounted["failed"]),
        uncounted={field: uids for field, uids in uncounted.items() if uids},
        counted=counted,
        releasable=releasable,
        indexes=indexes,
    )


def _ended(pod: Obj) -> str:
    """A pod that is being deleted before it succeeded has failed."""
    if pods.phase(pod) == "Succeeded":
        return "succeeded"
    return "failed" if pods.phase(pod) == "Failed" or objects.is_terminating(pod) else ""


def has_finalizer(pod: Obj) -> bool:
    return FINALIZER in (pod["metadata"].get("finalizers") or ())


def without_finalizer(pod: Obj) -> list[str] | None:
    return [each for each in pod["metadata"].get("finalizers") or () if each != FINALIZER] or None


# ------------------------------------------------------------------------------------------------ how it ends


def ending(job: Obj, found: Sequence[Obj], counts: Tally, now_ms: int) -> Ending | None:
    spec, status = job["spec"], job.get("status") or {}
    for condition in status.get("conditions") or ():
        if condition["type"] in ("SuccessCriteriaMet", "FailureTarget") and condition["status"] == "True":
            return Ending(condition["type"], condition["reason"], condition["message"])
    limit = spec.get("backoffLimit", 6)
    if counts.failed > limit or _restarted_too_often(spec, found, limit):
        return BACKOFF_LIMIT
    if (left_ms := deadline_in_ms(job, now_ms)) is not None and left_ms <= 0:
        return DEADLINE
    completions = spec.get("completions")
    if completions is None:
        return REACHED if counts.succeeded and not counts.active else None
    return REACHED if counts.succeeded >= completions else None


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


def backoff_ms(found: Sequence[Obj], now_ms: int) -> int:
    """How long to wait before another pod is made: 10 seconds after a failure, twice as long after each further one."""
    ends = sorted((_finished_ms(pod), pods.phase(pod)) for pod in found if pods.is_terminal(pod))
    failures, last_ms = 0, 0
    for at_ms, phase in ends:
        failures, last_ms = (failures + 1, at_ms) if phase == "Failed" else (0, 0)
    if not failures:
        return 0
    delay_ms = min(_FIRST_BACKOFF_MS << min(failures - 1, 10), _MAX_BACKOFF_MS)
    return max(0, last_ms + delay_ms - now_ms)


def _finished_ms(pod: Obj) -> int:
    ends = [
        times.parse(status["state"]["terminated"]["finishedAt"])
        for status in pods.container_statuses(pod)
        if status["state"].get("terminated", {}).get("finishedAt")
    ]
    return max(ends, default=times.parse(pod["metadata"]["creationTimestamp"]))


# -------------------------------------------------------------------------------------------------- more pods


def wanted_active(job: Obj, counts: Tally) -> int:
    parallelism = int(job["spec"].get("parallelism", 1))
    completions = job["spec"].get("completions")
    if completions is None:
        return len(counts.active) if counts.succeeded else parallelism
    return min(parallelism, max(0, int(completions) - counts.succeeded))


def next_indexes(job: Obj, counts: Tally, count: int) -> list[int]:
    """The lowest indexes that neither run nor have succeeded."""
    running = {index_of(pod) for pod in counts.active}
    free = (index for index in _between(counts.indexes, job["spec"].get("completions") or 0) if index not in running)
    return list(islice(free, count))


def new_pod(job: Obj, index: int | None = None) -> Obj:
    template = job["spec"]["template"]
    meta = {
        key: dict(value) for key, value in (template.get("metadata") or {}).items() if key in ("labels", "annotations")
    }
    spec = template["spec"]
    base = objects.name_of(job)
    if index is not None:
        meta["labels"] = {**meta.get("labels", {}), INDEX: str(index)}
        meta["annotations"] = {**meta.get("annotations", {}), INDEX: str(index)}
        spec = {**spec, "hostname": f"{base}-{index}", "containers": [_with_index(each) for each in spec["containers"]]}
        if "initContainers" in spec:
            spec["initContainers"] = [_with_index(each) for each in spec["initContainers"]]
        base = f"{base}-{index}"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": f"{base}-",
            "namespace": objects.namespace_of(job),
            **meta,
            "finalizers": [FINALIZER],
            "ownerReferences": [objects.owner_reference(job)],
        },
        "spec": spec,
    }


def _with_index(container: dict[str, Any]) -> dict[str, Any]:
    source = {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.labels['{INDEX}']"}}
    env = [*(container.get("env") or ()), {"name": "JOB_COMPLETION_INDEX", "valueFrom": source}]
    return {**container, "env": env}


def index_of(pod: Obj) -> int | None:
    return _index(objects.annotations_of(pod).get(INDEX, ""))


# ------------------------------------------------------------------------------------------------- indexes


def merged(runs: Iterable[tuple[int, int]]) -> Indexes:
    found: list[tuple[int, int]] = []
    for first, last in sorted(runs):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def total(indexes: Indexes) -> int:
    return sum(last - first + 1 for first, last in indexes)


def _between(indexes: Indexes, completions: int) -> Iterator[int]:
    """Those below `completions` that are not among `indexes`."""
    free = 0
    for first, last in indexes:
        yield from range(free, first)
        free = last + 1
    yield from range(free, completions)


def format_indexes(indexes: Indexes) -> str:
    """`0,2-4`"""
    parts = (
        str(first) if first == last else f"{first}{'-' if last - first > 1 else ','}{last}" for first, last in indexes
    )
    return ",".join(parts)


def parse_indexes(text: str, completions: int) -> Indexes:
    """What a status says, which any client may have written: what is no index of this Job is passed over."""
    found: list[tuple[int, int]] = []
    for part in text.split(",") if text else ():
        low, _, high = part.partition("-")
        first, last = _index(low), _index(high or low)
        if first is not None and last is not None and first <= last and first < completions:
            found.append((first, min(last, completions - 1)))
    return merged(found)


def _index(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_INDEX else None
