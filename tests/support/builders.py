"""Small, defaulted Kubernetes objects for tests: `pod()`, `node()`, `replica_set(replicas=3)`, `deployment()`, ...

Every object is complete enough for the loops (uid, resourceVersion, generation, defaulted fields), equal on every
call, and a plain dict. Keyword arguments name what a test is about; `**spec` goes into `spec` as it is, except that
`metadata=` and `status=` replace fields of those parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.api import objects, times
from app.api.objects import Obj

NOW_MS = times.parse("2026-01-01T09:00:00Z")
"""The moment tests take place; objects were created an hour before."""

CREATED_MS = NOW_MS - 3_600_000
LABELS = {"app": "web"}


def pod(
    name: str = "web-1",
    *,
    namespace: str = "default",
    labels: dict[str, str] | None = None,
    owner: Obj | None = None,
    node: str = "node-1",
    ip: str = "10.244.1.2",
    phase: str = "Running",
    ready: bool = True,
    ready_since_ms: int | None = None,
    created_ms: int = CREATED_MS,
    restarts: int = 0,
    deleting: bool = False,
    image: str = "nginx:1.27",
    requests: dict[str, str] | None = None,
    ports: Sequence[dict[str, Any]] = (),
    metadata: dict[str, Any] | None = None,
    status: dict[str, Any] | None = None,
    **spec: Any,
) -> Obj:
    """A pod that runs and is Ready on node-1. `owner` becomes its controller; `node=""` leaves it unassigned and
    Pending; `deleting` marks it for deletion now."""
    if not node and phase == "Running":
        phase, ready = "Pending", False
    ready = ready and phase == "Running"
    meta: dict[str, Any] = {"generation": 1, "labels": LABELS if labels is None else labels}
    if owner:
        meta["ownerReferences"] = [objects.owner_reference(owner)]
    if deleting:
        meta |= {"deletionTimestamp": times.rfc3339(NOW_MS + 30_000), "deletionGracePeriodSeconds": 30}
    container = _container(image, requests, ports)
    since = times.rfc3339(created_ms if ready_since_ms is None else ready_since_ms)
    state = _pod_status(phase, bool(node), ready, since, restarts, container, ip)
    body = {**_pod_spec(container), **({"nodeName": node} if node else {}), **spec}
    return _obj(
        "v1", "Pod", name, namespace, created_ms, {**meta, **(metadata or {})}, body, {**state, **(status or {})}
    )


def node(
    name: str = "node-1",
    *,
    cpu: str = "4",
    memory: str = "8Gi",
    pods: str = "110",
    ready: bool = True,
    labels: dict[str, str] | None = None,
    metadata: dict[str, Any] | None = None,
    status: dict[str, Any] | None = None,
    **spec: Any,
) -> Obj:
    """A Ready node of 4 CPUs, 8 GiB and room for 110 pods. `unschedulable=True` cordons it."""
    resources = {"cpu": cpu, "ephemeral-storage": "100Gi", "memory": memory, "pods": pods}
    condition = {
        "type": "Ready",
        "status": str(ready),
        "lastHeartbeatTime": times.rfc3339(NOW_MS),
        "lastTransitionTime": times.rfc3339(CREATED_MS),
        "reason": "KubeletReady" if ready else "KubeletNotReady",
        "message": "kubelet is posting ready status" if ready else "container runtime is down",
    }
    meta = {
        "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", **(labels or {})},
        **(metadata or {}),
    }
    state = {
        "capacity": resources,
        "allocatable": resources,
        "conditions": [condition],
        "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}, {"type": "Hostname", "address": name}],
    }
    return _obj("v1", "Node", name, "", CREATED_MS, meta, spec, {**state, **(status or {})})


def replica_set(
    name: str = "web-abc",
    *,
    namespace: str = "default",
    replicas: int = 3,
    labels: dict[str, str] | None = None,
    owner: Obj | None = None,
    image: str = "nginx:1.27",
    created_ms: int = CREATED_MS,
    metadata: dict[str, Any] | None = None,
    status: dict[str, Any] | None = None,
    **spec: Any,
) -> Obj:
    """A ReplicaSet that selects and makes pods with `labels`; its status says nothing yet."""
    labels = LABELS if labels is None else labels
    meta = {"generation": 1, "labels": labels}
    if owner:
        meta["ownerReferences"] = [objects.owner_reference(owner)]
    body = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template(labels, image), **spec}
    state = {"replicas": 0, **(status or {})}
    return _obj("apps/v1", "ReplicaSet", name, namespace, created_ms, {**meta, **(metadata or {})}, body, state)


def deployment(
    name: str = "web",
    *,
    namespace: str = "default",
    replicas: int = 3,
    labels: dict[str, str] | None = None,
    image: str = "nginx:1.27",
    max_surge: int | str = "25%",
    max_unavailable: int | str = "25%",
    recreate: bool = False,
    created_ms: int = CREATED_MS,
    metadata: dict[str, Any] | None = None,
    status: dict[str, Any] | None = None,
    **spec: Any,
) -> Obj:
    """A Deployment with the API server's defaults, not yet seen by its controller."""
    labels = LABELS if labels is None else labels
    rolling = {"maxUnavailable": max_unavailable, "maxSurge": max_surge}
    body = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": template(labels, image),
        "strategy": {"type": "Recreate"} if recreate else {"type": "RollingUpdate", "rollingUpdate": rolling},
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
        **spec,
    }
    meta = {"generation": 1, "labels": labels, **(metadata or {})}
    return _obj("apps/v1", "Deployment", name, namespace, created_ms, meta, body, status or {})


def service(
    name: str = "web",
    *,
    namespace: str = "default",
    selector: dict[str, str] | None = None,
    ports: Sequence[dict[str, Any]] = ({"name": "http", "protocol": "TCP", "port": 80, "targetPort": 80},),
    metadata: dict[str, Any] | None = None,
    **spec: Any,
) -> Obj:
    """A ClusterIP Service for the pods of `deployment()`. `selector={}` is a Service without one."""
    body: dict[str, Any] = {
        "ports": list(ports),
        "selector": LABELS if selector is None else selector,
        "clusterIP": "10.96.0.10",
        "clusterIPs": ["10.96.0.10"],
        "type": "ClusterIP",
        "sessionAffinity": "None",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
        **spec,
    }
    return _obj("v1", "Service", name, namespace, CREATED_MS, metadata or {}, body, {"loadBalancer": {}})


def namespace(name: str = "default", *, deleting: bool = False, metadata: dict[str, Any] | None = None) -> Obj:
    """An Active namespace, or one that was told to go."""
    meta: dict[str, Any] = {"labels": {"kubernetes.io/metadata.name": name}}
    if deleting:
        meta["deletionTimestamp"] = times.rfc3339(NOW_MS)
    status = {"phase": "Terminating" if deleting else "Active"}
    return _obj(
        "v1", "Namespace", name, "", CREATED_MS, {**meta, **(metadata or {})}, {"finalizers": ["kubernetes"]}, status
    )


def template(labels: dict[str, str] | None = None, image: str = "nginx:1.27", **spec: Any) -> Obj:
    """A pod template of one nginx container."""
    return {
        "metadata": {"labels": LABELS if labels is None else labels},
        "spec": {**_pod_spec(_container(image)), **spec},
    }


def with_label(obj: Obj, key: str, value: str) -> Obj:
    return objects.with_metadata(obj, labels={**objects.labels_of(obj), key: value})


def with_status(obj: Obj, **fields: Any) -> Obj:
    return {**obj, "status": {**obj.get("status", {}), **fields}}


def with_spec(obj: Obj, **fields: Any) -> Obj:
    """Changed as a person would: the generation goes up by one."""
    meta = obj["metadata"]
    return {**obj, "metadata": {**meta, "generation": meta.get("generation", 1) + 1}, "spec": {**obj["spec"], **fields}}


def _container(image: str, requests: dict[str, str] | None = None, ports: Sequence[dict[str, Any]] = ()) -> Obj:
    return {
        "name": "nginx",
        "image": image,
        **({"ports": list(ports)} if ports else {}),
        "resources": {"requests": requests} if requests else {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    }


def _pod_status(
    phase: str, bound: bool, ready: bool, since: str, restarts: int, container: Obj, ip: str
) -> dict[str, Any]:
    """As a kubelet tells it; without a node nobody has told anything yet."""
    state: dict[str, Any] = {"phase": phase, "qosClass": "Burstable" if container["resources"] else "BestEffort"}
    if bound:
        state["conditions"] = [
            {"type": kind, "status": str(value), "lastProbeTime": None, "lastTransitionTime": since}
            for kind, value in (("Ready", ready), ("ContainersReady", ready), ("PodScheduled", True))
        ]
    if phase == "Running":
        state |= {"podIP": ip, "podIPs": [{"ip": ip}], "hostIP": "10.0.0.1", "hostIPs": [{"ip": "10.0.0.1"}]}
        status = {"name": "nginx", "state": {"running": {"startedAt": since}}, "lastState": {}, "ready": ready}
        status |= {"restartCount": restarts, "image": container["image"], "imageID": "sha256:1", "started": True}
        state["containerStatuses"] = [status]
    return state


def _pod_spec(container: Obj) -> Obj:
    return {
        "containers": [container],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    }


def _obj(
    version: str, kind: str, name: str, namespace: str, created_ms: int, meta: Obj, spec: Obj, status: Obj | None
) -> Obj:
    metadata = {
        "name": name,
        **({"namespace": namespace} if namespace else {}),
        "uid": f"{kind.lower()}-{name}",
        "resourceVersion": "100",
        "creationTimestamp": times.rfc3339(created_ms),
        **meta,
    }
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec, "status": status}
