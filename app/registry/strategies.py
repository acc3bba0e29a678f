"""What a kind needs of the server beyond the verbs: its generation, its first status, what a client may not choose.

The API server calls `for_create` on what it is about to store for the first time, `for_update` and `for_status` on what
it is about to replace. Models the `PrepareForCreate` and `PrepareForUpdate` of the strategies under
kubernetes/pkg/registry, and for custom kinds that of apiextensions-apiserver `pkg/registry/customresource`.
"""

from __future__ import annotations

from typing import Any

from app.api import numbers, objects, times, users
from app.api.kinds import Kind
from app.api.objects import Obj
from app.component_helpers import qos
from app.registry.whole import whole_status

# Kinds whose metadata.generation counts changes of the desired state, as all custom kinds' does, and those where an
# annotation counts too.
_GENERATION = frozenset(
    [
        "Pod",
        "PodTemplate",
        "ReplicationController",
        "ReplicaSet",
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "Job",
        "CronJob",
        "PodDisruptionBudget",
        "Ingress",
        "IngressClass",
        "NetworkPolicy",
        "EndpointSlice",
        "CustomResourceDefinition",
        "DeviceClass",
        "ResourceSlice",
        "FlowSchema",
        "PriorityLevelConfiguration",
    ]
)
_GENERATION_ON_ANNOTATIONS = frozenset({"Deployment"})
_NOT_DESIRED = frozenset({"apiVersion", "kind", "metadata"})

_FIRST_STATUS: dict[str, Any] = {
    "VolumeAttachment": {"attached": False},
    "ReplicationController": {"replicas": 0},
    "ReplicaSet": {"replicas": 0},
    "StatefulSet": {"replicas": 0, "availableReplicas": 0},
    "DaemonSet": {"currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0},
    "HorizontalPodAutoscaler": {"desiredReplicas": 0, "currentMetrics": None},
    "PodDisruptionBudget": {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0},
    "Ingress": {"loadBalancer": {}},
    "Service": {"loadBalancer": {}},
    "Namespace": {"phase": "Active"},
    "PersistentVolume": {"phase": "Pending"},
    "PersistentVolumeClaim": {"phase": "Pending"},
}
_GATED = {
    "conditions": [
        {
            "type": "PodScheduled",
            "status": "False",
            "lastProbeTime": None,
            "lastTransitionTime": None,
            "reason": "SchedulingGated",
            "message": "Scheduling is blocked due to non-empty scheduling gates",
        }
    ]
}
"""The status of a pod that its scheduling gates hold back."""
_TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"


def for_create(row: Kind, obj: Obj, now_ms: int) -> Obj:
    """`obj`, which has its name and uid already, as it is stored first: generation 1, nothing observed yet."""
    kind, meta = row.key, obj["metadata"]
    if _counts_generations(row) or kind == "PriorityClass":
        obj = objects.with_metadata(obj, generation=1)
    if kind == "Pod":
        status = {"phase": "Pending", "qosClass": qos.qos_class(obj["spec"])}
        return {**obj, "status": {**status, **_GATED} if obj["spec"].get("schedulingGates") else status}
    if kind == "Namespace":
        labels = {**(meta.get("labels") or {}), "kubernetes.io/metadata.name": meta["name"]}
        obj = {**objects.with_metadata(obj, labels=labels), "spec": {"finalizers": ["kubernetes"]}}
    elif kind == "Job":
        obj = _with_selector(obj)
    elif kind == "DaemonSet":
        obj = _with_template_generation(obj, 1)
    elif kind == "CertificateSigningRequest":  # who asks is not for them to say
        obj = {**obj, "spec": {**_without(obj["spec"], "uid", "extra"), **users.YOU}}
    if kind == "Node":
        return whole_status(obj, now_ms)
    if kind == "CustomResourceDefinition":
        return {**obj, "status": _with_stored_version(obj, _NOTHING_ACCEPTED)}
    if "status" not in row.subresources:
        return obj
    if not row.is_own:
        return {key: value for key, value in obj.items() if key != "status"}
    status = _FIRST_STATUS.get(kind, {})
    if kind == "PersistentVolume":
        status = {**status, "lastPhaseTransitionTime": times.rfc3339(now_ms)}
    return {**obj, "status": status}


def _counts_generations(row: Kind) -> bool:
    return row.key in _GENERATION or not row.is_own


_NOTHING_ACCEPTED: dict[str, Any] = {"acceptedNames": {"kind": "", "plural": ""}, "conditions": None}


def _with_stored_version(crd: Obj, status: Obj) -> Obj:
    """The status says of which versions there may be objects in the store."""
    versions, stored = crd["spec"].get("versions") or (), list(status.get("storedVersions") or ())
    new = [each["name"] for each in versions if each.get("storage") and each["name"] not in stored]
    return {**status, "storedVersions": stored + new} if new or not stored else status


def for_update(row: Kind, new: Obj, old: Obj) -> Obj:
    """`new` in the place of `old`: one generation on if what is desired changed."""
    kind, meta = row.key, old["metadata"]
    if kind == "CertificateSigningRequest":  # what was asked for stays
        return {**new, "spec": old["spec"]}
    if kind == "CustomResourceDefinition":
        new = {**new, "status": _with_stored_version(new, new.get("status") or _NOTHING_ACCEPTED)}
    if not _counts_generations(row) or "generation" not in meta:
        return new
    ignored = _NOT_DESIRED | {"status"} if "status" in row.subresources else _NOT_DESIRED
    changed = any(_differ(new, old, key) for key in {**new, **old} if key not in ignored)
    if kind in _GENERATION_ON_ANNOTATIONS and objects.annotations_of(new) != objects.annotations_of(old):
        changed = True
    if kind == "DaemonSet":
        renewed = any(_differ(new["spec"], old["spec"], key) for key in ("template", "updateStrategy"))
        new = _with_template_generation(new, template_generation(old) + renewed)
    return objects.with_metadata(new, generation=meta["generation"] + 1) if changed else new


def for_status(row: Kind, new: Obj, old: Obj, now_ms: int) -> Obj:
    """`new` with another status than `old`: a volume notes when its phase changed, a pod keeps its class of service."""
    if row.key == "Pod" and (service := (old.get("status") or {}).get("qosClass")) and "qosClass" not in new["status"]:
        return {**new, "status": {**new["status"], "qosClass": service}}
    if row.key != "PersistentVolume":
        return new
    phase, before = ((obj.get("status") or {}).get("phase") for obj in (new, old))
    if phase == before:
        return new
    return {**new, "status": {**new["status"], "lastPhaseTransitionTime": times.rfc3339(now_ms)}}


def template_generation(daemon_set: Obj) -> int:
    return numbers.whole(objects.annotations_of(daemon_set).get(_TEMPLATE_GENERATION)) or 0


def _with_template_generation(daemon_set: Obj, number: int) -> Obj:
    notes = {**objects.annotations_of(daemon_set), _TEMPLATE_GENERATION: str(number)}
    return objects.with_metadata(daemon_set, annotations=notes)


def _with_selector(job: Obj) -> Obj:
    """Unless `manualSelector` is set a Job selects by its own uid, so that two never share pods. What a person wrote
    there all the same is kept, for validation to refuse."""
    spec = job["spec"]
    if spec.get("manualSelector"):
        return job
    uid, name = objects.uid_of(job), objects.name_of(job)
    template, meta = spec["template"], spec["template"].get("metadata") or {}
    made = {"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name}
    labels = {**made, "controller-uid": uid, "job-name": name, **(meta.get("labels") or {})}
    given = spec.get("selector", {})
    by_uid = {"batch.kubernetes.io/controller-uid": uid, **given.get("matchLabels", {})}
    selector = {**given, "matchLabels": by_uid}
    spec = {**spec, "selector": selector, "template": {**template, "metadata": {**meta, "labels": labels}}}
    job = {**job, "spec": spec}
    return job if objects.labels_of(job) else objects.with_metadata(job, labels=labels)


def _without(spec: Obj, *names: str) -> Obj:
    return {key: value for key, value in spec.items() if key not in names}


def _differ(one: Obj, other: Obj, key: str) -> bool:
    return one.get(key) is not other.get(key) and one.get(key) != other.get(key)
