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
         'CreateOptions.meta.k8s.io "" is invalid: fieldManager: Invalid value: "a\\a": '
         "invalid character U+0007 (at position 1)"),
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


@pytest.mark.parametrize(("length", "number", "kept"), [(10, 90, 90), (300, 13, 13), (300, 14, 14), (300, 90, 16)])
def test_warnings_are_clipped_when_they_are_too_long_together(api: Api, length: int, number: int, kept: int) -> None:
    """4,096 characters, or so many of at most 256."""
    unknown = [f'unknown field "{index:03}{"x" * (length - 3)}"' for index in range(number)]
    response = api.ask("POST", CONFIGS, {**CONFIG, **{text[15:-1]: 1 for text in unknown}})
    assert response.status_code == 201
    whole = sum(map(len, unknown)) <= 4096
    texts = unknown if whole else [text[:256] for text in unknown[:kept]]
    assert response.headers.getlist("Warning") == ['299 - "{}"'.format(text.replace('"', '\\"')) for text in texts]


def test_a_warning_comes_once_as_it_is_and_not_at_all_if_no_header_holds_it(api: Api) -> None:
    owner = {"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u-1"}
    made = {**CONFIG, "metadata": {"name": "a", "ownerReferences": [owner, owner]}, "über": 1, "a\nb": 2}
    response = api.ask("POST", CONFIGS, made)
    told = [text.encode("latin-1").decode() for text in response.headers.getlist("Warning")]
    again = (
        ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may "
    )
    again += "reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: u-1"
    assert told == [
        '299 - "unknown field \\"über\\""',
        f'299 - "{again}"',
    ]
    assert response.get_json()["metadata"]["ownerReferences"] == [owner]
    patched = api.ask("PATCH", f"{CONFIGS}/a", {"metadata": {"ownerReferences": [owner, owner]}}, Content_Type=MERGE)
    assert "after mutating admission happens" in patched.headers["Warning"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("GET", "/none"), ("DELETE", ""), ("GET", "?watch=1&timeoutSeconds=1")]
)
def test_who_asks_for_endpoints_is_told_of_slices(api: Api, method: str, path: str) -> None:
    response = api.ask(method, f"/api/v1/namespaces/default/endpoints{path}")
    assert response.headers.getlist("Warning") == [
        '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
    ]


def test_a_token_after_two_spaces_is_none(api: Api) -> None:
    assert "Warning" not in api.ask("GET", CONFIGS, Authorization="Bearer abc").headers
    told = "the provided Authorization header contains extra space before the bearer token, and is ignored"
    assert api.ask("GET", CONFIGS, Authorization="Bearer  abc").headers["Warning"] == f'299 - "{told}"'


TWICE = {"containers": [{"name": "c", "image": "i", "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}]}
HIDES = 'env[1]: hides previous definition of \\"A\\", which may be dropped when using apply'


def test_every_door_that_writes_warns(api: Api) -> None:
    template = {"metadata": {"labels": {"app": "b"}}, "spec": TWICE}
    spec = {"selector": {"matchLabels": {"app": "b"}}, "template": template}
    made = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "b"}, "spec": spec}
    deployments = WEB.removesuffix("/web")
    told = [f'299 - "spec.template.spec.containers[0].{HIDES}"']
    dry = api.ask("POST", f"{deployments}?dryRun=All", made)
    assert dry.headers.getlist("Warning") == told
    assert api.ask("POST", deployments, made).headers.getlist("Warning") == told
    new = {**made, "spec": {**spec, "minReadySeconds": 1}}
    assert api.ask("PUT", f"{deployments}/b", new).headers.getlist("Warning") == told
    assert api.ask("PUT", f"{deployments}/b", new).headers.getlist("Warning") == []
    patched = api.ask("PATCH", f"{deployments}/b", {"spec": {"paused": True}}, Content_Type=MERGE)
    assert patched.headers.getlist("Warning") == told
    scaled = api.ask("PATCH", f"{deployments}/b/scale", {"spec": {"replicas": 2}}, Content_Type=MERGE)
    assert scaled.headers.getlist("Warning") == told
    service = {**CONFIG, "kind": "Service", "spec": {"externalName": "a.b", "ports": [{"port": 80}]}}
    path = "/api/v1/namespaces/default/services/a?fieldManager=t"
    answer = api.ask("PATCH", path, service, Content_Type="application/apply-patch+yaml")
    ignored = '299 - "spec.externalName is ignored when spec.type is not \\"ExternalName\\""'
    assert (answer.status_code, answer.headers.getlist("Warning")) == (201, [ignored])
