"""The chaos monkey: decisions, then a cluster under it."""

from __future__ import annotations

from typing import Any

from app.api.objects import Obj
from app.commands import Chaos
from app.operators.chaos import ChaosMonkey, ChaosSeen
from app.reconcile import Delete, Remember, RequeueAfter
from tests.support.builders import pod
from tests.support.world import World


def seen(
    per_minute: int = 6, due_ms: int | None = None, running: tuple[Obj, ...] = (), now_ms: int = 1_000
) -> ChaosSeen:
    return ChaosSeen(per_minute, due_ms, running, now_ms)


def actions(observation: ChaosSeen) -> list[Any]:
    return [action for difference in ChaosMonkey().diff(observation) for action in difference.actions]


def test_with_chaos_off_it_does_nothing() -> None:
    assert actions(seen(per_minute=0)) == []
    assert actions(seen(per_minute=0, due_ms=5_000)) == [Remember(None)]


def test_it_plans_a_kill_and_waits_for_it() -> None:
    planned, wait = actions(seen(per_minute=6))
    assert isinstance(wait, RequeueAfter)
    assert 5_000 <= wait.delay_ms <= 15_000
    assert planned == Remember(1_000 + wait.delay_ms)


def test_when_its_time_has_come_it_kills_one_and_plans_the_next() -> None:
    victims = tuple(pod(name=f"p{n}") for n in range(3))
    kill, planned, wait = actions(seen(due_ms=1_000, running=victims))
    assert isinstance(kill, Delete)
    assert kill.ref.name in {"p0", "p1", "p2"}
    assert isinstance(wait, RequeueAfter)
    assert planned.value > 1_000


def test_before_its_time_it_only_waits() -> None:
    remembered, wait = actions(seen(due_ms=9_000))
    assert (remembered, wait.delay_ms) == (Remember(9_000), 8_000)


def test_a_deployment_stays_as_declared_under_chaos() -> None:
    world = World()
    world.web(3)
    world.settle()
    before = set(world.pod_names())
    world.do(Chaos(12))
    world.wait(60)
    world.do(Chaos(0))
    world.settle()
    assert len(world.pods()) == 3
    assert len(before & set(world.pod_names())) < 3
    assert world.event_reasons("Pod").count("Chaos") >= 5
    quiet_since = world.trace.count
    world.wait(120)
    assert not any(step.actor == "chaos-monkey" for step in world.trace.since(quiet_since))
