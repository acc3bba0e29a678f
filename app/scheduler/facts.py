"""Nodes and pods in numbers: what scheduling needs of them, parsed. Pure; every part of the scheduler asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.api import memo, quantities
from app.api.objects import Obj, controller_of, kind_of
from app.component_helpers import pods

_SPREAD_KINDS = ("ReplicaSet", "ReplicationController", "StatefulSet")
_ZONE = "topology.kubernetes.io/zone"


class NodeFacts(NamedTuple):
    """What scheduling needs of a Node, parsed."""

    name: str
    cpu_milli: int
    memory: int
    pods: int
    unschedulable: bool
    taints: Sequence[Mapping[str, Any]]
    zone: str
    images: Mapping[str, int]
    others: Mapping[str, int]  # allocatable of other resources: ephemeral-storage, nvidia.com/gpu


class NodeSeen(NamedTuple):
    node: Obj
    facts: NodeFacts
    requested: tuple[int, ...]  # of its pods together: cpu_milli, memory, pods, and what they count as in scores
    replicas: int  # active pods of the same controller on it
    others: Mapping[str, int] = {}  # requested of other resources, if the pod asks for such
    barred: str = ""  # what the pod's volumes have against it


class Demand(NamedTuple):
    cpu_milli: int
    memory: int
    scored_cpu_milli: int  # with 100m for a container that does not say
    scored_memory: int  # with 200 MB
    others: tuple[tuple[str, int], ...] = ()  # of other resources

    @property
    def takes(self) -> tuple[int, int, int, int, int]:
        """What it adds to the requests of its node."""
        return self.cpu_milli, self.memory, 1, self.scored_cpu_milli, self.scored_memory


@memo.by_identity
def facts_of(node: Mapping[str, Any]) -> NodeFacts:
    spec, status, labels = node.get("spec") or {}, node.get("status") or {}, node["metadata"].get("labels") or {}
    allocatable = status.get("allocatable") or status.get("capacity") or {}
    return NodeFacts(
        name=node["metadata"]["name"],
        cpu_milli=quantities.milli(allocatable.get("cpu", 0)),
        memory=quantities.value(allocatable.get("memory", 0)),
        pods=quantities.value(allocatable.get("pods", 0)),
        unschedulable=bool(spec.get("unschedulable")),
        taints=spec.get("taints") or (),
        zone=labels.get(_ZONE, ""),
        images={
            name: image.get("sizeBytes", 0) for image in status.get("images") or () for name in image.get("names") or ()
        },
        others={name: quantities.value(amount) for name, amount in allocatable.items() if name not in _KNOWN},
    )


_KNOWN = ("cpu", "memory", "pods", "storage")


def demand_of(spec: dict[str, Any]) -> Demand:
    """What a pod with this spec asks for. Pods of one template share their list of containers, bound or not."""
    if "initContainers" in spec or "overhead" in spec or "resources" in spec:
        return _demand(spec)
    return _demand_of_containers(spec["containers"])


@memo.by_identity
def _demand_of_containers(containers: list[dict[str, Any]]) -> Demand:
    return _demand({"containers": containers})


@memo.by_identity
def _demand(spec: dict[str, Any]) -> Demand:
    cpu, memory = pods.requests({"spec": spec})
    scored_cpu = scored_memory = 0
    for container in spec["containers"]:
        asked = (container.get("resources") or {}).get("requests") or {}
        scored_cpu += quantities.milli(asked["cpu"]) if "cpu" in asked else 100
        scored_memory += quantities.value(asked["memory"]) if "memory" in asked else 200 << 20
    return Demand(cpu, memory, max(scored_cpu, cpu), max(scored_memory, memory), _other_demands(spec))


def _other_demands(spec: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    """In the order in which they are looked at: ephemeral-storage first."""
    asking = (spec, *spec["containers"], *(spec.get("initContainers") or ()))
    named = {name for each in asking for name in (each.get("resources") or {}).get("requests") or ()}
    others = sorted((named | set(spec.get("overhead") or ())) - set(_KNOWN), key=lambda name: ("/" in name, name))
    amounts = ((name, quantities.value(pods.total({"spec": spec}, name))) for name in others)
    return tuple((name, amount) for name, amount in amounts if amount)


def spread_by(pod: Obj) -> str:
    """The uid of the controller whose pods are spread by default, or ""."""
    owner = controller_of(pod)
    return owner["uid"] if owner and kind_of(owner) in _SPREAD_KINDS else ""
