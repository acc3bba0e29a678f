"""Objects as the board draws them, and an object opened in the inspector."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.api.objects import Obj, Ref, ref_of, with_metadata
from app.apimachinery import documents
from app.component_helpers.slices import SERVICE_NAME
from app.web.present import Words, board, card, manifest, workloads
from app.web.present.inspector import actions, inspector
from tests.support import builders
from tests.support.kinds import SCHEME
from tests.support.looks import holding

_ = Words()


def test_a_running_pod() -> None:
    replica_set = builders.replica_set("web-7d4b9c")
    view = card.pod(builders.pod("web-7d4b9c-x9k2p", owner=replica_set, restarts=2))
    assert (view.short, view.status, view.ready, view.tone, view.glyph) == ("…-x9k2p", "Running", "1/1", "ready", "●")
    assert (view.place, view.restarts, view.image, view.ip) == ("pods-node-1", 2, "nginx:1.27", "10.244.1.2")
    assert view.owner == "ReplicaSet web-7d4b9c"


@pytest.mark.parametrize(
    ("pod", "status", "tone", "place"),
    [
        pytest.param(builders.pod(node=""), "Pending", "wait", card.TRAY, id="no node yet"),
        pytest.param(builders.pod(deleting=True), "Terminating", "dying", "pods-node-1", id="killed"),
        pytest.param(builders.pod(ready=False), "Running", "unready", "pods-node-1", id="runs but is not ready"),
        pytest.param(builders.pod(phase="Succeeded"), "Succeeded", "done", "pods-node-1", id="over"),
        pytest.param(builders.pod(node="node-9"), "Running", "ready", card.GONE, id="its node is gone"),
    ],
)
def test_the_looks_of_a_pod(pod: Obj, status: str, tone: str, place: str) -> None:
    view = card.pod(pod, {"node-1"})
    assert (view.status, view.tone, view.place) == (status, tone, place)


@pytest.mark.parametrize(
    ("status", "tone"),
    [("CrashLoopBackOff", "bad"), ("ErrImagePull", "bad"), ("Init:0/1", "new"), ("Init:Error", "bad")],
)
def test_a_status_nobody_knows_is_trouble(status: str, tone: str) -> None:
    assert card.tone_of(status, False) == tone


def test_each_tone_has_a_sign_of_its_own() -> None:
    assert len(set(card.GLYPHS.values())) == len(card.GLYPHS)


def test_pods_stand_in_the_order_they_came() -> None:
    late = builders.pod("a", created_ms=builders.NOW_MS)
    early = builders.pod("b", created_ms=builders.NOW_MS - 1000)
    views = [card.pod(pod, {"node-1"}) for pod in (late, early)]
    assert [view.name for view in card.by_place(views)["pods-node-1"]] == ["b", "a"]


def test_a_service_with_its_endpoints() -> None:
    piece: Obj = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "web-abc", "namespace": "default", "labels": {SERVICE_NAME: "web"}},
        "endpoints": [endpoint("web-1", ready=True), endpoint("web-2", ready=False, terminating=True)],
    }
    view = board.service(builders.service("web"), [piece])
    assert (view.ready, view.total) == (1, 2)
    assert [(e.name, e.state) for e in view.endpoints] == [("web-1", "ready"), ("web-2", "terminating")]


def endpoint(name: str, **conditions: bool) -> dict[str, Any]:
    return {"addresses": ["10.0.0.1"], "conditions": conditions, "targetRef": {"kind": "Pod", "name": name}}


def test_a_deployment_with_its_revisions() -> None:
    deployment = builders.deployment("web")
    old = with_metadata(builders.replica_set("web-1", owner=deployment), annotations={REVISION: "1"})
    new = with_metadata(builders.replica_set("web-2", owner=deployment), annotations={REVISION: "2"})
    view = workloads.workload(SCHEME, deployment, [old, new])
    assert [revision.short for revision in view.rows] == ["2", "1"]


REVISION = "deployment.kubernetes.io/revision"


def test_a_replica_set_is_drawn_with_its_deployment_unless_it_is_bare() -> None:
    deployment = builders.deployment("web")
    owned, bare = builders.replica_set("web-1", owner=deployment), builders.replica_set("bare")
    cluster = holding(deployment, owned, bare)
    assert [view.name for view in workloads.workloads(cluster)] == ["web", "bare"]
    assert workloads.root_of(owned) == ref_of(deployment)
    assert workloads.root_of(bare) == ref_of(bare)


def test_a_replication_controller_has_a_card_and_no_chip() -> None:
    controller: Obj = {**builders.replica_set("old"), "kind": "ReplicationController", "apiVersion": "v1"}
    cluster = holding(controller)
    assert [(view.kind, view.name, view.desired) for view in workloads.workloads(cluster)] == [
        ("ReplicationController", "old", 3)
    ]
    assert workloads.root_of(controller) == ref_of(controller)
    assert board.chips(cluster) == ()


def test_kinds_that_nothing_acts_on_are_told_apart() -> None:
    claim: Obj = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "disk", "namespace": "default"},
    }
    assert {view.chip.kind: view.stored for view in board.chips(holding(CONFIG, claim))} == {
        "ConfigMap": True,
        "PersistentVolumeClaim": False,
    }


# ------------------------------------------------------------------------------------------- inspector


def declared(obj: Obj, applied: dict[str, Any]) -> Obj:
    return with_metadata(obj, annotations={manifest.LAST_APPLIED: json.dumps(applied)})


CONFIG: Obj = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings", "namespace": "default", "uid": "1"},
    "data": {"on": "yes", "port": "80", "text": "a: b # c", "lines": "one\ntwo", "plain": "hello world"},
}


def test_the_yaml_says_the_same_as_the_object() -> None:
    for obj in (CONFIG, builders.deployment("web"), builders.pod("web-1", restarts=3)):
        (document,) = documents.parse(manifest.text_of(manifest.lines(obj)))
        assert document.obj == obj


def test_each_line_knows_who_decided_it() -> None:
    applied = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"on": "yes"}}
    marks = {line.key: line.mark for line in manifest.lines(declared(CONFIG, applied))}
    assert (marks["name:"], marks["uid:"], marks["port:"]) == ("you", "server", "default")


def test_an_object_that_nobody_declared_has_no_marks_but_the_servers() -> None:
    assert {line.mark for line in manifest.lines(builders.pod("web-1"))} == {"", "server"}


def test_the_text_of_a_tab_is_the_newest_that_declared_the_object() -> None:
    first = "# mine\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n---\nkind: Service\nmetadata: {}\n"
    newer = "kind: ConfigMap\nmetadata:\n  labels:\n    a: b\n  name: settings\n"
    found = manifest.documents([CONFIG], [first])
    assert found[0].text.startswith("# mine")
    assert manifest.documents([CONFIG], [first, newer])[0].text == newer
    others = ["kind: ConfigMap\nmetadata:\n  name: other\n"] * manifest.NEWEST_TEXTS
    assert manifest.documents([CONFIG], [newer, *others[1:]])[0].text == newer
    assert manifest.documents([CONFIG], [newer, *others])[0].text == manifest.text_of(manifest.applied_lines(CONFIG))


def test_an_object_opened_shows_events_family_and_what_to_do() -> None:
    replica_set = builders.replica_set("web-1")
    pod = builders.pod("web-1-a", owner=replica_set)
    event: Obj = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "default", "creationTimestamp": "2026-01-01T08:59:00Z"},
        "involvedObject": {"kind": "Pod", "name": "web-1-a"},
        "type": "Normal",
        "reason": "Started",
        "message": "Container started",
        "lastTimestamp": "2026-01-01T08:59:48Z",
        "count": 2,
    }
    view = inspector(holding(replica_set, pod, event), ref_of(pod), _)
    assert [chip.name for chip in view["owners"]] == ["web-1"]
    assert [(e.reason, e.age, e.count) for e in view["events"]] == [("Started", "12s", 2)]
    assert [action.kubectl for action in view["actions"]][:2] == [
        "kubectl delete pod web-1-a",
        "kubectl exec web-1-a -- kill 1",
    ]


def test_an_object_as_kubectl_describes_it_has_the_events_of_its_own_life_only() -> None:
    replica_set = builders.replica_set("web-1")
    pod = builders.pod("web-1-a", owner=replica_set)
    events = [
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"e-{reason}", "namespace": "default"},
            "involvedObject": {"kind": "ReplicaSet", "name": "web-1", "uid": uid},
            "type": "Normal",
            "reason": reason,
            "message": "said",
            "lastTimestamp": "2026-01-01T08:59:48Z",
        }
        for reason, uid in (("Now", replica_set["metadata"]["uid"]), ("Earlier", "another"))
    ]
    cluster = holding(replica_set, pod, *events)
    text = inspector(cluster, ref_of(replica_set), _, described=True)["described"]
    assert "Pods Status:  1 Running / 0 Waiting / 0 Succeeded / 0 Failed" in text
    assert "Now" in text
    assert "Earlier" not in text
    assert inspector(cluster, ref_of(replica_set), _)["described"] == ""


def test_an_object_that_is_gone_keeps_its_name() -> None:
    view = inspector(holding(), Ref("Pod", "default", "gone"), _)
    assert view["gone"]
    assert not view["actions"]


def test_every_action_names_the_kubectl_command_that_does_the_same() -> None:
    objs = [builders.pod(), builders.node(), builders.deployment(), builders.replica_set(), builders.service()]
    for obj in objs:
        for action in actions(obj, None, _):
            assert action.kubectl.startswith("kubectl ")


def test_other_namespaces_are_named_in_commands() -> None:
    (kill, *_others) = actions(builders.pod("web-1", namespace="shop"), None, _)
    assert kill.kubectl == "kubectl delete pod web-1 -n shop"
