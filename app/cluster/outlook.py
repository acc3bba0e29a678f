"""Whether a step is one that people care about: a pod created, deleted, bound, ready or no more, a scaling, an address
given or taken, a refusal, requests that begin to fail. Everything else is bookkeeping.

A diff is pure, so the reconcile that begins with an observation can be looked ahead of: it matters from its first step
on, or not at all. Rooms ask, to spend wall time on what matters (app/rooms/story.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from app.api import conditions
from app.api.control_plane import CONTROL_PLANE
from app.api.mysql_groups import MYSQL_GROUP
from app.api.objects import Obj, Ref, is_terminating, kind_of, labels_of, ref_of
from app.api.quorum_queues import QUORUM_QUEUE
from app.apiserver.store import Store
from app.component_helpers import pods
from app.engine.trace import Acted, Commanded, Differed, Failed, Observed, Step
from app.engine.worker import Worker
from app.reconcile import Action, Announce, Bind, Create, Delete, Difference, Patch, Update, UpdateStatus

BOOKKEEPING = frozenset(
    (
        "ControllerRevision",
        "DataPath",
        "Event",
        "Lease",
        "Machine",
        "NodeMetrics",
        "PodMetrics",
        "PodSandbox",
        "RabbitServer",
    )
)
_ENDINGS = ("Complete", "Failed", "ReplicaFailure", "Progressing", "Established")  # conditions that are news
_TROUBLE = ("CrashLoopBackOff", "ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff")
_WRITTEN = ("spec", "data")
_ROUTINE = ("ServersChanged",)  # reasons of differences that are closed without a word
REFUSALS = ("QuorumCritical",)  # reasons of those by which somebody says no
_LABELS = ("labels", "ownerReferences")

Get = Callable[[Ref], Obj | None]
Outlook = Sequence[Difference] | None
"""What an observation will come to; None: its loop will fail at it."""

Ahead = Callable[[Step], Outlook]


def by_workers(workers: Mapping[str, Worker]) -> Ahead:
    """Of a step that was made just now."""

    def ahead(step: Step) -> Outlook:
        worker = workers.get(step.actor)
        try:
            return worker.outlook(step.key) if worker is not None and step.key is not None else ()
        except Exception:
            return None

    return ahead


def matters(step: Step, workers: Mapping[str, Worker], get: Get) -> bool:
    """`get` gives the object as it is now."""
    return mattered(step, by_workers(workers), get)


def mattered(step: Step, ahead: Ahead, get: Get) -> bool:
    """The same of a step of the past: `get` gives the object as it was right after it."""
    record = step.record
    if isinstance(record, (Commanded, Failed)):
        return not step.background
    if step.background:
        return False
    if isinstance(record, Observed):
        found = ahead(step)
        return found is None or any_matters(found, get)
    if isinstance(record, Differed):
        return any_matters(record.differences, get)
    if isinstance(record, Acted):
        if not record.result.ok:
            return record.result.code not in (404, 409)
        return action_mattered(record)
    return False


def any_matters(differences: Sequence[Difference], get: Get) -> bool:
    news = [gap for gap in differences if not _is_routine(gap)]
    return any(gap.reason in REFUSALS or any(_cares(action, get) for action in gap.actions) for gap in news)


def _is_routine(gap: Difference) -> bool:
    return gap.background or gap.reason in _ROUTINE


def action_mattered(record: Acted) -> bool:
    """Of one that was performed: by what it changed."""
    before = {change.ref: change.old for change in record.result.changes}
    if not before or _is_routine(record.differences[record.difference]):
        return False
    return _cares(record.action, before.get)


def _cares(action: Action, get: Get) -> bool:
    match action:
        case Bind() | Announce(reason="HotLoop" | "NotBuilt"):
            return True
        case Create(obj=obj):
            return obj["kind"] not in BOOKKEEPING
        case Delete(ref=ref):
            return ref.kind not in BOOKKEEPING
        case Update(obj=obj):
            return obj["kind"] not in BOOKKEEPING and _changes(get(ref_of(obj)), obj)
        case UpdateStatus(obj=obj, status=status):
            return _is_news(get(ref_of(obj)), status)
        case Patch(ref=ref, patch=patch):
            return ref.kind not in BOOKKEEPING and _patch_matters(get(ref), ref, patch)
    return False


def _patch_matters(old: Obj | None, ref: Ref, patch: Mapping[str, Any]) -> bool:
    if isinstance(patch.get("status"), Mapping):
        status = patch["status"]
        if ref.kind in ("Load", MYSQL_GROUP, QUORUM_QUEUE):
            return True  # a second like the others is background
        if ref.kind == "Pod":
            return _pod_is_news(old, status)
        if ref.kind == "Node":
            return _condition(old, "Ready") != _status_of(status, "Ready") and _status_of(status, "Ready") != ""
        return _is_news(old, status)
    if "spec" in patch:
        return True
    return any(name in (patch.get("metadata") or {}) for name in _LABELS)


def _changes(old: Obj | None, new: Obj) -> bool:
    """More than a status, and more than what only loops read."""
    if old is None:
        return True
    if new["kind"] == "EndpointSlice":
        return _addresses(old) != _addresses(new)
    return any(old.get(field) != new.get(field) for field in _WRITTEN) or labels_of(old) != labels_of(new)


def _addresses(piece: Obj) -> set[str]:
    """Where requests may be sent."""
    ready = (each for each in piece.get("endpoints") or () if (each.get("conditions") or {}).get("ready"))
    return {str(address) for each in ready for address in each.get("addresses") or ()}


def _pod_is_news(old: Obj | None, status: Mapping[str, Any]) -> bool:
    if old is None:
        return True
    if is_terminating(old):
        return False  # that it is going away has been told
    ready = _status_of(status, "Ready")
    if ready and (ready == "True") != pods.is_ready(old):
        return True
    if _status_of(status, "PodScheduled") == "False" and _condition(old, "PodScheduled") != "False":
        return True
    phase = status.get("phase")
    if phase in ("Failed", "Succeeded") and phase != (old.get("status") or {}).get("phase"):
        return True
    return bool(_waiting(status) - _waiting(old.get("status") or {}))


def _waiting(status: Mapping[str, Any]) -> set[str]:
    """The troubles that containers wait in."""
    containers: Iterable[Mapping[str, Any]] = (
        *(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ()),
    )  # fmt: skip
    reasons = (((each.get("state") or {}).get("waiting") or {}).get("reason") for each in containers)
    return {str(reason) for reason in reasons if reason in _TROUBLE}


def _is_news(old: Obj | None, status: Mapping[str, Any]) -> bool:
    """A workload that has ended or cannot go on; an autoscaler that waits; a claim or volume that is bound; a load
    balancer that has an address."""
    before = (old or {}).get("status") or {}
    for type_ in _ENDINGS:
        now = conditions.find(status.get("conditions"), type_)
        was = conditions.find(before.get("conditions"), type_)
        bad = "False" if type_ == "Progressing" else "True"
        if now is not None and now.get("status") == bad and (was or {}).get("status") != bad:
            return True
    if old is not None and "." in kind_of(old):
        return True  # of a kind that somebody defined, by a loop that somebody wrote
    if _holds_back(status) and not _holds_back(before):
        return True
    phase = status.get("phase")  # Bound: that was told when the claim was given its volume
    return phase not in (before.get("phase"), "Bound") or status.get("loadBalancer") != before.get("loadBalancer")


def _holds_back(status: Mapping[str, Any]) -> bool:
    """An autoscaler would scale, and waits."""
    able = conditions.find(status.get("conditions"), "AbleToScale")
    return able is not None and str(able.get("reason")).endswith("Stabilized")


def _status_of(status: Mapping[str, Any], type_: str) -> str:
    found = conditions.find(status.get("conditions"), type_)
    return str(found.get("status") or "") if found else ""


def _condition(obj: Obj | None, type_: str) -> str:
    return _status_of((obj or {}).get("status") or {}, type_)


def is_chaotic(store: Store) -> bool:
    """Whether machines are broken at random."""
    plane = store.get(CONTROL_PLANE)
    return plane is not None and bool(plane["spec"].get("chaosPerMinute"))


def is_used(store: Store) -> bool:
    """Whether somebody sends requests to a Service, writes to a database or publishes to a queue."""
    if store.count("Load"):
        return True
    writing = any((group["spec"].get("writes") or {}).get("perSecond") for group in store.objects(MYSQL_GROUP))
    return writing or any(queue["spec"]["everyMs"] for queue in store.objects(QUORUM_QUEUE))
