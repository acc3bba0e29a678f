"""What a ResourceQuota limits and what an object uses of it. Pure; for the admission of new objects and for the loop
that counts anew. A kind is named here as quotas name it, by its resource: `pods`, `deployments.apps`.

Models kubernetes/pkg/quota/v1/evaluator/core and apiserver `pkg/quota/v1/resources.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.api import quantities
from app.api.kinds import Kind
from app.api.objects import Obj
from app.component_helpers import pods, qos

Amounts = dict[str, str]  # resource -> canonical quantity

_COMPUTE = {
    "cpu": ("cpu", "requests"),
    "memory": ("memory", "requests"),
    "requests.cpu": ("cpu", "requests"),
    "requests.memory": ("memory", "requests"),
    "limits.cpu": ("cpu", "limits"),
    "limits.memory": ("memory", "limits"),
    "ephemeral-storage": ("ephemeral-storage", "requests"),
    "requests.ephemeral-storage": ("ephemeral-storage", "requests"),
    "limits.ephemeral-storage": ("ephemeral-storage", "limits"),
}
# Where one of these is limited, every container has to say how much it wants.
_MUST_BE_SAID = ("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory")
_CLASS = ".storageclass.storage.k8s.io/"
_COUNTED = frozenset(
    {
        "pods",
        "services",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
    }
)
"""Resources that may be limited by their bare names too, not only as `count/pods`."""


def counted_kinds(hard: Mapping[str, Any], kinds: Iterable[Kind]) -> list[Kind]:
    """Those of `kinds` whose objects use something of what a quota limits."""
    wanted = {resource.removeprefix("count/") for resource in hard if resource.startswith("count/")}
    wanted |= _COUNTED & hard.keys()
    if hard.keys() & _COMPUTE.keys():
        wanted.add("pods")
    if any(resource.startswith("services.") for resource in hard):
        wanted.add("services")
    if any(resource.endswith(("requests.storage", f"{_CLASS}persistentvolumeclaims")) for resource in hard):
        wanted.add("persistentvolumeclaims")
    found = (kind for kind in kinds if not kind.internal and kind.resource in wanted)
    return sorted(found, key=lambda kind: kind.key)


def usage(resource: str, obj: Obj) -> Amounts:
    """Everything that this object uses, whatever is limited."""
    used = {f"count/{resource}": "1"}
    if resource in _COUNTED and not (resource == "pods" and pods.is_terminal(obj)):
        used[resource] = "1"
    if resource == "pods" and not pods.is_terminal(obj):
        used |= {name: pods.total(obj, *where) for name, where in _COMPUTE.items()}
    elif resource == "services":
        used |= _of_service(obj["spec"])
    elif resource == "persistentvolumeclaims":
        used |= _of_claim(obj["spec"])
    return used


def _of_service(spec: Mapping[str, Any]) -> Amounts:
    type_, ports = spec.get("type", "ClusterIP"), spec.get("ports") or ()
    if type_ == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is False:
        ports = [port for port in ports if port.get("nodePort")]
    open_ = len(ports) if type_ in ("NodePort", "LoadBalancer") else 0
    return {"services.nodeports": str(open_), "services.loadbalancers": str(int(type_ == "LoadBalancer"))}


def _of_claim(spec: Mapping[str, Any]) -> Amounts:
    requests = (spec.get("resources") or {}).get("requests") or {}
    storage = quantities.canonical(str(requests.get("storage", "0")))
    used = {"requests.storage": storage}
    if class_ := spec.get("storageClassName"):
        used |= {f"{class_}{_CLASS}requests.storage": storage, f"{class_}{_CLASS}persistentvolumeclaims": "1"}
    return used


def more_of(resource: str, obj: Obj, old: Obj | None) -> Amounts:
    """What this object uses beyond what it used before; nothing of what it uses less of now."""
    before = usage(resource, old) if old is not None else {}
    more = {name: quantities.add(amount, f"-{before.get(name, '0')}") for name, amount in usage(resource, obj).items()}
    return {name: amount for name, amount in more.items() if quantities.parse(amount) > 0}


def applies(quota: Obj, resource: str, obj: Obj) -> bool:
    """Whether its scopes take in this object; quotas without scopes take in all."""
    spec = quota.get("spec") or {}
    rules = [{"scopeName": scope, "operator": "Exists"} for scope in spec.get("scopes") or ()]
    rules += (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    return not rules or (resource == "pods" and all(_in_scope(rule, obj["spec"]) for rule in rules))


def _in_scope(rule: Mapping[str, Any], spec: Mapping[str, Any]) -> bool:
    match rule["scopeName"]:
        case "Terminating":
            return spec.get("activeDeadlineSeconds") is not None
        case "NotTerminating":
            return spec.get("activeDeadlineSeconds") is None
        case "BestEffort":
            return qos.qos_class(spec) == "BestEffort"
        case "NotBestEffort":
            return qos.qos_class(spec) != "BestEffort"
        case "PriorityClass":
            return _has_class(rule, spec.get("priorityClassName") or "")
    return False


def _has_class(rule: Mapping[str, Any], name: str) -> bool:
    match rule["operator"]:
        case "In":
            return name in (rule.get("values") or ())
        case "NotIn":
            return name not in (rule.get("values") or ())
        case "DoesNotExist":
            return not name
    return bool(name)


def missing(hard: Mapping[str, Any], pod: Obj) -> str:
    """`limits.cpu for: nginx; requests.memory for: nginx`: what a pod has to say where a quota limits it."""
    said = []
    containers = (*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ()))
    for resource in sorted(hard.keys() & set(_MUST_BE_SAID)):
        what, field = _COMPUTE[resource]
        given = {each["name"]: (each.get("resources") or {}).get(field) or {} for each in containers}
        silent = sorted(name for name, amounts in given.items() if what not in amounts)
        if silent and what not in ((pod["spec"].get("resources") or {}).get(field) or {}):
            said.append(f"{resource} for: {','.join(silent)}")
    return "; ".join(said)


def counted(quota: Obj, found: Mapping[str, Iterable[Obj]]) -> Amounts:
    """What these objects, by resource, use together of what the quota limits."""
    hard: Mapping[str, Any] = (quota.get("spec") or {}).get("hard") or {}
    sums = dict.fromkeys(sorted(hard), "0")
    for resource, objects in found.items():
        for obj in objects:
            if applies(quota, resource, obj):
                for name, amount in usage(resource, obj).items():
                    if name in sums:
                        sums[name] = quantities.add(sums[name], amount)
    return sums


def exceeded(hard: Mapping[str, Any], used: Mapping[str, str], more: Mapping[str, str]) -> list[str]:
    """The resources of which there would be too much."""
    return [
        resource
        for resource in sorted(more)
        if quantities.parse(quantities.add(used.get(resource, "0"), more[resource]))
        > quantities.parse(str(hard[resource]))
    ]


def written(amounts: Mapping[str, Any], resources: Iterable[str]) -> str:
    """`pods=2,requests.cpu=1`"""
    return ",".join(f"{resource}={amounts.get(resource, '0')}" for resource in resources)
