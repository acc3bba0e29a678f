"""OpenAPI documents: what kubectl's explain, apply and --validate look for in them, in both versions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.apimachinery.openapi import discovery, gnostic, openapi
from tests.support.kinds import SCHEME

CORE, META = "io.k8s.api.core.v1", "io.k8s.apimachinery.pkg.apis.meta.v1"


def document(group_version: str) -> openapi.Doc:
    found = openapi.openapi_v3(SCHEME, group_version)
    assert found is not None
    return found


def schemas(group_version: str) -> dict[str, openapi.Doc]:
    found: dict[str, openapi.Doc] = document(group_version)["components"]["schemas"]
    return found


def test_the_index_names_every_group_version_below_the_base() -> None:
    paths = openapi.openapi_v3_index(SCHEME, "/rooms/a/kube")["paths"]
    assert len(paths) == len(discovery.group_versions(SCHEME))
    url = paths["apis/apps/v1"]["serverRelativeURL"]
    assert url == f"/rooms/a/kube/openapi/v3/apis/apps/v1?hash={openapi.document_hash(SCHEME, 'apps/v1')}"
    assert "api/v1" in paths


@pytest.mark.parametrize("group_version", ["nope/v1", "apps/v9", ""])
def test_unknown_versions_are_none(group_version: str) -> None:
    assert openapi.openapi_v3(SCHEME, group_version) is None
    assert openapi.openapi_v3_json(SCHEME, group_version) is None


def test_the_bytes_are_the_document_and_are_kept() -> None:
    written = openapi.openapi_v3_json(SCHEME, "apps/v1")
    assert written is not None
    assert json.loads(written) == document("apps/v1")
    assert openapi.openapi_v3_json(SCHEME, "apps/v1") is written


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


@pytest.mark.parametrize("group_version", discovery.group_versions(SCHEME))
def test_every_reference_leads_somewhere(group_version: str) -> None:
    doc = document(group_version)
    known = {f"#/components/schemas/{name}" for name in doc["components"]["schemas"]}
    assert set(references(doc)) <= known


def test_kubectl_finds_what_a_patch_may_ask() -> None:
    """It validates through the server if the PATCH of the kind has the parameter fieldValidation."""
    patch = document("apps/v1")["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert patch["x-kubernetes-group-version-kind"] == {"group": "apps", "kind": "Deployment", "version": "v1"}
    names = [parameter["name"] for parameter in patch["parameters"]]
    assert names == ["dryRun", "fieldManager", "fieldValidation", "force"]
    assert "application/strategic-merge-patch+json" in patch["requestBody"]["content"]


def test_explain_finds_the_kind_by_the_path_of_the_resource() -> None:
    paths = document("v1")["paths"]
    for path in ("/api/v1/pods", "/api/v1/namespaces/{namespace}/pods", "/api/v1/nodes", "/api/v1/nodes/{name}"):
        assert paths[path]["get"]["x-kubernetes-group-version-kind"]["version"] == "v1"
    assert "delete" in paths["/api/v1/nodes"]
    assert "delete" not in paths["/api/v1/namespaces"]


def test_operations_have_names_of_their_own() -> None:
    for group_version in discovery.group_versions(SCHEME):
        items = document(group_version)["paths"].values()
        names = [each["operationId"] for item in items for each in item.values() if isinstance(each, dict)]
        assert len(names) == len(set(names))


def test_a_kind_says_which_it_is_and_what_it_is_for() -> None:
    deployment = schemas("apps/v1")["io.k8s.api.apps.v1.Deployment"]
    gvk = {"group": "apps", "kind": "Deployment", "version": "v1"}
    assert deployment["x-kubernetes-group-version-kind"] == [gvk]
    assert deployment["description"].startswith("Deployment enables declarative updates")
    listed = schemas("apps/v1")["io.k8s.api.apps.v1.DeploymentList"]
    assert listed["x-kubernetes-group-version-kind"] == [{**gvk, "kind": "DeploymentList"}]


def test_fields_have_types_strategies_and_owners() -> None:
    found = schemas("v1")
    spec = found[f"{CORE}.PodSpec"]
    containers = dict(spec["properties"]["containers"])
    assert containers.pop("description").startswith("List of containers")
    assert containers == {
        "type": "array",
        "items": {"allOf": [{"$ref": f"#/components/schemas/{CORE}.Container"}]},
        "x-kubernetes-patch-merge-key": "name",
        "x-kubernetes-patch-strategy": "merge",
        "x-kubernetes-list-map-keys": ["name"],
        "x-kubernetes-list-type": "map",
    }
    assert spec["required"] == ["containers"]
    assert spec["properties"]["volumes"]["x-kubernetes-patch-strategy"] == "merge,retainKeys"
    assert spec["properties"]["tolerations"]["x-kubernetes-list-type"] == "atomic"
    assert spec["properties"]["nodeSelector"]["x-kubernetes-map-type"] == "atomic"
    ports = found[f"{CORE}.Container"]["properties"]["ports"]
    assert ports["x-kubernetes-list-map-keys"] == ["containerPort", "protocol"]
    assert ports["x-kubernetes-patch-merge-key"] == "containerPort"
    assert found[f"{META}.ObjectMeta"]["properties"]["finalizers"]["x-kubernetes-list-type"] == "set"
    assert found[f"{META}.LabelSelector"]["x-kubernetes-map-type"] == "atomic"
    assert found[f"{CORE}.Container"]["properties"]["resources"]["default"] == {}


def test_plain_types_are_those_of_openapi() -> None:
    found = schemas("v1")
    container = found[f"{CORE}.Container"]["properties"]
    assert container["imagePullPolicy"]["enum"] == ["Always", "IfNotPresent", "Never"]
    grace = found[f"{CORE}.PodSpec"]["properties"]["terminationGracePeriodSeconds"]
    assert (grace["type"], grace["format"]) == ("integer", "int64")
    limits = found[f"{CORE}.ResourceRequirements"]["properties"]["limits"]
    quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity"
    assert limits["additionalProperties"] == {"allOf": [{"$ref": f"#/components/schemas/{quantity}"}]}
    assert found[quantity]["oneOf"] == [{"type": "string"}, {"type": "number"}]


# ------------------------------------------------------------------------------------------- version 2


def parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(number, bytes) of a message that has nothing but strings and messages."""
    position = 0

    def varint() -> int:
        nonlocal position
        value = shift = 0
        while True:
            byte = data[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while position < len(data):
        tag = varint()
        assert tag & 7 == 2
        size = varint()
        yield tag >> 3, data[position : position + size]
        position += size


def named(data: bytes, number: int) -> dict[str, bytes]:
    entries = [dict(parts(value)) for each, value in parts(data) if each == number]
    return {entry[1].decode(): entry[2] for entry in entries}


def test_version_2_in_protobuf_is_a_gnostic_document() -> None:
    found = dict(parts(gnostic.openapi_v2_protobuf(SCHEME)))
    assert found[1] == b"2.0"
    assert [text for _, text in parts(found[2])] == [b"Kubernetes", b"v1.36.2"]
    assert sorted(found) == [1, 2, 8, 9]


def test_its_schemas_say_what_those_in_json_say() -> None:
    found = dict(parts(gnostic.openapi_v2_protobuf(SCHEME)))
    definitions = named(found[9], 1)
    assert definitions.keys() == gnostic.openapi_v2(SCHEME)["definitions"].keys()
    spec = definitions[f"{CORE}.PodSpec"]
    assert [text for number, text in parts(spec) if number == 19] == [b"containers"]
    containers = named(dict(parts(spec))[25], 1)["containers"]
    items = dict(parts(dict(parts(containers))[23]))[1]
    assert dict(parts(items))[1].decode() == f"#/definitions/{CORE}.Container"
    strategy = named(containers, 31)["x-kubernetes-patch-merge-key"]
    assert dict(parts(strategy))[2] == b'"name"\n'
    [gvk] = json.loads(dict(parts(named(definitions[f"{CORE}.Pod"], 31)["x-kubernetes-group-version-kind"]))[2])
    assert gvk == {"group": "", "kind": "Pod", "version": "v1"}


def test_its_patches_take_a_dry_run() -> None:
    found = dict(parts(gnostic.openapi_v2_protobuf(SCHEME)))
    item = dict(parts(named(found[8], 2)["/api/v1/namespaces/{namespace}/pods/{name}"]))
    queries = [dict(parts(dict(parts(dict(parts(value))[1]))[2]))[3] for number, value in parts(item[8]) if number == 8]
    assert [dict(parts(query))[4] for query in queries] == [b"dryRun", b"fieldManager", b"fieldValidation", b"force"]


def test_version_2_in_json() -> None:
    doc = json.loads(gnostic.openapi_v2_json(SCHEME))
    assert doc["swagger"] == "2.0"
    assert set(references(doc)) <= {f"#/definitions/{name}" for name in doc["definitions"]}
    meta = doc["definitions"]["io.k8s.api.apps.v1.Deployment"]["properties"]["metadata"]
    assert meta["$ref"] == f"#/definitions/{META}.ObjectMeta"
