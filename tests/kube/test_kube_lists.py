"""Get, list, Table and discovery, as bytes on the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.clients import Api

SECRETS = "/api/v1/namespaces/default/secrets"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


def put(api: Api, *names: str, **labels: str) -> None:
    for name in names:
        meta = {"name": name, "labels": labels}
        api.ok("POST", SECRETS, {"apiVersion": "v1", "kind": "Secret", "metadata": meta})


def names(listed: dict[str, Any]) -> list[str]:
    return [item["metadata"]["name"] for item in listed["items"]]


def test_a_list_bears_its_kind_and_version(api: Api) -> None:
    put(api, "b", "a")
    listed = api.get(SECRETS)
    assert (listed["kind"], listed["apiVersion"]) == ("SecretList", "v1")
    assert listed["metadata"] == {"resourceVersion": str(api.cluster.store.revision)}
    assert names(listed) == ["a", "b"]
    assert names(api.get("/api/v1/secrets")) == ["a", "b"]
    assert names(api.get("/api/v1/namespaces/nowhere/secrets")) == []


def test_pages_show_the_list_as_it_was_when_the_first_was_asked_for(api: Api) -> None:
    put(api, "a", "b", "c")
    first = api.get(f"{SECRETS}?limit=2")
    assert names(first) == ["a", "b"]
    assert first["metadata"]["remainingItemCount"] == 1
    put(api, "bb", "d")
    api.ok("DELETE", f"{SECRETS}/c")
    rest = api.get(f"{SECRETS}?limit=2&continue={first['metadata']['continue']}")
    assert names(rest) == ["c"]
    assert rest["metadata"] == {"resourceVersion": first["metadata"]["resourceVersion"]}


def test_an_old_page_is_gone(api: Api) -> None:
    put(api, "a", "b")
    token = api.get(f"{SECRETS}?limit=1")["metadata"]["continue"]
    api.cluster.store.log.limit = 0
    put(api, "c")
    assert api.status("GET", f"{SECRETS}?continue={token}")["code"] == 410


def test_an_exact_version(api: Api) -> None:
    put(api, "a")
    version = api.cluster.store.revision
    put(api, "b")
    assert names(api.get(f"{SECRETS}?resourceVersion={version}&resourceVersionMatch=Exact")) == ["a"]
    assert names(api.get(f"{SECRETS}?resourceVersion={version}")) == ["a", "b"]
    assert names(api.get(f"{SECRETS}?resourceVersion=0")) == ["a", "b"]
    assert api.status("GET", f"{SECRETS}?resourceVersionMatch=Exact")["reason"] == "Invalid"


def test_selected(api: Api) -> None:
    put(api, "a", tier="front")
    put(api, "b", tier="back")
    assert names(api.get(f"{SECRETS}?labelSelector=tier%20in%20(front)")) == ["a"]
    assert names(api.get(f"{SECRETS}?fieldSelector=metadata.name%3Db")) == ["b"]
    selected = api.get(f"{SECRETS}?labelSelector=tier&limit=1")
    assert "remainingItemCount" not in selected["metadata"]


@pytest.mark.parametrize(("include", "shown"), [("", "PartialObjectMetadata"), ("Object", "Secret"), ("None", None)])
def test_a_table(api: Api, include: str, shown: str | None) -> None:
    put(api, "a")
    query = f"?includeObject={include}" if include else ""
    table = api.get(SECRETS + query, Accept=TABLE)
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert table["columnDefinitions"][0] == {
        "name": "Name", "type": "string", "format": "name", "description": "", "priority": 0,
    }  # fmt: skip
    (row,) = table["rows"]
    assert row["cells"] == ["a", "Opaque", 0, "0s"]
    assert (row["object"] and row["object"]["kind"]) == shown
    one = api.get(f"{SECRETS}/a{query}", Accept=TABLE)
    assert one["rows"] == table["rows"]


def test_metadata_only(api: Api) -> None:
    put(api, "a")
    listed = api.get(SECRETS, Accept=METADATA)
    assert listed["kind"] == "PartialObjectMetadataList"
    assert listed["items"][0].keys() == {"kind", "apiVersion", "metadata"}


def test_the_same_bytes_again_for_an_object_that_did_not_change(api: Api) -> None:
    put(api, "a")
    first, second = (api.ask("GET", SECRETS).get_data() for _ in range(2))
    assert first == second
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"x": "MQ=="}}
    api.ok("PUT", f"{SECRETS}/a", secret)
    assert json.loads(api.ask("GET", SECRETS).get_data())["items"][0]["data"] == {"x": "MQ=="}


def test_the_first_clause_of_accept_that_we_can_satisfy_wins(api: Api) -> None:
    put(api, "a")
    for accept, kind in (
        ("application/vnd.kubernetes.protobuf,application/json", "SecretList"),
        ("application/json;as=Table;v=v9;g=meta.k8s.io,application/json", "SecretList"),
        ("*/*", "SecretList"),
        ("application/yaml", "SecretList"),
        (TABLE, "Table"),
    ):
        assert api.get(SECRETS, Accept=accept)["kind"] == kind


AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


def test_discovery_in_both_forms(api: Api) -> None:
    for path, kind in (("/api", "APIVersions"), ("/apis", "APIGroupList"), ("/api/", "APIVersions")):
        assert api.get(path)["kind"] == kind
        response = api.ask("GET", path, Accept=AGGREGATED)
        assert response.content_type == "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        assert response.get_json()["kind"] == "APIGroupDiscoveryList"
    assert api.get("/apis/apps/v1")["kind"] == api.get("/api/v1")["kind"] == "APIResourceList"
    assert api.get("/apis/apps")["kind"] == "APIGroup"


def test_openapi_points_below_the_room(api: Api) -> None:
    index = api.get("/openapi/v3")["paths"]
    address = index["apis/apps/v1"]["serverRelativeURL"]
    assert address.startswith(api.base)
    response = api.ask("GET", address.removeprefix(api.base))
    assert "max-age" in response.headers["Cache-Control"]
    assert "components" in response.get_json()


def test_the_kubeconfig_is_a_download(api: Api) -> None:
    response = api.client.get(f"/rooms/{api.room.id}/kubeconfig")
    context = f"loopscope-{api.room.id[:6]}"
    assert response.headers["Content-Disposition"] == f"attachment; filename={context}.yaml"
    text = response.get_data(as_text=True)
    assert f"current-context: {context}\n" in text
    assert f"server: http://localhost/rooms/{api.room.id}/kube\n" in text
