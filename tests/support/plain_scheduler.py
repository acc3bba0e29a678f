"""The scheduler's choice worked out in the plainest way, node by node: what the quicker way has to come to as well."""

from __future__ import annotations

import math
from collections.abc import Sequence

from app.api.objects import Obj
from app.component_helpers import placement
from app.scheduler import interpod
from app.scheduler.facts import NodeSeen, demand_of, spread_by
from app.scheduler.framework import NodeVerdict, refusal
from app.scheduler.interpod import Neighbourhood, Rules
from app.scheduler.scores import Scores, balanced, least_allocated

WEIGHTS = {"TaintToleration": 3, "NodeAffinity": 2, "PodTopologySpread": 2, "InterPodAffinity": 2}
FULL_SCORE_SIZE, LEAST_SIZE = 1000 << 20, 23 << 20


def choice(pod: Obj, nodes: Sequence[NodeSeen], around: Neighbourhood | None = None) -> tuple[str, list[NodeVerdict]]:
    """The best node, "" if there is none, and a row for each."""
    rules = Rules(pod, around) if around is not None else None
    reasons = {seen.facts.name: refusal(pod, seen, rules) for seen in nodes}
    feasible = [seen for seen in nodes if not reasons[seen.facts.name]]
    scores = {seen.facts.name: _scores(pod, seen, feasible, nodes, around) for seen in feasible}
    totals = {
        name: sum(value * WEIGHTS.get(of, 1) for of, value in row._asdict().items()) for name, row in scores.items()
    }
    rows = [
        NodeVerdict(name, name in scores, why, scores.get(name), totals.get(name, 0)) for name, why in reasons.items()
    ]
    best = min(feasible, key=lambda seen: (-totals[seen.facts.name], seen.requested[2], seen.facts.name), default=None)
    return best.facts.name if best else "", rows


def _scores(
    pod: Obj, seen: NodeSeen, feasible: Sequence[NodeSeen], nodes: Sequence[NodeSeen], around: Neighbourhood | None
) -> Scores:
    spec, demand, names = pod["spec"], demand_of(pod["spec"]), [each.facts.name for each in feasible]
    place, spread = names.index(seen.facts.name), interpod.spread_scores(pod, around, names) if around else None
    return Scores(
        NodeResourcesFit=least_allocated(seen.facts, demand, seen.requested),
        NodeResourcesBalancedAllocation=balanced(seen.facts, demand, seen.requested),
        TaintToleration=_tolerance(pod, seen, feasible),
        NodeAffinity=_preference(pod, seen, feasible),
        PodTopologySpread=spread[place] if spread is not None else _apart(pod, seen, feasible, nodes),
        InterPodAffinity=interpod.affinity_scores(pod, around, names)[place] if around else 0,
        ImageLocality=_images(spec["containers"], seen, nodes),
    )


def _tolerance(pod: Obj, seen: NodeSeen, feasible: Sequence[NodeSeen]) -> int:
    def disliked(of: NodeSeen) -> int:
        tolerations = pod["spec"].get("tolerations") or ()
        return len(placement.untolerated(of.facts.taints, tolerations, ("PreferNoSchedule",)))

    most = max(map(disliked, feasible))
    return 100 - 100 * disliked(seen) // most if most else 100


def _preference(pod: Obj, seen: NodeSeen, feasible: Sequence[NodeSeen]) -> int:
    most = max(placement.preference(pod["spec"], each.node) for each in feasible)
    return 100 * placement.preference(pod["spec"], seen.node) // most if most else 0


def _apart(pod: Obj, seen: NodeSeen, feasible: Sequence[NodeSeen], nodes: Sequence[NodeSeen]) -> int:
    if not spread_by(pod):
        return 0
    zones = {each.facts.zone for each in feasible if each.facts.zone}

    def crowd(of: NodeSeen) -> int:
        here = of.replicas * math.log(len(feasible) + 2) + 2
        if of.facts.zone:
            beside = sum(each.replicas for each in nodes if each.facts.zone == of.facts.zone)
            here += beside * math.log(len(zones) + 2) + 4
        return int(here + 0.5)

    crowds = [crowd(each) for each in feasible]
    return 100 * (max(crowds) + min(crowds) - crowd(seen)) // max(crowds)


def _images(containers: Sequence[Obj], seen: NodeSeen, nodes: Sequence[NodeSeen]) -> int:
    size = 0
    for container in containers:
        name = container["image"]
        share = sum(name in each.facts.images for each in nodes) / len(nodes)
        size += int(seen.facts.images.get(name, 0) * share)
    most = FULL_SCORE_SIZE * len(containers)
    return 100 * (min(max(size, LEAST_SIZE), most) - LEAST_SIZE) // (most - LEAST_SIZE)
