"""Whom a change wakes: those that a plugin refused which may now decide otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj, Ref
from app.scheduler import hints, queue
from app.scheduler.hints import AFTER_NODE, AFTER_POD_CAME, AFTER_POD_WENT, may_help
from app.scheduler.queue import Attempts
from app.scheduler.scheduler import Scheduler
from tests.support.builders import NOW_MS, node, pod
from tests.support.reading import reader
from tests.support.world import World

KEY = Ref("Pod", "default", "web-1")


def waiting(**spec: Any) -> Obj:
    of = pod(node="", requests={"cpu": "2"})
    return {**of, "spec": {**of["spec"], **spec}}


def with_port(of: Obj, number: int) -> Obj:
    containers = [{**each, "ports": [{"hostPort": number}]} for each in of["spec"]["containers"]]
    return {**of, "spec": {**of["spec"], "containers": containers}}


def tainted(of: Obj) -> Obj:
    return {**of, "spec": {**of["spec"], "taints": [{"key": "k", "effect": "NoSchedule"}]}}


CORDONED = node(unschedulable=True)
CLOSE_TO_DB = {
    "affinity": {
        "podAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "db"}}}
            ]
        }
    }
}
AWAY_FROM_DB = {"affinity": {"podAntiAffinity": CLOSE_TO_DB["affinity"]["podAffinity"]}}
SPREAD = {
    "topologySpreadConstraints": [
        {
            "topologyKey": "zone",
            "maxSkew": 1,
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {"matchLabels": {"app": "db"}},
        }
    ]
}
DB = pod("db", labels={"app": "db"})


@pytest.mark.parametrize(
    ("plugin", "of", "old", "new", "helps"),
    [
        ("NodeUnschedulable", waiting(), CORDONED, node(), True),
        ("NodeUnschedulable", waiting(), node(cpu="1"), node(), False),
        ("TaintToleration", waiting(), tainted(node()), node(), True),
        ("TaintToleration", waiting(), None, tainted(node()), False),
        ("NodeAffinity", waiting(nodeSelector={"disk": "ssd"}), node(), node(labels={"disk": "ssd"}), True),
        ("NodeAffinity", waiting(nodeSelector={"disk": "ssd"}), CORDONED, node(), False),
        ("NodeResourcesFit", waiting(), node(cpu="1"), node(cpu="4"), True),
        ("NodeResourcesFit", waiting(), None, node(cpu="1"), False),
        ("NodeResourcesFit", waiting(), CORDONED, node(), False),
        ("NodePorts", waiting(), None, node(), True),
        ("NodePorts", waiting(), CORDONED, node(), False),
        ("PodTopologySpread", waiting(**SPREAD), node(), node(labels={"zone": "a"}), True),
        ("PodTopologySpread", waiting(**SPREAD), node(labels={"zone": "a"}), None, True),
        ("PodTopologySpread", waiting(**SPREAD), CORDONED, node(), False),
        ("InterPodAffinity", waiting(**CLOSE_TO_DB), node(), node(labels={"zone": "a"}), True),
        ("InterPodAffinity", waiting(**CLOSE_TO_DB), node(labels={"zone": "a"}), node(), False),
        ("InterPodAffinity", waiting(**AWAY_FROM_DB), node(labels={"zone": "a"}), node(), True),
    ],
)
def test_after_a_change_of_a_node(plugin: str, of: Obj, old: Obj | None, new: Obj | None, helps: bool) -> None:
    assert may_help(AFTER_NODE, (plugin,), of, old, new) is helps


@pytest.mark.parametrize(
    ("plugin", "of", "gone", "helps"),
    [
        ("NodeResourcesFit", waiting(), DB, True),
        ("NodePorts", with_port(waiting(), 80), with_port(DB, 80), True),
        ("NodePorts", with_port(waiting(), 80), with_port(DB, 81), False),
        ("PodTopologySpread", waiting(**SPREAD), DB, True),
        ("PodTopologySpread", waiting(**SPREAD), pod("x"), False),
        ("InterPodAffinity", waiting(**AWAY_FROM_DB), DB, True),
        ("InterPodAffinity", waiting(**CLOSE_TO_DB), DB, False),
        ("TaintToleration", waiting(), DB, False),
    ],
)
def test_after_a_pod_has_gone(plugin: str, of: Obj, gone: Obj, helps: bool) -> None:
    assert may_help(AFTER_POD_WENT, (plugin,), of, gone, None) is helps


def test_after_a_pod_has_come() -> None:
    assert may_help(AFTER_POD_CAME, ("InterPodAffinity",), waiting(**CLOSE_TO_DB), None, DB)
    assert not may_help(AFTER_POD_CAME, ("InterPodAffinity",), waiting(**AWAY_FROM_DB), None, DB)
    assert not may_help(AFTER_POD_CAME, ("NodeResourcesFit",), waiting(), None, DB)


def test_one_plugin_that_may_decide_otherwise_is_enough_and_without_nodes_there_was_none() -> None:
    assert may_help(AFTER_NODE, ("NodeAffinity", "NodeUnschedulable"), waiting(), CORDONED, node())
    assert may_help(AFTER_POD_WENT, (), waiting(), DB, None)


def test_a_reason_names_its_plugin() -> None:
    reasons = ["Insufficient nvidia.com/gpu", "Too many pods", "node(s) were unschedulable"]
    assert hints.refused_by(reasons) == ("NodeResourcesFit", "NodeUnschedulable")


def test_who_was_not_tried_yet_is_woken_by_anything() -> None:
    scheduler, helps = Scheduler(), queue.helped(AFTER_NODE)
    assert helps(KEY, CORDONED, node(), reader(scheduler, waiting()))
    tried = Attempts(1, NOW_MS, ("NodePorts",))
    assert not helps(KEY, CORDONED, node(), reader(scheduler, waiting(), memory=tried))


POD = """
apiVersion: v1
kind: Pod
metadata: {name: %s}
spec:
  nodeSelector: {%s}
  containers: [{name: c, image: nginx, resources: {requests: {cpu: %s}}}]
"""


def failures(world: World, name: str) -> int:
    found = [each for each in world.objects("Event") if each["involvedObject"]["name"] == name]
    return sum((each.get("series") or {}).get("count", 1) for each in found if each["reason"] == "FailedScheduling")


def test_room_that_becomes_free_wakes_nobody_who_looks_for_a_label_and_at_once_whom_it_helps() -> None:
    world = World()
    world.apply(POD % ("picky", "disk: ssd", "1"))
    world.apply("---".join(POD % (f"full-{n}", "", "3500m") for n in range(3)))
    world.settle()
    world.apply(POD % ("next", "", "3"))
    world.settle()
    before = failures(world, "picky")
    assert failures(world, "next") == 1
    world.delete("Pod", "full-0")
    world.wait(40)
    (placed,) = [each for each in world.pods() if each["metadata"]["name"] == "next"]
    assert placed["spec"].get("nodeName")
    assert failures(world, "picky") == before


def test_what_is_written_of_a_victim_leaves_its_other_conditions_as_they_are_now() -> None:
    world = World()
    world.apply("apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\nvalue: 1000\n")
    world.apply("---".join(POD % (f"low-{n}", "", "3500m") for n in range(3)))
    world.settle()
    ready = {"type": "Custom", "status": "True"}
    for pod_ in world.pods():
        ref = Ref("Pod", "default", pod_["metadata"]["name"])
        held = [*pod_["status"]["conditions"], ready]
        world.engine.server.patch(ref, {"status": {"conditions": held}}, subresource="status")
    world.apply((POD % ("high", "", "3500m")).replace("spec:", "spec:\n  priorityClassName: high"))
    world.settle()
    marked = [
        {each["type"] for each in change.new["status"]["conditions"]}
        for change in world.store.changes_since(world.store.known_from)
        if change.ref.name.startswith("low-") and change.new and "deletionTimestamp" in change.new["metadata"]
    ]
    assert marked
    assert all({"Custom", "DisruptionTarget"} <= types for types in marked)
