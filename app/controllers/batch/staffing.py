"""How many pods a Job wants now, which go when there are too many, and what a new one looks like. Pure.

Models kubernetes/pkg/controller/job/job_controller.go (`manageJob`) and indexed_job_utils.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from app.api import objects, times
from app.api.objects import Obj
from app.component_helpers import pods
from app.controllers.batch import failures, indexes, jobs
from app.controllers.batch.failures import Setbacks
from app.controllers.batch.jobs import Tally

_MAX_GENERATED_NAME = 58


def wanted_active(job: Obj, counts: Tally) -> int:
    parallelism = int(job["spec"].get("parallelism", 1))
    completions = job["spec"].get("completions")
    if completions is None:
        return len(counts.active) if counts.succeeded else parallelism
    return min(parallelism, max(0, int(completions) - counts.succeeded))


def surplus(job: Obj, counts: Tally, too_many: int) -> list[Obj]:
    """Those to be deleted: of an Indexed Job all that have no index of it or share one with another; then those that
    have come least far."""
    order = sorted(counts.active, key=_how_far)
    first: list[Obj] = []
    if jobs.is_indexed(job):
        last = {jobs.index_of(pod): pod for pod in order if jobs.has_place(job, pod)}
        first = [pod for pod in order if last.get(jobs.index_of(pod)) is not pod]
    gone = set(map(objects.uid_of, first))
    rest = [pod for pod in order if objects.uid_of(pod) not in gone]
    return first + rest[: max(0, too_many - len(first))]


_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


def _how_far(pod: Obj) -> tuple[bool, int, bool, int, int, int, str]:
    """Models `controller.ActivePods`."""
    return (
        bool(pods.node_name(pod)),
        _PHASES.get(pods.phase(pod), 0),
        pods.is_ready(pod),
        -(pods.ready_since_ms(pod) or 0),
        -pods.max_restarts(pod),
        -times.parse(pod["metadata"]["creationTimestamp"]),
        objects.uid_of(pod),
    )


def next_indexes(job: Obj, found: Sequence[Obj], counts: Tally, count: int) -> list[int]:
    """The lowest indexes that neither run nor have succeeded or failed for good."""
    going = list(counts.active)
    if failures.replaces_only_failed(job):
        going += [pod for pod in found if objects.is_terminating(pod) and not pods.is_terminal(pod)]
    taken = indexes.merged((*counts.completed, *counts.lost, *indexes.of(jobs.indexes_of(going))))
    return list(islice(indexes.between(taken, job["spec"]["completions"]), count))


def index_waits_ms(counts: Tally, number: int, now_ms: int) -> int:
    """With a back-off limit per index each index waits for itself."""
    last = counts.to_replace.get(number)
    if last is None:
        return 0
    return failures.waits_ms(Setbacks(sum(jobs.failures_of(last)) + 1, failures.finished_ms(last)), now_ms)


def new_pod(job: Obj, number: int | None = None, replaced: Obj | None = None) -> Obj:
    """`replaced`: the last failed pod of its index, with a back-off limit per index."""
    template = job["spec"]["template"]
    given = template.get("metadata") or {}
    meta = {key: dict(value) for key, value in given.items() if key in ("labels", "annotations")}
    spec = template["spec"]
    prefix = f"{objects.name_of(job)}-"
    if number is not None:
        meta["labels"] = {**meta.get("labels", {}), jobs.INDEX: str(number)}
        meta["annotations"] = {**meta.get("annotations", {}), jobs.INDEX: str(number), **_inherited(job, replaced)}
        spec = {
            **spec,
            "hostname": f"{prefix}{number}",
            "containers": [_with_index(each) for each in spec["containers"]],
        }
        if "initContainers" in spec:
            spec["initContainers"] = [_with_index(each) for each in spec["initContainers"]]
        suffix = f"-{number}-"
        prefix = f"{objects.name_of(job)[: _MAX_GENERATED_NAME - len(suffix)]}{suffix}"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": prefix,
            "namespace": objects.namespace_of(job),
            **meta,
            "finalizers": jobs.with_finalizer(given.get("finalizers")),
            "ownerReferences": [objects.owner_reference(job)],
        },
        "spec": spec,
    }


def _inherited(job: Obj, replaced: Obj | None) -> dict[str, str]:
    if "backoffLimitPerIndex" not in job["spec"]:
        return {}
    counted = ignored = 0
    if replaced is not None:
        counts = failures.judged(job, replaced).counts
        counted, ignored = jobs.failures_of(replaced)
        counted, ignored = counted + counts, ignored + (not counts)
    return {jobs.INDEX_FAILURES: str(counted), **({jobs.INDEX_IGNORED_FAILURES: str(ignored)} if ignored else {})}


def _with_index(container: dict[str, Any]) -> dict[str, Any]:
    given = container.get("env") or ()
    if any(each["name"] == "JOB_COMPLETION_INDEX" for each in given):
        return container
    source = {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.labels['{jobs.INDEX}']"}}
    return {**container, "env": [*given, {"name": "JOB_COMPLETION_INDEX", "valueFrom": source}]}
