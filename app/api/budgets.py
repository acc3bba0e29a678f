"""What a PodDisruptionBudget allows: how many pods it counts, how many must stay healthy, how many may go. Pure.

The disruption controller writes it into the status; the eviction of a pod spends one of `disruptionsAllowed` there, and
names the pod in `disruptedPods` until the controller has seen it go.
Models kubernetes/pkg/controller/disruption/disruption.go and kubernetes/pkg/registry/core/pod/storage/eviction.go.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from app.api import conditions, errors, objects, pods, selectors, times
from app.api.errors import Cause
from app.api.objects import Obj

DISRUPTION_TIMEOUT_MS = 120_000
"""How long an eviction is believed to be under way before its pod was seen to go."""


def needs_scale(budget: Obj) -> bool:
    """Whether the expected number of pods is what their controllers declare, not what there is."""
    spec = budget.get("spec") or {}
    return "maxUnavailable" in spec or isinstance(spec.get("minAvailable"), str)


def desired_healthy(budget: Obj, expected: int) -> int:
    spec = budget.get("spec") or {}
    if "maxUnavailable" in spec:
        return max(0, expected - _scaled(spec["maxUnavailable"], expected))
    return _scaled(spec.get("minAvailable", 1), expected)


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


def _conditions(budget: Obj, allowed: int, now_ms: int) -> list[conditions.Condition]:
    held = (budget.get("status") or {}).get("conditions")
    condition = {
        "type": "DisruptionAllowed",
        "status": str(allowed > 0),
        "observedGeneration": budget["metadata"].get("generation", 1),
        "reason": "SufficientPods" if allowed > 0 else "InsufficientPods",
        "message": "",
    }
    return conditions.with_condition(held, condition, now_ms)


# ---------------------------------------------------------------------------------------------------- evicting


def guarding(pod: Obj, budgets: Sequence[Obj]) -> list[Obj]:
    """The budgets of its namespace that select the pod."""
    labels = objects.labels_of(pod)
    return [budget for budget in budgets if selectors.matches((budget.get("spec") or {}).get("selector"), labels)]


def is_free(pod: Obj) -> bool:
    """Evicted without asking any budget: it does not run yet, or not any more."""
    return pods.is_terminal(pod) or pods.phase(pod) == "Pending" or objects.is_terminating(pod)


def may_go_unready(pod: Obj, budget: Obj) -> bool:
    """A pod that is not ready, and so helps nobody, may go if that is the policy, or if enough others are healthy."""
    if pods.is_ready(pod):
        return False
    if (budget.get("spec") or {}).get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    held = budget.get("status") or {}
    return bool(held.get("currentHealthy", 0) >= held.get("desiredHealthy", 0) and held.get("desiredHealthy", 0) > 0)


def spend(pod: Obj, budget: Obj, now_ms: int) -> dict[str, Any]:
    """The status of `budget` once the eviction of `pod` was granted. Raises TooManyRequests."""
    held: dict[str, Any] = budget.get("status") or {}
    name, allowed = objects.name_of(budget), held.get("disruptionsAllowed", 0)
    if held.get("observedGeneration", 0) < budget["metadata"].get("generation", 1):
        why = Cause("", "DisruptionBudget", f"The disruption budget {name} is still being processed by the server.")
        raise errors.TooManyRequests(_VIOLATED, details={}, causes=[why])
    if allowed <= 0:
        need, have = held.get("desiredHealthy", 0), held.get("currentHealthy", 0)
        text = f"The disruption budget {name} needs {need} healthy pods and has {have} currently"
        raise errors.TooManyRequests(_VIOLATED, details={}, causes=[Cause("", "DisruptionBudget", text)])
    disrupted = {**held.get("disruptedPods", {}), objects.name_of(pod): times.rfc3339(now_ms)}
    spent = {**held, "disruptedPods": disrupted, "disruptionsAllowed": allowed - 1}
    if allowed == 1:
        spent["conditions"] = _conditions(budget, 0, now_ms)
    return spent


_VIOLATED = "Cannot evict pod as it would violate the pod's disruption budget."
EVICTED = {
    "type": "DisruptionTarget",
    "status": "True",
    "lastProbeTime": None,
    "reason": "EvictionByEvictionAPI",
    "message": "Eviction API: evicting",
}
