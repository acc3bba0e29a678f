"""Whose place a more important pod takes: the node where it hurts least, and no more victims than needed."""

from __future__ import annotations

from typing import Any

from app.api.objects import Obj
from app.scheduler.facts import NodeSeen, facts_of
from app.scheduler.interpod import Rules, neighbourhood
from app.scheduler.preemption import NO_VICTIMS, Plan, plan
from tests.support.builders import node, pod, with_status


def runs(name: str, cpu: str, priority: int = 0, since: str = "2026-01-01T00:00:00Z", **options: Any) -> Obj:
    found = pod(name, requests={"cpu": cpu}, priority=priority, **options)
    return with_status(found, startTime=since)


def urgent(cpu: str = "3", **options: Any) -> Obj:
    return pod("urgent", node="", requests={"cpu": cpu}, priority=100, **options)


def seen(name: str, *here: Obj) -> NodeSeen:
    of = node(name, cpu="4")
    cpu = sum(int(float(each["spec"]["containers"][0]["resources"]["requests"]["cpu"]) * 1_000) for each in here)
    return NodeSeen(of, facts_of(of), (cpu, 0, len(here), cpu, 0), 0)


def planned(of: Obj, guards: tuple[Obj, ...] = (), **on_node: tuple[Obj, ...]) -> tuple[str, list[str]] | None:
    here = {name.replace("_", "-"): pods for name, pods in on_node.items()}
    found, _ = plan(of, [seen(name, *pods) for name, pods in here.items()], here, guards)
    return (found.node, [victim["metadata"]["name"] for victim in found.victims]) if found else None


def budget(allowed: int, **labels: str) -> Obj:
    return {
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "guard", "namespace": "default"},
        "spec": {"selector": {"matchLabels": labels}},
        "status": {"disruptionsAllowed": allowed},
    }


def test_as_many_as_possible_are_let_off_the_more_important_first() -> None:
    here = (runs("low", "1.5", 1), runs("mid", "1.5", 5), runs("high", "1", 9))
    assert planned(urgent("1.5"), node_1=here) == ("node-1", ["low"])
    assert planned(urgent("3"), node_1=here) == ("node-1", ["mid", "low"])


def test_the_least_important_victim_decides_then_the_sum_then_the_number_then_the_youngest() -> None:
    assert planned(urgent(), node_1=(runs("a", "4", 9),), node_2=(runs("b", "4", 5),)) == ("node-2", ["b"])
    two = (runs("a", "2", 5), runs("b", "2", 5))
    assert planned(urgent("4"), node_1=two, node_2=(runs("c", "4", 5),)) == ("node-2", ["c"])
    old, young = runs("old", "4", since="2026-01-01T00:00:00Z"), runs("young", "4", since="2026-01-02T00:00:00Z")
    assert planned(urgent(), node_1=(old,), node_2=(young,)) == ("node-2", ["young"])


def test_negative_priorities_do_not_make_more_victims_cheaper() -> None:
    two = (runs("a", "2", -5), runs("b", "2", -5))
    assert planned(urgent("4"), node_1=two, node_2=(runs("c", "4", -5),)) == ("node-2", ["c"])


def test_a_budget_with_nothing_to_spare_counts_most_but_does_not_protect() -> None:
    guarded = runs("guarded", "4", 0, labels={"app": "db"})
    other = runs("other", "4", 50, labels={"app": "web"})
    assert planned(urgent(), (budget(0, app="db"),), node_1=(guarded,), node_2=(other,)) == ("node-2", ["other"])
    assert planned(urgent(), (budget(0, app="db"),), node_1=(guarded,)) == ("node-1", ["guarded"])


def test_a_budget_is_spent_pod_by_pod() -> None:
    pair = (runs("a", "2", labels={"app": "db"}), runs("b", "2", labels={"app": "db"}))
    rich = (runs("c", "2", 7, labels={"app": "web"}), runs("d", "2", 7, labels={"app": "web"}))
    one = (budget(1, app="db"),)
    assert planned(urgent("4"), one, node_1=pair, node_2=rich) == ("node-2", ["c", "d"])
    assert planned(urgent("4"), (budget(2, app="db"),), node_1=pair, node_2=rich) == ("node-1", ["a", "b"])


def test_equals_are_no_victims_and_too_few_do_not_help() -> None:
    equal, small = runs("equal", "4", 100), runs("small", "0.5", 1)
    big = runs("big", "3.5", 100)
    nodes = {"node-1": (equal,), "node-2": (big, small)}
    found, why = plan(urgent(), [seen(name, *here) for name, here in nodes.items()], nodes, ())
    assert found is None
    assert why == {"node-1": (NO_VICTIMS,), "node-2": ("Insufficient cpu",)}


APART = {
    "podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [
            {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "noisy"}}}
        ]
    }
}


def test_whoever_is_kept_away_takes_the_place_of_the_one_who_keeps_it_away_and_of_nobody_else() -> None:
    noisy, quiet = runs("noisy", "0.1", labels={"app": "noisy"}), runs("quiet", "0.1", labels={"app": "quiet"})
    of = urgent("1", affinity=APART)
    here = seen("node-1", noisy, quiet)
    rules = Rules(of, neighbourhood([here.node], [noisy, quiet]))
    assert rules.why_not(here.node) == "node(s) didn't match pod anti-affinity rules"
    found, _ = plan(of, [here], {"node-1": (noisy, quiet)}, (), rules)
    assert found == Plan("node-1", (noisy,))
    assert rules.why_not(here.node), "the rules are as they were"


def test_of_very_many_nodes_as_many_are_tried_as_are_enough() -> None:
    """As upstream: a hundred, or a tenth of them; a budget that none of those keeps makes it look further."""
    here = {f"node-{n:03}": (runs(f"pod-{n:03}", "4", n % 100, labels={"n": str(n)}),) for n in range(150)}
    candidates = [seen(name, *pods) for name, pods in here.items()]

    def chosen(first: int, *guards: Obj) -> str:
        found, _ = plan(urgent("4"), candidates, here, guards, None, first)
        assert found is not None
        return found.node

    assert (chosen(0), chosen(120), chosen(1)) == ("node-000", "node-000", "node-100")
    guard = budget(0)
    guard["spec"] = {"selector": {"matchExpressions": [{"key": "n", "operator": "NotIn", "values": ["149"]}]}}
    assert chosen(0, guard) == "node-149"
