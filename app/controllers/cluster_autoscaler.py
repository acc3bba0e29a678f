"""cluster-autoscaler: a machine more when pods find no room, one less when it has been needed by nobody for long.

It acts only in a cluster that asks for it, with a ConfigMap `cluster-autoscaler` in kube-system:

    data: {min: "3", max: "6", scale-down-unneeded-time: 10m}

New machines are like the first one. A machine is unneeded when less than half of it is requested and its pods would fit
on the others; it is tainted, emptied, and removed. Pods that would fit nowhere else, or that nobody would make again,
keep their node. While a pod waits for a machine or a machine may go, the next look is awaited. Models
kubernetes/autoscaler `cluster-autoscaler/core` (static_autoscaler.go) with one node group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from app.api import conditions, limits, machines, quantities
from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, controller_of, is_of, is_terminating, name_of, namespace_of, ref_of, uid_of
from app.component_helpers import pods
from app.reconcile import (
    Action,
    Announce,
    Cache,
    Controller,
    Create,
    Delete,
    Difference,
    Patch,
    Reader,
    Remember,
    RequeueAfter,
    Wake,
    background_if,
)

SCAN_MS = 10_000
_KEY = Ref("ConfigMap", "kube-system", "cluster-autoscaler")
_GONE_TAINT = "ToBeDeletedByClusterAutoscaler"
_HALF = 50  # percent of a node's cpu or memory: below, it is a candidate
_UNNEEDED_MS = 600_000


class Room(NamedTuple):
    cpu_milli: int
    memory: int
    pods: int

    def holds(self, pod: Room) -> bool:
        return self.cpu_milli >= pod.cpu_milli and self.memory >= pod.memory and self.pods >= pod.pods

    def without(self, pod: Room) -> Room:
        return Room(self.cpu_milli - pod.cpu_milli, self.memory - pod.memory, self.pods - pod.pods)


class Memory(NamedTuple):
    next_ms: int
    unneeded: tuple[tuple[str, int], ...] = ()  # node, since when
    grew_ms: int = 0
    refused: frozenset[str] = frozenset()  # uids of pods that were told that no machine will come


@dataclass(frozen=True, slots=True)
class ClusterSeen:
    config: Obj
    nodes: Sequence[Obj]
    machines: Sequence[Obj]
    pods: Sequence[Obj]
    memory: Memory
    now_ms: int


def _finds_no_room(pod: Obj) -> bool:
    scheduled = conditions.find((pod.get("status") or {}).get("conditions"), "PodScheduled")
    unschedulable = scheduled is not None and scheduled.get("reason") == "Unschedulable"
    return unschedulable and not pods.node_name(pod) and not is_terminating(pod)


def _waiting(pod: Obj) -> tuple[bool, ...]:
    return (True,) if _finds_no_room(pod) else ()


def _waits_or_leaves(old: Obj | None, new: Obj | None) -> bool:
    if new is None:
        return True
    return _finds_no_room(new) and not (old is not None and _finds_no_room(old))


def _the_config(pod: Obj, reader: Reader) -> tuple[Ref, ...]:
    return (_KEY,) if reader.get(_KEY) is not None else ()


def _may_act(seen: ClusterSeen) -> bool:
    """Whether the next look may find work: a pod that was not refused yet waits, or a machine can be spared."""
    return _can_spare(seen) or any(uid_of(pod) not in seen.memory.refused for pod in seen.pods)


def _can_spare(seen: ClusterSeen) -> bool:
    return len(seen.machines) > _number(seen.config, "min", 1)


def _what_would_help(gap: Difference, seen: ClusterSeen) -> Iterator[Message]:
    size, most = len(seen.machines), _number(seen.config, "max", limits.MACHINES)
    why = next(
        (why for pod, why in _grow(seen, [*filter(_finds_no_room, seen.pods)]).refused if ref_of(pod) == gap.about), ""
    )
    if size >= most:
        text = N_("Machines: %(n)s, at most %(most)s. max in its ConfigMap must be more.")
        yield message(text, n=size, most=most)
    else:
        yield message(N_("It must fit on an empty machine: %(why)s."), why=why.removeprefix("1 "))


class ClusterAutoscaler(Controller[ClusterSeen]):
    name = "cluster-autoscaler"
    title = N_("Node scaler")
    subject = N_("The cluster autoscaler")
    lane = 290
    reconciles = "ConfigMap"
    sleeps = True
    wakes = (
        Wake("ConfigMap", lambda obj, reader: (_KEY,) if _is_ours(obj) else ()),
        Wake("Pod", _the_config, when=_waits_or_leaves),
    )
    reads = (
        Cache("ConfigMap", field_selector=("metadata.name", _KEY.name)),
        Cache("Pod", indexes={"waiting": _waiting}),
    )  # fmt: skip
    says = {
        "PodsFindNoRoom": Saying(
            N_("Pods find no room: %(desired)s machines are needed, not %(observed)s."),
            N_("too few machines"),
            {"Machine": N_("It orders a machine: %(name)s.")},
        ),
        "NoMachineWouldHelp": Saying(
            N_("No further machine would help %(about)s."), N_("none would help"), needs=_what_would_help
        ),
        "NodeUnneeded": Saying(
            N_("%(about)s is hardly used: its pods fit elsewhere."),
            N_("not needed"),
            {"Node": N_("It closes %(name)s to new pods.")},
        ),
        "NodeIsLeaving": Saying(N_("%(observed)s is to go: %(about)s must move."), N_("pods must move")),
        "NodeIsEmpty": Saying(
            N_("%(about)s is empty: its machine is not needed."),
            N_("empty now"),
            {"Machine": N_("It gives the machine of %(name)s back."), "Node": N_("It deletes the Node %(name)s.")},
        ),
        "NotUnneededLongEnough": Saying(
            N_("%(about)s is hardly used; its machine goes when that has been so for long enough."),
            N_("not yet"),
            needs=N_("Until then it must stay hardly used, and its pods must fit elsewhere."),
        ),
        "MachineAwaited": Saying(
            N_("Of %(desired)s machines %(observed)s are ready: it waits for the others."),
            N_("machines on their way"),
            needs=N_("All machines must be ready; now: %(observed)s of %(desired)s."),
        ),
        "LookDue": Saying(N_("It looks at fixed intervals, by the clock."), N_("the next look")),
    }

    def observe(self, key: Ref, reader: Reader) -> ClusterSeen | None:
        config = reader.get(key)
        if config is None:
            return None
        memory = reader.remembered() or Memory(0)
        if reader.now_ms < memory.next_ms:
            waiting = reader.by("Pod", "waiting", True)
            return ClusterSeen(config, (), reader.live("Machine", None), waiting, memory, reader.now_ms)
        return ClusterSeen(
            config=config,
            nodes=reader.live("Node", None),
            machines=reader.live("Machine", None),
            pods=[pod for pod in reader.live("Pod", None) if not pods.is_terminal(pod)],
            memory=memory,
            now_ms=reader.now_ms,
        )

    @staticmethod
    def saw(seen: ClusterSeen) -> Message:
        text = N_("%(who)s sees %(nodes)s machines; pods without room: %(n)s.")
        return message(text, nodes=len(seen.machines), n=sum(map(_finds_no_room, seen.pods)))

    def diff(self, seen: ClusterSeen) -> Iterable[Difference]:
        if seen.now_ms < seen.memory.next_ms:
            wait = RequeueAfter(seen.memory.next_ms - seen.now_ms, "the next look")
            yield Difference(
                _KEY, "nodes", "a look", "not due", "LookDue", (wait,), pace=background_if(not _may_act(seen))
            )
            return
        waiting = [pod for pod in seen.pods if _finds_no_room(pod)]
        memory = seen.memory._replace(next_ms=seen.now_ms + SCAN_MS)
        coming = len(seen.machines) - sum(_is_ready(node) for node in seen.nodes)
        waits = [_awaited(len(seen.machines), coming)] if coming > 0 else []
        plan = _grow(seen, waiting) if waiting and coming <= 0 else Plan()
        if plan.differences:
            memory = memory._replace(grew_ms=seen.now_ms, unneeded=())
        yield from plan.differences
        yield from _refuse(plan.refused, memory)
        if not waiting:
            differences, unneeded = _shrink(seen)
            memory = memory._replace(unneeded=unneeded)
            yield from differences
            waits += [] if differences else _not_yet(seen, unneeded)
        memory = memory._replace(refused=memory.refused | {uid_of(pod) for pod, _why in plan.refused})
        shrinks = bool(memory.unneeded) and _can_spare(seen)
        busy = coming > 0 or bool(plan.differences) or shrinks or any(map(_is_leaving, seen.nodes))
        yield from (replace(wait, pace=background_if(not busy)) for wait in waits)
        keep = (Remember(memory), RequeueAfter(SCAN_MS, "the next look"))
        yield Difference(_KEY, "nodes", "a look", "done", "LookDue", keep, pace=background_if(not busy))


# --------------------------------------------------------------------------------------------------- growing


class Plan(NamedTuple):
    differences: tuple[Difference, ...] = ()
    refused: tuple[tuple[Obj, str], ...] = ()  # pods that no new machine would help, and why


def _grow(seen: ClusterSeen, waiting: Sequence[Obj]) -> Plan:
    """As many new machines as the waiting pods fill, first fit."""
    size, most = len(seen.machines), _number(seen.config, "max", limits.MACHINES)
    model = seen.machines[0]["spec"] if seen.machines else machines.machine("", 1)["spec"]
    empty = Room(quantities.milli(model["cpu"]), quantities.value(model["memory"]), int(model["pods"]))
    bins: list[Room] = []
    helped: list[Obj] = []
    refused: list[tuple[Obj, str]] = []
    for pod in waiting:
        need = _need(pod)
        place = next((index for index, room in enumerate(bins) if room.holds(need)), None)
        if place is not None:
            bins[place] = bins[place].without(need)
        elif not empty.holds(need) or pod["spec"].get("nodeSelector"):
            refused.append((pod, "1 " + _why_not(pod, empty, need)))
            continue
        elif size + len(bins) >= most:
            refused.append((pod, "1 max node group size reached"))
            continue
        else:
            bins.append(empty.without(need))
        helped.append(pod)
    if not bins:
        return Plan((), tuple(refused))
    to = size + len(bins)
    told = [_told(pod, "Normal", "TriggeredScaleUp", f"pod triggered scale-up: [{{nodes {size}->{to} (max: {most})}}]")
            for pod in helped]  # fmt: skip
    first = machines.next_number([*seen.machines, *seen.nodes])
    made = [Create(_like(model, number)) for number in range(first, first + len(bins))]
    return Plan((Difference(_KEY, "nodes", to, size, "PodsFindNoRoom", (*made, *told)),), tuple(refused))


def _like(model: Mapping[str, str], number: int) -> Obj:
    return machines.machine(
        f"node-{number}", number, cpu=model["cpu"], memory=model["memory"], zone=model["zone"],
        latencies=model["latencies"],
    )  # fmt: skip


def _why_not(pod: Obj, empty: Room, need: Room) -> str:
    if need.cpu_milli > empty.cpu_milli:
        return "Insufficient cpu"
    if need.memory > empty.memory:
        return "Insufficient memory"
    return "node(s) didn't match Pod's node affinity/selector"


def _awaited(size: int, coming: int) -> Difference:
    return Difference(_KEY, "nodes", size, size - coming, "MachineAwaited", (RequeueAfter(SCAN_MS, "the next look"),))


def _refuse(refused: Sequence[tuple[Obj, str]], memory: Memory) -> Iterator[Difference]:
    """Told once; it stays so in the background."""
    for pod, why in refused:
        is_known = uid_of(pod) in memory.refused
        told = () if is_known else (_told(pod, "Normal", "NotTriggerScaleUp", f"pod didn't trigger scale-up: {why}"),)
        pace = background_if(is_known)
        yield Difference(ref_of(pod), "spec.nodeName", "a node", "", "NoMachineWouldHelp", told, pace)


def _told(pod: Obj, type_: str, reason: str, message: str) -> Announce:
    return Announce(pod, type_, reason, message)


# -------------------------------------------------------------------------------------------------- shrinking


def _shrink(seen: ClusterSeen) -> tuple[list[Difference], tuple[tuple[str, int], ...]]:
    """What to do about nodes that nobody needs, and which these are since when."""
    on_node: dict[str, list[Obj]] = {name_of(node): [] for node in seen.nodes}
    for pod in seen.pods:
        on_node.setdefault(pods.node_name(pod), []).append(pod)
    leaving = next((node for node in seen.nodes if _is_leaving(node)), None)
    if leaving is not None:
        return [*_empty(leaving, on_node[name_of(leaving)])], seen.memory.unneeded
    since = dict(seen.memory.unneeded)
    wait_ms = _duration_ms(seen.config, "scale-down-unneeded-time", _UNNEEDED_MS)
    unneeded = {
        name: since.get(name, seen.now_ms)
        for node in seen.nodes
        for name in (name_of(node),)
        if _is_unneeded(node, on_node, seen)
    }
    rested = seen.now_ms - seen.memory.grew_ms >= wait_ms
    for node in reversed(seen.nodes) if _can_spare(seen) and rested else ():
        name = name_of(node)
        if name in unneeded and seen.now_ms - unneeded[name] >= wait_ms:
            return [_mark(node)], tuple(unneeded.items())
    return [], tuple(unneeded.items())


def _not_yet(seen: ClusterSeen, unneeded: Sequence[tuple[str, int]]) -> Iterator[Difference]:
    """The machine that goes next, unless somebody needs it: at the first look after it has been so for long enough."""
    if not unneeded or not _can_spare(seen):
        return
    name, since_ms = min(reversed(unneeded), key=lambda each: each[1])
    wait_ms = _duration_ms(seen.config, "scale-down-unneeded-time", _UNNEEDED_MS)
    left_ms = max(since_ms, seen.memory.grew_ms) + wait_ms - seen.now_ms
    wait = RequeueAfter(max(SCAN_MS, left_ms), "scale-down-unneeded-time")
    yield Difference(Ref("Node", "", name), "exists", False, True, "NotUnneededLongEnough", (wait,))


def _is_unneeded(node: Obj, on_node: Mapping[str, list[Obj]], seen: ClusterSeen) -> bool:
    name, mine = name_of(node), on_node[name_of(node)]
    room = _capacity(node)
    used = _sum(mine)
    if 100 * used.cpu_milli >= _HALF * room.cpu_milli or 100 * used.memory >= _HALF * room.memory:
        return False
    moving = [pod for pod in mine if not _is_daemon(pod)]
    if any(controller_of(pod) is None for pod in moving):
        return False
    others = [
        _capacity(other).without(_sum(on_node[name_of(other)]))
        for other in seen.nodes
        if name_of(other) != name and _is_ready(other) and not (other.get("spec") or {}).get("unschedulable")
    ]
    return _fit(moving, others)


def _fit(moving: Sequence[Obj], rooms: list[Room]) -> bool:
    for pod in moving:
        need = _need(pod)
        place = next((index for index, room in enumerate(rooms) if room.holds(need)), None)
        if place is None:
            return False
        rooms[place] = rooms[place].without(need)
    return True


def _mark(node: Obj) -> Difference:
    taints = [*((node.get("spec") or {}).get("taints") or ()), {"key": _GONE_TAINT, "effect": "NoSchedule"}]
    told = Announce(node, "Normal", "ScaleDown", "marked the node as toBeDeleted/unschedulable")
    patch = Patch(ref_of(node), {"spec": {"taints": taints}}, announce=told)
    return Difference(ref_of(node), "spec.taints", _GONE_TAINT, "", "NodeUnneeded", (patch,))


def _empty(node: Obj, mine: Sequence[Obj]) -> Iterator[Difference]:
    """Its pods go first; then the machine and its Node."""
    moving = [pod for pod in mine if not _is_daemon(pod)]
    for pod in moving:
        if not is_terminating(pod):
            told = Announce(pod, "Normal", "ScaleDown", "deleting pod for node scale down")
            kill = Delete(ref_of(pod), uid=uid_of(pod), announce=told)
            yield Difference(ref_of(pod), "spec.nodeName", "another node", name_of(node), "NodeIsLeaving", (kill,))
    if not moving:
        gone: tuple[Action, ...] = (Delete(Ref("Machine", "", name_of(node))), Delete(ref_of(node)))
        yield Difference(ref_of(node), "exists", False, True, "NodeIsEmpty", gone)


# ---------------------------------------------------------------------------------------------------- looking


def _is_ours(config: Obj) -> bool:
    return namespace_of(config) == _KEY.namespace


def _is_ready(node: Obj) -> bool:
    return conditions.is_true((node.get("status") or {}).get("conditions"), "Ready")


def _is_leaving(node: Obj) -> bool:
    return any(taint["key"] == _GONE_TAINT for taint in (node.get("spec") or {}).get("taints") or ())


def _is_daemon(pod: Obj) -> bool:
    return is_of(controller_of(pod), "DaemonSet")


def _need(pod: Obj) -> Room:
    cpu, memory = pods.requests(pod)
    return Room(cpu, memory, 1)


def _sum(found: Iterable[Obj]) -> Room:
    total = Room(0, 0, 0)
    for pod in found:
        need = _need(pod)
        total = Room(total.cpu_milli + need.cpu_milli, total.memory + need.memory, total.pods + 1)
    return total


def _capacity(node: Obj) -> Room:
    amounts = (node.get("status") or {}).get("allocatable") or {}
    return Room(
        quantities.milli(amounts.get("cpu", 0)), quantities.value(amounts.get("memory", 0)),
        quantities.value(amounts.get("pods", 0)),
    )  # fmt: skip


def _number(config: Obj, name: str, otherwise: int) -> int:
    text = (config.get("data") or {}).get(name, "").strip()
    return min(int(text), limits.MACHINES) if text.isdecimal() and len(text) < 6 else otherwise


def _duration_ms(config: Obj, name: str, otherwise: int) -> int:
    found = re.fullmatch(r"(\d{1,6})(s|m|h)", (config.get("data") or {}).get(name, "").strip())
    return int(found[1]) * {"s": 1_000, "m": 60_000, "h": 3_600_000}[found[2]] if found else otherwise
