"""Machines and processes that fail, and what the loops make of it."""

from __future__ import annotations

import pytest

from app.api.objects import Ref
from app.cluster import Cluster
from app.commands import (
    AddNode,
    ApiServerDown,
    Command,
    CrashController,
    CutNetwork,
    DelayWatch,
    DropEvents,
    EdgeTriggered,
    PowerNode,
    RemoveNode,
    Scale,
    StopController,
)
from app.engine.trace import Acted
from tests.support.world import World

REPLICA_SETS = "replicaset-controller"


@pytest.fixture
def world() -> World:
    world = World()
    world.web(3)
    world.settle()
    return world


def ready(world: World) -> int:
    return int(world.deployment()["status"].get("readyReplicas", 0))


def busy(world: World, actor: str, since: int) -> bool:
    return any(step.actor == actor for step in world.trace.since(since))


def test_a_machine_without_power_takes_no_step_and_restarts_its_containers_when_it_is_back(world: World) -> None:
    (pod,) = [pod for pod in world.pods() if pod["spec"]["nodeName"] == "node-1"]
    ref = Ref("Pod", "default", pod["metadata"]["name"])
    world.do(PowerNode("node-1"))
    count = world.trace.count
    world.wait(30)
    assert not busy(world, "kubelet/node-1", count)
    assert not busy(world, "kubelet-node-status/node-1", count)
    assert busy(world, "kubelet-node-status/node-2", count)
    world.do(PowerNode("node-1", on=True))
    world.run(limit_ms=30_000)
    after = world.get(ref)
    assert after is not None
    (status,) = after["status"]["containerStatuses"]
    assert (status["restartCount"], status["ready"]) == (1, True)
    ended = status["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (255, "Unknown")


def test_behind_a_cut_network_a_container_is_restarted_but_nobody_hears_of_it(world: World) -> None:
    (pod,) = [pod for pod in world.pods() if pod["spec"]["nodeName"] == "node-1"]
    ref = Ref("Pod", "default", pod["metadata"]["name"])
    world.do(CutNetwork("node-1"))
    world.crash(ref.name)
    world.run(limit_ms=20_000)
    assert world.get(ref) == pod, "the API server has heard nothing"
    sandbox = world.get(Ref("PodSandbox", "default", f"{ref.name}.node-1"))
    assert sandbox is not None
    assert sandbox["status"]["containers"]["nginx"]["attempt"] == 1
    world.do(CutNetwork("node-1", cut=False))
    world.run(limit_ms=20_000)
    after = world.get(ref)
    assert after is not None
    assert after["status"]["containerStatuses"][0]["restartCount"] == 1


def test_with_the_api_server_down_nothing_is_decided_and_then_all_is_made_up_for(world: World) -> None:
    (name, *_others) = world.pod_names()
    world.kill(name)
    world.do(ApiServerDown())
    refused = world.refused(Scale(Ref("Deployment", "default", "web"), 5))
    assert "API server is down" in refused
    revision = world.store.revision
    world.wait(60)
    public = [change for change in world.store.changes_since(revision) if change.ref.kind not in ("PodSandbox",)]
    assert public == []
    world.do(ApiServerDown(down=False))
    world.settle()
    assert ready(world) == 3
    assert name not in world.pod_names()


def test_a_stopped_controller_leaves_its_gap_until_it_is_started(world: World) -> None:
    world.do(StopController(REPLICA_SETS))
    world.kill(world.pod_names()[0])
    world.settle()
    assert len(world.pods()) == 2
    world.do(StopController(REPLICA_SETS, stopped=False))
    world.settle()
    assert ready(world) == 3


def test_a_controller_that_crashes_in_the_middle_of_acting_finishes_the_work_from_what_it_finds(world: World) -> None:
    world.scale("web", 8)

    def has_begun(cluster: Cluster) -> bool:
        last = cluster.trace.get(cluster.trace.count)
        return (
            last is not None and last.actor == REPLICA_SETS and isinstance(last.record, Acted) and not last.record.last
        )

    assert world.run(until=has_begun).reason == "condition"
    world.do(CrashController(REPLICA_SETS))
    world.settle()
    assert (ready(world), len(world.pods())) == (8, 8)


def test_a_delayed_watch_makes_a_loop_late_not_wrong(world: World) -> None:
    world.do(DelayWatch(REPLICA_SETS, 20_000))
    killed = world.pod_names()[0]
    world.kill(killed)
    begin = world.now_ms
    world.run(until=lambda cluster: len(cluster.objects("Pod")) > 3 or len(cluster.objects("Pod")) == 2)
    world.run(until=lambda cluster: len(cluster.objects("Pod", "default")) == 3)
    assert world.now_ms - begin >= 20_000
    world.settle()
    assert ready(world) == 3


def lose_events(world: World) -> list[int]:
    """Kill a pod again and again while every third event is lost; how many there are each time in the end."""
    world.do(DropEvents(REPLICA_SETS, 3))
    counts = []
    for _ in range(6):
        world.kill(world.pod_names()[0])
        world.run(limit_ms=60_000)
        counts.append(len(world.pods()))
    return counts


def test_level_triggered_loses_events_and_always_ends_as_declared(world: World) -> None:
    assert lose_events(world) == [3] * 6


def test_edge_triggered_drifts_until_it_looks_again(world: World) -> None:
    world.do(EdgeTriggered(REPLICA_SETS))
    drifted = lose_events(world)[-1]
    assert drifted != 3
    world.do(DropEvents(REPLICA_SETS, 0))
    world.wait(600)
    assert len(world.pods()) == drifted, "no later event tells of what it missed"
    world.do(EdgeTriggered(REPLICA_SETS, on=False))
    world.settle()
    assert len(world.pods()) == 3


def test_a_new_machine_registers_and_takes_pods_and_one_that_is_removed_is_heard_of_no_more(world: World) -> None:
    world.do(AddNode(zone="zone-b"))
    world.settle()
    node = world.get(Ref("Node", "", "node-4"))
    assert node is not None
    assert node["metadata"]["labels"]["topology.kubernetes.io/zone"] == "zone-b"
    world.scale("web", 8)
    world.settle()
    assert any(pod["spec"]["nodeName"] == "node-4" for pod in world.pods())
    world.do(RemoveNode("node-4"))
    assert "kubelet/node-4" not in world.actors
    world.do(AddNode())
    world.settle()
    assert world.get(Ref("Node", "", "node-5")) is not None


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (PowerNode("nope"), 'nodes "nope" not found'),
        (StopController("nope"), 'no loop is called "nope"'),
        (DropEvents(REPLICA_SETS, -1), 'field "every" must be between 0 and 1000, not -1'),
    ],
)
def test_what_cannot_be_broken_is_refused(world: World, command: Command, said: str) -> None:
    assert world.refused(command) == said


def test_faults_replay(world: World) -> None:
    for command in (PowerNode("node-1"), AddNode(), CutNetwork("node-2"), ApiServerDown(), DropEvents("kubelet", 3)):
        world.do(command)
        world.run(limit_ms=20_000)
    again = Cluster.replay(world.seed, world.epoch_ms, world.journal)
    again.forward(world.trace.count)
    assert again.store.revision == world.store.revision
    last, replayed = world.trace.get(world.trace.count), again.trace.get(world.trace.count)
    assert last is not None
    assert replayed is not None
    assert (replayed.at_ms, replayed.actor) == (last.at_ms, last.actor)
