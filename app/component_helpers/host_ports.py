"""Ports of a node that pods take for themselves: the scheduler keeps them apart, and so does the kubelet.

Models kubernetes/pkg/scheduler/framework/plugins/nodeports. Nothing here reads or writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.component_helpers.pods import is_sidecar

TAKEN = "node(s) didn't have free ports for the requested pod ports"
Port = tuple[str, int, str]
"""Protocol, number, address."""

_EVERY_ADDRESS = "0.0.0.0"


def of(spec: Mapping[str, Any]) -> list[Port]:
    sidecars = (each for each in spec.get("initContainers") or () if is_sidecar(each))
    return [
        (port.get("protocol", "TCP"), port["hostPort"], port.get("hostIP") or _EVERY_ADDRESS)
        for container in (*(spec.get("containers") or ()), *sidecars)
        for port in container.get("ports") or ()
        if port.get("hostPort")
    ]


def clash(wanted: Iterable[Port], held: Sequence[Port]) -> bool:
    return any(
        mine[:2] == theirs[:2] and (mine[2] == theirs[2] or _EVERY_ADDRESS in (mine[2], theirs[2]))
        for mine in wanted
        for theirs in held
    )
