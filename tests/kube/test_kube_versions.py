"""A kind that is served in two versions: autoscaling/v1 beside autoscaling/v2, which is stored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.cluster import Cluster
from tests.support.clients import Api

NAMESPACED = "namespaces/default/horizontalpodautoscalers"
V1, V2 = f"/apis/autoscaling/v1/{NAMESPACED}", f"/apis/autoscaling/v2/{NAMESPACED}"
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
# What kubectl 1.32 sends for `kubectl autoscale deployment d1 --max=3`.
PROTOBUF = bytes.fromhex(
    "6b3873000a290a0e6175746f7363616c696e672f76311217486f72697a6f6e74616c506f644175746f7363616c657212390a120a02643112"
    "001a0022002a00320038004200121d0a190a0a4465706c6f796d656e74120264311a07617070732f763118031a04180020001a002200"
)


def v1(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web"}, "spec": {"scaleTargetRef": TARGET, "maxReplicas": 5, **spec}}


def cpu_of(obj: dict[str, Any]) -> Any:
    (metric,) = obj["spec"]["metrics"]
    return metric["resource"]["target"]["averageUtilization"]


def test_either_version_shows_what_the_other_made(api: Api) -> None:
    made = api.ok("POST", V1, v1(targetCPUUtilizationPercentage=70))
    assert (made["apiVersion"], made["spec"]["targetCPUUtilizationPercentage"]) == ("autoscaling/v1", 70)
    assert cpu_of(api.get(f"{V2}/web")) == 70
    listed = api.get(V1)
    assert (listed["kind"], listed["apiVersion"]) == ("HorizontalPodAutoscalerList", "autoscaling/v1")
    kind = {"kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v1"}
    assert [kind | item for item in listed["items"]] == [api.get(f"{V1}/web")]
    assert cpu_of(api.get(V2)["items"][0]) == 70
    assert len(api.get("/apis/autoscaling/v1/horizontalpodautoscalers")["items"]) == 1


def test_the_table_is_the_same_and_its_rows_are_of_the_version_asked_for(api: Api) -> None:
    api.ok("POST", V1, v1())
    first, second = (api.get(f"{path}?includeObject=Object", Accept=TABLE) for path in (V1, V2))
    assert first["rows"][0]["cells"] == second["rows"][0]["cells"]
    assert [table["rows"][0]["object"]["apiVersion"] for table in (first, second)] == [
        "autoscaling/v1",
        "autoscaling/v2",
    ]


def test_a_watch_tells_of_it_in_the_version_of_its_address(api: Api) -> None:
    api.ok("POST", V1, v1())
    version = api.get(f"{V1}/web")["metadata"]["resourceVersion"]
    api.ok("DELETE", f"{V2}/web")
    initial = api.stream(f"{V1}?watch=true&timeoutSeconds=1&resourceVersion={int(version) - 1}")
    assert [(event["type"], event["object"]["apiVersion"]) for event in initial] == [
        ("ADDED", "autoscaling/v1"), ("DELETED", "autoscaling/v1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("patch_type", "patch"),
    [
        ("merge-patch+json", {"spec": {"targetCPUUtilizationPercentage": 40}}),
        ("strategic-merge-patch+json", {"spec": {"targetCPUUtilizationPercentage": 40}}),
        ("json-patch+json", [{"op": "replace", "path": "/spec/targetCPUUtilizationPercentage", "value": 40}]),
        (
            "apply-patch+yaml",
            {
                "apiVersion": "autoscaling/v1",
                "kind": "HorizontalPodAutoscaler",
                **v1(targetCPUUtilizationPercentage=40),
            },
        ),
    ],
)
def test_a_patch_is_written_for_the_version_of_its_address(api: Api, patch_type: str, patch: Any) -> None:
    api.ok("POST", V1, v1(targetCPUUtilizationPercentage=70))
    path = f"{V1}/web?fieldManager=me&force=true" if "apply" in patch_type else f"{V1}/web"
    patched = api.ok("PATCH", path, patch, Content_Type=f"application/{patch_type}")
    assert patched["spec"]["targetCPUUtilizationPercentage"] == 40
    assert cpu_of(api.get(f"{V2}/web")) == 40
    again = Cluster.replay(api.cluster.seed, api.cluster.epoch_ms, api.cluster.journal)
    assert again.store.objects("HorizontalPodAutoscaler") == api.cluster.store.objects("HorizontalPodAutoscaler")


def test_replace_keeps_what_v1_has_no_field_for(api: Api) -> None:
    memory = {
        "type": "Resource",
        "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}},
    }
    api.ok("POST", V2, v1(metrics=[memory]))
    seen = api.get(f"{V1}/web")
    replaced = api.ok("PUT", f"{V1}/web", {**seen, "spec": {**seen["spec"], "maxReplicas": 9}})
    assert replaced["spec"]["maxReplicas"] == 9
    assert api.get(f"{V2}/web")["spec"]["metrics"] == [memory]


def test_protobuf_and_the_wrong_address(api: Api) -> None:
    made = api.ok("POST", V1, PROTOBUF, Content_Type="application/vnd.kubernetes.protobuf")
    assert (made["metadata"]["name"], made["spec"]["maxReplicas"]) == ("d1", 3)
    said = api.status("POST", V1, {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", **v1()})
    assert said["message"] == (
        "the API version in the data (autoscaling/v2) does not match the expected API version (autoscaling/v1)"
    )
    said = api.status("POST", f"{V1}?fieldValidation=Strict", v1(metrics=[]))
    assert 'strict decoding error: unknown field "spec.metrics"' in said["message"]


def test_discovery_and_schemas_have_both_and_prefer_the_stored_one(api: Api) -> None:
    group = api.get("/apis/autoscaling")
    assert [each["version"] for each in group["versions"]] == ["v2", "v1"]
    assert group["preferredVersion"]["version"] == "v2"
    hashes = {
        resource["storageVersionHash"]
        for version in ("v1", "v2")
        for resource in api.get(f"/apis/autoscaling/{version}")["resources"]
        if "storageVersionHash" in resource
    }
    assert len(hashes) == 1
    for path in ("/openapi/v3/apis/autoscaling/v1", "/openapi/v2"):
        assert "targetCPUUtilizationPercentage" in json.dumps(api.get(path))
