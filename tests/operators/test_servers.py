"""The loop of the RabbitMQ servers, pure: from what the machines know to what it writes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.objects import Obj
from app.operators.rabbitmq import ranges, stored
from app.operators.rabbitmq.fifo import Command, Queue
from app.operators.rabbitmq.member import Began, Entry, Member, Members, Peer, Snapshot, Tally
from app.operators.rabbitmq.ranges import Ranges
from app.operators.rabbitmq.servers import RabbitServers
from app.operators.rabbitmq.whereabouts import BOOT_MS, ServersSeen
from app.reconcile import Create, Difference, Patch, RequeueAfter
from tests.support.builders import NOW_MS


def machine(name: str, **spec: Any) -> Obj:
    return {"metadata": {"name": name}, "spec": {"power": "on", "network": "on", **spec}}


def sandbox(number: int, started_ms: int = NOW_MS - 60_000, **container: Any) -> Obj:
    known = {"state": "running", "attempt": 0, "startedMs": started_ms, **container}
    spec = {
        "podName": f"r-server-{number}", "podUID": f"p{number}", "nodeName": f"node-{number}",
        "containers": {"rabbitmq": {}},
    }  # fmt: skip
    meta = {"name": f"r-server-{number}.node-{number}", "namespace": "default"}
    return {
        "apiVersion": "loopscope.internal/v1", "kind": "PodSandbox", "metadata": meta, "spec": spec,
        "status": {"containers": {"rabbitmq": known}},
    }  # fmt: skip


def seen(*sandboxes: Obj, servers: tuple[Obj, ...] = (), target: int = 3) -> ServersSeen:
    machines = [machine(f"node-{number}") for number in range(3)]
    return ServersSeen("default", "r", True, sandboxes, machines, (), servers, (), target, 0, NOW_MS)


def diff(observation: ServersSeen) -> list[Difference]:
    return [*RabbitServers().diff(observation)]


def made(gaps: list[Difference]) -> dict[str, dict[str, Any]]:
    actions = [action for gap in gaps for action in gap.actions if isinstance(action, Create)]
    return {action.obj["metadata"]["name"]: action.obj for action in actions}


def told(gaps: list[Difference]) -> list[dict[str, Any]]:
    patches = [action for gap in gaps for action in gap.actions if isinstance(action, Patch)]
    return [each.patch["status"]["told"]["rabbitmq"] for each in patches if each.ref.kind == "PodSandbox"]


def test_servers_that_reach_each_other_form_a_cluster() -> None:
    gaps = diff(seen(sandbox(0), sandbox(1), sandbox(2)))
    known = {name: obj["status"]["known"] for name, obj in made(gaps).items()}
    assert known == {name: ["r-server-0", "r-server-1", "r-server-2"] for name in known}
    assert all(each["passes"] for each in told(gaps))
    assert {gap.reason for gap in gaps} == {"ServersWentOn", "ClusterJoined"}


def test_until_the_cluster_has_its_size_the_startup_probe_fails() -> None:
    gaps = diff(seen(sandbox(0)))
    assert [each["passes"] for each in told(gaps)] == [[]]
    assert "ClusterNotJoined" in {gap.reason for gap in gaps}


def test_without_number_0_nobody_begins_a_cluster() -> None:
    assert made(diff(seen(sandbox(1), sandbox(2))))["r-server-1"]["status"]["known"] == []


def test_a_container_that_starts_does_not_listen_yet() -> None:
    gaps = diff(seen(sandbox(0, started_ms=NOW_MS - 1_000), target=1))
    assert not made(gaps)
    (wait,) = [each for gap in gaps for each in gap.actions if isinstance(each, RequeueAfter)]
    assert wait.delay_ms == BOOT_MS - 1_000


def test_nothing_more_is_said_of_what_has_not_changed() -> None:
    boxes = [sandbox(0), sandbox(1), sandbox(2)]
    gaps = diff(seen(*boxes))
    servers = tuple(made(gaps).values())
    said = {"rabbitmq": told(gaps)[0]}
    boxes = [{**each, "status": {**each["status"], "told": said}} for each in boxes]
    assert diff(seen(*boxes, servers=servers)) == []


def test_a_server_with_another_disk_knows_nothing() -> None:
    servers = tuple(made(diff(seen(sandbox(0), sandbox(1), sandbox(2)))).values())
    moved = sandbox(2)
    moved["spec"]["podUID"] = "another"
    patches = [
        action for gap in diff(seen(sandbox(0), sandbox(1), moved, servers=servers)) for action in gap.actions
        if isinstance(action, Patch) and action.ref.name == "r-server-2"
    ]  # fmt: skip
    assert patches[0].patch["spec"] == {"disk": "pod/another"}


MEMBER = Member(
    "r-server-0", "seed", Snapshot(3, 1, Queue(), Members(("r-server-0",))), 2, "", (Entry(2, Began("r-server-0")),), 4,
    tally=Tally(1, 2, ("r-server-0",)), peers={"r-server-1": Peer(5)},
)  # fmt: skip


@pytest.mark.parametrize("value", [MEMBER, Command("enqueue", "c", 1, 2), ((1, 2), (4, 4)), {"a": ("b",)}, None])
def test_what_is_written_is_read_again(value: Any) -> None:
    assert stored.read(stored.written(value)) == value


@given(st.lists(st.integers(1, 30), max_size=60))
def test_ranges_are_sets(added: list[int]) -> None:
    kept: Ranges = ()
    for number in added:
        kept = ranges.with_number(kept, number)
    numbers = {*added}
    assert ranges.numbers(kept) == sorted(numbers)
    assert ranges.count(kept) == len(numbers)
    assert all(ranges.has(kept, number) == (number in numbers) for number in range(32))
    other = ranges.with_number(ranges.with_number((), 5), 6)
    assert ranges.numbers(ranges.minus(kept, other)) == sorted(numbers - {5, 6})
