"""The namespace controller: empties a namespace that was told to go, then lets it go.

The engine runs it for every Namespace that is being deleted. Pods go first, everything else when no pod is left; what
is left is counted at the API server, since a cache could overlook the newest. When nothing is left the finalizer
"kubernetes" in the spec goes, and the API server removes the object.
Models kubernetes/pkg/controller/namespace/deletion: namespaced_resources_deleter.go, status_condition_utils.go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.api import conditions, objects
from app.api.conditions import Condition
from app.api.messages import N_, Message, Saying, many, message
from app.api.objects import Obj, Ref, name_of, ref_of
from app.api.status import changed_fields
from app.component_helpers import pods
from app.reconcile import (
    Controller,
    Delete,
    Difference,
    Failure,
    Patch,
    Reader,
    RequeueAfter,
    UpdateStatus,
    itself,
)

_PODS = "pods"
FINALIZER_ESTIMATE_SECONDS = 15
"""How long a finalizer is thought to take."""


@dataclass(frozen=True, slots=True)
class NamespaceObservation:
    namespace: Obj
    content: Mapping[
        str, Sequence[Obj]
    ]  # by resource (`pods`, `jobs.batch`), live; only those that something is left of
    failures: Sequence[Failure]
    now_ms: int


class NamespaceController(Controller[NamespaceObservation]):
    name = "namespace-controller"
    title = "Namespace"
    lane = 230
    reconciles = "Namespace"
    concurrency = 10
    watches = (itself("Namespace", when=lambda old, new: new is not None and objects.is_terminating(new)),)
    says = {
        "NamespaceContentRemains": Saying(
            many("One object must go before it.", "%(n)s objects must go before it."), N_("not empty yet")
        ),
        "WaitingForContentToGo": Saying(
            many("One object is not gone yet: it waits.", "%(n)s objects are not gone yet: it waits."),
            N_("not empty yet"),
        ),
        "NamespaceEmpty": Saying(
            N_("%(about)s is empty: it may go."), N_("empty now"), {"Namespace": N_("It lets %(name)s go.")}
        ),
    }

    def observe(self, key: Ref, reader: Reader) -> NamespaceObservation | None:
        namespace = reader.get(key)
        if namespace is None or not objects.is_terminating(namespace):
            return None
        rows = [row for row in reader.kinds() if row.namespaced and not row.is_local]
        found = {row.resource: tuple(reader.live(row.key, key.name)) for row in rows}
        content = {resource: left for resource, left in found.items() if left}
        return NamespaceObservation(namespace, content, tuple(reader.failures()), reader.now_ms)

    @staticmethod
    def saw(seen: NamespaceObservation) -> Message:
        left = sum(map(len, seen.content.values()))
        return message(N_("%(who)s counts what is left in %(name)s: %(n)s."), name=name_of(seen.namespace), n=left)

    def diff(self, seen: NamespaceObservation) -> Iterable[Difference]:
        namespace = seen.namespace
        finalizers = (namespace.get("spec") or {}).get("finalizers") or []
        if not seen.content:
            if "kubernetes" in finalizers:
                kept = [each for each in finalizers if each != "kubernetes"]
                finalize = Patch(ref_of(namespace), {"spec": {"finalizers": kept}}, subresource="finalize")
                yield Difference(ref_of(namespace), "spec.finalizers", kept, finalizers, "NamespaceEmpty", (finalize,))
            return
        yield from _empty(seen)
        yield from _status(seen)


def _empty(seen: NamespaceObservation) -> Iterator[Difference]:
    """Delete what is not being deleted yet, pods before all else, and say when to look again."""
    due = {_PODS: seen.content[_PODS]} if _PODS in seen.content else seen.content
    for resource, left in due.items():
        fresh = [each for each in left if not objects.is_terminating(each)]
        if fresh:
            actions = tuple(Delete(ref_of(each), propagation="Background") for each in fresh)
            where = f"{resource.partition('.')[0]} in namespace"
            yield Difference(ref_of(seen.namespace), where, 0, len(left), "NamespaceContentRemains", actions)
    delay_ms, why = _patience(due)
    counts = sum(map(len, seen.content.values()))
    again = RequeueAfter(delay_ms, why)
    yield Difference(ref_of(seen.namespace), "content", 0, counts, "WaitingForContentToGo", (again,))


def _patience(due: Mapping[str, Sequence[Obj]]) -> tuple[int, str]:
    """After how many ms to look again: half of the longest wait to be expected, and a second. What needs no waiting
    is gone as soon as it is deleted."""
    graces = [_grace_seconds(each) for each in due.get(_PODS, ())]
    if any(graces):
        return (max(graces) // 2 + 1) * 1000, "terminationGracePeriodSeconds"
    if any(each["metadata"].get("finalizers") for left in due.values() for each in left):
        return (FINALIZER_ESTIMATE_SECONDS // 2 + 1) * 1000, "finalizers"
    return 0, "deleted content should be gone"


def _grace_seconds(pod: Obj) -> int:
    """0 for a pod that goes at once: nobody runs it."""
    if pods.is_terminal(pod) or not pods.node_name(pod):
        return 0
    seconds: int = pod["spec"].get("terminationGracePeriodSeconds", 30)
    return seconds


# -------------------------------------------------------------------------------------------------- status


_OK = {
    "NamespaceDeletionDiscoveryFailure": ("ResourcesDiscovered", "All resources successfully discovered"),
    "NamespaceDeletionGroupVersionParsingFailure": (
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    "NamespaceDeletionContentFailure": (
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
}


def _status(seen: NamespaceObservation) -> Iterator[Difference]:
    """Only what stays after it was deleted is told: before the first deletion there is nothing to say."""
    namespace = seen.namespace
    staying = {
        resource: [each for each in left if objects.is_terminating(each)] for resource, left in seen.content.items()
    }
    held: dict[str, Any] = namespace.get("status") or {}
    found: list[Condition] = held.get("conditions") or []
    if any(staying.values()) or found or seen.failures:
        bad = _remaining(staying) | _failed(seen.failures)
        for type, (reason, message) in _OK.items():
            reason, message = bad.get(type, (reason, message))
            condition = {"type": type, "status": str(type in bad), "reason": reason, "message": message}
            found = conditions.with_condition(found, condition, seen.now_ms)
    status = {**held, "phase": "Terminating", **({"conditions": found} if found else {})}
    if status != held:
        desired, observed = changed_fields(status, held)
        actions = (UpdateStatus(namespace, status),)
        yield Difference(ref_of(namespace), "status", desired, observed, "StatusOutdated", actions)


def _remaining(staying: Mapping[str, Sequence[Obj]]) -> dict[str, tuple[str, str]]:
    """Type -> (reason, message) of the conditions that tell what is left, and whose finalizers hold it."""
    bad = {}
    # Kubernetes writes the core group too, which has no name: `pods.`
    counts = {resource if "." in resource else f"{resource}.": len(left) for resource, left in staying.items() if left}
    if counts:
        told = ", ".join(sorted(f"{name} has {count} resource instances" for name, count in counts.items()))
        bad["NamespaceContentRemaining"] = ("SomeResourcesRemain", f"Some resources are remaining: {told}")
    held = (obj["metadata"].get("finalizers") or () for left in staying.values() for obj in left)
    finalizers = Counter(finalizer for each in held for finalizer in each)
    if finalizers:
        told = ", ".join(sorted(f"{name} in {count} resource instances" for name, count in finalizers.items()))
        message = f"Some content in the namespace has finalizers remaining: {told}"
        bad["NamespaceFinalizersRemaining"] = ("SomeFinalizersRemain", message)
    return bad


def _failed(failures: Sequence[Failure]) -> dict[str, tuple[str, str]]:
    told = sorted(each.message for each in failures if each.difference == "NamespaceContentRemains")
    if not told:
        return {}
    message = f"Failed to delete all resource types, {len(told)} remaining: {', '.join(told)}"
    return {"NamespaceDeletionContentFailure": ("ContentDeletionFailed", message)}
