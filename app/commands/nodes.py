"""What one asks of the API server about a node: take no new pods, give its pods away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from app.api import errors
from app.api.messages import N_, Message, message
from app.api.objects import Obj, Ref, controller_of, is_of, is_terminating, name_of, namespace_of, ref_of
from app.commands import lines
from app.commands.base import Done, Request
from app.commands.hands import Verbs

D = TypeVar("D", bound=Done)


@dataclass(frozen=True, slots=True)
class Cordon(Request):
    do = "cordon"
    node: str
    unschedulable: bool = True

    def perform(self, hands: Verbs) -> None:
        hands.patch(Ref("Node", "", self.node), {"spec": {"unschedulable": self.unschedulable or None}})

    def kubectl(self) -> str:
        return f"kubectl {'cordon' if self.unschedulable else 'uncordon'} {self.node}"

    def line(self, obj: Obj, done: Done) -> str:
        return f"{lines.resource(obj)} {'cordoned' if self.unschedulable else 'uncordoned'}"

    def sentence(self, count: int) -> Message:
        if self.unschedulable:
            return message(N_("You close %(node)s to new pods (cordon)."), node=self.node)
        return message(N_("You open %(node)s to new pods (uncordon)."), node=self.node)


@dataclass(frozen=True, slots=True)
class Drain(Request):
    """Cordon a node and evict its pods, as `kubectl drain --ignore-daemonsets` does, but once: whom a disruption budget
    protects stays until it is asked again."""

    do = "drain"
    node: str

    def perform(self, hands: Verbs) -> None:
        """A pod that a budget keeps is told of in a warning. Refused if nothing came of it: the node was cordoned
        already, and no pod may go."""
        hands.patch(Ref("Node", "", self.node), {"spec": {"unschedulable": True}})
        refused: errors.ApiError | None = None
        for pod in [each for each in hands.objects("Pod") if each["spec"].get("nodeName") == self.node]:
            if is_of(controller_of(pod), "DaemonSet") or is_terminating(pod):
                continue
            try:
                hands.evict(ref_of(pod))
            except errors.ApiError as refusal:
                refused = refused or refusal
                said = f'error when evicting pods/"{name_of(pod)}" -n "{namespace_of(pod)}": {refusal.message}'
                hands.warn(pod, said)
        if refused is not None and not hands.has_changed:
            raise refused

    @staticmethod
    def kept(done: Iterable[D]) -> list[D]:
        """Of what came of it: the pods that a disruption budget keeps."""
        return [each for each in done if each.warnings and not each.changes]

    def kubectl(self) -> str:
        return f"kubectl drain {self.node} --ignore-daemonsets"

    def line(self, obj: Obj, done: Done) -> str:
        if done.warnings:
            return done.warnings[0]
        return f"{lines.resource(obj)} {'cordoned' if name_of(obj) == self.node else 'evicted'}"

    def sentence(self, count: int) -> Message:
        return message(N_("You drain %(node)s: its pods have to move."), node=self.node)
