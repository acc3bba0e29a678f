"""Where MySQL servers and routers run, read from what machines know (PodSandbox, Machine). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from app.api.objects import Obj, name_of
from app.operators.mysql.servers import Place, Process

SERVER, ROUTER = "mysql", "router"
_BOOT_MS, _ROUTER_BOOT_MS = 3_000, 1_000  # from the start of its container until it answers


def runs_here(sandbox: Obj) -> bool:
    """It is a server's or a router's, by the names of its containers."""
    containers = sandbox["spec"]["containers"]
    return SERVER in containers or ROUTER in containers


def group_of(sandbox: Obj) -> str:
    """`mycluster` of the pods mycluster-0 and mycluster-router-5d8f-x2k."""
    pod: str = sandbox["spec"]["podName"]
    if SERVER in sandbox["spec"]["containers"]:
        return pod.rpartition("-")[0]
    return pod.rpartition("-router-")[0]


def place(sandboxes: Sequence[Obj], machines: Iterable[Obj]) -> Place:
    known = {name_of(machine): machine for machine in machines}
    processes: dict[str, Process] = {}
    routers: list[tuple[str, int, int | None]] = []
    for sandbox in sandboxes:
        machine = known.get(sandbox["spec"]["nodeName"])
        if machine is None:
            continue
        process = _process(sandbox, machine)
        if process is not None and _is_newer(process, processes.get(process.name)):
            processes[process.name] = process
        routers += _router(sandbox, machine)
    dark = {name: int(since) for name, machine in known.items() if (since := _dark_since(machine)) is not None}
    return Place(processes, tuple(routers), dark)


def _is_newer(process: Process, other: Process | None) -> bool:
    return other is None or process.up_ms > other.up_ms


def _process(sandbox: Obj, machine: Obj) -> Process | None:
    wanted = sandbox["spec"]["containers"].get(SERVER)
    known = ((sandbox.get("status") or {}).get("containers") or {}).get(SERVER)
    if wanted is None or known is None or "startedMs" not in known:
        return None
    stop = wanted.get("stop") if wanted["attempt"] == known["attempt"] else None
    return Process(
        name=sandbox["spec"]["podName"],
        key=f"{sandbox['spec']['podUID']}/{known['attempt']}",
        machine=name_of(machine),
        version=known["image"].rpartition(":")[2],
        up_ms=known["startedMs"] + _BOOT_MS * machine["spec"].get("slow", 1),
        stop_ms=stop["atMs"] if stop else None,
        dies_ms=_died(known, machine),
    )


def _died(known: dict[str, Any], machine: Obj) -> int | None:
    if known["state"] == "exited":
        return int(known["finishedMs"])
    off_ms = machine["spec"].get("poweredOffMs")
    return int(off_ms) if machine["spec"]["power"] == "off" and off_ms is not None else None


def _router(sandbox: Obj, machine: Obj) -> Iterable[tuple[str, int, int | None]]:
    known = ((sandbox.get("status") or {}).get("containers") or {}).get(ROUTER)
    if known is not None and "startedMs" in known:
        yield name_of(machine), known["startedMs"] + _ROUTER_BOOT_MS, _died(known, machine)


def _dark_since(machine: Obj) -> int | None:
    spec = machine["spec"]
    if spec["power"] == "off":
        return int(spec.get("poweredOffMs") or 0)
    return 0 if spec["network"] == "cut" else None
