"""A loop that stumbles over an object: that loop says so, and the rest of the cluster goes on.

None of ours does (a test that sees one fail is red), so here one is made to: its diff breaks off at whatever is *odd*.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from app.api.objects import Ref, name_of
from app.engine.trace import Failed
from app.reconcile import Difference
from tests.support.world import World

pytestmark = pytest.mark.mistakes

ODD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: odd}
spec:
  replicas: 2
  selector: {matchLabels: {app: odd}}
  template:
    metadata: {labels: {app: odd}}
    spec:
      containers: [{name: c, image: 'nginx:1.27', resources: {requests: {cpu: 100m}}}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: odd}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: odd}
  maxReplicas: 3
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
"""


def stumbling(world: World, actor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    controller = world.engine.workers[actor].controller
    diff = type(controller).diff

    def breaks_off(self: Any, observation: Any) -> Iterable[Difference]:
        if self.actor == actor and "'name': 'odd" in str(observation):
            raise KeyError("odd")
        return diff(self, observation)

    monkeypatch.setattr(type(controller), "diff", breaks_off)


@pytest.mark.parametrize("actor", ["default-scheduler", "horizontal-pod-autoscaler", "replicaset-controller"])
def test_a_loop_that_stumbles_is_named_and_the_rest_goes_on(actor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.web(replicas=3)
    world.settle()
    stumbling(world, actor, monkeypatch)
    world.apply(ODD)
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
    world.delete("HorizontalPodAutoscaler", "odd")
    world.wait(400)
    assert not world.get(Ref("Deployment", "default", "odd"))
    assert not any(state.mistakes for state in world.actors.values()), "what is gone troubles nobody"
