"""Which pods would have to go so that a more important one fits, and from which node it hurts least. Pure.

Models kubernetes/pkg/scheduler/framework/preemption and plugins/defaultpreemption (`SelectVictimsOnNode`,
`pickOneNodeForPreemption`), for room only: pods that keep others away by their affinity are not preempted for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from app.api import budgets, pods, times
from app.api.objects import Obj, is_terminating, name_of


class Room(NamedTuple):
    """What a node has, or a pod asks for."""

    cpu_milli: int
    memory: int
    pods: int


class Plan(NamedTuple):
    node: str
    victims: tuple[Obj, ...]  # the most important first


def priority_of(pod: Obj) -> int:
    return int(pod["spec"].get("priority") or 0)


def plan(
    pod: Obj, capacity: dict[str, Room], on_node: Mapping[str, Sequence[Obj]], guards: Sequence[Obj]
) -> Plan | None:
    """The cheapest way to make room on one of the nodes; `guards` are the disruption budgets of all namespaces."""
    plans = []
    for name, room in capacity.items():
        victims, violations = _victims(pod, room, on_node.get(name, ()), guards)
        if victims:
            plans.append((_cost(victims, violations), name, victims))
    if not plans:
        return None
    _price, name, victims = min(plans, key=lambda each: (each[0], each[1]))
    return Plan(name, tuple(victims))


def _victims(pod: Obj, room: Room, here: Sequence[Obj], guards: Sequence[Obj]) -> tuple[list[Obj], int]:
    """(who has to go, how many of them against a budget); ([], 0) if it would not help, or nobody has to."""
    lower = [each for each in here if priority_of(each) < priority_of(pod) and not is_terminating(each)]
    stays = [each for each in here if priority_of(each) >= priority_of(pod) or is_terminating(each)]
    need = _need(pod)
    if not lower or not _fits([*stays], need, room):
        return [], 0
    kept, gone, violations = list(stays), [], 0
    # Those whose budget has nothing to spare are let off first, then the more important ones.
    for each in sorted(lower, key=lambda other: (not _is_guarded(other, guards), -priority_of(other), _started(other))):
        if _fits([*kept, each], need, room):
            kept.append(each)
        else:
            gone.append(each)
            violations += _is_guarded(each, guards)
    return sorted(gone, key=lambda other: (-priority_of(other), name_of(other))), violations


def _cost(victims: Sequence[Obj], violations: int) -> tuple[int, int, int, int, int]:
    """Fewest broken budgets, least important victim, least importance in sum, fewest victims, youngest."""
    priorities = [priority_of(victim) for victim in victims]
    return violations, max(priorities), sum(priorities), len(victims), -max(_started(victim) for victim in victims)


def _fits(here: Iterable[Obj], need: Room, room: Room) -> bool:
    cpu, memory, count = need
    for pod in here:
        used = _need(pod)
        cpu, memory, count = cpu + used.cpu_milli, memory + used.memory, count + 1
    return cpu <= room.cpu_milli and memory <= room.memory and count <= room.pods


def _need(pod: Obj) -> Room:
    return Room(*pods.requests(pod), 1)


def _is_guarded(pod: Obj, guards: Sequence[Obj]) -> bool:
    mine = [guard for guard in guards if guard["metadata"]["namespace"] == pod["metadata"]["namespace"]]
    return any((guard.get("status") or {}).get("disruptionsAllowed", 0) <= 0 for guard in budgets.guarding(pod, mine))


def _started(pod: Obj) -> int:
    at = (pod.get("status") or {}).get("startTime") or pod["metadata"]["creationTimestamp"]
    return times.parse(at)
