"""The numbers of an autoscaler: the vectors of Kubernetes, and what is made of pods of which little is known."""

from __future__ import annotations

import random
from typing import Any

import pytest

from app.api import times
from app.api.objects import Obj, name_of
from app.controllers.podautoscaler import behavior, replicas
from app.controllers.podautoscaler.behavior import History, Recommendation, ScaleEvent
from app.controllers.podautoscaler.replicas import MetricError, Sample, Tolerance
from tests.support.builders import NOW_MS, pod

TARGET, REQUEST = 50, 100


def one(name: str, started_s: int = 3_600, **options: Any) -> Obj:
    return pod(name=name, status={"startTime": times.rfc3339(NOW_MS - started_s * 1000)}, **options)


def crowd(count: int) -> list[Obj]:
    return [one(f"p{n}") for n in range(count)]


def wanted(found: list[Obj], usage: dict[str, int], current: int | None = None) -> int:
    """Replicas for a target of 50 % with 100m requested each; `usage` in milli cores."""
    samples = {name: Sample(value, NOW_MS, 15_000) for name, value in usage.items()}
    group = replicas.groups(found, samples, NOW_MS, is_cpu=True)
    requests = {name_of(each): REQUEST for each in found}
    count = len(found) if current is None else current
    return replicas.by_utilization(count, TARGET, requests, samples, group, Tolerance()).replicas


@pytest.mark.parametrize(
    ("count", "percent", "answer"),
    [
        (3, 54, 3), (3, 55, 3), (3, 56, 4), (3, 45, 3), (3, 44, 3), (3, 33, 2), (3, 90, 6), (1, 500, 10), (10, 10, 2),
    ],
)  # fmt: skip
def test_the_vectors_of_kubernetes(count: int, percent: int, answer: int) -> None:
    found = crowd(count)
    assert wanted(found, {name_of(each): percent for each in found}) == answer


def test_pods_that_just_start_count_as_idle_when_it_grows() -> None:
    young = one("new", 20, ready_since_ms=NOW_MS - 2_000)
    found = [*crowd(2), young]
    assert wanted(found, {"p0": 150, "p1": 150, "new": 150}) == 6, "300 milli over three pods are 100 %"
    older = one("new", 40, ready_since_ms=NOW_MS - 20_000)
    assert wanted([*crowd(2), older], {"p0": 150, "p1": 150, "new": 150}) == 9


def test_what_is_not_known_never_makes_the_answer_bolder() -> None:
    found = crowd(4)
    assert wanted(found, {"p0": 100, "p1": 100}) == 4, "two that are missing count as idle: 50 % of four"
    assert wanted(found, {"p0": 10, "p1": 10}) == 4, "as fully loaded: 55 %, which is within the tolerance"


def test_pods_that_go_or_have_failed_do_not_count() -> None:
    found = [*crowd(2), one("going", deleting=True), one("failed", phase="Failed")]
    assert wanted(found, {"p0": 100, "p1": 100, "going": 900, "failed": 900}, current=2) == 4


def test_without_any_measurement_there_is_no_answer() -> None:
    with pytest.raises(MetricError, match="did not receive metrics for targeted pods"):
        wanted([one("p0", node="")], {"p0": 10})


def test_by_average() -> None:
    found = crowd(2)
    samples = {name_of(each): Sample(30_000, NOW_MS, 1_000) for each in found}
    group = replicas.groups(found, samples, NOW_MS, is_cpu=False)
    assert replicas.by_average(2, 10_000, samples, group, Tolerance()).replicas == 6


# ------------------------------------------------------------------------------------------------- how fast


def decided(current: int, desired: int, spec: dict[str, Any] | None = None, **history: Any) -> tuple[int, str, str]:
    verdict = behavior.decide(
        {"minReplicas": 1, "maxReplicas": 10} | (spec or {}), current, desired, History(**history), NOW_MS
    )
    return verdict.replicas, verdict.able[0], verdict.limited[1]


def test_without_a_behavior_it_at_most_doubles_or_takes_four() -> None:
    assert decided(1, 10) == (4, "ReadyForNewScale", "ScaleUpLimit")
    assert decided(4, 10) == (8, "ReadyForNewScale", "ScaleUpLimit")
    assert decided(8, 20) == (10, "ReadyForNewScale", "TooManyReplicas")
    assert decided(3, 0) == (1, "ReadyForNewScale", "TooFewReplicas")


def test_without_a_behavior_the_highest_of_five_minutes_holds() -> None:
    recent = (Recommendation(8, NOW_MS - 299_000),)
    assert decided(8, 2, recommendations=recent) == (8, "ScaleDownStabilized", "DesiredWithinRange")
    assert decided(8, 2, recommendations=(Recommendation(8, NOW_MS - 300_000),))[0] == 2


def test_any_behavior_lets_four_more_or_as_many_again_through_every_15_seconds() -> None:
    spec: dict[str, Any] = {"behavior": {}}
    assert decided(1, 10, spec) == (5, "ReadyForNewScale", "ScaleUpLimit")
    assert decided(5, 10, spec, ups=(ScaleEvent(4, NOW_MS - 14_000),)) == (5, "ReadyForNewScale", "ScaleUpLimit")
    assert decided(5, 10, spec, ups=(ScaleEvent(4, NOW_MS - 15_000),)) == (10, "ReadyForNewScale", "DesiredWithinRange")


@pytest.mark.parametrize(
    ("rule", "replicas"),
    [
        ({"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}, 9),
        ({"policies": [{"type": "Percent", "value": 50, "periodSeconds": 60}]}, 5),
        ({"policies": [
            {"type": "Pods", "value": 1, "periodSeconds": 60}, {"type": "Percent", "value": 50, "periodSeconds": 60},
        ], "selectPolicy": "Min"}, 9),
        ({"selectPolicy": "Disabled"}, 10),
    ],
)  # fmt: skip
def test_policies_for_shrinking(rule: dict[str, Any], replicas: int) -> None:
    spec = {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 0, **rule}}}
    assert decided(10, 2, spec)[0] == replicas


def test_history_forgets_what_is_too_old_to_matter() -> None:
    spec = {"maxReplicas": 10, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 30}}}
    old = History(
        (Recommendation(5, NOW_MS - 31_000), Recommendation(4, NOW_MS - 10_000)), (ScaleEvent(1, NOW_MS - 16_000),)
    )
    kept = behavior.remembered(spec, 3, old, NOW_MS)
    assert [each.replicas for each in kept.recommendations] == [4, 3]
    assert kept.ups == ()
    assert times.rfc3339(kept.recommendations[-1].at_ms) == times.rfc3339(NOW_MS)


@pytest.mark.parametrize("seed", range(200))
def test_a_window_lets_go_when_it_is_said_to(seed: int) -> None:
    """Whatever was recommended before: a millisecond earlier it holds, and then it does not."""
    rng = random.Random(seed)
    up_s, down_s = rng.choice([30, 120]), rng.choice([60, 300])
    behavior_ = {"scaleUp": {"stabilizationWindowSeconds": up_s}, "scaleDown": {"stabilizationWindowSeconds": down_s}}
    spec: dict[str, Any] = {"maxReplicas": 20, **({"behavior": behavior_} if rng.random() < 0.7 else {})}
    at_ms = sorted(NOW_MS - rng.randrange(1, 300_000) for _ in range(6))
    history = History(tuple(Recommendation(rng.randrange(1, 9), at) for at in at_ms))
    for current, wish in ((8, 2), (2, 4)):
        verdict = behavior.decide(spec, current, wish, history, NOW_MS)
        if not verdict.able[0].endswith("Stabilized") or verdict.replicas != current:
            continue
        until_ms = behavior.held_until(spec, current, wish, history)
        assert until_ms > NOW_MS
        assert behavior.decide(spec, current, wish, history, until_ms - 1).replicas == current
        assert behavior.decide(spec, current, wish, history, until_ms).replicas != current
