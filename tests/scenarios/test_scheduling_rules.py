"""Pods that mind their neighbours, and pods that are more important than others."""

from __future__ import annotations

from collections import Counter
from typing import Any

from app.api.objects import Obj, Ref
from tests.support.world import World

POD = """
apiVersion: v1
kind: Pod
metadata: {name: %s, labels: {app: %s}}
spec:
  containers: [{name: c, image: "nginx:1.27"%s}]
  %s
"""
APART = """affinity:
    podAntiAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
      - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: db}}}"""
TOGETHER = """affinity:
    podAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
      - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: db}}}"""
LIKES_APART = """affinity:
    podAntiAffinity:
      preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm: {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: db}}}"""
SPREAD = """topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: %s
    labelSelector: {matchLabels: {app: db}}"""


def add(world: World, name: str, rule: str = "", app: str = "db", cpu: str = "", priority: str = "") -> None:
    resources = f", resources: {{requests: {{cpu: {cpu!r}}}}}" if cpu else ""
    rules = "\n  ".join(part for part in (rule, f"priorityClassName: {priority}" if priority else "") if part)
    world.apply(POD % (name, app, resources, rules or "restartPolicy: Always"))
    world.settle()


def pod(world: World, name: str) -> Obj:
    found = world.get(Ref("Pod", "default", name))
    assert found is not None
    return found


def node_of(world: World, name: str) -> str:
    return str(pod(world, name)["spec"].get("nodeName", ""))


def why(world: World, name: str) -> str:
    (condition,) = [each for each in pod(world, name)["status"]["conditions"] if each["type"] == "PodScheduled"]
    return str(condition["message"])


def test_pods_that_refuse_each_other_go_to_different_nodes_and_the_fourth_of_three_waits() -> None:
    world = World()
    for name in ("a", "b", "c", "d"):
        add(world, name, APART)
    assert {node_of(world, name) for name in ("a", "b", "c")} == {"node-1", "node-2", "node-3"}
    assert why(world, "d").startswith("0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.")
    world.kill("b")
    world.settle()
    assert node_of(world, "d")


def test_anti_affinity_holds_both_ways() -> None:
    world = World(nodes=1)
    add(world, "choosy", APART.replace("app: db", "app: web"), app="db")
    add(world, "guest", app="web")
    assert "node(s) didn't satisfy existing pods anti-affinity rules" in why(world, "guest")


def test_pods_that_belong_together_share_a_node_and_the_first_may_begin() -> None:
    world = World()
    add(world, "first", TOGETHER)
    add(world, "second", TOGETHER)
    assert node_of(world, "first") == node_of(world, "second") != ""
    add(world, "lonely", TOGETHER.replace("app: db", "app: none"))
    assert "node(s) didn't match pod affinity rules" in why(world, "lonely")


def test_a_preference_is_only_a_preference() -> None:
    world = World()
    for name in ("a", "b", "c", "d"):
        add(world, name, LIKES_APART)
    assert len({node_of(world, name) for name in ("a", "b", "c")}) == 3
    assert node_of(world, "d")


def zones(world: World, names: str) -> Counter[str]:
    zone: dict[str, Any] = {
        node["metadata"]["name"]: node["metadata"]["labels"]["topology.kubernetes.io/zone"]
        for node in world.objects("Node")
    }
    return Counter(zone[node_of(world, name)] for name in names)


def test_a_spread_keeps_zones_level_and_waits_rather_than_tip_them() -> None:
    world = World(nodes=4, zones=2)
    for name in "abcd":
        add(world, name, SPREAD % "DoNotSchedule")
    assert sorted(zones(world, "abcd").values()) == [2, 2]
    for node in world.objects("Node"):
        if node["metadata"]["labels"]["topology.kubernetes.io/zone"] == "zone-b":
            world.cordon(node["metadata"]["name"])
    add(world, "e", SPREAD % "DoNotSchedule")
    add(world, "f", SPREAD % "DoNotSchedule")
    assert node_of(world, "e")
    assert "node(s) didn't match pod topology spread constraints" in why(world, "f")


def test_a_soft_spread_prefers_the_emptier_zone() -> None:
    world = World(nodes=4, zones=2)
    for name in "abcd":
        add(world, name, SPREAD % "ScheduleAnyway")
    assert sorted(zones(world, "abcd").values()) == [2, 2]


def test_a_host_port_is_free_once_per_node() -> None:
    world = World(nodes=1)
    port = ", ports: [{containerPort: 80, hostPort: 8080}]"
    for name in ("one", "two"):
        world.apply(POD % (name, "x", port, "restartPolicy: Always"))
        world.settle()
    assert "node(s) didn't have free ports for the requested pod ports" in why(world, "two")


IMPORTANT = "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: important}, value: 1000}"


def test_a_more_important_pod_takes_the_place_of_another() -> None:
    world = World(nodes=1)
    world.apply(IMPORTANT)
    add(world, "small", cpu="1")
    add(world, "large", cpu="2500m")
    world.apply(POD % ("urgent", "x", ", resources: {requests: {cpu: '3'}}", "priorityClassName: important"))
    world.run(until=lambda cluster: bool(pod(world, "urgent")["status"].get("nominatedNodeName")))
    assert pod(world, "urgent")["status"]["nominatedNodeName"] == "node-1"
    assert why(world, "urgent").startswith("0/1 nodes are available: 1 Insufficient cpu.")
    world.settle()
    assert node_of(world, "urgent") == "node-1"
    assert [each["metadata"]["name"] for each in world.pods()] == ["small", "urgent"], "the smaller one could stay"
    (preempted,) = [each for each in world.objects("Event") if each["reason"] == "Preempted"]
    uid = pod(world, "urgent")["metadata"]["uid"]
    assert preempted["message"] == f"Preempted by pod {uid} on node node-1"


def test_pods_of_equal_importance_wait() -> None:
    world = World(nodes=1)
    add(world, "first", cpu="3")
    add(world, "second", cpu="3")
    assert why(world, "second") == (
        "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: "
        "0/1 nodes are available: 1 No preemption victims found for incoming pod."
    )


def test_a_class_that_never_preempts_waits() -> None:
    world = World(nodes=1)
    world.apply(IMPORTANT.replace("value: 1000", "value: 1000, preemptionPolicy: Never"))
    add(world, "first", cpu="3")
    add(world, "polite", cpu="3", priority="important")
    assert "not eligible due to preemptionPolicy=Never." in why(world, "polite")
    assert len(world.pods()) == 2


def test_room_that_is_being_made_is_not_given_to_others() -> None:
    world = World(nodes=1)
    world.apply(IMPORTANT)
    add(world, "old", cpu="3500m")
    world.apply(POD % ("urgent", "x", ", resources: {requests: {cpu: '3'}}", "priorityClassName: important"))
    world.run(until=lambda cluster: bool(pod(world, "urgent")["status"].get("nominatedNodeName")))
    world.apply(POD % ("sneaky", "x", ", resources: {requests: {cpu: '3'}}", "restartPolicy: Always"))
    world.settle()
    assert node_of(world, "urgent") == "node-1"
    assert node_of(world, "sneaky") == ""


def test_the_more_important_pod_is_placed_before_those_that_came_earlier() -> None:
    world = World(nodes=1)
    world.apply(IMPORTANT)
    many = [POD % (f"p{number}", "x", "", "restartPolicy: Always") for number in range(4)]
    world.apply("---".join([*many, POD % ("urgent", "x", "", "priorityClassName: important")]))
    world.settle()
    order = sorted(("p0", "p1", "p2", "p3", "urgent"), key=lambda name: placed_at(world, name))
    assert order.index("urgent") <= 1, "one was being worked on already"


def placed_at(world: World, name: str) -> int:
    """The revision of the Event that says so."""
    (told,) = [
        each
        for each in world.objects("Event")
        if each["reason"] == "Scheduled" and each["involvedObject"]["name"] == name
    ]
    return int(told["metadata"]["resourceVersion"])


def test_a_pod_with_a_gate_waits_until_the_gate_is_gone() -> None:
    world = World(nodes=1)
    add(world, "gated", "schedulingGates: [{name: loopscope.dev/wait}]")
    assert node_of(world, "gated") == ""
    assert why(world, "gated") == "Scheduling is blocked due to non-empty scheduling gates"
    other = POD % ("gated", "db", "", "schedulingGates: [{name: loopscope.dev/other}]")
    assert "only deletion is allowed, but found new scheduling gate 'loopscope.dev/other'" in world.refused_apply(other)
    add(world, "gated", "schedulingGates: []")
    assert node_of(world, "gated") == "node-1"


def test_company_that_comes_later_wakes_whoever_waits_for_it() -> None:
    world = World()
    add(world, "lonely", TOGETHER.replace("app: db", "app: friend"))
    assert node_of(world, "lonely") == ""
    add(world, "friend", app="friend")
    world.settle()
    assert node_of(world, "lonely") == node_of(world, "friend") != ""


def test_whoever_is_kept_away_by_a_less_important_pod_takes_its_place() -> None:
    world = World(nodes=1)
    world.apply(IMPORTANT)
    add(world, "old", app="db")
    add(world, "bystander", app="web")
    add(world, "urgent", APART, app="x", priority="important")
    world.settle()
    assert [each["metadata"]["name"] for each in world.pods()] == ["bystander", "urgent"]


def test_victims_are_marked_before_they_go() -> None:
    world = World(nodes=1)
    world.apply(IMPORTANT)
    add(world, "old", cpu="3")
    world.apply(POD % ("urgent", "x", ", resources: {requests: {cpu: '3'}}", "priorityClassName: important"))
    world.run(until=lambda cluster: "deletionTimestamp" in pod(world, "old")["metadata"])
    (marked,) = [each for each in pod(world, "old")["status"]["conditions"] if each["type"] == "DisruptionTarget"]
    assert (marked["status"], marked["reason"]) == ("True", "PreemptionByScheduler")
