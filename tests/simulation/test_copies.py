"""A copy of a cluster is that cluster: in the middle of anything, given the same commands, it takes the same steps."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import Any

import pytest

from app.cluster import Cluster
from app.commands import Apply, Command, command_from_json
from app.engine.trace import Step
from tests.support.random_world import MANIFEST, random_command
from tests.support.whole_world import WholeWorld

FIRST = int(os.environ.get("SEED", "1"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("SEEDS", "8")))


def told(steps: Sequence[Step]) -> list[str]:
    """Steps as text: everything that is recorded, objects included."""
    return [repr(step) for step in steps]


def state(cluster: Cluster) -> Any:
    objects = {kind: cluster.objects(kind) for kind in sorted(cluster.kinds())}
    return objects, cluster.now_ms, cluster.revision, cluster.quiet, cluster.actors, cluster.journal, cluster.applied


def go_on(cluster: Cluster, seed: int, commands: int = 6) -> None:
    """The same commands at the same steps, whichever cluster it is."""
    rng = random.Random(seed)
    for _ in range(commands):
        for _ in range(rng.randrange(120)):
            cluster.step()
        command: Command | None = random_command(rng, cluster)
        if command is not None:
            cluster.submit(command)
    cluster.run(limit_steps=300)


@pytest.mark.parametrize("seed", SEEDS)
def test_original_and_copy_leave_the_same_trace(seed: int) -> None:
    rng = random.Random(seed)
    cluster = Cluster(seed=seed, latencies=rng.choice(["realistic", "stormy", "textbook"]))
    cluster.submit(Apply(MANIFEST))
    for moment in range(6):
        go_on(cluster, rng.randrange(1_000_000), commands=1)
        for _ in range(rng.randrange(40)):
            cluster.step()
        before, begin = state(cluster), cluster.trace.count
        copied = cluster.copy()
        assert state(copied) == before
        future = seed * 100 + moment
        go_on(copied, future)
        assert state(cluster) == before, "what the copy does is none of the original's business"
        go_on(cluster, future)
        assert told(copied.trace.since(begin)) == told(cluster.trace.since(begin))
        assert state(copied) == state(cluster)


@pytest.mark.parametrize("seed", SEEDS)
def test_so_do_those_of_a_world_in_which_everything_breaks(seed: int) -> None:
    world = WholeWorld(seed)
    world.live(12)
    copied = world.cluster.copy()
    begin = copied.trace.count
    world.live(6)
    went = list(world.cluster.trace.since(begin))
    commands = list(world.cluster.journal[len(copied.journal) :])
    assert commands
    for entry in commands:
        copied.forward(entry.step, entry.at_ms)
        copied.submit(command_from_json(entry.command))
    copied.forward(world.cluster.trace.count, world.cluster.now_ms)
    assert told(copied.trace.since(begin)) == told(went)
    assert state(copied)[0] == state(world.cluster)[0]


def test_a_copy_in_the_middle_of_a_reconcile_earns_its_own_conflict() -> None:
    cluster = Cluster()
    cluster.submit(Apply(MANIFEST))
    cluster.run(lambda c: any(c.actors["deployment-controller"].in_flight))
    copied = cluster.copy()
    assert copied.actors == cluster.actors
    copied.submit(Apply(MANIFEST.replace("replicas: 3", "replicas: 5")))
    copied.run()
    cluster.run()
    assert (len(copied.objects("Pod")), len(cluster.objects("Pod"))) == (5, 3)
