"""What a PodDisruptionBudget allows: how many pods it counts, how many must stay healthy, how many may go. Pure.

The disruption controller writes it into the status; the eviction of a pod spends one of `disruptionsAllowed` there, and
names the pod in `disruptedPods` until the controller has seen it go.
Models kubernetes/pkg/controller/disruption/disruption.go and kubernetes/pkg/registry/core/pod/storage/eviction.go.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from app.api import conditions, errors, objects, selectors, times
from app.api.errors import Cause
from app.api.objects import Obj
from app.component_helpers import pods

_CONDITION, _SYNC_FAILED = "DisruptionAllowed", "SyncFailed"
DISRUPTION_TIMEOUT_MS = 120_000
"""How long an eviction is believed to be under way before its pod was seen to go."""


def spec_of(budget: Obj) -> dict[str, Any]:
    spec: dict[str, Any] = budget.get("spec") or {}
    return spec


def needs_scale(budget: Obj) -> bool:
    """Whether the expected number of pods is what their controllers declare, not what there is."""
    spec = spec_of(budget)
    return "maxUnavailable" in spec or isinstance(spec.get("minAvailable"), str)


def expected_pods(budget: Obj, found: int, declared: int | None) -> int:
    """None where the budget sets no bound at all."""
    return declared if declared is not None else found if "minAvailable" in spec_of(budget) else 0


def desired_healthy(budget: Obj, expected: int) -> int:
    spec = spec_of(budget)
    if "maxUnavailable" in spec:
        return max(0, expected - _scaled(spec["maxUnavailable"], expected))
    return _scaled(spec.get("minAvailable", 0), expected)


def _scaled(amount: int | str, whole: int) -> int:
    """Percentages round up."""
    return math.ceil(whole * int(amount.rstrip("%")) / 100) if isinstance(amount, str) else int(amount)


def still_disrupted(budget: Obj, found: Sequence[Obj], now_ms: int) -> dict[str, str]:
    """Of the pods whose eviction was granted those that were not seen to go yet."""
    alive = {objects.name_of(pod) for pod in found if not objects.is_terminating(pod)}
    granted: dict[str, str] = (budget.get("status") or {}).get("disruptedPods") or {}
    return {
        name: at for name, at in granted.items() if name in alive and now_ms < times.parse(at) + DISRUPTION_TIMEOUT_MS
    }


def is_healthy(pod: Obj, disrupted: dict[str, str]) -> bool:
    return pods.is_ready(pod) and not objects.is_terminating(pod) and objects.name_of(pod) not in disrupted


def status(budget: Obj, expected: int, healthy: int, disrupted: dict[str, str], now_ms: int) -> dict[str, Any]:
    desired = desired_healthy(budget, expected)
    allowed = max(0, healthy - desired) if expected > 0 else 0
    new: dict[str, Any] = {"observedGeneration": budget["metadata"].get("generation", 1)}
    if disrupted:
        new["disruptedPods"] = disrupted
    new |= {
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "expectedPods": expected,
    }
    new["conditions"] = _conditions(budget, allowed, now_ms)
    return new


def failed(budget: Obj, why: str, now_ms: int) -> dict[str, Any]:
    """The status of a budget whose pods cannot be counted: nobody may go, and the rest stays as it was."""
    held: dict[str, Any] = budget.get("status") or {}
    condition = {"type": _CONDITION, "status": "False", "reason": _SYNC_FAILED, "message": why}
    if seen := held.get("observedGeneration"):
        condition["observedGeneration"] = seen
    found = conditions.with_condition(held.get("conditions"), condition, now_ms)
    return {**held, "disruptionsAllowed": 0, "conditions": found}


def _conditions(budget: Obj, allowed: int, now_ms: int) -> list[conditions.Condition]:
    held = (budget.get("status") or {}).get("conditions")
    condition = {
        "type": _CONDITION,
        "status": str(allowed > 0),
        "observedGeneration": budget["metadata"].get("generation", 1),
        "reason": "SufficientPods" if allowed > 0 else "InsufficientPods",
        "message": "",
    }
    return conditions.with_condition(held, condition, now_ms)


def selector_text(budget: Obj) -> str:
    """The selector as Go prints one, with empty lists and without quotes."""
    selector = spec_of(budget).get("selector") or {}
    labels = "".join(f"{key}: {value}," for key, value in sorted((selector.get("matchLabels") or {}).items()))
    rules = "".join(
        f"LabelSelectorRequirement{{Key:{each['key']},Operator:{each['operator']},"
        f"Values:[{' '.join(each.get('values') or ())}],}},"
        for each in selector.get("matchExpressions") or ()
    )
    lists = f"MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{rules}}},"
    return f"&LabelSelector{{{lists}}}"


# ---------------------------------------------------------------------------------------------------- evicting


def guarding(pod: Obj, budgets: Sequence[Obj]) -> list[Obj]:
    """The budgets of its namespace that select the pod."""
    labels = objects.labels_of(pod)
    return [budget for budget in budgets if selectors.matches(spec_of(budget).get("selector"), labels)]


def is_free(pod: Obj) -> bool:
    """Evicted without asking any budget: it does not run yet, or not any more."""
    return pods.is_terminal(pod) or pods.phase(pod) == "Pending" or objects.is_terminating(pod)


def may_go_unready(pod: Obj, budget: Obj) -> bool:
    """A pod that is not ready, and so helps nobody, may go if that is the policy, or if enough others are healthy."""
    if pods.is_ready(pod):
        return False
    if spec_of(budget).get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    held = budget.get("status") or {}
    return bool(held.get("currentHealthy", 0) >= held.get("desiredHealthy", 0) and held.get("desiredHealthy", 0) > 0)


def spend(pod: Obj, budget: Obj, now_ms: int) -> dict[str, Any]:
    """The status of `budget` once the eviction of `pod` was granted. Raises TooManyRequests."""
    held: dict[str, Any] = budget.get("status") or {}
    name, allowed = objects.name_of(budget), held.get("disruptionsAllowed", 0)
    if held.get("observedGeneration", 0) < budget["metadata"].get("generation", 1):
        raise _refusal(f"The disruption budget {name} is still being processed by the server.", retryAfterSeconds=10)
    if allowed <= 0:
        raise _refusal(_why_none(name, held))
    disrupted = {**held.get("disruptedPods", {}), objects.name_of(pod): times.rfc3339(now_ms)}
    spent = {**held, "disruptedPods": disrupted, "disruptionsAllowed": allowed - 1}
    if allowed == 1:
        spent["conditions"] = _conditions(budget, 0, now_ms)
    return spent


def _why_none(name: str, held: dict[str, Any]) -> str:
    condition = conditions.find(held.get("conditions"), _CONDITION)
    if condition is not None and condition["reason"] == _SYNC_FAILED:
        why = "does not allow evicting pods currently because it failed sync"
        return f"The disruption budget {name} {why}: {condition['message']}"
    need, have = held.get("desiredHealthy", 0), held.get("currentHealthy", 0)
    return f"The disruption budget {name} needs {need} healthy pods and has {have} currently"


def _refusal(why: str, **details: Any) -> errors.TooManyRequests:
    return errors.TooManyRequests(_VIOLATED, details=details, causes=[Cause("", "DisruptionBudget", why)])


_VIOLATED = "Cannot evict pod as it would violate the pod's disruption budget."
EVICTED = {
    "type": "DisruptionTarget",
    "status": "True",
    "lastProbeTime": None,
    "reason": "EvictionByEvictionAPI",
    "message": "Eviction API: evicting",
}
