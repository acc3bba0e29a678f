"""What the API server does with objects: its verbs, and what each refuses."""

from __future__ import annotations

import random
from typing import Any

import pytest

from app.api import errors, times
from app.api.objects import Obj, Ref
from app.apiserver import requests
from app.apiserver.server import ApiServer
from tests.support import builders

NOW_MS = builders.NOW_MS
POD = Ref("Pod", "default", "p")


def pod(name: str = "p", **metadata: Any) -> Obj:
    meta = {"name": name, **metadata}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta,
        "spec": {"containers": [{"name": "c", "image": "nginx"}]},
    }


def deployment() -> Obj:
    built = builders.deployment("web", replicas=1)
    return {**built, "metadata": {"name": "web", "labels": {"app": "web"}}}


def config(name: str = "c", **metadata: Any) -> Obj:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": {"k": "v"}}


def test_creating_fills_in_what_the_server_owns_and_ignores_what_a_client_claims(server: ApiServer) -> None:
    meta = server.create(pod(uid="mine", generation=9, creationTimestamp="1999-01-01T00:00:00Z")).obj["metadata"]
    assert meta["namespace"] == "default"
    assert meta["uid"] != "mine"
    assert (meta["generation"], meta["creationTimestamp"]) == (1, "2026-01-01T09:00:00Z")
    assert meta["resourceVersion"] == str(server.store.revision)


def test_a_generated_name_fits_into_a_label(server: ApiServer) -> None:
    obj = pod()
    obj["metadata"] = {"generateName": "a" * 60}
    name = server.create(obj).obj["metadata"]["name"]
    assert (len(name), name[:58]) == (63, "a" * 58)


def test_generate_name_appends_five_safe_characters(server: ApiServer) -> None:
    obj = pod()
    obj["metadata"] = {"generateName": "web-"}
    name = server.create(obj).obj["metadata"]["name"]
    assert name.startswith("web-")
    assert len(name) == 9
    assert set(name[4:]) <= set("bcdfghjklmnpqrstvwxz2456789")


@pytest.mark.parametrize(
    ("obj", "code", "message"),
    [
        pytest.param(
            pod(name=""), 422, 'Pod "" is invalid: metadata.name: Required value: name or generateName', id="no name"
        ),
        pytest.param(pod(namespace="nowhere"), 404, 'namespaces "nowhere" not found', id="no such namespace"),
        pytest.param(pod(name="taken"), 409, 'pods "taken" already exists', id="exists"),
        pytest.param(pod(resourceVersion="5"), 400, "resourceVersion should not be set", id="with resourceVersion"),
        pytest.param(pod(name="My_Pod"), 422, 'Pod "My_Pod" is invalid: metadata.name: Invalid value', id="bad name"),
    ],
)
def test_a_refused_creation_says_why_and_writes_nothing(server: ApiServer, obj: Obj, code: int, message: str) -> None:
    server.create(pod(name="taken"))
    revision = server.store.revision
    with pytest.raises(errors.ApiError) as refused:
        server.create(obj)
    assert refused.value.code == code
    assert message in refused.value.message
    assert server.store.revision == revision


def test_a_pod_that_is_sent_whole_again_keeps_what_it_was_given_at_its_creation(server: ApiServer) -> None:
    tolerations = [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]
    sent = pod(namespace="default")
    sent = {**sent, "spec": {**sent["spec"], "tolerations": tolerations}}
    created = server.create(sent).obj
    assert len(created["spec"]["tolerations"]) == 3
    more = [*tolerations, {"key": "disk", "operator": "Exists", "effect": "NoSchedule"}]
    updated = server.update({**sent, "spec": {**sent["spec"], "tolerations": more}}).obj
    assert [each["key"].rpartition("/")[2] for each in updated["spec"]["tolerations"]] == [
        "gpu", "disk", "not-ready", "unreachable",
    ]  # fmt: skip
    assert (updated["spec"]["priority"], updated["spec"]["preemptionPolicy"]) == (0, "PreemptLowerPriority")
    with pytest.raises(errors.Invalid, match="existing toleration can not be modified"):
        server.update({**sent, "spec": {**sent["spec"], "tolerations": more[1:]}})


def test_a_stale_update_is_refused_and_one_that_changes_nothing_writes_nothing(server: ApiServer) -> None:
    first = server.create(config()).obj
    second = server.update({**first, "data": {"k": "w"}}).obj
    with pytest.raises(
        errors.Conflict, match='Operation cannot be fulfilled on configmaps "c": the object has been modified'
    ):
        server.update({**first, "data": {"k": "x"}})
    assert server.update(second).changes == ()


def test_generation_counts_the_desired_state_and_status_is_another_door(server: ApiServer) -> None:
    created = server.create(deployment()).obj
    assert created["metadata"]["generation"] == 1
    assert "readyReplicas" not in created.get("status", {}), "a client does not choose the status at creation"
    labelled = server.patch(Ref("Deployment", "default", "web"), {"metadata": {"labels": {"a": "b"}}}).obj
    assert labelled["metadata"]["generation"] == 1
    annotated = server.patch(Ref("Deployment", "default", "web"), {"metadata": {"annotations": {"a": "b"}}}).obj
    assert annotated["metadata"]["generation"] == 2
    scaled = server.patch(Ref("Deployment", "default", "web"), {"spec": {"replicas": 5}, "status": {"replicas": 9}}).obj
    assert scaled["metadata"]["generation"] == 3
    assert scaled["status"].get("replicas") != 9
    status = server.update({**scaled, "spec": {}, "status": {"replicas": 2}}, subresource="status").obj
    assert (status["spec"]["replicas"], status["status"], status["metadata"]["generation"]) == (5, {"replicas": 2}, 3)


def test_a_new_node_is_closed_until_somebody_has_seen_that_it_is_ready(server: ApiServer) -> None:
    made = server.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}).obj
    assert made["spec"]["taints"] == [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]


def test_a_pod_without_a_node_goes_at_once_and_is_marked_before(server: ApiServer) -> None:
    created = server.create(pod()).obj["metadata"]
    marked, gone = server.delete(POD).changes
    assert [marked.type, gone.type] == ["MODIFIED", "DELETED"]
    assert marked.obj["metadata"]["deletionGracePeriodSeconds"] == 0
    assert gone.obj["metadata"]["generation"] == created["generation"] + 1


def test_a_shorter_grace_counts_from_the_first_deletion(server: ApiServer) -> None:
    server.create({**pod(), "spec": {**pod()["spec"], "nodeName": "n"}})
    first = server.delete(POD, grace_seconds=30).obj["metadata"]
    server.now_ms = lambda: NOW_MS + 4_000
    second = server.delete(POD, grace_seconds=10).obj["metadata"]
    assert times.parse(first["deletionTimestamp"]) == NOW_MS + 30_000
    assert times.parse(second["deletionTimestamp"]) == NOW_MS + 10_000


def test_a_pod_on_a_node_is_marked_with_its_grace_and_a_later_delete_only_shortens_it(server: ApiServer) -> None:
    server.create(pod())
    server.bind(POD, "node-1")
    marked = server.delete(POD).obj["metadata"]
    assert (marked["deletionTimestamp"], marked["deletionGracePeriodSeconds"]) == ("2026-01-01T09:00:30Z", 30)
    assert marked["generation"] == 2
    assert server.delete(POD, grace_seconds=60).changes == ()
    assert server.delete(POD, grace_seconds=5).obj["metadata"]["deletionGracePeriodSeconds"] == 5
    last = server.delete(POD, grace_seconds=0)
    assert [change.type for change in last.changes] == ["MODIFIED", "DELETED"]
    assert server.store.get(POD) is None


def test_an_object_with_finalizers_stays_until_the_last_one_is_taken_off(server: ApiServer) -> None:
    server.create(config(finalizers=["example.com/hold"]))
    ref = Ref("ConfigMap", "default", "c")
    server.delete(ref)
    held = server.store.get(ref)
    assert held is not None
    assert "deletionTimestamp" in held["metadata"]
    assert held["metadata"]["deletionGracePeriodSeconds"] == 0
    (last,) = server.patch(ref, {"metadata": {"finalizers": None}}).changes
    assert (last.type, last.old) == ("DELETED", held), "watches see it as it was"
    assert server.store.get(ref) is None


def test_a_deletion_that_a_finalizer_holds_up_is_a_new_generation(server: ApiServer) -> None:
    server.create(deployment())
    ref = Ref("Deployment", "default", "web")
    assert server.delete(ref, propagation="Foreground").obj["metadata"]["generation"] == 2
    assert server.delete(ref, propagation="Foreground").changes == ()


@pytest.mark.parametrize(("propagation", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")])
def test_propagation_is_a_finalizer_for_the_garbage_collector(
    server: ApiServer, propagation: str, finalizer: str
) -> None:
    server.create(deployment())
    marked = server.delete(Ref("Deployment", "default", "web"), propagation=propagation).obj
    assert marked["metadata"]["finalizers"] == [finalizer]


def test_a_propagation_that_there_is_not_is_refused(server: ApiServer) -> None:
    server.create(config())
    with pytest.raises(
        errors.Invalid, match='Unsupported value: "Sideways": supported values: "Background", "Foreground"'
    ):
        server.delete(Ref("ConfigMap", "default", "c"), propagation="Sideways")


def test_a_namespace_is_terminating_until_its_own_finalizer_is_gone_and_takes_nothing_new(server: ApiServer) -> None:
    ref = Ref("Namespace", "", "shop")
    server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    marked = server.delete(ref).obj
    assert marked["status"]["phase"] == "Terminating"
    assert "deletionTimestamp" in marked["metadata"]
    assert "deletionGracePeriodSeconds" not in marked["metadata"], "alone among what finalizers hold"
    with pytest.raises(
        errors.Forbidden, match="unable to create new content in namespace shop because it is being terminated"
    ):
        server.create(config(namespace="shop"))
    server.patch(ref, {"spec": {"finalizers": []}}, subresource="finalize")
    assert server.store.get(ref) is None


def test_binding_copies_where_the_node_stands_and_clears_the_nomination(server: ApiServer) -> None:
    labels = {"topology.kubernetes.io/zone": "a", "topology.kubernetes.io/region": "r", "kubernetes.io/os": "linux"}
    node = builders.node("node-1")
    server.create({**node, "metadata": {"name": "node-1", "labels": labels}})
    ref = server.create(pod()).obj
    there = Ref("Pod", "default", ref["metadata"]["name"])
    server.patch(there, {"status": {"nominatedNodeName": "node-2"}}, subresource="status")
    bound = server.bind(there, "node-1").obj
    assert "nominatedNodeName" not in bound["status"]
    assert {**bound["metadata"]["labels"], **{key: labels[key] for key in list(labels)[:2]}} == bound["metadata"][
        "labels"
    ]
    assert "kubernetes.io/os" not in bound["metadata"]["labels"]


def test_binding_gives_a_node_once(server: ApiServer) -> None:
    server.create(pod())
    bound = server.bind(POD, "node-1").obj
    assert bound["spec"]["nodeName"] == "node-1"
    assert bound["status"]["conditions"][-1]["type"] == "PodScheduled"
    with pytest.raises(errors.Conflict, match='pod p is already assigned to node "node-1"'):
        server.bind(POD, "node-2")


def test_a_uid_that_is_not_the_current_one_is_refused(server: ApiServer) -> None:
    server.create(config())
    with pytest.raises(errors.Conflict, match="Precondition failed: UID in precondition: other"):
        server.delete(Ref("ConfigMap", "default", "c"), uid="other")


def test_the_finalizers_of_a_namespace_go_through_finalize_only(server: ApiServer) -> None:
    patched = server.patch(Ref("Namespace", "", "default"), {"spec": {"finalizers": []}})
    assert patched.obj["spec"]["finalizers"] == ["kubernetes"]


def test_a_dry_run_answers_as_the_real_one_would_and_writes_nothing(server: ApiServer) -> None:
    revision = server.store.revision
    assert server.overlay(random.Random(1)).create(config()).obj["metadata"]["uid"]
    assert server.store.revision == revision


def test_there_is_one_default_priority(server: ApiServer) -> None:
    def priority(name: str, **fields: Any) -> Obj:
        meta = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}}
        return {**meta, "value": 5, **fields}

    server.create(priority("usual", globalDefault=True))
    server.create(priority("other"))
    why = "PriorityClass usual is already marked as default. Only one default can exist"
    with pytest.raises(errors.Forbidden, match=f'priorityclasses.scheduling.k8s.io "another" is forbidden: {why}'):
        server.create(priority("another", globalDefault=True))
    with pytest.raises(errors.Forbidden, match=why):
        server.patch(Ref("PriorityClass", "", "other"), {"globalDefault": True})
    assert server.patch(Ref("PriorityClass", "", "usual"), {"description": "x"}).obj["globalDefault"]


def test_a_namespace_that_is_going_names_the_group_of_what_it_refuses(server: ApiServer) -> None:
    server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "old"}})
    server.delete(Ref("Namespace", "", "old"))
    details = []
    for obj in (config(), deployment()):
        with pytest.raises(errors.Forbidden) as refused:
            server.create({**obj, "metadata": {"name": "web", "namespace": "old"}})
        details.append({name: value for name, value in refused.value.details.items() if name in ("group", "kind")})
    assert details == [{"kind": "configmaps"}, {"group": "apps", "kind": "deployments"}]


def test_annotations_and_who_wrote_travel_along_with_a_status(server: ApiServer) -> None:
    made = server.create(deployment()).obj
    along = {"annotations": {"seen": "yes"}, "managedFields": [{"manager": "me", "operation": "Update"}]}
    noted = {**made, "metadata": {**made["metadata"], **along, "labels": {"not": "this"}}}
    stored = server.update({**noted, "status": {"replicas": 1}}, subresource="status").obj
    assert {name: stored["metadata"][name] for name in along} == along
    assert stored["metadata"]["labels"] == {"app": "web"}


def test_of_a_collection_goes_what_both_selectors_match(server: ApiServer) -> None:
    for name, app in (("a", "web"), ("b", "web"), ("c", "db")):
        server.create(pod(name, labels={"app": app}))
    gone = requests.delete_collection(
        server, "Pod", "default", "app=web", field_selector="metadata.name!=b", grace_seconds=0
    )
    assert [written.obj["metadata"]["name"] for written in gone] == ["a"]
    assert [obj["metadata"]["name"] for obj in server.store.objects("Pod")] == ["b", "c"]


def test_a_pod_is_bound_only_if_it_is_the_one_that_is_meant(server: ApiServer) -> None:
    server.create(pod())
    with pytest.raises(errors.Conflict, match="UID"):
        server.bind(POD, "node-1", uid="another")
    assert "nodeName" not in server.get(POD)["spec"]
