"""Loops that die between two writes, see what was there before, miss an event or run in two copies, at random: what
must never be never is, every change has its step, and with the faults off all comes to what was declared."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from app.api.objects import Ref
from app.cluster import Cluster
from app.commands import (
    Apply,
    Command,
    CrashController,
    CrashMidway,
    DefineController,
    DropNextEvent,
    SetLatencies,
    StaleCache,
    TwoCopies,
)
from app.engine.trace import Failed, Fired, Step, changes_of
from app.operators.own.templates import controller_templates
from app.web.present import verdict
from tests.simulation.test_copies import told
from tests.support.own_texts import BOB, NAMED_ANEW
from tests.support.random_world import (
    MANIFEST,
    active_pods_of_web,
    calm_down,
    no_node_beyond_its_capacity,
    one_controller_owner,
    random_command,
)
from tests.support.whole_world import ALONE

FIRST = int(os.environ.get("SEED", "1"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("SEEDS", "6")))
HELLO = next(each.text for each in controller_templates() if each.name == "hello")
OWN = ("hello", "anew")


def actors_of(cluster: Cluster) -> list[str]:
    """Loops of the control plane, one's own too, that may do their work twice."""
    kubernetes = ("replicaset", "deployment", "endpointslice", "garbage", "node-lifecycle", "cloud")
    return [actor for actor in cluster.actors if actor not in ALONE and actor.startswith((*kubernetes, *OWN))]


def random_fault(rng: random.Random, cluster: Cluster) -> Command:
    actor = rng.choice([each for each in actors_of(cluster) if not each.endswith("_2")])
    choices: list[Callable[[], Command]] = [
        lambda: CrashMidway(actor),
        lambda: StaleCache(actor, rng.choice([1_000, 5_000])),
        lambda: DropNextEvent(actor),
        lambda: TwoCopies(actor, rng.random() < 0.6),
    ]
    return rng.choice(choices)()


def live(seed: int, commands: int = 25) -> tuple[Cluster, list[Step]]:
    """A world of a Deployment and two controllers of one's own, and all its steps."""
    rng = random.Random(seed)
    cluster, steps = Cluster(seed=seed, latencies=rng.choice(["realistic", "stormy", "textbook"])), []
    for name, text in zip(OWN, (HELLO, NAMED_ANEW), strict=True):
        cluster.submit(DefineController(name, "secret", text, "cm"))
    cluster.submit(Apply(MANIFEST))
    cluster.submit(Apply(BOB))
    for _ in range(commands):
        command = random_fault(rng, cluster) if rng.random() < 0.5 else random_command(rng, cluster)
        act = cluster.submit(command) if command is not None else None
        for _ in range(rng.choice([0, 10, 60, 300])):
            if cluster.quiet or (step := cluster.step()) is None:
                break
            one_controller_owner(cluster)
            no_node_beyond_its_capacity(cluster)
            steps.append(step)
        if act is not None:
            verdict.of(cluster, act)
    return cluster, steps


@pytest.mark.mistakes
@pytest.mark.parametrize("seed", SEEDS)
def test_safe_at_every_step_and_as_declared_with_the_faults_off(seed: int) -> None:
    cluster, _steps = live(seed)
    cluster.submit(SetLatencies("realistic"))
    for actor in [each for each in actors_of(cluster) if not each.endswith("_2")]:
        for command in (CrashMidway(actor, False), StaleCache(actor, 0), DropNextEvent(actor, on=False)):
            cluster.submit(command)
        cluster.submit(TwoCopies(actor, False))
    for actor in cluster.actors:
        if "/" not in actor:
            cluster.submit(CrashController(actor))  # who lost an event cannot know
    calm_down(cluster)
    assert cluster.quiet
    assert not [actor for actor in cluster.actors if actor.endswith("_2")]
    deployment = cluster.get(Ref("Deployment", "default", "web"))
    assert deployment is not None
    assert len(active_pods_of_web(cluster)) == 3 == deployment["status"]["availableReplicas"]
    assert cluster.get(Ref("ConfigMap", "default", "bob-hello")) is not None


@pytest.mark.mistakes
@pytest.mark.parametrize("seed", SEEDS)
def test_every_change_has_one_step_and_a_journal_replays_it(seed: int) -> None:
    cluster, _steps = live(seed)
    revisions = [change.revision for step in cluster.trace for change in changes_of(step)]
    assert all(after == before + 1 for before, after in pairwise(revisions))
    assert revisions[-1] == cluster.revision
    again = Cluster.replay(cluster.seed, cluster.epoch_ms, list(cluster.journal))
    again.forward(cluster.trace.count, cluster.now_ms)
    assert told(list(again.trace)) == told(list(cluster.trace))
    copied = cluster.copy()
    begin = copied.trace.count
    for each in (cluster, copied):
        each.run(limit_steps=400)
    assert told(copied.trace.since(begin)) == told(cluster.trace.since(begin))


def test_in_these_worlds_every_fault_strikes() -> None:
    struck = set()
    for seed in range(1, 9):
        for step in live(seed)[1]:
            match step.record:
                case Fired(why=why) if why in ("STALE", "CAUGHT-UP", "EVENT-LOST"):
                    struck.add(why)
                case Failed(phase="crash"):
                    struck.add("crash")
            struck.update(["second"] if step.actor.endswith("_2") else [])
    assert struck == {"STALE", "CAUGHT-UP", "EVENT-LOST", "crash", "second"}
