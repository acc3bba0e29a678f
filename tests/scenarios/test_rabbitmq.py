"""A queue as a service: what the operator makes of a few lines, and what its servers do when something goes."""

from __future__ import annotations

import json

import pytest

from app.api.objects import Ref
from app.cluster import checkpoint
from app.cluster.cluster import Cluster
from app.commands import CutNetwork, DeleteObject, PowerNode
from app.engine.trace import is_visible
from tests.support.rabbitmq import R, RabbitWorld
from tests.support.telling import said_of
from tests.support.wording import wrong

pytestmark = pytest.mark.long

BUILT = [
    ("SuccessfulCreate", f"created resource {name} of Type *v1.{kind}")
    for name, kind in (
        ("r-nodes", "Service"), ("r", "Service"), ("r-erlang-cookie", "Secret"), ("r-default-user", "Secret"),
        ("r-plugins-conf", "ConfigMap"), ("r-server-conf", "ConfigMap"), ("r-server", "ServiceAccount"),
        ("r-server", "StatefulSet"),
    )
]  # fmt: skip


@pytest.fixture(scope="module")
def three() -> RabbitWorld:
    return RabbitWorld(3)


@pytest.fixture
def world(three: RabbitWorld) -> RabbitWorld:
    copied: Cluster = three.copy()
    copied.__class__ = RabbitWorld
    assert isinstance(copied, RabbitWorld)
    return copied


def test_a_few_lines_become_a_cluster(world: RabbitWorld) -> None:
    assert world.told() == BUILT
    assert world.statuses() == ["Running"] * 3
    assert world.verdict("AllReplicasReady") == ("True", "AllPodsAreReady", "")
    assert world.verdict("ClusterAvailable") == ("True", "AtLeastOneEndpointAvailable", "")
    assert world.verdict("NoWarnings") == ("True", "NoWarnings", "")
    assert world.verdict("ReconcileSuccess") == ("True", "Success", "Finish reconciling")
    assert world.rabbit["status"]["quorumStatus"] == "ok"
    assert world.rabbit["status"]["observedGeneration"] == world.rabbit["metadata"]["generation"]
    assert {
        each["status"]["known"] == ["r-server-0", "r-server-1", "r-server-2"] for each in world.objects("RabbitServer")
    }


def test_at_rest_it_takes_no_step(world: RabbitWorld) -> None:
    world.queue()
    world.settle()
    before = world.trace.count
    world.wait(600)
    busy = {step.actor.partition("/")[0] for step in world.trace.since(before)}
    assert busy == {"kubelet-node-status", "node-lifecycle-controller"}


def test_nobody_outside_sees_what_the_servers_know(world: RabbitWorld) -> None:
    world.queue()
    world.settle()
    assert world.scheme.kind("QuorumQueue").internal
    assert world.scheme.kind("RabbitServer").internal


# ---------------------------------------------------------------------------------------------- the leader goes


def test_the_leader_dies_and_another_is_elected_within_0_6_s(world: RabbitWorld) -> None:
    world.queue(10, consume=True)
    world.wait(5)
    before = world.leader
    world.crash(before)
    world.wait(20)
    assert world.leader != before
    assert 100 < world.election_ms <= 620
    assert world.orders["elections"][-1]["before"] == before
    assert (world.orders["book"]["lost"], world.orders["book"]["doubled"]) == (0, 0)


@pytest.mark.parametrize("how", ["cut", "power"])
def test_silence_takes_5_to_11_s(world: RabbitWorld, how: str) -> None:
    world.queue(10, consume=True)
    world.wait(5)
    before, confirmed = world.leader, world.confirmed()
    node = world.machine_of(before)
    world.do(CutNetwork(node) if how == "cut" else PowerNode(node, on=False))
    world.wait(25)
    assert world.leader != before
    assert 5_000 < world.election_ms <= 11_020
    world.do(CutNetwork(node, cut=False) if how == "cut" else PowerNode(node, on=True))
    world.wait(90)
    assert world.confirmed() > confirmed + 500
    assert (world.orders["book"]["lost"], world.orders["book"]["doubled"]) == (0, 0)


def test_a_deleted_leader_hands_over_before_it_goes(world: RabbitWorld) -> None:
    world.queue(10, consume=True)
    world.wait(5)
    before = world.leader
    world.kill(before)
    world.wait(3)
    assert world.leader != before
    assert world.election_ms < 20
    world.wait(90)
    assert world.statuses() == ["Running"] * 3


def test_a_message_whose_consumer_went_comes_again_with_the_mark(world: RabbitWorld) -> None:
    world.queue(20, consume=True)
    world.wait(5)
    if world.consumers_server == world.leader:
        world.kill(world.leader)  # both go elsewhere
        world.wait(60)
    assert world.consumers_server != world.leader
    world.do(CutNetwork(world.machine_of(world.consumers_server)))
    world.wait(30)
    book = world.orders["book"]
    assert book["redelivered"] > 0
    assert (book["lost"], book["doubled"]) == (0, 0)


def test_without_a_majority_nothing_is_confirmed_and_nothing_lost(world: RabbitWorld) -> None:
    world.queue(10, consume=True)
    world.wait(5)
    nodes = {world.machine_of(pod) for pod in world.pod_names() if pod != world.leader}
    for node in nodes:
        world.do(CutNetwork(node))
    world.wait(5)
    confirmed = world.confirmed()
    world.wait(20)
    assert world.confirmed() == confirmed
    for node in nodes:
        world.do(CutNetwork(node, cut=False))
    world.wait(30)
    assert world.confirmed() > confirmed
    assert (world.orders["book"]["lost"], world.orders["book"]["doubled"]) == (0, 0)


# ---------------------------------------------------------------------------------------------- size


def test_scaling_down_is_refused(world: RabbitWorld) -> None:
    world.want(1)
    world.settle()
    text = "Cluster Scale down not supported; tried to scale cluster from 3 nodes to 1 nodes"
    assert ("UnsupportedOperation", text) in world.told()
    assert world.verdict("ReconcileSuccess") == ("False", "UnsupportedOperation", text)
    assert world.statuses() == ["Running"] * 3
    world.want(3)
    world.settle()
    assert world.verdict("ReconcileSuccess")[0] == "True"


def test_to_zero_and_back_to_what_it_was_and_nothing_else(world: RabbitWorld) -> None:
    world.queue(10)
    world.wait(5)
    world.queue(0)
    world.wait(2)
    confirmed = world.confirmed()
    world.want(0)
    world.wait(60)
    assert world.statuses() == []
    assert world.verdict("AllReplicasReady")[:2] == ("False", "ScaledToZero")
    world.want(2)
    world.settle()
    text = "Unsupported operation; when scaling from zero, you can only restore the previous number of replicas (3)"
    assert ("UnsupportedOperation", text) in world.told()
    world.want(3)
    world.wait(120)
    assert world.statuses() == ["Running"] * 3
    world.queue(0, consume=True)
    world.wait(30)
    assert world.orders["book"]["deliveries"] >= confirmed, "what was on the disks is delivered"
    assert world.orders["book"]["lost"] == 0


def test_the_only_server_stays_until_two_more_have_the_queue() -> None:
    world = RabbitWorld(1)
    world.queue()
    world.settle()
    world.kill("r-server-0")
    world.wait(2 * 3600)
    assert world.statuses() == ["Terminating"]
    assert world.rabbit["status"]["quorumStatus"] == "quorum-critical: r-server-0"
    world.want(3)
    world.wait(150)
    assert world.statuses() == ["Running"] * 3
    assert world.orders["members"] == ["r-server-0", "r-server-1", "r-server-2"]
    assert world.rabbit["status"]["quorumStatus"] == "ok"


def test_a_pod_that_is_told_to_skip_its_checks_leaves_at_once() -> None:
    world = RabbitWorld(1)
    world.queue()
    world.settle()
    world.label("r-server-0", "skipPreStopChecks", "true")
    world.kill("r-server-0")
    world.wait(10)
    assert "Terminating" not in world.statuses()


# ---------------------------------------------------------------------------------------------- changes


def test_another_configuration_restarts_the_servers_one_by_one(world: RabbitWorld) -> None:
    world.queue(10, consume=True)
    world.wait(5)
    world.want(3, ', rabbitmq: {additionalConfig: "log.console.level = debug"}')
    world.wait(400)
    world.queue(0, consume=True)
    world.wait(5)
    assert ("SuccessfulUpdate", "restarted StatefulSet r-server") in world.told()
    assert world.statuses() == ["Running"] * 3
    assert (world.orders["book"]["lost"], world.orders["book"]["doubled"]) == (0, 0)
    assert world.settle().reason == "quiet"


def test_disks_grow_and_do_not_shrink(world: RabbitWorld) -> None:
    world.want(3, ", persistence: {storage: 20Gi}")
    world.wait(120)
    sizes = {each["spec"]["resources"]["requests"]["storage"] for each in world.objects("PersistentVolumeClaim")}
    assert sizes == {"20Gi"}
    world.want(3, ", persistence: {storage: 5Gi}")
    world.settle()
    text = "shrinking persistent volumes is not supported"
    assert world.verdict("ReconcileSuccess") == ("False", "FailedReconcilePVC", text)
    assert ("FailedReconcilePersistence", f"Failed to scale PVCs: {text}") in world.told()


def test_a_paused_cluster_is_left_alone(world: RabbitWorld) -> None:
    world.pause("true")
    world.settle()
    assert ("PausedReconciliation", "label 'rabbitmq.com/pauseReconciliation' is set to true") in world.told()
    assert world.verdict("NoWarnings")[:2] == ("False", "reconciliation paused")
    world.delete("ConfigMap", "r-server-conf")
    world.settle()
    assert world.get(Ref("ConfigMap", "default", "r-server-conf")) is None
    world.pause(None)
    world.settle()
    assert world.get(Ref("ConfigMap", "default", "r-server-conf")) is not None


def test_a_deleted_cluster_goes_with_all_that_was_made_for_it(world: RabbitWorld) -> None:
    world.queue()
    world.settle()
    world.do(DeleteObject(R))
    world.wait(60)
    world.settle()
    for kind in ("Pod", "StatefulSet", "ConfigMap", "Secret", "Service", "PersistentVolumeClaim"):
        assert [each["metadata"]["name"] for each in world.objects(kind, "default")] == [], kind
    assert world.objects("RabbitServer") == world.objects("QuorumQueue") == []


def test_the_operator_gone_the_servers_elect_all_the_same(world: RabbitWorld) -> None:
    world.queue(10, consume=True)
    world.wait(5)
    world.do(DeleteObject(Ref("Deployment", "rabbitmq-system", "rabbitmq-cluster-operator")))
    world.wait(30)
    assert "rabbitmq-cluster-operator" not in world.actors
    before = world.leader
    world.crash(before)
    world.wait(20)
    assert world.leader != before


def test_what_is_said_of_it_can_be_read_in_both_languages(world: RabbitWorld) -> None:
    world.queue(10, consume=True)
    world.wait(3)
    world.crash(world.leader)
    world.wait(5)
    world.kill(world.leader)
    world.want(1)
    world.wait(10)
    steps = [step for step in world.trace if is_visible(step) and step.actor.startswith("rabbitmq")]
    assert {step.actor for step in steps} == {"rabbitmq", "rabbitmq-cluster-operator"}
    for step in steps:
        for lang, said in said_of(world, step).items():
            assert len(said.text) <= {"en": 110, "ja": 55}[lang]
            assert list(wrong(said.text, lang, ())) == [], said.text


# ---------------------------------------------------------------------------------------------- one value


def after_a_crash(cluster: Cluster) -> str:
    cluster.__class__ = RabbitWorld
    assert isinstance(cluster, RabbitWorld)
    cluster.crash("r-server-1")
    cluster.wait(30)
    return json.dumps(cluster.orders, sort_keys=True)


def test_a_copy_a_checkpoint_and_a_replay_go_the_same_way(world: RabbitWorld) -> None:
    world.queue(10, consume=True)
    world.wait(7)
    copied = world.copy()
    text = b"".join(checkpoint.written(world.copy()))
    resumed = checkpoint.resumed(text.splitlines(), list(world.journal))
    went = {after_a_crash(each) for each in (copied, resumed, world)}
    assert len(went) == 1
    replayed = Cluster.replay(world.seed, world.epoch_ms, list(world.journal), world.trace.count)
    replayed.__class__ = RabbitWorld
    assert isinstance(replayed, RabbitWorld)
    assert json.dumps(replayed.orders, sort_keys=True) in went
