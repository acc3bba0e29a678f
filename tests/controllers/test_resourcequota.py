"""Counting what a namespace uses."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj
from app.controllers.resourcequota import QuotaSeen, ResourceQuotaController
from app.reconcile import UpdateStatus
from tests.support.builders import pod, service
from tests.support.kinds import KINDS


def quota(status: dict[str, Any] | None = None, scopes: tuple[str, ...] = (), **hard: str) -> Obj:
    meta = {"name": "team", "namespace": "default", "uid": "quota", "resourceVersion": "1"}
    spec: dict[str, Any] = {"hard": {name.replace("__", "."): amount for name, amount in hard.items()}}
    if scopes:
        spec["scopes"] = list(scopes)
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": spec, "status": status or {}}


def used(of: Obj, *found: Obj) -> dict[str, str] | None:
    by_resource: dict[str, list[Obj]] = {}
    for each in found:
        by_resource.setdefault(KINDS[each["kind"]].resource, []).append(each)
    differences = list(ResourceQuotaController().diff(QuotaSeen(of, by_resource)))
    if not differences:
        return None
    (update,) = differences[0].actions
    assert isinstance(update, UpdateStatus)
    amounts: dict[str, str] = update.status["used"]
    return amounts


def test_pods_and_what_they_ask_for_are_added_up() -> None:
    found = [pod("a", requests={"cpu": "250m"}), pod("b", requests={"cpu": "1"})]
    assert used(quota(pods="4", requests__cpu="2"), *found) == {"pods": "2", "requests.cpu": "1250m"}


def test_pods_that_have_ended_use_nothing() -> None:
    assert used(quota(pods="4"), pod("a"), pod("b", phase="Succeeded")) == {"pods": "1"}


def test_scopes_leave_others_out() -> None:
    found = [pod("a", requests={"cpu": "1"}), pod("b")]
    assert used(quota(scopes=("BestEffort",), pods="4"), *found) == {"pods": "1"}
    assert used(quota(scopes=("NotBestEffort",), pods="4"), *found) == {"pods": "1"}


@pytest.mark.parametrize(
    ("rule", "counts"),
    [
        ({"operator": "Exists"}, "1"),
        ({"operator": "DoesNotExist"}, "1"),
        ({"operator": "In", "values": ["high", "low"]}, "1"),
        ({"operator": "In", "values": ["low"]}, "0"),
        ({"operator": "NotIn", "values": ["high"]}, "1"),
        ({"operator": "NotIn", "values": ["low"]}, "2"),
    ],
)
def test_a_scope_of_priority_classes(rule: dict[str, Any], counts: str) -> None:
    important = pod("a")
    important = {**important, "spec": {**important["spec"], "priorityClassName": "high"}}
    of = quota(pods="4")
    selector = {"matchExpressions": [{"scopeName": "PriorityClass", **rule}]}
    of = {**of, "spec": {**of["spec"], "scopeSelector": selector}}
    assert used(of, important, pod("b")) == {"pods": counts}


def test_claims_are_counted_by_their_class_too() -> None:
    spec = {"storageClassName": "fast", "resources": {"requests": {"storage": "3Gi"}}}
    claim = {"kind": "PersistentVolumeClaim", "metadata": {"name": "c", "namespace": "default"}, "spec": spec}
    of = quota()
    hard = {"requests.storage": "9Gi"}
    hard |= {
        f"fast.storageclass.storage.k8s.io/{each}": "9Gi" for each in ("requests.storage", "persistentvolumeclaims")
    }
    of = {**of, "spec": {"hard": hard}}
    assert used(of, claim) == {
        "requests.storage": "3Gi",
        "fast.storageclass.storage.k8s.io/requests.storage": "3Gi",
        "fast.storageclass.storage.k8s.io/persistentvolumeclaims": "1",
    }


def test_services() -> None:
    assert used(quota(services="2", services__nodeports="1"), service()) == {"services": "1", "services.nodeports": "0"}


def test_an_exact_count_is_left_alone() -> None:
    exact = {"hard": {"pods": "4"}, "used": {"pods": "1"}}
    assert used(quota(exact, pods="4"), pod("a")) is None
