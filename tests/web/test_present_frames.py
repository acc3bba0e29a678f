"""What is pushed, frame after frame, makes the same page as one that is drawn anew: in random worlds, under faults."""

from __future__ import annotations

import random
from typing import Any

import pytest

from app.api import quantities
from app.api.objects import Ref, name_of
from app.apimachinery.yamltext import dump
from app.cluster import Cluster
from app.commands import DefineController, RemoveController
from app.component_helpers import pods
from app.web.present import Words, board, frame
from app.web.present.requested import Tally
from tests.support import crds
from tests.support.looks import Stage, frame_since
from tests.support.whole_world import WholeWorld
from tests.support.world import World

_ = Words()
SEEDS = range(1, 4)


class Page:
    """What a browser shows that took a snapshot and puts every frame in place, by id."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.room = Stage(cluster)
        self.shown = drawn_anew(cluster)
        self._mark()

    def push(self) -> None:
        cluster = self.cluster
        pushed = frame_since(cluster, self._revision, self._step)
        self._mark()
        context = frame(self.room, pushed, _)
        for group in ("nodes", "pods", "services", "workloads", "chips", "customs"):
            self.shown |= {view.id: view for view in context[group]}
        for id in context["gone"]:
            self.shown.pop(id, None)

    def _mark(self) -> None:
        self._revision, self._step = self.cluster.revision, self.cluster.trace.count


def drawn_anew(cluster: Cluster) -> dict[str, Any]:
    view = board.board(cluster, _)
    pods_ = [pod for there in view.pods.values() for pod in there]
    drawn = (*view.nodes, *pods_, *view.services, *view.workloads, *view.chips, *view.customs)
    return {each.id: each for each in drawn}


def requested_slowly(cluster: Cluster, node: str) -> int:
    here = [pod for pod in cluster.objects("Pod") if pods.node_name(pod) == node and not pods.is_terminal(pod)]
    return sum(pods.requests(pod)[0] for pod in here)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.long
def test_frames_make_the_page_that_a_snapshot_would_be(seed: int) -> None:
    world, rng = WholeWorld(seed), random.Random(seed)
    page, cluster = Page(world.cluster), world.cluster
    for _turn in range(60):
        wish = (world.a_fault if rng.random() < 0.25 else world.a_wish)()
        if wish is not None:
            world.submit(wish)
        cluster.advance(cluster.now_ms + rng.choice([50, 500, 3_000, 20_000]), rng.choice([3, 30, 400]))
        page.push()
        assert page.shown == drawn_anew(cluster)
        for node in cluster.objects("Node"):
            milli, all_of_it = requested_slowly(cluster, name_of(node)), node["status"]["allocatable"]["cpu"]
            shown = page.shown[f"o-Node--{name_of(node)}"].cpu_percent
            assert shown == min(100, milli * 100 // quantities.milli(all_of_it))


def test_a_kind_for_which_somebody_writes_a_loop_is_looked_after_and_then_not() -> None:
    world = World()
    crds.define(world)
    world.apply(dump(crds.website()))
    page = Page(world)
    text = """
def sync(parent, children):
    return {"children": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "child"}}]}
"""
    for command in (DefineController("mine", "websites", text, "cm"), RemoveController("mine")):
        world.do(command)
        world.run()
        page.push()
        (child,) = (view for view in board.chips(world) if view.chip.kind == "ConfigMap")
        assert child.stored == isinstance(command, RemoveController)
        assert page.shown == drawn_anew(world)


def test_a_tally_that_fell_behind_the_log_or_looks_at_the_past_counts_anew() -> None:
    world = WholeWorld(1)
    tally = Tally()
    tally.follow(world.cluster)
    world.cluster.store.log_limit = 4
    world.cluster.run()
    tally.follow(world.cluster)
    assert tally.milli["node-1"] == requested_slowly(world.cluster, "node-1") > 0
    tally.revision, tally.milli = world.cluster.revision + 1, {}
    tally.follow(world.cluster)
    assert tally.milli["node-1"] == requested_slowly(world.cluster, "node-1")
    assert world.cluster.get(Ref("Node", "", "node-1"))
