"""Deployments, ReplicaSets and ReplicationControllers: selector, template, strategy.

Models kubernetes `pkg/apis/apps/validation/validation.go` and, for the last, `pkg/apis/core/validation`.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.api.selectors import matches, matches_labels
from app.apimachinery.scheme import schema
from app.registry.validation import causes, metadata, pods, shares
from app.registry.validation.causes import Verbatim

_LABELS = "spec.template.metadata.labels"


def check_deployment(obj: Obj) -> Iterator[Cause]:
    spec = obj["spec"]
    yield from causes.not_negative(spec, "spec", "replicas")
    yield from _check_selector_and_template(spec)
    yield from _check_strategy(spec.get("strategy", {}))
    yield from causes.not_negative(spec, "spec", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None and deadline <= spec.get("minReadySeconds", 0):
        yield causes.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")


def check_replica_set(obj: Obj) -> Iterator[Cause]:
    spec = obj["spec"]
    yield from causes.not_negative(spec, "spec", "replicas", "minReadySeconds")
    yield from _check_selector_and_template(spec)


def check_replication_controller(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    yield from causes.not_negative(spec, "spec", "minReadySeconds")
    selector, template = spec.get("selector"), spec.get("template")
    if not selector:
        yield causes.required("spec.selector")
    yield from causes.not_negative(spec, "spec", "replicas")
    if template is None:
        yield causes.required("spec.template")
        return
    labels = template["metadata"].get("labels")
    if selector and not matches_labels(selector, labels or {}):
        yield no_match(labels)
    yield from pods.check_template(template, "spec.template")
    yield from check_runs_for_ever(template["spec"], "ReplicationController")


def check_selector_unchanged(new: Obj, old: Obj) -> Iterator[Cause]:
    selector = new["spec"].get("selector")
    if selector != old["spec"].get("selector"):
        yield causes.invalid("spec.selector", selector, causes.IMMUTABLE)


def _check_selector_and_template(spec: Obj) -> Iterator[Cause]:
    selector, labels = spec.get("selector"), spec["template"]["metadata"].get("labels")
    problems = list(check_selector(selector, "deployment"))  # upstream says so of ReplicaSets too
    yield from problems
    if selector is not None and any(metadata.check_selector(selector, "")):
        yield causes.invalid("spec.selector", selector, "invalid label selector")
        return
    if (selector is None or selects_something(selector)) and not matches(selector, labels or {}):
        yield no_match(labels)
    yield from pods.check_template(spec["template"], "spec.template")
    yield from check_runs_for_ever(spec["template"]["spec"], "ReplicaSet")


def check_selector(selector: Obj | None, kind: str) -> Iterator[Cause]:
    if selector is None:
        yield causes.required("spec.selector")
        return
    yield from metadata.check_selector(selector, "spec.selector")
    if not selects_something(selector):
        yield causes.invalid("spec.selector", selector, f"empty selector is invalid for {kind}")


def selects_something(selector: Obj) -> bool:
    return bool(selector.get("matchLabels") or selector.get("matchExpressions"))


def no_match(labels: Obj | None) -> Cause:
    return causes.invalid(_LABELS, labels, "`selector` does not match template `labels`")


def check_runs_for_ever(spec: Obj, kind: str) -> Iterator[Cause]:
    """The pod spec of a `kind` that keeps its pods going."""
    if spec.get("restartPolicy") != "Always":
        yield causes.not_supported("spec.template.spec.restartPolicy", spec.get("restartPolicy", ""), ["Always"])
    if "activeDeadlineSeconds" in spec:
        why = f"activeDeadlineSeconds in {kind} is not Supported"
        yield causes.forbidden("spec.template.spec.activeDeadlineSeconds", why)


def _check_strategy(strategy: Obj) -> Iterator[Cause]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "Recreate":
        if rolling is not None:
            why = "may not be specified when strategy `type` is 'Recreate'"
            yield causes.forbidden("spec.strategy.rollingUpdate", why)
    elif kind == "RollingUpdate":
        yield from _check_rolling_update(rolling or {}, "spec.strategy.rollingUpdate")
    else:
        values = schema.named_values("DeploymentStrategyType")
        yield causes.not_supported("spec.strategy", Verbatim(_strategy_in_go(kind, rolling)), values)


def _strategy_in_go(kind: str | None, rolling: Obj | None) -> str:
    parameters = None
    if rolling is not None:
        parameters = {"MaxUnavailable": rolling.get("maxUnavailable", 0), "MaxSurge": rolling.get("maxSurge", 0)}
    return causes.printed({"Type": kind or "", "RollingUpdate": parameters})


def _check_rolling_update(rolling: Obj, field: str) -> Iterator[Cause]:
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    yield from shares.check(unavailable, f"{field}.maxUnavailable")
    yield from shares.check(surge, f"{field}.maxSurge")
    if shares.amount(unavailable) == 0 and shares.amount(surge) == 0:
        yield causes.invalid(f"{field}.maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0")
    yield from shares.check_at_most_all(unavailable, f"{field}.maxUnavailable")
