"""Traffic over the web: the form, the JSON that is pushed, the card."""

from __future__ import annotations

import json

import pytest

from app.api.objects import Ref
from app.cluster import Cluster
from app.commands import Apply, PatchObject, SetTraffic
from app.web.present import board, captions, traffic
from tests.support.browser import Browser
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


def test_what_is_pushed_is_small_and_of_what_changed_only(cluster: Cluster) -> None:
    assert traffic.views(cluster, None) == {
        "default/web": {"rps": 120, "pattern": "steady", "path": "node-port"}
    }  # no second is over yet
    cluster.advance(cluster.now_ms + 5_000)
    view = traffic.views(cluster, {LOAD: cluster.get(LOAD)})["default/web"]
    assert (view["sent"], view["ok"], view["failed"]) == (120, 120, {})
    assert len(view["pods"]) == 3
    assert all(0 <= at < 1_000 and outcome == "Ok" for at, _node, _pod, outcome in view["samples"])
    assert len(json.dumps(view)) < 2_500
    assert traffic.views(cluster, {REF: cluster.get(REF)}) == {}
    assert traffic.views(cluster, {LOAD: None}) == {"default/web": None}


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
