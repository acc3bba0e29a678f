"""Counting what a namespace uses."""

from __future__ import annotations

from typing import Any

from app.api.objects import Obj
from app.controllers.resourcequota import QuotaSeen, ResourceQuotaController
from app.reconcile import UpdateStatus
from tests.builders import pod, service


def quota(status: dict[str, Any] | None = None, scopes: tuple[str, ...] = (), **hard: str) -> Obj:
    meta = {"name": "team", "namespace": "default", "uid": "quota", "resourceVersion": "1"}
    spec: dict[str, Any] = {"hard": {name.replace("__", "."): amount for name, amount in hard.items()}}
    if scopes:
        spec["scopes"] = list(scopes)
    return {"kind": "ResourceQuota", "metadata": meta, "spec": spec, "status": status or {}}


def used(of: Obj, *found: Obj) -> dict[str, str] | None:
    differences = list(ResourceQuotaController().diff(QuotaSeen(of, found)))
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


def test_services() -> None:
    assert used(quota(services="2", services__nodeports="1"), service()) == {"services": "1", "services.nodeports": "0"}


def test_an_exact_count_is_left_alone() -> None:
    exact = {"hard": {"pods": "4"}, "used": {"pods": "1"}}
    assert used(quota(exact, pods="4"), pod("a")) is None
