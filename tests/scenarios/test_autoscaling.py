"""Autoscaling on a whole cluster, with the load of the recorded scenario l: what a real control plane did, restated."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj, Ref
from app.commands import StopController
from tests.support.world import World

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx:1.27", resources: {requests: {cpu: 100m}}}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 1
  maxReplicas: 10
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}
  behavior: %s
"""
LOAD = Ref("Load", "default", "web")
AUTOSCALER = Ref("HorizontalPodAutoscaler", "default", "web")


class Loaded(World):
    """Every pod uses so much CPU."""

    def __init__(self, behavior: str) -> None:
        super().__init__()
        self.apply(WEB % behavior)
        self.settle()
        self.do(StopController("traffic"))  # the load is ours
        self.write(None, {"apiVersion": "loopscope.internal/v1", "kind": "Load", "spec": {"service": "web"}})

    def write(self, status: Obj | None, create: Obj | None = None) -> None:
        server = self.engine.server
        if create is not None:
            written = server.create({**create, "metadata": {"name": LOAD.name, "namespace": LOAD.namespace}})
        else:
            written = server.patch(LOAD, lambda old: {**old, "status": status})
        self.engine.publish(written.changes, 0)

    def under(self, milli: int, seconds: int) -> list[int]:
        """How many replicas are wished for after each 15 seconds under this load."""
        wished = []
        for _ in range(seconds // 15):
            for _ in range(15):
                pods = {pod: {"cpuMilli": milli - 1, "requestsPerSecond": milli / 10} for pod in self.pod_names()}
                self.write({"pods": pods, "window": {"toMs": self.now_ms}})
                self.wait(1)
            wished.append(self.deployment()["spec"]["replicas"])
        return wished

    def autoscaler(self) -> dict[str, Any]:
        found = self.get(AUTOSCALER)
        assert found is not None
        status: dict[str, Any] = found["status"]
        return status

    def said(self) -> dict[str, tuple[str, str]]:
        return {each["type"]: (each["status"], each["reason"]) for each in self.autoscaler()["conditions"]}


def test_with_a_behavior_it_grows_by_policy_and_shrinks_after_its_window() -> None:
    world = Loaded("{scaleDown: {stabilizationWindowSeconds: 30}}")
    assert world.under(50, 60)[-1] == 2
    assert world.said() == {
        "AbleToScale": ("True", "ReadyForNewScale"),
        "ScalingActive": ("True", "ValidMetricFound"),
        "ScalingLimited": ("False", "DesiredWithinRange"),
    }
    assert world.autoscaler()["currentMetrics"] == [
        {"type": "Resource", "resource": {"name": "cpu", "current": {"averageValue": "50m", "averageUtilization": 50}}}
    ]
    grown = world.under(200, 90)
    # The recording went from 6 to 10: its window was shorter. Here four pods are too young for their CPU to count.
    assert [n for n in dict.fromkeys(grown) if n != 2] == [6, 8, 10]
    assert world.said()["ScalingLimited"] == ("True", "TooManyReplicas")
    shrunk = world.under(20, 180)
    assert list(dict.fromkeys(shrunk)) == [10, 4, 2, 1]
    messages = [e["message"] for e in world.objects("Event") if e["reason"] == "SuccessfulRescale"]
    above = "cpu resource utilization (percentage of request) above target"
    assert messages == [
        f"New size: 6; reason: {above}",
        f"New size: 8; reason: {above}",
        f"New size: 10; reason: {above}",
        "New size: 4; reason: All metrics below target",
        "New size: 2; reason: All metrics below target",
        "New size: 1; reason: All metrics below target",
    ]


def test_without_a_behavior_it_at_most_doubles_and_waits_five_minutes_to_shrink() -> None:
    world = Loaded("null")
    world.under(50, 60)
    assert [n for n in dict.fromkeys(world.under(200, 120)) if n != 2] == [4, 8, 10]
    assert set(world.under(20, 240)) == {10}
    assert world.said()["AbleToScale"] == ("True", "ScaleDownStabilized")
    assert world.under(20, 90)[-1] == 4


def test_a_quiet_autoscaler_keeps_the_cluster_quiet() -> None:
    world = Loaded("null")
    world.under(50, 60)
    assert world.quiet
    assert world.run().reason == "quiet"


def test_without_a_request_it_says_what_is_missing() -> None:
    world = World()
    world.apply((WEB % "null").replace(", resources: {requests: {cpu: 100m}}", ""))
    world.settle()
    world.wait(60)
    found = world.get(AUTOSCALER)
    assert found is not None
    (active,) = [each for each in found["status"]["conditions"] if each["type"] == "ScalingActive"]
    assert (active["status"], active["reason"]) == ("False", "FailedGetResourceMetric")
    assert "missing request for cpu in container nginx of Pod web-" in active["message"]
    assert world.deployment()["spec"]["replicas"] == 2


@pytest.mark.parametrize(("least", "most", "replicas"), [(4, 10, 4), (1, 1, 1)])
def test_out_of_its_range_it_needs_no_metric(least: int, most: int, replicas: int) -> None:
    world = World()
    text = (
        (WEB % "null")
        .replace("minReplicas: 1", f"minReplicas: {least}")
        .replace("maxReplicas: 10", f"maxReplicas: {most}")
    )
    world.apply(text)
    world.settle()
    world.wait(20)
    assert world.deployment()["spec"]["replicas"] == replicas


def test_a_target_that_is_not_there() -> None:
    world = World()
    world.apply((WEB % "null").replace("kind: Deployment, name: web}", "kind: Deployment, name: nope}"))
    world.settle()
    world.wait(20)
    found = world.get(AUTOSCALER)
    assert found is not None
    (able,) = found["status"]["conditions"]
    assert able["reason"] == "FailedGetScale"
    assert able["message"].endswith('deployments.apps "nope" not found')


def test_nobody_measures_where_nobody_asks() -> None:
    world = World()
    world.web(3)
    world.settle()
    world.wait(60)
    assert world.objects("PodMetrics") == []
    assert world.objects("NodeMetrics") == []
    world.apply((WEB % "null").partition("---")[2].replace("name: web}", "name: web}", 1))
    world.settle()
    world.wait(20)
    assert len(world.objects("PodMetrics")) == 3
    assert len(world.objects("NodeMetrics")) == 3
    world.delete("HorizontalPodAutoscaler", "web")
    world.settle()
    world.wait(20)
    assert world.objects("PodMetrics") == []
