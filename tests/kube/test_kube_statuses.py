"""A client's half a status: the loops go on."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Ref
from tests.support.clients import Api

MERGE, STRATEGIC, APPLY = (
    f"application/{name}" for name in ("merge-patch+json", "strategic-merge-patch+json", "apply-patch+yaml")
)
NODE = "/api/v1/nodes/node-1/status"
HALVES: list[Any] = [{"type": "Ready"}, {"type": "Ready", "status": "True"}, {"type": "Broken", "status": "True"}]


@pytest.mark.parametrize("condition", HALVES)
@pytest.mark.parametrize("content_type", [MERGE, STRATEGIC, APPLY])
def test_half_a_condition_of_a_node_stops_nothing(api: Api, condition: Any, content_type: str) -> None:
    body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}, "status": {"conditions": [condition]}}
    api.ok("PATCH", f"{NODE}?fieldManager=x" + ("&force=true" if content_type == APPLY else ""), body,
           Content_Type=content_type)  # fmt: skip
    api.cluster.advance(api.cluster.now_ms + 600_000)
    node = api.cluster.get(Ref("Node", "", "node-1"))
    assert node is not None
    [ready] = [each for each in node["status"]["conditions"] if each["type"] == "Ready"]
    assert ready["status"] == "True"
    assert ready["lastTransitionTime"]


def test_half_a_condition_of_a_deployment_stops_nothing(api: Api) -> None:
    path = "/apis/apps/v1/namespaces/default/deployments/web"
    halves = {"status": {"conditions": [{"type": "Progressing", "status": "True"}, {"type": "Available"}]}}
    api.ok("PATCH", f"{path}/status", halves, Content_Type=MERGE)
    api.cluster.advance(api.cluster.now_ms + 60_000)
    conditions = {each["type"]: each["status"] for each in api.get(path)["status"]["conditions"]}
    assert conditions == {"Progressing": "True", "Available": "True"}


def test_the_network_of_a_node_stays(api: Api) -> None:
    status = api.status("PATCH", "/api/v1/nodes/node-1", {"spec": {"podCIDR": "1.2.3.0/24"}}, Content_Type=MERGE)
    assert status["details"]["causes"][0]["field"] == "spec.podCIDRs"
    assert 'node updates may not change podCIDR except from "" to valid' in status["message"]


def test_a_node_that_is_declared_with_half_a_condition(api: Api) -> None:
    status = {"conditions": [{"type": "Ready"}]}
    body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-9"}, "status": status}
    made = api.ok("POST", "/api/v1/nodes", body)
    assert made["status"]["conditions"][0]["status"] == ""
    api.cluster.advance(api.cluster.now_ms + 600_000)
    assert api.get("/api/v1/nodes/node-9")["status"]["conditions"]
