"""Statuses that a client writes: counts that make no sense, addresses of load balancers, phases.

`validate_status` asks these of what is written through `/status`. Models kubernetes `ValidateDeploymentStatus` and its
like in `pkg/apis/*/validation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from app.api.errors import Cause
from app.api.objects import Obj, is_terminating
from app.registry.validation import causes, metadata
from app.registry.validation.conditions import check_conditions

_NO_DECREMENT = "cannot be decremented"
_IP_MODES = ("Proxy", "VIP")
_BALANCED = "may only be used when `spec.type` is 'LoadBalancer'"
_WHEN_IP, _ONLY_WITH_IP = "must be specified when `ip` is set", "may not be specified when `ip` is not set"

Check = Callable[[Obj, Obj], Iterator[Cause]]


# ------------------------------------------------------------------------------------------ counts

# (not negative; at most status.replicas; how the complaint names the pods that are ready)
_REPLICAS = {
    "Deployment": (
        "observedGeneration replicas updatedReplicas readyReplicas availableReplicas unavailableReplicas "
        "terminatingReplicas collisionCount",
        "updatedReplicas readyReplicas availableReplicas",
        "readyReplicas",
    ),
    "ReplicaSet": (
        "replicas fullyLabeledReplicas readyReplicas availableReplicas observedGeneration terminatingReplicas",
        "fullyLabeledReplicas readyReplicas availableReplicas",
        "readyReplicas",
    ),
    "ReplicationController": (
        "replicas fullyLabeledReplicas readyReplicas availableReplicas observedGeneration",
        "fullyLabeledReplicas readyReplicas availableReplicas",
        "readyReplicas",
    ),
    "StatefulSet": (
        "replicas readyReplicas currentReplicas updatedReplicas availableReplicas observedGeneration collisionCount",
        "readyReplicas currentReplicas updatedReplicas availableReplicas",
        "status.readyReplicas",
    ),
    "DaemonSet": (
        "currentNumberScheduled numberMisscheduled desiredNumberScheduled numberReady observedGeneration "
        "updatedNumberScheduled numberAvailable numberUnavailable collisionCount",
        "",
        "",
    ),
    "HorizontalPodAutoscaler": ("currentReplicas desiredReplicas", "", ""),
}


def _check_replicas(kind: str, new: Obj, old: Obj) -> Iterator[Cause]:
    counts, parts, ready = _REPLICAS[kind]
    status = new.get("status") or {}
    yield from causes.not_negative(status, "status", *counts.split())
    total, available = status.get("replicas") or 0, status.get("availableReplicas") or 0
    for name in parts.split():
        if (number := status.get(name) or 0) > total:
            yield causes.invalid(f"status.{name}", number, "cannot be greater than status.replicas")
    if ready and available > (status.get("readyReplicas") or 0):
        yield causes.invalid("status.availableReplicas", available, f"cannot be greater than {ready}")
    if "collisionCount" in counts:
        was, now = ((obj.get("status") or {}).get("collisionCount") for obj in (old, new))
        if was is not None and (now is None or now < was):
            yield causes.invalid("status.collisionCount", now or 0, _NO_DECREMENT)


def _check_budget(new: Obj, old: Obj) -> Iterator[Cause]:
    status = new.get("status") or {}
    yield from check_conditions(status.get("conditions") or (), "status.conditions")
    counts = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
    yield from causes.not_negative(status, "status", *counts)


# ------------------------------------------------------------------------------------------ addresses and phases


def _check_service(new: Obj, old: Obj) -> Iterator[Cause]:
    ingress, field = _ingress(new), "status.loadBalancer.ingress"
    if ingress and (new.get("spec") or {}).get("type") != "LoadBalancer":
        yield causes.forbidden(field, _BALANCED)
        return
    for index, place in enumerate(ingress):
        at, ip, mode = f"{field}[{index}]", place.get("ip"), place.get("ipMode")
        yield from causes.ip_address(f"{at}.ip", ip) if ip else ()
        if mode is None and ip:
            yield causes.required(f"{at}.ipMode", _WHEN_IP)
        elif mode is not None and not ip:
            yield causes.forbidden(f"{at}.ipMode", _ONLY_WITH_IP)
        elif mode is not None:
            yield from causes.among(f"{at}.ipMode", mode, _IP_MODES)
        yield from _check_hostname(f"{at}.hostname", place.get("hostname", ""))


def _check_ingress(new: Obj, old: Obj) -> Iterator[Cause]:
    for index, place in enumerate(_ingress(new)):
        at, ip = f"status.loadBalancer.ingress[{index}]", place.get("ip")
        yield from causes.ip_address(f"{at}.ip", ip) if ip else ()
        yield from _check_hostname(f"{at}.hostname", place.get("hostname", ""))


def _ingress(obj: Obj) -> list[Obj]:
    return ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []


def _check_hostname(field: str, name: str) -> Iterator[Cause]:
    for problem in metadata.is_subdomain(name) if name else ():
        yield causes.invalid(field, name, problem)
    if causes.is_address(name):
        yield causes.invalid(field, name, "must be a DNS name, not an IP address")


def _check_namespace(new: Obj, old: Obj) -> Iterator[Cause]:
    phase = (new.get("status") or {}).get("phase", "")
    wanted, why = ("Terminating", "is not empty") if is_terminating(new) else ("Active", "is empty")
    if phase != wanted:
        yield causes.invalid("status.Phase", phase, f"may only be '{wanted}' if `deletionTimestamp` {why}")


CHECKS: dict[str, Check] = {
    **{kind: partial(_check_replicas, kind) for kind in _REPLICAS},
    "PodDisruptionBudget": _check_budget,
    "Service": _check_service,
    "Ingress": _check_ingress,
    "Namespace": _check_namespace,
}
