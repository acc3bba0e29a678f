"""A client's half a status: the loops go on."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Ref
from tests.kube.clients import Api

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


def test_a_node_that_is_declared_with_half_a_condition(api: Api) -> None:
    status = {"conditions": [{"type": "Ready"}]}
    body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-9"}, "status": status}
    made = api.ok("POST", "/api/v1/nodes", body)
    assert made["status"]["conditions"][0]["status"] == ""
    api.cluster.advance(api.cluster.now_ms + 600_000)
    assert api.get("/api/v1/nodes/node-9")["status"]["conditions"]
