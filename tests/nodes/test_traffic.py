"""The request generator: how many it sends, and what a cluster under traffic loses when something breaks."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from typing import Any

import pytest

from app.api.loads import packed, unpacked
from app.api.objects import Obj, Ref
from app.cluster import Cluster
from app.commands import ApiServerDown, CrashContainer, CutNetwork, DeleteObject, PatchObject, PowerNode, SetTraffic
from app.nodes.network.traffic import Memory, Traffic, TrafficSeen, count_of
from tests.support.world import SERVICE, World

pytestmark = pytest.mark.long

WEB = Ref("Service", "default", "web")
LOAD = Ref("Load", "default", "web")
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: %(replicas)d
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
      annotations: {%(notes)s}
    spec:
      containers:
      - name: nginx
        image: nginx:1.27
        ports: [{containerPort: 80}]
        %(more)s
"""
PRE_STOP = "lifecycle: {preStop: {sleep: {seconds: 5}}}"


def shop(replicas: int = 3, notes: str = "", more: str = "", **options: Any) -> World:
    world = World(**{"latencies": "textbook", **options})
    world.apply(DEPLOYMENT % {"replicas": replicas, "notes": notes, "more": more} + SERVICE)
    world.settle()
    return world


def failures(world: World, seconds: int) -> list[dict[str, int]]:
    """Why requests failed, second by second, from the window that is open now."""
    found, last = [], window(world).get("toMs", 0)
    while len(found) < seconds:
        world.advance(world.now_ms + 250)
        now = window(world)
        if now and now["toMs"] != last:
            last = now["toMs"]
            found.append(now["failed"])
    return found


def window(world: World) -> dict[str, Any]:
    load = world.get(LOAD)
    assert load is not None
    found: dict[str, Any] = (load.get("status") or {}).get("window") or {}
    return found


def under_load(world: World, rps: int = 300, path: str = "node-port") -> World:
    world.do(SetTraffic(WEB, rps, path=path))
    assert sum(sum(each.values()) for each in failures(world, 3)) == 0
    return world


def total(found: list[dict[str, int]]) -> Counter[str]:
    return sum((Counter(each) for each in found), Counter())


# ------------------------------------------------------------------------------------------------ the generator


def spec(pattern: str, rps: int = 100) -> dict[str, Any]:
    return {"rps": rps, "pattern": pattern, "startedMs": 1_000_000}


def test_steady_ramp_and_spike() -> None:
    assert {count_of(spec("steady"), 1_000_000 + second * 1000) for second in range(200)} == {100}
    assert [count_of(spec("ramp"), 1_000_000 + second * 1000) for second in (0, 29, 59, 500)] == [1, 50, 100, 100]
    spike = [count_of(spec("spike"), 1_000_000 + second * 1000) for second in range(120)]
    assert (spike.count(400), spike.count(100)) == (20, 100)
    assert count_of(spec("spike", 2_000), 1_020_000) == 2_000  # the most there is


def test_a_load_whose_service_is_gone_goes_too() -> None:
    load: Obj = {
        "apiVersion": "loopscope.internal/v1",
        "kind": "Load",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": spec("steady"),
    }
    (gap,) = Traffic().diff(TrafficSeen(load, False, (), (), (), Memory(), 0))
    assert gap.reason == "ServiceGone"


def test_all_requests_of_a_healthy_service_are_served_and_pods_work_for_it() -> None:
    world = under_load(shop())
    load = world.get(LOAD)
    assert load is not None
    status = load["status"]
    assert (status["window"]["sent"], status["window"]["ok"], status["window"]["failed"]) == (300, 300, {})
    assert status["window"]["toMs"] - status["window"]["fromMs"] == 1_000
    # 300 a second at 20 ms of CPU each are 6 cores' worth, spread over three pods.
    assert sum(each["cpuMilli"] for each in status["pods"].values()) == 6_000
    assert sum(each["requestsPerSecond"] for each in status["pods"].values()) == 300
    samples = unpacked(status["samples"])
    assert 0 < len(samples) <= 24
    assert packed(samples) == status["samples"]
    assert {sample.pod for sample in samples} == {*status["pods"]}


def test_traffic_alone_leaves_a_cluster_quiet() -> None:
    world = under_load(shop())
    assert world.quiet
    assert world.run().steps == 0


def test_a_room_under_traffic_replays() -> None:
    world = under_load(shop())
    replayed = Cluster.replay(world.seed, world.epoch_ms, world.journal, to_step=world.trace.count)
    assert replayed.get(LOAD) == world.get(LOAD)


def test_a_wrong_load_is_refused() -> None:
    world = shop()
    assert "between 0 and" in world.refused(SetTraffic(WEB, 5_000))
    assert "must be one of steady, ramp, spike" in world.refused(SetTraffic(WEB, 5, "wild"))
    assert "must be one of node-port, direct" in world.refused(SetTraffic(WEB, 5, "steady", "air"))
    assert "not found" in world.refused(SetTraffic(Ref("Service", "default", "none"), 5))
    assert "only a Service" in world.refused(SetTraffic(Ref("Pod", "default", "web"), 5))


def test_a_deleted_service_takes_its_load_along() -> None:
    world = under_load(shop())
    world.do(DeleteObject(WEB))
    world.wait(10)
    assert (world.objects("Load"), world.objects("DataPath")) == ([], [])


# --------------------------------------------------------------------------------------------- what breaks


def test_requests_go_on_while_the_api_server_is_down() -> None:
    """Nobody asks it on their way: what runs goes on running, and goes on being used."""
    world = under_load(shop())
    world.do(ApiServerDown())
    assert failures(world, 10) == [{}] * 10
    assert window(world)["sent"] > 0


def kill_one(world: World) -> list[dict[str, int]]:
    world.do(DeleteObject(Ref("Pod", "default", world.pod_names()[0])))
    return failures(world, 12)


def test_a_pod_killed_under_load_refuses_until_every_rule_leaves_it_out() -> None:
    lost = total(kill_one(under_load(shop())))
    assert set(lost) == {"ConnectionRefused"}
    # SIGTERM after 450 ms, new rules after some 1.1 s: a third of what comes in between.
    assert lost["ConnectionRefused"] == pytest.approx(300 * 0.65 / 3, rel=0.5)


def test_a_pre_stop_sleep_outlasts_the_race_and_nothing_is_lost() -> None:
    assert total(kill_one(under_load(shop(more=PRE_STOP)))) == {}


def test_with_its_only_pod_gone_a_service_rejects() -> None:
    lost = total(kill_one(under_load(shop(replicas=1), rps=100)))
    assert set(lost) == {"ConnectionRefused", "NoEndpoint"}


def test_a_crash_resets_what_was_in_work_and_refuses_until_the_restart() -> None:
    world = under_load(shop())
    world.do(CrashContainer(Ref("Pod", "default", world.pod_names()[0])))
    lost = total(failures(world, 6))
    assert "ConnectionRefused" in lost
    assert set(lost) <= {"ConnectionRefused", "ConnectionReset"}
    assert total(failures(world, 3)) == {}


def fraction(found: list[dict[str, int]]) -> float:
    return sum(total(found).values()) / (300 * len(found))


def pods_of(world: World, node: str) -> list[str]:
    return [pod["metadata"]["name"] for pod in world.pods() if pod["spec"]["nodeName"] == node]


def mark_not_ready(world: World, node: str) -> None:
    """What the node lifecycle controller does to the pods of a node after 50 s: Ready=False."""
    for name in pods_of(world, node):
        pod = world.get(Ref("Pod", "default", name))
        assert pod is not None
        conditions = [
            {**each, "status": "False"} if each["type"] == "Ready" else each for each in pod["status"]["conditions"]
        ]
        text = json.dumps({"status": {"conditions": conditions}})
        world.do(PatchObject(Ref("Pod", "default", name), "merge", text, subresource="status"))


def test_through_node_ports_a_dead_node_costs_five_ninths_then_a_third_until_its_pods_are_marked() -> None:
    world = under_load(shop())
    world.do(PowerNode("node-1"))
    failures(world, 1)
    before_check = failures(world, 14)
    assert set(total(before_check)) == {"Timeout"}
    assert fraction(before_check) == pytest.approx(5 / 9, abs=0.05)
    failures(world, 11)  # three health checks, eight seconds apart, have failed by now
    assert fraction(failures(world, 15)) == pytest.approx(1 / 3, abs=0.05)
    mark_not_ready(world, "node-1")
    failures(world, 3)
    assert total(failures(world, 5)) == {}


def test_straight_to_the_pod_a_dead_node_costs_a_third_until_the_health_check() -> None:
    world = under_load(shop(), path="direct")
    world.do(PowerNode("node-1"))
    failures(world, 1)
    assert fraction(failures(world, 14)) == pytest.approx(1 / 3, abs=0.05)
    failures(world, 11)
    assert total(failures(world, 5)) == {}


def test_a_node_that_is_cut_off_and_comes_back_serves_again() -> None:
    world = under_load(shop())
    world.do(CutNetwork("node-2"))
    failures(world, 1)
    assert fraction(failures(world, 5)) == pytest.approx(5 / 9, abs=0.08)
    world.do(CutNetwork("node-2", cut=False))
    failures(world, 2)
    assert total(failures(world, 5)) == {}


def hops(world: World, path: str) -> tuple[int, float]:
    under_load(world, path=path)
    return window(world)["forwarded"], window(world)["p50Ms"]


def test_the_straight_way_has_a_hop_less() -> None:
    through, straight = hops(shop(), "node-port"), hops(shop(), "direct")
    assert through[0] == pytest.approx(200, abs=30)
    assert straight[0] == 0
    assert through[1] > straight[1]


def test_more_than_pods_can_do_overflows_their_queues() -> None:
    notes = 'loopscope.dev/service-ms: "50", loopscope.dev/concurrency: "1", loopscope.dev/queue: "10"'
    world = shop(notes=notes)
    world.do(SetTraffic(WEB, 300))
    found = failures(world, 5)
    # Three pods do twenty a second each.
    assert total(found[2:])["Overload"] / 3 == pytest.approx(240, abs=10)
    assert window(world)["p99Ms"] > 400
    load = world.get(LOAD)
    assert load is not None
    assert all(each["queued"] > 5 for each in load["status"]["pods"].values())


def test_a_limit_on_cpu_makes_requests_slow() -> None:
    world = under_load(shop(more="resources: {limits: {cpu: 500m}}"), rps=30)
    assert window(world)["p50Ms"] >= 40


def test_a_slow_window_is_never_skipped_and_totals_add_up() -> None:
    world = under_load(shop())
    world.wait(20)
    load = world.get(LOAD)
    assert load is not None
    told = load["status"]["total"]
    assert told["sent"] % 300 == 0
    assert told["sent"] == told["ok"] + sum(told["failed"].values())
    starts = [step.record.action.patch["status"]["window"]["fromMs"] for step in world.trace if is_write(step)]
    assert all(b - a == 1_000 for a, b in itertools.pairwise(starts))


def is_write(step: Any) -> bool:
    action = getattr(step.record, "action", None)
    return step.actor == "traffic" and hasattr(action, "patch")
