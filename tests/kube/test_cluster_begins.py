"""What every cluster has from its beginning, as a client sees it; and a pod whose account is not there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.clients import Api

PODS = "/api/v1/namespaces/default/pods"
RBAC = "/apis/rbac.authorization.k8s.io/v1"


def names(api: Api, path: str) -> list[str]:
    return [each["metadata"]["name"] for each in api.get(path)["items"]]


def pod(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "nginx:1.27"}], **spec}}


def test_namespaces_and_what_each_has(api: Api) -> None:
    found = names(api, "/api/v1/namespaces")
    assert found == ["default", "kube-node-lease", "kube-public", "kube-system"]
    for each in found:
        assert names(api, f"/api/v1/namespaces/{each}/serviceaccounts") == ["default"]
        held = api.get(f"/api/v1/namespaces/{each}/configmaps/kube-root-ca.crt")
        assert held["data"]["ca.crt"].startswith("-----BEGIN CERTIFICATE-----")


def test_a_new_namespace_gets_them_from_its_loops(api: Api) -> None:
    api.ok("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
    api.cluster.advance(api.cluster.now_ms + 1_000)
    assert names(api, "/api/v1/namespaces/shop/serviceaccounts") == ["default"]
    assert names(api, "/api/v1/namespaces/shop/configmaps") == ["kube-root-ca.crt"]


def test_how_pods_reach_the_api_server(api: Api) -> None:
    service = api.get("/api/v1/namespaces/default/services/kubernetes")
    assert (service["spec"]["clusterIP"], service["spec"]["ports"][0]["port"]) == ("10.96.0.1", 443)
    assert "selector" not in service["spec"]
    slice_ = api.get("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes")
    (subset,) = api.get("/api/v1/namespaces/default/endpoints/kubernetes")["subsets"]
    assert [each["ip"] for each in subset["addresses"]] == slice_["endpoints"][0]["addresses"]


def test_roles_and_priorities(api: Api) -> None:
    assert {"admin", "cluster-admin", "edit", "view"} <= set(names(api, f"{RBAC}/clusterroles"))
    assert "cluster-admin" in names(api, f"{RBAC}/clusterrolebindings")
    classes = api.get("/apis/scheduling.k8s.io/v1/priorityclasses")["items"]
    assert {each["metadata"]["name"]: each["value"] for each in classes} == {
        "system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000,
    }  # fmt: skip


def test_what_an_editor_may_do_follows_from_the_roles_that_it_gathers(api: Api) -> None:
    admin, edit = (api.get(f"{RBAC}/clusterroles/{name}")["rules"] for name in ("admin", "edit"))
    assert all(rule in admin for rule in edit)
    assert any("pods" in rule.get("resources", ()) for rule in edit)


def test_a_pod_runs_as_the_account_of_its_namespace(api: Api) -> None:
    made = api.ok("POST", PODS, pod())
    assert (made["spec"]["serviceAccountName"], made["spec"]["serviceAccount"]) == ("default", "default")


@pytest.mark.parametrize("query", ["", "?dryRun=All"])
def test_a_pod_whose_account_is_not_there_is_refused(api: Api, query: str) -> None:
    status = api.status("POST", PODS + query, pod(serviceAccountName="robot"))
    assert (status["code"], status["reason"]) == (403, "Forbidden")
    assert status["message"] == (
        'pods "p" is forbidden: error looking up service account default/robot: serviceaccount "robot" not found'
    )
    assert status["details"] == {"name": "p", "kind": "pods"}
    api.ok("POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "robot"}})
    assert api.ok("POST", PODS + query, pod(serviceAccountName="robot"))["spec"]["serviceAccount"] == "robot"


def test_who_asks_for_pods_with_such_an_account_hears_of_it_by_an_event(api: Api) -> None:
    path = "/apis/apps/v1/namespaces/default/deployments"
    api.ok("PATCH", f"{path}/web", {"spec": {"template": {"spec": {"serviceAccountName": "robot"}}}}, **MERGE)
    api.cluster.advance(api.cluster.now_ms + 5_000)
    said = [each["message"] for each in api.get("/api/v1/namespaces/default/events")["items"]]
    assert any(
        each.startswith("Error creating: pods ") and each.endswith('serviceaccount "robot" not found') for each in said
    )


MERGE = {"Content_Type": "application/merge-patch+json"}
