"""Traffic of Services as the browser draws it: small numbers per second, a few requests for the eye, load per pod.

Part of the JSON that every message begins with (present/room.py); static/js/traffic.js draws it. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api.objects import Obj, Ref
from app.look import Look
from app.web.present.words import Words


def views(cluster: Look, changed: Mapping[Ref, Obj | None] | None) -> dict[str, Any]:
    """By `namespace/name` of the Service; None where nobody uses it any more. `changed` None: all there are."""
    if changed is None:
        return {_key(load["metadata"]): view(load, cluster.epoch_ms) for load in cluster.objects("Load")}
    return {
        f"{ref.namespace}/{ref.name}": view(obj, cluster.epoch_ms) if obj is not None else None
        for ref, obj in changed.items()
        if ref.kind == "Load"
    }


def view(load: Obj, epoch_ms: int) -> dict[str, Any]:
    """Times since the room's epoch; samples as [ms within the window, machine, pod, outcome]."""
    spec, status = load["spec"], load.get("status") or {}
    window = status.get("window")
    shown: dict[str, Any] = {"rps": spec["rps"], "pattern": spec["pattern"], "path": spec["path"]}
    if window is None:
        return shown
    from_ms = window["fromMs"]
    return {
        **shown,
        "at": from_ms - epoch_ms,
        "sent": window["sent"],
        "ok": window["ok"],
        "failed": window["failed"],
        "p50": window["p50Ms"],
        "p99": window["p99Ms"],
        "pods": {
            name: [pod["busyPercent"], pod["queuePercent"], pod["requestsPerSecond"]]
            for name, pod in (status.get("pods") or {}).items()
        },
        "samples": [_sample(each) for each in status["samples"].split(";") if each],
    }


def _sample(written: str) -> list[int | str]:
    at_ms, node, pod, _took_ms, outcome = written.split(",")
    return [int(at_ms), node, pod, outcome]


def words(_: Words) -> dict[str, str]:
    """What static/js/traffic.js says, by the name it uses; outcomes by their own names."""
    return {
        "traffic": _("Requests per second for Service {name}"),
        "traffic_pattern": _("Pattern of the traffic"),
        "traffic_path": _("Path of the traffic"),
        "steady": _("steady"),
        "ramp": _("ramp"),
        "spike": _("spikes"),
        "node-port": _("node port, then pod"),
        "direct": _("straight to pod"),
        "rps": _("{n} req/s"),
        "served": _("{n} served"),
        "no_traffic": _("no traffic"),
        "Ok": _("served"),
        "NoEndpoint": _("no endpoint"),
        "ConnectionRefused": _("connection refused"),
        "ConnectionReset": _("connection reset"),
        "Timeout": _("timeout"),
        "Overload": _("overloaded (503)"),
    }


def _key(meta: Mapping[str, Any]) -> str:
    return f"{meta['namespace']}/{meta['name']}"
