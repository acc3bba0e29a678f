"""Defaulting: the fields that the API server adds to what people leave out.

The scheme has what fills in each kind (`BY_KIND`); the API server calls that on every object it is given, and `admit`
on pods that are being created. All are idempotent, copy only the path they change, and answer the same dict when there
is nothing to add. A pod that shares its spec with a template costs one look-up. Objects must have been decoded, or be
built like one that was. Cluster IPs and node ports are the API server's to allocate.
Models kubernetes `pkg/apis/*/v1/defaults.go` and the admission plugins DefaultTolerationSeconds and Priority.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable

from app.api.errors import Forbidden
from app.api.objects import Obj, name_of
from app.component_helpers.pods import total
from app.registry.defaults.defaults_apis import api_service, flow_schema, priority_level
from app.registry.defaults.defaults_pods import (
    DEFAULT_TOLERATION_SECONDS,
    admitted_spec,
    claim,
    pod_spec,
    pull_policy,
    tcp,
)
from app.registry.defaults.defaults_workloads import WORKLOADS
from app.registry.defaults.filling import each, filled, having, inside

__all__ = ["BY_KIND", "DEFAULT_TOLERATION_SECONDS", "admit", "pull_policy", "readmit"]


def admit(pod: Obj, classes: Iterable[Obj] = ()) -> Obj:
    """A pod being created, with the default tolerations of failing nodes and its priority, which is that of its
    PriorityClass: one of `classes`, or Kubernetes' own. Raises Forbidden for one that does not exist."""
    if "spec" not in pod:
        return pod
    name = pod["spec"].get("priorityClassName", "")
    if name in _PRIORITIES:
        priority, preemption = _PRIORITIES[name], _PREEMPTS
        chosen = next((one for one in classes if one.get("globalDefault")), None) if not name else None
    else:
        chosen = next((one for one in classes if name_of(one) == name), None)
        if chosen is None:
            raise _forbidden(pod, f"no PriorityClass with name {name} was found")
    if chosen is not None:
        name, priority, preemption = name_of(chosen), chosen.get("value", 0), chosen.get("preemptionPolicy", _PREEMPTS)
    for field, kind, computed in (("priority", "integer", priority), ("preemptionPolicy", "string", preemption)):
        if (given := pod["spec"].get(field)) is not None and given != computed:
            said = f"the {kind} value of {_SAID[field]} ({given}) must not be provided in pod spec"
            why = f"priority admission controller computed {computed} from the given PriorityClass name"
            raise _forbidden(pod, f"{said}; {why}")
    return having(pod, "spec", admitted_spec(pod["spec"], name, priority, preemption))


def _forbidden(pod: Obj, why: str) -> Forbidden:
    return Forbidden(f'pods "{pod["metadata"].get("name", "")}" is forbidden: {why}')


_SAID = {"priority": "priority", "preemptionPolicy": "PreemptionPolicy"}


def readmit(pod: Obj, old: Obj) -> Obj:
    """A pod being updated: what `admit` gave it, and whoever sends the whole pod leaves out, is not lost."""
    if "spec" not in pod or pod["spec"] == old["spec"]:
        return pod
    before = old["spec"]
    priority, preemption = before.get("priority", 0), before.get("preemptionPolicy", _PREEMPTS)
    return having(pod, "spec", admitted_spec(pod["spec"], "", priority, preemption))


_PREEMPTS = "PreemptLowerPriority"
_PRIORITIES = {"": 0, "system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}


def _pod(obj: Obj) -> Obj:
    spec = pod_spec(obj.get("spec", {}))
    if (spec.get("resources") or {}).get("limits"):
        spec = {**spec, "resources": _requests_of_pod(spec)}
    return having(obj, "spec", spec)


def _requests_of_pod(spec: Obj) -> Obj:
    """A pod with limits as a whole asks as a whole for what its containers ask for, or else for as much as its limits.

    Models `defaultPodRequests` of kubernetes/pkg/apis/core/v1/defaults.go."""
    own = spec["resources"]
    bare = {"spec": {key: value for key, value in spec.items() if key not in ("resources", "overhead")}}
    summed = {resource: total(bare, resource) for resource in ("cpu", "memory")}
    asked = {resource: amount for resource, amount in summed.items() if amount != "0"}
    requests = filled(filled(own.get("requests") or {}, asked), own["limits"])
    return own if requests == own.get("requests") else {**own, "requests": requests}


# ------------------------------------------------------------------------------------------ services, nodes


def _service(obj: Obj) -> Obj:
    spec = filled(obj.get("spec", {}), {"sessionAffinity": "None", "type": "ClusterIP"})
    if spec["sessionAffinity"] == "None":
        spec = {key: value for key, value in spec.items() if key != "sessionAffinityConfig"}
    elif spec["sessionAffinity"] == "ClientIP":
        timeout = spec.get("sessionAffinityConfig", {}).get("clientIP", {}).get("timeoutSeconds")
        if timeout is None:
            spec = {**spec, "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}}}
    spec = each(spec, "ports", _service_port)
    if spec["type"] in ("NodePort", "LoadBalancer") or (spec["type"] == "ClusterIP" and spec.get("externalIPs")):
        spec = filled(spec, {"externalTrafficPolicy": "Cluster"})
    if spec["type"] == "LoadBalancer":
        spec = filled(spec, {"allocateLoadBalancerNodePorts": True})
    if spec["type"] in ("ClusterIP", "NodePort", "LoadBalancer"):
        spec = filled(spec, {"internalTrafficPolicy": "Cluster"})
    obj = obj if spec == obj.get("spec") else {**obj, "spec": spec}
    return inside(obj, "status", lambda status: inside(status, "loadBalancer", _balancer)) if obj.get("status") else obj


def _balancer(status: Obj) -> Obj:
    return each(status, "ingress", lambda place: filled(place, {"ipMode": "VIP"}) if place.get("ip") else place)


def _service_port(port: Obj) -> Obj:
    complete = tcp(port)
    if port.get("targetPort") in (None, 0, ""):
        return {**complete, "targetPort": port.get("port", 0)}
    return complete


def _namespace(obj: Obj) -> Obj:
    """Every namespace bears its name as a label, so that selectors can name it."""
    if not obj["metadata"].get("name"):
        return obj
    labels = {**obj["metadata"].get("labels", {}), "kubernetes.io/metadata.name": name_of(obj)}
    return inside(obj, "metadata", lambda metadata: having(metadata, "labels", labels))


def _node(obj: Obj) -> Obj:
    capacity = obj.get("status", {}).get("capacity")
    return inside(obj, "status", lambda status: filled(status, {"allocatable": capacity})) if capacity else obj


def _endpoint_slice(obj: Obj) -> Obj:
    return each(obj, "ports", lambda port: filled(filled(port, {"name": ""}, text=True), {"protocol": "TCP"}))


# ------------------------------------------------------------------------------------------------ networking


def _endpoints(obj: Obj) -> Obj:
    return each(obj, "subsets", lambda subset: each(subset, "ports", tcp))


def _ingress_class(obj: Obj) -> Obj:
    return inside(
        obj, "spec", lambda spec: inside(spec, "parameters", lambda found: filled(found, {"scope": "Cluster"}))
    )


def _network_policy(obj: Obj) -> Obj:
    spec = obj.get("spec", {})
    for direction in ("ingress", "egress"):
        spec = each(spec, direction, lambda rule: each(rule, "ports", tcp))
    if not spec.get("policyTypes"):
        spec = {**spec, "policyTypes": ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]}
    return having(obj, "spec", spec)


# ------------------------------------------------------------------------------------ storage and secrets


def _secret(obj: Obj) -> Obj:
    """`stringData` is for writing only: it goes into `data`, over what is there."""
    obj = filled(obj, {"type": "Opaque"})
    if "stringData" not in obj:
        return obj
    written = {key: base64.b64encode(text.encode()).decode() for key, text in obj["stringData"].items()}
    kept = {key: value for key, value in obj.items() if key != "stringData"}
    return {**kept, "data": {**obj.get("data", {}), **written}}


def _persistent_volume(obj: Obj) -> Obj:
    spec = filled(obj.get("spec", {}), {"persistentVolumeReclaimPolicy": "Retain", "volumeMode": "Filesystem"})
    return having(obj, "spec", inside(spec, "hostPath", lambda found: filled(found, {"type": ""}, text=True)))


def _storage_class(obj: Obj) -> Obj:
    return filled(obj, {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"})


_DRIVER: Obj = {
    "attachRequired": True,
    "podInfoOnMount": False,
    "storageCapacity": False,
    "fsGroupPolicy": "ReadWriteOnceWithFSType",
    "volumeLifecycleModes": ["Persistent"],
    "requiresRepublish": False,
    "seLinuxMount": False,
}


def _csi_driver(obj: Obj) -> Obj:
    return inside(obj, "spec", lambda spec: filled(spec, _DRIVER))


# -------------------------------------------------------------------------------------- devices


def _resource_claim(obj: Obj) -> Obj:
    return inside(obj, "spec", _devices)


def _resource_claim_template(obj: Obj) -> Obj:
    return inside(obj, "spec", _resource_claim)


def _devices(spec: Obj) -> Obj:
    return inside(spec, "devices", lambda devices: each(devices, "requests", _device_request))


def _device_request(request: Obj) -> Obj:
    return each(inside(request, "exactly", _how_many), "firstAvailable", _how_many)


def _how_many(request: Obj) -> Obj:
    request = each(request, "tolerations", lambda toleration: filled(toleration, {"operator": "Equal"}))
    request = filled(request, {"allocationMode": "ExactCount"})
    return (
        {**request, "count": 1} if request["allocationMode"] == "ExactCount" and not request.get("count") else request
    )


# -------------------------------------------------------------------------------------- the cluster's rules

_RBAC = "rbac.authorization.k8s.io"


def _role_binding(obj: Obj) -> Obj:
    obj = inside(obj, "roleRef", lambda role: filled(role, {"apiGroup": _RBAC}))
    return each(obj, "subjects", _subject)


def _subject(subject: Obj) -> Obj:
    return filled(subject, {"apiGroup": _RBAC}) if subject.get("kind") in ("User", "Group") else subject


def _limit_range(obj: Obj) -> Obj:
    return inside(obj, "spec", lambda spec: each(spec, "limits", _limit))


def _limit(limit: Obj) -> Obj:
    """What a container may have by default is at most what it may have; what it asks for, at most that."""
    if limit.get("type") != "Container":
        return limit
    default = filled(limit.get("default", {}), limit.get("max", {}))
    request = filled(filled(limit.get("defaultRequest", {}), default), limit.get("min", {}))
    given = {"default": default, "defaultRequest": request}
    return {**limit, **{name: amounts for name, amounts in given.items() if amounts and amounts != limit.get(name)}}


def _priority_class(obj: Obj) -> Obj:
    return filled(obj, {"preemptionPolicy": _PREEMPTS})


BY_KIND: dict[str, Callable[[Obj], Obj]] = {
    **WORKLOADS,
    "Pod": _pod,
    "Service": _service,
    "Namespace": _namespace,
    "Node": _node,
    "EndpointSlice": _endpoint_slice,
    "Endpoints": _endpoints,
    "IngressClass": _ingress_class,
    "NetworkPolicy": _network_policy,
    "Secret": _secret,
    "PersistentVolume": _persistent_volume,
    "PersistentVolumeClaim": claim,
    "StorageClass": _storage_class,
    "CSIDriver": _csi_driver,
    "APIService": api_service,
    "FlowSchema": flow_schema,
    "PriorityLevelConfiguration": priority_level,
    "ResourceClaim": _resource_claim,
    "ResourceClaimTemplate": _resource_claim_template,
    "RoleBinding": _role_binding,
    "ClusterRoleBinding": _role_binding,
    "LimitRange": _limit_range,
    "PriorityClass": _priority_class,
}
