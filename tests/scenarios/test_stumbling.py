"""Manifests that a loop stumbles over: that loop says so, and the rest of the cluster goes on.

The first three are refused by a real API server, the last is accepted by it and works. Until they are here too, they
are what makes a loop of ours fail.
"""

from __future__ import annotations

import pytest

from app.api.objects import Ref, name_of
from app.engine.trace import Failed
from tests.support.world import World

pytestmark = pytest.mark.mistakes

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: odd}
spec:
  replicas: 2
  selector: {matchLabels: {app: odd}}
  template:
    metadata: {labels: {app: odd}}
    spec:
"""
CONTAINER = "      containers: [{name: c, image: 'nginx:1.27', resources: {requests: {cpu: 100m}}}]\n"
APART_WHERE = """\
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: {matchLabels: {app: odd}}}]
"""
EQUALS = """\
      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/os, operator: Equals, values: [linux]}]}]
"""
SPREAD_HOW = """\
      topologySpreadConstraints:
      - topologyKey: kubernetes.io/hostname
        whenUnsatisfiable: DoNotSchedule
        labelSelector: {matchLabels: {app: odd}}
"""
AUTOSCALER = """\
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: odd}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: odd}
  maxReplicas: 3
  metrics: [{type: Resource, resource: {name: cpu, target: {type: AverageValue, averageUtilization: 50}}}]
"""


@pytest.mark.parametrize(
    ("text", "actor"),
    [
        pytest.param(DEPLOYMENT + APART_WHERE + CONTAINER, "default-scheduler", id="affinity without topologyKey"),
        pytest.param(DEPLOYMENT + EQUALS + CONTAINER, "default-scheduler", id="an operator that there is not"),
        pytest.param(DEPLOYMENT + SPREAD_HOW + CONTAINER, "default-scheduler", id="spread without maxSkew"),
        pytest.param(
            DEPLOYMENT + CONTAINER + AUTOSCALER, "horizontal-pod-autoscaler", id="type and target of another kind"
        ),
    ],
)
def test_a_loop_that_stumbles_is_named_and_the_rest_goes_on(text: str, actor: str) -> None:
    world = World()
    world.web(replicas=3)
    world.settle()
    world.apply(text)
    world.wait(60)
    failed = {step.actor for step in world.trace if isinstance(step.record, Failed)}
    assert failed == {actor}
    assert all(each.failed.times > 1 for each in world.actors[actor].mistakes)
    assert world.actors[actor].mistakes
    assert world.settle().reason == "quiet", "nobody waits for what fails again and again"
    victim = next(name for name in world.pod_names() if name.startswith("web-"))
    world.kill(victim)
    world.settle()
    alive = [name_of(pod) for pod in world.objects("Pod") if name_of(pod).startswith("web-")]
    assert len(alive) == 3, "the ReplicaSet's loop and the others go on"
    assert victim not in alive
    world.delete("Deployment", "odd", "Foreground")
    if world.get(Ref("HorizontalPodAutoscaler", "default", "odd")):
        world.delete("HorizontalPodAutoscaler", "odd")
    world.wait(400)
    assert not any(state.mistakes for state in world.actors.values()), "what is gone troubles nobody"
