"""How a node is doing, and what follows for its taints: shared by the loops that watch over nodes.

Models kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go (`ComputeZoneState`, the maps from
conditions to taints).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.api import conditions
from app.api.objects import Obj, labels_of

GRACE_MS = 50_000
"""So long without a heartbeat, and a node counts as lost (node-monitor-grace-period)."""

EVICTION_PAUSE_MS = 10_000
"""Between two nodes of a zone that get the taint which evicts: 0.1 a second (node-eviction-rate)."""
SECONDARY_PAUSE_MS = 100_000
LARGE_ZONE, UNHEALTHY_SHARE = 50, 0.55

NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
HEALTH_TAINTS = (NOT_READY, UNREACHABLE)
_ZONE, _REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
_BY_CONDITION = {
    "MemoryPressure": "node.kubernetes.io/memory-pressure",
    "DiskPressure": "node.kubernetes.io/disk-pressure",
    "PIDPressure": "node.kubernetes.io/pid-pressure",
    "NetworkUnavailable": "node.kubernetes.io/network-unavailable",
}
_UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
_OURS = {NOT_READY, UNREACHABLE, _UNSCHEDULABLE, *_BY_CONDITION.values()}


def readiness(node: Obj) -> str:
    """Status of its Ready condition: True, False or Unknown."""
    ready = conditions.find((node.get("status") or {}).get("conditions"), "Ready")
    return str(ready["status"]) if ready else "Unknown"


def health_taint(node: Obj) -> str:
    """The taint that its readiness calls for; "" if it is Ready."""
    return {"False": NOT_READY, "Unknown": UNREACHABLE}.get(readiness(node), "")


def taints_of(node: Obj) -> Sequence[dict[str, Any]]:
    taints: Sequence[dict[str, Any]] = (node.get("spec") or {}).get("taints") or ()
    return taints


def wanted_no_schedule(node: Obj) -> set[str]:
    """Keys of the NoSchedule taints that its conditions, and a cordon, call for."""
    held = (node.get("status") or {}).get("conditions")
    keys = {key for type_, key in _BY_CONDITION.items() if conditions.is_true(held, type_)}
    if (node.get("spec") or {}).get("unschedulable"):
        keys.add(_UNSCHEDULABLE)
    health = health_taint(node)
    return keys | ({health} if health else set())


def with_no_schedule(node: Obj, wanted: set[str], at: str) -> list[dict[str, Any]]:
    """Its taints with exactly `wanted` among the NoSchedule ones that are ours; new ones bear the time `at`."""
    kept = [each for each in taints_of(node) if not _is_ours(each) or each["key"] in wanted]
    held = {each["key"] for each in kept if _is_ours(each)}
    return [*kept, *({"key": key, "effect": "NoSchedule", "timeAdded": at} for key in sorted(wanted - held))]


def has_no_schedule(node: Obj) -> set[str]:
    return {taint["key"] for taint in taints_of(node) if _is_ours(taint)}


def no_execute(node: Obj) -> dict[str, Any] | None:
    """The taint with which it evicts for its health, if it has one."""
    for taint in taints_of(node):
        if taint["key"] in HEALTH_TAINTS and taint["effect"] == "NoExecute":
            return taint
    return None


def zone_of(node: Obj) -> tuple[str, str]:
    labels = labels_of(node)
    return labels.get(_REGION, ""), labels.get(_ZONE, "")


def eviction_pause_ms(nodes: Sequence[Obj], zone: tuple[str, str]) -> int | None:
    """How long to wait between two nodes of a zone; None: nobody is evicted there for now.

    Nobody at all when every node of the cluster is lost: then it is more likely the control plane's own network.
    """
    if not any(readiness(node) == "True" for node in nodes):
        return None
    here = [node for node in nodes if zone_of(node) == zone]
    lost = sum(readiness(node) != "True" for node in here)
    if lost < len(here) and lost > 2 and lost / len(here) >= UNHEALTHY_SHARE:
        return SECONDARY_PAUSE_MS if len(here) > LARGE_ZONE else None
    return EVICTION_PAUSE_MS


def _is_ours(taint: dict[str, Any]) -> bool:
    return taint["effect"] == "NoSchedule" and taint["key"] in _OURS
