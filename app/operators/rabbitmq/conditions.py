"""The status of a RabbitmqCluster: its conditions and its quorumStatus, from what the operator sees. Pure.

Models the package `internal/status` and the quorum status of RabbitMQ's cluster-operator 2.22.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from app.api import quantities, times
from app.api.objects import Obj, find_named, name_of

ALL_READY, AVAILABLE, NO_WARNINGS, SUCCESS = "AllReplicasReady", "ClusterAvailable", "NoWarnings", "ReconcileSuccess"


class Verdict(NamedTuple):
    status: str
    reason: str
    message: str = ""


def all_ready(stateful_set: Obj | None) -> Verdict:
    if stateful_set is None:
        return Verdict("Unknown", "MissingStatefulSet", "Could not find StatefulSet")
    desired, ready = stateful_set["spec"].get("replicas", 1), ready_replicas(stateful_set)
    if desired == 0:
        return Verdict("False", "ScaledToZero")
    if desired == ready:
        return Verdict("True", "AllPodsAreReady")
    return Verdict("False", "NotAllPodsReady", f"{ready}/{desired} Pods ready")


def ready_replicas(stateful_set: Obj) -> int:
    return int((stateful_set.get("status") or {}).get("readyReplicas", 0))


def available(slices: Sequence[Obj]) -> Verdict:
    """An address is enough: it does not look whether it is ready."""
    if not slices:
        return Verdict("Unknown", "CouldNotRetrieveEndpoints", "Could not verify available service endpoints")
    if any(endpoint.get("addresses") for endpoint in slices[0].get("endpoints") or ()):
        return Verdict("True", "AtLeastOneEndpointAvailable")
    return Verdict("False", "NoEndpointsAvailable", "The service has no endpoints available")


def no_warnings(stateful_set: Obj | None) -> Verdict:
    if stateful_set is None:
        return Verdict("Unknown", "MissingStatefulSet", "Could not find StatefulSet")
    container = find_named(stateful_set["spec"]["template"]["spec"]["containers"], "rabbitmq") or {}
    resources = container.get("resources") or {}
    limit, request = ((resources.get(each) or {}).get("memory") for each in ("limits", "requests"))
    if limit and request and quantities.value(limit) != quantities.value(request):
        message = "RabbitMQ container memory resource request and limit must be equal"
        return Verdict("False", "MemoryRequestAndLimitDifferent", message)
    return Verdict("True", "NoWarnings")


def with_condition(status: dict[str, Any], type_: str, verdict: Verdict, now_ms: int) -> dict[str, Any]:
    """Its time is that of the last change of its status."""
    old = list(status.get("conditions") or ())
    before = next((each for each in old if each["type"] == type_), None)
    same = before is not None and before["status"] == verdict.status
    new = {"type": type_, "status": verdict.status}
    new["lastTransitionTime"] = before["lastTransitionTime"] if before is not None and same else times.rfc3339(now_ms)
    new |= {"reason": verdict.reason} | ({"message": verdict.message} if verdict.message else {})
    conditions = [new if each["type"] == type_ else each for each in old]
    return {**status, "conditions": conditions if before is not None else [*conditions, new]}


def quorum_status(slices: Sequence[Obj], servers: Sequence[Obj]) -> str:
    """What the servers answer, pod by pod of the endpoints."""
    known = {name_of(each): each.get("status") or {} for each in servers}
    endpoints = slices[0].get("endpoints") or () if slices else ()
    pods = [(each.get("targetRef") or {}).get("name") or each.get("hostname") or "unknown" for each in endpoints]
    answers = {pod: _answer(known.get(pod)) for pod in pods}
    critical = sorted(pod for pod, answer in answers.items() if answer == "critical")
    silent = [*answers.values()].count("unavailable")
    more = f" ({silent} unavailable)" if silent else ""
    if critical:
        return f"quorum-critical: {', '.join(critical)}{more}"
    return f"ok{more}" if "ok" in answers.values() else "unavailable"


def _answer(status: dict[str, Any] | None) -> str:
    place = (status or {}).get("place")
    if not status or not place or place["off"] or place["cut"]:
        return "unavailable"
    return "critical" if status["critical"] else "ok"
