"""The horizontal-pod-autoscaler's decisions. The formulas have tests of their own (tests/api)."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import conditions, times
from app.api.objects import Obj, name_of
from app.controllers.podautoscaler.behavior import History
from app.controllers.podautoscaler.horizontal import SYNC_MS, AutoscalerObservation, HorizontalController, Memory
from app.reconcile import Announce, Difference, Patch, Remember, RequeueAfter, UpdateStatus
from tests.support.builders import NOW_MS, deployment, pod

CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
DUE = Memory(NOW_MS, History())


def autoscaler(**spec: Any) -> Obj:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    whole = {"scaleTargetRef": reference, "minReplicas": 1, "maxReplicas": 10, "metrics": [CPU], **spec}
    meta = {"name": "web", "namespace": "default", "uid": "hpa", "resourceVersion": "1"}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta, "spec": whole}


def measured(found: Obj, cpu: str) -> Obj:
    return {
        "kind": "PodMetrics",
        "metadata": {"name": name_of(found), "namespace": "default"},
        "timestamp": times.rfc3339(NOW_MS),
        "window": "15s",
        "containers": [{"name": "nginx", "usage": {"cpu": cpu, "memory": "12Mi"}}],
    }


def seen(
    replicas: int = 2, cpu: str = "50m", memory: Memory | None = DUE, target: Obj | None = None, requests: str = "100m",
    loads: tuple[Obj, ...] = (), rivals: tuple[str, ...] = ("web",), **spec: Any,
) -> AutoscalerObservation:  # fmt: skip
    status = {"startTime": times.rfc3339(NOW_MS - 3_600_000)}
    found = tuple(pod(name=f"p{n}", requests={"cpu": requests}, status=status) for n in range(replicas))
    metrics = tuple(measured(each, cpu) for each in found)
    return AutoscalerObservation(
        autoscaler(**spec), target or deployment(replicas=replicas), found, metrics, loads, rivals, memory, NOW_MS
    )


def decided(observation: AutoscalerObservation) -> dict[str, Difference]:
    return {difference.reason: difference for difference in HorizontalController().diff(observation)}


def replicas_of(found: dict[str, Difference]) -> int | None:
    difference = found.get("LoadAboveTarget") or found.get("LoadBelowTarget")
    if difference is None:
        return None
    (patch,) = difference.actions
    assert isinstance(patch, Patch)
    return int(patch.patch["spec"]["replicas"])


def status_of(found: dict[str, Difference]) -> dict[str, Any]:
    update = found["StatusOutdated"].actions[0]
    assert isinstance(update, UpdateStatus)
    return update.status


def test_the_first_look_comes_a_period_after_it_was_declared() -> None:
    (wait,) = HorizontalController().diff(seen(memory=None))
    assert wait.background
    assert wait.actions[1] == RequeueAfter(SYNC_MS, "the next look")


def test_before_its_time_it_only_waits() -> None:
    (wait,) = HorizontalController().diff(seen(memory=Memory(NOW_MS + 4_000, History())))
    assert wait.actions == (RequeueAfter(4_000, "the next look"),)


def test_at_its_target_it_leaves_the_number_alone_and_plans_the_next_look() -> None:
    found = decided(seen())
    assert replicas_of(found) is None
    keep, wait = found["LookDue"].actions
    assert isinstance(keep, Remember)
    assert (keep.value.next_ms, wait) == (NOW_MS + SYNC_MS, RequeueAfter(SYNC_MS, "the next look"))


def test_above_its_target_it_scales_up_and_tells_why() -> None:
    found = decided(seen(cpu="200m"))
    assert replicas_of(found) == 4
    (patch,) = found["LoadAboveTarget"].actions
    assert isinstance(patch, Patch)
    assert patch.announce is not None
    above = "cpu resource utilization (percentage of request) above target"
    assert patch.announce.message == f"New size: 4; reason: {above}"
    status = status_of(found)
    assert (status["currentReplicas"], status["desiredReplicas"]) == (2, 4)
    assert status["lastScaleTime"] == times.rfc3339(NOW_MS)


def test_below_its_target_it_scales_down() -> None:
    assert replicas_of(decided(seen(replicas=4, cpu="10m"))) == 1


def test_of_several_metrics_the_largest_answer_counts() -> None:
    memory = {
        "type": "Resource",
        "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "4Mi"}},
    }
    assert replicas_of(decided(seen(metrics=[CPU, memory]))) == 4, (
        "12 Mi are three times 4 Mi, but at most twice as many"
    )


def test_pods_metrics_come_from_the_load() -> None:
    metric = {
        "type": "Pods",
        "pods": {
            "metric": {"name": "http_requests_per_second"},
            "target": {"type": "AverageValue", "averageValue": "10"},
        },
    }
    pods = {"p0": {"requestsPerSecond": 15.0}, "p1": {"requestsPerSecond": 15.0}}
    load = {"kind": "Load", "metadata": {"name": "web", "namespace": "default"}, "status": {"pods": pods}}
    found = decided(seen(metrics=[metric], loads=(load,)))
    assert replicas_of(found) == 3
    assert status_of(found)["currentMetrics"][0]["pods"]["current"] == {"averageValue": "15"}
    missing = decided(seen(metrics=[metric]))
    assert replicas_of(missing) is None
    reasons = {each["type"]: each["reason"] for each in status_of(missing)["conditions"]}
    assert reasons["ScalingActive"] == "FailedGetPodsMetric"


@pytest.mark.parametrize(("replicas", "least", "most", "to"), [(2, 3, 10, 3), (8, 1, 5, 5)])
def test_out_of_its_range_no_metric_is_asked(replicas: int, least: int, most: int, to: int) -> None:
    assert replicas_of(decided(seen(replicas=replicas, minReplicas=least, maxReplicas=most))) == to


def test_a_target_scaled_to_zero_switches_it_off() -> None:
    found = decided(seen(replicas=0, target=deployment(replicas=0)))
    assert replicas_of(found) is None
    reasons = {each["type"]: each["reason"] for each in status_of(found)["conditions"]}
    assert reasons["ScalingActive"] == "ScalingDisabled"


def test_pods_of_two_autoscalers_are_scaled_by_neither() -> None:
    found = decided(seen(cpu="90m", rivals=("other", "web")))
    assert replicas_of(found) is None
    why = "pods by selector app=web are controlled by multiple HPAs: [{other default} {web default}]"
    inactive = conditions.find(status_of(found)["conditions"], "ScalingActive")
    assert inactive is not None
    assert (inactive["status"], inactive["reason"], inactive["message"]) == ("False", "AmbiguousSelector", why)
    told = [each for each in found["StatusOutdated"].actions if isinstance(each, Announce)]
    assert [(each.reason, each.message) for each in told] == [
        ("AmbiguousSelector", why),
        ("FailedComputeMetricsReplicas", why),
    ]
