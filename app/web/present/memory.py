"""How much of its limit a pod has in use, for the bar on its card.

Measured by its machine (`PodSandbox`: a program that takes more and more), by the people who send it requests (`Load`),
or by the metrics server (`PodMetrics`): whichever there is, in this order. Called by `reasons` and `pushed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.api import objects, quantities
from app.api.objects import Obj, Ref
from app.component_helpers import pods
from app.look import Look


class Memory(NamedTuple):
    """In percent of the limit of the container that is nearest to it."""

    percent: float
    limit: str  # "64Mi"
    since_ms: int = 0  # when it was that much, if it grows on
    per_second: float = 0.0


def of(cluster: Look, pod: Obj) -> Memory | None:
    """None of a pod that has no limit, or of which nobody knows how much it uses."""
    limits = _limits(pod)
    if not limits:
        return None
    found = _growing(cluster, pod, limits) or _under_load(cluster, pod, limits) or _scraped(cluster, pod, limits)
    return max(found, key=lambda each: (each.per_second, each.percent), default=None)


def _limits(pod: Obj) -> dict[str, str]:
    containers = pod["spec"].get("containers") or ()
    found = ((each["name"], ((each.get("resources") or {}).get("limits") or {}).get("memory")) for each in containers)
    return {name: str(limit) for name, limit in found if limit}


def grows(sandbox: Obj | None) -> bool:
    """Whether a program in it takes more and more."""
    return any("memory" in each for each in _containers(sandbox).values())


def under_load(load: Obj | None) -> dict[str, int]:
    """Bytes by the name of the pod."""
    measured: Mapping[str, Any] = ((load or {}).get("status") or {}).get("pods") or {}
    return {name: each["memoryBytes"] for name, each in measured.items() if "memoryBytes" in each}


def is_news(pod: Obj, before: int | None, after: int | None) -> bool:
    """Whether it shows that its first container takes that many bytes under load."""
    limit = _limits(pod).get(pod["spec"]["containers"][0]["name"])
    if limit is None or before is None or after is None:
        return limit is not None
    return _memory(before, limit) != _memory(after, limit)


def _containers(sandbox: Obj | None) -> Mapping[str, Any]:
    found: Mapping[str, Any] = ((sandbox or {}).get("status") or {}).get("containers") or {}
    return found


def _growing(cluster: Look, pod: Obj, limits: Mapping[str, str]) -> list[Memory]:
    ref = Ref("PodSandbox", objects.namespace_of(pod), f"{objects.name_of(pod)}.{pods.node_name(pod)}")
    return [
        _memory(each["memory"]["atStart"], limits[name], each["startedMs"], each["memory"]["perSecond"])
        for name, each in _containers(cluster.get(ref)).items()
        if name in limits and each.get("state") == "running" and "memory" in each
    ]


def _under_load(cluster: Look, pod: Obj, limits: Mapping[str, str]) -> list[Memory]:
    """The first container bears it."""
    first, name = pod["spec"]["containers"][0]["name"], objects.name_of(pod)
    loads = cluster.objects("Load", objects.namespace_of(pod)) if first in limits else ()
    return [_memory(found[name], limits[first]) for load in loads if name in (found := under_load(load))][:1]


def _scraped(cluster: Look, pod: Obj, limits: Mapping[str, str]) -> list[Memory]:
    metrics = cluster.get(Ref("PodMetrics", objects.namespace_of(pod), objects.name_of(pod)))
    used = {each["name"]: each["usage"]["memory"] for each in (metrics or {}).get("containers") or ()}
    return [_memory(quantities.value(used[name]), limit) for name, limit in limits.items() if name in used]


def _memory(used: int, limit: str, since_ms: int = 0, per_second: int = 0) -> Memory:
    whole = quantities.value(limit) or 1
    percent = used * 100 / whole if since_ms else used * 100 // whole  # a second that changes little changes nothing
    return Memory(percent, limit, since_ms, per_second * 100 / whole)
