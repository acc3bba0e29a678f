"""pod-garbage-collector-controller: removes the pods of nodes that do not exist, and what nodes out of service hold.

A Node that was deleted while pods were bound to it leaves pods that no kubelet will ever finish, and so does a name
that never was one. After 40 seconds of quarantine they are marked Failed and deleted by force; what owned them makes
new ones. A node that is lost and bears the taint out-of-service is known to be off: its pods need not wait for its
kubelet to stop them, and are removed as soon as they are to go.
Models kubernetes/pkg/controller/podgc/gc_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.api import conditions
from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, is_terminating, name_of, ref_of, uid_of
from app.component_helpers import pods
from app.reconcile import (
    BACKGROUND,
    Action,
    Cache,
    Controller,
    Delete,
    Difference,
    Patch,
    Reader,
    Remember,
    RequeueAfter,
    Wake,
)

QUARANTINE_MS = 40_000
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
_WHY = ("DeletionByPodGC", "PodGC: node no longer exists")


@dataclass(frozen=True, slots=True)
class OrphansSeen:
    node: str
    exists: bool
    pods: Sequence[Obj]  # bound to it though it does not exist, or to go though it is out of service
    since_ms: int | None  # when that was noticed
    now_ms: int
    out_of_service: bool = False


def _to_look_at(node: Obj, reader: Reader) -> Iterable[Ref]:
    """The Node; and with the first one that a process hears of, all that pods are bound to: one that went while the
    process was down is not in its list."""
    found = {ref_of(node): None}
    if reader.totals("Node", "nodes").get("", (0,))[0] == 1:
        bound = (pods.node_name(pod) for pod in reader.live("Pod", None))
        found |= {Ref("Node", "", name): None for name in bound if name}
    return found


class PodGarbageCollector(Controller[OrphansSeen]):
    name = "pod-garbage-collector-controller"
    title = N_("Pod GC")
    subject = N_("The pod garbage collector")
    lane = 270
    reconciles = "Node"
    wakes = (
        Wake(
            "Node",
            lambda node, reader: _to_look_at(node, reader),
            when=lambda old, new: old is None or new is None or _is_out(new),
        ),
        Wake("Pod", lambda pod, reader: _left_alone(pod, reader)),
    )
    reads = (
        Cache(
            "Node",
            sees=lambda old, new: _is_out(old) != _is_out(new),
            totals={"nodes": lambda node: ("", (1,))},
        ),
        Cache("Pod", selects=lambda pod: _nobody_cares(pod)),
    )
    says = {
        "NodeGoneQuarantine": Saying(
            N_("%(about)s does not exist: its pods are left alone for 40 seconds."), N_("wait a little")
        ),
        "NodeIsGone": Saying(N_("The node of %(about)s is gone."), N_("its node is gone")),
        "NodeOutOfService": Saying(
            N_("The node of %(about)s is out of service: nobody there will stop it."), N_("its node is off")
        ),
        "NothingOrphaned": Saying(N_("%(about)s exists, or has no pods left."), N_("nothing orphaned")),
    }

    def observe(self, key: Ref, reader: Reader) -> OrphansSeen | None:
        node, since_ms = reader.get(key), reader.remembered()
        is_out = node is not None and _is_out(node)
        if node is not None and not is_out:
            return None if since_ms is None else OrphansSeen(key.name, True, (), since_ms, reader.now_ms)
        on_it = reader.live_on(key.name)
        if is_out:
            on_it = tuple(filter(is_terminating, on_it))
        return OrphansSeen(key.name, node is not None, on_it, since_ms, reader.now_ms, is_out)

    @staticmethod
    def saw(seen: OrphansSeen) -> Message:
        if seen.exists:
            return message(N_("%(who)s finds %(name)s."), name=seen.node)
        return message(N_("%(who)s does not find %(name)s; pods on it: %(n)s."), name=seen.node, n=len(seen.pods))

    def diff(self, seen: OrphansSeen) -> Iterable[Difference]:
        about = Ref("Node", "", seen.node)
        if seen.out_of_service:
            for pod in seen.pods:
                field = "metadata.deletionTimestamp"
                yield Difference(ref_of(pod), field, "gone", "terminating", "NodeOutOfService", _by_force(pod, {}))
            return
        if seen.exists or not seen.pods:
            if seen.since_ms is not None:
                yield Difference(about, "exists", True, True, "NothingOrphaned", (Remember(None),), pace=BACKGROUND)
            return
        since_ms = seen.now_ms if seen.since_ms is None else seen.since_ms
        if seen.now_ms < since_ms + QUARANTINE_MS:
            wait = RequeueAfter(since_ms + QUARANTINE_MS - seen.now_ms, "quarantine of a node that is gone")
            keep: tuple[Action, ...] = (Remember(since_ms), wait)
            yield Difference(about, "exists", True, False, "NodeGoneQuarantine", keep)
            return
        for pod in seen.pods:
            held = (pod.get("status") or {}).get("conditions")
            marked = conditions.with_condition(held, pods.disrupted(pod, *_WHY), seen.now_ms)
            force = _by_force(pod, {"conditions": marked})
            yield Difference(ref_of(pod), "spec.nodeName", "a node that exists", name_of(pod), "NodeIsGone", force)


def _by_force(pod: Obj, status: dict[str, Any]) -> tuple[Action, ...]:
    """Marked as failed, unless it has ended, and removed."""
    kill = Delete(ref_of(pod), uid=uid_of(pod), grace_seconds=0)
    if pods.is_terminal(pod):
        return (kill,)
    observed = pod["metadata"].get("generation", 1)
    patch = {"status": {"phase": "Failed", "observedGeneration": observed, **status}}
    return (Patch(ref_of(pod), patch, uid=uid_of(pod), subresource="status"), kill)


def _is_out(node: Obj) -> bool:
    tainted = any(taint["key"] == OUT_OF_SERVICE for taint in (node.get("spec") or {}).get("taints") or ())
    return tainted and not conditions.is_true((node.get("status") or {}).get("conditions"), "Ready")


def _nobody_cares(pod: Obj) -> bool:
    """It is to go, or whoever made it bound it and no kubelet has said anything of it yet: perhaps there is none."""
    if not pods.node_name(pod):
        return False
    return is_terminating(pod) or not (pod.get("status") or {}).get("conditions")


def _left_alone(pod: Obj, reader: Reader) -> Iterable[Ref]:
    """Its node, if that is not there or out of service."""
    node = Ref("Node", "", pods.node_name(pod))
    found = reader.get(node)
    return (node,) if found is None or _is_out(found) else ()
