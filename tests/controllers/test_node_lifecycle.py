"""When a node counts as lost, and what its taints should be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.api import times
from app.api.objects import Obj, uid_of
from app.controllers.node import node_health
from app.controllers.node.node_lifecycle import NodeGone, NodeLifecycleController, NodeSeen
from app.reconcile import Announce, Difference, Patch, Remember, RequeueAfter
from tests.support.builders import NOW_MS, node, pod


def taint(key: str, effect: str, ago_s: int = 0) -> dict[str, Any]:
    return {"key": f"node.kubernetes.io/{key}", "effect": effect, "timeAdded": times.rfc3339(NOW_MS - 1000 * ago_s)}


def lost(name: str = "node-1", zone: str = "", **spec: Any) -> Obj:
    made = node(name, ready=False, labels={"topology.kubernetes.io/zone": zone} if zone else None, **spec)
    (condition,) = made["status"]["conditions"]
    return {**made, "status": {**made["status"], "conditions": [{**condition, "status": "Unknown"}]}}


def seen(of: Obj, silent_s: int = 5, nodes: tuple[Obj, ...] = (), pods: tuple[Obj, ...] = ()) -> NodeSeen:
    return NodeSeen(of, NOW_MS - 1000 * silent_s, nodes or (of, node("other")), pods, NOW_MS)


def decided(observation: NodeSeen | NodeGone) -> dict[str, Difference]:
    return {difference.reason: difference for difference in NodeLifecycleController().diff(observation)}


def taints_written(difference: Difference) -> list[tuple[str, str]]:
    (patch,) = difference.actions
    assert isinstance(patch, Patch)
    return [(each["key"].partition("/")[2], each["effect"]) for each in patch.patch["spec"]["taints"] or ()]


def test_of_a_node_that_gives_signs_of_life_the_next_one_is_waited_for() -> None:
    found = decided(seen(node()))
    assert list(found) == ["HeardFrom"]
    assert found["HeardFrom"].background
    assert found["HeardFrom"].actions == (RequeueAfter(45_000, "the next sign of life"),)


def test_a_node_is_announced_once_when_it_is_new_and_once_when_it_is_gone() -> None:
    there = node()
    told, keep = decided(replace(seen(there), known=False))["NodeIsNew"].actions
    assert isinstance(told, Announce)
    assert told.message == "Node node-1 event: Registered Node node-1 in Controller"
    assert keep == Remember(uid_of(there))
    told, keep = decided(NodeGone("node-1", "u"))["NodeIsRemoved"].actions
    assert isinstance(told, Announce)
    assert told.message == "Node node-1 event: Removing Node node-1 from Controller"
    assert keep == Remember(None)


def test_after_fifty_seconds_nothing_is_known_of_it_and_its_pods_are_not_ready() -> None:
    found = decided(seen(node(), silent_s=50, pods=(pod(),)))
    assert list(found) == ["NodeSilent", "PodOnLostNode"]
    (patch,) = found["NodeSilent"].actions
    assert isinstance(patch, Patch)
    conditions = patch.patch["status"]["conditions"]
    watched = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
    shown = {each["type"]: (each["status"], each["reason"]) for each in conditions}
    assert shown == dict.fromkeys(watched, ("Unknown", "NodeStatusUnknown"))
    assert patch.announce is not None
    assert patch.announce.message == "Node node-1 status is now: NodeNotReady"
    (unready,) = found["PodOnLostNode"].actions
    assert isinstance(unready, Patch)
    (ready,) = [each for each in unready.patch["status"]["conditions"] if each["type"] == "Ready"]
    assert ready["status"] == "False"


def test_a_lost_node_is_first_closed_and_then_evicted() -> None:
    first = decided(seen(lost(), 60))
    assert taints_written(first["TaintsOutdated"]) == [("unreachable", "NoSchedule")]
    then = decided(seen(lost(taints=[taint("unreachable", "NoSchedule")]), 60))
    assert taints_written(then["NodeLost"]) == [("unreachable", "NoSchedule"), ("unreachable", "NoExecute")]


def test_a_node_that_says_itself_that_it_is_not_ready_has_another_taint() -> None:
    found = decided(seen(node(ready=False)))
    assert taints_written(found["TaintsOutdated"]) == [("not-ready", "NoSchedule")]


def test_one_node_of_a_zone_in_ten_seconds() -> None:
    mine = lost(taints=[taint("unreachable", "NoSchedule")])
    before = lost("before", taints=[taint("unreachable", "NoExecute", ago_s=4)])
    found = decided(seen(mine, 60, (mine, before, node("other"))))
    assert found["EvictionRateLimited"].actions == (RequeueAfter(6_000, "one node at a time"),)


def test_taints_go_when_the_node_is_back_and_foreign_ones_stay() -> None:
    foreign = {"key": "team", "effect": "NoSchedule"}
    held = [foreign, taint("unreachable", "NoSchedule"), taint("unreachable", "NoExecute")]
    first = decided(seen(node(taints=held)))
    assert taints_written(first["TaintsOutdated"]) == [("", "NoSchedule"), ("unreachable", "NoExecute")]
    then = decided(seen(node(taints=[foreign, held[2]])))
    assert taints_written(then["NodeIsBack"]) == [("", "NoSchedule")]


@pytest.mark.parametrize(
    ("lost_count", "healthy", "pause"),
    [(1, 2, 10_000), (3, 0, None), (2, 1, 10_000), (3, 2, None), (3, 3, 10_000), (40, 20, 100_000)],
)
def test_the_more_of_a_zone_is_lost_the_slower_it_evicts(lost_count: int, healthy: int, pause: int | None) -> None:
    nodes = [*(lost(f"l{n}") for n in range(lost_count)), *(node(f"h{n}") for n in range(healthy))]
    assert node_health.eviction_pause_ms(nodes, ("", "")) == pause


def test_a_zone_that_is_lost_as_a_whole_is_evicted_while_another_one_lives() -> None:
    nodes = [*(lost(f"l{n}", "a") for n in range(4)), node("h", labels={"topology.kubernetes.io/zone": "b"})]
    assert node_health.eviction_pause_ms(nodes, ("", "a")) == 10_000


@pytest.mark.parametrize(
    ("spec", "conditions", "wanted"),
    [
        ({"unschedulable": True}, [], {"unschedulable"}),
        ({}, [{"type": "DiskPressure", "status": "True"}], {"disk-pressure"}),
        ({}, [{"type": "MemoryPressure", "status": "False"}], set()),
    ],
)
def test_pressure_and_a_cordon_close_a_node(spec: dict[str, Any], conditions: list[Any], wanted: set[str]) -> None:
    ready = {"type": "Ready", "status": "True"}
    found = node_health.wanted_no_schedule(node(status={"conditions": [ready, *conditions]}, **spec))
    assert found == {f"node.kubernetes.io/{key}" for key in wanted}
