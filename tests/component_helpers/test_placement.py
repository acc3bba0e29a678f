"""Taints and tolerations, node selectors and node affinity."""

from __future__ import annotations

from typing import Any

import pytest

from app.component_helpers import placement
from tests.support.builders import node

TAINT = {"key": "dedicated", "value": "db", "effect": "NoSchedule"}
NODE = node("node-1", labels={"disk": "ssd", "cores": "8"})


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        ({"key": "dedicated", "operator": "Equal", "value": "db", "effect": "NoSchedule"}, True),
        ({"key": "dedicated", "value": "db"}, True),
        ({"key": "dedicated", "value": "web"}, False),
        ({"key": "dedicated", "operator": "Exists"}, True),
        ({"key": "dedicated", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"operator": "Exists"}, True),
        ({"key": "other", "operator": "Exists"}, False),
        ({"value": "db"}, False),
    ],
)
def test_tolerations(toleration: dict[str, Any], tolerated: bool) -> None:
    assert placement.tolerates(toleration, TAINT) is tolerated


def test_a_taint_without_a_value_is_tolerated_by_one_without() -> None:
    assert placement.tolerates({"key": "gpu", "operator": "Equal"}, {"key": "gpu", "effect": "NoSchedule"})


def test_only_taints_of_the_effects_asked_about_count() -> None:
    soft = {"key": "old", "effect": "PreferNoSchedule"}
    assert placement.untolerated([TAINT, soft], [], placement.HARD_EFFECTS) == [TAINT]
    assert placement.untolerated([TAINT, soft], [{"operator": "Exists"}], ("PreferNoSchedule",)) == []


def required(*terms: dict[str, Any]) -> dict[str, Any]:
    rule = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}
    return {"affinity": {"nodeAffinity": rule}}


def labels(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ({}, True),
        ({"nodeSelector": {"disk": "ssd"}}, True),
        ({"nodeSelector": {"disk": "hdd"}}, False),
        (required(labels("disk", "In", "ssd", "nvme")), True),
        (required(labels("disk", "NotIn", "ssd")), False),
        (required(labels("gpu", "Exists")), False),
        (required(labels("gpu", "DoesNotExist")), True),
        (required(labels("cores", "Gt", "4")), True),
        (required(labels("cores", "Lt", "8")), False),
        (required(labels("disk", "In", "hdd"), labels("cores", "Exists")), True),
        (required({}), False),
        (required({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]}), True),
        (required({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-2"]}]}), False),
        ({"nodeSelector": {"disk": "ssd"}, **required(labels("gpu", "Exists"))}, False),
    ],
)
def test_which_nodes_a_pod_admits(spec: dict[str, Any], wanted: bool) -> None:
    assert placement.wants_node(spec, NODE) is wanted


def test_preferred_terms_add_up() -> None:
    terms = [
        {"weight": 10, "preference": labels("disk", "In", "ssd")},
        {"weight": 5, "preference": labels("gpu", "Exists")},
        {"weight": 1, "preference": {}},
    ]
    spec = {"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": terms}}}
    assert placement.has_preference(spec)
    assert placement.preference(spec, NODE) == 11
    assert not placement.has_preference({"affinity": {}})
