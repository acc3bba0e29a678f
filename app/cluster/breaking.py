"""What commands do to machines and processes. No API server is asked: these things just happen.

Each patches the internal object that says how things are (Machine, ControlPlane, PodSandbox); the engine follows those
(app/engine/faults.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app import nodes
from app.api import errors
from app.api.objects import Obj, Ref, name_of, ref_of
from app.apiserver.server import ApiServer, Written
from app.cluster import traffic
from app.commands import (
    AddNode,
    ApiServerDown,
    Bootstrap,
    Chaos,
    Command,
    CrashContainer,
    CrashController,
    CutNetwork,
    DelayWatch,
    DropEvents,
    EdgeTriggered,
    FailZone,
    FillDisk,
    PowerNode,
    RemoveNode,
    SetLatencies,
    SetTraffic,
    SlowNode,
    StopController,
)
from app.engine import faults
from app.engine.engine import Engine
from app.engine.latency import PRESETS

MAX_NODES = 500
_MAX_SLOW, _MAX_DELAY_MS, _MAX_EVERY, _MAX_CHAOS = 100, 600_000, 1_000, 600
_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_ZONES = "abcdefghij"


def perform(engine: Engine, command: Command) -> list[Written]:
    """Raises the ApiError with which it is refused; then nothing was written."""
    server = engine.server
    match command:
        case Bootstrap():
            return _bootstrap(server, command)
        case CrashContainer(ref, container, exit_code):
            return [_crash(server, ref, container, exit_code)]
        case SetLatencies(preset):
            return _set_latencies(engine, preset)
        case PowerNode(node, on):
            return _power(server, [_machine(server, node)], on=on)
        case FailZone(zone, failed):
            return _power(server, _machines_in(server, zone), on=not failed)
        case CutNetwork(node, cut):
            return [_patch_machine(server, node, network="cut" if cut else "on")]
        case SlowNode(node, factor):
            return [_patch_machine(server, node, slow=_within("factor", factor, 1, _MAX_SLOW))]
        case FillDisk(node, full):
            return [_patch_machine(server, node, disk="full" if full else "ok")]
        case AddNode():
            return [_add(server, command)]
        case SetTraffic():
            return traffic.set_traffic(server, command)
        case RemoveNode(node):
            return _remove(server, _machine(server, node))
        case _:
            return _break_process(engine, command)


def _break_process(engine: Engine, command: Command) -> list[Written]:
    match command:
        case ApiServerDown(down):
            return [_patch_control_plane(engine, apiServer="down" if down else "up")]
        case StopController(actor, stopped):
            return [_patch_actor(engine, "stopped", actor, stopped or None)]
        case EdgeTriggered(actor, on):
            return [_patch_actor(engine, "edge", actor, on or None)]
        case DelayWatch(actor, delay_ms):
            return [
                _patch_actor(engine, "watchDelayMs", actor, _within("delay_ms", delay_ms, 0, _MAX_DELAY_MS) or None)
            ]
        case DropEvents(actor, every):
            return [_patch_actor(engine, "dropEvery", actor, _within("every", every, 0, _MAX_EVERY) or None)]
        case Chaos(per_minute):
            return [_patch_control_plane(engine, chaosPerMinute=_within("per_minute", per_minute, 0, _MAX_CHAOS))]
        case CrashController(actor):
            for name in _actors(engine, actor):
                engine.crash(name)
            return []
    raise errors.BadRequest(f'unknown command "{command.do}"')


# ---------------------------------------------------------------------------------------------- machines


def _bootstrap(server: ApiServer, command: Bootstrap) -> list[Written]:
    written = [
        server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}) for name in _NAMESPACES
    ]
    zones = min(command.zones, len(_ZONES))
    for number in range(1, min(command.nodes, MAX_NODES) + 1):
        zone = f"zone-{_ZONES[(number - 1) % zones]}" if zones > 0 else ""
        machine = nodes.machine(
            f"node-{number}", number, cpu=command.cpu, memory=command.memory, zone=zone, latencies=command.latencies
        )  # fmt: skip
        written.append(server.create(machine))
    return [*written, server.create(faults.new_control_plane())]


def _add(server: ApiServer, command: AddNode) -> Written:
    machines = server.store.objects("Machine")
    if len(machines) >= MAX_NODES:
        raise errors.TooManyRequests(f"this cluster has its limit of {MAX_NODES} machines")
    latencies = machines[0]["spec"]["latencies"] if machines else "textbook"
    number = nodes.next_number([*machines, *server.store.objects("Node")])
    name, zone = f"node-{number}", command.zone
    machine = nodes.machine(name, number, cpu=command.cpu, memory=command.memory, zone=zone, latencies=latencies)
    return server.create(machine)


def _remove(server: ApiServer, machine: Obj) -> list[Written]:
    gone = [server.delete(ref_of(sandbox)) for sandbox in _sandboxes(server, name_of(machine))]
    return [*gone, server.delete(ref_of(machine))]


def _power(server: ApiServer, machines: Iterable[Obj], *, on: bool) -> list[Written]:
    """When power comes back, what ran has died, and the kubelet starts with an empty memory."""
    power, written = "on" if on else "off", []
    for machine in machines:
        if machine["spec"]["power"] == power:
            continue
        died_ms = machine["spec"].get("poweredOffMs", 0)
        for sandbox in _sandboxes(server, name_of(machine)) if on else ():
            dead = nodes.after_power_loss(sandbox, died_ms)
            if dead is not sandbox:
                written.append(server.patch(ref_of(sandbox), lambda _, dead=dead: dead))  # type: ignore[misc]
        since = None if on else server.now_ms()
        written.append(_patch_machine(server, name_of(machine), power=power, poweredOffMs=since))
    return written


def _patch_machine(server: ApiServer, node: str, **spec: Any) -> Written:
    return server.patch(ref_of(_machine(server, node)), {"spec": spec})


def _machine(server: ApiServer, node: str) -> Obj:
    machine = server.store.get(Ref("Machine", "", node))
    if machine is None:
        raise errors.not_found("nodes", node)
    return machine


def _machines_in(server: ApiServer, zone: str) -> list[Obj]:
    found = [machine for machine in server.store.objects("Machine") if machine["spec"]["zone"] == zone]
    if not zone or not found:
        raise errors.NotFound(f'no node is in zone "{zone}"')
    return found


def _sandboxes(server: ApiServer, node: str) -> list[Obj]:
    return [sandbox for sandbox in server.store.objects("PodSandbox") if sandbox["spec"]["nodeName"] == node]


def _crash(server: ApiServer, ref: Ref, container: str, exit_code: int) -> Written:
    pod = server.get(ref)
    name = container or pod["spec"]["containers"][0]["name"]
    sandbox = nodes.sandbox_ref(ref.namespace, ref.name, pod["spec"].get("nodeName", ""))
    running = server.store.get(sandbox)
    if running is None or nodes.crashed(running, name, exit_code, server.now_ms()) is running:
        raise errors.BadRequest(f'container "{name}" in pod "{ref.name}" is not running')
    return server.patch(sandbox, lambda obj: nodes.crashed(obj, name, exit_code, server.now_ms()))


def _set_latencies(engine: Engine, preset: str) -> list[Written]:
    if preset not in PRESETS:
        raise errors.BadRequest(f'unknown latencies "{preset}": one of {", ".join(PRESETS)}')
    engine.latencies = PRESETS[preset]
    server = engine.server
    return [_patch_machine(server, name_of(machine), latencies=preset) for machine in server.store.objects("Machine")]


# --------------------------------------------------------------------------------------------- processes


def _patch_actor(engine: Engine, fault: str, actor: str, value: Any) -> Written:
    _actors(engine, actor)
    return _patch_control_plane(engine, **{fault: {actor: value}})


def _patch_control_plane(engine: Engine, **spec: Any) -> Written:
    return engine.server.patch(faults.CONTROL_PLANE, {"spec": spec})


def _actors(engine: Engine, actor: str) -> list[str]:
    """Those that go by this name. Raises NotFound."""
    found = [name for name in engine.workers if actor in (name, name.partition("/")[0])]
    if not found:
        raise errors.NotFound(f'no loop is called "{actor}"')
    return found


def _within(field: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise errors.BadRequest(f'field "{field}" must be between {least} and {most}, not {value}')
    return value
