"""HorizontalPodAutoscalers and PodDisruptionBudgets.

Models kubernetes `pkg/apis/autoscaling/validation` and `pkg/apis/policy/validation`.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api import quantities
from app.api.errors import Cause
from app.api.objects import Obj
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, metadata, shares
from app.registry.validation.causes import Verbatim

_SOURCES = ("object", "pods", "resource", "external", "containerResource")
_MAX_WINDOW_SECONDS, _MAX_PERIOD_SECONDS = 3600, 1800


def check_autoscaler(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    least, most = spec.get("minReplicas"), spec.get("maxReplicas", 0)
    if least is not None and least < 1:
        yield causes.invalid("spec.minReplicas", least, "must be greater than or equal to 1")
    if most < 1:
        yield causes.invalid("spec.maxReplicas", most, "must be greater than 0")
    if least is not None and most < least:
        yield causes.invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    yield from _check_target(spec.get("scaleTargetRef", {}), "spec.scaleTargetRef")
    for index, metric in enumerate(spec.get("metrics", ())):
        yield from _check_metric(metric, f"spec.metrics[{index}]")
    for direction in ("scaleUp", "scaleDown"):
        if rules := spec.get("behavior", {}).get(direction):
            yield from _check_rules(rules, f"spec.behavior.{direction}")


def _check_target(target: Obj, field: str) -> Iterator[Cause]:
    for name in ("kind", "name"):
        value = target.get(name, "")
        if not value:
            yield causes.required(f"{field}.{name}")
        yield from (causes.invalid(f"{field}.{name}", value, why) for why in metadata.is_path_segment(value))


def _check_metric(metric: Obj, field: str) -> Iterator[Cause]:
    kind = metric.get("type", "")
    if not kind:
        yield causes.required(f"{field}.type", "must specify a metric source type")
    if kind not in named_values("MetricSourceType"):
        yield causes.not_supported(f"{field}.type", kind, named_values("MetricSourceType"))
        return
    wanted = kind[0].lower() + kind[1:]
    present = [source for source in _SOURCES if source in metric]
    if len(present) == 1:
        yield from _check_source(metric[present[0]], present[0], f"{field}.{present[0]}")
    if wanted not in present:
        yield causes.required(f"{field}.{wanted}", "must populate information for the given metric source")
    for other in present:
        if other != wanted:
            yield causes.forbidden(f"{field}.{other}", "must populate the given metric source only")


def _check_source(source: Obj, kind: str, field: str) -> Iterator[Cause]:
    target = source.get("target", {})
    if kind in ("resource", "containerResource"):
        if not source.get("name"):
            yield causes.required(f"{field}.name", "must specify a resource name")
    elif not source.get("metric", {}).get("name"):
        yield causes.required(f"{field}.metric.name", "must specify a metric name")
    if not target.get("type"):
        yield causes.required(f"{field}.target.type", "must specify a metric target type")
    elif target["type"] not in ("Utilization", "Value", "AverageValue"):
        why = "must be either Utilization, Value, or AverageValue"
        yield causes.invalid(f"{field}.target.type", target["type"], why)
    for name in ("value", "averageValue"):
        if name in target and quantities.parse(target[name]) <= 0:
            yield causes.invalid(f"{field}.target.{name}", target[name], "must be positive")
    percent = target.get("averageUtilization")
    if percent is not None and percent < 1:
        yield causes.invalid(f"{field}.target.averageUtilization", percent, "must be greater than 0")
    if kind in ("resource", "containerResource"):
        yield from _check_one_target(target, f"{field}.target")


def _check_one_target(target: Obj, field: str) -> Iterator[Cause]:
    if "averageUtilization" not in target and "averageValue" not in target:
        why = "must set either a target raw value or a target utilization"
        yield causes.required(f"{field}.averageUtilization", why)
    if "averageUtilization" in target and "averageValue" in target:
        why = "may not set both a target raw value and a target utilization"
        yield causes.forbidden(f"{field}.averageValue", why)


def _check_rules(rules: Obj, field: str) -> Iterator[Cause]:
    window = rules.get("stabilizationWindowSeconds")
    if window is not None and window < 0:
        yield causes.invalid(f"{field}.stabilizationWindowSeconds", window, "must be greater than or equal to zero")
    if window is not None and window > _MAX_WINDOW_SECONDS:
        why = f"must be less than or equal to {_MAX_WINDOW_SECONDS}"
        yield causes.invalid(f"{field}.stabilizationWindowSeconds", window, why)
    chosen = rules.get("selectPolicy")
    if chosen is not None and chosen not in ("Max", "Min", "Disabled"):
        yield causes.not_supported(f"{field}.selectPolicy", chosen, ["Disabled", "Max", "Min"])
    if not rules.get("policies"):
        yield causes.required(f"{field}.policies", "must specify at least one Policy")
    for index, policy in enumerate(rules.get("policies", ())):
        yield from _check_policy(policy, f"{field}.policies[{index}]")


def _check_policy(policy: Obj, field: str) -> Iterator[Cause]:
    if policy.get("type") not in ("Pods", "Percent"):
        yield causes.not_supported(f"{field}.type", policy.get("type", ""), ["Percent", "Pods"])
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
        yield causes.invalid(
            "spec", Verbatim(_budget_in_go(spec)), "minAvailable and maxUnavailable cannot be both set"
        )
    for name in ("minAvailable", "maxUnavailable"):
        if name in spec:
            yield from shares.check(spec[name], f"spec.{name}")
            yield from shares.check_at_most_all(spec[name], f"spec.{name}")
    yield from metadata.check_selector(spec.get("selector", {}), "spec.selector")
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None and policy not in named_values("UnhealthyPodEvictionPolicyType"):
        values = named_values("UnhealthyPodEvictionPolicyType")
        yield causes.not_supported("spec.unhealthyPodEvictionPolicy", policy, values)


def _budget_in_go(spec: Obj) -> str:
    fields = ("MinAvailable", "Selector", "MaxUnavailable", "UnhealthyPodEvictionPolicy")
    return causes.printed({name: spec.get(name[0].lower() + name[1:]) for name in fields})
