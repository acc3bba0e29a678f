"""pod-garbage-collector-controller: removes the pods of nodes that do not exist any more.

A Node that was deleted while pods were bound to it leaves pods that no kubelet will ever finish. After 40 seconds of
quarantine they are marked Failed and deleted by force; what owned them makes new ones.
Models kubernetes/pkg/controller/podgc/gc_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.api import conditions
from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, name_of, ref_of, uid_of
from app.component_helpers import pods
from app.reconcile import Action, Controller, Delete, Difference, Patch, Reader, Remember, RequeueAfter, Watch

QUARANTINE_MS = 40_000
_CONDITION = {
    "type": "DisruptionTarget",
    "status": "True",
    "reason": "DeletionByPodGC",
    "message": "PodGC: node no longer exists",
}


@dataclass(frozen=True, slots=True)
class OrphansSeen:
    node: str
    exists: bool
    pods: Sequence[Obj]  # bound to it though it does not exist
    since_ms: int | None  # when that was noticed
    now_ms: int


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
    watches = (
        Watch(
            "Node",
            lambda node, reader: _to_look_at(node, reader),
            when=lambda old, new: old is None or new is None,
            matters=lambda old, new: False,
            totals={"nodes": lambda node: ("", (1,))},
        ),
    )
    says = {
        "NodeGoneQuarantine": Saying(
            N_("%(about)s does not exist: its pods are left alone for 40 seconds."), N_("wait a little")
        ),
        "NodeIsGone": Saying(N_("The node of %(about)s is gone."), N_("its node is gone")),
        "NothingOrphaned": Saying(N_("%(about)s exists, or has no pods left."), N_("nothing orphaned")),
    }

    def observe(self, key: Ref, reader: Reader) -> OrphansSeen | None:
        exists = reader.get(key) is not None
        on_it = () if exists else tuple(pod for pod in reader.live("Pod", None) if pods.node_name(pod) == key.name)
        if exists and reader.remembered() is None:
            return None
        return OrphansSeen(key.name, exists, on_it, reader.remembered(), reader.now_ms)

    @staticmethod
    def saw(seen: OrphansSeen) -> Message:
        if seen.exists:
            return message(N_("%(who)s finds %(name)s."), name=seen.node)
        return message(N_("%(who)s does not find %(name)s; pods on it: %(n)s."), name=seen.node, n=len(seen.pods))

    def diff(self, seen: OrphansSeen) -> Iterable[Difference]:
        about = Ref("Node", "", seen.node)
        if seen.exists or not seen.pods:
            if seen.since_ms is not None:
                yield Difference(about, "exists", True, True, "NothingOrphaned", (Remember(None),), background=True)
            return
        since_ms = seen.now_ms if seen.since_ms is None else seen.since_ms
        if seen.now_ms < since_ms + QUARANTINE_MS:
            wait = RequeueAfter(since_ms + QUARANTINE_MS - seen.now_ms, "quarantine of a node that is gone")
            keep: tuple[Action, ...] = (Remember(since_ms), wait)
            yield Difference(about, "exists", True, False, "NodeGoneQuarantine", keep)
            return
        for pod in seen.pods:
            yield _collect(pod, seen.now_ms)


def _collect(pod: Obj, now_ms: int) -> Difference:
    status: dict[str, Any] = pod.get("status") or {}
    marked = conditions.with_condition(status.get("conditions"), dict(_CONDITION), now_ms)
    actions: list[Action] = []
    if not pods.is_terminal(pod):
        patch = {"status": {"phase": "Failed", "conditions": marked}}
        actions.append(Patch(ref_of(pod), patch, uid=uid_of(pod), subresource="status"))
    actions.append(Delete(ref_of(pod), uid=uid_of(pod), grace_seconds=0))
    return Difference(ref_of(pod), "spec.nodeName", "a node that exists", name_of(pod), "NodeIsGone", tuple(actions))
