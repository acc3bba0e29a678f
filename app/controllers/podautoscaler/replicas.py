"""How many replicas a metric asks for. Pure; called by the horizontal-pod-autoscaler for each metric.

`ratio = usage / target`; within the tolerance nothing changes, else `ceil(ratio * pods that count)`. Pods that are not
ready yet count as idle when scaling up; pods whose usage is unknown count as idle when scaling up and as fully loaded
when scaling down: never does what is not known make the answer bolder.
Models kubernetes/pkg/controller/podautoscaler/replica_calculator.go and metrics/utilization.go.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.api import times
from app.api.objects import Obj, is_terminating, name_of
from app.component_helpers import pods

CPU_INITIALIZATION_MS = 300_000
INITIAL_READINESS_MS = 30_000
TOLERANCE = 0.1


class MetricError(Exception):
    """A metric cannot be had; the text is Kubernetes'."""


class Sample(NamedTuple):
    value: int  # milli cores, bytes, or milli of what a custom metric counts
    at_ms: int
    window_ms: int


class Tolerance(NamedTuple):
    down: float = TOLERANCE
    up: float = TOLERANCE

    def covers(self, ratio: float) -> bool:
        return 1 - self.down <= ratio <= 1 + self.up


class Groups(NamedTuple):
    ready: int
    unready: frozenset[str]
    missing: frozenset[str]
    ignored: frozenset[str]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one metric asks for, and what it was seen as."""

    replicas: int
    utilization: int | None  # percent of what was requested; None for metrics without a request
    average: int  # per pod, in the unit of the samples


def by_utilization(
    current: int, target_percent: int, requests: Mapping[str, int], samples: Mapping[str, Sample], group: Groups,
    tolerance: Tolerance,
) -> Proposal:  # fmt: skip
    """`requests` in the unit of the samples, of every pod. Raises MetricError."""
    known = _counting(samples, group)
    ratio, utilization, average = _utilization(known, requests, target_percent)
    unready = group.unready if ratio > 1 else frozenset[str]()
    if not unready and not group.missing:
        replicas = current if tolerance.covers(ratio) else math.ceil(ratio * group.ready)
        return Proposal(replicas, utilization, average)
    fallback = max(100, target_percent)
    for name in group.missing if ratio < 1 else ():
        known[name] = requests[name] * fallback // 100
    for name in group.missing if ratio > 1 else ():
        known[name] = 0
    known |= dict.fromkeys(unready, 0)
    again, _percent, _average = _utilization(known, requests, target_percent)
    return Proposal(_cautious(current, ratio, again, len(known), tolerance), utilization, average)


def by_average(
    current: int, target: int, samples: Mapping[str, Sample], group: Groups, tolerance: Tolerance
) -> Proposal:
    """Raises MetricError."""
    known = _counting(samples, group)
    average = sum(known.values()) // len(known)
    ratio = average / target
    unready = group.unready if ratio > 1 else frozenset[str]()
    if not unready and not group.missing:
        replicas = current if tolerance.covers(ratio) else math.ceil(ratio * group.ready)
        return Proposal(replicas, None, average)
    for name in group.missing if ratio < 1 else ():
        known[name] = target
    for name in group.missing if ratio > 1 else ():
        known[name] = 0
    known |= dict.fromkeys(unready, 0)
    again = sum(known.values()) // len(known) / target
    return Proposal(_cautious(current, ratio, again, len(known), tolerance), None, average)


def groups(found: Sequence[Obj], samples: Mapping[str, Sample], now_ms: int, *, is_cpu: bool) -> Groups:
    """Which pods count, which are not ready for that yet, and of which nothing is known."""
    ready, unready, missing, ignored = 0, set(), set(), set()
    for pod in found:
        name = name_of(pod)
        if is_terminating(pod) or pods.phase(pod) == "Failed":
            ignored.add(name)
        elif pods.phase(pod) == "Pending":
            unready.add(name)
        elif name not in samples:
            missing.add(name)
        elif is_cpu and _is_warming_up(pod, samples[name], now_ms):
            unready.add(name)
        else:
            ready += 1
    return Groups(ready, frozenset(unready), frozenset(missing), frozenset(ignored))


def _is_warming_up(pod: Obj, sample: Sample, now_ms: int) -> bool:
    """Its CPU tells of its start, not of its load."""
    condition, started = pods.ready_condition(pod), (pod.get("status") or {}).get("startTime")
    if condition is None or not started:
        return True
    since_ms, is_ready = times.parse(condition["lastTransitionTime"]), condition["status"] == "True"
    if times.parse(started) + CPU_INITIALIZATION_MS > now_ms:
        return not is_ready or sample.at_ms < since_ms + sample.window_ms
    return not is_ready and times.parse(started) + INITIAL_READINESS_MS > since_ms


def _counting(samples: Mapping[str, Sample], group: Groups) -> dict[str, int]:
    known = {name: each.value for name, each in samples.items() if name not in group.unready | group.ignored}
    if not known:
        raise MetricError("did not receive metrics for targeted pods (pods might be unready)")
    return known


def _utilization(known: Mapping[str, int], requests: Mapping[str, int], target_percent: int) -> tuple[float, int, int]:
    """(ratio to the target, percent of what was requested, average per pod)."""
    usage = sum(value for name, value in known.items() if name in requests)
    requested = sum(requests[name] for name in known if name in requests)
    if not requested:
        raise MetricError("no metrics returned matched known pods")
    percent = usage * 100 // requested
    return percent / target_percent, percent, usage // len(known)


def _cautious(current: int, ratio: float, again: float, count: int, tolerance: Tolerance) -> int:
    """The answer with what is not known assumed; none that turns the direction."""
    if tolerance.covers(again) or (ratio < 1 < again) or (ratio > 1 > again):
        return current
    replicas = math.ceil(again * count)
    turned = (again < 1 and replicas > current) or (again > 1 and replicas < current)
    return current if turned else replicas
