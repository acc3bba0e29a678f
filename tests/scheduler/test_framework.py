"""Which node is best for a pod: filters and scores, with Kubernetes' numbers."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj
from app.scheduler.facts import NodeSeen, demand_of, facts_of
from app.scheduler.framework import Decision, decide
from app.scheduler.scores import Scores
from tests.support.builders import node, pod, replica_set

GI = 1 << 30
RS = replica_set()


def see(of: Obj, cpu: int = 0, memory: int = 0, pods: int = 0, replicas: int = 0) -> NodeSeen:
    """A node whose `pods` pods request that together, each with what a pod that does not say counts as."""
    return NodeSeen(of, facts_of(of), (cpu, memory, pods, cpu, memory), replicas)


def unassigned(**options: Any) -> Obj:
    return pod(node="", **options)


def choose(of: Obj, *nodes: NodeSeen) -> Decision:
    return decide(of, nodes)[0]


def scores(of: Obj, *nodes: NodeSeen) -> list[Scores | None]:
    return [row.scores for row in choose(of, *nodes).verdicts]


# ------------------------------------------------------------------------------------------------- filters

SMALL = {"cpu": "1", "memory": "1Gi"}


@pytest.mark.parametrize(
    ("seen", "reasons", "helps"),
    [
        (see(node(cpu="2"), cpu=1_500), ("Insufficient cpu",), 1),
        (see(node(cpu="500m")), ("Insufficient cpu",), 0),
        (see(node(memory="2Gi"), memory=GI + 1), ("Insufficient memory",), 1),
        (see(node(cpu="1", memory="1Gi"), cpu=1, memory=1), ("Insufficient cpu", "Insufficient memory"), 1),
        (see(node(pods="3"), pods=3), ("Too many pods",), 1),
        (see(node(unschedulable=True)), ("node(s) were unschedulable",), 0),
        (see(node(taints=[{"key": "a", "effect": "NoSchedule"}])), ("node(s) had untolerated taint(s)",), 0),
        (see(node(taints=[{"key": "a", "effect": "NoExecute"}])), ("node(s) had untolerated taint(s)",), 0),
    ],
)
def test_why_a_node_is_out_of_the_question(seen: NodeSeen, reasons: tuple[str, ...], helps: int) -> None:
    decision, resolvable = decide(unassigned(requests=SMALL), [seen])
    assert (decision.node, decision.verdicts[0].reasons, decision.verdicts[0].scores) == ("", reasons, None)
    assert len(resolvable) == helps


@pytest.mark.parametrize(
    ("options", "seen"),
    [
        ({"requests": SMALL}, see(node(cpu="2", memory="2Gi"), cpu=1_000, memory=GI)),
        ({}, see(node(cpu="1"), cpu=1_000)),
        (
            {"tolerations": [{"key": "a", "operator": "Exists"}]},
            see(node(taints=[{"key": "a", "effect": "NoSchedule"}])),
        ),
        (
            {"tolerations": [{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}]},
            see(node(unschedulable=True)),
        ),
        ({}, see(node(taints=[{"key": "a", "effect": "PreferNoSchedule"}]))),
        ({"nodeSelector": {"disk": "ssd"}}, see(node(labels={"disk": "ssd"}))),
    ],
)
def test_a_node_that_will_do(options: dict[str, Any], seen: NodeSeen) -> None:
    assert choose(unassigned(**options), seen).node == "node-1"


def test_a_node_selector_that_no_node_has() -> None:
    (row,) = choose(unassigned(nodeSelector={"disk": "ssd"}), see(node())).verdicts
    assert row.reasons == ("node(s) didn't match Pod's node affinity/selector",)


def test_no_nodes_no_decision() -> None:
    decision = choose(unassigned())
    assert (decision.node, list(decision.verdicts)) == ("", [])


# -------------------------------------------------------------------------------------------------- scores


@pytest.mark.parametrize(
    ("requests", "cpu", "memory", "fit", "balanced"),
    [
        # (4000-1000)/4000 = 75 % and (8-2)/8 = 75 % stay free; both quarters used: in balance
        ({"cpu": "1", "memory": "2Gi"}, 0, 0, 75, 100),
        # 50 % and 75 % free; shares 0.5 and 0.25 differ by 0.25: (1 - 0.125) * 100
        ({"cpu": "1", "memory": "2Gi"}, 1_000, 0, 62, 87),
        # best effort counts as 100m and 200 MiB in Fit, and not at all in BalancedAllocation
        (None, 0, 0, 97, 0),
    ],
)
def test_the_emptier_and_the_better_balanced_the_better(
    requests: dict[str, str] | None, cpu: int, memory: int, fit: int, balanced: int
) -> None:
    (found,) = scores(unassigned(requests=requests), see(node(), cpu=cpu, memory=memory))
    assert found is not None
    assert (found.NodeResourcesFit, found.NodeResourcesBalancedAllocation) == (fit, balanced)


def test_replicas_are_spread_over_hosts() -> None:
    of = unassigned(owner=RS)
    one, two, three = (node(f"node-{n}") for n in (1, 2, 3))
    found = scores(of, see(one, replicas=2), see(two, replicas=1), see(three))
    # 2*ln(5)+2 = 5.2, 1*ln(5)+2 = 3.6, 2 -> 5, 4, 2 -> 100*(5+2-s)/5
    assert [each.PodTopologySpread for each in found if each] == [40, 60, 100]
    assert choose(of, see(one, replicas=2), see(two, replicas=1), see(three)).node == "node-3"


def test_replicas_are_spread_over_zones() -> None:
    of = unassigned(owner=RS)
    a1, a2, b = (node(name, labels={"topology.kubernetes.io/zone": name[0]}) for name in ("a1", "a2", "b1"))
    found = scores(of, see(a1, replicas=1), see(a2), see(b))
    # a1: 1*ln(5)+2 + 1*ln(4)+4 = 9.0, a2: 2+5.4 = 7.4, b: 6 -> 9, 7, 6 -> 100*(9+6-s)/9
    assert [each.PodTopologySpread for each in found if each] == [66, 88, 100]


def test_pods_that_nobody_replicates_are_not_spread() -> None:
    (found,) = scores(unassigned(), see(node(), replicas=3))
    assert found is not None
    assert found.PodTopologySpread == 0


def test_a_soft_taint_costs_most() -> None:
    soft = node("node-1", taints=[{"key": "old", "effect": "PreferNoSchedule"}])
    decision = choose(unassigned(), see(soft), see(node("node-2"), cpu=3_000, memory=6 * GI))
    assert [row.scores.TaintToleration for row in decision.verdicts if row.scores] == [0, 100]
    assert decision.node == "node-2"


def test_preferred_node_affinity_is_scaled_to_the_best() -> None:
    terms = [{"weight": 4, "preference": {"matchExpressions": [{"key": "disk", "operator": "Exists"}]}}]
    of = unassigned(affinity={"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": terms}})
    found = scores(of, see(node("node-1")), see(node("node-2", labels={"disk": "ssd"})))
    assert [each.NodeAffinity for each in found if each] == [0, 100]


def test_a_big_image_that_is_there_already_counts_a_little() -> None:
    image = {"names": ["ghcr.io/acme/shop:1"], "sizeBytes": 1_000 << 20}
    has, lacks = node("node-1", status={"images": [image]}), node("node-2")
    found = scores(unassigned(image="ghcr.io/acme/shop:1"), see(has), see(lacks))
    # half the nodes have it: 500 MiB of 23..1000 -> 100*477/977
    assert [each.ImageLocality for each in found if each] == [48, 0]


def test_the_total_is_weighted_and_the_table_has_every_node_in_order() -> None:
    full = node("node-2", cpu="100m")
    decision = choose(unassigned(owner=RS, requests=SMALL), see(node("node-1")), see(full), see(node("node-3")))
    assert [(row.node, row.feasible) for row in decision.verdicts] == [
        ("node-1", True),
        ("node-2", False),
        ("node-3", True),
    ]
    row = decision.verdicts[0]
    assert row.scores == Scores(81, 93, 100, 0, 100, 0, 0)
    assert row.total == 81 + 93 + 3 * 100 + 2 * 0 + 2 * 100 + 0


def test_of_equally_good_nodes_the_one_with_fewest_pods_then_the_first_by_name() -> None:
    one, two, three = (node(f"node-{n}") for n in (1, 2, 3))
    assert choose(unassigned(), see(one, pods=1), see(two), see(three)).node == "node-2"
    assert str(choose(unassigned(), see(three), see(two), see(one))) == "node-1"


# ------------------------------------------------------------------------------- nodes and pods in numbers


def test_a_container_that_does_not_say_counts_in_scores_only() -> None:
    assert demand_of(unassigned()["spec"]) == (0, 0, 100, 200 << 20, ())
    assert demand_of(unassigned(requests={"cpu": "250m"})["spec"]) == (250, 0, 250, 200 << 20, ())


# ---------------------------------------------------------------------------------------- other resources


def with_gpus(of: Obj, count: int) -> Obj:
    status = of["status"]
    return {**of, "status": {**status, "allocatable": {**status["allocatable"], "nvidia.com/gpu": str(count)}}}


@pytest.mark.parametrize(
    ("asked", "held", "reasons"),
    [
        (1, 1, ()),
        (2, 1, ("Insufficient nvidia.com/gpu",)),
        (3, 0, ("Insufficient nvidia.com/gpu",)),
    ],
)
def test_other_resources_are_counted_too(asked: int, held: int, reasons: tuple[str, ...]) -> None:
    of = with_gpus(node(), 2)
    seen = NodeSeen(of, facts_of(of), (), 0, {"nvidia.com/gpu": held})
    decision, resolvable = decide(pod(node="", requests={"nvidia.com/gpu": str(asked)}), [seen])
    assert decision.verdicts[0].reasons == reasons
    assert bool(resolvable) == (asked == 2), "of two it has there is one too few: a pod that goes would help"


def test_ephemeral_storage_is_one_of_them() -> None:
    of = node()
    asking = pod(node="", requests={"ephemeral-storage": "900Gi", "example.com/thing": "1"})
    decision, _ = decide(asking, [NodeSeen(of, facts_of(of), (), 0)])
    assert decision.verdicts[0].reasons == ("Insufficient ephemeral-storage", "Insufficient example.com/thing")
