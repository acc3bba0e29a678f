"""What the program in a pod can take: CPU time per request, how many at once, how many may wait.

Read from the pod's annotations when its sandbox is made (app/nodes/sandbox.py), since it is a fact about what runs, and
used by the request generator (app/nodes/network/traffic.py). Pure.

    loopscope.dev/service-ms    CPU time of one request, default 20
    loopscope.dev/concurrency   requests worked on at once, default 4
    loopscope.dev/queue         requests that may wait for that, default 50; one more is refused with 503

A limit on CPU stretches requests: what runs side by side shares it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.api import quantities
from app.api.objects import Obj, annotations_of

SERVICE_MS, CONCURRENCY, QUEUE = (
    "loopscope.dev/service-ms", "loopscope.dev/concurrency", "loopscope.dev/queue"
)  # fmt: skip
_MOST = {SERVICE_MS: 60_000, CONCURRENCY: 64, QUEUE: 10_000}


class Capacity(NamedTuple):
    service_ms: int = 20
    concurrency: int = 4
    queue: int = 50
    cpu_milli: int = 0  # its limit; 0: none


def of_pod(pod: Obj) -> dict[str, Any]:
    """As a sandbox keeps it: only what differs from the default. A number that is none is passed over."""
    notes = annotations_of(pod)
    first, main = pod["spec"]["containers"][0]["name"], serving(pod)
    sidecars = pod["spec"].get("initContainers")
    limit = ((main.get("resources") or {}).get("limits") or {}).get("cpu")
    values = {
        "container": main["name"] if sidecars or main["name"] != first else None,
        "service_ms": _number(notes, SERVICE_MS, 1),
        "concurrency": _number(notes, CONCURRENCY, 1),
        "queue": _number(notes, QUEUE, 0),
        "cpu_milli": max(1, quantities.milli(limit)) if limit else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def serving(pod: Obj) -> dict[str, Any]:
    """The container that answers: the first that offers a port, else the first."""
    containers: list[dict[str, Any]] = pod["spec"]["containers"]
    return next((each for each in containers if each.get("ports")), containers[0])


def _number(notes: Mapping[str, str], name: str, least: int) -> int | None:
    text = notes.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        return None
    return min(max(int(text), least), _MOST[name])
