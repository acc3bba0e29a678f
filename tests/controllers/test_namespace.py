"""The namespace controller decides: what is left in a namespace that is going -> deletions, conditions, the end."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import conditions, objects
from app.api.objects import Obj, Ref
from app.controllers.namespace import NamespaceController, NamespaceObservation
from app.reconcile import Delete, Difference, Failure, Patch, RequeueAfter, UpdateStatus
from tests.support.builders import NOW_MS, deployment, namespace, pod, replica_set, service
from tests.support.kinds import KINDS

SHOP = namespace("shop", deleting=True)


def diff(ns: Obj, *left: Obj, failures: tuple[Failure, ...] = ()) -> list[Difference]:
    content: dict[str, list[Obj]] = {}
    for each in left:
        content.setdefault(KINDS[each["kind"]].resource, []).append(each)
    return list(NamespaceController().diff(NamespaceObservation(ns, content, failures, NOW_MS)))


def deleted(differences: list[Difference]) -> list[Ref]:
    return [action.ref for gap in differences for action in gap.actions if isinstance(action, Delete)]


def delay(differences: list[Difference]) -> int:
    (wake,) = [action for gap in differences for action in gap.actions if isinstance(action, RequeueAfter)]
    return wake.delay_ms


def status_of(differences: list[Difference]) -> dict[str, Any]:
    (action,) = [action for gap in differences for action in gap.actions if isinstance(action, UpdateStatus)]
    return action.status


def going(obj: Obj, *finalizers: str) -> Obj:
    return objects.with_metadata(obj, deletionTimestamp="2026-01-01T09:00:00Z", finalizers=list(finalizers) or None)


def test_pods_go_first() -> None:
    differences = diff(SHOP, pod("a"), pod("b"), deployment(), service())
    assert [ref.name for ref in deleted(differences)] == ["a", "b"]
    assert {ref.kind for ref in deleted(diff(SHOP, pod("a", node=""), service()))} == {"Pod", "Service"}, "at once"


def test_then_everything_else_at_once() -> None:
    differences = diff(SHOP, deployment(), replica_set(), service())
    assert {ref.kind for ref in deleted(differences)} == {"Deployment", "ReplicaSet", "Service"}
    assert delay(differences) == 0, "what needs no waiting is gone by then"


@pytest.mark.parametrize(
    ("left", "delay_ms"),
    [
        pytest.param(pod("a", deleting=True), 16_000, id="a pod of 30 s grace: half of it and a second"),
        pytest.param(pod("a", node=""), 0, id="a pod without a node goes at once"),
        pytest.param(going(service(), "example.com/hold"), 8_000, id="a finalizer: half of 15 s and a second"),
    ],
)
def test_when_to_look_again(left: Obj, delay_ms: int) -> None:
    assert delay(diff(SHOP, left)) == delay_ms


def test_what_is_being_deleted_is_not_deleted_again() -> None:
    assert deleted(diff(SHOP, pod("a", deleting=True))) == []


def test_conditions_tell_what_is_left() -> None:
    left = (going(service(), "example.com/hold"), going(deployment(), "example.com/hold"))
    status = status_of(diff(SHOP, *left))
    assert status["phase"] == "Terminating"
    assert [(each["type"], each["status"], each["reason"], each["message"]) for each in status["conditions"]] == [
        (
            "NamespaceDeletionDiscoveryFailure",
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        (
            "NamespaceDeletionContentFailure",
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        (
            "NamespaceContentRemaining",
            "True",
            "SomeResourcesRemain",
            "Some resources are remaining: "
            "deployments.apps has 1 resource instances, services. has 1 resource instances",
        ),
        (
            "NamespaceFinalizersRemaining",
            "True",
            "SomeFinalizersRemain",
            "Some content in the namespace has finalizers remaining: example.com/hold in 2 resource instances",
        ),
    ]


def test_nothing_is_told_of_what_is_left_while_pods_have_their_time() -> None:
    told = status_of(diff(SHOP, pod("a"), going(service(), "example.com/hold")))["conditions"]
    assert [each["status"] for each in told] == ["False"] * 5


@pytest.mark.parametrize(("tries", "delay_ms"), [(0, 5), (1, 10), (40, 60_000)])
def test_a_pod_that_should_be_gone_by_now_is_a_failure(tries: int, delay_ms: int) -> None:
    late = NamespaceObservation(SHOP, {"pods": [pod("a", deleting=True)]}, (), NOW_MS + 30_000, tries)
    found = list(NamespaceController().diff(late))
    told = conditions.find(status_of(found)["conditions"], _CONTENT_FAILURE)
    assert told is not None
    assert told["message"] == (
        "Failed to delete all resource types, 1 remaining: "
        "unexpected items still remain in namespace: shop for gvr: /v1, Resource=pods"
    )
    assert delay(found) == delay_ms


def test_conditions_are_written_once() -> None:
    left = pod("a", deleting=True)
    told = {**SHOP, "status": status_of(diff(SHOP, left))}
    assert [gap.reason for gap in diff(told, left)] == ["WaitingForContentToGo"]


def test_a_failed_deletion_is_told() -> None:
    failure = Failure("NamespaceContentRemains", 503, "the server is unavailable")
    found = conditions.find(status_of(diff(SHOP, service(), failures=(failure,)))["conditions"], _CONTENT_FAILURE)
    assert found is not None
    assert (found["reason"], found["message"]) == (
        "ContentDeletionFailed",
        "Failed to delete all resource types, 1 remaining: the server is unavailable",
    )


_CONTENT_FAILURE = "NamespaceDeletionContentFailure"


def test_an_empty_namespace_loses_its_finalizer() -> None:
    told, gap = diff(SHOP)
    assert told.reason == "StatusOutdated"
    patch = Patch(Ref("Namespace", "", "shop"), {"spec": {"finalizers": []}}, subresource="finalize")
    assert (gap.reason, gap.actions) == ("NamespaceEmpty", (patch,))


def test_and_then_there_is_nothing_to_do() -> None:
    assert diff({**SHOP, "spec": {"finalizers": []}}) == []


@pytest.mark.parametrize(
    ("old", "new", "woken"),
    [
        pytest.param(None, namespace("shop"), False, id="a new namespace"),
        pytest.param(namespace("shop"), SHOP, True, id="one that is to go"),
        pytest.param(SHOP, None, False, id="one that is gone"),
    ],
)
def test_who_is_woken(old: Obj | None, new: Obj | None, woken: bool) -> None:
    (wake,) = NamespaceController().wakes
    assert wake.when is not None
    assert wake.when(old, new) == woken
