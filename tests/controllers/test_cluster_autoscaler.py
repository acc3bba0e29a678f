"""The cluster-autoscaler: its decisions, and a cluster that grows and shrinks."""

from __future__ import annotations

from dataclasses import replace

from app.api.machines import machine
from app.api.objects import Obj, Ref
from app.commands import DeleteObject
from app.controllers.cluster_autoscaler import SCAN_MS, ClusterAutoscaler, ClusterSeen, Memory
from app.reconcile import Announce, Create, Difference, RequeueAfter
from tests.support.builders import NOW_MS, node, pod
from tests.support.world import World

WAITS = {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]}
CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: cluster-autoscaler, namespace: kube-system}
data: {min: "2", max: "4", scale-down-unneeded-time: 2m}
"""
WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: %d
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx:1.27", resources: {requests: {cpu: "1"}}}]}
"""


def waiting(name: str, cpu: str) -> Obj:
    return pod(name=name, node="", requests={"cpu": cpu}, status=WAITS)


def seen(*found: Obj, most: str = "10", memory: Memory | None = None) -> ClusterSeen:
    config = {"kind": "ConfigMap", "metadata": {"name": "cluster-autoscaler"}, "data": {"max": most}}
    return ClusterSeen(config, (node("node-1"),), (machine("node-1", 1),), found, memory or Memory(0), NOW_MS)


def decided(observation: ClusterSeen) -> dict[str, Difference]:
    return {difference.reason: difference for difference in ClusterAutoscaler().diff(observation)}


def test_pods_without_room_get_as_many_machines_as_they_fill() -> None:
    found = decided(seen(*(waiting(f"p{n}", "3") for n in range(3))))["PodsFindNoRoom"]
    assert (found.observed, found.desired) == (1, 4)
    made = [action.obj["metadata"]["name"] for action in found.actions if isinstance(action, Create)]
    assert made == ["node-2", "node-3", "node-4"]
    told = [action.message for action in found.actions if isinstance(action, Announce)]
    assert told == ["pod triggered scale-up: [{nodes 1->4 (max: 10)}]"] * 3


def test_small_pods_share_a_new_machine() -> None:
    found = decided(seen(*(waiting(f"p{n}", "1") for n in range(4))))["PodsFindNoRoom"]
    assert found.desired == 2


def test_a_pod_too_large_for_any_machine_is_told_so_once() -> None:
    first = decided(seen(waiting("huge", "64")))
    assert "PodsFindNoRoom" not in first
    (told,) = first["NoMachineWouldHelp"].actions
    assert isinstance(told, Announce)
    assert told.message == "pod didn't trigger scale-up: 1 Insufficient cpu"
    memory = first["LookDue"].actions[0].value._replace(next_ms=0)  # type: ignore[union-attr]
    again = decided(seen(waiting("huge", "64"), memory=memory))["NoMachineWouldHelp"]
    assert again.actions == ()
    assert again.background


def test_there_are_never_more_machines_than_allowed() -> None:
    found = decided(seen(waiting("a", "3"), waiting("b", "3"), most="2"))
    assert found["PodsFindNoRoom"].desired == 2
    (told,) = found["NoMachineWouldHelp"].actions
    assert isinstance(told, Announce)
    assert told.message.endswith("1 max node group size reached")


def test_while_a_machine_is_on_its_way_it_waits_for_that() -> None:
    both = (machine("node-1", 1), machine("node-2", 2))
    found = decided(replace(seen(waiting("p", "3")), machines=both))
    wait = found["MachineAwaited"]
    assert (wait.observed, wait.desired, wait.background) == (1, 2, found["LookDue"].background)
    assert wait.actions == (RequeueAfter(SCAN_MS, "the next look"),)
    assert "PodsFindNoRoom" not in found


def test_a_cluster_grows_for_its_pods_and_shrinks_when_they_are_gone() -> None:
    world = World(nodes=2)
    world.apply(CONFIG + "---" + WEB % 10)
    world.settle()
    world.wait(30)
    assert world.settle().reason == "quiet"
    assert len(world.objects("Node")) == 3
    assert world.statuses() == ["Running"] * 10
    world.scale("web", 3)
    world.settle()
    world.wait(180)
    world.settle()
    assert len(world.objects("Node")) == len(world.objects("Machine")) == 2
    assert world.statuses() == ["Running"] * 3


def test_a_cluster_that_does_not_ask_for_it_stays_as_it_is() -> None:
    world = World(nodes=2)
    world.apply(WEB % 10)
    world.settle()
    world.wait(60)
    assert len(world.objects("Node")) == 2
    assert not any(step.actor == "cluster-autoscaler" and step.key for step in world.trace)


def test_who_no_longer_asks_for_it_hears_no_more_of_it() -> None:
    world = World(nodes=2)
    world.apply(CONFIG + "---" + WEB % 3)
    world.settle()
    config = Ref("ConfigMap", "kube-system", "cluster-autoscaler")
    world.do(DeleteObject(config))
    world.settle()
    before = world.trace.count
    world.kill(world.pod_names()[0])
    world.settle()
    later = world.trace.since(before)
    assert any(step.actor == "replicaset-controller" for step in later)
    assert not any(step.actor == "cluster-autoscaler" and step.key == config for step in later)


def test_a_pod_that_hopes_for_a_machine_keeps_the_cluster_busy_and_one_in_vain_does_not() -> None:
    world = World(nodes=2)
    world.apply(CONFIG + "---" + WEB % 3)
    world.settle()
    world.apply(WEB % 10)
    world.settle()
    assert len(world.objects("Machine")) == 3, "no clock was advanced: being quiet took in the next look"
    world.apply(WEB % 99)
    world.settle()
    assert len(world.objects("Machine")) == 4, "and being refused, they let it rest"
    world.apply(WEB % 3)
    world.settle()
    assert len(world.objects("Machine")) == 2, "nor does it rest before what nobody needs has gone"
