"""The simulated machines: per machine a kubelet, a container runtime, its part of the service data path, and the loop
that registers its Node; and what is outside of them all.

The Cluster creates a Machine object for each (`machine`) and runs its loops (`machine_controllers`). They follow the
same contract as every controller: observe, diff, and actions as data.
"""

from __future__ import annotations

from app.api.machines import machine as machine
from app.api.machines import next_number as next_number
from app.nodes.kubelet.kubelet import Kubelet
from app.nodes.kubelet.node_status import NodeStatus
from app.nodes.network.kube_proxy import KubeProxy, LoadBalancer
from app.nodes.network.traffic import Traffic
from app.nodes.runtime.runtime import ContainerRuntime
from app.nodes.sandbox import after_power_loss as after_power_loss
from app.nodes.sandbox import crashed as crashed
from app.nodes.sandbox import sandbox_ref as sandbox_ref
from app.reconcile import AnyController

# What is outside of every machine: the load balancer before them, and those who use it.
OUTSIDE: tuple[type[AnyController], ...] = (LoadBalancer, Traffic)


def machine_controllers(name: str) -> tuple[AnyController, ...]:
    """The loops that run on one machine. How fast it is says `spec.latencies` of its Machine object."""
    return NodeStatus(name), Kubelet(name), ContainerRuntime(name), KubeProxy(name)
