"""Requests that no careful client sends, and what a demanding user tried: refused as Kubernetes refuses them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.clients import Api

CONFIGS = "/api/v1/namespaces/default/configmaps"
WEB = "/apis/apps/v1/namespaces/default/deployments/web"
MERGE, JSON = "application/merge-patch+json", "application/json-patch+json"
CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
def test_a_namespace_of_the_system_may_not_be_deleted(api: Api, name: str) -> None:
    status = api.status("DELETE", f"/api/v1/namespaces/{name}")
    assert status["message"] == f'namespaces "{name}" is forbidden: this namespace may not be deleted'
    assert (status["reason"], status["details"]) == ("Forbidden", {"name": name, "kind": "namespaces"})
    assert "deletionTimestamp" not in api.get(f"/api/v1/namespaces/{name}")["metadata"]


@pytest.mark.parametrize("path", ["/api/v1/namespaces", "/api/v1/pods", "/apis/apps/v1/deployments"])
def test_no_collection_across_namespaces_is_deleted(api: Api, path: str) -> None:
    before = api.cluster.store.revision
    assert api.status("DELETE", path)["reason"] == "MethodNotAllowed"
    assert api.cluster.store.revision == before


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("POST", f"{CONFIGS}?dryRun=Some", CONFIG,
         'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"'),
        ("PUT", f"{WEB}?fieldManager={'x' * 129}", {},
         'UpdateOptions.meta.k8s.io "" is invalid: fieldManager: Too long: may not be more than 128 bytes'),
        ("POST", f"{CONFIGS}?fieldManager=a%07", CONFIG,
         'CreateOptions.meta.k8s.io "" is invalid: fieldManager: Invalid value: "a\\u0007": '
         "should only contain printable characters"),
        ("PATCH", f"{WEB}?force=true", {},
         'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch'),
        ("DELETE", WEB, {"orphanDependents": True, "propagationPolicy": "Orphan"},
         'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": '
         "orphanDependents and deletionPropagation cannot be both set"),
        ("DELETE", f"{WEB}?dryRun=Some", None,
         'DeleteOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"'),
    ],
)  # fmt: skip
def test_options_that_there_are_not(api: Api, method: str, path: str, body: Any, message: str) -> None:
    before = api.cluster.store.revision
    headers = {"Content_Type": MERGE} if method == "PATCH" else {}
    status = api.status(method, path, body, **headers)
    assert (status["message"], status["reason"]) == (message, "Invalid")
    assert api.cluster.store.revision == before


@pytest.mark.parametrize(
    ("content_type", "patch", "message"),
    [
        (MERGE, [], "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"),
        (JSON, {}, "json: cannot unmarshal object into Go value of type jsonpatch.Patch"),
        (JSON, [1], "json: cannot unmarshal number into Go value of type jsonpatch.Operation"),
    ],
)
def test_a_patch_of_another_shape(api: Api, content_type: str, patch: Any, message: str) -> None:
    assert api.status("PATCH", WEB, patch, Content_Type=content_type)["message"] == message


def test_after_a_reset_an_informer_lists_again_at_once(api: Api) -> None:
    """client-go asks ten times, a second apart, where a Retry-After is told; without one it begins anew."""
    response = api.ask("GET", f"{CONFIGS}?resourceVersion=999999")
    status = response.get_json()
    assert (status["code"], status["details"]["causes"][0]["reason"]) == (504, "ResourceVersionTooLarge")
    assert "Retry-After" not in response.headers


def test_an_answer_has_at_most_twenty_warnings(api: Api) -> None:
    unknown = {f"field{number}": 1 for number in range(90)}
    response = api.ask("POST", CONFIGS, {**CONFIG, **unknown})
    assert response.status_code == 201
    assert len(response.headers.getlist("Warning")) == 20
