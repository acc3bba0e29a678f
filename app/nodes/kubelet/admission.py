"""Which pods a kubelet does not take though they were bound to its node: whose host port another one has, and nearly
all while its disk is full.

A scheduler would not have sent them here; whoever writes `spec.nodeName` himself may. Models
kubernetes/pkg/kubelet/lifecycle/predicate.go, `Admit` of the eviction manager and `rejectPod` in kubelet.go.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from app.api import times
from app.api.objects import Obj, is_terminating, name_of, namespace_of, ref_of, uid_of
from app.component_helpers import host_ports, pods
from app.nodes import sandbox
from app.nodes.kubelet import evictions
from app.reconcile import Announce, Difference, Patch, Reader

_NO_PORT = ("NodePorts", f"Predicate NodePorts failed: {host_ports.TAKEN}")
_NO_ROOM = ("Evicted", "The node had condition: [DiskPressure]. ")


def port_numbers(pod: Obj) -> tuple[Hashable, ...]:
    """For an index: nearly no pod has any."""
    return () if pods.is_terminal(pod) else tuple({number for _, number, _ in host_ports.of(pod["spec"])})


def rivals(pod: Obj, reader: Reader) -> tuple[Obj, ...]:
    """Pods that were here before it and want a port of the same number."""
    node = pods.node_name(pod)
    found = {uid_of(other): other for number in port_numbers(pod) for other in reader.by("Pod", "hostPort", number)}
    return tuple(
        other
        for other in found.values()
        if uid_of(other) != uid_of(pod)
        and (
            reader.get(sandbox.sandbox_ref(namespace_of(other), name_of(other), node)) is not None
            or (not is_terminating(other) and _order(other) < _order(pod))
        )
    )


def _order(pod: Obj) -> tuple[str, str]:
    return pod["metadata"]["creationTimestamp"], uid_of(pod)


def refusal(pod: Obj, machine: Obj, others: Sequence[Obj]) -> tuple[str, str] | None:
    """Its reason and its message. `others`: the rivals."""
    if machine["spec"].get("disk") == "full" and not evictions.is_critical(pod):
        return _NO_ROOM
    wanted = host_ports.of(pod["spec"]) if others else []
    return _NO_PORT if any(host_ports.clash(wanted, host_ports.of(other["spec"])) for other in others) else None


def rejection(pod: Obj, reason: str, message: str, now_ms: int) -> Difference:
    status = {
        "phase": "Failed",
        "reason": reason,
        "message": f"Pod was rejected: {message}",
        "startTime": times.rfc3339(now_ms),
    }
    told = Announce(pod, "Warning", reason, message)
    patch = Patch(ref_of(pod), {"status": status}, uid=uid_of(pod), subresource="status", announce=told)
    return Difference(ref_of(pod), "status.phase", "Failed", pods.phase(pod), "PodRejected", (patch,))
