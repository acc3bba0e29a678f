"""A pod's quality of service class, from what its containers request and may use at most.

Models kubernetes/pkg/apis/core/v1/helper/qos/qos.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api import quantities
from app.api.memo import by_identity

_COUNTED = ("cpu", "memory")


@by_identity
def qos_class(spec: Mapping[str, Any]) -> str:
    """Of a pod spec: "Guaranteed", "Burstable" or "BestEffort"."""
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    resources = [container.get("resources") or {} for container in containers]
    if not any(_amounts(each.get(part)) for each in resources for part in ("requests", "limits")):
        return "BestEffort"
    guaranteed = all(
        len(_amounts(each.get("limits"))) == len(_COUNTED)
        and _amounts(each.get("requests")) in ({}, _amounts(each.get("limits")))
        for each in resources
    )
    return "Guaranteed" if guaranteed else "Burstable"


def _amounts(resources: Mapping[str, Any] | None) -> dict[str, int]:
    """CPU and memory that are set and not zero, in thousandths."""
    found = {name: quantities.milli(resources[name]) for name in _COUNTED if resources and name in resources}
    return {name: amount for name, amount in found.items() if amount}
