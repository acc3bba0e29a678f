"""cloud-node-lifecycle-controller: deletes the Node of a machine that is gone for good.

Whether a silent node is only cut off or does not exist any more, only the cloud knows; here the cloud is the set of
Machine objects. Models kubernetes/cloud-provider `controllers/nodelifecycle/node_lifecycle_controller.go`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, name_of, ref_of
from app.controllers.node import node_health
from app.reconcile import Announce, Cache, Controller, Delete, Difference, Reader, Wake, itself, nothing, went


@dataclass(frozen=True, slots=True)
class CloudNodeSeen:
    node: Obj
    machine: Obj | None


class CloudNodeLifecycleController(Controller[CloudNodeSeen]):
    name = "cloud-node-lifecycle-controller"
    title = N_("Cloud nodes")
    subject = N_("The cloud node controller")
    lane = 280
    reconciles = "Node"
    says = {
        "MachineIsGone": Saying(
            N_("The machine of %(about)s is gone for good."),
            N_("the machine is gone"),
            {"Node": N_("It deletes the Node %(name)s.")},
        ),
    }

    def __init__(self) -> None:
        self.wakes = (
            itself("Node", when=_is_lost),
            Wake("Machine", lambda machine, reader: (Ref("Node", "", name_of(machine)),), when=went),
        )
        self.reads = (Cache("Node", sees=_is_lost), Cache("Machine", sees=nothing))

    def observe(self, key: Ref, reader: Reader) -> CloudNodeSeen | None:
        node = reader.get(key)
        return CloudNodeSeen(node, reader.get(Ref("Machine", "", key.name))) if node else None

    @staticmethod
    def saw(seen: CloudNodeSeen) -> Message:
        if seen.machine is None:
            return message(N_("%(who)s finds no machine of %(name)s."), name=name_of(seen.node))
        return message(N_("%(who)s finds the machine of %(name)s."), name=name_of(seen.node))

    def diff(self, seen: CloudNodeSeen) -> Iterable[Difference]:
        if seen.machine is not None or node_health.readiness(seen.node) == "True" or not _was_registered(seen.node):
            return
        name = name_of(seen.node)
        message = f"Deleting node {name} because it does not exist in the cloud provider"
        delete = Delete(ref_of(seen.node), announce=Announce(seen.node, "Normal", "DeletingNode", message))
        yield Difference(ref_of(seen.node), "exists", False, True, "MachineIsGone", (delete,))


def _was_registered(node: Obj) -> bool:
    """By a kubelet of ours, not by hand."""
    info = (node.get("status") or {}).get("nodeInfo") or {}
    return bool(info.get("machineID"))


def _is_lost(old: Obj | None, new: Obj | None) -> bool:
    return (
        new is not None
        and node_health.readiness(new) != "True"
        and (old is None or node_health.readiness(old) == "True")
    )
