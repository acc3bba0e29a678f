"""HorizontalPodAutoscalers and PodDisruptionBudgets.

Models kubernetes `pkg/apis/autoscaling/validation` and `pkg/apis/policy/validation`.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api import quantities
from app.api.errors import Cause
from app.api.objects import Obj
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, metadata, resource_names, shares

_SOURCES = ("object", "external", "pods", "resource", "containerResource")
_OF_RESOURCES = ("resource", "containerResource")
_POLICIES, _CHOICES = ("Percent", "Pods"), ("Disabled", "Max", "Min")
_MAX_WINDOW_SECONDS, _MAX_PERIOD_SECONDS = 3600, 1800
_NO_TARGET = {
    "object": "must set either a target value or averageValue",
    "external": "must set either a target value for metric or a per-pod target",
    "pods": "must specify a positive target averageValue",
}
_BOTH_TARGETS = "may not set both a target value for metric and a per-pod target"


def check_autoscaler(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    least, most, metrics = spec.get("minReplicas"), spec.get("maxReplicas", 0), spec.get("metrics", ())
    if least is not None and least < 1:
        yield causes.invalid("spec.minReplicas", least, "must be greater than or equal to 1")
    if most == 0:
        yield causes.required("spec.maxReplicas", "must be set and greater than 0")
    elif most < 0:
        yield causes.invalid("spec.maxReplicas", most, "must be greater than or equal to 1")
    if least is not None and most < least:
        yield causes.invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    target = spec.get("scaleTargetRef", {})
    yield from _check_reference(target, "spec.scaleTargetRef", in_a_group=target.get("kind") != "ReplicationController")
    for index, metric in enumerate(metrics):
        yield from _check_metric(metric, f"spec.metrics[{index}]")
    if least == 0 and not any(metric.get("type") in ("Object", "External") for metric in metrics):
        why = "must specify at least one Object or External metric to support scaling to zero replicas"
        yield causes.forbidden("spec.metrics", why)
    for direction in ("scaleUp", "scaleDown"):
        if rules := spec.get("behavior", {}).get(direction):
            yield from _check_rules(rules, f"spec.behavior.{direction}")


def _check_reference(reference: Obj, field: str, *, in_a_group: bool) -> Iterator[Cause]:
    """Of what is scaled, or measured. `in_a_group`: a kind of the core group cannot be meant."""
    for name in ("kind", "name"):
        yield from causes.needed(reference, field, name)
        value = reference.get(name, "")
        yield from causes.each(f"{field}.{name}", value, metadata.is_path_segment(value))
    version = reference.get("apiVersion", "")
    if version.count("/") > 1:
        yield causes.invalid(f"{field}.apiVersion", version, f"unexpected GroupVersion string: {version}")
    elif in_a_group and not version.rpartition("/")[0]:
        yield causes.invalid(f"{field}.apiVersion", version, "apiVersion must specify API group")


def _check_metric(metric: Obj, field: str) -> Iterator[Cause]:
    kind, kinds = metric.get("type", ""), named_values("MetricSourceType")
    if not kind:
        yield causes.required(f"{field}.type", "must specify a metric source type")
    yield from causes.among(f"{field}.type", kind, kinds)
    wanted = kind[:1].lower() + kind[1:]
    present = [source for source in _SOURCES if source in metric]
    if present:
        yield from _check_source(metric[present[0]], present[0], f"{field}.{present[0]}")
    if kind in kinds and wanted not in present:
        yield causes.required(f"{field}.{wanted}", "must populate information for the given metric source")
    yield from causes.among(f"{field}.type", kind, kinds)  # a second time, as upstream
    for other in present if len(present) > 1 else ():
        if other != wanted:
            yield causes.forbidden(f"{field}.{other}", "must populate the given metric source only")


def _check_source(source: Obj, kind: str, field: str) -> Iterator[Cause]:
    target = source.get("target", {})
    if kind in _OF_RESOURCES:
        yield from _check_resource(source, kind, field)
    else:
        yield from _check_identifier(source, kind, field)
    yield from _check_target(target, f"{field}.target")
    if kind in _OF_RESOURCES:
        yield from _check_one_target(target, f"{field}.target")
        return
    if "averageValue" not in target and (kind == "pods" or "value" not in target):
        yield causes.required(f"{field}.target.averageValue", _NO_TARGET[kind])
    if kind == "external" and "value" in target and "averageValue" in target:
        yield causes.forbidden(f"{field}.target.value", _BOTH_TARGETS)


def _check_resource(source: Obj, kind: str, field: str) -> Iterator[Cause]:
    name, container = source.get("name", ""), source.get("container", "")
    if not name:
        yield causes.required(f"{field}.name", "must specify a resource name")
    elif kind == "containerResource":
        yield from resource_names.check_of_container(name, f"{field}.name")
    if kind == "containerResource" and not container:
        yield causes.required(f"{field}.container", "must specify a container")
    elif kind == "containerResource":
        yield from causes.each(f"{field}.container", container, metadata.is_label(container))


def _check_identifier(source: Obj, kind: str, field: str) -> Iterator[Cause]:
    if kind == "object":
        yield from _check_reference(source.get("describedObject", {}), f"{field}.describedObject", in_a_group=False)
    name = source.get("metric", {}).get("name", "")
    if not name:
        yield causes.required(f"{field}.metric.name", "must specify a metric name")
    yield from causes.each(f"{field}.metric.name", name, metadata.is_path_segment(name))


def _check_target(target: Obj, field: str) -> Iterator[Cause]:
    kind = target.get("type", "")
    if not kind:
        yield causes.required(f"{field}.type", "must specify a metric target type")
    if kind not in ("Utilization", "Value", "AverageValue"):
        yield causes.invalid(f"{field}.type", kind, "must be either Utilization, Value, or AverageValue")
    for name in ("value", "averageValue"):
        if name in target and quantities.parse(target[name]) <= 0:
            yield causes.invalid(f"{field}.{name}", target[name], "must be positive")
    percent = target.get("averageUtilization")
    if percent is not None and percent < 1:
        yield causes.invalid(f"{field}.averageUtilization", percent, "must be greater than 0")


def _check_one_target(target: Obj, field: str) -> Iterator[Cause]:
    if "averageUtilization" not in target and "averageValue" not in target:
        why = "must set either a target raw value or a target utilization"
        yield causes.required(f"{field}.averageUtilization", why)
    if "averageUtilization" in target and "averageValue" in target:
        why = "may not set both a target raw value and a target utilization"
        yield causes.forbidden(f"{field}.averageValue", why)


def _check_rules(rules: Obj, field: str) -> Iterator[Cause]:
    window, tolerance = rules.get("stabilizationWindowSeconds"), rules.get("tolerance")
    if window is not None and window < 0:
        yield causes.invalid(f"{field}.stabilizationWindowSeconds", window, "must be greater than or equal to zero")
    if window is not None and window > _MAX_WINDOW_SECONDS:
        why = f"must be less than or equal to {_MAX_WINDOW_SECONDS}"
        yield causes.invalid(f"{field}.stabilizationWindowSeconds", window, why)
    yield from causes.among(f"{field}.selectPolicy", rules.get("selectPolicy"), _CHOICES)
    if not rules.get("policies"):
        yield causes.required(f"{field}.policies", "must specify at least one Policy")
    for index, policy in enumerate(rules.get("policies", ())):
        yield from _check_policy(policy, f"{field}.policies[{index}]")
    if tolerance is not None and quantities.parse(tolerance) < 0:
        yield causes.invalid(f"{field}.tolerance", tolerance, causes.NOT_NEGATIVE)


def _check_policy(policy: Obj, field: str) -> Iterator[Cause]:
    yield from causes.among(f"{field}.type", policy.get("type", ""), _POLICIES)
    for name in ("value", "periodSeconds"):
        if policy.get(name, 0) <= 0:
            yield causes.invalid(f"{field}.{name}", policy.get(name, 0), "must be greater than zero")
    if policy.get("periodSeconds", 0) > _MAX_PERIOD_SECONDS:
        why = f"must be less than or equal to {_MAX_PERIOD_SECONDS}"
        yield causes.invalid(f"{field}.periodSeconds", policy["periodSeconds"], why)


# ------------------------------------------------------------------------------------------------- budgets


def check_budget(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    if "minAvailable" in spec and "maxUnavailable" in spec:
        printed = causes.struct(spec, "MinAvailable", "Selector", "MaxUnavailable", "UnhealthyPodEvictionPolicy")
        yield causes.invalid("spec", printed, "minAvailable and maxUnavailable cannot be both set")
    for name in ("minAvailable", "maxUnavailable"):
        if name in spec:
            yield from shares.check(spec[name], f"spec.{name}")
            yield from shares.check_at_most_all(spec[name], f"spec.{name}")
    yield from metadata.check_selector(spec.get("selector", {}), "spec.selector")
    kinds = named_values("UnhealthyPodEvictionPolicyType")
    yield from causes.among("spec.unhealthyPodEvictionPolicy", spec.get("unhealthyPodEvictionPolicy"), kinds)
