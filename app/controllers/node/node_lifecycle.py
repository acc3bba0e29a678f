"""node-lifecycle-controller: notices nodes that fell silent, says so, and taints them.

A kubelet renews its Lease every 10 seconds. After 50 without a sign of life the node's conditions become Unknown, every
pod on it counts as not ready (so Services leave them at once), and taints follow: one that keeps new pods away, and one
that evicts, for at most one node per zone in 10 seconds, and for none at all where most of a zone, or all nodes, are
lost. Waiting for the next sign of life is background.
Models kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.api import conditions, times
from app.api.conditions import Condition
from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, name_of, ref_of, uid_of
from app.component_helpers import pods
from app.controllers.node import node_health
from app.reconcile import (
    BACKGROUND,
    Announce,
    Cache,
    Controller,
    Difference,
    Patch,
    Reader,
    Remember,
    RequeueAfter,
    Wake,
    itself,
)

_LEASES = "kube-node-lease"
_WATCHED = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
_SILENT = ("NodeStatusUnknown", "Kubelet stopped posting node status.")


@dataclass(frozen=True, slots=True)
class NodeSeen:
    node: Obj
    heard_ms: int  # its last sign of life
    nodes: Sequence[Obj]  # all of them; read only when this one is not Ready
    pods: Sequence[Obj]  # on it, read only then
    now_ms: int
    known: bool = True  # announced before


@dataclass(frozen=True, slots=True)
class NodeGone:
    """One that was announced and does not exist any more."""

    name: str
    uid: str


class NodeLifecycleController(Controller[NodeSeen | NodeGone]):
    name = "node-lifecycle-controller"
    title = N_("Node health")
    subject = N_("The node lifecycle controller")
    lane = 250
    component = "node-controller"
    reconciles = "Node"
    assumes = True  # of the nodes of a zone one at a time is tainted: it must see the last one
    says = {
        "NodeSilent": Saying(
            N_("That is too long: nobody knows how it is."),
            N_("silent for too long"),
            {"Node": N_("It marks %(name)s as unknown.")},
        ),
        "PodOnLostNode": Saying(
            N_("%(about)s is on a node that is not well."),
            N_("on a lost node"),
            {"Pod": N_("It marks %(name)s as not ready.")},
        ),
        "TaintsOutdated": Saying(
            N_("The taints of %(about)s do not fit its state."),
            N_("taints are old"),
            {"Node": N_("It sets the taints of %(name)s.")},
        ),
        "NodeIsBack": Saying(
            N_("%(about)s is back: the taint that evicts must go."),
            N_("it is back"),
            {"Node": N_("It takes that taint off %(name)s.")},
        ),
        "EvictionsStopped": Saying(
            N_("Too many nodes are lost at once: nobody is evicted."),
            N_("evictions stopped"),
            needs=N_("A node must be heard of again: while all are silent the fault may be nearer."),
        ),
        "EvictionRateLimited": Saying(
            N_("%(about)s must wait: its zone evicts node by node."),
            N_("one at a time"),
            needs=N_("It must be its turn in its zone."),
        ),
        "NodeLost": Saying(
            N_("%(about)s is lost: it needs the taint that evicts."),
            N_("the node is lost"),
            {"Node": N_("It sets the taint that evicts pods on %(name)s.")},
        ),
        "NodeIsNew": Saying(N_("%(about)s is new to it."), N_("a new node")),
        "NodeIsRemoved": Saying(N_("%(about)s does not exist any more."), N_("a node less")),
        "HeardFrom": Saying(N_("%(about)s was heard of in time."), N_("heard of")),
    }

    def __init__(self) -> None:
        self.wakes = (itself("Node", when=_is_news), Wake("Node", _lost, when=_readiness_changed))
        self.reads = (Cache("Lease"),)

    def observe(self, key: Ref, reader: Reader) -> NodeSeen | NodeGone | None:
        node, known = reader.get(key), reader.remembered()
        if node is None:
            return NodeGone(key.name, known) if known else None
        lease = reader.get(Ref("Lease", _LEASES, key.name))
        heard_ms = max(_heartbeat_ms(node), _renewed_ms(lease))
        nodes: Sequence[Obj] = ()
        on_it: Sequence[Obj] = ()
        if node_health.readiness(node) != "True" or reader.now_ms - heard_ms >= node_health.GRACE_MS:
            nodes = reader.list("Node")
            on_it = reader.live_on(key.name)
        return NodeSeen(node, heard_ms, nodes, on_it, reader.now_ms, known is not None)

    @staticmethod
    def saw(seen: NodeSeen | NodeGone) -> Message:
        if isinstance(seen, NodeGone):
            return message(N_("%(who)s does not find %(name)s."), name=seen.name)
        text = N_("%(who)s last heard of %(name)s %(seconds)s s ago.")
        return message(text, name=name_of(seen.node), seconds=max(0, seen.now_ms - seen.heard_ms) // 1000)

    def diff(self, seen: NodeSeen | NodeGone) -> Iterable[Difference]:
        if isinstance(seen, NodeGone):
            yield _announced(seen.name, seen.uid, "NodeIsRemoved", "RemovingNode", "Removing Node %s from Controller")
            return
        if not seen.known:
            uid = uid_of(seen.node)
            yield _announced(name_of(seen.node), uid, "NodeIsNew", "RegisteredNode", "Registered Node %s in Controller")
        silent = seen.now_ms - seen.heard_ms >= node_health.GRACE_MS
        if silent and node_health.readiness(seen.node) != "Unknown":
            yield _lose(seen)
            yield from _unready_pods(seen)
            return
        if node_health.readiness(seen.node) != "True":
            yield from _unready_pods(seen)
        # Both write the whole list of taints: one after the other.
        yield from [*_no_schedule(seen)] or _no_execute(seen)
        if not silent:
            wait = RequeueAfter(seen.heard_ms + node_health.GRACE_MS - seen.now_ms, "the next sign of life")
            about = ref_of(seen.node)
            yield Difference(about, "spec.renewTime", "renewed", "renewed", "HeardFrom", (wait,), pace=BACKGROUND)


def _announced(name: str, uid: str, why: str, reason: str, text: str) -> Difference:
    """It says so once and keeps the uid, of a Node that is gone too."""
    told = Announce(_named(name, uid), "Normal", reason, f"Node {name} event: {text % name}")
    is_new = why == "NodeIsNew"
    keep = Remember(uid if is_new else None)
    return Difference(Ref("Node", "", name), "exists", is_new, not is_new, why, (told, keep))


def _named(name: str, uid: str) -> Obj:
    """What its Events about Nodes refer to."""
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "uid": uid}}


# -------------------------------------------------------------------------------------------------- not heard of


def _lose(seen: NodeSeen) -> Difference:
    """Of a node that is silent nothing is known any more."""
    node, at = seen.node, times.rfc3339(seen.now_ms)
    held: list[Condition] = (node.get("status") or {}).get("conditions") or []
    lost = [_unknown(each, at) if each["type"] in _WATCHED else each for each in held]
    for type_ in _WATCHED:
        if conditions.find(held, type_) is None:
            lost.append(_unknown({"type": type_, "lastHeartbeatTime": at}, at))
    told = f"Node {name_of(node)} status is now: NodeNotReady"
    event = Announce(_named(name_of(node), uid_of(node)), "Normal", "NodeNotReady", told)
    patch = Patch(ref_of(node), {"status": {"conditions": lost}}, subresource="status", announce=event)
    silence_s = (seen.now_ms - seen.heard_ms) // 1000
    return Difference(
        ref_of(node), "status.conditions", "a sign of life", f"{silence_s} s of silence", "NodeSilent", (patch,)
    )


def _unknown(condition: Condition, at: str) -> Condition:
    reason, message = _SILENT
    return {**condition, "status": "Unknown", "reason": reason, "message": message, "lastTransitionTime": at}


def _unready_pods(seen: NodeSeen) -> Iterator[Difference]:
    """What runs there, or does not, is served by nobody: Services leave these pods now."""
    for pod in seen.pods:
        ready = pods.ready_condition(pod)
        if ready is None or ready["status"] != "True":
            continue
        held = pod["status"]["conditions"]
        unready = {key: value for key, value in ready.items() if key not in ("reason", "message")} | {"status": "False"}
        patch = {"status": {"conditions": conditions.with_condition(held, unready, seen.now_ms)}}
        event = Announce(pod, "Warning", "NodeNotReady", "Node is not ready")
        action = Patch(ref_of(pod), patch, uid=uid_of(pod), subresource="status", announce=event)
        yield Difference(ref_of(pod), "status.conditions[Ready]", "False", "True", "PodOnLostNode", (action,))


# --------------------------------------------------------------------------------------------------------- taints


def _no_schedule(seen: NodeSeen) -> Iterator[Difference]:
    wanted, held = node_health.wanted_no_schedule(seen.node), node_health.has_no_schedule(seen.node)
    if wanted == held:
        return
    taints = node_health.with_no_schedule(seen.node, wanted, times.rfc3339(seen.now_ms))
    patch = Patch(ref_of(seen.node), {"spec": {"taints": taints or None}})
    desired, observed = ", ".join(sorted(wanted)), ", ".join(sorted(held))
    yield Difference(ref_of(seen.node), "spec.taints", desired, observed, "TaintsOutdated", (patch,))


def _no_execute(seen: NodeSeen) -> Iterator[Difference]:
    """The taint that evicts, or its end. Waiting for one's turn is foreground: something will come of it."""
    node, about = seen.node, ref_of(seen.node)
    wanted, held = node_health.health_taint(node), node_health.no_execute(node)
    if wanted == (held["key"] if held else ""):
        return
    others = [taint for taint in node_health.taints_of(node) if taint is not held]
    if not wanted:
        patch = Patch(about, {"spec": {"taints": others or None}})
        yield Difference(about, "spec.taints", "", held["key"] if held else "", "NodeIsBack", (patch,))
        return
    zone = node_health.zone_of(node)
    pause_ms = node_health.eviction_pause_ms(seen.nodes, zone)
    if pause_ms is None:
        yield Difference(about, "spec.taints", wanted, "", "EvictionsStopped")
        return
    tainted = (other for other in seen.nodes if node_health.no_execute(other) and node_health.zone_of(other) == zone)
    due_ms = max(map(_tainted_ms, tainted), default=0) + pause_ms
    if held is None and seen.now_ms < due_ms:
        wait = RequeueAfter(due_ms - seen.now_ms, "one node at a time")
        yield Difference(about, "spec.taints", wanted, "", "EvictionRateLimited", (wait,))
        return
    at = times.rfc3339(seen.now_ms)
    taints = [*others, {"key": wanted, "effect": "NoExecute", "timeAdded": (held or {}).get("timeAdded", at)}]
    yield Difference(
        about,
        "spec.taints",
        wanted,
        held["key"] if held else "",
        "NodeLost",
        (Patch(about, {"spec": {"taints": taints}}),),
    )


def _tainted_ms(node: Obj) -> int:
    taint = node_health.no_execute(node)
    return times.parse(taint["timeAdded"]) if taint and taint.get("timeAdded") else 0


# --------------------------------------------------------------------------------------------------- what wakes it


def _renewed_ms(lease: Obj | None) -> int:
    renewed = lease["spec"].get("renewTime") if lease else None
    return times.parse(renewed) if renewed else 0


def _heartbeat_ms(node: Obj) -> int:
    ready = conditions.find((node.get("status") or {}).get("conditions"), "Ready")
    beat = (ready or {}).get("lastHeartbeatTime") or node["metadata"].get("creationTimestamp")
    return times.parse(beat) if beat else 0


def _is_news(old: Obj | None, new: Obj | None) -> bool:
    """Not a mere heartbeat."""
    if old is None or new is None:
        return True
    return old.get("spec") != new.get("spec") or _statuses(old) != _statuses(new)


def _statuses(node: Obj) -> list[tuple[str, str]]:
    return [(each["type"], each["status"]) for each in (node.get("status") or {}).get("conditions") or ()]


def _readiness_changed(old: Obj | None, new: Obj | None) -> bool:
    if old is None or new is None:
        return new is None
    return node_health.readiness(old) != node_health.readiness(new)


def _lost(_: Obj, reader: Reader) -> Iterable[Ref]:
    """Whether nodes that are lost may be evicted depends on how many are."""
    return tuple(ref_of(node) for node in reader.list("Node") if node_health.readiness(node) != "True")
