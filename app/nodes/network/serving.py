"""Pods as those who send requests find them: when their process listened, and what it can take.

Read from the sandboxes of the machines, not from the API: a container past its SIGTERM accepts nobody, whatever its
EndpointSlice says. Pure; called by the request generator (app/nodes/network/traffic.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from app.api.objects import Obj, name_of
from app.nodes import sandbox
from app.nodes.network.capacity import Capacity
from app.nodes.network.requests import PodAt, Span
from app.nodes.runtime import images
from app.nodes.sandbox import EXITED, RUNNING

Key = tuple[str, str]  # pod, machine


class Busy(NamedTuple):
    """What a window leaves of a pod's work to the next: see queueing.Workers."""

    free: Sequence[int]
    starts: Sequence[int]


IDLE = Busy((), ())


def pods_at(
    sandboxes: Sequence[Obj], machines: Sequence[Obj], wanted: Collection[Key], busy: Mapping[Key, Busy]
) -> dict[Key, PodAt]:
    """Those that a rule names, by name and machine. One without a sandbox is not there: nobody listens."""
    by_name = {name_of(machine): machine for machine in machines}
    found: dict[Key, PodAt] = {}
    for each in sandboxes:
        key = each["spec"]["podName"], each["spec"]["nodeName"]
        machine = by_name.get(key[1])
        if key in wanted and machine is not None:
            found[key] = _pod(each, machine, busy.get(key, IDLE))
    return found


def _pod(each: Obj, machine: Obj, busy: Busy) -> PodAt:
    serving = each["spec"].get("serving") or {}
    name = serving.get("container") or next(iter(sandbox.wanted_of(each)))
    wanted, known = sandbox.wanted_of(each).get(name), sandbox.known_of(each).get(name)
    numbers = {field: value for field, value in serving.items() if field != "container"}
    spans: tuple[Span, ...] = ()
    ports: Sequence[int] | None = None
    if wanted is not None and known is not None:
        program = sandbox.program_of(wanted)
        durations = images.PRESETS[machine["spec"]["latencies"]]
        spans, ports = _spans(wanted, known, durations.of_program(program.ready_ms)), program.ports
    name, slow = machine["metadata"]["name"], machine["spec"]["slow"]
    return PodAt(name, spans, ports, Capacity(**numbers), slow, *busy)


def _spans(wanted: dict[str, Any], known: dict[str, Any], ready_ms: int) -> tuple[Span, ...]:
    """When it listens: from its start and some time on, until SIGTERM or its end. The attempt before counts too."""
    spans = []
    if "last" in known:
        last = known["last"]
        spans.append(Span(last["startedMs"] + ready_ms, last["finishedMs"], last["finishedMs"]))
    if known["state"] == RUNNING:
        stop = wanted.get("stop") if known["attempt"] == wanted["attempt"] else None
        spans.append(Span(known["startedMs"] + ready_ms, stop["atMs"] if stop else None, None))
    elif known["state"] == EXITED:
        end = known["finishedMs"]
        stop = wanted.get("stop")
        spans.append(Span(known["startedMs"] + ready_ms, min(end, stop["atMs"]) if stop else end, end))
    return tuple(spans)
