"""A machine whose memory or disk runs short gives up pods, one at a time."""

from __future__ import annotations

import pytest

from app.api.conditions import find, is_true
from app.api.objects import Obj, Ref
from app.commands import FillDisk
from tests.support.world import World

pytestmark = pytest.mark.long

NODE = "node-1"
POD = """
apiVersion: v1
kind: Pod
metadata: {name: %s}
spec:
  nodeName: node-1
  %s
  containers: [{name: c, image: "%s", resources: {%s}}]
---
"""


def a_pod(name: str, image: str = "nginx", resources: str = "", rest: str = "") -> str:
    return POD % (name, rest, image, resources)


def happened(world: World, reason: str) -> list[str]:
    return [each["message"] for each in world.objects("Event") if each["reason"] == reason]


def evicted(world: World) -> list[str]:
    """In the order in which they went."""
    events = [each for each in world.objects("Event") if each["reason"] == "Evicted"]
    return [each["involvedObject"]["name"] for each in sorted(events, key=lambda each: each["firstTimestamp"])]


def the(world: World, name: str) -> Obj:
    pod = world.get(Ref("Pod", "default", name))
    assert pod is not None
    return pod


def is_low(world: World, pressure: str) -> bool:
    node = world.get(Ref("Node", "", NODE))
    assert node is not None
    return is_true(node["status"]["conditions"], pressure)


@pytest.fixture
def world() -> World:
    return World()


def test_who_takes_more_memory_than_there_is_must_go(world: World) -> None:
    world.apply(a_pod("leaks", "shop:leak"))
    world.apply(a_pod("steady", resources="requests: {memory: 64Mi}"))
    world.wait(4_000)
    assert (evicted(world), is_low(world, "MemoryPressure")) == ([], False)
    world.wait(100)
    status = the(world, "leaks")["status"]
    low = "The node was low on resource: memory. Threshold quantity: 100Mi, available: "
    assert (status["phase"], status["reason"]) == ("Failed", "Evicted")
    assert status["message"].startswith(low)
    assert ", request is 0, has larger consumption of memory. " in status["message"]
    assert the(world, "steady")["status"]["phase"] == "Running"
    assert happened(world, "EvictionThresholdMet") == ["Attempting to reclaim memory"]
    condition = find(status["conditions"], "DisruptionTarget")
    assert condition is not None
    assert (condition["reason"], condition["message"]) == ("TerminationByKubelet", status["message"])
    world.wait(20)
    assert not is_low(world, "MemoryPressure")


def test_while_memory_is_short_the_node_says_so(world: World) -> None:
    world.apply(a_pod("leaks", "shop:leak", rest="priorityClassName: system-node-critical"))
    world.wait(4_200)
    assert evicted(world) == []
    assert is_low(world, "MemoryPressure")
    assert the(world, "leaks")["status"]["phase"] == "Running"


def test_those_within_their_requests_go_last_then_the_important_then_the_small(world: World) -> None:
    world.apply(
        "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\nvalue: 1000\n---\n"
        + a_pod("frugal", resources="requests: {ephemeral-storage: 1Gi}")
        + a_pod("important", rest="priorityClassName: high")
        + a_pod("small")
        + a_pod("big").replace("name: c,", 'name: c, command: [sh, -c, "fallocate -l 1G /tmp/x; sleep 1d"],')
    )
    world.settle()
    world.wait(10)  # until all is written
    world.do(FillDisk(NODE))
    world.settle()
    assert evicted(world) == ["big", "small", "important", "frugal"]
    low = "The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 0. "
    used = "Container c was using 1048608Ki, request is 0, has larger consumption of ephemeral-storage. "
    assert the(world, "big")["status"]["message"] == low + used
    assert the(world, "frugal")["status"]["message"] == low
    ended = [
        the(world, name)["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"]
        for name in ("big", "small", "important", "frugal")
    ]
    assert sorted(set(ended)) == ended


def test_a_full_machine_takes_nobody_in(world: World) -> None:
    world.do(FillDisk(NODE))
    world.settle()
    world.apply(a_pod("late") + a_pod("vital", rest="priorityClassName: system-node-critical"))
    world.settle()
    status = the(world, "late")["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "Evicted")
    assert status["message"] == "Pod was rejected: The node had condition: [DiskPressure]. "
    assert the(world, "vital")["status"]["phase"] == "Running"


def test_pods_of_a_full_machine_are_replaced_elsewhere(world: World) -> None:
    world.web()
    world.settle()
    world.do(FillDisk(NODE))
    world.settle()
    alive = [pod for pod in world.pods() if pod["status"]["phase"] == "Running"]
    assert len(alive) == 3
    assert NODE not in {pod["spec"]["nodeName"] for pod in alive}
