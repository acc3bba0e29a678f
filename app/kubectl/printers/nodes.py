"""Nodes and the leases by which they are known to live."""

from __future__ import annotations

from typing import Any

from app.api import conditions
from app.api.objects import Obj, labels_of, name_of
from app.kubectl.printers.printing import NONE, Cells, Printer, age_of, columns

_ROLE = "node-role.kubernetes.io/"


def _node(node: Obj, now_ms: int) -> Cells:
    status = node.get("status") or {}
    info = status.get("nodeInfo") or {}
    return (
        name_of(node),
        _node_status(node),
        node_roles(node),
        age_of(node, now_ms),
        info.get("kubeletVersion", ""),
        _address(status, "InternalIP"),
        _address(status, "ExternalIP"),
        info.get("osImage") or "<unknown>",
        _kernel(info),
        info.get("containerRuntimeVersion") or "<unknown>",
    )


def _node_status(node: Obj) -> str:
    ready = conditions.find((node.get("status") or {}).get("conditions"), "Ready")
    status = "Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"
    return f"{status},SchedulingDisabled" if node["spec"].get("unschedulable") else status


def node_roles(node: Obj) -> str:
    roles = set()
    for label, value in labels_of(node).items():
        if label.startswith(_ROLE) and label != _ROLE:
            roles.add(label.removeprefix(_ROLE))
        elif label == "kubernetes.io/role" and value:
            roles.add(value)
    return ",".join(sorted(roles)) or NONE


def _kernel(info: dict[str, Any]) -> str:
    """Since 1.36 with the architecture: `6.1.0 (amd64)`."""
    version, architecture = info.get("kernelVersion") or "<unknown>", info.get("architecture")
    return f"{version} ({architecture})" if architecture else version


def _address(status: dict[str, Any], type: str) -> str:
    return next((each["address"] for each in status.get("addresses") or () if each["type"] == type), NONE)


def _lease(lease: Obj, now_ms: int) -> Cells:
    return name_of(lease), (lease.get("spec") or {}).get("holderIdentity") or "", age_of(lease, now_ms)


PRINTERS = {
    "Node": Printer(
        columns(
            "Name, Status, Roles, Age, Version, *Internal-IP, *External-IP, *OS-Image, *Kernel-Version, "
            "*Container-Runtime"
        ),
        _node,
    ),
    "RuntimeClass": Printer(
        columns("Name, Handler, Age"),
        lambda runtime, now_ms: (name_of(runtime), runtime["handler"], age_of(runtime, now_ms)),
    ),
    "Lease": Printer(columns("Name, Holder, Age"), _lease),
}
