"""The lessons about the control plane keep their promises."""

from __future__ import annotations

import pytest

from app import scenarios
from app.api import objects
from app.api.errors import ApiError
from app.api.objects import Obj, Ref
from app.cluster import Cluster
from app.commands import (
    ApiServerDown,
    Chaos,
    CrashContainer,
    CrashController,
    DelayWatch,
    DeleteObject,
    EdgeTriggered,
    Scale,
)
from app.engine.trace import Commanded
from app.rooms.beginnings import prepared

WEB = Ref("Deployment", "default", "web")
RS = "replicaset-controller"


def lesson(id: str) -> Cluster:
    return prepared(scenarios.get(id))


def pods(cluster: Cluster) -> list[Obj]:
    return [pod for pod in cluster.objects("Pod", "default") if not objects.is_terminating(pod)]


def ready(cluster: Cluster) -> int:
    (web,) = cluster.objects("Deployment", "default")
    return int((web.get("status") or {}).get("readyReplicas") or 0)


def kill_one(cluster: Cluster) -> None:
    cluster.submit(DeleteObject(objects.ref_of(pods(cluster)[0])))


def made(cluster: Cluster, since: int) -> int:
    """Pods created since that step."""
    created = [
        change
        for step in cluster.trace.since(since)
        for change in getattr(getattr(step.record, "result", None), "changes", ())
        if change.type == "ADDED" and change.ref.kind == "Pod"
    ]
    return len(created)


def test_without_an_api_server_what_runs_goes_on_and_nothing_is_declared() -> None:
    cluster = lesson("api-server-down")
    cluster.submit(ApiServerDown())
    record = cluster.submit(Scale(WEB, 5)).record
    assert isinstance(record, Commanded)
    assert isinstance(record.refusal, ApiError)
    cluster.submit(CrashContainer(objects.ref_of(pods(cluster)[0])))
    cluster.advance(cluster.now_ms + 60_000)
    assert len(pods(cluster)) == 3
    cluster.submit(ApiServerDown(down=False))
    cluster.run()
    assert ready(cluster) == 3
    assert max(status["restartCount"] for pod in pods(cluster) for status in pod["status"]["containerStatuses"]) == 1


@pytest.mark.parametrize("moment", [1, 40, 80, 120])
def test_a_crashed_controller_makes_no_pod_twice(moment: int) -> None:
    cluster = lesson("controller-crash")
    before = cluster.trace.count
    cluster.submit(Scale(WEB, 8))
    for _step in range(moment):
        cluster.step()
    cluster.submit(CrashController(RS))
    cluster.run()
    assert ready(cluster) == 8
    assert made(cluster, before) == 5


def test_late_news_make_a_late_repair_and_no_pod_too_many() -> None:
    cluster = lesson("stale-watch")
    before, began_ms = cluster.trace.count, cluster.now_ms
    kill_one(cluster)
    cluster.run(lambda world: made(world, before) > 0)
    assert 10_000 <= cluster.now_ms - began_ms < 13_000
    cluster.run()
    assert (ready(cluster), made(cluster, before)) == (3, 1)
    cluster.submit(DelayWatch(RS))
    before, began_ms = cluster.trace.count, cluster.now_ms
    kill_one(cluster)
    cluster.run(lambda world: made(world, before) > 0)
    assert cluster.now_ms - began_ms < 5_000


def test_by_events_alone_what_is_lost_stays_lost_and_level_comes_right() -> None:
    cluster = lesson("edge-or-level")
    cluster.run()
    kill_one(cluster)
    cluster.advance(cluster.now_ms + 600_000)
    assert len(pods(cluster)) == 2
    cluster.submit(EdgeTriggered(RS, on=False))
    cluster.run()
    assert ready(cluster) == 3


def test_chaos_kills_at_its_rate_and_ends() -> None:
    cluster = lesson("chaos")
    before = cluster.trace.count
    cluster.submit(Chaos(6))
    cluster.advance(cluster.now_ms + 120_000)
    assert 8 <= made(cluster, before) <= 24
    cluster.submit(Chaos(0))
    cluster.run()
    assert ready(cluster) == 3
