"""A request that nobody expected is refused or done; the room goes on, comes back from its file, can be reset.

Each of these has stopped a room. What strangers send at random is in tests/fuzz.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.api.objects import name_of
from app.rooms import Rooms
from app.web.live import Drawing
from tests.support.browser import Browser, make_app

pytestmark = pytest.mark.long

ENDLESS = "9" * 5000
POD_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
KUBE = "/kube/api/v1/namespaces/default"
MERGE = {"Content-Type": "application/merge-patch+json"}
LEASE = "/kube/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-1"
DEPLOYMENT = "/kube/apis/apps/v1/namespaces/default/deployments/web"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    app = make_app(DATA_DIR=str(tmp_path), RATES=None)
    yield app
    app.extensions["rooms"].close()


@pytest.fixture
def watched(app: Flask) -> Browser:
    """A room in which things run, with somebody looking on."""
    browser = Browser(app)
    room = browser.room
    room.attach("en", room.epoch, room.frame)
    room.cluster.run()
    return browser


def restarted(app: Flask, browser: Browser) -> None:
    """Another process on the same file."""
    data_dir = app.config["DATA_DIR"]
    app.extensions["rooms"].close()
    app.extensions["rooms"] = rooms = Rooms(Drawing(app), data_dir)
    rooms.pacer.stop()


def goes_on(app: Flask, browser: Browser) -> None:
    """The room is drawn, moves, is restored, and begins anew."""
    room = browser.room
    room.cluster.advance(room.cluster.now_ms + 90_000, 5_000)
    room.turn(room._clock())
    assert browser.get("").status_code == 200
    assert not room.broken
    restarted(app, browser)
    assert browser.get("").status_code == 200
    assert browser.post("/reset").status_code == 200
    assert browser.room.cluster.trace.count


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("add-node", {"cpu": "abc"}), ("add-node", {"memory": "-1"}), ("add-node", {"cpu": ENDLESS}),
        ("add-node", {"zone": "x y"}),
        ("image", {"kind": "Service", "name": "web", "image": "x"}),
        ("image", {"kind": "CronJob", "name": "none", "image": "x"}),
        ("image", {"kind": "Namespace", "name": "default", "image": "x"}),
        ("crash", {"kind": "Namespace", "name": "default"}),
        ("undo", {"kind": "Service", "name": "web"}), ("restart", {"kind": "Service", "name": "web"}),
        ("scale", {"kind": "Service", "name": "web", "replicas": "2"}),
        ("suspend", {"kind": "Deployment", "name": "web"}),
        ("label", {"kind": "NodeMetrics", "name": "node-1", "label": "a", "value": "b"}),
        ("delete", {"kind": "NodeMetrics", "name": "node-1"}),
        ("apply", {"text": "{apiVersion: metrics.k8s.io/v1beta1, kind: NodeMetrics, metadata: {name: a}, usage: 1}"}),
    ],
)  # fmt: skip
def test_a_command_with_a_bad_value(app: Flask, watched: Browser, path: str, form: dict[str, str]) -> None:
    answer = watched.post(f"/commands/{path}", form)
    assert 400 <= answer.status_code < 500, answer.get_data(as_text=True)
    goes_on(app, watched)


@pytest.mark.parametrize("seconds", [900_000_000_000, 2**31 - 1, -5])
def test_a_grace_period_without_end(app: Flask, watched: Browser, seconds: int) -> None:
    pod = watched.pods()[0]
    answer = watched.client.delete(f"{watched.base}{KUBE}/pods/{pod}", json={"gracePeriodSeconds": seconds})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    goes_on(app, watched)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{KUBE}/configmaps", {"metadata": {"name": "\ud800"}}),
        (f"{KUBE}/configmaps", {"metadata": {"name": "a"}, "\udfff": 1}),
        (f"{KUBE}/pods", {"metadata": {"name": "a", "labels": {"\ud800": "\ud800"}}, "spec": {"containers": []}}),
    ],
)
def test_half_a_surrogate_while_somebody_watches(app: Flask, watched: Browser, path: str, body: Any) -> None:
    answer = watched.client.post(watched.base + path, data=json.dumps(body), content_type="application/json")
    assert answer.status_code < 500, answer.get_data(as_text=True)
    goes_on(app, watched)


@pytest.mark.parametrize(
    "annotation",
    ["deployment.kubernetes.io/revision", POD_DELETION_COST, "batch.kubernetes.io/x"],
)
@pytest.mark.parametrize("value", [ENDLESS, f"-{ENDLESS}", "\u00b2", "\u0663"])
def test_a_number_that_is_none(app: Flask, watched: Browser, annotation: str, value: str) -> None:
    cluster = watched.room.cluster
    paths = [f"{KUBE}/pods/{watched.pods()[0]}", DEPLOYMENT]
    sets = "/kube/apis/apps/v1/namespaces/default/replicasets/"
    paths += [sets + name_of(each) for each in cluster.objects("ReplicaSet")]
    for path in paths:
        patch = json.dumps({"metadata": {"annotations": {annotation: value}}})
        answer = watched.client.patch(watched.base + path, data=patch, headers=MERGE)
        is_refused = annotation == POD_DELETION_COST and "/pods/" in path
        assert answer.status_code == (422 if is_refused else 200), answer.get_data(as_text=True)
    watched.post("/commands/image", {"kind": "Deployment", "name": "web", "image": "nginx:1.28"})
    goes_on(app, watched)


@pytest.mark.parametrize("patch", [{"spec": None}, {"spec": {"renewTime": None}}, {"spec": {"holderIdentity": None}}])
def test_a_lease_with_a_part_left_out(app: Flask, watched: Browser, patch: dict[str, Any]) -> None:
    answer = watched.client.patch(watched.base + LEASE, data=json.dumps(patch), headers=MERGE)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    goes_on(app, watched)


@pytest.mark.parametrize(
    "status",
    [
        {"containerStatuses": [{"name": "nginx"}]},
        {"containerStatuses": [{}], "conditions": [{"type": "Ready"}, {"type": "Ready"}]},
        {"phase": None, "conditions": [{"type": "Ready"}]},
    ],
)
def test_a_status_with_parts_left_out(app: Flask, watched: Browser, status: dict[str, Any]) -> None:
    path = f"{KUBE}/pods/{watched.pods()[0]}/status"
    answer = watched.client.patch(watched.base + path, data=json.dumps({"status": status}), headers=MERGE)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    goes_on(app, watched)
