"""A cluster as manifests for another one: what people declared, without what its server and its loops made of it.

`manifests` is what `GET /rooms/ROOM/manifests` sends, for kind, KWOK or any cluster: objects that nobody owns and that
not every cluster has, in an order in which they can be applied. No status, no identity, nothing that was assigned, and
no field that a server would fill in with the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.api.breath import breathing
from app.api.kinds import bare_kind
from app.api.objects import Obj, annotations_of, is_terminating, labels_of, name_of, namespace_of, ref_of
from app.apimachinery import yamltext
from app.apimachinery.scheme.scheme import Scheme, unchanged
from app.component_helpers.managed_endpoints import is_managed
from app.registry import bootstrap

ORDER = (
    "Namespace", "CustomResourceDefinition", "PriorityClass", "StorageClass", "RuntimeClass", "IngressClass",
    "ClusterRole", "ClusterRoleBinding", "ServiceAccount", "Role", "RoleBinding", "LimitRange", "ResourceQuota",
    "Secret", "ConfigMap", "PersistentVolume", "PersistentVolumeClaim", "Service", "Endpoints", "EndpointSlice",
    "PodDisruptionBudget", "NetworkPolicy", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet",
    "ReplicationController", "CronJob", "Job", "Pod",
)  # fmt: skip
"""Kinds that others stand on come first; what is not named here comes after them, and custom objects last."""
LEFT_OUT = frozenset({
    "Event", "Lease", "Node", "NodeMetrics", "PodMetrics", "ComponentStatus", "CSINode", "VolumeAttachment",
    "ControllerRevision", "CertificateSigningRequest",
})  # fmt: skip
"""What a cluster writes about itself."""
_HEAD = "# {n} objects of a room of Loopscope: kubectl apply -f FILE\n"
_CUSTOM = "# Where it says `no matches for kind`, apply it again: the definitions of its own kinds come first.\n"
_KWOK = "# Its nodes are for KWOK (https://kwok.sigs.k8s.io), which plays their kubelets.\n"
_META = ("name", "namespace", "labels", "annotations")
_NOTES = re.compile(
    r"kubectl\.kubernetes\.io/last-applied-configuration|deployment\.kubernetes\.io/|pv\.kubernetes\.io/"
    r"|volume(\.beta)?\.kubernetes\.io/|deprecated\.daemonset\.template\.generation|endpoints\.kubernetes\.io/"
    r"|node\.alpha\.kubernetes\.io/|volumes\.kubernetes\.io/"
)
"""Annotations that loops write."""
_JOB_LABELS = ("controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name")
_NOT_READY = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_TEXTS = ("data", "stringData", "binaryData", "metadata", "apiVersion", "kind")
_NEEDED = ("apiGroup",)
"""What a server would fill in, and older kubectls want to see all the same."""
MOST_VALUES = 2_000  # of an object in which defaults are looked for

Default = Callable[[Obj], Obj]


def manifests(scheme: Scheme, objects: Iterable[Obj], nodes: Sequence[Obj] = ()) -> str:
    """`nodes` are to come too, for KWOK."""
    found = sorted(_declared(list(objects)), key=_place)
    documents = [*map(_for_kwok, nodes), *(cleaned(scheme, obj) for obj in breathing(found))]
    has_custom = any(_is_custom(obj) for obj in found)
    head = _HEAD.format(n=len(documents)) + (_CUSTOM if has_custom else "") + (_KWOK if nodes else "")
    return head + "---\n".join(yamltext.dump(document, sort_keys=False) for document in breathing(documents))


def _declared(objects: Sequence[Obj]) -> Iterator[Obj]:
    """What somebody asked for, and not some loop."""
    claims = re.compile("|".join(_claims(objects)) or "(?!)")
    for obj in objects:
        kind = bare_kind(ref_of(obj).kind)
        if obj["metadata"].get("ownerReferences") or is_terminating(obj) or bootstrap.is_built_in(ref_of(obj)):
            continue
        if kind in LEFT_OUT or namespace_of(obj).startswith("kube-"):
            continue
        if (kind == "Endpoints" and is_managed(obj)) or "endpointslice.kubernetes.io/managed-by" in labels_of(obj):
            continue
        if kind == "PersistentVolume" and "pv.kubernetes.io/provisioned-by" in annotations_of(obj):
            continue
        if kind == "PersistentVolumeClaim" and claims.fullmatch(f"{namespace_of(obj)}/{name_of(obj)}"):
            continue
        if obj.get("type") != "kubernetes.io/service-account-token":
            yield obj


def _claims(objects: Iterable[Obj]) -> Iterator[str]:
    """The names of those that StatefulSets make, which they do not own."""
    for obj in objects:
        for template in obj["spec"].get("volumeClaimTemplates", ()) if obj["kind"] == "StatefulSet" else ():
            yield re.escape(f"{namespace_of(obj)}/{name_of(template)}-{name_of(obj)}-") + r"\d+"


def _is_custom(obj: Obj) -> bool:
    return "." in ref_of(obj).kind


def _place(obj: Obj) -> tuple[int, str, str, str]:
    kind = ref_of(obj).kind
    place = ORDER.index(kind) if kind in ORDER else len(ORDER) + _is_custom(obj)
    return place, kind, namespace_of(obj), name_of(obj)


# ----------------------------------------------------------------------------------------------- one object


def cleaned(scheme: Scheme, obj: Obj) -> Obj:
    """As people may have written it."""
    kind = ref_of(obj).kind
    bare = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": _metadata(obj)}
    bare |= {key: value for key, value in obj.items() if key not in ("apiVersion", "kind", "metadata", "status")}
    clean = _CLEAN.get(kind)
    bare = clean(bare, obj) if clean else bare
    bare = _without_old_name(bare, _SPECS.get(kind, _TEMPLATE))
    return without_defaults(bare, scheme.definition(kind).default)


_TEMPLATE = ("spec", "template", "spec")
_SPECS = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", *_TEMPLATE),
}
"""Where the spec of a pod stands, if there is one."""


def _without_old_name(obj: Obj, path: tuple[str, ...]) -> Obj:
    """The server writes the service account of a pod under its old name too."""
    spec: Any = obj
    for part in path:
        spec = spec.get(part) if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or "serviceAccount" not in spec or "serviceAccountName" not in spec:
        return obj
    return dict(_without(obj, (*path, "serviceAccount")))


def _metadata(obj: Obj) -> Obj:
    meta = {key: obj["metadata"][key] for key in _META if obj["metadata"].get(key)}
    notes = {key: value for key, value in meta.pop("annotations", {}).items() if not _NOTES.match(key)}
    return {**meta, "annotations": notes} if notes else meta


def _less(obj: Obj, *fields: str) -> Obj:
    """Without these fields of its spec."""
    spec = {key: value for key, value in obj.get("spec", {}).items() if key not in fields}
    rest = {key: value for key, value in obj.items() if key != "spec"}
    return {**rest, "spec": spec} if spec else rest


def _namespace(obj: Obj, _old: Obj) -> Obj:
    labels = {key: value for key, value in labels_of(obj).items() if key != "kubernetes.io/metadata.name"}
    meta = {key: value for key, value in obj["metadata"].items() if key != "labels"}
    return _less({**obj, "metadata": {**meta, "labels": labels} if labels else meta}, "finalizers")


def _service(obj: Obj, old: Obj) -> Obj:
    """Its addresses and ports of nodes are given by the cluster, unless it wants none."""
    assigned = () if old["spec"].get("clusterIP") == "None" else ("clusterIP",)
    obj = _less(obj, "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort", *assigned)
    ports = [{key: port[key] for key in port if key != "nodePort"} for port in obj["spec"].get("ports", ())]
    return {**obj, "spec": {**obj["spec"], "ports": ports}} if ports else obj


def _pod(obj: Obj, _old: Obj) -> Obj:
    obj = _less(obj, "nodeName", "priority", "preemptionPolicy", "ephemeralContainers")
    spec = obj["spec"]
    tolerations = [each for each in spec.get("tolerations", ()) if not _is_usual(each)]
    spec = {key: value for key, value in spec.items() if key != "tolerations"}
    if spec.get("serviceAccountName") == "default":
        spec = {key: value for key, value in spec.items() if key not in ("serviceAccountName", "serviceAccount")}
    return {**obj, "spec": {**spec, "tolerations": tolerations} if tolerations else spec}


def _is_usual(toleration: Obj) -> bool:
    return toleration.get("key") in _NOT_READY and toleration.get("tolerationSeconds") == 300


def _job(obj: Obj, old: Obj) -> Obj:
    """It selects by its uid, which the next one has not."""
    if old["spec"].get("manualSelector"):
        return obj
    template = obj["spec"]["template"]
    obj = {**_less(obj, "selector"), "metadata": _unlabelled(obj["metadata"])}
    return {**obj, "spec": {**obj["spec"], "template": {**template, "metadata": _unlabelled(template["metadata"])}}}


def _unlabelled(meta: Obj) -> Obj:
    labels = {key: value for key, value in (meta.get("labels") or {}).items() if key not in _JOB_LABELS}
    rest = {key: value for key, value in meta.items() if key != "labels"}
    return {**rest, "labels": labels} if labels else rest


def _claim(obj: Obj, old: Obj) -> Obj:
    return _less(obj, "volumeName") if "pv.kubernetes.io/bound-by-controller" in annotations_of(old) else obj


def _volume(obj: Obj, old: Obj) -> Obj:
    claim = obj["spec"].get("claimRef")
    if claim is None or "pv.kubernetes.io/bound-by-controller" in annotations_of(old):
        return _less(obj, "claimRef")
    named = {key: claim[key] for key in ("name", "namespace") if key in claim}
    return {**obj, "spec": {**obj["spec"], "claimRef": named}}


_CLEAN: Mapping[str, Callable[[Obj, Obj], Obj]] = {
    "Namespace": _namespace,
    "Service": _service,
    "Pod": _pod,
    "Job": _job,
    "PersistentVolumeClaim": _claim,
    "PersistentVolume": _volume,
    "CustomResourceDefinition": lambda obj, _old: obj,
}


def _for_kwok(node: Obj) -> Obj:
    """One that its kubelet would have registered: what it is, and no news of it."""
    meta = _metadata(node)
    meta["annotations"] = {**meta.get("annotations", {}), "kwok.x-k8s.io/node": "fake"}
    taints = [taint for taint in node.get("spec", {}).get("taints", ()) if not _is_news(taint)]
    status = {key: node["status"][key] for key in ("allocatable", "capacity") if key in node.get("status", {})}
    spec = {"spec": {"taints": taints}} if taints else {}
    return {"apiVersion": "v1", "kind": "Node", "metadata": meta, **spec, "status": status}


def _is_news(taint: Obj) -> bool:
    return str(taint.get("key", "")).startswith(("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/"))


# ------------------------------------------------------------------------------------------------- defaults


def without_defaults(obj: Obj, default: Default) -> Obj:
    """Without each field that `default` would give it again. One may be given only where another is missing, too."""
    if default is unchanged or obj["kind"] == "CustomResourceDefinition" or _size(obj) > MOST_VALUES:
        return obj
    whole, before = default(obj), None
    while obj is not before:
        before = obj
        for key in [key for key in obj if key not in _TEXTS]:
            obj = _tried(obj, (key,), whole, default)
    return obj


def _tried(obj: Obj, path: tuple[str | int, ...], whole: Obj, default: Default) -> Obj:
    if path[-1] in _NEEDED:
        return obj
    shorter: Obj = _without(obj, path)
    if isinstance(path[-1], str) and default(shorter) == whole:
        return shorter
    value = _at(obj, path)
    parts = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for part in parts:
        obj = _tried(obj, (*path, part), whole, default)
    return obj


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        value = value[part]
    return value


def _without(value: Any, path: tuple[str | int, ...]) -> Any:
    """A copy of what is on the way."""
    first, rest = path[0], path[1:]
    if not rest:
        return {key: each for key, each in value.items() if key != first} if isinstance(value, dict) else value
    inner = _without(value[first], rest)
    if isinstance(value, dict):
        return {**value, first: inner}
    return [*value[:first], inner, *value[int(first) + 1 :]]


def _size(value: Any) -> int:
    if isinstance(value, dict | list):
        return 1 + sum(map(_size, value.values() if isinstance(value, dict) else value))
    return 1
