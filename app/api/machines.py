"""Machine: what is known of one simulated machine. An internal kind: no API client sees it.

Made when a room begins, by the command that adds a node, and by the cluster-autoscaler; the engine runs the loops of
each machine that there is (app/nodes).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.api import numbers
from app.api.kinds import INTERNAL_V1
from app.api.objects import Obj, name_of

_FIRST_HOST = 10
_POD_NETWORKS_FROM = 244
_NUMBERS = 2_000  # that there are addresses for; a Node that somebody called node-99999 is none of ours


def machine(
    name: str, number: int, *, cpu: str = "4", memory: str = "8Gi", pods: int = 110, zone: str = "",
    latencies: str = "textbook",
) -> Obj:  # fmt: skip
    """The Machine object of the `number`-th machine (from 1, below 2,000).

    spec: cpu, memory, pods (what it has), podCIDR (10.244.1.0/24 for the first), address (10.0.0.11), zone, power
    ("on" or "off"), network ("on" or "cut"), slow (a factor, 1 is normal), disk ("ok" or "full"), latencies (a preset
    of app/nodes/runtime/images.py). status: images, name to size in bytes.
    """
    address = _FIRST_HOST + number
    spec: dict[str, Any] = {
        "cpu": cpu,
        "memory": memory,
        "pods": pods,
        "podCIDR": f"10.{_POD_NETWORKS_FROM + number // 256}.{number % 256}.0/24",
        "address": f"10.0.{address // 256}.{address % 256}",
        "zone": zone,
        "power": "on",
        "network": "on",
        "slow": 1,
        "disk": "ok",
        "latencies": latencies,
    }
    return {
        "apiVersion": INTERNAL_V1,
        "kind": "Machine",
        "metadata": {"name": name},
        "spec": spec,
        "status": {"images": {}},
    }


def next_number(known: Sequence[Obj]) -> int:
    """Of a machine that comes after these Machines and Nodes: a name is not given twice."""
    found = (numbers.whole(name_of(each).rpartition("-")[2]) or 0 for each in known)
    return max((number for number in found if number < _NUMBERS), default=0) + 1
