"""What is written out and read again goes on as if nothing had been: in the middle of anything, in any odd world."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Sequence

import pytest

from app.cluster import Cluster, checkpoint
from app.commands import Apply
from app.engine.trace import Step
from tests.simulation.test_copies import go_on, state
from tests.support.random_world import MANIFEST
from tests.support.whole_world import WholeWorld

FIRST = int(os.environ.get("SEED", "1"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("SEEDS", "6")))


def read_again(cluster: Cluster) -> Cluster:
    text = b"".join(checkpoint.written(cluster))
    return checkpoint.resumed(text.splitlines(), cluster.journal)


def told(steps: Sequence[Step]) -> list[str]:
    """Steps as text: everything that is recorded. A set has no order: its names are sorted."""
    return [
        re.sub(r"frozenset\({(.*?)}\)", lambda found: str(sorted(found[1].split(", "))), repr(step)) for step in steps
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_original_and_checkpoint_leave_the_same_trace(seed: int) -> None:
    rng = random.Random(seed)
    cluster = Cluster(seed=seed, latencies=rng.choice(["realistic", "stormy", "textbook"]))
    cluster.submit(Apply(MANIFEST))
    for moment in range(4):
        go_on(cluster, rng.randrange(1_000_000), commands=1)
        for _ in range(rng.randrange(40)):
            cluster.step()
        again, begin = read_again(cluster), cluster.trace.count
        assert state(again) == state(cluster)
        future = seed * 100 + moment
        go_on(again, future)
        go_on(cluster, future)
        assert told(again.trace.since(begin)) == told(cluster.trace.since(begin))


@pytest.mark.parametrize("seed", SEEDS)
def test_in_a_world_with_every_kind_and_fault(seed: int) -> None:
    world = WholeWorld(seed)
    for moment in range(5):
        world.live(6)
        again, begin = read_again(world.cluster), world.cluster.trace.count
        assert state(again) == state(world.cluster)
        future = seed * 100 + moment
        go_on(again, future)
        original = world.cluster.copy()
        go_on(original, future)
        assert told(again.trace.since(begin)) == told(original.trace.since(begin))
