"""How much a namespace may have: ResourceQuotas and LimitRanges. Models kubernetes `pkg/apis/core/validation`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.api import quantities
from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, metadata, resource_names

_PODS = frozenset({"pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"})
_CLAIMS = frozenset({"persistentvolumeclaims", "requests.storage"})
_ONLY_EXISTS = ("BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity")
_OF_SCOPES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys((*_ONLY_EXISTS, "PriorityClass"), _PODS),
    "BestEffort": frozenset({"pods"}),
    "VolumeAttributesClass": _CLAIMS,
}
"""What is counted of the objects in a scope."""
_OPPOSITES = (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating"))
_EXISTS = (
    "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
    "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
)
_SOME_VALUE = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
_NO_VALUE = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"


def check_quota(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    yield from _check_amounts(spec.get("hard", {}), "spec.hard")
    scopes = spec.get("scopes") or []
    for scope in scopes:
        if scope not in _OF_SCOPES:
            yield causes.invalid("spec.scopes", scopes, "unsupported scope")
        for _ in _not_of(scope, spec):
            yield causes.invalid("spec.scopes", scopes, "unsupported scope applied to resource")
    for pair in _OPPOSITES:
        if set(pair) <= set(scopes):
            yield causes.invalid("spec.scopes", scopes, "conflicting scopes")
    yield from _check_scope_selector(spec)


def check_quota_update(new: Obj, old: Obj) -> Iterator[Cause]:
    after, before = (obj.get("spec", {}).get("scopes") or [] for obj in (new, old))
    if set(after) != set(before):
        yield causes.invalid("spec.scopes", after or None, causes.IMMUTABLE)


def check_quota_status(new: Obj, old: Obj) -> Iterator[Cause]:
    for part in ("hard", "used"):
        yield from _check_amounts((new.get("status") or {}).get(part) or {}, f"status.{part}")


def _check_amounts(amounts: Mapping[str, Any], field: str) -> Iterator[Cause]:
    for name, quantity in amounts.items():
        yield from resource_names.check_of_quota(name, f"{field}[{name}]")
        yield from resource_names.check_amount(name, quantity, f"{field}[{name}]")


def _not_of(scope: str, spec: Obj) -> list[str]:
    """The resources of this quota that nobody counts in that scope."""
    counted = _OF_SCOPES.get(scope)
    hard = spec.get("hard", {})
    return [name for name in hard if counted is not None and resource_names.is_of_quotas(name) and name not in counted]


def _check_scope_selector(spec: Obj) -> Iterator[Cause]:
    selector, field = spec.get("scopeSelector", {}), "spec.scopeSelector.matchExpressions"
    requirements = selector.get("matchExpressions") or []
    for requirement in requirements:
        scope, operator, values = (requirement.get(name) for name in ("scopeName", "operator", "values"))
        if scope not in _OF_SCOPES:
            yield causes.invalid(f"{field}.scopeName", scope or "", "unsupported scope")
        for _ in _not_of(scope, spec):
            yield causes.invalid(field, _selector_in_go(requirements), "unsupported scope applied to resource")
        if scope in _ONLY_EXISTS and operator != "Exists":
            yield causes.invalid(f"{field}.operator", operator or "", _EXISTS)
        if operator in ("In", "NotIn"):
            if not values:
                yield causes.required(f"{field}.values", _SOME_VALUE)
        elif operator not in ("Exists", "DoesNotExist"):
            yield causes.invalid(f"{field}.operator", operator or "", "not a valid selector operator")
        elif values:
            yield causes.invalid(f"{field}.values", values, _NO_VALUE)
    for pair in _OPPOSITES:
        if set(pair) <= {requirement.get("scopeName") for requirement in requirements}:
            yield causes.invalid(field, spec.get("scopes"), "conflicting scopes")


def _selector_in_go(requirements: list[Obj]) -> causes.Verbatim:
    printed = [causes.struct(requirement, "ScopeName", "Operator", "Values") for requirement in requirements]
    return causes.Verbatim(f'{{"MatchExpressions":[{",".join(printed)}]}}')


# ------------------------------------------------------------------------------------------ limits


# (what must be at most, what, where the complaint stands, whose value it shows, and how it goes on)
_ORDER = (
    ("min", "max", "min", "min", "min value {} is greater than max value {}"),
    ("min", "defaultRequest", "defaultRequest", "defaultRequest",
     "min value {} is greater than default request value {}"),
    ("defaultRequest", "max", "defaultRequest", "defaultRequest",
     "default request value {} is greater than max value {}"),
    ("defaultRequest", "default", "defaultRequest", "defaultRequest",
     "default request value {} is greater than default limit value {}"),
    ("min", "default", "default", "min", "min value {} is greater than default value {}"),
    ("default", "max", "default", "max", "default value {} is greater than max value {}"),
)  # fmt: skip
_STANDARD_TYPES = ("Pod", "Container", "PersistentVolumeClaim")
_PARTS = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
_NOT_OF_PODS = ("default", "defaultRequest")
_OF_CLAIMS = "either minimum or maximum storage value is required, but neither was provided"


def check_limit_range(obj: Obj) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, limit in enumerate(obj.get("spec", {}).get("limits", ())):
        field, kind = f"spec.limits[{index}]", limit.get("type", "")
        wrong = list(metadata.label_key(kind, f"{field}.type"))
        yield from wrong
        if not wrong and "/" not in kind and kind not in _STANDARD_TYPES:
            yield causes.invalid(f"{field}.type", kind, "must be a standard limit type or fully qualified")
        if kind in seen:
            yield causes.duplicate(f"{field}.type", kind)
        seen.add(kind)
        yield from _check_limit(limit, kind, field)


def _check_limit(limit: Obj, kind: str, field: str) -> Iterator[Cause]:
    check_name = resource_names.check_of_container if kind in ("Pod", "Container") else resource_names.check
    for part in _PARTS:
        bounded = kind != "PersistentVolumeClaim" or any("storage" in limit.get(bound, {}) for bound in ("min", "max"))
        if part == "maxLimitRequestRatio" and not bounded:
            yield causes.required(f"{field}.limits", _OF_CLAIMS)
        if part in _NOT_OF_PODS and kind == "Pod":
            if limit.get(part):
                yield causes.forbidden(f"{field}.{part}", "may not be specified when `type` is 'Pod'")
            continue
        for name in limit.get(part, {}):
            yield from check_name(name, f"{field}.{part}[{name}]")
    told = {part: {} if kind == "Pod" and part in _NOT_OF_PODS else limit.get(part, {}) for part in _PARTS}
    for name in dict.fromkeys(name for part in _PARTS for name in told[part]):
        yield from _check_order({part: told[part][name] for part in _PARTS if name in told[part]}, name, field)


def _check_order(given: Mapping[str, str], name: str, field: str) -> Iterator[Cause]:
    """What is given of one resource fits together."""
    amounts = {part: quantities.parse(quantity) for part, quantity in given.items()}
    for low, high, at, shown, why in _ORDER:
        if low in given and high in given and amounts[low] > amounts[high]:
            yield causes.invalid(f"{field}.{at}[{name}]", given[shown], why.format(given[low], given[high]))
    ratio, at = amounts.get("maxLimitRequestRatio"), f"{field}.maxLimitRequestRatio[{name}]"
    if ratio is not None and ratio < 1:
        written = given["maxLimitRequestRatio"]
        yield causes.invalid(at, written, f"ratio {written} is less than 1")
    if ratio is not None and amounts.get("min") and "max" in amounts and ratio > amounts["max"] / amounts["min"]:
        written, most = given["maxLimitRequestRatio"], float(amounts["max"] / amounts["min"])
        yield causes.invalid(at, written, f"ratio {written} is greater than max/min = {most:f}")
    default, requested = (amounts.get(part) for part in _NOT_OF_PODS)
    both = default is not None and requested is not None
    if both and default != requested and not resource_names.may_be_overcommitted(name):
        values = "default value {default} must equal to defaultRequest value {defaultRequest}".format(**given)
        yield causes.invalid(f"{field}.defaultRequest[{name}]", given["defaultRequest"], f"{values} in {name}")
