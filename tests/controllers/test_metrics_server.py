"""What metrics-server measures, and when it bothers."""

from __future__ import annotations

from typing import Any

from app.api import times
from app.api.objects import Obj
from app.controllers.metrics_server import RESOLUTION_MS, MetricsServer, Scrape
from app.reconcile import Action, Create, Delete, Patch, RequeueAfter
from tests.support.builders import NOW_MS, node, pod

SINCE = {"startTime": times.rfc3339(NOW_MS - 3_600_000)}


def scrape(
    pods: tuple[Obj, ...] = (), known: tuple[Obj, ...] = (), needed: bool = True, next_ms: int = 0, **loaded: Any
) -> Scrape:
    namespaces = frozenset({"default"} if needed else ())
    load = {"metadata": {"name": "web", "namespace": "default"}, "status": {"pods": loaded}}
    return Scrape(namespaces, pods, (load,), (node("node-1"),), known, next_ms, NOW_MS)


def actions(seen: Scrape) -> list[Action]:
    return [action for difference in MetricsServer().diff(seen) for action in difference.actions]


def created(seen: Scrape) -> dict[str, Obj]:
    return {action.obj["kind"]: action.obj for action in actions(seen) if isinstance(action, Create)}


def test_a_pod_at_rest_uses_a_little_and_its_node_more() -> None:
    found = created(scrape((pod(name="p", status=SINCE),)))
    assert found["PodMetrics"]["containers"] == [
        {"name": "nginx", "usage": {"cpu": "1000000n", "memory": "12288Ki"}}
    ]  # fmt: skip
    assert found["PodMetrics"]["metadata"]["labels"] == {"app": "web"}
    assert found["NodeMetrics"]["usage"] == {"cpu": "61000000n", "memory": "626688Ki"}


def test_under_load_it_uses_what_the_load_measured() -> None:
    found = created(scrape((pod(name="p", status=SINCE),), p={"cpuMilli": 250, "memoryBytes": 64 << 20}))
    assert found["PodMetrics"]["containers"][0]["usage"] == {"cpu": "251000000n", "memory": "65536Ki"}


def test_what_did_not_change_is_not_written_again_and_what_did_is() -> None:
    old = created(scrape((pod(name="p", status=SINCE),)))
    known = tuple(old.values())
    quiet = actions(scrape((pod(name="p", status=SINCE),), known))
    assert not any(isinstance(action, Create | Patch | Delete) for action in quiet)
    busy = actions(scrape((pod(name="p", status=SINCE),), known, p={"cpuMilli": 9}))
    assert sum(isinstance(action, Patch) for action in busy) == 2


def test_of_young_pods_the_time_of_measurement_is_kept_up_to_date() -> None:
    young = pod(name="p", status={"startTime": times.rfc3339(NOW_MS - 60_000)})
    known = tuple(created(scrape((young,))).values())
    assert sum(isinstance(action, Patch) for action in actions(scrape((young,), known))) == 1


def test_where_nobody_asks_any_more_measurements_go_and_no_look_is_planned() -> None:
    known = tuple(created(scrape((pod(name="p", status=SINCE),))).values())
    left = actions(scrape(known=known, needed=False, next_ms=NOW_MS + 9_000))
    assert len(left) == 2
    assert all(isinstance(action, Delete) for action in left)


def test_measurements_go_in_the_order_of_their_names_in_every_process() -> None:
    many = tuple(pod(name=f"p-{number}", status=SINCE) for number in range(9))
    known = tuple(each for one in many for each in created(scrape((one,))).values() if each["kind"] == "PodMetrics")
    left = [action.ref.name for action in actions(scrape(known=known)) if isinstance(action, Delete)]
    assert left == [f"p-{number}" for number in range(9)]


def test_it_waits_for_its_next_scrape() -> None:
    assert actions(scrape(next_ms=NOW_MS + 5_000)) == [RequeueAfter(5_000, "the next scrape")]
    assert RequeueAfter(RESOLUTION_MS, "the next scrape") in actions(scrape())
