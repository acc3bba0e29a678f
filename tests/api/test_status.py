"""What changed in a status, in few words."""

from __future__ import annotations

from app.api.status import changed_fields


def test_only_the_fields_that_differ_are_named() -> None:
    assert changed_fields({"replicas": 3, "readyReplicas": 1}, {"replicas": 3, "unavailableReplicas": 2}) == (
        {"readyReplicas": 1, "unavailableReplicas": None},
        {"readyReplicas": None, "unavailableReplicas": 2},
    )


def test_a_condition_is_named_by_its_type() -> None:
    available = {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"}
    assert changed_fields({"conditions": [available]}, None) == (
        {"Available": "True MinimumReplicasAvailable"},
        {"Available": None},
    )
