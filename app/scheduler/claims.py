"""The claims of a pod: whether they let it be placed, and on which nodes their volumes can be reached.

The scheduler reads them with the pod. A claim that gets a volume made for it never holds a pod up: the binder makes one
wherever the pod goes. Models kubernetes/pkg/scheduler/framework/plugins/volumebinding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.api.objects import Obj, Ref, is_terminating, name_of, namespace_of
from app.component_helpers import claims, placement
from app.reconcile import Reader
from app.scheduler.facts import NodeSeen

UNBOUND = "pod has unbound immediate PersistentVolumeClaims"
NO_VOLUME = "node(s) didn't find available persistent volumes to bind"
ELSEWHERE = "node(s) didn't match PersistentVolume's node affinity"
_NOT_YET = "waiting for ephemeral volume controller to create the persistentvolumeclaim"
REASONS = (UNBOUND, NO_VOLUME, ELSEWHERE, _NOT_YET, "persistentvolumeclaim ")
"""How what is said of claims begins."""


class Claimed(NamedTuple):
    refusal: str = ""  # why the pod may be placed nowhere yet
    no_volume: bool = False  # a claim waits for the pod, and no volume for the claim
    volumes: Sequence[Obj] = ()  # that its claims are bound to


def claimed(pod: Obj, reader: Reader) -> Claimed:
    """Of a pod without claims nothing is read."""
    volumes, no_volume = [], False
    for name, is_own in claims.of_pod(pod):
        claim = reader.get(Ref("PersistentVolumeClaim", namespace_of(pod), name))
        if claim is None:
            return Claimed(_missing(name, is_own))
        if is_terminating(claim):
            return Claimed(f'persistentvolumeclaim "{name}" is being deleted')
        if (claim.get("status") or {}).get("phase") == "Lost":
            lost = claim["spec"].get("volumeName", "")
            return Claimed(f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{lost}"')
        volume = reader.get(Ref("PersistentVolume", "", claim["spec"].get("volumeName", "")))
        if volume is not None:
            volumes.append(volume)
            continue
        storage_class = reader.get(Ref("StorageClass", "", claim["spec"].get("storageClassName", "")))
        if claims.gets_one_made(claim, storage_class):
            continue
        if not claims.waits_for_pod(storage_class):
            return Claimed(UNBOUND)
        no_volume = True
    return Claimed("", no_volume, tuple(volumes))


def _missing(name: str, is_own: bool) -> str:
    return f'{_NOT_YET} "{name}"' if is_own else f'persistentvolumeclaim "{name}" not found'


def reached(nodes: tuple[NodeSeen, ...], found: Claimed) -> tuple[NodeSeen, ...]:
    """The nodes, each with what the pod's volumes have against it."""
    if found.no_volume:
        return tuple(seen._replace(barred=NO_VOLUME) for seen in nodes)
    bound_to = [terms for volume in found.volumes if (terms := _terms(volume))]
    if not bound_to:
        return nodes
    return tuple(
        seen
        if all(placement.matches_terms(terms, seen.node) for terms in bound_to)
        else seen._replace(barred=ELSEWHERE)
        for seen in nodes
    )


def _terms(volume: Obj) -> Sequence[Obj]:
    required = (volume["spec"].get("nodeAffinity") or {}).get("required") or {}
    terms: Sequence[Obj] = required.get("nodeSelectorTerms") or ()
    return terms


def key_of(claim: Obj) -> tuple[str, str]:
    return namespace_of(claim), name_of(claim)
