"""The namespace controller: empties a namespace that was told to go, then lets it go.

The engine runs it for every Namespace that is being deleted. Pods go first, everything else when no pod is left; what
is left is counted at the API server, since a cache could overlook the newest. Conditions tell what stays although it
was deleted, but nothing of pods that still have their time. When nothing is left the finalizer "kubernetes" in the
spec goes, and the API server removes the object.
Models kubernetes/pkg/controller/namespace/deletion: namespaced_resources_deleter.go, status_condition_utils.go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.api import conditions, objects, times
from app.api.conditions import Condition
from app.api.messages import N_, Message, Saying, many, message
from app.api.objects import Obj, Ref, is_of, name_of, ref_of
from app.api.status import changed_fields
from app.component_helpers import pods
from app.reconcile import (
    Action,
    Controller,
    Delete,
    Difference,
    Failure,
    Patch,
    Reader,
    Remember,
    RequeueAfter,
    UpdateStatus,
    itself,
)

_PODS = "pods"
FINALIZER_ESTIMATE_SECONDS = 15
"""How long a finalizer is thought to take."""
_FIRST_RETRY_MS, _LAST_RETRY_MS, _DOUBLINGS = 5, 60_000, 14


@dataclass(frozen=True, slots=True)
class NamespaceObservation:
    namespace: Obj
    content: Mapping[
        str, Sequence[Obj]
    ]  # by resource (`pods`, `jobs.batch`), live; only those that something is left of
    failures: Sequence[Failure]
    now_ms: int
    tries: int = 0  # looks in a row at what should be gone, and is not


_NAMED = 5  # of the objects that it waits for


def _must_go(_gap: Difference, seen: NamespaceObservation) -> Iterator[Message]:
    """What holds up each object that is left."""
    left = [each for content in _due(seen).values() for each in content]
    for each in left[:_NAMED]:
        held = each["metadata"].get("finalizers")
        if held:
            text = N_("%(what)s has finalizers: whoever set %(names)s must take them off.")
            yield message(text, what=ref_of(each), names=", ".join(held))
        else:
            yield message(N_("%(what)s must be gone."), what=ref_of(each))
    if len(left) > _NAMED:
        yield message(N_("Others: %(n)s."), n=len(left) - _NAMED)


class NamespaceController(Controller[NamespaceObservation]):
    name = "namespace-controller"
    title = "Namespace"
    lane = 230
    reconciles = "Namespace"
    concurrency = 10
    wakes = (itself("Namespace", when=lambda old, new: new is not None and objects.is_terminating(new)),)
    says = {
        "NamespaceContentRemains": Saying(
            many("One object must go before it.", "%(n)s objects must go before it."), N_("not empty yet")
        ),
        "WaitingForContentToGo": Saying(
            many("One object is not gone yet: it waits.", "%(n)s objects are not gone yet: it waits."),
            N_("not empty yet"),
            needs=_must_go,
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
        return NamespaceObservation(
            namespace, content, tuple(reader.failures()), reader.now_ms, reader.remembered() or 0
        )

    @staticmethod
    def saw(seen: NamespaceObservation) -> Message:
        left = sum(map(len, seen.content.values()))
        return message(N_("%(who)s counts what is left in %(name)s: %(n)s."), name=name_of(seen.namespace), n=left)

    def diff(self, seen: NamespaceObservation) -> Iterable[Difference]:
        namespace = seen.namespace
        finalizers = (namespace.get("spec") or {}).get("finalizers") or []
        if "kubernetes" not in finalizers:
            return
        yield from _delete(seen)
        yield from _status(seen)
        if seen.content:
            yield _look_again(seen)
        else:
            kept = [each for each in finalizers if each != "kubernetes"]
            finalize = Patch(ref_of(namespace), {"spec": {"finalizers": kept}}, subresource="finalize")
            yield Difference(ref_of(namespace), "spec.finalizers", kept, finalizers, "NamespaceEmpty", (finalize,))


def _due(seen: NamespaceObservation) -> Mapping[str, Sequence[Obj]]:
    """What is deleted now: pods, and all the rest as soon as none of them stays."""
    waiting = {_PODS: seen.content.get(_PODS, ())}
    return waiting if any(map(_stays, waiting[_PODS])) else seen.content


def _delete(seen: NamespaceObservation) -> Iterator[Difference]:
    for resource, left in _due(seen).items():
        fresh = [each for each in left if not objects.is_terminating(each)]
        if fresh:
            actions = tuple(Delete(ref_of(each), propagation="Background") for each in fresh)
            where = f"{resource.partition('.')[0]} in namespace"
            yield Difference(ref_of(seen.namespace), where, 0, len(left), "NamespaceContentRemains", actions)


def _look_again(seen: NamespaceObservation) -> Difference:
    staying = [each for left in _due(seen).values() for each in left if _stays(each)]
    remembered: tuple[Action, ...] = (Remember(None),) if seen.tries else ()
    if _estimate_s(seen, staying):
        delay_ms, why = (_estimate_s(seen, staying) // 2 + 1) * 1000, N_("content that takes its time")
    elif staying:
        delay_ms, why = min(_FIRST_RETRY_MS << min(seen.tries, _DOUBLINGS), _LAST_RETRY_MS), N_("unexpected content")
        remembered = (Remember(seen.tries + 1),)
    else:
        delay_ms, why = 0, N_("deleted content should be gone")
    left = sum(map(len, seen.content.values()))
    actions = (*remembered, RequeueAfter(delay_ms, why))
    return Difference(ref_of(seen.namespace), "content", 0, left, "WaitingForContentToGo", actions)


def _stays(obj: Obj) -> bool:
    """Once it is deleted: a pod that a machine has to stop, or what finalizers hold."""
    return objects.is_terminating(obj) or bool(obj["metadata"].get("finalizers")) or _grace_seconds(obj) > 0


def _estimate_s(seen: NamespaceObservation, staying: Sequence[Obj]) -> int:
    """How long what stays may take; 0: it should be gone by now."""
    grace_s = max(map(_grace_seconds, staying), default=0)
    since_ms = seen.now_ms - times.parse(seen.namespace["metadata"]["deletionTimestamp"])
    if since_ms < grace_s * 1000:
        return grace_s
    return FINALIZER_ESTIMATE_SECONDS if any(each["metadata"].get("finalizers") for each in staying) else 0


def _grace_seconds(obj: Obj) -> int:
    """0 for what goes at once: no pod, or one that nobody runs."""
    if not is_of(obj, "Pod") or pods.is_terminal(obj) or not pods.node_name(obj):
        return 0
    seconds: int = obj["spec"].get("terminationGracePeriodSeconds", 30)
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
    namespace = seen.namespace
    staying = {resource: [each for each in left if _stays(each)] for resource, left in _due(seen).items()}
    bad = _failed(seen, staying) | ({} if staying.get(_PODS) else _remaining(staying))
    held: dict[str, Any] = namespace.get("status") or {}
    found: list[Condition] = held.get("conditions") or []
    for type, well in _OK.items():
        reason, told = bad.get(type, well)
        condition = {"type": type, "status": str(type in bad), "reason": reason, "message": told}
        found = conditions.with_condition(found, condition, seen.now_ms)
    status = {**held, "phase": "Terminating", "conditions": found}
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


def _failed(seen: NamespaceObservation, staying: Mapping[str, Sequence[Obj]]) -> dict[str, tuple[str, str]]:
    """What could not be deleted, and what should be gone and is not."""
    told = [each.message for each in seen.failures if each.difference == "NamespaceContentRemains"]
    told += [
        f"unexpected items still remain in namespace: {name_of(seen.namespace)} for gvr: {_gvr(resource, left[0])}"
        for resource, left in staying.items()
        if left and not _estimate_s(seen, left)
    ]
    if not told:
        return {}
    message = f"Failed to delete all resource types, {len(told)} remaining: {', '.join(sorted(told))}"
    return {"NamespaceDeletionContentFailure": ("ContentDeletionFailed", message)}


def _gvr(resource: str, obj: Obj) -> str:
    """As Go prints a GroupVersionResource: `/v1, Resource=pods`."""
    group, _, version = obj["apiVersion"].rpartition("/")
    return f"{group}/{version}, Resource={resource.partition('.')[0]}"
