from __future__ import annotations

from collections.abc import Callable

import pytest

from app.cluster import Cluster
from tests.support.world import World

pytestmark = pytest.mark.long


def available(cluster: Cluster) -> int:
    return sum(
        any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", ()))
        and "deletionTimestamp" not in pod["metadata"]
        for pod in cluster.objects("Pod", "default")
    )


def watching(check: Callable[[Cluster], None]) -> Callable[[Cluster], bool]:
    def until(cluster: Cluster) -> bool:
        check(cluster)
        return cluster.quiet

    return until


@pytest.mark.parametrize("replicas", [1, 3, 4, 10])
def test_a_rolling_update_never_goes_beyond_its_bounds(replicas: int) -> None:
    world = World()
    world.web(replicas)
    world.settle()
    surge, unavailable = -(-replicas // 4), replicas // 4

    def within_bounds(cluster: Cluster) -> None:
        active = [p for p in cluster.objects("Pod", "default") if "deletionTimestamp" not in p["metadata"]]
        assert len(active) <= replicas + surge
        assert available(cluster) >= replicas - unavailable

    world.image("web", "nginx:1.28")
    world.run(until=watching(within_bounds))
    assert world.replica_sets() == {"nginx:1.27": 0, "nginx:1.28": replicas}
    assert world.statuses() == ["Running"] * replicas


def test_a_bad_image_freezes_the_rollout_half_way_and_undo_heals_it() -> None:
    world = World()
    world.web(10)
    world.settle()
    world.image("web", "nginx:broken")
    world.run(until=lambda c: c.now_ms > world.epoch_ms + 60_000)
    assert world.replica_sets() == {"nginx:1.27": 8, "nginx:broken": 5}
    assert set(world.statuses()) <= {"Running", "ErrImagePull", "ImagePullBackOff"}
    assert available(world) == 8
    world.run(until=lambda c: c.now_ms > world.epoch_ms + 700_000)
    assert world.condition("Progressing")["reason"] == "ProgressDeadlineExceeded"
    world.undo("web")
    world.settle()
    assert world.replica_sets() == {"nginx:1.27": 10, "nginx:broken": 0}
    assert world.statuses() == ["Running"] * 10


def test_recreate_starts_nothing_before_the_old_pods_are_gone() -> None:
    world = World()
    world.apply(RECREATE % "nginx:1.27")
    world.settle()
    world.apply(RECREATE % "nginx:1.28")

    def never_both(cluster: Cluster) -> None:
        images = {pod["spec"]["containers"][0]["image"] for pod in cluster.objects("Pod", "default")}
        assert len(images) <= 1

    world.run(until=watching(never_both))
    assert world.statuses() == ["Running"] * 3
    assert world.replica_sets() == {"nginx:1.27": 0, "nginx:1.28": 3}


def test_a_restart_replaces_every_pod() -> None:
    world = World()
    world.web(3)
    world.settle()
    before = set(world.pod_names())
    world.restart("web")
    world.settle()
    assert not before & set(world.pod_names())
    assert world.statuses() == ["Running"] * 3


def test_scaling_in_the_middle_of_a_rollout_is_shared_out_in_proportion() -> None:
    world = World()
    world.web(10)
    world.settle()
    world.image("web", "nginx:broken")
    world.run(until=lambda c: c.now_ms > world.now_ms and world.replica_sets() == {"nginx:1.27": 8, "nginx:broken": 5})
    world.scale("web", 20)
    world.run(until=lambda c: sum(world.replica_sets().values()) >= 25)
    assert world.replica_sets() == {"nginx:1.27": 15, "nginx:broken": 10}


@pytest.mark.long
def test_pods_that_do_not_fit_leave_the_cluster_quiet_and_the_deadline_is_not_asked_for_again() -> None:
    world = World()
    world.web(3)
    world.settle()
    world.scale("web", 500)
    world.settle()
    assert world.condition("Available")["status"] == "False"
    assert world.statuses().count("Pending") == 500 - 3 * 110


RECREATE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  strategy: {type: Recreate}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: %s}]}
"""
