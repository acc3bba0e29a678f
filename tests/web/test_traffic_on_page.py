"""Traffic over the web: the form, the JSON that is pushed, the card."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from app import scenarios
from app.api.objects import Ref, name_of
from app.cluster import Cluster
from app.commands import Apply, DeleteObject, PatchObject, SetTraffic
from app.engine.trace import Step
from app.look.recording import Recording
from app.rooms.beginnings import prepared
from app.web.present import board, captions, traffic
from tests.support.browser import Browser
from tests.support.looks import frame_since
from tests.support.voices import ENGLISH
from tests.support.world import SERVICE, WEB

SERVICE_WEB = {"kind": "Service", "namespace": "default", "name": "web"}
REF, LOAD = Ref("Service", "default", "web"), Ref("Load", "default", "web")


def test_traffic_is_set_changed_and_ended_by_a_form(browser: Browser) -> None:
    begun = browser.post("/commands/traffic", {**SERVICE_WEB, "rps": "120"})
    assert (begun.status_code, begun.get_json()["message"]) == (201, "service/web gets 120 req/s")
    changed = browser.post("/commands/traffic", {**SERVICE_WEB, "rps": "120", "pattern": "spike", "path": "direct"})
    assert changed.status_code == 200
    load = browser.room.get(LOAD)
    assert load is not None
    assert (load["spec"]["pattern"], load["spec"]["path"]) == ("spike", "direct")
    ended = browser.post("/commands/traffic", {**SERVICE_WEB, "rps": "0"})
    assert ended.get_json()["message"] == "service/web gets no traffic"
    assert browser.room.get(LOAD) is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rps": "9999"}, "between 0 and 2000"),
        ({"rps": "many"}, "must be a whole number"),
        ({"rps": "5", "pattern": "wild"}, "one of steady, ramp, spike"),
        ({"rps": "5", "path": "air"}, "one of node-port, direct"),
        ({}, 'needs the field "rps"'),
    ],
)
def test_traffic_that_there_is_not_is_refused(browser: Browser, values: dict[str, str], message: str) -> None:
    refused = browser.post("/commands/traffic", {**SERVICE_WEB, **values})
    assert (refused.status_code, message in refused.get_json()["message"]) == (400, True)


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster(latencies="textbook")
    cluster.submit(Apply(WEB % (3, "nginx:1.27") + SERVICE))
    cluster.run()
    cluster.submit(SetTraffic(REF, 120))
    return cluster


KEY = "default/web"


def pushed(cluster: Cluster, since: tuple[int, int], act: Step | None = None) -> dict[str, Any]:
    frame = frame_since(cluster, *since)
    return traffic.views(cluster, frame.steps, frame.changed, act, ENGLISH)


def mark(cluster: Cluster) -> tuple[int, int]:
    return cluster.revision, cluster.trace.count


def test_what_is_pushed_is_small_and_of_what_changed_only(cluster: Cluster) -> None:
    nothing_yet = {"rps": 120, "pattern": "steady", "path": "node-port"}  # no second is over yet
    assert traffic.views(cluster, None, (), None, ENGLISH) == {KEY: nothing_yet}
    since = mark(cluster)
    cluster.advance(cluster.now_ms + 5_000)
    view = pushed(cluster, since)[KEY]
    assert [row[1:3] for row in view["rows"]] == [(120, 0)] * len(view["rows"])
    assert len(view["pods"]) == 3
    assert view["workload"] == "o-Deployment-default-web"
    nodes = {view["names"][node] for _at, node, _pod, _outcome in view["samples"]}
    assert nodes == {"node-1", "node-2", "node-3"}
    assert {view["names"][pod] for _at, _node, pod, _outcome in view["samples"]} == set(view["pods"])
    assert len(json.dumps(view)) < 1_200
    assert traffic.views(cluster, (), {REF: cluster.get(REF)}, None, ENGLISH) == {}
    cluster.submit(SetTraffic(REF, 0))
    assert traffic.views(cluster, (), {LOAD: None}, None, ENGLISH) == {KEY: None}


def disturbed(cluster: Cluster) -> Iterator[Step | None]:
    """Second after second, with a kill among them; the act so far."""
    act = None
    for second in range(20):
        if second == 8:
            act = cluster.submit(DeleteObject(Ref("Pod", "default", name_of(cluster.objects("Pod", "default")[0]))))
        cluster.advance(cluster.now_ms + 1_000)
        yield act


def test_frames_make_the_series_that_a_snapshot_has(cluster: Cluster) -> None:
    since, rows = mark(cluster), []
    for act in disturbed(cluster):
        rows += pushed(cluster, since, act).get(KEY, {}).get("rows", [])
        since = mark(cluster)
    whole = traffic.views(cluster, None, (), act, ENGLISH)[KEY]
    assert whole["rows"] == rows
    assert traffic.views(cluster.copy(), None, (), act, ENGLISH)[KEY] == whole
    assert traffic.views(Recording.of(cluster), None, (), act, ENGLISH)[KEY] == whole
    assert any(failed for _at, _sent, failed, *_took in rows)


def test_the_totals_since_the_last_act_are_the_sum_of_the_seconds_since_then(cluster: Cluster) -> None:
    *_before, act = disturbed(cluster)
    assert act is not None
    view = traffic.views(cluster, None, (), act, ENGLISH)[KEY]
    at_ms, sent, failed = view["since"]
    assert act.at_ms - cluster.epoch_ms - 2_000 < at_ms <= act.at_ms - cluster.epoch_ms
    rows = [row for row in view["rows"] if row[0] >= at_ms]
    assert sent == sum(row[1] for row in rows)
    assert failed == sum((Counter(row[2] or {}) for row in rows), Counter())
    assert sum(failed.values()) > 0
    in_all = traffic.views(cluster, None, (), None, ENGLISH)[KEY]
    assert in_all["since"][1] == sum(row[1] for row in view["rows"])


def test_the_last_failures_are_told_until_something_else_is_done(cluster: Cluster) -> None:
    *_before, act = disturbed(cluster)
    at_ms, told = traffic.views(cluster, None, (), act, ENGLISH)[KEY]["why"]
    row = next(row for row in traffic.views(cluster, None, (), act, ENGLISH)[KEY]["rows"] if row[0] == at_ms)
    assert told.startswith(f"{sum(row[2].values())} of 120 refused: pod …")
    later = cluster.submit(SetTraffic(REF, 100))
    assert traffic.views(cluster, None, (), later, ENGLISH)[KEY]["why"] is None


def test_what_people_did_is_marked_and_what_clients_did_is_not(cluster: Cluster) -> None:
    since = cluster.trace.count
    cluster.submit(SetTraffic(REF, 50))
    cluster.submit(PatchObject(REF, "merge", '{"spec": {"type": "LoadBalancer"}}'))
    (only,) = traffic.acts(cluster.trace.since(since), cluster.epoch_ms, ENGLISH)
    assert only == (cluster.now_ms - cluster.epoch_ms, "You send 50 requests a second to web.")


def test_cpu_is_what_the_autoscaler_saw_against_what_it_aims_at() -> None:
    cluster = prepared(scenarios.get("autoscaling"))
    cluster.submit(SetTraffic(REF, 40))
    cluster.advance(cluster.now_ms + 60_000)
    found = traffic.cpu(cluster.trace, cluster.epoch_ms)
    assert list(found) == ["o-Deployment-default-web"]
    points = found["o-Deployment-default-web"]
    autoscaler = cluster.get(Ref("HorizontalPodAutoscaler", "default", "web"))
    assert autoscaler is not None
    (metric,) = autoscaler["status"]["currentMetrics"]
    assert points[-1][1:] == [metric["resource"]["current"]["averageUtilization"], 50]
    assert max(percent for _at, percent, _aim in points) > 50


def test_a_command_and_the_rules_have_their_sentences(cluster: Cluster) -> None:
    cluster.run()
    said = [captions.sentence(step, ENGLISH) for step in cluster.trace]
    assert "You send 120 requests a second to web." in said
    assert "kube-proxy of node-2 reads the list of web; pods: 3." in said
    assert "The load balancer reads the list of web; pods: 3." in said
    assert "It sends requests for web to 3 pods." in said
    step = cluster.submit(SetTraffic(REF, 0))
    assert captions.sentence(step, ENGLISH) == "You end the requests to web."


def test_the_card_of_a_load_balancer_shows_its_address(cluster: Cluster) -> None:
    cluster.submit(PatchObject(REF, "merge", '{"spec": {"type": "LoadBalancer"}}'))
    assert board.board(cluster).services[0].external == "<pending>"
    cluster.run()
    assert board.board(cluster).services[0].external.startswith("203.0.113.")
