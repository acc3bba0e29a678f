"""What is done to machines: how many there are, their power, network, speed and disk. Nobody is asked, nobody is told.

Each patches the Machine object that says how things are (app/api/machines.py); the engine follows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.api import errors, limits, names, quantities
from app.api.control_plane import new_control_plane
from app.api.machines import machine, next_number
from app.api.messages import N_, Message, counted, many, message
from app.api.objects import Obj, Ref, name_of, ref_of
from app.commands.base import Done, Physical, within
from app.commands.hands import Hands

_ZONES = "abcdefghij"
_MAX_SLOW = 100


@dataclass(frozen=True, slots=True)
class Bootstrap(Physical):
    """The first command of every cluster: its machines, spread over `zones` zones (0: none is named)."""

    do = "bootstrap"
    on_forms = False
    nodes: int = 3
    latencies: str = "textbook"
    cpu: str = "4"
    memory: str = "8Gi"
    zones: int = 0

    def perform(self, hands: Hands) -> None:
        zones = min(self.zones, len(_ZONES))
        for number in range(1, min(self.nodes, limits.MACHINES) + 1):
            zone = f"zone-{_ZONES[(number - 1) % zones]}" if zones > 0 else ""
            _create(hands, number, self.cpu, self.memory, zone, self.latencies)
        hands.create(new_control_plane())

    def said(self, done: Iterable[Done]) -> str:
        return "cluster started"

    def sentence(self, count: int) -> Message:
        return counted(many("The cluster starts with one node.", "The cluster starts with %(n)s nodes."), self.nodes)


@dataclass(frozen=True, slots=True)
class PowerNode(Physical):
    do = "power"
    node: str
    on: bool = False

    def perform(self, hands: Hands) -> None:
        _power(hands, [_machine(hands, self.node)], on=self.on)

    def said(self, done: Iterable[Done]) -> str:
        return f"node/{self.node} powered {'on' if self.on else 'off'}"

    def sentence(self, count: int) -> Message:
        if self.on:
            text = N_("You give %(node)s its power back: it starts with nothing running.")
            return message(text, node=self.node)
        return message(N_("You cut the power of %(node)s: nobody is told."), node=self.node)


@dataclass(frozen=True, slots=True)
class CutNetwork(Physical):
    """The machine goes on, but reaches nobody and is reached by nobody."""

    do = "cut"
    node: str
    cut: bool = True

    def perform(self, hands: Hands) -> None:
        _patch(hands, self.node, network="cut" if self.cut else "on")

    def said(self, done: Iterable[Done]) -> str:
        return f"node/{self.node} network {'cut' if self.cut else 'mended'}"

    def sentence(self, count: int) -> Message:
        if self.cut:
            text = N_("You cut the network of %(node)s: it goes on alone.")
            return message(text, node=self.node)
        return message(N_("You mend the network of %(node)s."), node=self.node)


@dataclass(frozen=True, slots=True)
class SlowNode(Physical):
    """Everything takes `factor` times as long on that machine; 1 is normal."""

    do = "slow"
    node: str
    factor: int = 5

    def perform(self, hands: Hands) -> None:
        _patch(hands, self.node, slow=within("factor", self.factor, 1, _MAX_SLOW))

    def said(self, done: Iterable[Done]) -> str:
        return f"node/{self.node} " + (f"slowed down {self.factor}x" if self.factor > 1 else "as fast as before")

    def sentence(self, count: int) -> Message:
        if self.factor == 1:
            return message(N_("You make %(node)s as fast as before."), node=self.node)
        text = N_("You slow %(node)s down: all takes %(n)s times as long.")
        return message(text, node=self.node, n=self.factor)


@dataclass(frozen=True, slots=True)
class FillDisk(Physical):
    do = "disk"
    node: str
    full: bool = True

    def perform(self, hands: Hands) -> None:
        _patch(hands, self.node, disk="full" if self.full else "ok")

    def said(self, done: Iterable[Done]) -> str:
        return f"node/{self.node} disk {'full' if self.full else 'emptied'}"

    def sentence(self, count: int) -> Message:
        if self.full:
            return message(N_("You fill the disk of %(node)s."), node=self.node)
        return message(N_("You empty the disk of %(node)s."), node=self.node)


@dataclass(frozen=True, slots=True)
class AddNode(Physical):
    do = "add-node"
    zone: str = ""
    cpu: str = "4"
    memory: str = "8Gi"

    def perform(self, hands: Hands) -> None:
        machines = hands.objects("Machine")
        if len(machines) >= limits.MACHINES:
            raise errors.TooManyRequests(f"this cluster has its limit of {limits.MACHINES} machines")
        self._check()
        latencies = machines[0]["spec"]["latencies"] if machines else "textbook"
        number = next_number([*machines, *hands.objects("Node")])
        _create(hands, number, self.cpu, self.memory, self.zone, latencies)

    def _check(self) -> None:
        for field, amount in (("cpu", self.cpu), ("memory", self.memory)):
            if not quantities.is_valid(amount) or quantities.parse(amount) <= 0:
                raise errors.BadRequest(f'field "{field}" must be an amount such as 4 or 8Gi, not "{amount[:40]}"')
        if problem := names.label_value_problem(self.zone):
            raise errors.BadRequest(f'field "zone": {problem}')

    def said(self, done: Iterable[Done]) -> str:
        return "node added"

    def sentence(self, count: int) -> Message:
        if self.zone:
            return message(N_("You add a machine in %(zone)s."), zone=self.zone)
        return message(N_("You add a machine."))


@dataclass(frozen=True, slots=True)
class RemoveNode(Physical):
    """The machine is gone for good. Its Node object stays until a loop, or somebody, deletes it."""

    do = "remove-node"
    node: str

    def perform(self, hands: Hands) -> None:
        found = _machine(hands, self.node)
        hands.forget_processes(self.node)
        hands.delete(ref_of(found))

    def said(self, done: Iterable[Done]) -> str:
        return f"node/{self.node} removed"

    def sentence(self, count: int) -> Message:
        text = N_("You take the machine of %(node)s away for good.")
        return message(text, node=self.node)


@dataclass(frozen=True, slots=True)
class FailZone(Physical):
    """All machines of a zone lose power, or get it back."""

    do = "zone"
    zone: str
    failed: bool = True

    def perform(self, hands: Hands) -> None:
        found = [each for each in hands.objects("Machine") if each["spec"]["zone"] == self.zone]
        if not self.zone or not found:
            raise errors.NotFound(f'no node is in zone "{self.zone}"')
        _power(hands, found, on=not self.failed)

    def said(self, done: Iterable[Done]) -> str:
        return f"zone/{self.zone} powered {'off' if self.failed else 'on'}"

    def sentence(self, count: int) -> Message:
        if self.failed:
            return message(N_("You cut the power of all machines in %(zone)s."), zone=self.zone)
        return message(N_("You give all machines in %(zone)s their power back."), zone=self.zone)


@dataclass(frozen=True, slots=True)
class SetLatencies(Physical):
    """How fast everything is, the control plane and each machine."""

    do = "latencies"
    preset: str

    def perform(self, hands: Hands) -> None:
        hands.set_latencies(self.preset)
        for found in hands.objects("Machine"):
            hands.patch(ref_of(found), {"spec": {"latencies": self.preset}})

    def said(self, done: Iterable[Done]) -> str:
        return f"latencies/{self.preset} set"

    def sentence(self, count: int) -> Message:
        return message(N_("You set the latencies to %(preset)s."), preset=self.preset)


def _create(hands: Hands, number: int, cpu: str, memory: str, zone: str, latencies: str) -> None:
    hands.create(machine(f"node-{number}", number, cpu=cpu, memory=memory, zone=zone, latencies=latencies))


def _power(hands: Hands, machines: Sequence[Obj], *, on: bool) -> None:
    """When power comes back, what ran has died, and the kubelet starts with an empty memory."""
    power = "on" if on else "off"
    for found in machines:
        spec, node = found["spec"], name_of(found)
        if spec["power"] == power:
            continue
        if on:
            hands.end_processes(node, spec.get("poweredOffMs", 0))
        _patch(hands, node, power=power, poweredOffMs=None if on else hands.now_ms)


def _patch(hands: Hands, node: str, **spec: Any) -> None:
    hands.patch(ref_of(_machine(hands, node)), {"spec": spec})


def _machine(hands: Hands, node: str) -> Obj:
    found = hands.find(Ref("Machine", "", node))
    if found is None:
        raise errors.not_found("nodes", node)
    return found
