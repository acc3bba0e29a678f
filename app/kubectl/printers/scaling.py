"""Autoscalers, disruption budgets, and the subresource that they write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api.objects import Obj, get_path, name_of
from app.kubectl.printers.printing import NONE, UNSET, Cells, Printer, age_of, columns


def _autoscaler(autoscaler: Obj, now_ms: int) -> Cells:
    spec, target = autoscaler["spec"], autoscaler["spec"]["scaleTargetRef"]
    current = (autoscaler.get("status") or {}).get("currentMetrics") or []
    metrics = [
        _metric(metric, current[index] if index < len(current) else {})
        for index, metric in enumerate(spec.get("metrics") or ())
    ]
    more = f" + {len(metrics) - 2} more..." if len(metrics) > 2 else ""
    return (
        name_of(autoscaler),
        f"{target['kind']}/{target['name']}",
        ", ".join(metrics[:2]) + more or NONE,
        str(spec.get("minReplicas", UNSET)),
        str(spec["maxReplicas"]),
        str(get_path(autoscaler, "status.currentReplicas", 0)),
        age_of(autoscaler, now_ms),
    )


def _metric(metric: Mapping[str, Any], current: Mapping[str, Any]) -> str:
    """`cpu: 50%/80%`, with `<unknown>` for what was not measured."""
    field = metric["type"][0].lower() + metric["type"][1:]
    source = metric.get(field) or {}
    target, now = source.get("target") or {}, (current.get(field) or {}).get("current") or {}
    name = f"{source['name']}: " if source.get("name") else ""
    if target.get("averageUtilization") is not None:
        measured = now.get("averageUtilization")
        return f"{name}{'<unknown>' if measured is None else f'{measured}%'}/{target['averageUtilization']}%"
    if target.get("averageValue") is not None:
        average = " (avg)" if field in ("external", "object") else ""
        return f"{name}{now.get('averageValue', '<unknown>')}/{target['averageValue']}{average}"
    return f"{name}{now.get('value', '<unknown>')}/{target.get('value', '<auto>')}"


def _disruption_budget(budget: Obj, now_ms: int) -> Cells:
    spec = budget["spec"]
    limits = (str(spec.get("minAvailable", "N/A")), str(spec.get("maxUnavailable", "N/A")))
    return (name_of(budget), *limits, get_path(budget, "status.disruptionsAllowed", 0), age_of(budget, now_ms))


def _scale(scale: Obj, now_ms: int) -> Cells:
    return (name_of(scale), scale["spec"]["replicas"], scale["status"]["replicas"], age_of(scale, now_ms))


PRINTERS = {
    "Scale": Printer(columns("Name, Desired:integer, Available:integer, Age"), _scale),
    "HorizontalPodAutoscaler": Printer(
        columns("Name, Reference, Targets, MinPods, MaxPods, Replicas, Age"), _autoscaler
    ),
    "PodDisruptionBudget": Printer(
        columns("Name, Min Available, Max Unavailable, Allowed Disruptions:integer, Age"), _disruption_budget
    ),
}
