"""The ReplicaSet controller: as many active pods as `spec.replicas` says, made from one template.

The engine runs it for every ReplicaSet whose own object, or one of whose pods, changed. A pod counts from its creation
until it is marked for deletion or has finished, so a replacement is made the moment a pod is marked. What it shares
with the ReplicationController loop is in app/component_helpers/replicas.py.
Models kubernetes/pkg/controller/replicaset/replica_set.go. Unlike there, a change of a pod that cannot alter the
answer (it was bound, its containers are being created) wakes nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app import pod_control
from app.api import limits, objects
from app.api.messages import Message
from app.api.names import short_name
from app.api.objects import Obj, Ref, ref_of
from app.api.status import changed_fields
from app.component_helpers import replicas
from app.component_helpers.replicas import Claims
from app.reconcile import (
    BY_NAMESPACE,
    Cache,
    Controller,
    Create,
    Delete,
    Difference,
    Failure,
    Reader,
    RequeueAfter,
    UpdateStatus,
    itself,
)


@dataclass(frozen=True, slots=True)
class ReplicaSetObservation:
    replica_set: Obj
    owned_pods: Sequence[Obj]  # those it controls, finished and terminating ones too
    orphans: Sequence[Obj]  # pods of the namespace that nobody controls
    related_pods: Sequence[Obj]  # of all ReplicaSets with the same owner; read only when pods must go
    failures: Sequence[Failure]
    now_ms: int


class ReplicaSetController(Controller[ReplicaSetObservation]):
    name = "replicaset-controller"
    title = "ReplicaSet"
    lane = 40
    reconciles = "ReplicaSet"
    concurrency = 5
    says = pod_control.SAYS

    def __init__(self) -> None:
        self.wakes = (itself("ReplicaSet"), pod_control.woken_by_pods("ReplicaSet"))
        self.reads = (
            Cache("ReplicaSet", indexes={"controller": _controller, **BY_NAMESPACE}),
            Cache("Pod", indexes={"controller": replicas.controller_or_namespace}),
        )

    def observe(self, key: Ref, reader: Reader) -> ReplicaSetObservation | None:
        replica_set = reader.get(key)
        if replica_set is None:
            return None
        owned = reader.by("Pod", "controller", objects.uid_of(replica_set))
        related: list[Obj] = []
        owner_uid, wanted = objects.controller_uid(replica_set), replica_set["spec"]["replicas"]
        if owner_uid and len(owned) > wanted and sum(replicas.part_played(pod).is_active for pod in owned) > wanted:
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

    @staticmethod
    def saw(seen: ReplicaSetObservation) -> Message:
        selector = seen.replica_set["spec"]["selector"]
        claims = replicas.claim(seen.replica_set, selector, seen.owned_pods, seen.orphans)
        return pod_control.counts_pods(_spoken_of(seen.replica_set), len(claims.active))

    def diff(self, seen: ReplicaSetObservation) -> Iterable[Difference]:
        selector = seen.replica_set["spec"]["selector"]
        claims = replicas.claim(seen.replica_set, selector, seen.owned_pods, seen.orphans)
        yield from pod_control.adopt_and_release(seen.replica_set, claims)
        if not objects.is_terminating(seen.replica_set):
            yield from _replicas(seen, claims.active)
        yield from _status(seen, claims)


def _spoken_of(replica_set: Obj) -> str:
    """The first of a Deployment, while it has all pods that are wanted, goes by the Deployment's name; of several each
    by its own."""
    notes, owner = objects.annotations_of(replica_set), objects.controller_of(replica_set)
    whole = notes.get(_WANTED_IN_ALL) == str(replica_set["spec"]["replicas"]) and notes.get(_REVISION) == "1"
    if owner is not None and whole:
        return str(owner["name"])
    return short_name("ReplicaSet", objects.name_of(replica_set))


_WANTED_IN_ALL = "deployment.kubernetes.io/desired-replicas"
_REVISION = "deployment.kubernetes.io/revision"


# ----------------------------------------------------------------------------------------------- how many


def _replicas(seen: ReplicaSetObservation, active: list[Obj]) -> Iterator[Difference]:
    replica_set = seen.replica_set
    desired, observed = replica_set["spec"]["replicas"], len(active)
    surplus = observed - desired
    if surplus < 0 and any(map(replicas.namespace_goes, seen.failures)):
        yield Difference(ref_of(replica_set), "spec.replicas", desired, observed, "NamespaceTerminating")
    elif surplus < 0:
        # Upstream sends them in waves of 1, 2, 4, 8 ... and gives up when a wave has an error. One by one, stopping
        # at the first error, is the same protection. All are wished for with the same words: one action serves them.
        actions: tuple[Create | Delete, ...] = (
            pod_control.creation(replica_set, replicas.new_pod(replica_set)),
        ) * min(-surplus, limits.ACTS_AT_A_TIME)
        yield Difference(ref_of(replica_set), "spec.replicas", desired, observed, "TooFewReplicas", actions)
    elif surplus > 0:
        surplus = min(surplus, limits.ACTS_AT_A_TIME)
        ranked = replicas.first_to_go(active, seen.related_pods, seen.now_ms) if surplus < observed else active
        actions = tuple(pod_control.deletion(replica_set, pod) for pod in ranked[:surplus])
        yield Difference(ref_of(replica_set), "spec.replicas", desired, observed, "TooManyReplicas", actions)


# -------------------------------------------------------------------------------------------------- status


def _status(seen: ReplicaSetObservation, claims: Claims) -> Iterator[Difference]:
    """What was seen before acting. The next reconcile, woken by the acts, sees what came of them."""
    replica_set = seen.replica_set
    status, waits_ms = replicas.counted(replica_set, claims, seen.now_ms)
    status |= {"terminatingReplicas": claims.terminating, "observedGeneration": replica_set["metadata"]["generation"]}
    if failure := replicas.failure_conditions(replica_set, seen.failures, seen.now_ms):
        status["conditions"] = failure
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


# ------------------------------------------------------------------------------------------- waking and looking


def _controller(obj: Obj) -> Iterable[str]:
    uid = objects.controller_uid(obj)
    return (uid,) if uid else ()
