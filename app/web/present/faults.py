"""What is broken at the moment, each with the command that mends it.

From the store alone (Machine and ControlPlane objects), so that somebody who just came sees it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from app.api import objects
from app.api.control_plane import CONTROL_PLANE as CONTROL_PLANE
from app.api.objects import Obj
from app.look import Look
from app.web.present.clock import duration
from app.web.present.names import lane_of, role_title
from app.web.present.words import Words

KINDS = ("Machine", "ControlPlane")


class FaultView(NamedTuple):
    id: str
    glyph: str  # templates/_symbols.html: g-…
    text: str
    command: Mapping[str, Any]


class MachineView(NamedTuple):
    """How a machine is, beside what its Node object says."""

    power: str  # on, off, gone
    network: str  # on, cut
    slow: int
    disk: str  # ok, full
    zone: str
    marks: tuple[tuple[str, str], ...]  # sign and words for what is wrong


def faults(cluster: Look, _: Words) -> tuple[FaultView, ...]:
    """The control plane first, then machine by machine."""
    found = list(_control_plane((cluster.get(CONTROL_PLANE) or {}).get("spec") or {}, _))
    for machine in cluster.objects("Machine"):
        found += _machine(objects.name_of(machine), machine["spec"], _)
    return tuple(found)


def machine(obj: Obj | None, _: Words) -> MachineView:
    if obj is None:
        return MachineView("gone", "on", 1, "ok", "", (("gone", _("no machine")),))
    spec = obj["spec"]
    power, network = spec.get("power", "on"), spec.get("network", "on")
    slow, disk = int(spec.get("slow") or 1), spec.get("disk", "ok")
    marks = []
    if power == "off":
        marks.append(("power", _("no power")))
    if network == "cut":
        marks.append(("cut", _("cut off")))
    if slow > 1:
        marks.append(("slow", _("%(n)s× slower", n=slow)))
    if disk == "full":
        marks.append(("disk", _("disk full")))
    return MachineView(power, network, slow, disk, spec.get("zone", ""), tuple(marks))


def zones(cluster: Look) -> list[tuple[str, bool]]:
    """Each zone, and whether all of its machines are without power."""
    dark: dict[str, bool] = {}
    for obj in cluster.objects("Machine"):
        zone, off = obj["spec"].get("zone"), obj["spec"].get("power") == "off"
        if zone:
            dark[zone] = dark.get(zone, True) and off
    return sorted(dark.items())


def _machine(name: str, spec: Mapping[str, Any], _: Words) -> Iterable[FaultView]:
    if spec.get("power") == "off":
        text = _("%(node)s: no power", node=name)
        yield FaultView(f"power-{name}", "power", text, {"do": "power", "node": name, "on": True})
    if spec.get("network") == "cut":
        text = _("%(node)s: cut off", node=name)
        yield FaultView(f"cut-{name}", "cut", text, {"do": "cut", "node": name, "cut": False})
    if int(spec.get("slow") or 1) > 1:
        text = _("%(node)s: %(n)s× slower", node=name, n=spec["slow"])
        yield FaultView(f"slow-{name}", "slow", text, {"do": "slow", "node": name, "factor": 1})
    if spec.get("disk") == "full":
        text = _("%(node)s: disk full", node=name)
        yield FaultView(f"disk-{name}", "disk", text, {"do": "disk", "node": name, "full": False})


def _control_plane(spec: Mapping[str, Any], _: Words) -> Iterable[FaultView]:
    if spec.get("apiServer") == "down":
        text = _("API server down")
        yield FaultView("api-server", "api", text, {"do": "api-server", "down": False})
    if rate := spec.get("chaosPerMinute"):
        text = _("chaos, %(n)s a minute", n=rate)
        yield FaultView("chaos", "chaos", text, {"do": "chaos", "per_minute": 0})
    for actor in sorted(spec.get("stopped") or {}):
        text = _("%(loop)s: stopped", loop=_loop(actor, _))
        yield FaultView(f"stopped-{actor}", "stop", text, {"do": "stop-controller", "actor": actor, "stopped": False})
    for actor in sorted(spec.get("edge") or {}):
        text = _("%(loop)s: edge", loop=_loop(actor, _))
        yield FaultView(f"edge-{actor}", "edge", text, {"do": "edge", "actor": actor, "on": False})
    for actor, delay_ms in sorted((spec.get("watchDelayMs") or {}).items()):
        text = _("%(loop)s: hears %(delay)s late", loop=_loop(actor, _), delay=duration(delay_ms))
        yield FaultView(f"delay-{actor}", "slow", text, {"do": "delay-watch", "actor": actor, "delay_ms": 0})
    yield from _once(spec, _)
    for actor, every in sorted((spec.get("dropEvery") or {}).items()):
        text = _("%(loop)s: loses 1 event in %(n)s", loop=_loop(actor, _), n=every)
        if every == 1:
            text = _("%(loop)s: loses all events", loop=_loop(actor, _))
        yield FaultView(f"drop-{actor}", "drop", text, {"do": "drop-events", "actor": actor, "every": 0})


def _once(spec: Mapping[str, Any], _: Words) -> Iterable[FaultView]:
    """What strikes once, or lasts its time; and second copies."""
    for actor in sorted(spec.get("crashMidway") or {}):
        text = _("%(loop)s: will die between two writes", loop=_loop(actor, _))
        yield FaultView(f"midway-{actor}", "gone", text, {"do": "crash-midway", "actor": actor, "on": False})
    for actor in sorted(spec.get("staleUntilMs") or {}):
        text = _("%(loop)s: stale cache", loop=_loop(actor, _))
        yield FaultView(f"stale-{actor}", "slow", text, {"do": "stale-cache", "actor": actor, "for_ms": 0})
    for actor in sorted(spec.get("dropNext") or {}):
        text = _("%(loop)s: loses the next event", loop=_loop(actor, _))
        yield FaultView(f"next-{actor}", "drop", text, {"do": "drop-next-event", "actor": actor, "on": False})
    for actor in sorted(spec.get("doubled") or {}):
        text = _("%(loop)s: two copies", loop=_loop(actor, _))
        yield FaultView(f"copies-{actor}", "add", text, {"do": "two-copies", "actor": actor, "on": False})


def _loop(actor: str, _: Words) -> str:
    title, machine_name = role_title(lane_of(actor), _), actor.partition("/")[2]
    return f"{title} ({machine_name})" if machine_name else title
