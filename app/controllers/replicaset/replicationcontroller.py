"""The ReplicationController loop: the ReplicaSet's elder, with a plain map for a selector.

The engine runs it for every ReplicationController whose own object, or one of whose pods, changed. Kubernetes runs its
ReplicaSet controller behind an adapter; here too the two decide alike (app/component_helpers/replicas.py), but that
nobody owns a ReplicationController, so its pods have no kin on other nodes, and its status does not count terminating
pods. Models kubernetes/pkg/controller/replication.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app import pod_control
from app.api import limits, objects, selectors
from app.api.messages import N_, Message
from app.api.objects import Obj, Ref, ref_of
from app.api.status import changed_fields
from app.component_helpers import pods, replicas
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

KIND = "ReplicationController"


@dataclass(frozen=True, slots=True)
class ReplicationControllerObservation:
    replication_controller: Obj
    owned_pods: Sequence[Obj]  # those it controls, finished and terminating ones too
    orphans: Sequence[Obj]  # pods of the namespace that nobody controls
    failures: Sequence[Failure]
    now_ms: int


class ReplicationController(Controller[ReplicationControllerObservation]):
    name = "replication-controller"
    title = "RC"
    subject = N_("The replication controller")
    lane = 50
    reconciles = KIND
    concurrency = 5
    says = pod_control.SAYS

    def __init__(self) -> None:
        self.wakes = (itself(KIND), pod_control.woken_by_pods(KIND))
        self.reads = (Cache(KIND, indexes=BY_NAMESPACE), pod_control.pods_of_few(KIND))

    def observe(self, key: Ref, reader: Reader) -> ReplicationControllerObservation | None:
        controller = reader.get(key)
        if controller is None:
            return None
        return ReplicationControllerObservation(
            replication_controller=controller,
            owned_pods=reader.by("Pod", "controller", objects.uid_of(controller)),
            orphans=reader.by("Pod", "controller", key.namespace),
            failures=tuple(reader.failures()),
            now_ms=reader.now_ms,
        )

    @staticmethod
    def saw(seen: ReplicationControllerObservation) -> Message:
        return pod_control.counts_pods(
            objects.name_of(seen.replication_controller), sum(map(pods.is_active, seen.owned_pods))
        )

    def diff(self, seen: ReplicationControllerObservation) -> Iterable[Difference]:
        controller = seen.replication_controller
        claims = replicas.claim(controller, selectors.of_owner(controller), seen.owned_pods, seen.orphans)
        yield from pod_control.adopt_and_release(controller, claims)
        if not objects.is_terminating(controller):
            yield from _replicas(seen, claims.active)
        yield from _status(seen, claims)


def _replicas(seen: ReplicationControllerObservation, active: list[Obj]) -> Iterator[Difference]:
    controller = seen.replication_controller
    desired, observed = controller["spec"]["replicas"], len(active)
    surplus = min(observed - desired, limits.ACTS_AT_A_TIME)
    if surplus < 0 and any(map(replicas.namespace_goes, seen.failures)):
        yield Difference(ref_of(controller), "spec.replicas", desired, observed, "NamespaceTerminating")
    elif surplus < 0:
        actions: tuple[Create | Delete, ...] = (pod_control.creation(controller, replicas.new_pod(controller)),) * min(
            -surplus, limits.ACTS_AT_A_TIME
        )
        yield Difference(ref_of(controller), "spec.replicas", desired, observed, "TooFewReplicas", actions)
    elif surplus > 0:
        ranked = replicas.first_to_go(active, (), seen.now_ms)
        actions = tuple(pod_control.deletion(controller, pod) for pod in ranked[:surplus])
        yield Difference(ref_of(controller), "spec.replicas", desired, observed, "TooManyReplicas", actions)


def _status(seen: ReplicationControllerObservation, claims: Claims) -> Iterator[Difference]:
    """What was seen before acting. The next reconcile, woken by the acts, sees what came of them."""
    controller = seen.replication_controller
    status, waits_ms = replicas.counted(controller, claims, seen.now_ms)
    status["observedGeneration"] = controller["metadata"]["generation"]
    if failure := replicas.failure_conditions(controller, seen.failures, seen.now_ms):
        status["conditions"] = failure
    if status != controller.get("status"):
        desired, observed = changed_fields(status, controller.get("status"))
        actions = (UpdateStatus(controller, status),)
        yield Difference(ref_of(controller), "status", desired, observed, "StatusOutdated", actions)
    if waits_ms is not None:
        ready, available = status.get("readyReplicas", 0), status.get("availableReplicas", 0)
        wake = RequeueAfter(waits_ms, "minReadySeconds")
        yield Difference(
            ref_of(controller), "status.availableReplicas", ready, available, "MinReadySecondsNotOver", (wake,)
        )
