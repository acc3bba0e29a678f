"""metrics-server: every 15 seconds, how much CPU and memory the running pods and their nodes use.

It measures only while somebody needs it: in namespaces with a HorizontalPodAutoscaler or a Service under load. A pod
uses a little at rest, and what the load's own measurement says (`Load.status.pods`). `kubectl top` and the autoscaler
read the result, PodMetrics and NodeMetrics. All of it is background.
Models kubernetes-sigs/metrics-server `pkg/scraper`, `pkg/storage`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.api import objects, quantities, times
from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, name_of, namespace_of, ref_of
from app.component_helpers import pods
from app.reconcile import (
    BACKGROUND,
    Action,
    Controller,
    Create,
    Delete,
    Difference,
    Patch,
    Reader,
    Remember,
    RequeueAfter,
    Wake,
    came_or_went,
)

RESOLUTION_MS = 15_000
_WINDOW = "15s"
_YOUNG_MS = 360_000  # an autoscaler asks of young pods when they were measured
_STALE_MS = 300_000
_KEY = Ref("Namespace", "", "kube-system")
_IDLE_CPU_MILLI, _IDLE_MEMORY = 1, 12 << 20
_NODE_CPU_MILLI, _NODE_MEMORY = 60, 600 << 20  # the kubelet, the runtime and the system itself


class Usage(NamedTuple):
    cpu_milli: int
    memory: int


@dataclass(frozen=True, slots=True)
class Scrape:
    namespaces: frozenset[str]  # where somebody needs it
    pods: Sequence[Obj]
    loads: Sequence[Obj]
    nodes: Sequence[Obj]
    known: Sequence[Obj]  # PodMetrics and NodeMetrics as they are
    next_ms: int
    now_ms: int


class MetricsServer(Controller[Scrape]):
    name = "metrics-server"
    title = N_("Metrics")
    subject = N_("The metrics server")
    lane = 170
    reconciles = "Namespace"
    says = {
        "ScrapeDue": Saying(N_("It measures at fixed intervals, by the clock."), N_("the next look")),
        "UsageChanged": Saying(N_("The usage of %(about)s has changed."), N_("usage changed")),
        "NobodyToMeasure": Saying(N_("Nobody needs the usage of %(about)s any more."), N_("nobody needs it")),
    }
    wakes = (
        Wake("HorizontalPodAutoscaler", lambda obj, reader: (_KEY,), when=came_or_went),
        Wake("Load", lambda obj, reader: (_KEY,), when=came_or_went),
    )

    def observe(self, key: Ref, reader: Reader) -> Scrape | None:
        needed = [*reader.list("HorizontalPodAutoscaler"), *reader.list("Load")]
        namespaces, next_ms, now_ms = frozenset(map(namespace_of, needed)), reader.remembered() or 0, reader.now_ms
        if namespaces and now_ms < next_ms:
            return Scrape(namespaces, (), (), (), (), next_ms, now_ms)
        found = [pod for namespace in sorted(namespaces) for pod in reader.live("Pod", namespace) if _is_measured(pod)]
        known = (*reader.live("PodMetrics", None), *reader.live("NodeMetrics", None))
        nodes = reader.live("Node", None) if namespaces else ()
        return Scrape(namespaces, found, reader.list("Load"), nodes, known, next_ms, now_ms)

    @staticmethod
    def saw(seen: Scrape) -> Message:
        return message(N_("%(who)s measures pods: %(n)s."), n=len(seen.pods))

    def diff(self, seen: Scrape) -> Iterable[Difference]:
        if not seen.namespaces or seen.now_ms >= seen.next_ms:
            yield from _measure(seen)
        if not seen.namespaces:
            return
        next_ms = seen.next_ms if seen.now_ms < seen.next_ms else seen.now_ms + RESOLUTION_MS
        actions: tuple[Action, ...] = (RequeueAfter(next_ms - seen.now_ms, "the next scrape"),)
        if next_ms != seen.next_ms:
            actions = (Remember(next_ms), *actions)
        yield Difference(_KEY, "metrics", "measured", "measured", "ScrapeDue", actions, pace=BACKGROUND)


def _measure(seen: Scrape) -> Iterator[Difference]:
    known = {ref_of(obj): obj for obj in seen.known}
    under_load = {
        (namespace_of(load), pod): measured
        for load in seen.loads
        for pod, measured in ((load.get("status") or {}).get("pods") or {}).items()
    }
    at = times.rfc3339(seen.now_ms)
    wanted: dict[Ref, Obj] = {}
    of_node: dict[str, list[Usage]] = {name_of(node): [] for node in seen.nodes}
    for pod in seen.pods:
        usage = _usage(pod, under_load.get((namespace_of(pod), name_of(pod)), {}))
        of_node.setdefault(pods.node_name(pod), []).append(usage)
        wanted[Ref("PodMetrics", namespace_of(pod), name_of(pod))] = _pod_metrics(pod, usage, at)
    for name, usages in of_node.items() if seen.namespaces else ():
        wanted[Ref("NodeMetrics", "", name)] = _node_metrics(name, usages, at)
    young = {name_of(pod) for pod in seen.pods if _is_young(pod, seen.now_ms)}
    for ref, new in wanted.items():
        old = known.get(ref)
        if old is None or _is_news(old, new, seen.now_ms, ref.name in young):
            yield _difference(ref, old, new)
    for ref in sorted(known.keys() - wanted.keys()):  # a set has another order in every process
        yield Difference(ref, "exists", False, True, "NobodyToMeasure", (Delete(ref),), pace=BACKGROUND)


def _difference(ref: Ref, old: Obj | None, new: Obj) -> Difference:
    action: Action = Create(new)
    if old is not None:
        action = Patch(ref, {key: value for key, value in new.items() if key not in ("apiVersion", "kind", "metadata")})
    desired, observed = _summary(new), _summary(old) if old else ""
    return Difference(ref, "usage", desired, observed, "UsageChanged", (action,), pace=BACKGROUND)


def _is_news(old: Obj, new: Obj, now_ms: int, is_young: bool) -> bool:
    stale = now_ms - times.parse(old["timestamp"]) >= _STALE_MS
    return is_young or stale or _summary(old) != _summary(new)


def _summary(metrics: Obj) -> str:
    usages = [part["usage"] for part in metrics["containers"]] if "containers" in metrics else [metrics["usage"]]
    return ", ".join(f"cpu {usage['cpu']}, memory {usage['memory']}" for usage in usages)


# --------------------------------------------------------------------------------------------- what is used


def _is_measured(pod: Obj) -> bool:
    return any("running" in status["state"] for status in pods.container_statuses(pod))


def _is_young(pod: Obj, now_ms: int) -> bool:
    started = (pod.get("status") or {}).get("startTime")
    return started is None or now_ms - times.parse(started) < _YOUNG_MS


def _usage(pod: Obj, measured: Mapping[str, Any]) -> Usage:
    """At rest a little, and more under load."""
    count = len(pod["spec"]["containers"])
    return Usage(
        _IDLE_CPU_MILLI * count + measured.get("cpuMilli", 0),
        max(_IDLE_MEMORY * count, measured.get("memoryBytes", 0)),
    )


def _pod_metrics(pod: Obj, usage: Usage, at: str) -> Obj:
    """The first container bears the load."""
    others = Usage(_IDLE_CPU_MILLI, _IDLE_MEMORY)
    first, *rest = pod["spec"]["containers"]
    own = Usage(usage.cpu_milli - others.cpu_milli * len(rest), usage.memory - others.memory * len(rest))
    parts = [(first["name"], own), *((each["name"], others) for each in rest)]
    meta: dict[str, Any] = {"name": name_of(pod), "namespace": namespace_of(pod)}
    if labels := objects.labels_of(pod):
        meta["labels"] = labels
    return {
        "apiVersion": "metrics.k8s.io/v1beta1",
        "kind": "PodMetrics",
        "metadata": meta,
        "timestamp": at,
        "window": _WINDOW,
        "containers": [{"name": name, "usage": _written(amount)} for name, amount in parts],
    }


def _node_metrics(name: str, usages: Sequence[Usage], at: str) -> Obj:
    cpu = _NODE_CPU_MILLI + sum(usage.cpu_milli for usage in usages)
    memory = _NODE_MEMORY + sum(usage.memory for usage in usages)
    return {
        "apiVersion": "metrics.k8s.io/v1beta1",
        "kind": "NodeMetrics",
        "metadata": {"name": name},
        "timestamp": at,
        "window": _WINDOW,
        "usage": _written(Usage(cpu, memory)),
    }


def _written(usage: Usage) -> dict[str, str]:
    """As metrics-server writes them: nano cores and kibibytes."""
    return {"cpu": f"{usage.cpu_milli * 1_000_000}n", "memory": f"{quantities.value(usage.memory) // 1024}Ki"}
