"""What a metric of an autoscaler says: read off PodMetrics and Loads, and turned into a number of replicas. Pure.

Called by the horizontal-pod-autoscaler for each metric of its spec. Models kubernetes/pkg/controller/podautoscaler
(`computeReplicasForMetric`) and metrics/client.go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.api import objects, quantities, times
from app.api.objects import Obj
from app.component_helpers import pods
from app.controllers.podautoscaler import replicas
from app.controllers.podautoscaler.replicas import MetricError, Sample, Tolerance

CUSTOM = "http_requests_per_second"


class Measured(NamedTuple):
    """What there is to go by."""

    spec: Mapping[str, Any]  # of the autoscaler
    pods: Sequence[Obj]  # of its target
    metrics: Sequence[Obj]  # PodMetrics of these pods
    loads: Sequence[Obj]
    now_ms: int


class Read(NamedTuple):
    replicas: int
    name: str  # as conditions and events call it
    status: dict[str, Any]


def read(metric: Mapping[str, Any], seen: Measured, current: int) -> Read:
    """Raises MetricError."""
    match metric["type"]:
        case "Resource":
            return _resource(metric["resource"], "", seen, current)
        case "ContainerResource":
            return _resource(metric["containerResource"], metric["containerResource"]["container"], seen, current)
        case "Pods":
            return _custom(metric["pods"], seen, current)
        case other:
            raise MetricError(f"no metrics of type {other} are served here")


def _resource(source: Mapping[str, Any], container: str, seen: Measured, current: int) -> Read:
    resource, target = source["name"], source["target"]
    samples = _samples(seen, resource, container)
    if not samples:
        raise MetricError("no metrics returned from resource metrics API")
    group = replicas.groups(seen.pods, samples, seen.now_ms, is_cpu=resource == "cpu")
    tolerance = _tolerance(seen.spec)
    if "averageValue" not in target:  # whatever its type says
        requests = _requests(seen.pods, resource, container)
        percent = target["averageUtilization"]
        found = replicas.by_utilization(current, percent, requests, samples, group, tolerance)
        said, shown = "utilization (percentage of request)", {"averageUtilization": found.utilization}
    else:
        found = replicas.by_average(current, _amount(resource, target["averageValue"]), samples, group, tolerance)
        said, shown = "average value" if container else "", {}
    value = {"averageValue": _written(resource, found.average), **shown}
    if container:
        status = {
            "type": "ContainerResource",
            "containerResource": {"name": resource, "container": container, "current": value},
        }
        return Read(found.replicas, f"{resource} container resource {said}", status)
    name = f"{resource} resource {said}" if said else f"{resource} resource"
    return Read(found.replicas, name, {"type": "Resource", "resource": {"name": resource, "current": value}})


def _custom(source: Mapping[str, Any], seen: Measured, current: int) -> Read:
    """What a Service's load measures of each pod. Custom metrics count in thousandths."""
    name, names = source["metric"]["name"], {objects.name_of(pod) for pod in seen.pods}
    samples = {}
    for load in seen.loads if name == CUSTOM else ():
        status = load.get("status") or {}
        for pod, measured in (status.get("pods") or {}).items():
            if pod in names:
                rate = round(1000 * measured["requestsPerSecond"])
                samples[pod] = Sample(rate, (status.get("window") or {}).get("toMs", seen.now_ms), 1_000)
    if not samples:
        raise MetricError(f"unable to get metric {name}: no metrics returned from custom metrics API")
    group = replicas.groups(seen.pods, samples, seen.now_ms, is_cpu=False)
    target = quantities.milli(source["target"]["averageValue"])
    found = replicas.by_average(current, target, samples, group, _tolerance(seen.spec))
    value = {"averageValue": f"{found.average}m" if found.average % 1000 else str(found.average // 1000)}
    return Read(
        found.replicas, f"pods metric {name}", {"type": "Pods", "pods": {"metric": {"name": name}, "current": value}}
    )


def _samples(seen: Measured, resource: str, container: str) -> dict[str, Sample]:
    samples = {}
    for each in seen.metrics:
        amounts = [
            _amount(resource, part["usage"][resource])
            for part in each["containers"]
            if container in ("", part["name"]) and resource in part["usage"]
        ]
        if amounts:
            window_ms = 1000 * int(each["window"].rstrip("s"))
            samples[objects.name_of(each)] = Sample(sum(amounts), times.parse(each["timestamp"]), window_ms)
    return samples


def _requests(found: Sequence[Obj], resource: str, container: str) -> dict[str, int]:
    """Raises MetricError for a container that does not say."""
    requests = {}
    for pod in found:
        total = 0
        for each in [*pod["spec"]["containers"], *filter(pods.is_sidecar, pod["spec"].get("initContainers") or ())]:
            if container not in ("", each["name"]):
                continue
            asked = (each.get("resources") or {}).get("requests") or {}
            if resource not in asked:
                raise MetricError(
                    f"missing request for {resource} in container {each['name']} of Pod {objects.name_of(pod)}"
                )
            total += _amount(resource, asked[resource])
        requests[objects.name_of(pod)] = total
    return requests


def _amount(resource: str, quantity: str) -> int:
    return quantities.milli(quantity) if resource == "cpu" else quantities.value(quantity)


def _written(resource: str, amount: int) -> str:
    return f"{amount}m" if resource == "cpu" else str(amount)


def _tolerance(spec: Mapping[str, Any]) -> Tolerance:
    given = spec.get("behavior") or {}
    down, up = ((given.get(name) or {}).get("tolerance") for name in ("scaleDown", "scaleUp"))
    return Tolerance(
        quantities.milli(down) / 1000 if down is not None else replicas.TOLERANCE,
        quantities.milli(up) / 1000 if up is not None else replicas.TOLERANCE,
    )
