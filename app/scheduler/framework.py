"""Which node is best for a pod: filters and scores, with the whole table behind the answer.

The scheduler calls `decide`; everything here is pure. Models kubernetes/pkg/scheduler/framework/plugins
(nodeunschedulable, tainttoleration, nodeaffinity, noderesources, podtopologyspread with the system's default
constraints, imagelocality) with their default weights. Unlike upstream all nodes are scored however many there are, and
of equally good ones the one with the fewest pods wins, then the first by name, where upstream draws lots.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from typing import Any, NamedTuple

from app.api import memo, quantities
from app.api.objects import Obj, controller_of, kind_of
from app.component_helpers import placement, pods
from app.scheduler import interpod
from app.scheduler.interpod import Neighbourhood, Rules

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


class Scores(NamedTuple):
    """0 to 100 by plugin, before the plugin's weight."""

    NodeResourcesFit: int
    NodeResourcesBalancedAllocation: int
    TaintToleration: int
    NodeAffinity: int
    PodTopologySpread: int
    InterPodAffinity: int
    ImageLocality: int


WEIGHTS = Scores(1, 1, 3, 2, 2, 2, 1)


class NodeVerdict(NamedTuple):
    """A row of the table behind a decision."""

    node: str
    feasible: bool
    reasons: tuple[str, ...]  # why not
    scores: Scores | None  # of a feasible node
    total: int  # weighted


@dataclass(frozen=True, slots=True)
class Decision:
    node: str  # "": none is feasible
    verdicts: tuple[NodeVerdict, ...]  # in order of the nodes' names

    def __str__(self) -> str:
        return self.node


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


def decide(
    pod: Obj, nodes: Sequence[NodeSeen], around: Neighbourhood | None = None, rules: Rules | None = None
) -> tuple[Decision, frozenset[str]]:
    """The best node with the whole table, and on which infeasible nodes fewer pods would help.

    `around`: the pods that run, if this one or one of them says something about its neighbours; `rules`: what they say,
    if the caller has worked it out."""
    feasible: list[NodeSeen] = []
    fits: list[Fit] = []
    refused: dict[str, NodeVerdict] = {}
    resolvable = set()
    spec, demand = pod["spec"], demand_of(pod["spec"])
    rules = rules or (Rules(pod, around) if around is not None else None)
    for seen in nodes:
        fit = _fit(seen.facts, seen.requested or _NOTHING, demand)
        reasons, helps = _refusal(spec, seen, fit, demand, rules)
        if reasons:
            refused[seen.facts.name] = NodeVerdict(seen.facts.name, False, reasons, None, 0)
            if helps:
                resolvable.add(seen.facts.name)
        else:
            feasible.append(seen)
            fits.append(fit)
    if not feasible:
        return Decision("", tuple(refused.values())), frozenset(resolvable)
    rows = _scored(pod, feasible, fits, nodes, around)
    best = min(zip(rows, feasible, strict=True), key=_order)[0].node
    if refused:
        scored = {row.node: row for row in rows}
        rows = [scored.get(seen.facts.name) or refused[seen.facts.name] for seen in nodes]
    return Decision(best, tuple(rows)), frozenset(resolvable)


def refusal(pod: Obj, seen: NodeSeen, rules: Rules | None) -> tuple[str, ...]:
    """Why the pod may not run there; () if it may."""
    demand = demand_of(pod["spec"])
    fit = _fit(seen.facts, seen.requested or _NOTHING, demand)
    return _refusal(pod["spec"], seen, fit, demand, rules)[0]


def _refusal(
    spec: Mapping[str, Any], seen: NodeSeen, fit: Fit, demand: Demand, rules: Rules | None
) -> tuple[tuple[str, ...], bool]:
    """(by the first plugin that refuses, why; whether fewer pods may help)."""
    reason = _obstacle(spec, seen)
    if reason:
        return (reason,), False
    if rules is not None and rules.port_is_taken(seen.facts.name):
        return (interpod.PORTS,), True
    lacking = _lacking(seen, demand) if demand.others else ()
    if fit.reasons or lacking:
        helps = fit.fewer_pods_help and all(n <= seen.facts.others.get(name, 0) for name, n in demand.others)
        return (*fit.reasons, *lacking), helps
    reason = rules.why_not(seen.node) if rules is not None else ""
    return ((reason,), reason not in interpod.UNRESOLVABLE) if reason else ((), True)


def _order(candidate: tuple[NodeVerdict, NodeSeen]) -> tuple[int, int, str]:
    row, seen = candidate
    return -row.total, seen.requested[2] if seen.requested else 0, row.node


# ------------------------------------------------------------------------------------------------- filters


def _obstacle(spec: Mapping[str, Any], seen: NodeSeen) -> str:
    """Why the pod may not run there whatever else does, by the first plugin that refuses; "" if none."""
    facts = seen.facts
    tolerations = spec.get("tolerations") or ()
    if facts.unschedulable and placement.untolerated((placement.UNSCHEDULABLE,), tolerations, placement.HARD_EFFECTS):
        return "node(s) were unschedulable"
    if facts.taints and placement.untolerated(facts.taints, tolerations, placement.HARD_EFFECTS):
        return "node(s) had untolerated taint(s)"
    if ("nodeSelector" in spec or "affinity" in spec) and not placement.wants_node(spec, seen.node):
        return "node(s) didn't match Pod's node affinity/selector"
    return ""


class Fit(NamedTuple):
    """How a demand goes together with what runs on a node."""

    reasons: tuple[str, ...]  # why not
    fewer_pods_help: bool
    least_allocated: int  # scores, 0 to 100
    balanced: int


def _lacking(seen: NodeSeen, demand: Demand) -> tuple[str, ...]:
    """Other resources than cpu and memory, of which there is too little."""
    return tuple(
        f"Insufficient {name}"
        for name, amount in demand.others
        if seen.others.get(name, 0) + amount > seen.facts.others.get(name, 0)
    )


_NOTHING = (0, 0, 0, 0, 0)


@memo.by_identity
def _fit(facts: NodeFacts, requested: tuple[int, ...], demand: Demand) -> Fit:
    """Remembered, since from one pod to the next only the node that got the last one is another."""
    reasons = []
    if requested[2] >= facts.pods:
        reasons.append("Too many pods")
    if demand.cpu_milli and requested[0] + demand.cpu_milli > facts.cpu_milli:
        reasons.append("Insufficient cpu")
    if demand.memory and requested[1] + demand.memory > facts.memory:
        reasons.append("Insufficient memory")
    helps = demand.cpu_milli <= facts.cpu_milli and demand.memory <= facts.memory
    balanced = _balanced(facts, demand, requested) if demand.cpu_milli or demand.memory else 0
    return Fit(tuple(reasons), helps, _least_allocated(facts, demand, requested), balanced)


# -------------------------------------------------------------------------------------------------- scores


def _scored(
    pod: Obj, feasible: Sequence[NodeSeen], fits: Sequence[Fit], nodes: Sequence[NodeSeen], around: Neighbourhood | None
) -> list[NodeVerdict]:
    """A row for each feasible node. Most plugins compare a node with the other feasible ones."""
    spec = pod["spec"]
    names = [seen.facts.name for seen in feasible] if around else []
    columns = zip(
        [fit.least_allocated for fit in fits],
        [fit.balanced for fit in fits],
        _taint_scores(spec, feasible),
        _affinity_scores(spec, feasible),
        (interpod.spread_scores(pod, around, names) if around is not None else None)
        or _spread_scores(pod, feasible, nodes),
        interpod.affinity_scores(pod, around, names) if around else [0] * len(feasible),
        _image_scores(spec, feasible, nodes),
        strict=True,
    )
    return [
        NodeVerdict(seen.facts.name, True, (), Scores(*scores), sum(map(mul, scores, WEIGHTS)))
        for seen, scores in zip(feasible, columns, strict=True)
    ]


def _least_allocated(facts: NodeFacts, demand: Demand, requested: tuple[int, ...]) -> int:
    """The share of cpu and memory that stays free; a pod without requests counts as 100m and 200 MB."""
    cpu = _free(facts.cpu_milli, requested[3] + demand.scored_cpu_milli)
    return (cpu + _free(facts.memory, requested[4] + demand.scored_memory)) // 2


def _free(capacity: int, used: int) -> int:
    return (capacity - used) * 100 // capacity if used <= capacity and capacity else 0


def _balanced(facts: NodeFacts, demand: Demand, requested: tuple[int, ...]) -> int:
    """The closer the used shares of cpu and memory are to each other, the better."""
    if not facts.cpu_milli or not facts.memory:
        return 100
    cpu_share = min(1.0, (requested[0] + demand.cpu_milli) / facts.cpu_milli)
    memory_share = min(1.0, (requested[1] + demand.memory) / facts.memory)
    return int((1 - abs(cpu_share - memory_share) / 2) * 100)


def _taint_scores(spec: Mapping[str, Any], feasible: Sequence[NodeSeen]) -> list[int]:
    tolerations = spec.get("tolerations") or ()
    counts = [
        len(placement.untolerated(seen.facts.taints, tolerations, ("PreferNoSchedule",))) if seen.facts.taints else 0
        for seen in feasible
    ]
    most = max(counts, default=0)
    return [100 - 100 * count // most if most else 100 for count in counts]


def _affinity_scores(spec: Mapping[str, Any], feasible: Sequence[NodeSeen]) -> list[int]:
    if "affinity" not in spec or not placement.has_preference(spec):
        return [0] * len(feasible)
    weights = [placement.preference(spec, seen.node) for seen in feasible]
    most = max(weights, default=0)
    return [100 * weight // most if most else 0 for weight in weights]


def _spread_scores(pod: Obj, feasible: Sequence[NodeSeen], nodes: Sequence[NodeSeen]) -> list[int]:
    """Replicas apart: by host (maxSkew 3) and by zone (maxSkew 5), both only wishes."""
    if not spread_by(pod):
        return [0] * len(feasible)
    zones = {seen.facts.zone for seen in feasible} - {""}
    in_zone: Counter[str] = Counter()
    for seen in nodes if zones else ():
        in_zone[seen.facts.zone] += seen.replicas
    by_host, by_zone = math.log(len(feasible) + 2), math.log(len(zones) + 2)
    crowds = []
    for seen in feasible:
        crowd = seen.replicas * by_host + 2
        if seen.facts.zone:
            crowd += in_zone[seen.facts.zone] * by_zone + 4
        crowds.append(int(crowd + 0.5))
    least, most = min(crowds, default=0), max(crowds, default=0)
    return [100 * (most + least - crowd) // most for crowd in crowds]


def _image_scores(spec: Mapping[str, Any], feasible: Sequence[NodeSeen], nodes: Sequence[NodeSeen]) -> list[int]:
    """Nodes that have the images already, from 23 MB on, less so the fewer nodes have them.

    Nodes report full names, so a short one such as `nginx:1.27` is never found: upstream has it so.
    """
    names = [_with_tag(container["image"]) for container in spec["containers"]]
    held = Counter(name for name in set(names) for seen in nodes if name in seen.facts.images)
    if not held:
        return [0] * len(feasible)
    least, most = 23 << 20, (1000 << 20) * len(names)
    scores = []
    for seen in feasible:
        images = seen.facts.images
        size = sum(int(images[name] * held[name] / len(nodes)) for name in names if name in images)
        scores.append(100 * (min(max(size, least), most) - least) // (most - least))
    return scores


def _with_tag(image: str) -> str:
    return image if ":" in image.rsplit("/", 1)[-1] else f"{image}:latest"


# ------------------------------------------------------------------------------- nodes and pods in numbers


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
