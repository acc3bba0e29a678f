"""Defaulting: the fields that the API server adds to what people leave out.

The API server calls `default` on every object it is given, and `admit` on what is being created. Both are idempotent,
copy only the path they change, and answer the same dict when there is nothing to add. A pod that shares its spec with a
template costs one look-up. Objects must have passed `app.api.schema.decode`, or be built like one.
Models kubernetes `pkg/apis/*/v1/defaults.go` and the admission plugins DefaultTolerationSeconds and Priority.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.api.errors import Forbidden
from app.api.memo import by_identity
from app.api.objects import Obj, name_of

DEFAULT_TOLERATION_SECONDS = 300


def default(obj: Obj) -> Obj:
    """`obj` with every field that Kubernetes fills in. Cluster IPs and node ports are the API server's to allocate."""
    fill = _BY_KIND.get(obj["kind"])
    return fill(obj) if fill else obj


def admit(pod: Obj) -> Obj:
    """A pod being created, with the default tolerations of failing nodes and its priority. Raises Forbidden for a
    priority class that does not exist. Other kinds are answered as they are."""
    return _with(pod, "spec", _admitted_spec(pod["spec"])) if pod["kind"] == "Pod" and "spec" in pod else pod


# ------------------------------------------------------------------------------------------------ workloads


def _deployment(obj: Obj) -> Obj:
    spec = _filled(obj.get("spec", {}), {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600})
    strategy = _filled(spec.get("strategy", {}), {"type": "RollingUpdate"})
    if strategy["type"] == "RollingUpdate":
        rolling = _filled(strategy.get("rollingUpdate", {}), {"maxUnavailable": "25%", "maxSurge": "25%"})
        strategy = _with(strategy, "rollingUpdate", rolling)
    return _with(obj, "spec", _with(_template(spec), "strategy", strategy))


def _replica_set(obj: Obj) -> Obj:
    return _with(obj, "spec", _template(_filled(obj.get("spec", {}), {"replicas": 1})))


def _template(spec: Obj) -> Obj:
    template = _filled(spec.get("template", {}), {"metadata": {}})
    return _with(spec, "template", _with(template, "spec", _template_spec(template.get("spec", {}))))


def _pod(obj: Obj) -> Obj:
    return _with(obj, "spec", _pod_spec(obj.get("spec", {})))


# ------------------------------------------------------------------------------------------------ pod specs


def _default_template_spec(spec: Mapping[str, Any]) -> Obj:
    """What a pod spec gets wherever it stands, in a pod or in a template."""
    filled = _filled(dict(spec) if not isinstance(spec, dict) else spec, _SPEC_DEFAULTS)
    for field in ("containers", "initContainers", "ephemeralContainers"):
        filled = _each(filled, field, _container)
    return _each(filled, "volumes", _volume)


def _default_pod_spec(spec: Mapping[str, Any]) -> Obj:
    """What only a pod's own spec gets, so that templates keep what was written."""
    filled = _filled(_template_spec(spec), {"enableServiceLinks": True})
    for field in ("containers", "initContainers"):
        filled = _each(filled, field, _requests_from_limits)
        if filled.get("hostNetwork"):
            filled = _each(filled, field, lambda container: _each(container, "ports", _host_port))
    return filled


def _admit_spec(spec: Mapping[str, Any]) -> Obj:
    tolerations = list(spec.get("tolerations", ()))
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(_tolerates(toleration, key) for toleration in tolerations):
            toleration = {"key": key, "operator": "Exists", "effect": "NoExecute"}
            tolerations.append({**toleration, "tolerationSeconds": DEFAULT_TOLERATION_SECONDS})
    admitted = spec if len(tolerations) == len(spec.get("tolerations", ())) else {**spec, "tolerations": tolerations}
    priority_class = spec.get("priorityClassName", "")
    if priority_class not in _PRIORITIES:
        raise Forbidden(f"no PriorityClass with name {priority_class} was found")
    return _filled(admitted, {"priority": _PRIORITIES[priority_class], "preemptionPolicy": "PreemptLowerPriority"})


_template_spec = by_identity(_default_template_spec)
_pod_spec = by_identity(_default_pod_spec)
_admitted_spec = by_identity(_admit_spec)

_PRIORITIES = {"": 0, "system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}

_SPEC_DEFAULTS: Obj = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "schedulerName": "default-scheduler",
}


def _tolerates(toleration: Mapping[str, Any], key: str) -> bool:
    return toleration.get("key", "") in ("", key) and toleration.get("effect", "") in ("", "NoExecute")


def _requests_from_limits(container: Obj) -> Obj:
    resources = container.get("resources", {})
    if not resources.get("limits"):
        return container
    requests = _filled(resources.get("requests", {}), resources["limits"])
    return _with(container, "resources", _with(resources, "requests", requests))


def _host_port(port: Obj) -> Obj:
    return _filled(port, {"hostPort": port["containerPort"]}) if "containerPort" in port else port


# ----------------------------------------------------------------------------------- containers and volumes


def _container(container: Obj) -> Obj:
    filled = _filled(
        container,
        {
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": pull_policy(container.get("image", "")),
        },
    )
    filled = _each(filled, "ports", _tcp)
    filled = _each(filled, "env", _variable)
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        filled = _inside(filled, probe, _probe)
    return _inside(filled, "lifecycle", _lifecycle)


def pull_policy(image: str) -> str:
    """Always for `:latest` or no tag at all, else IfNotPresent."""
    if "@" in image or not re.fullmatch(r"[a-z0-9].*", image.rpartition("/")[2]):
        return "IfNotPresent"
    tag = image.rpartition("/")[2].partition(":")[2] or "latest"
    return "Always" if tag == "latest" else "IfNotPresent"


def _probe(probe: Obj) -> Obj:
    filled = _filled(probe, {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3})
    return _inside(
        _inside(filled, "httpGet", _http_get), "grpc", lambda grpc: _filled(grpc, {"service": ""}, text=True)
    )


def _lifecycle(lifecycle: Obj) -> Obj:
    for hook in ("postStart", "preStop"):
        lifecycle = _inside(lifecycle, hook, lambda handler: _inside(handler, "httpGet", _http_get))
    return lifecycle


def _http_get(action: Obj) -> Obj:
    return _filled(action, {"path": "/", "scheme": "HTTP"})


def _variable(variable: Obj) -> Obj:
    return _inside(variable, "valueFrom", _field_reference)


def _field_reference(source: Obj) -> Obj:
    return _inside(source, "fieldRef", lambda reference: _filled(reference, {"apiVersion": "v1"}))


def _tcp(port: Obj) -> Obj:
    return _filled(port, {"protocol": "TCP"})


def _volume(volume: Obj) -> Obj:
    if not volume.keys() - {"name"}:
        return {**volume, "emptyDir": {}}
    for source in ("secret", "configMap", "downwardAPI", "projected"):
        volume = _inside(volume, source, lambda found: _filled(found, {"defaultMode": 0o644}))
    volume = _inside(volume, "hostPath", lambda found: _filled(found, {"type": ""}, text=True))
    volume = _inside(volume, "downwardAPI", lambda found: _each(found, "items", _field_reference))
    volume = _inside(volume, "projected", lambda found: _each(found, "sources", _projection))
    volume = _inside(volume, "ephemeral", lambda found: _inside(found, "volumeClaimTemplate", _claim))
    return _inside(
        volume, "image", lambda found: _filled(found, {"pullPolicy": pull_policy(found.get("reference", ""))})
    )


def _projection(source: Obj) -> Obj:
    source = _inside(source, "serviceAccountToken", lambda token: _filled(token, {"expirationSeconds": 3600}))
    return _inside(source, "downwardAPI", lambda found: _each(found, "items", _field_reference))


def _claim(claim: Obj) -> Obj:
    return _inside(claim, "spec", lambda spec: _filled(spec, {"volumeMode": "Filesystem"}))


# ------------------------------------------------------------------------------------------ the other kinds


def _service(obj: Obj) -> Obj:
    spec = _filled(obj.get("spec", {}), {"sessionAffinity": "None", "type": "ClusterIP"})
    if spec["sessionAffinity"] == "None":
        spec = {key: value for key, value in spec.items() if key != "sessionAffinityConfig"}
    elif spec["sessionAffinity"] == "ClientIP":
        timeout = spec.get("sessionAffinityConfig", {}).get("clientIP", {}).get("timeoutSeconds")
        if timeout is None:
            spec = {**spec, "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}}}
    spec = _each(spec, "ports", _service_port)
    if spec["type"] in ("NodePort", "LoadBalancer") or (spec["type"] == "ClusterIP" and spec.get("externalIPs")):
        spec = _filled(spec, {"externalTrafficPolicy": "Cluster"})
    if spec["type"] == "LoadBalancer":
        spec = _filled(spec, {"allocateLoadBalancerNodePorts": True})
    if spec["type"] in ("ClusterIP", "NodePort", "LoadBalancer"):
        families, policy = ["IPv4"], "SingleStack"
        if spec.get("clusterIP") == "None" and not spec.get("selector"):
            families, policy = ["IPv4", "IPv6"], "RequireDualStack"
        wanted = {"internalTrafficPolicy": "Cluster", "ipFamilies": families, "ipFamilyPolicy": policy}
        spec = _filled(spec, wanted)
    return obj if spec == obj.get("spec") else {**obj, "spec": spec}


def _service_port(port: Obj) -> Obj:
    filled = _filled(port, {"protocol": "TCP"})
    if port.get("targetPort") in (None, 0, ""):
        return {**filled, "targetPort": port.get("port", 0)}
    return filled


def _namespace(obj: Obj) -> Obj:
    """Every namespace bears its name as a label, so that selectors can name it."""
    if not obj["metadata"].get("name"):
        return obj
    labels = {**obj["metadata"].get("labels", {}), "kubernetes.io/metadata.name": name_of(obj)}
    return _inside(obj, "metadata", lambda metadata: _with(metadata, "labels", labels))


def _node(obj: Obj) -> Obj:
    capacity = obj.get("status", {}).get("capacity")
    return _inside(obj, "status", lambda status: _filled(status, {"allocatable": capacity})) if capacity else obj


def _endpoint_slice(obj: Obj) -> Obj:
    return _each(obj, "ports", lambda port: _filled(_filled(port, {"name": ""}, text=True), {"protocol": "TCP"}))


_BY_KIND: dict[str, Callable[[Obj], Obj]] = {
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "Pod": _pod,
    "PodTemplate": _template,
    "Service": _service,
    "Namespace": _namespace,
    "Node": _node,
    "EndpointSlice": _endpoint_slice,
}

# --------------------------------------------------------------------------------------------- path copying


def _filled(value: Mapping[str, Any], defaults: Mapping[str, Any], text: bool = False) -> Obj:
    """`value` with what it lacks of `defaults`; "" lacks too, unless "" is the default (`text`)."""
    lacking = {key: item for key, item in defaults.items() if value.get(key) is None or (value[key] == "" and not text)}
    return {**value, **lacking} if lacking or not isinstance(value, dict) else value


def _with(value: Obj, key: str, item: Any) -> Obj:
    return value if key in value and (value[key] is item or value[key] == item) else {**value, key: item}


def _inside(value: Obj, key: str, change: Callable[[Obj], Obj]) -> Obj:
    """`change` applied to `value[key]`, if that is there."""
    return _with(value, key, change(value[key])) if key in value else value


def _each(value: Obj, key: str, change: Callable[[Obj], Obj]) -> Obj:
    """`change` applied to each item of the list `value[key]`, if that is there."""
    items: Iterable[Obj] | None = value.get(key)
    return _with(value, key, [change(item) for item in items]) if items else value
