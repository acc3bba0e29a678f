"""An object and what it owns, level by level, with the claims of its pods: what holds one of them up holds it up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.api import objects
from app.api.breath import breathing
from app.api.objects import Obj, Ref, ref_of, uid_of
from app.component_helpers import claims
from app.look import Look
from app.web.present.whynot import served

DEEPEST = 4
MOST = 2_000
_HIDDEN = ("Event", "Lease", "EndpointSlice", "Endpoints", "ControllerRevision", "PodMetrics")

Family = Mapping[Ref, int]
"""How far below the object that was asked about; 0: itself."""


def of(cluster: Look, ref: Ref) -> Family:
    found = {ref: 0}
    obj = cluster.get(ref)
    if obj is None:
        return found
    if ref.kind == "Namespace" and objects.is_terminating(obj):
        return found | dict.fromkeys(_staying(cluster, ref.name), 1)
    if ref.kind == "Service":
        found |= {ref_of(pod): 1 for pod in served.chosen(cluster, obj)}
    children = _by_owner(cluster, ref.namespace) if ref.namespace else {}
    level = [obj]
    for depth in range(1, DEEPEST):
        level = [child for each in level for child in children.get(uid_of(each), ())][:MOST]
        for each in level:
            found.setdefault(ref_of(each), depth)
    for pod, depth in [(pod, depth) for pod, depth in found.items() if pod.kind == "Pod"]:
        for claim in _claims(cluster, pod):
            found.setdefault(claim, depth + 1)
    return found


def _by_owner(cluster: Look, namespace: str) -> dict[str, list[Obj]]:
    children: dict[str, list[Obj]] = {}
    for kind in sorted(cluster.kinds()):
        row = cluster.scheme.lookup(kind)
        if kind in _HIDDEN or row is None or row.is_local or not row.namespaced:
            continue
        for obj in breathing(cluster.objects(kind, namespace)):
            for owner in objects.owner_refs(obj):
                children.setdefault(str(owner.get("uid")), []).append(obj)
    return children


def _claims(cluster: Look, pod: Ref) -> Iterator[Ref]:
    obj = cluster.get(pod)
    for name, _is_own in claims.of_pod(obj) if obj is not None else ():
        claim = Ref("PersistentVolumeClaim", pod.namespace, name)
        if cluster.get(claim) is not None:
            yield claim


def _staying(cluster: Look, namespace: str) -> Iterator[Ref]:
    """What is left in a namespace that is to go."""
    for kind in sorted(cluster.kinds()):
        row = cluster.scheme.lookup(kind)
        if kind not in _HIDDEN and row is not None and row.namespaced and not row.is_local:
            yield from map(ref_of, breathing(cluster.objects(kind, namespace)))
