"""The ReplicaSet controller: as many active pods as `spec.replicas` says, made from one template.

The engine runs it for every ReplicaSet whose own object, or one of whose pods, changed. A pod counts from its creation
until it is marked for deletion or has finished, so a replacement is made the moment a pod is marked.
Models kubernetes/pkg/controller/replicaset/replica_set.go and controller_utils.go, controller_ref_manager.go in
kubernetes/pkg/controller. Unlike there, a change of a pod that cannot alter the answer (it was bound, its containers
are being created) wakes nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cmp_to_key, partial
from typing import Any, NamedTuple

from app.api import conditions, objects, pods, selectors, times
from app.api.objects import Obj, Ref, ref_of
from app.api.status import changed_fields
from app.reconcile import (
    Announce,
    Controller,
    Create,
    Delete,
    Difference,
    Failure,
    Patch,
    Reader,
    RequeueAfter,
    UpdateStatus,
    Watch,
    itself,
)

BURST_REPLICAS = 500
"""Pods created or deleted in one reconcile at most."""


@dataclass(frozen=True, slots=True)
class ReplicaSetObservation:
    replica_set: Obj
    owned_pods: Sequence[Obj]  # those it controls, finished and terminating ones too
    orphans: Sequence[Obj]  # pods of the namespace that nobody controls
    related_pods: Sequence[Obj]  # of all ReplicaSets with the same owner; read only when pods must go
    failures: Sequence[Failure]
    now_ms: int


class ReplicaSetController(Controller):
    name = "replicaset-controller"
    reconciles = "ReplicaSet"
    concurrency = 5

    def __init__(self) -> None:
        self.watches = (
            itself("ReplicaSet", indexes={"controller": _controller, "namespace": _namespace}),
            Watch("Pod", _replica_sets_of, when=_matters, indexes={"controller": _controller_or_namespace}),
        )

    def observe(self, key: Ref, reader: Reader) -> ReplicaSetObservation | None:
        replica_set = reader.get(key)
        if replica_set is None:
            return None
        owned = reader.by("Pod", "controller", objects.uid_of(replica_set))
        related: list[Obj] = []
        owner_uid, wanted = objects.controller_uid(replica_set), replica_set["spec"]["replicas"]
        if owner_uid and len(owned) > wanted and sum(map(pods.is_active, owned)) > wanted:
            for sibling in reader.by("ReplicaSet", "controller", owner_uid):
                related += reader.by("Pod", "controller", objects.uid_of(sibling))
        return ReplicaSetObservation(
            replica_set=replica_set,
            owned_pods=owned,
            orphans=reader.by("Pod", "controller", key.namespace),
            related_pods=tuple(related),
            failures=tuple(reader.failures()),
            now_ms=reader.now_ms,
        )

    def diff(self, seen: ReplicaSetObservation) -> Iterable[Difference]:
        claims = _claim(seen)
        yield from _adopt_and_release(seen.replica_set, claims)
        if not objects.is_terminating(seen.replica_set):
            yield from _replicas(seen, claims.active)
        yield from _status(seen, claims)


# ---------------------------------------------------------------------------------------------- which are mine


class Claims(NamedTuple):
    active: list[Obj]  # counted as replicas, those to be adopted included
    fully_labeled: int  # of these, with all labels of the template
    terminating: int
    adopted: list[Obj]
    released: list[Obj]


def _claim(seen: ReplicaSetObservation) -> Claims:
    """One pass over what may be thousands of pods."""
    selector = seen.replica_set["spec"]["selector"]
    usual = (seen.replica_set["spec"]["template"].get("metadata") or {}).get("labels") or {}
    active: list[Obj] = []
    adopted: list[Obj] = []
    released: list[Obj] = []
    others = terminating = 0  # others: not fully labeled
    for pod in seen.owned_pods:
        labels = objects.labels_of(pod)
        # Nearly every pod has the template's labels, and those match: that is validated.
        as_usual = labels == usual
        mine = as_usual or selectors.matches(selector, labels)
        if not pods.is_active(pod):
            terminating += mine and not pods.is_terminal(pod)
        elif mine:
            active.append(pod)
            others += not (as_usual or selectors.matches_labels(usual, labels))
        else:
            released.append(pod)
    if not objects.is_terminating(seen.replica_set):
        for pod in seen.orphans:
            if selectors.matches(selector, objects.labels_of(pod)) and pods.is_active(pod):
                adopted.append(pod)
                others += not selectors.matches_labels(usual, objects.labels_of(pod))
    active += adopted
    return Claims(active, len(active) - others, terminating, adopted, released)


def _adopt_and_release(replica_set: Obj, claims: Claims) -> Iterator[Difference]:
    name, uid = objects.name_of(replica_set), objects.uid_of(replica_set)
    for pod in claims.adopted:
        owners = [*objects.owner_refs(pod), objects.owner_reference(replica_set)]
        yield _owners_differ(pod, name, None, "OrphanMatches", owners)
    for pod in claims.released:
        others = [reference for reference in objects.owner_refs(pod) if reference["uid"] != uid]
        yield _owners_differ(pod, None, name, "OwnedPodNoLongerMatches", others)


def _owners_differ(pod: Obj, desired: str | None, observed: str | None, reason: str, owners: list[Obj]) -> Difference:
    patch = {"metadata": {"ownerReferences": owners or None}}
    actions = (Patch(ref_of(pod), patch, uid=objects.uid_of(pod)),)
    return Difference(ref_of(pod), "metadata.ownerReferences", desired, observed, reason, actions)


# ----------------------------------------------------------------------------------------------- how many


def _replicas(seen: ReplicaSetObservation, active: list[Obj]) -> Iterator[Difference]:
    replica_set = seen.replica_set
    desired, observed = replica_set["spec"]["replicas"], len(active)
    surplus = observed - desired
    if surplus < 0 and any(map(_namespace_goes, seen.failures)):
        yield Difference(ref_of(replica_set), "spec.replicas", desired, observed, "NamespaceTerminating")
    elif surplus < 0:
        # Upstream sends them in waves of 1, 2, 4, 8 ... and gives up when a wave has an error. One by one, stopping
        # at the first error, is the same protection.
        actions: tuple[Create | Delete, ...] = (_creation(replica_set),) * min(-surplus, BURST_REPLICAS)
        yield Difference(ref_of(replica_set), "spec.replicas", desired, observed, "TooFewReplicas", actions)
    elif surplus > 0:
        surplus = min(surplus, BURST_REPLICAS)
        doomed = _first_to_go(active, seen.related_pods, seen.now_ms)[:surplus] if surplus < observed else active
        actions = tuple(_deletion(replica_set, pod) for pod in doomed)
        yield Difference(ref_of(replica_set), "spec.replicas", desired, observed, "TooManyReplicas", actions)


def _namespace_goes(failure: Failure) -> bool:
    """Whatever is created in a namespace that is being deleted is refused: there is no use in trying again."""
    return failure.code == 403 and failure.message.endswith("because it is being terminated")


def _creation(replica_set: Obj) -> Create:
    """All pods of a template are wished for with the same words, so one action serves them all."""
    template = replica_set["spec"]["template"]
    of_template = template.get("metadata") or {}
    meta = {key: of_template[key] for key in ("labels", "annotations", "finalizers") if of_template.get(key)}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": f"{objects.name_of(replica_set)}-",
            "namespace": objects.namespace_of(replica_set),
            **meta,
            "ownerReferences": [objects.owner_reference(replica_set)],
        },
        "spec": template["spec"],
    }
    return Create(
        pod,
        announce=Announce(replica_set, "Normal", "SuccessfulCreate", "Created pod: {name}"),
        on_error=Announce(replica_set, "Warning", "FailedCreate", "Error creating: {error}"),
    )


def _deletion(replica_set: Obj, pod: Obj) -> Delete:
    return Delete(
        ref_of(pod),
        announce=Announce(replica_set, "Normal", "SuccessfulDelete", "Deleted pod: {name}"),
        on_error=Announce(replica_set, "Warning", "FailedDelete", "Error deleting: {error}"),
    )


# ------------------------------------------------------------------------------------------------ which go first


class Standing(NamedTuple):
    """What decides how soon a pod goes. Models `ActivePodsWithRanks.Less`."""

    # Smaller goes first: unassigned, Pending, not ready, cheap to delete, beside many related pods on its node.
    first: tuple[bool, int, bool, int, int]
    ready_since_ms: int | None
    restarts: tuple[int, int]
    created_ms: int
    uid: str
    pod: Obj


_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"


def _first_to_go(active: Sequence[Obj], related: Sequence[Obj], now_ms: int) -> list[Obj]:
    """The pods in the order in which they are deleted when there are too many."""
    crowd: dict[str, int] = {}
    for pod in filter(pods.is_active, related):
        crowd[pods.node_name(pod)] = crowd.get(pods.node_name(pod), 0) + 1
    standings = [_standing(pod, crowd) for pod in active]
    standings.sort(key=cmp_to_key(partial(_compare, now_ms)))
    return [standing.pod for standing in standings]


def _standing(pod: Obj, crowd: dict[str, int]) -> Standing:
    node, ready = pods.node_name(pod), pods.is_ready(pod)
    first = (bool(node), _PHASES.get(pods.phase(pod), 0), ready, _deletion_cost(pod), -crowd.get(node, 0))
    sidecars = {c["name"] for c in pod["spec"].get("initContainers") or () if pods.is_sidecar(c)}
    counts = (s.get("restartCount", 0) for s in pods.init_container_statuses(pod) if s["name"] in sidecars)
    return Standing(
        first,
        pods.ready_since_ms(pod) if ready else None,
        (-pods.max_restarts(pod), -max(counts, default=0)),
        times.parse(pod["metadata"]["creationTimestamp"]),
        objects.uid_of(pod),
        pod,
    )


def _compare(now_ms: int, one: Standing, other: Standing) -> int:
    """Negative if `one` goes first. Ages count by orders of two, so that pods of about one age go by chance (uid)."""
    if one.first != other.first:
        return -1 if one.first < other.first else 1
    if (
        one.ready_since_ms is not None
        and other.ready_since_ms is not None
        and one.ready_since_ms != other.ready_since_ms
    ):
        return _younger(one.ready_since_ms, other.ready_since_ms, one.uid < other.uid, now_ms)
    if one.restarts != other.restarts:
        return -1 if one.restarts < other.restarts else 1
    if one.created_ms != other.created_ms:
        return _younger(one.created_ms, other.created_ms, one.uid < other.uid, now_ms)
    return 0


def _younger(one_ms: int, other_ms: int, smaller_uid: bool, now_ms: int) -> int:
    difference = _magnitude(now_ms - one_ms) - _magnitude(now_ms - other_ms)
    return difference or (-1 if smaller_uid else 1)


def _magnitude(age_ms: int) -> int:
    """The whole part of log2 of an age in nanoseconds; -1 for none."""
    return (age_ms * 1_000_000).bit_length() - 1 if age_ms > 0 else -1


def _deletion_cost(pod: Obj) -> int:
    try:
        return int(objects.annotations_of(pod).get(DELETION_COST, "0"))
    except ValueError:
        return 0


# -------------------------------------------------------------------------------------------------- status


def _status(seen: ReplicaSetObservation, claims: Claims) -> Iterator[Difference]:
    """What was seen before acting. The next reconcile, woken by the acts, sees what came of them."""
    replica_set = seen.replica_set
    status, waits_ms = _counted(seen, claims)
    if status != replica_set.get("status"):
        desired, observed = changed_fields(status, replica_set.get("status"))
        actions = (UpdateStatus(replica_set, status),)
        yield Difference(ref_of(replica_set), "status", desired, observed, "StatusOutdated", actions)
    if waits_ms is not None:
        ready, available = status.get("readyReplicas", 0), status.get("availableReplicas", 0)
        wake = RequeueAfter(waits_ms, "minReadySeconds")
        yield Difference(
            ref_of(replica_set), "status.availableReplicas", ready, available, "MinReadySecondsNotOver", (wake,)
        )


def _counted(seen: ReplicaSetObservation, claims: Claims) -> tuple[dict[str, Any], int | None]:
    """The status, its zeros left out as the API does, and after how many ms the next ready pod becomes available."""
    replica_set = seen.replica_set
    ready = [pod for pod in claims.active if pods.is_ready(pod)]
    available, waits_ms = len(ready), None
    seconds = replica_set["spec"].get("minReadySeconds", 0)
    if seconds:
        waiting = [pod for pod in ready if not pods.is_available(pod, seconds, seen.now_ms)]
        since = [at_ms for at_ms in map(pods.ready_since_ms, waiting) if at_ms is not None]
        available -= len(waiting)
        waits_ms = min(since) + seconds * 1000 - seen.now_ms if since else None
    status: dict[str, Any] = {"replicas": len(claims.active)}
    counts = (claims.fully_labeled, len(ready), available)
    fields = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas")
    status |= {field: count for field, count in zip(fields, counts, strict=True) if count}
    status |= {"terminatingReplicas": claims.terminating, "observedGeneration": replica_set["metadata"]["generation"]}
    failure = _with_failure(seen)
    return (status | {"conditions": failure} if failure else status), waits_ms


def _with_failure(seen: ReplicaSetObservation) -> list[conditions.Condition]:
    """The conditions with ReplicaFailure if the last creation or deletion failed, without it if not."""
    held = (seen.replica_set.get("status") or {}).get("conditions")
    for failure in seen.failures:
        if _namespace_goes(failure):
            continue
        reason = {"TooFewReplicas": "FailedCreate", "TooManyReplicas": "FailedDelete"}.get(failure.difference)
        if reason and conditions.find(held, "ReplicaFailure") is None:
            condition = {"type": "ReplicaFailure", "status": "True", "reason": reason, "message": failure.message}
            return conditions.with_condition(held, condition, seen.now_ms)
        if reason:
            return held or []
    return conditions.without(held, "ReplicaFailure")


# ------------------------------------------------------------------------------------------- waking and looking


def _matters(old: Obj | None, new: Obj | None) -> bool:
    return old is None or new is None or _what_counts(old) != _what_counts(new)


def _what_counts(pod: Obj) -> tuple[Any, ...]:
    meta = pod["metadata"]
    going = "deletionTimestamp" in meta
    ready = pods.ready_condition(pod)
    since = (ready["status"], ready.get("lastTransitionTime")) if ready else None
    return pods.phase(pod), since, going, meta.get("labels"), meta.get("ownerReferences")


def _replica_sets_of(pod: Obj, reader: Reader) -> Iterable[Ref]:
    """Its controller; for an orphan the ReplicaSets that would adopt it."""
    owner = objects.controller_of(pod)
    namespace = objects.namespace_of(pod)
    if owner is not None:
        return (Ref("ReplicaSet", namespace, owner["name"]),) if owner["kind"] == "ReplicaSet" else ()
    labels = objects.labels_of(pod)
    candidates = reader.by("ReplicaSet", "namespace", namespace) if labels else ()
    return tuple(ref_of(each) for each in candidates if selectors.matches(each["spec"]["selector"], labels))


def _controller(obj: Obj) -> Iterable[str]:
    uid = objects.controller_uid(obj)
    return (uid,) if uid else ()


def _namespace(obj: Obj) -> tuple[str]:
    return (objects.namespace_of(obj),)


def _controller_or_namespace(obj: Obj) -> tuple[str]:
    """Uids and namespaces never coincide, so that one index finds what is owned and what is not."""
    return (objects.controller_uid(obj) or objects.namespace_of(obj),)
