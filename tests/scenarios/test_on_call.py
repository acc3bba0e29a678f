"""A person stands in for a loop: it sees what is wrong and leaves it, until somebody acts or lets it act again."""

from __future__ import annotations

import json

import pytest

from app.api.objects import Ref, name_of
from app.cluster import Cluster
from app.commands import ApiServerDown, ByHand, CreateObject, GoOnCall, PowerNode, SetTraffic
from app.engine.trace import Acted, Commanded, Differed
from tests.support.world import World

RS = "replicaset-controller"
WEB = Ref("Service", "default", "web")


@pytest.fixture
def world() -> World:
    world = World(latencies="textbook")
    world.web(3)
    world.settle()
    world.do(GoOnCall(RS))
    return world


def killed(world: World) -> World:
    world.kill(world.pod_names()[0])
    world.settle()
    return world


def key(world: World) -> Ref:
    return Ref("ReplicaSet", "default", name_of(world.objects("ReplicaSet", "default")[0]))


def test_it_finds_the_difference_reports_it_and_does_not_act(world: World) -> None:
    since = world.trace.count
    killed(world)
    assert len(world.pods()) == 2
    (alert,) = world.alerts
    assert (alert.actor, alert.key, alert.gap.reason) == (RS, key(world), "TooFewReplicas")
    assert (alert.gap.desired, alert.gap.observed) == (3, 2)
    replica_set = world.get(key(world))
    assert replica_set is not None
    assert replica_set["status"]["replicas"] == 2, "it goes on to report"
    steps = [step.record for step in world.trace.since(since) if step.actor == RS]
    assert any(isinstance(record, Differed) and record.left for record in steps)
    assert not any(isinstance(record, Acted) and record.result.code == 201 for record in steps)


def test_what_is_left_is_done_by_hand_one_at_a_time(world: World) -> None:
    killed(killed(world))
    for missing in (2, 1):
        (alert,) = world.alerts
        assert alert.gap.desired - alert.gap.observed == missing
        step = world.do(ByHand(RS, alert.key))
        assert isinstance(step.record, Commanded)
        assert step.record.command.said(step.record.results).endswith("created by hand")
        world.settle()
    assert world.statuses() == ["Running"] * 3
    assert not world.alerts
    (call,) = world.calls
    assert call.since_ms < call.over_ms < call.until_ms
    assert not call.handed_back
    assert "leaves nothing" in world.refused(ByHand(RS, alert.key))


def test_a_pod_that_somebody_makes_with_kubectl_ends_it_too(world: World) -> None:
    killed(world)
    labels = world.pods()[0]["metadata"]["labels"]
    container = {"name": "nginx", "image": "nginx:1.27"}
    metadata = {"name": "by-hand", "namespace": "default", "labels": labels}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}
    world.do(CreateObject(json.dumps(pod)))
    world.settle()
    assert not world.alerts
    assert world.owner("by-hand") == key(world).name, "it takes on what was made by hand"


def test_switched_back_it_acts_on_what_waits_at_once(world: World) -> None:
    killed(world)
    began_ms = world.now_ms
    world.do(GoOnCall(RS, on=False))
    world.run(until=lambda cluster: len(cluster.objects("Pod", "default")) == 3)
    assert world.now_ms - began_ms < 2_000
    world.settle()
    assert not world.alerts
    (call,) = world.calls
    assert call.handed_back


def test_taken_over_between_diff_and_act_it_does_not_act_any_more(world: World) -> None:
    world.do(GoOnCall(RS, on=False))
    world.kill(world.pod_names()[0])

    def has_found(cluster: Cluster) -> bool:
        last = cluster.trace.get(cluster.trace.count)
        return last is not None and last.actor == RS and isinstance(last.record, Differed)

    assert world.run(until=has_found).reason == "condition"
    world.do(GoOnCall(RS))
    world.settle()
    assert (len(world.pods()), len(world.alerts)) == (2, 1)


def test_a_loop_that_never_looks_back_at_what_it_did_looks_at_what_a_person_did(world: World) -> None:
    world.do(GoOnCall(RS, on=False))
    world.do(GoOnCall("default-scheduler"))
    killed(world)
    (alert,) = world.alerts
    world.do(ByHand("default-scheduler", alert.key))
    world.settle()
    assert not world.alerts
    assert world.statuses() == ["Running"] * 3


def test_with_the_api_server_down_nobody_can_do_it_by_hand(world: World) -> None:
    killed(world)
    world.do(ApiServerDown())
    assert "API server is down" in world.refused(ByHand(RS, key(world)))


def test_the_requests_that_fail_meanwhile_are_counted(world: World) -> None:
    world.do(SetTraffic(WEB, 20))
    world.wait(5)
    for name in world.pod_names():
        world.kill(name)
    world.wait(60)
    (call,) = world.calls
    assert call.sent > 1000
    assert 0 < call.lost <= call.sent


def test_a_copy_of_the_moment_goes_its_own_way(world: World) -> None:
    moments: list[Cluster] = []
    world.on_alarm = lambda: moments.append(world.copy())
    killed(world)
    (moment,) = moments
    assert moment.alerts[0].since_ms == moment.now_ms == world.alerts[0].since_ms
    moment.submit(GoOnCall(RS, on=False))
    moment.run()
    world.wait(30)
    world.do(ByHand(RS, key(world)))
    world.settle()
    (theirs,), (ours,) = moment.calls, world.calls
    assert theirs.since_ms == ours.since_ms
    assert ours.until_ms - theirs.until_ms > 20_000


def test_it_is_replayed_and_kept_like_everything_else(world: World) -> None:
    killed(world)
    world.do(PowerNode("node-1"))
    world.do(ByHand(RS, key(world)))
    world.wait(30)
    again = Cluster.replay(world.seed, world.epoch_ms, world.journal)
    again.forward(world.trace.count, world.now_ms)
    assert list(again.trace) == list(world.trace)
    assert (again.alerts, again.calls) == (world.alerts, world.calls)
    assert world.copy().calls == world.calls
    past = world.at(world.trace.count - 5)
    assert past.calls[0].since_ms == world.calls[0].since_ms
