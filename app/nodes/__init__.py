"""The simulated machines: per machine a kubelet, a container runtime, and the loop that registers its Node.

The Cluster creates a Machine object for each (`machine`) and runs its three loops (`machine_controllers`). They follow
the same contract as every controller: observe, diff, and actions as data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.api import kinds
from app.api.objects import Obj, name_of
from app.nodes.kube_proxy import KubeProxy, LoadBalancer
from app.nodes.kubelet import Kubelet
from app.nodes.node_status import NodeStatus
from app.nodes.runtime import ContainerRuntime
from app.nodes.sandbox import after_power_loss as after_power_loss
from app.nodes.sandbox import crashed as crashed
from app.nodes.sandbox import sandbox_ref as sandbox_ref
from app.nodes.traffic import Traffic
from app.reconcile import Controller

# What is outside of every machine: the load balancer before them, and those who use it.
OUTSIDE: tuple[type[Controller], ...] = (LoadBalancer, Traffic)

_FIRST_HOST = 10
_POD_NETWORKS_FROM = 244


def machine_controllers(name: str) -> tuple[Controller, ...]:
    """The loops that run on one machine. How fast it is says `spec.latencies` of its Machine object."""
    return NodeStatus(name), Kubelet(name), ContainerRuntime(name), KubeProxy(name)


def machine(
    name: str, number: int, *, cpu: str = "4", memory: str = "8Gi", pods: int = 110, zone: str = "",
    latencies: str = "textbook",
) -> Obj:  # fmt: skip
    """The Machine object of the `number`-th machine (from 1, below 2,000).

    spec: cpu, memory, pods (what it has), podCIDR (10.244.1.0/24 for the first), address (10.0.0.11), zone, power
    ("on" or "off"), network ("on" or "cut"), slow (a factor, 1 is normal), disk ("ok" or "full"), latencies (a preset
    of app/nodes/images.py). status: images, name to size in bytes.
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
        "apiVersion": kinds.KINDS["Machine"].api_version,
        "kind": "Machine",
        "metadata": {"name": name},
        "spec": spec,
        "status": {"images": {}},
    }


def next_number(known: Sequence[Obj]) -> int:
    """Of a machine that comes after these Machines and Nodes: a name is not given twice."""
    numbers = [int(tail) for each in known if (tail := name_of(each).rpartition("-")[2]).isdecimal()]
    return max(numbers, default=0) + 1
