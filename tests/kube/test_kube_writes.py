"""Writes become commands: in the journal, on the timeline, and the same again on a replay."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Ref
from app.cluster import Cluster
from app.component_helpers.namespaces import ROOT_CA
from app.engine.trace import Commanded
from app.web import language
from app.web.present import captions
from tests.support.clients import DEPLOYMENT, Api

PODS, CONFIGS = "/api/v1/namespaces/default/pods", "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"
JSON_PATCH, APPLY = "application/json-patch+json", "application/apply-patch+yaml"
DEPLOYMENT_POD = {"containers": [{"name": "c", "image": "nginx"}]}
KUBECTL = "kubectl/v1.36.0 (linux/amd64) kubernetes/0123456"


def config(name: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} | fields


def last(api: Api) -> Any:
    """The newest command."""
    steps = [step for step in api.cluster.trace if isinstance(step.record, Commanded)]
    return steps[-1].record.command


def test_a_write_is_a_command_of_that_client(api: Api) -> None:
    made = api.ok("POST", CONFIGS, config("a"), User_Agent=KUBECTL)
    assert made["metadata"]["uid"]
    command = last(api)
    assert (command.do, command.who) == ("create", "kubectl")
    assert api.cluster.journal[-1].command == command.to_json()


def test_a_refused_write_is_on_the_timeline_too(api: Api) -> None:
    api.ok("POST", CONFIGS, config("a"))
    api.status("POST", CONFIGS, config("a"))
    (step,) = api.cluster.trace.since(api.cluster.trace.count - 1)
    assert step.record.error == 'configmaps "a" already exists'


def test_a_session_replays(api: Api) -> None:
    api.ok("POST", DEPLOYMENTS, DEPLOYMENT, Content_Type="application/yaml")
    api.cluster.run()
    api.ok("PATCH", f"{DEPLOYMENTS}/shop/scale", {"spec": {"replicas": 3}}, Content_Type=MERGE)
    api.ok("PATCH", f"{DEPLOYMENTS}/shop", {"metadata": {"labels": {"x": "y"}}}, Content_Type=STRATEGIC)
    api.cluster.run()
    pod = api.get(f"{PODS}?labelSelector=app%3Dshop")["items"][0]["metadata"]["name"]
    api.ok("POST", f"{PODS}/{pod}/eviction", {"apiVersion": "policy/v1", "kind": "Eviction"})
    api.ok("PATCH", f"{CONFIGS}/a?fieldManager=me", config("a", data={"k": "v"}), Content_Type=APPLY)
    api.ok("DELETE", f"{CONFIGS}?labelSelector=none")
    api.ok("DELETE", f"{CONFIGS}/a")
    api.cluster.run()
    cluster = api.cluster
    again = Cluster.replay(cluster.seed, cluster.epoch_ms, cluster.journal)
    again.forward(cluster.trace.count, cluster.now_ms)
    for kind in ("Pod", "Deployment", "ReplicaSet", "ConfigMap", "Event"):
        assert again.objects(kind) == cluster.objects(kind)


def test_a_dry_run_shows_and_leaves_no_trace(api: Api) -> None:
    before = (len(api.cluster.journal), api.cluster.store.revision, api.cluster.trace.count)
    made = api.ok("POST", f"{CONFIGS}?dryRun=All", config("a"))
    assert made["metadata"]["uid"]
    assert "resourceVersion" not in made["metadata"]
    web = api.get(f"{DEPLOYMENTS}/web")
    patched = api.ok("PATCH", f"{DEPLOYMENTS}/web?dryRun=All", {"spec": {"replicas": 9}}, Content_Type=MERGE)
    assert patched["spec"]["replicas"] == 9
    assert patched["metadata"]["resourceVersion"] == web["metadata"]["resourceVersion"]
    assert api.status("DELETE", f"{DEPLOYMENTS}/nope?dryRun=All")["code"] == 404
    assert api.status("POST", f"{CONFIGS}?dryRun=maybe", config("a"))["reason"] == "Invalid"
    assert before == (len(api.cluster.journal), api.cluster.store.revision, api.cluster.trace.count)


def test_a_missing_content_type_is_json_and_yaml_is_taken(api: Api) -> None:
    assert api.ok("POST", CONFIGS, config("a"))["kind"] == "ConfigMap"
    text = "kind: ConfigMap\nmetadata: {name: b}\ndata: {yes: 'no'}\n"
    assert api.ok("POST", CONFIGS, text, Content_Type="application/yaml")["data"] == {"true": "no"}


def test_protobuf_as_kubectl_sends_it(api: Api) -> None:
    body = bytes.fromhex(
        "6b3873000a0f0a02763112094e616d657370616365121b0a130a0370627412001a0022002a0032003800420012001a020a001a002200"
    )
    made = api.ok("POST", "/api/v1/namespaces", body, Content_Type="application/vnd.kubernetes.protobuf")
    assert (made["kind"], made["metadata"]["name"]) == ("Namespace", "pbt")


@pytest.mark.parametrize(
    ("content_type", "patch"),
    [
        (MERGE, {"data": {"a": None, "b": "2"}}),
        (STRATEGIC, {"data": {"a": None, "b": "2"}}),
        (JSON_PATCH, [{"op": "remove", "path": "/data/a"}, {"op": "add", "path": "/data/b", "value": "2"}]),
    ],
)
def test_patches(api: Api, content_type: str, patch: Any) -> None:
    api.ok("POST", CONFIGS, config("c", data={"a": "1"}))
    assert api.ok("PATCH", f"{CONFIGS}/c", patch, Content_Type=content_type)["data"] == {"b": "2"}


def test_a_patch_that_changes_nothing_writes_nothing(api: Api) -> None:
    before = api.cluster.store.revision
    patch = {"spec": {"replicas": api.get(f"{DEPLOYMENTS}/web")["spec"]["replicas"]}}
    api.ok("PATCH", f"{DEPLOYMENTS}/web", patch, Content_Type=STRATEGIC)
    assert api.cluster.store.revision == before


@pytest.mark.parametrize("meta", [{"name": None}, {"name": "other"}, {"namespace": "other"}])
def test_a_patch_does_not_rename(api: Api, meta: dict[str, Any]) -> None:
    api.ok("POST", CONFIGS, config("c"))
    response = api.ask("PATCH", f"{CONFIGS}/c", {"metadata": meta}, Content_Type=MERGE)
    assert response.status_code in (200, 400)
    assert [each["metadata"]["name"] for each in api.get(CONFIGS)["items"]] == ["c", ROOT_CA]


def test_a_status_is_written_on_its_own(api: Api) -> None:
    patch = {"spec": {"replicas": 9}, "status": {"observedGeneration": 42}}
    after = api.ok("PATCH", f"{DEPLOYMENTS}/web/status", patch, Content_Type=MERGE)
    assert after["status"]["observedGeneration"] == 42
    assert after["spec"]["replicas"] == 3


def test_scale_is_an_object_of_its_own(api: Api) -> None:
    api.cluster.run()
    scale = api.get(f"{DEPLOYMENTS}/web/scale")
    assert (scale["kind"], scale["spec"], scale["status"]) == (
        "Scale", {"replicas": 3}, {"replicas": 3, "selector": "app=web"},
    )  # fmt: skip
    wanted = {**scale, "spec": {"replicas": 5}}
    assert api.ok("PUT", f"{DEPLOYMENTS}/web/scale", wanted)["spec"] == {"replicas": 5}
    assert api.get(f"{DEPLOYMENTS}/web")["spec"]["replicas"] == 5
    assert api.status("PUT", f"{DEPLOYMENTS}/web/scale", scale)["reason"] == "Conflict"


def test_what_a_deletion_answers(api: Api) -> None:
    api.cluster.run()
    uid = api.ok("POST", CONFIGS, config("a"))["metadata"]["uid"]
    assert api.ok("DELETE", f"{CONFIGS}/a") == {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {"name": "a", "kind": "configmaps", "uid": uid},
    }  # fmt: skip
    pod = api.get(PODS)["items"][0]["metadata"]["name"]
    marked = api.ok("DELETE", f"{PODS}/{pod}", {"gracePeriodSeconds": 5})
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 5
    foreground = api.ok("DELETE", f"{DEPLOYMENTS}/web", {"propagationPolicy": "Foreground"})
    assert foreground["metadata"]["finalizers"] == ["foregroundDeletion"]


def test_preconditions_of_a_deletion(api: Api) -> None:
    made = api.ok("POST", CONFIGS, config("a"))["metadata"]
    for wrong in ({"uid": "x"}, {"resourceVersion": "1"}):
        status = api.status("DELETE", f"{CONFIGS}/a", {"preconditions": wrong})
        assert (status["reason"], "in precondition" in status["message"]) == ("Conflict", True)
    right = {"uid": made["uid"], "resourceVersion": made["resourceVersion"]}
    api.ok("DELETE", f"{CONFIGS}/a", {"preconditions": right})
    assert api.status("DELETE", f"{CONFIGS}/a", {"propagationPolicy": "Sideways"})["reason"] == "Invalid"


def test_a_whole_collection(api: Api) -> None:
    for name in ("a", "b", "c"):
        api.ok("POST", CONFIGS, config(name))
    gone = api.ok("DELETE", f"{CONFIGS}?fieldSelector=metadata.name!%3Db")
    assert [each["metadata"]["name"] for each in gone["items"]] == ["a", "c", ROOT_CA]
    assert [each["metadata"]["name"] for each in api.get(CONFIGS)["items"]] == ["b"]


def test_binding_a_pod_by_hand(api: Api) -> None:
    spec = {"schedulerName": "mine", "containers": [{"name": "c", "image": "nginx:1.27"}]}
    api.ok("POST", PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
    binding = {"apiVersion": "v1", "kind": "Binding", "target": {"kind": "Node", "name": "node-2"}}
    assert api.ok("POST", f"{PODS}/p/binding", binding)["status"] == "Success"
    assert api.get(f"{PODS}/p")["spec"]["nodeName"] == "node-2"
    assert api.status("POST", f"{PODS}/p/binding", binding)["reason"] == "Conflict"


def test_an_event_of_a_client_is_as_whole_as_ours(api: Api) -> None:
    event = {"metadata": {"generateName": "e-"}, "involvedObject": {"namespace": "default"}, "reason": "Said"}
    api.ok("POST", "/api/v1/namespaces/default/events", event)
    rows = api.get("/api/v1/namespaces/default/events", Accept="application/json;as=Table;v=v1;g=meta.k8s.io")["rows"]
    assert any("Said" in row["cells"] for row in rows)
    elsewhere = {**event, "involvedObject": {"namespace": "kube-system"}}
    assert api.status("POST", "/api/v1/namespaces/default/events", elsewhere)["reason"] == "Invalid"


def test_csrf_is_for_browsers(api: Api) -> None:
    """No cookie, no token, no Origin: as kubectl comes."""
    assert api.ask("POST", CONFIGS, config("a")).status_code == 201
    assert api.cluster.get(Ref("ConfigMap", "default", "a")) is not None


def test_finalizing_a_namespace_lets_it_go(api: Api) -> None:
    api.ok("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    going = api.ok("DELETE", "/api/v1/namespaces/team")
    assert going["status"]["phase"] == "Terminating"
    api.ok("PUT", "/api/v1/namespaces/team/finalize", {**going, "spec": {}})
    assert api.status("GET", "/api/v1/namespaces/team")["code"] == 404


def test_the_page_says_which_client_did_it(api: Api) -> None:
    """In the words that the loops have, which write through the same API."""
    words = language.words("en")

    def said() -> str:
        (step,) = api.cluster.trace.since(api.cluster.trace.count - 1)
        return captions.sentence(step, words)

    with api.app.app_context():
        api.ok("POST", CONFIGS, config("a"), User_Agent=KUBECTL)
        assert said() == "kubectl creates ConfigMap a."
        api.ok("PATCH", f"{CONFIGS}/a", {"data": {"k": "v"}}, Content_Type=MERGE, User_Agent=KUBECTL)
        assert said() == "kubectl changes ConfigMap a."
        api.status("PATCH", f"{CONFIGS}/a", {"data": {"a b": ""}}, Content_Type=MERGE, User_Agent=KUBECTL)
        assert said() == "kubectl changes ConfigMap a. Refused: it is not valid (422)."
        api.ok("DELETE", f"{CONFIGS}/a", User_Agent=KUBECTL)
        assert said() == "kubectl deletes ConfigMap a."


def test_measurements_are_for_looking_only(api: Api) -> None:
    path = "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods"
    assert api.get(path)["items"] == []
    for method, where in (("POST", path), ("DELETE", path), ("PUT", f"{path}/web"), ("DELETE", f"{path}/web")):
        assert api.status(method, where, {})["reason"] == "MethodNotAllowed"


def test_pods_of_replication_controllers_and_jobs_stay_unless_a_client_says_otherwise(api: Api) -> None:
    meta, template = {"name": "old"}, {"metadata": {"labels": {"a": "b"}}, "spec": DEPLOYMENT_POD}
    controllers = "/api/v1/namespaces/default/replicationcontrollers"
    for body, finalizers in (({}, ["orphan"]), ({"propagationPolicy": "Background"}, None)):
        spec = {"replicas": 0, "template": template}
        api.ok(
            "POST", controllers, {"kind": "ReplicationController", "apiVersion": "v1", "metadata": meta, "spec": spec}
        )
        api.ok("DELETE", f"{controllers}/old", body)
        left = api.cluster.get(Ref("ReplicationController", "default", "old"))
        assert (left and left["metadata"].get("finalizers")) == finalizers
        api.cluster.run()
    jobs = "/apis/batch/v1/namespaces/default/jobs"
    job = {"template": {"spec": {**DEPLOYMENT_POD, "restartPolicy": "Never"}}}
    api.ok("POST", jobs, {"kind": "Job", "apiVersion": "batch/v1", "metadata": meta, "spec": job})
    answer = api.ask("DELETE", f"{jobs}/old", {})
    assert "child pods are preserved by default" in answer.headers["Warning"]
