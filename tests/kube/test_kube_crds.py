"""A CustomResourceDefinition at the REST face: served, listed, written by every verb, and gone with its objects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.api.objects import Obj
from app.cluster import Cluster, checkpoint
from tests.support import published_crds
from tests.support.clients import Api
from tests.support.crds import DEFINITION, SPEC, WEBSITE, crd, schema, version, website, with_schema

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
BASE = "/apis/example.com/v1"
WEBSITES = f"{BASE}/namespaces/default/websites"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
MERGE, APPLY = "application/merge-patch+json", "application/apply-patch+yaml"


def settle(api: Api) -> None:
    api.cluster.run()


@pytest.fixture
def served(api: Api) -> Api:
    api.ok("POST", CRDS, crd())
    settle(api)
    return api


def stored(api: Api) -> Obj:
    found = api.cluster.get(DEFINITION)
    assert found is not None
    return found


def test_it_is_stored_first_and_served_once_it_is_established(api: Api) -> None:
    made = api.ok("POST", CRDS, crd())
    assert made["status"] == {"acceptedNames": {"kind": "", "plural": ""}, "conditions": None, "storedVersions": ["v1"]}
    assert api.ask("GET", WEBSITES).status_code == 404
    settle(api)
    conditions = {each["type"]: each["status"] for each in stored(api)["status"]["conditions"]}
    assert conditions == {"NamesAccepted": "True", "Established": "True"}
    assert api.get(WEBSITES)["kind"] == "WebsiteList"
    (resource,) = [each for each in api.get(BASE)["resources"] if "/" not in each["name"]]
    assert (resource["shortNames"], resource["categories"]) == (["we"], ["all"])
    assert api.get(f"{CRDS}/websites.example.com", Accept=TABLE)["rows"][0]["cells"][0] == "websites.example.com"


def test_a_definition_may_be_applied_by_the_server(api: Api) -> None:
    for definition in (crd(), published_crds.brokers()):
        path = f"{CRDS}/{definition['metadata']['name']}?fieldManager=one"
        made = api.ok("PATCH", path, definition, Content_Type=APPLY)
        again = api.ok("PATCH", path, definition, Content_Type=APPLY)
        assert again["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    settle(api)
    assert api.get(WEBSITES)["items"] == []


def test_what_is_written_is_pruned_filled_in_and_checked(served: Api) -> None:
    sent = website(color="red", extra={"any": {"thing": None}}, template={"apiVersion": "v1", "kind": "Pod", "x": 1})
    answer = served.ask("POST", WEBSITES, sent)
    assert answer.status_code == 201
    assert answer.headers["Warning"] == '299 - "unknown field \\"spec.color\\""'
    assert answer.get_json()["spec"] == {
        "host": "example.org",
        "extra": {"any": {"thing": None}},
        "template": {"apiVersion": "v1", "kind": "Pod", "x": 1},
        "replicas": 1,
        "tier": "free",
    }
    strict = served.status("POST", f"{WEBSITES}?fieldValidation=Strict", website("b", color="red"))
    assert 'strict decoding error: unknown field "spec.color"' in strict["message"]
    wrong = served.status("POST", WEBSITES, website("b", host="A", replicas="many"))
    assert wrong["code"] == 422
    assert [(cause["field"], cause["reason"]) for cause in wrong["details"]["causes"]] == [
        ("spec.host", "FieldValueInvalid"),
        ("spec.host", "FieldValueInvalid"),
        ("spec.replicas", "FieldValueTypeInvalid"),
    ]


def test_generation_status_and_scale(served: Api) -> None:
    made = served.ok("POST", WEBSITES, {**website(), "status": {"phase": "Ready"}})
    assert ("status" in made, made["metadata"]["generation"]) == (False, 1)
    status = served.ok(
        "PATCH", f"{WEBSITES}/home/status", {"status": {"replicas": 1}, "spec": {"host": "no"}}, Content_Type=MERGE
    )
    assert (status["status"], status["spec"]["host"], status["metadata"]["generation"]) == (
        {"replicas": 1},
        "example.org",
        1,
    )
    wrong = served.status("PATCH", f"{WEBSITES}/home/status", {"status": {"replicas": "x"}}, Content_Type=MERGE)
    assert 'status.replicas in body must be of type integer: "string"' in wrong["message"]
    served.ok("PATCH", f"{WEBSITES}/home/scale", {"spec": {"replicas": 4}}, Content_Type=MERGE)
    scaled = served.get(f"{WEBSITES}/home")
    assert (scaled["spec"]["replicas"], scaled["metadata"]["generation"]) == (4, 2)
    refused = served.status("PATCH", f"{WEBSITES}/home/scale", {"spec": {"replicas": 40}}, Content_Type=MERGE)
    assert "should be less than or equal to 10" in refused["message"]


def test_a_replacement_says_what_it_replaces(served: Api) -> None:
    made = served.ok("POST", WEBSITES, website())
    blind = served.status("PUT", f"{WEBSITES}/home", website())
    assert "metadata.resourceVersion: Invalid value: 0: must be specified for an update" in blind["message"]
    served.ok("PUT", f"{WEBSITES}/home", {**made, "spec": {"host": "other.org"}})
    assert served.get(f"{WEBSITES}/home")["spec"] == {"host": "other.org", "replicas": 1, "tier": "free"}


def test_objects_are_selected_by_the_fields_that_it_names(served: Api) -> None:
    served.ok("POST", WEBSITES, website("a", tier="paid"))
    served.ok("POST", WEBSITES, website("b"))
    paid = served.get(f"{WEBSITES}?fieldSelector=spec.tier%3Dpaid")
    assert [each["metadata"]["name"] for each in paid["items"]] == ["a"]
    refused = served.status("GET", f"{WEBSITES}?fieldSelector=spec.host%3Dx")
    assert refused["message"] == "field label not supported: spec.host"
    served.ok("DELETE", f"{WEBSITES}?fieldSelector=spec.tier%3Dpaid")
    assert [each["metadata"]["name"] for each in served.get(WEBSITES)["items"]] == ["b"]


def test_server_side_apply_knows_its_maps_and_sets(served: Api) -> None:
    def applied(manager: str, **spec: Any) -> Obj:
        path = f"{WEBSITES}/home?fieldManager={manager}"
        found: Obj = served.ok("PATCH", path, website(**spec), Content_Type=APPLY)
        return found

    applied("one", pages=[{"path": "/a"}], owners=["x"])
    both = applied("two", pages=[{"path": "/b", "title": "B"}], owners=["y"])["spec"]
    assert both["pages"] == [{"path": "/a", "title": "untitled"}, {"path": "/b", "title": "B"}]
    assert both["owners"] == ["x", "y"]
    left = applied("two")["spec"]
    assert (left["pages"], left["owners"]) == ([{"path": "/a", "title": "untitled"}], ["x"])


def test_a_key_that_is_left_out_is_its_default(api: Api) -> None:
    ways = {"type": "string", "default": "http"}
    item = {"type": "object", "required": ["port"], "properties": {"port": {"type": "integer"}, "way": ways}}
    keys = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port", "way"]}
    doors = {"type": "array", "items": item, **keys}
    api.ok("POST", CRDS, with_schema(schema({"type": "object", "properties": {"doors": doors}})))
    settle(api)
    path = f"{BASE}/namespaces/default/things/t"
    thing = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"}}
    for manager, door in (("one", {"port": 1}), ("two", {"port": 1, "way": "grpc"}), ("two", {"port": 1})):
        made = api.ok(
            "PATCH", f"{path}?fieldManager={manager}", {**thing, "spec": {"doors": [door]}}, Content_Type=APPLY
        )
    assert made["spec"]["doors"] == [{"port": 1, "way": "http"}]


def test_several_versions_of_one_object(api: Api) -> None:
    old = {"openAPIV3Schema": schema({**SPEC, "required": []})}
    columns = [{"name": "Old", "type": "string", "jsonPath": ".spec.host"}]
    beta = version("v1beta1", storage=False, schema=old, additionalPrinterColumns=columns)
    beta |= {"deprecated": True, "deprecationWarning": "use v1"}
    late = version("v10", storage=False, deprecated=True)
    api.ok("POST", CRDS, crd("Website", beta, version(), version("v2", served=False, storage=False), late))
    settle(api)
    group = api.get("/apis/example.com")
    assert [each["version"] for each in group["versions"]] == ["v10", "v1", "v1beta1"]
    for name, said in (("v1beta1", "use v1"), ("v10", "example.com/v10 Website is deprecated")):
        assert api.ask("GET", WEBSITES.replace("v1", name)).headers["Warning"] == f'299 - "{said}"'
    assert "Warning" not in api.ask("GET", WEBSITES).headers
    older = WEBSITES.replace("v1", "v1beta1")
    made = api.ok("POST", older, website(api_version="example.com/v1beta1"))
    assert made["apiVersion"] == "example.com/v1beta1"
    assert api.get(f"{WEBSITES}/home")["apiVersion"] == "example.com/v1"
    heads = [each["name"] for each in api.get(older, Accept=TABLE)["columnDefinitions"]]
    assert heads == ["Name", "Old"]
    assert api.ask("GET", WEBSITES.replace("v1", "v2")).status_code == 404


def test_a_new_schema_is_in_force_at_once_and_is_lenient_with_what_there_is(served: Api) -> None:
    made = served.ok("POST", WEBSITES, website(replicas=9))
    stricter = {**SPEC, "properties": {**SPEC["properties"], "replicas": {"type": "integer", "maximum": 5}}}
    definition = {**stored(served)}
    definition["spec"] = {**definition["spec"], "versions": [version(schema={"openAPIV3Schema": schema(stricter)})]}
    assert served.ok("PUT", f"{CRDS}/websites.example.com", definition)["metadata"]["generation"] == 2
    settle(served)
    assert "less than or equal to 5" in served.status("POST", WEBSITES, website("b", replicas=9))["message"]
    served.ok("PUT", f"{WEBSITES}/home", {**made, "spec": {**made["spec"], "host": "other.org"}})


def test_its_objects_go_with_it_and_a_watch_ends(served: Api) -> None:
    served.ok("POST", WEBSITES, website())
    response = served.ask("GET", f"{WEBSITES}?watch=1")
    chunks = iter(response.response)
    assert next(chunks) == b""
    assert json.loads(next(chunks))["type"] == "ADDED"
    marked = served.ok("DELETE", f"{CRDS}/websites.example.com")
    assert marked["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    assert marked["status"]["conditions"][-1]["reason"] == "InstanceDeletionPending"
    late = served.status("POST", WEBSITES, website("late"))
    assert (late["code"], late["reason"]) == (405, "MethodNotAllowed")
    settle(served)
    assert json.loads(next(chunks).splitlines()[0])["type"] == "DELETED"
    assert next(chunks, None) is None
    response.close()
    assert served.ask("GET", f"{CRDS}/websites.example.com").status_code == 404
    assert served.ask("GET", WEBSITES).status_code == 404
    assert served.cluster.count(WEBSITE) == 0


def test_an_object_that_something_holds_is_waited_for(served: Api) -> None:
    held = website()
    held["metadata"]["finalizers"] = ["example.com/hold"]
    served.ok("POST", WEBSITES, held)
    served.ok("DELETE", f"{CRDS}/websites.example.com")
    served.cluster.run(limit_ms=20_000)
    assert stored(served)["status"]["conditions"][-1]["reason"] == "InstanceDeletionInProgress"
    served.ok("PATCH", f"{WEBSITES}/home", {"metadata": {"finalizers": None}}, Content_Type=MERGE)
    served.cluster.run(until=lambda cluster: cluster.get(DEFINITION) is None)
    assert served.cluster.get(DEFINITION) is None


def test_whoever_takes_the_finalizer_off_by_hand_takes_the_objects_along(served: Api) -> None:
    held = website()
    held["metadata"]["finalizers"] = ["example.com/hold"]
    served.ok("POST", WEBSITES, held)
    served.ok("DELETE", f"{CRDS}/websites.example.com")
    served.ok("PATCH", f"{CRDS}/websites.example.com", {"metadata": {"finalizers": None}}, Content_Type=MERGE)
    settle(served)
    assert (served.cluster.count(WEBSITE), served.cluster.scheme.find(WEBSITE)) == (0, None)


def test_two_cannot_have_one_name(served: Api) -> None:
    served.ok("POST", CRDS, crd("Webhost", shortNames=["we"]))
    settle(served)
    second = served.get(f"{CRDS}/webhosts.example.com")
    found = {each["type"]: (each["status"], each["message"]) for each in second["status"]["conditions"]}
    assert found["NamesAccepted"] == ("False", '"we" is already in use')
    assert found["Established"] == ("False", "not all names are accepted")
    served.ok("DELETE", f"{CRDS}/websites.example.com")
    settle(served)
    assert served.get(f"{BASE}/webhosts")["kind"] == "WebhostList"


def test_nobody_breaks_the_room_by_writing_statuses(served: Api) -> None:
    served.ok("POST", WEBSITES, website())
    status = {"status": {"acceptedNames": None, "conditions": None}}
    served.ok("PATCH", f"{CRDS}/websites.example.com/status", status, Content_Type=MERGE)
    served.ok("POST", CRDS, crd("Site", plural="sites") | {"metadata": {"name": "sites.example.com"}})
    forged = {"conditions": [{"type": "Established", "status": "True", "reason": "Mine", "message": ""}]}
    taken = {"status": {**forged, "acceptedNames": {"kind": "Website", "plural": "websites"}}}
    served.ok("PATCH", f"{CRDS}/sites.example.com/status", taken, Content_Type=MERGE)
    settle(served)
    assert served.get(f"{WEBSITES}/home")["spec"]["host"] == "example.org"
    served.ok("DELETE", f"{CRDS}/sites.example.com")
    settle(served)
    assert served.cluster.count(WEBSITE) == 1


def kinds(cluster: Cluster) -> list[str]:
    return [row.key for row in cluster.scheme.kinds() if not row.is_own]


def test_a_copy_a_checkpoint_a_replay_and_the_past_know_it(served: Api) -> None:
    served.ok("POST", CRDS, crd("Album"))
    settle(served)
    served.ok("POST", WEBSITES, website())
    settle(served)
    cluster = served.cluster
    text = b"".join(checkpoint.written(cluster)).splitlines()
    others = [
        cluster.copy(),
        checkpoint.resumed(text, cluster.journal),
        checkpoint.revived(text, cluster.journal),
        Cluster.replay(cluster.seed, cluster.epoch_ms, cluster.journal),
    ]
    for other in others:
        other.run()
        assert kinds(other) == ["Website.example.com", "Album.example.com"]
        assert other.count(WEBSITE) == 1
        assert other.scheme.definition(WEBSITE).columns == cluster.scheme.definition(WEBSITE).columns
    assert cluster.at(cluster.trace.count - 1).count(WEBSITE) == 1
    served.ok("DELETE", f"{CRDS}/albums.example.com")
    settle(served)
    assert kinds(cluster) == ["Website.example.com"]
    assert kinds(others[0]) == ["Website.example.com", "Album.example.com"]


def test_a_resumed_room_goes_on_as_the_other_would_have(served: Api) -> None:
    served.ok("POST", WEBSITES, website())
    settle(served)
    text = b"".join(checkpoint.written(served.cluster)).splitlines()
    resumed = checkpoint.resumed(text, served.cluster.journal)
    before = served.cluster.trace.count
    served.ok("DELETE", f"{CRDS}/websites.example.com")
    settle(served)
    deleted = served.cluster.journal[-1]
    resumed.forward(deleted.step, deleted.at_ms)
    resumed.repeat(deleted)
    resumed.run()
    steps, others = (list(each.trace.since(before)) for each in (served.cluster, resumed))
    assert [(step.actor, step.key, step.at_ms) for step in steps] == [
        (step.actor, step.key, step.at_ms) for step in others
    ]


def test_schemas_for_clients(served: Api) -> None:
    found = served.get("/openapi/v3/apis/example.com/v1")["components"]["schemas"]["com.example.v1.Website"]
    spec = found["properties"]["spec"]
    assert spec["description"] == "What the site should be."
    assert spec["properties"]["pages"]["x-kubernetes-list-map-keys"] == ["path"]
    assert "$ref" in str(spec["properties"]["template"]["properties"]["metadata"])
    assert found["x-kubernetes-group-version-kind"] == [{"group": "example.com", "kind": "Website", "version": "v1"}]
    definition = served.get("/openapi/v3/apis/apiextensions.k8s.io/v1")
    assert any(name.endswith("JSONSchemaProps") for name in definition["components"]["schemas"])
    assert served.ask("GET", "/openapi/v2").status_code == 200
