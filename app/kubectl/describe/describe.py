"""`kubectl describe`, for the inspector: one object, what belongs to it, and its events, as text.

Models kubectl `pkg/describe/describe.go`; what it prints was compared with the recordings line by line.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.api.objects import (
    Obj,
    controller_of,
    controller_uid,
    get_path,
    kind_of,
    name_of,
    uid_of,
)
from app.api.selectors import format_selector, of_owner
from app.kubectl.describe import describe_network, describe_nodes, describe_pods, describe_sets
from app.kubectl.describe.describe_pods import Lines
from app.kubectl.describe.tabbed import align, head, marks, rfc1123, truth
from app.kubectl.printers.events import event_age
from app.kubectl.printers.printing import replicas

_OWN_WORDS = (
    "CSINode", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "CronJob", "Endpoints",
    "HorizontalPodAutoscaler", "IPAddress", "Ingress", "IngressClass", "Job", "LimitRange",
    "NetworkPolicy", "PersistentVolume", "PersistentVolumeClaim",
    "PodDisruptionBudget", "PriorityClass", "ResourceQuota", "Role", "RoleBinding", "Secret", "ServiceAccount",
    "ServiceCIDR", "StorageClass", "VolumeAttributesClass",
)  # fmt: skip
"""What kubectl describes in a way that is not modelled here. Kinds it has no words for it tells field by field."""


def knows(kind: str) -> bool:
    """Whether `describe` prints what kubectl prints."""
    return kind not in _OWN_WORDS


def describe(obj: Obj, now_ms: int, *, events: Iterable[Obj] = (), related: Iterable[Obj] = ()) -> str:
    """The text, ended by a newline. `events` are those about `obj`. Of the `related` objects each kind takes what it
    tells of: a Deployment its ReplicaSets, other workloads their Pods, a Service its
    EndpointSlices, a Node its Pods and its Lease; others are passed over."""
    around = tuple(related)
    kind = kind_of(obj)
    assert knows(kind)
    match kind:
        case "Pod":
            lines = describe_pods.pod(obj, now_ms)
        case "Deployment":
            lines = _deployment(obj, around)
        case "ReplicaSet" | "ReplicationController":
            lines = _replica_set(obj, around)
        case "StatefulSet":
            lines = describe_sets.stateful_set(obj, around)
        case "DaemonSet":
            lines = describe_sets.daemon_set(obj, around)
        case "Service":
            lines = describe_network.service(obj, around)
        case "Node":
            lines = describe_nodes.node(obj, around, now_ms)
        case "EndpointSlice":
            lines = describe_network.endpoint_slice(obj)
        case "ConfigMap":
            lines = _config_map(obj)
        case "Namespace":
            return align(_namespace(obj))  # the one that kubectl prints without events
        case _:
            lines = _any(obj)
    return align((*lines, *_events(events, now_ms)))


def _events(events: Iterable[Obj], now_ms: int) -> Lines:
    seen = sorted(events, key=lambda event: event.get("lastTimestamp") or "")
    if not seen:
        yield "Events:\t<none>"
        return
    yield from ("Events:", "  Type\tReason\tAge\tFrom\tMessage", "  ----\t------\t----\t----\t-------")
    for event in seen:
        source = (event.get("source") or {}).get("component") or event.get("reportingComponent") or ""
        what = (event.get("type", ""), event.get("reason", ""), event_age(event, now_ms), source)
        part = (event.get("involvedObject") or {}).get("fieldPath", "")
        message = event.get("message", "").strip()
        yield "\t".join((f"  {what[0]}", *what[1:], f"{part}: {message}" if part else message))


def _conditions(obj: Obj) -> Lines:
    if conditions := get_path(obj, "status.conditions"):
        yield from ("Conditions:", "  Type\tStatus\tReason", "  ----\t------\t------")
        for condition in conditions:
            yield f"  {condition['type']} \t{condition['status']}\t{condition.get('reason', '')}"


# -------------------------------------------------------------------------------------------- workloads


def _deployment(deployment: Obj, related: Sequence[Obj]) -> Lines:
    spec, status = deployment["spec"], deployment.get("status") or {}
    yield from head(deployment)
    yield f"CreationTimestamp:\t{rfc1123(deployment['metadata'].get('creationTimestamp'))}"
    yield from marks(deployment)
    yield f"Selector:\t{format_selector(spec.get('selector'))}"
    counts = (("updated", "updatedReplicas"), ("total", "replicas"), ("available", "availableReplicas"))
    texts = [f"{replicas(spec)} desired", *(f"{status.get(field, 0)} {word}" for word, field in counts)]
    yield f"Replicas:\t{' | '.join(texts)} | {status.get('unavailableReplicas', 0)} unavailable"
    strategy = spec.get("strategy") or {}
    yield f"StrategyType:\t{strategy.get('type', '')}"
    yield f"MinReadySeconds:\t{spec.get('minReadySeconds', 0)}"
    if rolling := strategy.get("rollingUpdate"):
        limits = f"{rolling.get('maxUnavailable')} max unavailable, {rolling.get('maxSurge')} max surge"
        yield f"RollingUpdateStrategy:\t{limits}"
    yield from describe_pods.template(spec["template"])
    yield from _conditions(deployment)
    old, new = _replica_sets(deployment, related)
    if old or new:
        yield f"OldReplicaSets:\t{_progress(old)}"
        yield f"NewReplicaSet:\t{_progress(new)}"


def _replica_sets(deployment: Obj, related: Sequence[Obj]) -> tuple[list[Obj], list[Obj]]:
    """Its ReplicaSets, oldest first: those of former templates, and the one (if any) of the present template."""
    owned = [each for each in related if each["kind"] == "ReplicaSet" and controller_uid(each) == uid_of(deployment)]
    owned.sort(key=lambda each: (each["metadata"].get("creationTimestamp", ""), name_of(each)))
    template = _without_hash(deployment["spec"]["template"])
    new = [each for each in owned if _without_hash(each["spec"]["template"]) == template][:1]
    return [each for each in owned if each not in new], new


def _without_hash(template: Mapping[str, Any]) -> dict[str, Any]:
    meta = template.get("metadata") or {}
    kept = {key: value for key, value in (meta.get("labels") or {}).items() if key != "pod-template-hash"}
    return {**template, "metadata": {**meta, "labels": kept}}


def _progress(replica_sets: Sequence[Obj]) -> str:
    texts = []
    for each in replica_sets:
        created = (each.get("status") or {}).get("replicas", 0)
        texts.append(f"{name_of(each)} ({created}/{replicas(each['spec'])} replicas created)")
    return ", ".join(texts) or "<none>"


def _replica_set(replica_set: Obj, related: Sequence[Obj]) -> Lines:
    """Or a ReplicationController."""
    spec, status = replica_set["spec"], replica_set.get("status") or {}
    yield from head(replica_set)
    yield f"Selector:\t{format_selector(of_owner(replica_set))}"
    yield from marks(replica_set)
    if owner := controller_of(replica_set):
        yield f"Controlled By:\t{owner['kind']}/{owner['name']}"
    yield f"Replicas:\t{status.get('replicas', 0)} current / {replicas(spec)} desired"
    yield describe_sets.pods_status(replica_set, related)
    yield from describe_pods.template(spec["template"])
    yield from _conditions(replica_set)


# --------------------------------------------------------------------------------- namespaces, config maps


def _namespace(namespace: Obj) -> Lines:
    yield f"Name:\t{name_of(namespace)}"
    yield from marks(namespace)
    yield f"Status:\t{get_path(namespace, 'status.phase', '')}"
    yield from ("", "No resource quota.", "", "No LimitRange resource.")


def _config_map(config_map: Obj) -> Lines:
    yield from head(config_map)
    yield from marks(config_map)
    yield from ("", "Data", "====")
    for key, text in sorted((config_map.get("data") or {}).items()):
        yield from (f"{key}:", "----", *text.split("\n"), "")
    yield from ("", "BinaryData", "====")
    for key, encoded in sorted((config_map.get("binaryData") or {}).items()):
        yield f"{key}: {len(b64decode(encoded))} bytes"
    yield ""


# ---------------------------------------------------------------------------------------------- any kind


def _any(obj: Obj) -> Lines:
    """Field by field, as kubectl describes kinds it does not know."""
    yield from head(obj)
    yield from marks(obj)
    metadata = {key: value for key, value in obj["metadata"].items() if key not in _TOLD}
    yield from _fields({**obj, "metadata": metadata}, "")


_TOLD = ("name", "namespace", "labels", "annotations", "managedFields")
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|-+")
_ACRONYMS = ("API", "URL", "UID", "OSB", "GUID")


def _fields(content: Mapping[str, Any], indent: str) -> Lines:
    for key in sorted(content):
        value, title = content[key], _title(key)
        if isinstance(value, Mapping):
            yield f"{indent}{title}:"
            yield from _fields(value, f"{indent}  ")
        elif isinstance(value, list):
            yield f"{indent}{title}:"
            for item in value:
                yield from _fields(item, f"{indent}  ") if isinstance(item, Mapping) else (f"{indent}  {_plain(item)}",)
        else:
            yield f"{indent}{title}:\t{_plain(value)}"


def _title(key: str) -> str:
    """`creationTimestamp` -> `Creation Timestamp`. Keys that are no plain words stay as they are."""
    if not re.fullmatch(r"[A-Za-z-]+", key):
        return key
    words = _WORDS.findall(key)
    return " ".join(word.upper() if word.upper() in _ACRONYMS else word[:1].upper() + word[1:] for word in words)


def _plain(value: Any) -> str:
    if value is None:
        return "<nil>"
    return truth(value) if isinstance(value, bool) else str(value)
