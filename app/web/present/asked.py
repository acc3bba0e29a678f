"""Whether *Why not?* is worth a button beside an object: it is not as it was declared to be. From the object alone,
for it is asked each time that the object is drawn; what holds it up is looked for when somebody wants to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.api import conditions, objects
from app.api.objects import Obj
from app.component_helpers import pods

GOOD = ("Ready", "Available", "Synced", "Established", "NamesAccepted", "Reconciled", "Healthy", "Succeeded")
"""Conditions that say when False that something is not as it should be."""


def is_short(obj: Obj) -> bool:
    if objects.is_terminating(obj):
        return True
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    rule = _RULES.get(objects.kind_of(obj))
    return rule(spec, status) if rule is not None else _says_no(status)


def _says_no(status: Mapping[str, Any]) -> bool:
    """One of its conditions."""
    found = status.get("conditions")
    return any(each.get("type") in GOOD and each.get("status") == "False" for each in _listed(found))


def _listed(found: Any) -> list[Any]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _pod(spec: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    pod = {"spec": spec, "status": status}
    return not pods.is_ready(pod) and status.get("phase") != "Succeeded"


def _replicas(spec: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    wanted = spec.get("replicas", 1)
    updated = status.get("updatedReplicas", wanted)
    return bool(spec.get("paused") or min(status.get("availableReplicas", 0), updated) < wanted)


def _deployment(spec: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    """Of a Deployment the status leaves out what is 0."""
    return _replicas(spec, {"updatedReplicas": 0, **status})


def _daemons(_spec: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    wanted = status.get("desiredNumberScheduled", 0)
    return bool(min(status.get("numberAvailable", 0), status.get("updatedNumberScheduled", 0)) < wanted or not wanted)


def _job(_spec: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    return not conditions.is_true(status.get("conditions"), "Complete")


def _node(spec: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    return bool(spec.get("unschedulable")) or not conditions.is_true(status.get("conditions"), "Ready")


_RULES: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], bool]] = {
    "Pod": _pod,
    "Deployment": _deployment,
    "ReplicaSet": _replicas,
    "ReplicationController": _replicas,
    "StatefulSet": _deployment,
    "DaemonSet": _daemons,
    "Job": _job,
    "CronJob": lambda _spec, _status: True,
    "HorizontalPodAutoscaler": lambda _spec, _status: True,
    "PodDisruptionBudget": lambda _spec, status: not status.get("disruptionsAllowed"),
    "PersistentVolumeClaim": lambda _spec, status: status.get("phase") != "Bound",
    "Node": _node,
}
