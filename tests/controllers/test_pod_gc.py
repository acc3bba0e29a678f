"""Pods of nodes that are gone."""

from __future__ import annotations

import json

from app.api.objects import Obj, Ref
from app.commands import CrashController, PatchObject, PowerNode, RemoveNode
from app.controllers.pod_gc import OUT_OF_SERVICE, QUARANTINE_MS, OrphansSeen, PodGarbageCollector
from app.reconcile import Action, Delete, Patch, Remember, RequeueAfter
from tests.support.builders import NOW_MS, pod
from tests.support.world import World


def actions(*pods: Obj, exists: bool = False, since_ms: int | None = None) -> list[Action]:
    observation = OrphansSeen("node-1", exists, pods, since_ms, NOW_MS)
    return [action for difference in PodGarbageCollector().diff(observation) for action in difference.actions]


def test_they_are_left_alone_for_forty_seconds() -> None:
    assert actions(pod()) == [Remember(NOW_MS), RequeueAfter(QUARANTINE_MS, "quarantine of a node that is gone")]
    assert actions(pod(), since_ms=NOW_MS - 30_000)[1] == RequeueAfter(10_000, "quarantine of a node that is gone")


def test_then_they_fail_and_are_deleted_by_force() -> None:
    mark, kill = actions(pod(), since_ms=NOW_MS - QUARANTINE_MS)
    assert isinstance(mark, Patch)
    assert mark.patch["status"]["phase"] == "Failed"
    assert mark.patch["status"]["conditions"][-1]["message"] == "PodGC: node no longer exists"
    assert isinstance(kill, Delete)
    assert kill.grace_seconds == 0


def test_a_node_that_is_there_again_saves_them() -> None:
    assert actions(pod(), exists=True, since_ms=NOW_MS) == [Remember(None)]


def test_a_process_that_starts_anew_finds_the_nodes_that_went_meanwhile() -> None:
    world = World()
    world.web(3)
    world.settle()
    (orphan,) = [pod for pod in world.pods() if pod["spec"]["nodeName"] == "node-2"]
    world.do(RemoveNode("node-2"))
    assert world.run(until=lambda cluster: cluster.get(Ref("Node", "", "node-2")) is None).reason == "condition"
    world.do(CrashController("pod-garbage-collector-controller"))
    world.wait(60)
    assert orphan["metadata"]["name"] not in world.pod_names()
    assert len(world.pods()) == 3


def test_pods_of_a_node_that_never_was_are_collected() -> None:
    world = World()
    world.apply(
        "{apiVersion: v1, kind: Pod, metadata: {name: lost},"
        " spec: {nodeName: nowhere, containers: [{name: c, image: nginx}]}}"
    )
    world.wait(35)
    assert world.pod_names() == ["lost"]
    world.wait(15)
    assert world.pod_names() == []


SET = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: c, image: nginx}]
"""


def test_a_node_out_of_service_holds_no_pod_that_is_to_go() -> None:
    world = World()
    world.apply(SET)
    world.settle()
    (pod,) = world.pods()
    node = pod["spec"]["nodeName"]
    world.do(PowerNode(node))
    world.settle()
    assert world.statuses() == ["Terminating"], "the set waits: nobody knows whether it still runs"
    taint = {"key": OUT_OF_SERVICE, "value": "x", "effect": "NoExecute"}
    lost = world.get(Ref("Node", "", node))
    assert lost is not None
    taints = [*lost["spec"]["taints"], taint]
    world.do(PatchObject(Ref("Node", "", node), "merge", json.dumps({"spec": {"taints": taints}}), "", "kubectl"))
    world.settle()
    (again,) = world.pods()
    assert world.statuses() == ["Running"]
    assert again["metadata"]["uid"] != pod["metadata"]["uid"]
    assert again["spec"]["nodeName"] != node
