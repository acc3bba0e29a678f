from __future__ import annotations

from app.api.objects import Ref
from tests.support.world import World


def test_a_deployment_becomes_running_pods_behind_a_service() -> None:
    world = World()
    world.web(3)
    world.settle()
    assert world.statuses() == ["Running"] * 3
    assert {pod["spec"]["nodeName"] for pod in world.pods()} == {"node-1", "node-2", "node-3"}
    assert world.ready_endpoints() == {pod["status"]["podIP"] for pod in world.pods()}
    assert world.deployment()["status"]["availableReplicas"] == 3
    assert world.condition("Progressing")["reason"] == "NewReplicaSetAvailable"


def test_a_quiet_cluster_takes_no_steps() -> None:
    world = World()
    world.web(3)
    world.settle()
    steps, revision = world.trace.count, world.store.revision
    assert world.step_phase() is None
    assert (world.trace.count, world.store.revision) == (steps, revision)


def test_heartbeats_go_on_in_a_quiet_cluster_and_leave_it_quiet() -> None:
    world = World()
    world.advance(world.now_ms + 15_000)
    before = {lease["metadata"]["name"]: lease["spec"]["renewTime"] for lease in world.objects("Lease")}
    world.advance(world.now_ms + 60_000)
    after = {lease["metadata"]["name"]: lease["spec"]["renewTime"] for lease in world.objects("Lease")}
    assert set(before) == {"node-1", "node-2", "node-3"}
    assert all(after[name] > before[name] for name in before)
    assert world.quiet


def test_a_killed_pod_is_replaced_the_moment_it_is_marked() -> None:
    world = World()
    world.web(3)
    world.settle()
    victim = world.pod_names()[0]
    world.kill(victim)
    world.run(until=lambda c: len(c.objects("Pod", "default")) == 4)
    marked = world.get(Ref("Pod", "default", victim))
    assert marked is not None
    assert "deletionTimestamp" in marked["metadata"]
    world.settle()
    assert victim not in world.pod_names()
    assert world.statuses() == ["Running"] * 3
    assert len(world.ready_endpoints()) == 3


def test_a_crashed_container_restarts_in_the_same_pod_and_the_replica_set_does_nothing() -> None:
    world = World()
    world.web(3)
    world.settle()
    names, created = world.pod_names(), world.event_reasons("ReplicaSet")
    world.crash(names[0])
    world.settle()
    assert world.pod_names() == names
    crashed = world.get(Ref("Pod", "default", names[0]))
    assert crashed is not None
    assert crashed["status"]["containerStatuses"][0]["restartCount"] == 1
    assert crashed["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 1
    assert world.event_reasons("ReplicaSet") == created


def test_scaling_up_and_down_keeps_the_endpoints_in_step() -> None:
    world = World()
    world.web(3)
    world.settle()
    for replicas in (5, 2, 0, 4):
        world.scale("web", replicas)
        world.settle()
        assert world.statuses() == ["Running"] * replicas
        assert len(world.ready_endpoints()) == replicas


def test_a_pod_whose_label_is_changed_is_released_and_adopted_again_when_it_matches() -> None:
    world = World()
    world.web(3)
    world.settle()
    stray = world.pod_names()[0]
    world.label(stray, "app", "other")
    world.settle()
    assert len(world.pods()) == 4
    assert world.owner(stray) is None
    world.label(stray, "app", "web")
    world.settle()
    assert len(world.pods()) == 3


def test_deleting_a_deployment_takes_its_replica_sets_and_pods_along() -> None:
    world = World()
    world.web(3)
    world.settle()
    world.delete("Deployment", "web")
    world.settle()
    assert world.pods() == []
    assert world.objects("ReplicaSet") == []
    assert world.ready_endpoints() == set()


def test_deleting_with_orphan_leaves_the_replica_set_and_its_pods_running() -> None:
    world = World()
    world.web(3)
    world.settle()
    names = world.pod_names()
    world.delete("Deployment", "web", "Orphan")
    world.settle()
    assert world.pod_names() == names
    [replica_set] = world.objects("ReplicaSet")
    assert not replica_set["metadata"].get("ownerReferences")


def test_deleting_in_the_foreground_removes_the_owner_last() -> None:
    world = World()
    world.web(3)
    world.settle()
    world.delete("Deployment", "web", "Foreground")
    world.run(until=lambda c: not c.objects("Pod", "default"))
    assert world.get(Ref("Deployment", "default", "web")) is not None
    world.settle()
    assert world.get(Ref("Deployment", "default", "web")) is None


def test_deleting_a_namespace_empties_it_first() -> None:
    world = World()
    world.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}")
    world.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\ndata: {k: v}")
    world.apply(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec: {containers: [{name: c, image: nginx}]}"
    )
    world.settle()
    world.delete_namespace("shop")
    assert "is being terminated" in world.refused_apply(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: shop}"
    )
    world.settle()
    assert world.get(Ref("Namespace", "", "shop")) is None
    assert world.objects("Pod", "shop") == []


def test_a_cordoned_node_gets_no_new_pods() -> None:
    world = World()
    world.cordon("node-1")
    world.web(4)
    world.settle()
    assert {pod["spec"]["nodeName"] for pod in world.pods()} == {"node-2", "node-3"}
