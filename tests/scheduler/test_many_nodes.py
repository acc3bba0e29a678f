"""Of many nodes those that are alike are judged once, and of very many only some are looked at: it chooses well."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.api import objects
from app.api.objects import Obj
from app.cluster import Cluster
from app.commands import Apply
from app.engine.trace import Observed
from app.scheduler import interpod, sayings
from app.scheduler.facts import NodeSeen, facts_of
from app.scheduler.framework import decide, sample_size
from app.scheduler.nodes import Nodes
from app.scheduler.queue import Attempts
from app.scheduler.scheduler import PodSeen, Scheduler
from tests.support import plain_scheduler
from tests.support.builders import NOW_MS, node, pod, replica_set
from tests.support.random_world import MANIFEST, random_world
from tests.support.reading import reader

pytestmark = pytest.mark.long

RS = replica_set()
IMAGE = "registry.example/app:1"
ZONE = "topology.kubernetes.io/zone"
SPREAD = {"topologyKey": ZONE, "maxSkew": 1, "labelSelector": {"matchLabels": {"app": "web"}}}
NEAR = {"topologyKey": ZONE, "labelSelector": {"matchLabels": {"app": "db"}}}
WISH = {"weight": 5, "preference": {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}}


def few(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


@st.composite
def seen_nodes(draw: st.DrawFn, least: int = 1) -> list[NodeSeen]:
    """Of few sorts, so that many are alike."""
    found = []
    for number in range(draw(st.integers(least, 12))):
        labels = draw(few({}, {ZONE: "a"}, {ZONE: "a", "disk": "ssd"}, {ZONE: "b"}))
        effects = draw(few((), (), ("PreferNoSchedule",), ("PreferNoSchedule", "NoExecute"), ("NoSchedule",)))
        taints = [{"key": "own", "effect": effect} for effect in effects]
        images = draw(few([], [{"names": [IMAGE], "sizeBytes": 700 << 20}]))
        of = node(
            f"node-{number:02}", cpu=draw(few("2", "4")), labels=labels, taints=taints, status={"images": images},
            unschedulable=draw(few(False, False, False, True)),
        )  # fmt: skip
        cpu, pods = draw(few(0, 500, 1_900)), draw(few(0, 3, 110))
        found.append(NodeSeen(of, facts_of(of), (cpu, cpu << 20, pods, cpu + 100, cpu << 20), draw(few(0, 0, 1, 3))))
    return found


OPTIONS: dict[str, Any] = {
    "owner": RS,
    "requests": {"cpu": "500m", "memory": "1Gi"},
    "image": IMAGE,
    "tolerations": [{"key": "own", "operator": "Exists"}],
    "nodeSelector": {"disk": "ssd"},
    "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [WISH]}},
}
WANTS = st.sets(few(*OPTIONS)).map(lambda names: pod("new", node="", **{name: OPTIONS[name] for name in names}))


@settings(max_examples=100, deadline=None)
@given(WANTS, seen_nodes(), st.integers(0, 11))
def test_the_choice_and_every_row_are_as_if_each_node_were_judged_alone(
    of: Obj, nodes: list[NodeSeen], first: int
) -> None:
    decision, _ = decide(of, nodes, first=first % len(nodes))
    assert (decision.node, list(decision.verdicts)) == plain_scheduler.choice(of, nodes)


@settings(max_examples=40, deadline=None)
@given(seen_nodes(), st.lists(st.tuples(few("web", "db"), st.integers(0, 11)), max_size=12), few(SPREAD, NEAR))
def test_who_minds_its_neighbours_too(nodes: list[NodeSeen], others: list[tuple[str, int]], rule: Obj) -> None:
    beside = [
        pod(f"other-{number}", node=f"node-{place:02}", labels={"app": app})
        for number, (app, place) in enumerate(others)
    ]
    around = interpod.neighbourhood([seen.node for seen in nodes], beside)
    near = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [NEAR]}}
    of = pod("new", node="", **({"affinity": near} if rule is NEAR else {"topologySpreadConstraints": [rule]}))
    decision, _ = decide(of, nodes, around)
    assert (decision.node, list(decision.verdicts)) == plain_scheduler.choice(of, nodes, around)


# ------------------------------------------------------------------------------------------------- sampling


@pytest.mark.parametrize(
    ("count", "enough"), [(0, 0), (3, 3), (100, 100), (150, 100), (500, 230), (1_000, 420), (5_000, 500), (8_000, 400)]
)
def test_how_many_nodes_are_enough(count: int, enough: int) -> None:
    assert sample_size(count) == enough


def many(count: int, **options: Any) -> list[NodeSeen]:
    nodes = [node(f"node-{number:03}", **options) for number in range(count)]
    return [NodeSeen(of, facts_of(of), (), 0) for of in nodes]


def names(numbers: range) -> list[str]:
    return [f"node-{number:03}" for number in numbers]


def test_it_looks_from_the_first_one_on_until_enough_would_do() -> None:
    decision, _ = decide(pod(node=""), many(150), first=30)
    assert (decision.node, decision.passed_over) == ("node-030", 50)
    assert [row.node for row in decision.verdicts] == names(range(30, 130))


def test_after_the_last_node_it_goes_on_with_the_first() -> None:
    decision, _ = decide(pod(node=""), many(150), first=120)
    assert decision.node == "node-000"
    assert [row.node for row in decision.verdicts] == names(range(70)) + names(range(120, 150))


def test_those_that_refuse_are_not_among_the_enough() -> None:
    nodes = many(60, unschedulable=True) + [
        seen._replace(facts=seen.facts._replace(name=f"x-{seen.facts.name}")) for seen in many(150)
    ]
    decision, _ = decide(pod(node=""), nodes)
    assert len(decision.verdicts) == 60 + sample_size(210)


def test_a_pod_that_fits_nowhere_has_been_tried_everywhere() -> None:
    decision, helped = decide(pod(node="", requests={"cpu": "5"}), many(150), first=120)
    assert (decision.node, decision.passed_over, helped) == ("", 0, frozenset())
    assert [row.node for row in decision.verdicts] == names(range(150))


def test_it_says_that_it_did_not_look_at_all_of_them() -> None:
    (bind,) = Scheduler().diff(PodSeen(pod(node=""), tuple(many(150)), Attempts(0, 0), NOW_MS, first=30))
    said = sayings.SAYS["PodUnscheduled"].text
    assert callable(said)
    sentence = said(bind)
    assert "enough to choose from" in str(sentence.text)
    assert sentence.values == {"n": 100, "node": "node-030"}


def observed(nodes: int, pods: int) -> PodSeen:
    scheduler = Scheduler()
    there = [node(f"node-{number:03}") for number in range(nodes)]
    bound = [pod(f"bound-{number}") for number in range(pods)]
    new = pod("web-1", node="")
    found = scheduler.observe(objects.ref_of(new), reader(scheduler, new, *there, *bound))
    assert found is not None
    return found


def test_each_decision_begins_where_the_one_before_it_stopped() -> None:
    assert [observed(150, pods).first for pods in (0, 1, 2)] == [0, 100, 50]
    assert observed(100, 2).first == 0


# ------------------------------------------------------------------------------------------- what is seen again


def test_what_is_not_looked_at_again_is_as_it_was() -> None:
    """Whenever the scheduler has looked, somebody who looks for the first time sees the same."""
    looks = 0

    def same(cluster: Cluster) -> None:
        nonlocal looks
        step = cluster.trace.get(cluster.trace.count)
        assert step is not None
        if step.actor == "default-scheduler" and isinstance(step.record, Observed) and step.record.observation:
            seen, view = step.record.observation, cluster.engine.workers[step.actor].view
            assert Nodes().seen_by(seen.pod, view) == seen.nodes
            looks += 1

    for seed in range(1, 4):
        random_world(seed, after_step=same)
    assert looks > 10


def test_between_two_pods_only_the_node_of_the_first_is_looked_at_again() -> None:
    cluster = Cluster(nodes=5, latencies="zero")
    cluster.submit(Apply(MANIFEST))
    cluster.run()
    seen = [
        step.record.observation.nodes
        for step in cluster.trace
        if step.actor == "default-scheduler" and isinstance(step.record, Observed) and step.record.observation
    ]
    assert len(seen) == 3
    for before, after in pairwise(seen):
        assert sum(one is other for one, other in zip(before, after, strict=True)) == 4
