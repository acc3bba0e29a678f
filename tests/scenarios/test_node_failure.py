"""A machine fails: what is noticed when, and what comes of it. Times and texts as Kubernetes has them."""

from __future__ import annotations

import pytest

from app.api.objects import Obj, Ref
from app.commands import CutNetwork, DeleteObject, FailZone, FillDisk, PowerNode, RemoveNode, SlowNode
from tests.support.world import World

GRACE_S, TOLERATION_S = 50, 300


@pytest.fixture
def world() -> World:
    world = World()
    world.web(3)
    world.settle()
    return world


def node(world: World, name: str = "node-2") -> Obj:
    found = world.get(Ref("Node", "", name))
    assert found is not None
    return found


def readiness(world: World, name: str = "node-2") -> tuple[str, str]:
    (ready,) = [each for each in node(world, name)["status"]["conditions"] if each["type"] == "Ready"]
    return ready["status"], ready["reason"]


def taints(world: World, name: str = "node-2") -> list[tuple[str, str]]:
    return [(each["key"].partition("/")[2], each["effect"]) for each in node(world, name)["spec"].get("taints", ())]


def pods_on(world: World, name: str) -> list[Obj]:
    return [pod for pod in world.pods() if pod["spec"].get("nodeName") == name]


def events(world: World, *reasons: str) -> list[str]:
    return [each["message"] for each in world.objects("Event") if each["reason"] in reasons]


UNREACHABLE = [("unreachable", "NoSchedule"), ("unreachable", "NoExecute")]


def test_traffic_heals_after_50_seconds_and_the_replica_count_after_350(world: World) -> None:
    (pod,) = pods_on(world, "node-2")
    address, began_ms = pod["status"]["podIP"], world.now_ms
    world.do(PowerNode("node-2"))
    world.wait(GRACE_S - 11)  # the last heartbeat may have been ten seconds before
    assert readiness(world) == ("True", "KubeletReady")
    assert address in world.ready_endpoints()
    assert world.run(until=lambda cluster: address not in world.ready_endpoints()).reason == "condition"
    assert 40 <= (world.now_ms - began_ms) / 1000 <= GRACE_S + 1
    world.wait(1)
    assert readiness(world) == ("Unknown", "NodeStatusUnknown")
    assert taints(world) == UNREACHABLE
    assert "Node node-2 status is now: NodeNotReady" in events(world, "NodeNotReady")
    assert "Node is not ready" in events(world, "NodeNotReady")
    assert world.deployment()["status"]["readyReplicas"] == 2
    assert len(world.pods()) == 3
    noticed_ms = world.now_ms
    assert world.run(until=lambda cluster: len(world.pods()) == 4).reason == "condition"
    assert TOLERATION_S - 2 <= (world.now_ms - noticed_ms) / 1000 <= TOLERATION_S + 1
    assert world.settle().reason == "quiet"
    assert world.statuses() == ["Running", "Running", "Running", "Terminating"]
    assert f"Marking for deletion Pod default/{pod['metadata']['name']}" in events(world, "TaintManagerEviction")


def test_an_evicted_pod_bears_the_reason_and_goes_when_its_node_is_back(world: World) -> None:
    (pod,) = pods_on(world, "node-2")
    ref = Ref("Pod", "default", pod["metadata"]["name"])
    world.do(PowerNode("node-2"))
    world.settle()
    stuck = world.get(ref)
    assert stuck is not None
    (target,) = [each for each in stuck["status"]["conditions"] if each["type"] == "DisruptionTarget"]
    assert (target["reason"], target["message"]) == (
        "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint",
    )  # fmt: skip
    world.do(PowerNode("node-2", on=True))
    world.settle()
    assert world.get(ref) is None
    assert taints(world) == []
    assert readiness(world) == ("True", "KubeletReady")
    assert world.statuses() == ["Running"] * 3


@pytest.mark.parametrize("fault", [PowerNode("node-2"), CutNetwork("node-2")], ids=["power", "network"])
def test_a_node_that_returns_in_time_keeps_its_pods(world: World, fault: PowerNode | CutNetwork) -> None:
    (pod,) = pods_on(world, "node-2")
    world.do(fault)
    world.wait(150)
    assert taints(world) == UNREACHABLE
    assert len(world.pods()) == 3
    back = PowerNode("node-2", on=True) if isinstance(fault, PowerNode) else CutNetwork("node-2", cut=False)
    world.do(back)
    world.settle()
    assert pods_on(world, "node-2")[0]["metadata"]["uid"] == pod["metadata"]["uid"]
    assert taints(world) == []
    assert world.deployment()["status"]["readyReplicas"] == 3
    assert f"Cancelling deletion of Pod default/{pod['metadata']['name']}" in events(world, "TaintManagerEviction")
    world.wait(400)
    assert len(world.pods()) == 3


def test_a_short_absence_is_not_even_noticed(world: World) -> None:
    world.do(PowerNode("node-2"))
    world.wait(20)
    world.do(PowerNode("node-2", on=True))
    world.settle()
    world.wait(60)
    assert taints(world) == []
    assert "NodeNotReady" not in world.event_reasons("Node")


def test_when_all_nodes_are_lost_nobody_is_evicted(world: World) -> None:
    for name in ("node-1", "node-2", "node-3"):
        world.do(PowerNode(name))
    world.wait(700)
    assert [readiness(world, f"node-{n}")[0] for n in (1, 2, 3)] == ["Unknown"] * 3
    assert not any(("unreachable", "NoExecute") in taints(world, f"node-{n}") for n in (1, 3)), (
        "the first one had its turn"
    )
    going = [pod for pod in world.pods() if "deletionTimestamp" in pod["metadata"]]
    assert len(going) <= 1


def test_of_a_zone_one_node_in_ten_seconds_gets_the_taint_that_evicts() -> None:
    world = World(nodes=8, zones=2)
    world.web(8)
    world.settle()
    world.do(FailZone("zone-a"))
    world.settle()
    world.wait(5)
    lost = [n for n in (1, 3, 5, 7) if ("unreachable", "NoExecute") in taints(world, f"node-{n}")]
    assert lost, "the whole zone is lost, but not the whole cluster: its nodes are evicted, one by one"
    times = sorted(
        each["timeAdded"]
        for n in lost
        for each in node(world, f"node-{n}")["spec"]["taints"]
        if each["effect"] == "NoExecute"
    )
    assert len(set(times)) == len(lost)


def test_the_pods_of_a_node_that_was_deleted_are_collected(world: World) -> None:
    world.do(PowerNode("node-2"))
    world.wait(60)
    world.do(DeleteObject(Ref("Node", "", "node-2")))
    world.settle()
    assert pods_on(world, "node-2") == []
    assert world.statuses() == ["Running"] * 3


def test_a_machine_that_is_gone_for_good_loses_its_node_and_its_pods(world: World) -> None:
    world.do(RemoveNode("node-2"))
    world.settle()
    assert world.get(Ref("Node", "", "node-2")) is None
    assert "Deleting node node-2 because it does not exist in the cloud provider" in events(world, "DeletingNode")
    assert world.statuses() == ["Running"] * 3


def test_a_cordon_is_a_taint_too(world: World) -> None:
    world.cordon("node-1")
    world.settle()
    assert taints(world, "node-1") == [("unschedulable", "NoSchedule")]


def test_a_full_disk_closes_a_node_until_there_is_room(world: World) -> None:
    world.do(FillDisk("node-2"))
    world.settle()
    assert taints(world) == [("disk-pressure", "NoSchedule")]
    world.scale("web", 9)
    world.settle()
    assert len(pods_on(world, "node-2")) == 1
    world.do(FillDisk("node-2", full=False))
    world.settle()
    assert taints(world) == []


def test_on_a_slow_machine_everything_takes_longer(world: World) -> None:
    world.do(SlowNode("node-2", 10))
    began_ms = world.now_ms
    world.kill(pods_on(world, "node-2")[0]["metadata"]["name"])
    world.settle()
    assert world.now_ms - began_ms > 5_000
    assert world.statuses() == ["Running"] * 3
