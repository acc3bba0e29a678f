"""Where the servers of a RabbitmqCluster run, since when, and on which disks: as their machines know it.

Called by servers.py. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.api.objects import Obj, name_of, uid_of
from app.operators.rabbitmq.simulation import Simulation
from app.operators.rabbitmq.state import Place

CONTAINER = "rabbitmq"
BOOT_MS = 5_000  # from the start of the container until it listens


@dataclass(frozen=True, slots=True)
class ServersSeen:
    namespace: str
    cluster: str
    exists: bool  # the RabbitmqCluster
    sandboxes: Sequence[Obj]
    machines: Sequence[Obj]  # that they are on
    claims: Sequence[Obj]  # their disks
    servers: Sequence[Obj]
    queues: Sequence[Obj]
    target: int  # the size that the cluster is to reach
    since_ms: int  # of the last look; 0: it does not remember
    now_ms: int


def moments(seen: ServersSeen, before: Mapping[str, Place]) -> list[int]:
    """When containers began to listen and ended, since the last look, up to now."""
    times = {seen.now_ms}
    for sandbox in seen.sandboxes:
        known, place = container(sandbox), before.get(sandbox["spec"]["podName"])
        is_known = place is not None and place.started_ms == known.get("startedMs")
        if known.get("state") == "running" and not is_known:
            times.add(known["startedMs"] + BOOT_MS)
        elif known.get("state") == "exited" and is_known:
            times.add(known["finishedMs"])
    lit = {place.machine for place in before.values() if not place.off}
    times |= {each["spec"]["poweredOffMs"] for each in seen.machines if name_of(each) in lit and is_off(each)}
    return sorted(each for each in times if each <= seen.now_ms)


def is_off(machine: Obj) -> bool:
    return machine["spec"]["power"] == "off" and machine["spec"].get("poweredOffMs") is not None


def places(seen: ServersSeen, before: Mapping[str, Place], at_ms: int) -> dict[str, Place]:
    """Of containers that listen at that moment; one that has ended since counts if it was known to."""
    machines = {name_of(each): each["spec"] for each in seen.machines}
    found = {}
    for sandbox in seen.sandboxes:
        known, node, pod = container(sandbox), sandbox["spec"]["nodeName"], sandbox["spec"]["podName"]
        if node not in machines or known.get("state") not in ("running", "exited"):
            continue
        has_ended = known["state"] == "exited"
        if has_ended and (pod not in before or before[pod].started_ms != known["startedMs"]):
            continue
        ends_ms = known["finishedMs"] if has_ended else at_ms + 1
        if known["startedMs"] + BOOT_MS <= at_ms < ends_ms:
            off, cut = machines[node]["power"] == "off", machines[node]["network"] == "cut"
            found[pod] = Place(node, known["startedMs"], off, cut)
    return found


def as_before(place: Place, before: Mapping[str, Place]) -> Place:
    return place._replace(cut=place.machine in {each.machine for each in before.values() if each.cut})


def container(sandbox: Obj) -> dict[str, Any]:
    """Of the server, as its machine knows it."""
    known: dict[str, Any] = ((sandbox.get("status") or {}).get("containers") or {}).get(CONTAINER) or {}
    return known


def leaving(seen: ServersSeen, simulation: Simulation) -> list[str]:
    """Servers whose preStop hook asks, and that may go: more than half of each queue would still be there."""
    asking = [
        each["spec"]["podName"] for each in seen.sandboxes
        if (each["spec"]["containers"].get(CONTAINER) or {}).get("stop", {}).get("asks")
    ]  # fmt: skip
    return [name for name in asking if name in simulation.places and simulation.may_go(name)]


def disks(seen: ServersSeen) -> dict[str, str]:
    """Of each pod that there is: its claim, or else the pod itself."""
    claims = {name_of(each).removeprefix("persistence-"): f"pvc/{uid_of(each)}" for each in seen.claims}
    return {
        each["spec"]["podName"]: claims.get(each["spec"]["podName"], f"pod/{each['spec']['podUID']}")
        for each in seen.sandboxes
    }
