"""What a ResourceQuota limits and what an object uses of it. Pure; for the admission of new objects and for the loop
that counts anew.

Models kubernetes/pkg/quota/v1/evaluator/core and apiserver `pkg/quota/v1/resources.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.api import kinds, pods, qos, quantities
from app.api.objects import Obj

Amounts = dict[str, str]  # resource -> canonical quantity

_COMPUTE = {
    "cpu": ("cpu", "requests"),
    "memory": ("memory", "requests"),
    "requests.cpu": ("cpu", "requests"),
    "requests.memory": ("memory", "requests"),
    "limits.cpu": ("cpu", "limits"),
    "limits.memory": ("memory", "limits"),
}
_COUNTED = {
    "Pod": "pods",
    "Service": "services",
    "ReplicationController": "replicationcontrollers",
    "ResourceQuota": "resourcequotas",
    "Secret": "secrets",
    "ConfigMap": "configmaps",
    "PersistentVolumeClaim": "persistentvolumeclaims",
}


def counted_kinds(hard: Mapping[str, Any]) -> list[str]:
    """The kinds whose objects use something of what a quota limits."""
    found = {kind for kind, resource in _COUNTED.items() if resource in hard}
    if hard.keys() & _COMPUTE.keys():
        found.add("Pod")
    if any(resource.startswith("services.") for resource in hard):
        found.add("Service")
    if "requests.storage" in hard:
        found.add("PersistentVolumeClaim")
    found |= {row.kind for row in kinds.KINDS.values() if not row.internal and f"count/{row.resource}" in hard}
    return sorted(found)


def usage(obj: Obj) -> Amounts:
    """Everything that this object uses, whatever is limited."""
    kind = obj["kind"]
    used = {f"count/{kinds.KINDS[kind].resource}": "1"}
    if kind in _COUNTED and not (kind == "Pod" and pods.is_terminal(obj)):
        used[_COUNTED[kind]] = "1"
    if kind == "Pod" and not pods.is_terminal(obj):
        used |= {name: pods.total(obj, *where) for name, where in _COMPUTE.items()}
    elif kind == "Service":
        type_ = obj["spec"].get("type", "ClusterIP")
        ports = len(obj["spec"].get("ports") or ()) if type_ in ("NodePort", "LoadBalancer") else 0
        used |= {"services.nodeports": str(ports), "services.loadbalancers": str(int(type_ == "LoadBalancer"))}
    elif kind == "PersistentVolumeClaim":
        requests = (obj["spec"].get("resources") or {}).get("requests") or {}
        used["requests.storage"] = quantities.canonical(str(requests.get("storage", "0")))
    return used


def applies(quota: Obj, obj: Obj) -> bool:
    """Whether its scopes take in this object; quotas without scopes take in all."""
    spec = quota.get("spec") or {}
    scopes = [*(spec.get("scopes") or ()), *_selected(spec)]
    return not scopes or (obj["kind"] == "Pod" and all(_in_scope(scope, obj) for scope in scopes))


def _selected(spec: Mapping[str, Any]) -> list[str]:
    expressions = (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    return [each["scopeName"] for each in expressions if each.get("operator") == "Exists"]


def _in_scope(scope: str, pod: Obj) -> bool:
    ends = pod["spec"].get("activeDeadlineSeconds") is not None
    best_effort = qos.qos_class(pod["spec"]) == "BestEffort"
    return {
        "Terminating": ends,
        "NotTerminating": not ends,
        "BestEffort": best_effort,
        "NotBestEffort": not best_effort,
        "PriorityClass": bool(pod["spec"].get("priorityClassName")),
    }.get(scope, False)


def missing(hard: Mapping[str, Any], pod: Obj) -> str:
    """`limits.cpu for: nginx; requests.memory for: nginx`: what a pod has to say where a quota limits it."""
    said = []
    for resource in sorted(hard.keys() & _COMPUTE.keys()):
        what, field = _COMPUTE[resource]
        given = {each["name"]: (each.get("resources") or {}).get(field) or {} for each in pod["spec"]["containers"]}
        silent = [name for name, amounts in given.items() if what not in amounts]
        if silent:
            said.append(f"{resource} for: {','.join(silent)}")
    return "; ".join(said)


def counted(quota: Obj, found: Iterable[Obj]) -> Amounts:
    """What these objects use together of what the quota limits."""
    hard: Mapping[str, Any] = (quota.get("spec") or {}).get("hard") or {}
    sums = dict.fromkeys(sorted(hard), "0")
    for obj in found:
        if applies(quota, obj):
            for resource, amount in usage(obj).items():
                if resource in sums:
                    sums[resource] = quantities.add(sums[resource], amount)
    return sums


def exceeded(hard: Mapping[str, Any], used: Mapping[str, str], more: Mapping[str, str]) -> list[str]:
    """The resources of which there would be too much."""
    return [
        resource
        for resource in sorted(more)
        if quantities.parse(more[resource]) > 0
        and quantities.parse(quantities.add(used.get(resource, "0"), more[resource]))
        > quantities.parse(str(hard[resource]))
    ]


def written(amounts: Mapping[str, Any], resources: Iterable[str]) -> str:
    """`pods=2,requests.cpu=1`"""
    return ",".join(f"{resource}={amounts.get(resource, '0')}" for resource in resources)
