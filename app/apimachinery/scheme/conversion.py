"""autoscaling/v1, which is served beside the version of a HorizontalPodAutoscaler that is stored, and events.k8s.io/v1,
which names the fields of Events otherwise.

The scheme converts with these at the door, so nothing behind it knows of other versions. `kubectl autoscale` up to 1.32
posts autoscaling/v1, which knows one metric, the CPU. What v1 has no field for travels in annotations, so that nothing
is lost on the way there and back.

Models kubernetes `pkg/apis/autoscaling/v1/conversion.go` and `pkg/apis/events/v1/conversion.go`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from app.api.objects import Obj, annotations_of, with_metadata

_EVENT_FIELDS = {  # in core/v1, and in events.k8s.io/v1
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "reportingComponent": "reportingController",
}


def event_from_events_v1(event: Obj) -> Obj:
    names = {theirs: ours for ours, theirs in _EVENT_FIELDS.items()}
    return {names.get(key, key): value for key, value in event.items()}


def event_to_events_v1(event: Obj) -> Obj:
    return {_EVENT_FIELDS.get(key, key): value for key, value in event.items()}


_PREFIX = "autoscaling.alpha.kubernetes.io/"
METRICS, CURRENT, CONDITIONS, BEHAVIOR = (
    _PREFIX + name for name in ("metrics", "current-metrics", "conditions", "behavior")
)


def autoscaler_from_v1(obj: Obj) -> Obj:
    said = annotations_of(obj)
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    cpu, current_cpu = spec.pop("targetCPUUtilizationPercentage", None), _popped_cpu(status)
    metrics = [_metric_from_v1(metric, "target") for metric in _listed(said, METRICS)]
    if cpu is not None:
        target = {"type": "Utilization", "averageUtilization": cpu}
        metrics = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}, *metrics]
    current = [_metric_from_v1(metric, "current") for metric in _listed(said, CURRENT)]
    if current_cpu is not None and not current:
        current = [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": current_cpu}}}]
    behavior = _read(said, BEHAVIOR)
    spec |= _present(metrics=metrics, behavior=behavior if isinstance(behavior, dict) else None)
    status |= _present(currentMetrics=current, conditions=_listed(said, CONDITIONS))
    converted = {**obj, "apiVersion": "autoscaling/v2", "spec": spec}
    if "status" in obj or status:
        converted["status"] = status
    kept = {name: text for name, text in said.items() if name not in (METRICS, CURRENT, CONDITIONS, BEHAVIOR)}
    return with_metadata(converted, annotations=kept or None)


def autoscaler_to_v1(obj: Obj) -> Obj:
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    metrics, behavior = spec.pop("metrics", None) or [], spec.pop("behavior", None)
    current, conditions = status.pop("currentMetrics", None) or [], status.pop("conditions", None)
    cpu = next((each for each in metrics if _is_cpu(each, "target")), None)
    if cpu is not None:
        spec["targetCPUUtilizationPercentage"] = cpu["resource"]["target"]["averageUtilization"]
    if (used := next((each for each in current if _is_cpu(each, "current")), None)) is not None:
        status["currentCPUUtilizationPercentage"] = used["resource"]["current"]["averageUtilization"]
    said = {
        METRICS: [_metric_to_v1(each, "target") for each in metrics if each is not cpu],
        CURRENT: [_metric_to_v1(each, "current") for each in current],
        CONDITIONS: conditions,
        BEHAVIOR: behavior,
    }
    annotations = {name: json.dumps(value, separators=(",", ":")) for name, value in said.items() if value}
    status.setdefault("currentReplicas", 0)
    converted = {**obj, "apiVersion": "autoscaling/v1", "spec": spec, "status": status}
    return with_metadata(converted, annotations={**annotations_of(obj), **annotations} or None)


def _is_cpu(metric: Obj, which: str) -> bool:
    resource = metric.get("resource") or {}
    is_utilization = "averageUtilization" in (resource.get(which) or {})
    return metric.get("type") == "Resource" and resource.get("name") == "cpu" and is_utilization


def _popped_cpu(status: Obj) -> int | None:
    cpu: int | None = status.pop("currentCPUUtilizationPercentage", None)
    return cpu


def _listed(said: dict[str, str], name: str) -> list[Obj]:
    found = _read(said, name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _read(said: dict[str, str], name: str) -> Any:
    """What an annotation says; a person may have written anything there."""
    try:
        return json.loads(said.get(name, "null"))
    except (ValueError, RecursionError):
        return None


def _present(**fields: Any) -> Obj:
    return {name: value for name, value in fields.items() if value}


# -------------------------------------------------------------------------------------------------- metrics

# v1 says `targetAverageValue` or `currentAverageValue` where v2 has an object {averageValue}; and objects differ.
_SOURCES = {
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "Pods": "pods",
    "Object": "object",
    "External": "external",
}


def _metric_to_v1(metric: Obj, which: str) -> Obj:
    source = _SOURCES.get(metric.get("type", ""), "")
    given = metric.get(source) or {}
    value, name = given.get(which) or {}, given.get("metric") or {}
    flat = {field: given[field] for field in ("name", "container") if field in given}
    if name:
        flat["metricName"] = name.get("name", "")
    if "selector" in name:
        flat["metricSelector" if source == "external" else "selector"] = name["selector"]
    flat |= {new: value[old] for old, new in _values(source, which) if old in value}
    if source == "object":
        flat = {"target": given.get("describedObject") or {}, f"{which}Value": "0", **flat}
    return {"type": metric.get("type", ""), **({source: flat} if source else {})}


def _metric_from_v1(metric: Obj, which: str) -> Obj:
    source = _SOURCES.get(metric.get("type", ""), "")
    flat = metric.get(source) or {}
    value = {old: flat[new] for old, new in _values(source, which) if new in flat}
    if source == "object" and "averageValue" in value:
        value.pop("value", None)
    if which == "target":
        value = {"type": _target_type(value), **value}
    given: Obj = {field: flat[field] for field in ("name", "container") if field in flat}
    if "metricName" in flat:
        selector = flat.get("selector") or flat.get("metricSelector")
        given["metric"] = {"name": flat["metricName"], **_present(selector=selector)}
    if source == "object":
        given["describedObject"] = flat.get("target") or {}
    return {"type": metric.get("type", ""), **({source: {**given, which: value}} if source else {})}


def _values(source: str, which: str) -> Iterable[tuple[str, str]]:
    """(in v2, in v1)"""
    average = "averageValue" if source == "object" else f"{which}AverageValue"
    return (
        ("averageUtilization", f"{which}AverageUtilization"),
        ("averageValue", average),
        ("value", f"{which}Value"),
    )


def _target_type(value: Obj) -> str:
    if "averageUtilization" in value:
        return "Utilization"
    return "AverageValue" if "averageValue" in value else "Value"
