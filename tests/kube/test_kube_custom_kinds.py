"""A kind that appears in a living cluster, as API clients see it: discovery, schemas, and every verb."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from tests.support.clients import Api
from tests.support.custom import WIDGET, define, definition, widget, withdraw

BASE = "/apis/example.com/v1"
WIDGETS = f"{BASE}/namespaces/default/widgets"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"


@pytest.fixture
def custom(api: Api) -> Api:
    define(api.cluster)
    return api


def resources(api: Api, group_version: str = "example.com/v1") -> dict[str, Any]:
    return {each["name"]: each for each in api.get(f"/apis/{group_version}")["resources"]}


def test_discovery_tells_of_it_in_both_forms(custom: Api) -> None:
    assert "example.com" in [group["name"] for group in custom.get("/apis")["groups"]]
    assert resources(custom).keys() == {"widgets", "widgets/status", "widgets/scale"}
    found = resources(custom)["widgets"]
    assert (found["kind"], found["singularName"], found["namespaced"]) == ("Widget", "widget", True)
    assert (found["shortNames"], "patch" in found["verbs"]) == (["wi"], True)
    groups = {each["metadata"].get("name"): each for each in custom.get("/apis", Accept=AGGREGATED)["items"]}
    (version,) = groups["example.com"]["versions"]
    assert [each["resource"] for each in version["resources"]] == ["widgets"]
    assert [each["subresource"] for each in version["resources"][0]["subresources"]] == ["scale", "status"]


def test_another_room_does_not_serve_it(custom: Api, app: Flask) -> None:
    other = Api(app)
    assert "example.com" not in [group["name"] for group in other.get("/apis")["groups"]]
    assert other.ask("GET", BASE).status_code == 404
    assert other.ask("GET", WIDGETS).status_code == 404
    assert "apis/example.com/v1" not in other.get("/openapi/v3")["paths"]


def test_its_schema_stands_where_it_belongs(custom: Api) -> None:
    document = custom.get("/openapi/v3/apis/example.com/v1")
    schemas = document["components"]["schemas"]
    found = schemas["com.example.v1.Widget"]
    assert found["x-kubernetes-group-version-kind"] == [{"group": "example.com", "kind": "Widget", "version": "v1"}]
    assert found["properties"]["spec"]["properties"]["size"] == {"type": "integer", "format": "int32"}
    parts = found["properties"]["spec"]["properties"]["parts"]
    assert (parts["x-kubernetes-list-type"], parts["x-kubernetes-list-map-keys"]) == ("map", ["name"])
    assert parts["items"]["properties"]["name"] == {"type": "string"}
    assert "com.example.v1.WidgetList" in schemas
    assert f"{BASE}/namespaces/{{namespace}}/widgets/{{name}}" in document["paths"]
    whole = custom.get("/openapi/v2")
    assert "com.example.v1.Widget" in whole["definitions"]
    protobuf = custom.ask("GET", "/openapi/v2", Accept="application/com.github.proto-openapi.spec.v2@v1.0+protobuf")
    assert b"com.example.v1.Widget" in protobuf.data


def test_the_address_of_a_schema_changes_with_it_and_others_do_not(api: Api) -> None:
    def addresses() -> dict[str, str]:
        paths = api.get("/openapi/v3")["paths"]
        return {path: found["serverRelativeURL"] for path, found in paths.items()}

    before = addresses()
    define(api.cluster)
    first = addresses()
    define(api.cluster, definition(namespaced=False))
    second = addresses()
    assert first["apis/example.com/v1"] != second["apis/example.com/v1"]
    assert {path: url for path, url in second.items() if path in before} == before


def test_create_get_list_replace_and_delete(custom: Api) -> None:
    made = custom.ok("POST", WIDGETS, widget())
    assert (made["kind"], made["apiVersion"], made["metadata"]["generation"]) == ("Widget", "example.com/v1", 1)
    assert custom.get(f"{WIDGETS}/w")["metadata"]["uid"] == made["metadata"]["uid"]
    custom.ok("POST", WIDGETS, widget("x", metadata={"labels": {"a": "b"}}))
    listed = custom.get(f"{BASE}/widgets?labelSelector=a%3Db")
    assert (listed["kind"], [each["metadata"]["name"] for each in listed["items"]]) == ("WidgetList", ["x"])
    custom.ok("PUT", f"{WIDGETS}/w", {**made, "spec": {"size": 4}})
    assert custom.get(f"{WIDGETS}/w")["metadata"]["generation"] == 2
    gone = custom.ok("DELETE", f"{WIDGETS}/w")
    assert (gone["status"], gone["details"]["group"], gone["details"]["kind"]) == ("Success", "example.com", "widgets")
    missing = custom.status("GET", f"{WIDGETS}/w")
    assert missing["message"] == 'widgets.example.com "w" not found'
    custom.ok("DELETE", WIDGETS)
    assert custom.get(WIDGETS)["items"] == []


def test_kubectl_gets_the_columns_that_it_declares(custom: Api) -> None:
    custom.ok("POST", WIDGETS, widget(spec={"size": 2, "parts": [{"name": "a"}, {"name": "b", "weight": 9}]}))
    custom.ok("POST", WIDGETS, widget("x", spec={}))
    table = custom.get(WIDGETS, Accept=TABLE)
    columns = [(each["name"], each["type"], each["priority"]) for each in table["columnDefinitions"]]
    assert columns == [("Name", "string", 0), ("Size", "integer", 0), ("Heaviest", "string", 1), ("Age", "date", 0)]
    assert [row["cells"] for row in table["rows"]] == [["w", 2, "b", "0s"], ["x", None, None, "0s"]]


def test_the_page_lists_those_of_one_name_apart(custom: Api) -> None:
    define(custom.cluster, definition("Service"))
    services = f"{BASE}/namespaces/default/services"
    custom.ok("POST", services, widget("mine", "Service"))
    assert [each["metadata"]["name"] for each in custom.get(services)["items"]] == ["mine"]
    assert "mine" not in [each["metadata"]["name"] for each in custom.get("/api/v1/services")["items"]]
    assert custom.get(services, Accept=TABLE)["rows"][0]["cells"][:2] == ["mine", 2]


def test_a_watch_tells_of_it_and_ends_with_its_kind(custom: Api) -> None:
    custom.ok("POST", WIDGETS, widget())
    response = custom.ask("GET", f"{WIDGETS}?watch=1")
    chunks = iter(response.response)
    assert next(chunks) == b""

    def told() -> list[tuple[str, str]]:
        events = [json.loads(line) for line in next(chunks).splitlines()]
        return [(event["type"], event["object"]["metadata"]["name"]) for event in events]

    assert told() == [("ADDED", "w")]
    custom.ok("PATCH", f"{WIDGETS}/w", {"spec": {"size": 7}}, Content_Type=MERGE)
    assert told() == [("MODIFIED", "w")]
    withdraw(custom.cluster)
    assert told() == [("DELETED", "w")]
    assert next(chunks, None) is None
    response.close()


def test_patches_of_each_type(custom: Api) -> None:
    custom.ok("POST", WIDGETS, widget())
    merged = custom.ok("PATCH", f"{WIDGETS}/w", {"spec": {"marks": {"a": "b"}}}, Content_Type=MERGE)
    assert merged["spec"] == {"size": 2, "marks": {"a": "b"}}
    replaced = [{"op": "replace", "path": "/spec/size", "value": 3}]
    patched = custom.ok("PATCH", f"{WIDGETS}/w", replaced, Content_Type="application/json-patch+json")
    assert patched["spec"]["size"] == 3
    refused = custom.status("PATCH", f"{WIDGETS}/w", {"spec": {}}, Content_Type=STRATEGIC)
    assert (refused["code"], "application/merge-patch+json" in refused["message"]) == (415, True)
    wrong = custom.status("PATCH", f"{WIDGETS}/w", {"spec": {"size": "big"}}, Content_Type=MERGE)
    assert wrong["code"] == 422


def test_server_side_apply_knows_its_lists(custom: Api) -> None:
    def applied(manager: str, *parts: dict[str, Any], force: bool = False) -> dict[str, Any]:
        path = f"{WIDGETS}/w?fieldManager={manager}" + ("&force=true" if force else "")
        found: dict[str, Any] = custom.ask(
            "PATCH", path, widget(spec={"parts": list(parts)}), Content_Type=APPLY
        ).get_json()
        return found

    applied("one", {"name": "a", "weight": 1})
    both = applied("two", {"name": "b", "weight": 2})
    assert both["spec"]["parts"] == [{"name": "a", "weight": 1}, {"name": "b", "weight": 2}]
    conflict = applied("two", {"name": "a", "weight": 5})
    assert conflict["code"] == 409
    assert '.spec.parts[name="a"].weight' in conflict["message"]
    assert applied("two", {"name": "a", "weight": 5}, force=True)["spec"]["parts"] == [{"name": "a", "weight": 5}]
    strict = f"{WIDGETS}/w?fieldManager=one&fieldValidation=Strict"
    nonsense = custom.status("PATCH", strict, widget(spec={"color": "red"}), Content_Type=APPLY)
    assert 'unknown field "spec.color"' in nonsense["message"]


def test_its_status_and_its_scale_are_written_through_doors_of_their_own(custom: Api) -> None:
    made = custom.ok("POST", WIDGETS, widget(status={"made": 9}))
    assert "status" not in made
    custom.ok("PATCH", f"{WIDGETS}/w/status", {"status": {"made": 1, "selector": "a=b"}}, Content_Type=MERGE)
    custom.ok("PATCH", f"{WIDGETS}/w", {"status": {"made": 8}}, Content_Type=MERGE)
    scale = custom.get(f"{WIDGETS}/w/scale")
    assert (scale["spec"], scale["status"]) == ({"replicas": 2}, {"replicas": 1, "selector": "a=b"})
    custom.ok("PATCH", f"{WIDGETS}/w/scale", {"spec": {"replicas": 5}}, Content_Type=MERGE)
    found = custom.get(f"{WIDGETS}/w")
    assert (found["spec"]["size"], found["status"]["made"], found["metadata"]["generation"]) == (5, 1, 2)


def test_without_its_kind_there_is_nothing_to_see(custom: Api) -> None:
    custom.ok("POST", WIDGETS, widget())
    withdraw(custom.cluster)
    assert custom.ask("GET", WIDGETS).status_code == 404
    assert custom.ask("GET", "/apis/example.com").status_code == 404
    assert custom.cluster.count(WIDGET) == 0


def test_cluster_wide_kinds_have_no_namespace(api: Api) -> None:
    define(api.cluster, definition("Planet", namespaced=False))
    made = api.ok("POST", f"{BASE}/planets", widget("earth", "Planet"))
    assert "namespace" not in made["metadata"]
    assert api.get(f"{BASE}/planets/earth")["spec"] == {"size": 2}
    assert api.ask("GET", f"{BASE}/namespaces/default/planets").status_code == 404


def test_a_session_with_it_replays_from_the_journal_of_commands(custom: Api) -> None:
    """Who defines a kind is another issue's; what is done to its objects stands in the journal by its key."""
    custom.ok("POST", WIDGETS, widget())
    custom.ok("DELETE", f"{WIDGETS}/w")
    commands = [entry.command for entry in custom.cluster.journal][-2:]
    assert [command["do"] for command in commands] == ["create", "delete"]
    assert commands[1]["ref"] == [WIDGET, "default", "w"]
