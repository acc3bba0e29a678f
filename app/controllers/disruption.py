"""disruption-controller: keeps every PodDisruptionBudget's count of how many pods may be evicted now.

Models kubernetes/pkg/controller/disruption/disruption.go. What the numbers mean is in app/component_helpers/budgets.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.api import objects, selectors, times
from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, name_of, namespace_of, ref_of
from app.api.status import changed_fields
from app.component_helpers import budgets, pods
from app.reconcile import (
    BACKGROUND,
    BY_NAMESPACE,
    Action,
    Announce,
    Cache,
    Controller,
    Difference,
    Reader,
    RequeueAfter,
    UpdateStatus,
    Wake,
    itself,
)

_UNMANAGED = (
    "Pods selected by this PodDisruptionBudget (selector: %s) were found to be unmanaged. As a result, the status of "
    "the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please "
    'set ".spec.minAvailable" field of the PDB to an integer value.'
)


@dataclass(frozen=True, slots=True)
class BudgetSeen:
    budget: Obj
    pods: Sequence[Obj]  # that it selects
    declared: int | None  # replicas that their controllers want; None: not needed
    unmanaged: Sequence[str]  # pods whose controller says no number
    now_ms: int
    failure: str = ""  # why what their controllers want is not known


class DisruptionController(Controller[BudgetSeen]):
    name = "disruption-controller"
    title = N_("Disruption")
    subject = N_("The disruption controller")
    lane = 190
    component = "controllermanager"
    reconciles = "PodDisruptionBudget"
    sleeps = True
    says = {
        "EvictionUnderWay": Saying(
            N_("An eviction was allowed: it waits to see the pod go."),
            N_("an eviction under way"),
            needs=N_("These pods must be gone: %(observed)s."),
        ),
    }

    def __init__(self) -> None:
        self.wakes = (itself("PodDisruptionBudget"), Wake("Pod", _budgets_of, when=_may_count))
        self.reads = (Cache("PodDisruptionBudget", indexes=BY_NAMESPACE), Cache("Pod", indexes=BY_NAMESPACE))

    def observe(self, key: Ref, reader: Reader) -> BudgetSeen | None:
        budget = reader.get(key)
        if budget is None:
            return None
        selector = budgets.spec_of(budget).get("selector")
        found = [
            pod
            for pod in reader.by("Pod", "namespace", key.namespace)
            if selectors.matches(selector, objects.labels_of(pod))
        ]
        if not budgets.needs_scale(budget):
            return BudgetSeen(budget, found, None, (), reader.now_ms)
        try:
            declared, unmanaged = _declared(found, reader)
        except _NotCountable as why:
            return BudgetSeen(budget, found, None, (), reader.now_ms, str(why))
        return BudgetSeen(budget, found, declared, unmanaged, reader.now_ms)

    @staticmethod
    def saw(seen: BudgetSeen) -> Message:
        text = N_("%(who)s counts the pods that %(name)s guards: %(n)s.")
        return message(text, name=name_of(seen.budget), n=len(seen.pods))

    def diff(self, seen: BudgetSeen) -> Iterable[Difference]:
        budget, about = seen.budget, ref_of(seen.budget)
        if seen.failure:
            yield from _given_up(seen)
            return
        expected = budgets.expected_pods(budget, len(seen.pods), seen.declared)
        disrupted = budgets.still_disrupted(budget, seen.pods, seen.now_ms)
        healthy = sum(budgets.is_healthy(pod, disrupted) for pod in seen.pods)
        status = budgets.status(budget, expected, healthy, disrupted, seen.now_ms)
        if status != budget.get("status"):
            desired, observed = changed_fields(status, budget.get("status"))
            actions: tuple[Action, ...] = (UpdateStatus(budget, status), *_told(seen, disrupted))
            yield Difference(about, "status", desired, observed, "StatusOutdated", actions)
        if disrupted:
            soonest = min(map(times.parse, disrupted.values())) + budgets.DISRUPTION_TIMEOUT_MS
            wait = (RequeueAfter(soonest - seen.now_ms, "an eviction that was granted"),)
            yield Difference(
                about, "status.disruptedPods", "gone", [*disrupted], "EvictionUnderWay", wait, pace=BACKGROUND
            )


def _given_up(seen: BudgetSeen) -> Iterable[Difference]:
    """Nobody may go while it is not known how many there should be."""
    budget = seen.budget
    status = budgets.failed(budget, seen.failure, seen.now_ms)
    if status != budget.get("status"):
        desired, observed = changed_fields(status, budget.get("status"))
        message = f"Failed to calculate the number of expected pods: {seen.failure}"
        told = Announce(budget, "Warning", "CalculateExpectedPodCountFailed", message)
        actions = (told, UpdateStatus(budget, status))
        yield Difference(ref_of(budget), "status", desired, observed, "StatusOutdated", actions)


def _told(seen: BudgetSeen, disrupted: dict[str, str]) -> Iterable[Announce]:
    budget = seen.budget
    if not seen.pods:
        yield Announce(budget, "Normal", "NoPods", "No matching pods found")
    if seen.unmanaged:
        yield Announce(budget, "Warning", "UnmanagedPods", _UNMANAGED % budgets.selector_text(budget))
    granted = (budget.get("status") or {}).get("disruptedPods") or {}
    # Kubernetes 1.36 prints the namespace twice here.
    where = f"{namespace_of(budget)}/{namespace_of(budget)}"
    for pod in seen.pods:
        name = objects.name_of(pod)
        if name in granted and name not in disrupted and not objects.is_terminating(pod):
            message = f"Pod was expected by PDB {where} to be deleted but it wasn't"
            yield Announce(pod, "Warning", "NotDeleted", message)


class _NotCountable(Exception):
    """The controller of a pod says no number."""


def _declared(found: Sequence[Obj], reader: Reader) -> tuple[int, list[str]]:
    """What the topmost controllers of these pods declare together, and the pods that have none. Raises
    _NotCountable."""
    owners: dict[str, int] = {}
    unmanaged: list[str] = []
    for pod in found:
        if objects.controller_of(pod) is None:
            unmanaged.append(objects.name_of(pod))
            continue
        top = _scaled_owner(pod, reader)
        if top is None:
            raise _NotCountable(f'found no controllers for pod "{objects.name_of(pod)}"')
        owners[top.uid] = top.replicas
    return sum(owners.values()), unmanaged


class _Workload(NamedTuple):
    uid: str
    replicas: int


def _scaled_owner(pod: Obj, reader: Reader) -> _Workload | None:
    """The workload that says how many there should be: the Deployment above a ReplicaSet, else the controller."""
    owner = objects.controller_of(pod)
    assert owner is not None
    kind = reader.kind(objects.kind_of(owner))
    if kind is None:
        raise _NotCountable(f'no matches for kind "{owner["kind"]}" in version "{owner["apiVersion"]}"')
    if "scale" not in kind.subresources:
        raise _NotCountable(f"{kind.resource} does not implement the scale subresource")
    found = _controller(owner, namespace_of(pod), reader)
    above = objects.controller_of(found) if found else None
    if above is not None and objects.is_of(above, "Deployment"):
        found = _controller(above, namespace_of(pod), reader)
    if found is None:
        return None
    return _Workload(objects.uid_of(found), int(objects.get_path(found, kind.scaling.wanted, 1)))


def _controller(owner: Mapping[str, Any], namespace: str, reader: Reader) -> Obj | None:
    found = reader.live_get(Ref(objects.kind_of(owner), namespace, owner["name"]))
    return found if found is not None and objects.uid_of(found) == owner["uid"] else None


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
