"""disruption-controller: keeps every PodDisruptionBudget's count of how many pods may be evicted now.

Models kubernetes/pkg/controller/disruption/disruption.go. What the numbers mean is in app/api/budgets.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.api import budgets, objects, pods, selectors, times
from app.api.objects import Obj, Ref, namespace_of, ref_of
from app.api.status import changed_fields
from app.reconcile import Action, Announce, Controller, Difference, Reader, RequeueAfter, UpdateStatus, Watch, itself

_SCALED = ("Deployment", "ReplicaSet", "StatefulSet", "ReplicationController")


@dataclass(frozen=True, slots=True)
class BudgetSeen:
    budget: Obj
    pods: Sequence[Obj]  # that it selects
    declared: int | None  # replicas that their controllers want; None: not needed
    unmanaged: Sequence[str]  # pods whose controller says no number
    now_ms: int


class DisruptionController(Controller):
    name = "disruption-controller"
    component = "controllermanager"
    reconciles = "PodDisruptionBudget"
    sleeps = True

    def __init__(self) -> None:
        namespace = {"namespace": lambda obj: (namespace_of(obj),)}
        self.watches = (
            itself("PodDisruptionBudget", indexes=namespace),
            Watch("Pod", _budgets_of, when=_may_count, indexes=namespace),
        )

    def observe(self, key: Ref, reader: Reader) -> BudgetSeen | None:
        budget = reader.get(key)
        if budget is None:
            return None
        selector = (budget.get("spec") or {}).get("selector")
        found = [
            pod
            for pod in reader.by("Pod", "namespace", key.namespace)
            if selectors.matches(selector, objects.labels_of(pod)) and not pods.is_terminal(pod)
        ]
        declared, unmanaged = _declared(found, reader) if budgets.needs_scale(budget) else (None, [])
        return BudgetSeen(budget, found, declared, unmanaged, reader.now_ms)

    def diff(self, seen: BudgetSeen) -> Iterable[Difference]:
        budget, about = seen.budget, ref_of(seen.budget)
        expected = len(seen.pods) if seen.declared is None else seen.declared
        disrupted = budgets.still_disrupted(budget, seen.pods, seen.now_ms)
        healthy = sum(budgets.is_healthy(pod, disrupted) for pod in seen.pods)
        status = budgets.status(budget, expected, healthy, disrupted, seen.now_ms)
        if status != budget.get("status"):
            desired, observed = changed_fields(status, budget.get("status"))
            actions: list[Action] = [UpdateStatus(budget, status)]
            if not seen.pods:
                actions.append(Announce(budget, "Normal", "NoPods", "No matching pods found"))
            if seen.unmanaged:
                names = ", ".join(seen.unmanaged)
                message = f"Failed to calculate the number of expected pods: found no controllers for pods {names}"
                actions.append(Announce(budget, "Warning", "CalculateExpectedPodCountFailed", message))
            yield Difference(about, "status", desired, observed, "StatusOutdated", tuple(actions))
        if disrupted:
            soonest = min(map(times.parse, disrupted.values())) + budgets.DISRUPTION_TIMEOUT_MS
            wait = (RequeueAfter(soonest - seen.now_ms, "an eviction that was granted"),)
            yield Difference(
                about, "status.disruptedPods", "gone", [*disrupted], "EvictionUnderWay", wait, background=True
            )


def _declared(found: Sequence[Obj], reader: Reader) -> tuple[int, list[str]]:
    """What the topmost controllers of these pods declare together, and the pods that have none."""
    owners: dict[str, int] = {}
    unmanaged: list[str] = []
    for pod in found:
        top = _scaled_owner(pod, reader)
        if top is None:
            unmanaged.append(objects.name_of(pod))
        else:
            owners[objects.uid_of(top)] = int(top["spec"].get("replicas", 1))
    return sum(owners.values()), unmanaged


def _scaled_owner(obj: Obj, reader: Reader) -> Obj | None:
    owner = objects.controller_of(obj)
    if owner is None or owner["kind"] not in _SCALED:
        return None
    found = next(
        (each for each in reader.live(owner["kind"], namespace_of(obj)) if objects.uid_of(each) == owner["uid"]), None
    )
    return (_scaled_owner(found, reader) or found) if found else None


def _budgets_of(pod: Obj, reader: Reader) -> Iterable[Ref]:
    found = reader.by("PodDisruptionBudget", "namespace", namespace_of(pod))
    return tuple(ref_of(budget) for budget in budgets.guarding(pod, found))


def _may_count(old: Obj | None, new: Obj | None) -> bool:
    """It came or went, or became ready or not, or is marked to go, or counts for another budget."""
    if old is None or new is None:
        return True
    return any(
        part(old) != part(new) for part in (pods.is_ready, objects.is_terminating, pods.is_terminal, objects.labels_of)
    )
