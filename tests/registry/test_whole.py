"""What a client leaves out of a status is there all the same, empty."""

from __future__ import annotations

from typing import Any

import pytest

from app.registry.whole import whole_object, whole_status
from tests.support import builders
from tests.support.kinds import SCHEME

NOW, THEN = "2026-01-01T09:00:00Z", "2020-01-01T00:00:00Z"
GIVEN: dict[str, Any] = {"lastHeartbeatTime": THEN, "lastTransitionTime": THEN, "status": "True", "type": "Ready"}


def node(**status: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "status": status}


@pytest.mark.parametrize(
    ("condition", "missing"),
    [
        ({"type": "Ready"}, {"status": "", "lastHeartbeatTime": NOW, "lastTransitionTime": NOW}),
        ({**GIVEN, "lastTransitionTime": None}, {"lastTransitionTime": NOW}),
        ({}, {"type": "", "status": "", "lastHeartbeatTime": NOW, "lastTransitionTime": NOW}),
    ],
)
def test_a_condition_has_a_type_a_status_and_its_times(condition: dict[str, Any], missing: dict[str, Any]) -> None:
    whole = whole_status(node(conditions=[condition]), builders.NOW_MS)
    assert whole["status"]["conditions"] == [{**condition, **missing}]


def test_a_container_has_its_counts() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "status": {"containerStatuses": [{"state": {"terminated": {}}}]}}
    [container] = whole_status(pod, builders.NOW_MS)["status"]["containerStatuses"]
    assert (container["name"], container["ready"], container["restartCount"]) == ("", False, 0)
    assert container["state"]["terminated"] == {"exitCode": 0, "startedAt": NOW, "finishedAt": NOW}


@pytest.mark.parametrize("status", [{}, {"conditions": [GIVEN]}, {"capacity": {"cpu": "2"}}])
def test_a_status_that_lacks_nothing_is_the_same_object(status: dict[str, Any]) -> None:
    given = whole_status(node(**status), builders.NOW_MS)
    assert whole_status(given, builders.NOW_MS) is given


@pytest.mark.parametrize(("kind", "spec"), [("PodDisruptionBudget", {}), ("ConfigMap", None), ("Pod", {})])
def test_a_struct_that_is_no_pointer_cannot_be_absent(kind: str, spec: dict[str, Any] | None) -> None:
    definition = SCHEME.definition(kind)
    given = {"apiVersion": definition.row.api_version, "kind": kind, "metadata": {"name": "a"}}
    assert whole_object(given, definition.shape).get("spec") == spec
    whole = {**given, "spec": {"a": 1}}
    assert whole_object(whole, definition.shape) is whole
