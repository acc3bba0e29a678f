"""How many pods a budget lets go."""

from __future__ import annotations

from typing import Any

from app.api import times
from app.api.objects import Obj
from app.controllers.disruption import BudgetSeen, DisruptionController
from app.reconcile import Announce, RequeueAfter, UpdateStatus
from tests.support.builders import NOW_MS, pod


def budget(status: dict[str, Any] | None = None, **spec: Any) -> Obj:
    meta = {"name": "web", "namespace": "default", "uid": "pdb", "generation": 1, "resourceVersion": "1"}
    whole = {"selector": {"matchLabels": {"app": "web"}}, **spec}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": meta,
        "spec": whole,
        "status": status or {},
    }


def decided(of: Obj, *pods: Obj, declared: int | None = None, unmanaged: tuple[str, ...] = ()) -> dict[str, Any]:
    seen = BudgetSeen(of, pods, declared, unmanaged, NOW_MS)
    return {each.reason: each.actions for each in DisruptionController().diff(seen)}


def status_of(found: dict[str, Any]) -> tuple[int, int, int, int]:
    update = found["StatusOutdated"][0]
    assert isinstance(update, UpdateStatus)
    names = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
    return tuple(update.status[name] for name in names)  # type: ignore[return-value]


def crowd(ready: int, unready: int = 0) -> list[Obj]:
    return [*(pod(f"r{n}") for n in range(ready)), *(pod(f"u{n}", ready=False) for n in range(unready))]


def test_what_is_healthy_beyond_what_must_be_may_go() -> None:
    assert status_of(decided(budget(minAvailable=2), *crowd(3))) == (1, 3, 2, 3)
    assert status_of(decided(budget(minAvailable=2), *crowd(1, 2))) == (0, 1, 2, 3)


def test_a_budget_without_a_bound_lets_nobody_go() -> None:
    assert status_of(decided(budget(), *crowd(3))) == (0, 3, 0, 0)
    assert status_of(decided({key: value for key, value in budget().items() if key != "spec"})) == (0, 0, 0, 0)


def test_pods_on_their_way_out_are_not_healthy() -> None:
    assert status_of(decided(budget(minAvailable=2), *crowd(2), pod("going", deleting=True))) == (0, 2, 2, 3)


def test_of_what_was_declared_a_share() -> None:
    assert status_of(decided(budget(maxUnavailable="25%"), *crowd(4), declared=5)) == (1, 4, 3, 5)


def test_an_eviction_that_was_granted_counts_until_the_pod_is_seen_to_go_or_two_minutes() -> None:
    now, long_ago = times.rfc3339(NOW_MS - 20_000), times.rfc3339(NOW_MS - 120_000)
    held = budget({"disruptedPods": {"r0": now}}, minAvailable=1)
    found = decided(held, *crowd(3))
    assert status_of(found) == (1, 2, 1, 3)
    assert found["EvictionUnderWay"] == (RequeueAfter(100_000, "an eviction that was granted"),)
    assert status_of(decided(budget({"disruptedPods": {"r0": long_ago}}, minAvailable=1), *crowd(3))) == (2, 3, 1, 3)


def test_pods_without_a_controller_are_told_of() -> None:
    found = decided(budget(maxUnavailable=1), *crowd(1), declared=0, unmanaged=("r0",))
    told = found["StatusOutdated"][1]
    assert isinstance(told, Announce)
    assert (told.type, told.reason) == ("Warning", "UnmanagedPods")
    selector = "&LabelSelector{MatchLabels:map[string]string{app: web,},MatchExpressions:[]LabelSelectorRequirement{},}"
    assert told.message.startswith(f"Pods selected by this PodDisruptionBudget (selector: {selector}) were found to be")


def test_a_pod_that_was_granted_and_did_not_go_is_told_of() -> None:
    long_ago = times.rfc3339(NOW_MS - 120_000)
    told = decided(budget({"disruptedPods": {"r0": long_ago}}, minAvailable=1), *crowd(2))["StatusOutdated"][1]
    assert isinstance(told, Announce)
    assert told.about["metadata"]["name"] == "r0"
    assert (told.reason, told.message) == (
        "NotDeleted", "Pod was expected by PDB default/default to be deleted but it wasn't",
    )  # fmt: skip


def test_where_nobody_says_a_number_nobody_may_go() -> None:
    held = {"observedGeneration": 1, "disruptionsAllowed": 1, "currentHealthy": 2, "desiredHealthy": 1}
    why = "daemonsets.apps does not implement the scale subresource"
    seen = BudgetSeen(budget(held, maxUnavailable=1), crowd(2), None, (), NOW_MS, why)
    (difference,) = DisruptionController().diff(seen)
    told, update = difference.actions
    assert isinstance(told, Announce)
    assert (told.reason, told.message) == (
        "CalculateExpectedPodCountFailed", f"Failed to calculate the number of expected pods: {why}",
    )  # fmt: skip
    assert isinstance(update, UpdateStatus)
    (condition,) = update.status["conditions"]
    assert (condition["status"], condition["reason"], condition["message"]) == ("False", "SyncFailed", why)
    assert {**update.status, "conditions": None} == {**held, "disruptionsAllowed": 0, "conditions": None}
    again = BudgetSeen(budget(update.status, maxUnavailable=1), crowd(2), None, (), NOW_MS + 9_000, why)
    assert list(DisruptionController().diff(again)) == []
