"""kubelet-node-status: one loop per machine that registers its Node and keeps saying that it is alive.

The kubelet's other half: it creates the Node, reports capacity, conditions and images, renews the Lease in
kube-node-lease every 10 seconds and the node's status at least every 5 minutes. A Node that someone deleted is not
registered again before the kubelet restarts, as in Kubernetes. Heartbeats are background: a quiet cluster stays quiet.
Models kubernetes/pkg/kubelet/kubelet_node_status.go and component-helpers apimachinery/lease/controller.go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from app.api import times
from app.api.conditions import Condition, find, is_true
from app.api.memo import by_identity
from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, name_of, ref_of, uid_of
from app.api.status import changed_fields
from app.nodes.kubelet import evictions
from app.nodes.kubelet.evictions import Shortage
from app.nodes.runtime import images
from app.reconcile import (
    BACKGROUND,
    Action,
    Announce,
    Cache,
    Controller,
    Create,
    Difference,
    Patch,
    Reader,
    Remember,
    RequeueAfter,
    Wake,
    itself,
)

_RENEW_MS = 10_000
_LEASE_SECONDS = 40
_REPORT_MS = 300_000
_LEASES = "kube-node-lease"
_HEALTHY = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)
_LOW = ("MemoryPressure", "True", "KubeletHasInsufficientMemory", "kubelet has insufficient memory available")
_FULL = ("DiskPressure", "True", "KubeletHasDiskPressure", "kubelet has disk pressure")


@dataclass(frozen=True, slots=True)
class MachineSeen:
    machine: Obj
    node: Obj | None
    lease: Obj | None
    registered: bool  # since this kubelet started
    now_ms: int
    short: Shortage | None = None


class NodeStatus(Controller[MachineSeen]):
    name = "kubelet-node-status"
    title = N_("Node status")
    subject = N_("The kubelet of %(node)s")
    lane = 240
    component = "kubelet"
    reconciles = "Machine"
    says = {
        "NodeNotRegistered": Saying(
            N_("The machine is not known as a Node yet."), N_("not registered"), {"Node": N_("It registers %(name)s.")}
        ),
        "NodeStatusOutdated": Saying(N_("%(about)s has news of itself."), N_("status is old")),
        "Evicted": Saying(
            N_("%(about)s must go: its node has too little left."),
            N_("must go"),
            {"PodSandbox": N_("It has %(name)s end.")},
        ),
        "EvictionUnderWay": Saying(N_("A pod that had to go is still there."), N_("a pod is going")),
        "HeartbeatDue": Saying(N_("It is time to say that %(about)s is well."), N_("a sign of life")),
        "LeaseMissing": Saying(N_("%(about)s has no Lease yet."), N_("no Lease yet")),
        "LeaseHeld": Saying(N_("The Lease of %(about)s is fresh."), N_("Lease is fresh")),
        "LeaseDue": Saying(
            N_("The Lease of %(about)s is getting old."),
            N_("Lease is old"),
            {"Lease": N_("It renews the Lease of %(name)s.")},
        ),
    }
    labels = {"registered": N_("registered")}

    def __init__(self, node: str) -> None:
        self.instance = node
        own = ("metadata.name", node)
        machine = Ref("Machine", "", node)
        self.wakes = (
            itself("Machine"),
            Wake("Node", lambda obj, reader: (machine,), when=lambda old, new: old is None),
        )
        self.reads = (
            *(Cache(kind, field_selector=own) for kind in ("Machine", "Node", "Lease")),
            Cache("PodSandbox", field_selector=("spec.nodeName", node), selects=evictions.grows),
        )

    def observe(self, key: Ref, reader: Reader) -> MachineSeen | None:
        machine = reader.get(key)
        if machine is None:
            return None
        node, lease = reader.get(Ref("Node", "", key.name)), reader.get(Ref("Lease", _LEASES, key.name))
        short = evictions.shortage(machine, reader)
        return MachineSeen(machine, node, lease, bool(reader.remembered()), reader.now_ms, short)

    @staticmethod
    def saw(seen: MachineSeen) -> Message:
        if seen.node is None:
            return message(N_("%(who)s finds no Node for its machine."))
        return message(N_("%(who)s looks at its machine."))

    def diff(self, seen: MachineSeen) -> Iterable[Difference]:
        if seen.node is not None:
            yield from _report(seen, seen.node)
            if seen.short is not None:
                yield from evictions.of(seen.node, seen.short, seen.now_ms)
        elif not seen.registered:
            yield from _register(seen)
        yield from _renew(seen)


def _register(seen: MachineSeen) -> Iterator[Difference]:
    node = new_node(seen.machine, seen.now_ms)
    about = {**node, "metadata": {"name": name_of(node), "uid": name_of(node)}}
    starting = Announce(about, "Normal", "Starting", "Starting kubelet.")
    actions = (Create(node, announce=starting), _node_ready(about), Remember(True))
    yield Difference(ref_of(node), "metadata.name", name_of(node), "", "NodeNotRegistered", actions)


def _report(seen: MachineSeen, node: Obj) -> Iterator[Difference]:
    """The node's status, if it changed; else what of it is older than five minutes."""
    old: dict[str, Any] = node.get("status") or {}
    is_low = seen.short is not None and seen.short.resource == evictions.MEMORY
    new = node_status(seen.machine, old, seen.now_ms, is_low=is_low)
    changed = {key: value for key, value in new.items() if _differs(key, old.get(key), value)}
    ready = find(old.get("conditions"), "Ready")
    last_ms = times.parse(ready["lastHeartbeatTime"]) if ready else 0
    if changed:
        event = None if is_true(old.get("conditions"), "Ready") else _node_ready(node)
        actions: list[Action] = [Patch(ref_of(node), {"status": changed}, subresource="status", announce=event)]
        if not seen.registered:
            actions.append(Remember(True))
        desired, observed = changed_fields(_counted(changed), _counted({key: old.get(key) for key in changed}))
        yield Difference(ref_of(node), "status", desired, observed, "NodeStatusOutdated", tuple(actions))
    elif seen.now_ms - last_ms >= _REPORT_MS:
        patch = Patch(ref_of(node), {"status": {"conditions": new["conditions"]}}, subresource="status")
        now, last = times.rfc3339(seen.now_ms), times.rfc3339(last_ms)
        yield Difference(ref_of(node), "status.conditions", now, last, "HeartbeatDue", (patch,), pace=BACKGROUND)


def _counted(status: dict[str, Any]) -> dict[str, Any]:
    """For people: how many images, not their names and sizes."""
    return {**status, "images": len(status["images"] or ())} if "images" in status else status


def _renew(seen: MachineSeen) -> Iterator[Difference]:
    """The Lease: what the control plane takes for the machine's pulse."""
    ref = Ref("Lease", _LEASES, name_of(seen.machine))
    now = times.rfc3339_micro(seen.now_ms)
    again = RequeueAfter(_RENEW_MS, "lease renewal")
    if seen.lease is None:
        if seen.node is not None:
            lease = new_lease(seen.node, seen.now_ms)
            yield Difference(ref, "spec.renewTime", now, "", "LeaseMissing", (Create(lease), again), pace=BACKGROUND)
        return
    renewed: str = seen.lease["spec"].get("renewTime", "")
    due_ms = times.parse(renewed) + _RENEW_MS if renewed else seen.now_ms
    if seen.now_ms < due_ms:
        wait = RequeueAfter(due_ms - seen.now_ms, "lease renewal")
        yield Difference(ref, "spec.renewTime", renewed, renewed, "LeaseHeld", (wait,), pace=BACKGROUND)
    else:
        renewal = Patch(ref, {"spec": {"renewTime": now}})
        yield Difference(ref, "spec.renewTime", now, renewed, "LeaseDue", (renewal, again), pace=BACKGROUND)


# ------------------------------------------------------------------------------------------- the objects


def new_node(machine: Obj, now_ms: int) -> Obj:
    """The Node as its kubelet registers it."""
    name, spec = name_of(machine), machine["spec"]
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
    }
    if spec.get("zone"):
        labels["topology.kubernetes.io/zone"] = spec["zone"]
    annotations = {
        "node.alpha.kubernetes.io/ttl": "0",
        "volumes.kubernetes.io/controller-managed-attach-detach": "true",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": annotations},
        "spec": {"podCIDR": spec["podCIDR"], "podCIDRs": [spec["podCIDR"]]},
        "status": node_status(machine, {}, now_ms),
    }


def node_status(machine: Obj, old: dict[str, Any], now_ms: int, *, is_low: bool = False) -> dict[str, Any]:
    """What a machine reports; `old` gives the times at which its conditions became so. `is_low`: on memory."""
    ours = [_condition(old, row, now_ms) for row in _rows(machine, is_low)]
    others = [each for each in old.get("conditions") or () if find(ours, each["type"]) is None]
    return {**_of_machine(machine), "conditions": ours + others}


@by_identity
def _of_machine(machine: Obj) -> dict[str, Any]:
    """What stays the same from one look to the next."""
    spec = machine["spec"]
    resources = {
        "cpu": spec["cpu"],
        "ephemeral-storage": "100Gi",
        "hugepages-2Mi": "0",
        "memory": spec["memory"],
        "pods": str(spec["pods"]),
    }
    pulled: dict[str, int] = (machine.get("status") or {}).get("images") or {}
    return {
        "capacity": resources,
        "allocatable": resources,
        "conditions": [],
        "addresses": [
            {"type": "InternalIP", "address": spec["address"]},
            {"type": "Hostname", "address": name_of(machine)},
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": _node_info(name_of(machine)),
        "images": [
            {"names": [images.reference(name)], "sizeBytes": size}
            for name, size in sorted(pulled.items(), key=lambda item: (-item[1], item[0]))
        ],
    }


def new_lease(node: Obj, now_ms: int) -> Obj:
    name = name_of(node)
    owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": uid_of(node)}
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "namespace": _LEASES, "ownerReferences": [owner]},
        "spec": {
            "holderIdentity": name,
            "leaseDurationSeconds": _LEASE_SECONDS,
            "renewTime": times.rfc3339_micro(now_ms),
        },
    }


def _rows(machine: Obj, is_low: bool) -> list[tuple[str, str, str, str]]:
    ill = {"MemoryPressure": _LOW} if is_low else {}
    ill |= {"DiskPressure": _FULL} if machine["spec"].get("disk") == "full" else {}
    return [ill.get(row[0], row) for row in _HEALTHY]


def _condition(old: dict[str, Any], row: tuple[str, str, str, str], now_ms: int) -> Condition:
    type_, status, reason, message = row
    before = find(old.get("conditions"), type_)
    now = times.rfc3339(now_ms)
    since = before["lastTransitionTime"] if before is not None and before["status"] == status else now
    stamps = {"lastHeartbeatTime": now, "lastTransitionTime": since}
    return {"type": type_, "status": status, **stamps, "reason": reason, "message": message}


def _node_info(name: str) -> dict[str, str]:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return {
        "machineID": digest[:32],
        "systemUUID": f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}",
        "bootID": f"{digest[32:40]}-{digest[40:44]}-4{digest[45:48]}-a{digest[49:52]}-{digest[52:64]}",
        "kernelVersion": "6.12.0-simulated",
        "osImage": "Simulated Linux",
        "containerRuntimeVersion": "containerd://2.1.4",
        "kubeletVersion": "v1.36.2",
        "kubeProxyVersion": "",
        "operatingSystem": "linux",
        "architecture": "amd64",
    }


def _node_ready(node: Obj) -> Announce:
    return Announce(node, "Normal", "NodeReady", f"Node {name_of(node)} status is now: NodeReady")


def _differs(part: str, old: Any, new: Any) -> bool:
    """Not by a mere heartbeat."""
    return bool(_without_heartbeats(old) != _without_heartbeats(new) if part == "conditions" else old != new)


def _without_heartbeats(conditions: list[Condition] | None) -> list[Condition]:
    return [{k: v for k, v in each.items() if k != "lastHeartbeatTime"} for each in conditions or ()]
