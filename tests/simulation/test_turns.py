"""Loops take turns: one works at a time, and nothing else is different."""

from __future__ import annotations

import os

import pytest

from app.cluster import Cluster
from app.commands import Apply, TakeTurns
from app.engine.trace import Acted, Differed, Failed, Observed
from tests.support.random_world import MANIFEST, calm_down, random_world
from tests.support.whole_world import WholeWorld

FIRST = int(os.environ.get("SEED", "1"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("SEEDS", "6")))


def interleaved(cluster: Cluster, since: int = 0) -> list[str]:
    """Steps of one loop in the middle of the reconciles of another, background aside."""
    found: list[str] = []
    going_on: dict[tuple[str, object], None] = {}
    for step in cluster.trace.since(since):
        if not isinstance(step.record, Observed | Differed | Acted | Failed):
            continue
        loop = step.actor.partition("/")[0]
        others = {other for other, _ in going_on if other.partition("/")[0] != loop}
        if others and not step.background:
            found.append(f"step {step.number}: {step.actor} while {others} is at work")
        record, key = step.record, (step.actor, step.key)
        ends = (
            (isinstance(record, Observed) and record.observation is None)
            or (isinstance(record, Differed) and not any(gap.actions for gap in record.differences))
            or (isinstance(record, Acted) and record.last)
            or isinstance(record, Failed)
        )
        # What comes next may be background: then it keeps nobody waiting.
        soft = isinstance(record, Differed) and all(gap.background for gap in record.differences if gap.actions)
        if ends or soft or step.background:
            going_on.pop(key, None)
        else:
            going_on[key] = None
    return found


def test_one_loop_works_at_a_time() -> None:
    cluster = Cluster()
    cluster.run()
    begin = cluster.trace.count
    cluster.submit(Apply(MANIFEST))
    cluster.run()
    assert interleaved(cluster, begin) == []


def test_all_at_once_they_work_side_by_side() -> None:
    cluster = Cluster()
    cluster.run()
    cluster.submit(TakeTurns(False))
    begin = cluster.trace.count
    cluster.submit(Apply(MANIFEST))
    cluster.run()
    assert interleaved(cluster, begin)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_world_that_takes_turns_comes_to_what_was_declared(seed: int) -> None:
    ends = []
    for turns in (True, False):
        world = WholeWorld(seed)
        world.submit(TakeTurns(turns))
        world.live(25)
        world.calm_down()
        world.check_declared()
        ends.append(
            sorted(
                (ref.kind, ref.namespace)
                for ref in world.cluster.as_of(world.cluster.revision)
                if ref.kind in ("Deployment", "StatefulSet", "DaemonSet", "Service", "Namespace")
            )
        )
    assert ends[0] == ends[1]


@pytest.mark.parametrize("seed", SEEDS)
def test_whoever_waits_for_a_turn_gets_it(seed: int) -> None:
    cluster = random_world(seed)
    calm_down(cluster)
    assert cluster.quiet
    assert not cluster.engine.turns
    assert cluster.engine.turns.holder in ("", *{actor.partition("/")[0] for actor in cluster.actors})
