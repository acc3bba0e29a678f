"""Conditions: a list of `{type, status, reason, message, ...}` with one entry a type, in `status.conditions`.

Controllers and kubelets ask and set them here, by one rule: `lastTransitionTime` moves only when `status` does.
Models `SetDeploymentCondition`, `SetCondition` (ReplicaSet) and `podutil.UpdatePodCondition` of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.api import times

Condition = dict[str, Any]


def find(conditions: Sequence[Condition] | None, type: str) -> Condition | None:
    for condition in conditions or ():
        if condition["type"] == type:
            return condition
    return None


def is_true(conditions: Sequence[Condition] | None, type: str) -> bool:
    condition = find(conditions, type)
    return condition is not None and condition["status"] == "True"


def with_condition(
    conditions: list[Condition] | None,
    condition: Condition,
    now_ms: int,
    *,
    update_time: bool = False,
    touch: bool = False,
) -> list[Condition]:
    """The list with `condition` in the place of the one of its type, else at the end. The same list if nothing changes.

    update_time: as Deployments do it. `lastUpdateTime` is kept too, a condition that changes moves to the end, and one
        whose status and reason stay is left alone, whatever its message.
    touch: with `update_time`; renew the condition even so, since progress was made.
    """
    old = find(conditions, condition["type"])
    stamps = {"lastTransitionTime": times.rfc3339(now_ms)}
    if old is not None and old["status"] == condition["status"]:
        stamps["lastTransitionTime"] = old["lastTransitionTime"]
        if update_time and not touch and old.get("reason") == condition.get("reason"):
            return conditions or []
    if update_time:
        stamps["lastUpdateTime"] = times.rfc3339(now_ms)
        return [*without(conditions, condition["type"]), {**condition, **stamps}]
    new = {**condition, **stamps}
    if old is None:
        return [*(conditions or ()), new]
    if new == old:
        return conditions or []
    return [new if each is old else each for each in conditions or ()]


def without(conditions: list[Condition] | None, type: str) -> list[Condition]:
    """The list without the condition of that type; the same list if there is none."""
    if conditions is None or find(conditions, type) is None:
        return conditions or []
    return [condition for condition in conditions if condition["type"] != type]
