"""Devices: classes of them, what drivers offer, and claims."""

from __future__ import annotations

from app.api.objects import Obj, is_terminating, name_of
from app.kubectl.printers.printing import Cells, Printer, age_of, columns


def _resource_claim(claim: Obj, now_ms: int) -> Cells:
    status = claim.get("status") or {}
    states = ["deleted"] if is_terminating(claim) else []
    if status.get("allocation"):
        states += ["allocated", "reserved"] if status.get("reservedFor") else ["allocated"]
    elif not states:
        states = ["pending"]
    return name_of(claim), ",".join(states), age_of(claim, now_ms)


def _resource_slice(offered: Obj, now_ms: int) -> Cells:
    spec = offered["spec"]
    return name_of(offered), spec.get("nodeName", ""), spec["driver"], spec["pool"]["name"], age_of(offered, now_ms)


_AGED = Printer(columns("Name, Age"), lambda obj, now_ms: (name_of(obj), age_of(obj, now_ms)))
PRINTERS = {
    "DeviceClass": _AGED,
    "ResourceClaimTemplate": _AGED,
    "ResourceClaim": Printer(columns("Name, State, Age"), _resource_claim),
    "ResourceSlice": Printer(columns("Name, Node, Driver, Pool, Age"), _resource_slice),
}
