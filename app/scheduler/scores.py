"""How good a node is for a pod, beside the other nodes that would do: 0 to 100 by each plugin. Pure.

`decide` (framework.py) calls `scored`. Nodes that differ in nothing but their names are scored together. Models
kubernetes/pkg/scheduler/framework/plugins: noderesources, tainttoleration, nodeaffinity, podtopologyspread with the
system's default constraints, imagelocality.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.api.objects import Obj
from app.component_helpers import placement
from app.scheduler import interpod
from app.scheduler.facts import Demand, NodeFacts, NodeSeen, spread_by
from app.scheduler.interpod import Neighbourhood


class Alike(NamedTuple):
    """Nodes that are the same to a pod."""

    seen: NodeSeen  # one of them
    number: int


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


def scored(
    pod: Obj,
    feasible: Sequence[Alike],
    resources: Sequence[tuple[int, int]],
    everywhere: Sequence[Alike],
    around: Neighbourhood | None,
) -> list[Scores]:
    """Of each of those that would do. Most plugins compare them with each other, some with the nodes `everywhere`.

    `resources`: what least_allocated and balanced say of them; `around`: if given, each stands for itself alone."""
    spec = pod["spec"]
    names = [each.seen.facts.name for each in feasible]
    columns = zip(
        _taint_scores(spec, feasible),
        _affinity_scores(spec, feasible),
        (interpod.spread_scores(pod, around, names) if around is not None else None)
        or _spread_scores(pod, feasible, everywhere),
        interpod.affinity_scores(pod, around, names) if around is not None else [0] * len(feasible),
        _image_scores(spec, feasible, everywhere),
        strict=True,
    )
    return [Scores(*fit, *others) for fit, others in zip(resources, columns, strict=True)]


def least_allocated(facts: NodeFacts, demand: Demand, requested: tuple[int, ...]) -> int:
    """The share of cpu and memory that stays free; a pod without requests counts as 100m and 200 MB."""
    cpu = _free(facts.cpu_milli, requested[3] + demand.scored_cpu_milli)
    return (cpu + _free(facts.memory, requested[4] + demand.scored_memory)) // 2


def _free(capacity: int, used: int) -> int:
    return (capacity - used) * 100 // capacity if used <= capacity and capacity else 0


def balanced(facts: NodeFacts, demand: Demand, requested: tuple[int, ...]) -> int:
    """The closer the used shares of cpu and memory are to each other, the better. Who asks for neither is not asked."""
    if not demand.cpu_milli and not demand.memory:
        return 0
    if not facts.cpu_milli or not facts.memory:
        return 100
    cpu_share = min(1.0, (requested[0] + demand.cpu_milli) / facts.cpu_milli)
    memory_share = min(1.0, (requested[1] + demand.memory) / facts.memory)
    return int((1 - abs(cpu_share - memory_share) / 2) * 100)


def _taint_scores(spec: Mapping[str, Any], feasible: Sequence[Alike]) -> list[int]:
    tolerations = spec.get("tolerations") or ()
    counts = [
        len(placement.untolerated(seen.facts.taints, tolerations, ("PreferNoSchedule",))) if seen.facts.taints else 0
        for seen, _ in feasible
    ]
    most = max(counts, default=0)
    return [100 - 100 * count // most if most else 100 for count in counts]


def _affinity_scores(spec: Mapping[str, Any], feasible: Sequence[Alike]) -> list[int]:
    if "affinity" not in spec or not placement.has_preference(spec):
        return [0] * len(feasible)
    weights = [placement.preference(spec, seen.node) for seen, _ in feasible]
    most = max(weights, default=0)
    return [100 * weight // most if most else 0 for weight in weights]


def _spread_scores(pod: Obj, feasible: Sequence[Alike], everywhere: Sequence[Alike]) -> list[int]:
    """Replicas apart: by host (maxSkew 3) and by zone (maxSkew 5), both only wishes."""
    if not spread_by(pod):
        return [0] * len(feasible)
    zones = {seen.facts.zone for seen, _ in feasible} - {""}
    in_zone: Counter[str] = Counter()
    for seen, number in everywhere if zones else ():
        in_zone[seen.facts.zone] += seen.replicas * number
    by_host, by_zone = math.log(sum(number for _, number in feasible) + 2), math.log(len(zones) + 2)
    crowds = []
    for seen, _ in feasible:
        crowd = seen.replicas * by_host + 2
        if seen.facts.zone:
            crowd += in_zone[seen.facts.zone] * by_zone + 4
        crowds.append(int(crowd + 0.5))
    least, most = min(crowds, default=0), max(crowds, default=0)
    return [100 * (most + least - crowd) // most for crowd in crowds]


def _image_scores(spec: Mapping[str, Any], feasible: Sequence[Alike], everywhere: Sequence[Alike]) -> list[int]:
    """Nodes that have the images already, from 23 MB on, less so the fewer nodes have them.

    Nodes report full names, so a short one such as `nginx:1.27` is never found: upstream has it so.
    """
    names = [_with_tag(container["image"]) for container in spec["containers"]]
    held: Counter[str] = Counter()
    for seen, number in everywhere:
        held.update({name: number for name in names if name in seen.facts.images})
    if not held:
        return [0] * len(feasible)
    nodes = sum(number for _, number in everywhere)
    least, most = 23 << 20, (1000 << 20) * len(names)
    scores = []
    for seen, _ in feasible:
        images = seen.facts.images
        size = sum(int(images[name] * held[name] / nodes) for name in names if name in images)
        scores.append(100 * (min(max(size, least), most) - least) // (most - least))
    return scores


def _with_tag(image: str) -> str:
    return image if ":" in image.rsplit("/", 1)[-1] else f"{image}:latest"
