"""MySQL as a service: what the operator makes of an InnoDBCluster, and what it does when servers are lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.api.objects import Ref, annotations_of, labels_of, name_of
from app.cluster import Cluster, checkpoint
from app.commands import Apply, CrashContainer, DeleteObject
from app.engine.trace import Differed, Fired, is_visible
from app.operators.mysql.objects import MEMBERSHIP, POD_FINALIZER
from tests.support.mysql import CLUSTER, INSTALL, PASSWORDS, MySQLWorld, declared, mysql
from tests.support.telling import said_of
from tests.support.wording import wrong

pytestmark = pytest.mark.long

SHARED = Path(__file__).parents[2].parent / "shared" / "manifests"
THREE = ["mycluster-0", "mycluster-1", "mycluster-2"]


# ---------------------------------------------------------------------------------------------------- creation


def test_six_lines_become_a_cluster_of_three_with_a_router() -> None:
    world = mysql()
    assert world.status == "ONLINE 3"
    assert world.primary == "mycluster-0"
    assert world.others == ["mycluster-1", "mycluster-2"]
    assert world.routers == 1
    for kind, name in (
        ("ConfigMap", "mycluster-initconf"), ("Secret", "mycluster-privsecrets"), ("Secret", "mycluster-router"),
        ("Service", "mycluster-instances"), ("ServiceAccount", "mycluster-sidecar-sa"),
        ("RoleBinding", "mycluster-sidecar-rb"), ("StatefulSet", "mycluster"), ("PodDisruptionBudget", "mycluster-pdb"),
        ("Service", "mycluster"), ("Deployment", "mycluster-router"), ("Secret", "mycluster-backup"),
    ):  # fmt: skip
        found = world.get(Ref(kind, "default", name))
        assert found is not None, name
        assert found["metadata"]["ownerReferences"][0]["name"] == "mycluster"


def test_it_comes_up_as_upstream_waits_for_it() -> None:
    world = MySQLWorld()
    assert world.path == ["PENDING 0", "INITIALIZING 0", "ONLINE 1", "ONLINE 2", "ONLINE 3"]
    assert sorted(world.told()) == [
        "Normal Join: Joining mycluster-1 to cluster",
        "Normal Join: Joining mycluster-2 to cluster",
        "Normal ResourcesCreated: Dependency resources created, switching status to PENDING",
        "Normal StatusChange: Cluster status changed to INITIALIZING. 0 member(s) ONLINE",
        "Normal StatusChange: Cluster status changed to ONLINE. 1 member(s) ONLINE",
    ]


def test_a_member_bears_its_role_what_is_known_of_it_and_a_finalizer() -> None:
    world = mysql()
    pod = world.pod_called("mycluster-1")
    known = json.loads(annotations_of(pod)[MEMBERSHIP])
    assert (known["status"], known["role"], known["version"]) == ("ONLINE", "SECONDARY", "9.1.0")
    assert known["memberId"] == world.group["servers"]["mycluster-1"]["uuid"]
    assert pod["metadata"]["finalizers"] == [POD_FINALIZER]
    cluster = world.get(CLUSTER)
    assert cluster is not None
    assert cluster["metadata"]["finalizers"] == ["mysql.oracle.com/cluster"]


def test_a_server_that_is_no_member_is_not_ready_though_its_containers_are() -> None:
    world = MySQLWorld.__new__(MySQLWorld)
    MySQLWorld.__init__(world, 1)
    world.operators(0)
    world.edit(2)
    world.wait(60)
    (scaled,) = [pod for pod in world.servers if name_of(pod) == "mycluster-0"]
    assert labels_of(scaled)["mysql.oracle.com/cluster-role"] == "PRIMARY"
    assert len(world.servers) == 1  # nobody is there who would scale it
    world.operators(1)
    assert world.status == "ONLINE 2"


@pytest.mark.skipif(not SHARED.exists(), reason="Oracle's published manifests are not beside this checkout")
def test_as_published_by_oracle() -> None:
    world = MySQLWorld.__new__(MySQLWorld)
    super(MySQLWorld, world).__init__()
    deployment = INSTALL[INSTALL.index("kind: Namespace") - len("apiVersion: v1\n") :]
    files = ("mysql-operator-crds", "mysql-secret", "mysql-innodbcluster")
    for text in (deployment, *((SHARED / f"{name}.yaml").read_text() for name in files)):
        world.apply(text)
        world.come_to_rest()
    assert world.status == "ONLINE 3"


# ------------------------------------------------------------------------------------- table 1.9: what is lost


def test_the_primary_crashes() -> None:
    world = mysql()
    world.crash_server("mycluster-0")
    world.come_to_rest()
    assert world.path[0] == "ONLINE_PARTIAL 2"
    assert world.path[-1] == "ONLINE 3"
    assert world.primary in {"mycluster-1", "mycluster-2"}
    assert "Normal Rejoin: Rejoining mycluster-0 to cluster" in world.told()
    assert world.restarts("mycluster-0") == 1
    assert 10_000 <= failover_ms(world) <= 10_100


def test_a_secondary_crashes() -> None:
    world = mysql()
    world.crash_server("mycluster-2")
    world.come_to_rest()
    assert world.primary == "mycluster-0"
    assert world.path[-1] == "ONLINE 3"
    assert "Normal Rejoin: Rejoining mycluster-2 to cluster" in world.told()


def test_two_of_three_crash_and_a_quorum_is_restored_through_the_survivor() -> None:
    world = mysql()
    world.crash_server("mycluster-0", "mycluster-1")
    world.come_to_rest()
    assert "NO_QUORUM 0" in world.path
    assert world.path[-1] == "ONLINE 3"
    assert world.primary == "mycluster-2"
    told = world.told()
    assert "Normal StatusChange: Cluster status changed to NO_QUORUM. 0 member(s) ONLINE" in told
    assert "Normal RestoreQuorum: Restoring quorum of cluster" in told
    assert "Normal Rejoin: Rejoining mycluster-0 to cluster" in told


def test_all_crash_and_the_group_starts_again_through_the_one_that_holds_most() -> None:
    world = mysql()
    world.write(20)
    world.wait(5)
    world.crash_server("mycluster-2")
    world.wait(3)
    world.crash_server("mycluster-0", "mycluster-1")
    world.mark()
    world.wait(120)
    assert "OFFLINE 0" in world.path
    assert world.path[-1] == "ONLINE 3"
    (rebooting,) = [each for each in world.told() if "Rebooting" in each]
    assert rebooting in {f"Normal Rebooting: Restoring OFFLINE cluster through pod {number}" for number in (0, 1)}
    assert world.writes["lost"] == 0


def test_a_pod_is_deleted_the_primary_moves_at_once_and_its_successor_joins() -> None:
    world = mysql()
    world.delete_pod("mycluster-0")
    world.wait(1)
    assert world.primary != "mycluster-0"
    assert world.status == "ONLINE_PARTIAL 2"
    world.wait(58)
    assert "deletionTimestamp" in world.pod_called("mycluster-0")["metadata"]  # preStop sleeps for a minute
    world.come_to_rest()
    assert world.path[-1] == "ONLINE 3"
    assert "Normal Join: Joining mycluster-0 to cluster" in world.told()
    assert not any("Rejoin" in each for each in world.told())
    assert world.restarts("mycluster-0") == 0


def test_two_pods_are_deleted() -> None:
    world = mysql()
    world.delete_pod("mycluster-0", "mycluster-1")
    world.come_to_rest()
    assert world.path[-1] == "ONLINE 3"
    assert sum("Join:" in each for each in world.told()) == 2


def test_it_is_scaled_down_from_the_highest_ordinal_and_up_again() -> None:
    world = mysql()
    world.edit(1)
    world.come_to_rest()
    assert "ONLINE_PARTIAL 1" in world.path
    assert [name_of(pod) for pod in world.servers] == ["mycluster-0"]
    world.edit(3)
    world.come_to_rest()
    assert world.status == "ONLINE 3"


@pytest.mark.parametrize("how", ["crash", "delete"])
def test_a_single_server_is_lost(how: str) -> None:
    world = mysql(1)
    world.crash_server("mycluster-0") if how == "crash" else world.delete_pod("mycluster-0")
    world.come_to_rest()
    assert any(status.startswith("OFFLINE") for status in world.path)
    assert world.path[-1] == "ONLINE 1"
    assert "Normal Rebooting: Restoring OFFLINE cluster through pod 0" in world.told()


def test_a_machine_dies_and_the_pod_on_it_is_not_replaced() -> None:
    world = mysql()
    world.power("mycluster-0", on=False)
    world.wait(15)
    assert world.primary != "mycluster-0"
    world.come_to_rest()
    assert "deletionTimestamp" in world.pod_called("mycluster-0")["metadata"]
    assert world.status == "ONLINE_PARTIAL 2"
    world.power("mycluster-0", on=True)
    world.come_to_rest()
    assert world.status == "ONLINE 3"


def test_who_is_cut_off_is_expelled_and_comes_back_by_a_restart() -> None:
    world = mysql()
    world.cut("mycluster-0")
    world.wait(11)
    assert world.status == "ONLINE_UNCERTAIN 2"
    world.cut("mycluster-0", cut=False)
    world.come_to_rest()
    assert world.status == "ONLINE 3"
    assert world.restarts("mycluster-0") == 1
    assert world.primary != "mycluster-0"


def failover_ms(world: MySQLWorld) -> int:
    """From the crash to the new view."""
    return int(card_of(world)["at_ms"]) - world.from_ms


def card_of(world: MySQLWorld) -> dict[str, Any]:
    """Of the failover from mycluster-0."""
    found: list[dict[str, Any]] = world.group["decisions"]
    return next(each for each in found if each["was"] == "mycluster-0" != each["primary"])


def test_a_failover_leaves_a_card_that_says_why() -> None:
    world = mysql()
    world.crash_server("mycluster-0")
    world.wait(11)
    card = card_of(world)
    assert card["why"] == "uuid"
    ((name, since_ms, unreachable_ms),) = card["missed"]
    assert name == "mycluster-0"
    assert (unreachable_ms - since_ms, card["at_ms"] - unreachable_ms) == (5_000, 5_000)
    uuids = [each["uuid"] for each in card["candidates"]]
    assert uuids == sorted(uuids)
    assert card["primary"] == card["candidates"][0]["name"] == world.primary


# --------------------------------------------------------------------------------- edge-driven, and in memory


def test_it_posts_events_of_its_own_as_the_pod_that_it_runs_in() -> None:
    world = mysql()
    world.crash_server("mycluster-0")
    world.come_to_rest()
    events = [event for event in world.objects("Event", "default") if event["source"].get("component") == "operator"]
    assert {event["reason"]: event["action"] for event in events} == {
        "ResourcesCreated": "CreateCluster",
        "StatusChange": "ClusterStatus",
        "Join": "ReconcilePod",
        "Rejoin": "ReconcilePod",
    }
    (pod,) = world.objects("Pod", "mysql-operator")
    assert {event["reportingInstance"] for event in events} == {name_of(pod)}
    for event in events:
        assert name_of(event).startswith("mysqloperator-evt-")
        assert event["reportingComponent"] == "mysql.oracle.com/mysqloperator-operator"
        assert event["eventTime"]
        assert "count" not in event


def test_a_cluster_that_went_offline_while_the_operator_was_away_stays_so() -> None:
    world = mysql()
    world.operators(0)
    world.crash_server(*THREE)
    world.come_to_rest()
    world.operators(1)
    world.wait(600)
    assert world.status == "OFFLINE 0"
    world.delete_pod("mycluster-0")
    world.come_to_rest()
    assert world.status == "ONLINE 3"


def test_an_edit_of_the_pod_spec_is_ignored() -> None:
    world = mysql()
    before = world.get(Ref("StatefulSet", "default", "mycluster"))
    world.edit(3, ", podSpec: {containers: [{name: mysql, resources: {limits: {memory: 8Gi}}}]}")
    world.come_to_rest()
    assert world.get(Ref("StatefulSet", "default", "mycluster")) is before
    assert world.told() == []


def test_the_servers_fail_over_without_an_operator_and_only_the_label_is_late() -> None:
    world = mysql()
    world.operators(0)
    world.crash_server("mycluster-0")
    world.wait(20)
    assert world.primary == "mycluster-0"
    assert world.group["decisions"][-1]["was"] == "mycluster-0"
    world.operators(1)
    assert world.primary != "mycluster-0"


# ---------------------------------------------------------------------------------------------------- its life


def test_an_upgrade_goes_from_the_highest_ordinal_down() -> None:
    world = mysql(3, ", version: 9.0.1")
    world.edit(3, ", version: 9.1.0")
    order: list[str] = []
    while len(order) < 3:
        world.wait(5)
        new = [name_of(pod) for pod in world.servers if pod["spec"]["containers"][1]["image"].endswith(":9.1.0")]
        order += [name for name in new if name not in order]
    world.come_to_rest()
    assert order == THREE[::-1]
    assert world.status == "ONLINE 3"
    assert {each["member"]["me"]["version"] for each in world.group["servers"].values()} == {"9.1.0"}


def test_a_version_out_of_range_is_refused() -> None:
    world = mysql()
    world.edit(3, ", version: 5.7.44")
    world.come_to_rest()
    assert world.told() == ["Error InvalidArgument: version 5.7.44 must be between 8.0.27 and 9.1.0"]
    assert world.status == "ONLINE 3"


def test_who_asks_for_read_replicas_is_told_once_that_there_are_none() -> None:
    schema = "readReplicas: {type: array, items: {type: object, x-kubernetes-preserve-unknown-fields: true}}"
    world = mysql()
    world.apply(INSTALL.replace("mycnf: {type: string}", "mycnf: {type: string}\n              " + schema))
    world.edit(3, ", readReplicas: [{name: reports, instances: 2, baseServerId: 2000}]")
    world.come_to_rest()
    warning = "Warning NotBuilt: Loopscope does not build spec.readReplicas: nothing comes of it"
    assert world.told() == [warning]
    world.edit(2, ", readReplicas: [{name: reports, instances: 2, baseServerId: 2000}]")
    world.come_to_rest()
    assert world.told().count(warning) == 1
    assert [name_of(each) for each in world.objects("StatefulSet", "default")] == ["mycluster"]


def test_read_replicas_are_an_unknown_field_of_the_short_manifest() -> None:
    assert 'unknown field "spec.readReplicas"' in mysql().refused(Apply(declared(3, ", readReplicas: []")))


def test_more_than_nine_members_are_refused_by_the_schema() -> None:
    world = mysql()
    assert "spec.instances in body should be less than or equal to 9" in world.refused(Apply(declared(10)))


def test_a_cluster_that_is_deleted_takes_its_pods_along_and_leaves_its_disks() -> None:
    world = mysql()
    world.delete_cluster()
    world.wait(1)
    assert world.status == "FINALIZING 3"
    world.come_to_rest()
    assert world.get(CLUSTER) is None
    assert world.objects("Pod", "default") == []
    assert world.objects("StatefulSet", "default") == []
    claims = world.objects("PersistentVolumeClaim", "default")
    assert len(claims) == 3
    for claim in claims:
        world.do(DeleteObject(Ref("PersistentVolumeClaim", "default", name_of(claim))))
    world.come_to_rest()
    assert world.objects("MySQLGroup") == []


def test_where_all_write_all_are_primary() -> None:
    world = mysql(3, ', mycnf: "[mysqld]\\nloose_group_replication_single_primary_mode=OFF"')
    assert world.with_role("PRIMARY") == THREE


# -------------------------------------------------------------------------------------------- one value, always


def test_without_the_operator_nothing_of_this_exists() -> None:
    world = MySQLWorld.__new__(MySQLWorld)
    super(MySQLWorld, world).__init__()
    world.apply(INSTALL.partition("kind: Deployment")[0].rpartition("---")[0])
    world.settle()
    assert "mysql-operator" not in world.actors
    ours = {"group-replication", "mysql-sidecar"}
    assert not [step for step in world.trace.since(0) if step.actor in ours and not isinstance(step.record, Fired)]


def test_a_calm_cluster_takes_no_steps() -> None:
    world = mysql()
    before = world.trace.count
    world.wait(3_600)
    ours = {"mysql-operator", "group-replication", "mysql-sidecar"}
    assert not [step for step in world.trace.since(before) if step.actor in ours]


@pytest.mark.long
def test_a_copy_a_checkpoint_and_a_replay_go_the_same_way() -> None:
    world = mysql()
    world.crash_server("mycluster-0")
    world.wait(7)
    copied = world.copy()
    text = b"".join(checkpoint.written(world.copy()))
    resumed = checkpoint.resumed(text.splitlines(), list(world.journal))
    replayed = Cluster.replay(world.seed, world.epoch_ms, list(world.journal))
    replayed.advance(world.now_ms)
    clusters: list[Cluster] = [world, copied, resumed, replayed]
    for cluster in clusters:
        cluster.submit(CrashContainer(Ref("Pod", "default", "mycluster-1"), "mysql", 137))
        cluster.advance(cluster.now_ms + 60_000)
    ends = [[cluster.store.revision, cluster.get(CLUSTER)] for cluster in clusters]
    assert all(end == ends[0] for end in ends)


def test_without_the_secret_with_the_passwords_the_pods_wait_for_their_volume() -> None:
    world = MySQLWorld.__new__(MySQLWorld)
    super(MySQLWorld, world).__init__()
    world.apply(INSTALL)
    world.settle()
    world.apply(declared(1))
    world.wait(30)
    assert [pod["status"]["phase"] for pod in world.servers] == ["Pending"]
    told = [event["message"] for event in world.objects("Event", "default") if event["reason"] == "FailedMount"]
    assert told == ['MountVolume.SetUp failed for volume "rootcreds" : secret "mypwds" not found']
    world.apply(PASSWORDS)
    world.wait(150)
    assert world.status == "ONLINE 1"


# ------------------------------------------------------------------------------------------------ what is said


def test_the_trace_of_it_holds_what_every_trace_promises_and_its_sentences_can_be_read() -> None:
    world = mysql()
    world.crash_server("mycluster-0")
    world.come_to_rest()
    world.crash_server("mycluster-1", "mycluster-2")
    world.come_to_rest()
    names = {name_of(obj) for kind in world.kinds() for obj in world.objects(kind)}
    for step in world.trace.since(world.from_step):
        if step.actor not in ("mysql-operator", "group-replication", "mysql-sidecar"):
            continue
        if isinstance(step.record, Differed):
            again = tuple(world.engine.workers[step.actor].controller.diff(step.record.observation))
            assert again == step.record.differences
        for lang, said in said_of(world, step).items() if is_visible(step) else ():
            assert said.text
            assert not list(wrong(said.text, lang, names)), said.text
