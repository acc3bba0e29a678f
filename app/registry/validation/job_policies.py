"""What a Job says of failures and success: its pod failure policy, its limits per index, its success policy.

Models kubernetes `pkg/apis/batch/validation` (`validatePodFailurePolicy`, `validateSuccessPolicy`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, indexes, metadata

_MODES = ("NonIndexed", "Indexed")
_ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
_OPERATORS = ("In", "NotIn")
_STATUSES = ("False", "True", "Unknown")
_REPLACEMENTS = ("Failed", "TerminatingOrFailed")
_MAX_RULES, _MAX_EXIT_CODES, _MAX_PATTERNS = 20, 255, 20
_MAX_MANAGED_BY, _MAX_SUCCEEDED_INDEXES = 63, 64 * 1024
_MAX_PARALLELISM = _MAX_FAILED_INDEXES = _MANY_COMPLETIONS = 100_000
_MAX_WITH_MANY_COMPLETIONS = 10_000


def check(spec: Obj, field: str) -> Iterator[Cause]:
    mode = spec.get("completionMode", "NonIndexed")
    if "maxFailedIndexes" in spec and "backoffLimitPerIndex" not in spec:
        yield causes.required(f"{field}.backoffLimitPerIndex", "when maxFailedIndexes is specified")
    yield from _check_managed_by(spec.get("managedBy"), f"{field}.managedBy")
    yield from causes.among(f"{field}.completionMode", mode, _MODES)
    if mode == "Indexed":
        yield from _check_indexed(spec, field)
    for name in ("backoffLimitPerIndex", "maxFailedIndexes") if mode == "NonIndexed" else ():
        if name in spec:
            yield causes.invalid(f"{field}.{name}", spec[name], "requires indexed completion mode")
    if "podFailurePolicy" in spec:
        yield from _check_failure_policy(spec, f"{field}.podFailurePolicy.rules")
    if "successPolicy" in spec and mode != "Indexed":
        printed = success_in_go(spec["successPolicy"])
        yield causes.invalid(f"{field}.successPolicy", printed, "requires indexed completion mode")
    elif "successPolicy" in spec:
        yield from _check_success_policy(spec, f"{field}.successPolicy.rules")
    allowed = ("Failed",) if "podFailurePolicy" in spec else _REPLACEMENTS
    yield from causes.among(f"{field}.podReplacementPolicy", spec.get("podReplacementPolicy"), allowed)


def _check_managed_by(name: str | None, field: str) -> Iterator[Cause]:
    if name is None:
        return
    yield from metadata.check_prefixed_path(name, field)
    if len(name) > _MAX_MANAGED_BY:
        yield causes.too_long(field, _MAX_MANAGED_BY)


def _check_indexed(spec: Obj, field: str) -> Iterator[Cause]:
    completions, parallelism, most = (spec.get(name) for name in ("completions", "parallelism", "maxFailedIndexes"))
    if completions is None:
        yield causes.required(f"{field}.completions", "when completion mode is Indexed")
    if parallelism is not None and parallelism > _MAX_PARALLELISM:
        why = f"must be less than or equal to {_MAX_PARALLELISM} when completion mode is Indexed"
        yield causes.invalid(f"{field}.parallelism", parallelism, why)
    if most is not None and completions is not None and most > completions:
        yield causes.invalid(f"{field}.maxFailedIndexes", most, "must be less than or equal to completions")
    if most is not None and most > _MAX_FAILED_INDEXES:
        yield causes.invalid(f"{field}.maxFailedIndexes", most, f"must be less than or equal to {_MAX_FAILED_INDEXES}")
    if completions is None or completions <= _MANY_COMPLETIONS or "backoffLimitPerIndex" not in spec:
        return
    if most is None:
        why = f"must be specified when completions is above {_MANY_COMPLETIONS}"
        yield causes.required(f"{field}.maxFailedIndexes", why)
    for name, number in (("parallelism", parallelism), ("maxFailedIndexes", most)):
        if number is not None and number > _MAX_WITH_MANY_COMPLETIONS:
            why = (
                f"must be less than or equal to {_MAX_WITH_MANY_COMPLETIONS} when completions are above "
                f"{_MANY_COMPLETIONS} and used with backoff limit per index"
            )
            yield causes.invalid(f"{field}.{name}", number, why)


# ---------------------------------------------------------------------------------------- the failure policy


def _check_failure_policy(spec: Obj, field: str) -> Iterator[Cause]:
    rules: Sequence[Obj] = spec["podFailurePolicy"].get("rules") or ()
    yield from causes.too_many(field, rules, _MAX_RULES)
    pod = spec["template"]["spec"]
    containers = {each["name"] for part in ("containers", "initContainers") for each in pod.get(part) or ()}
    for at, rule in enumerate(rules):
        place = f"{field}[{at}]"
        action = rule.get("action", "")
        if action == "FailIndex":
            if "backoffLimitPerIndex" not in spec:
                yield causes.invalid(f"{place}.action", action, "requires the backoffLimitPerIndex to be set")
        else:
            yield from _one_of(f"{place}.action", action, _ACTIONS)
        codes, patterns = rule.get("onExitCodes"), rule.get("onPodConditions") or ()
        if codes is not None:
            yield from _check_exit_codes(codes, f"{place}.onExitCodes", containers)
        yield from _check_patterns(patterns, f"{place}.onPodConditions")
        if codes is not None and patterns:
            yield causes.unacceptable(place, "specifying both OnExitCodes and OnPodConditions is not supported")
        if codes is None and not patterns:
            yield causes.unacceptable(place, "specifying one of OnExitCodes and OnPodConditions is required")


def _one_of(field: str, value: str, values: Sequence[str]) -> Iterator[Cause]:
    if not value:
        listed = " ".join(f'"{each}"' for each in values)
        yield causes.required(field, f"valid values: [{listed}]")
    elif value not in values:
        yield causes.not_supported(field, value, values)


def _check_exit_codes(codes: Obj, field: str, containers: set[str]) -> Iterator[Cause]:
    operator, name, values = codes.get("operator", ""), codes.get("containerName"), codes.get("values") or []
    yield from _one_of(f"{field}.operator", operator, _OPERATORS)
    if name is not None and name not in containers:
        why = "must be one of the container or initContainer names in the pod template"
        yield causes.invalid(f"{field}.containerName", name, why)
    if not values:
        yield causes.invalid(f"{field}.values", codes.get("values"), "at least one value is required")
    yield from causes.too_many(f"{field}.values", values, _MAX_EXIT_CODES)
    for at, code in enumerate(values):
        if operator == "In" and code == 0:
            yield causes.invalid(f"{field}.values[{at}]", code, "must not be 0 for the In operator")
        if code in values[:at]:
            yield causes.duplicate(f"{field}.values[{at}]", code)
    if values != sorted(values):
        yield causes.invalid(f"{field}.values", values, "must be ordered")


def _check_patterns(patterns: Sequence[Mapping[str, Any]], field: str) -> Iterator[Cause]:
    yield from causes.too_many(field, patterns, _MAX_PATTERNS)
    for at, pattern in enumerate(patterns):
        yield from metadata.label_key(pattern.get("type", ""), f"{field}[{at}].type")
        yield from _one_of(f"{field}[{at}].status", pattern.get("status", ""), _STATUSES)


# ---------------------------------------------------------------------------------------- the success policy


def _check_success_policy(spec: Obj, field: str) -> Iterator[Cause]:
    completions: int = spec.get("completions") or 0  # that it lacks them is told elsewhere
    rules = spec["successPolicy"].get("rules") or ()
    if not rules:
        yield causes.required(field, "at least one rules must be specified when the successPolicy is specified")
    yield from causes.too_many(field, rules, _MAX_RULES)
    for at, rule in enumerate(rules):
        yield from _check_success_rule(rule, completions, f"{field}[{at}]")


def success_in_go(policy: Obj | None) -> Any:
    if policy is None:
        return None
    rules = [causes.struct(rule, "SucceededIndexes", "SucceededCount") for rule in policy.get("rules") or ()]
    return _rules_in_go(rules)


def failure_in_go(policy: Obj | None) -> Any:
    if policy is None:
        return None
    return _rules_in_go([_failure_rule_in_go(rule) for rule in policy.get("rules") or ()])


def _failure_rule_in_go(rule: Obj) -> causes.Verbatim:
    codes, patterns = rule.get("onExitCodes"), rule.get("onPodConditions") or ()
    listed = ",".join(causes.struct(pattern, "Type", "Status") for pattern in patterns)
    fields = {
        "action": rule.get("action", ""),
        "onExitCodes": causes.struct(codes, "ContainerName", "Operator", "Values") if codes else None,
        "onPodConditions": causes.Verbatim(f"[{listed}]") if patterns else None,
    }
    return causes.struct(fields, "Action", "OnExitCodes", "OnPodConditions")


def _rules_in_go(rules: Sequence[causes.Verbatim]) -> causes.Verbatim:
    listed = f"[{','.join(rules)}]" if rules else "null"
    return causes.Verbatim(f'{{"Rules":{listed}}}')


def _check_success_rule(rule: Obj, completions: int, field: str) -> Iterator[Cause]:
    count, text, total = rule.get("succeededCount"), rule.get("succeededIndexes"), 0
    if count is None and text is None:
        yield causes.required(field, "at least one of succeededCount or succeededIndexes must be specified")
    if text is not None:
        if len(text) > _MAX_SUCCEEDED_INDEXES:
            yield causes.too_long(f"{field}.succeededIndexes", _MAX_SUCCEEDED_INDEXES)
        try:
            total = indexes.total(text, completions)
        except ValueError as wrong:
            yield causes.invalid(f"{field}.succeededIndexes", text, f"error parsing succeededIndexes: {wrong}")
    if count is None:
        return
    yield from causes.not_negative(rule, field, "succeededCount")
    if count > completions:
        why = f"must be less than or equal to {completions} (the number of specified completions)"
        yield causes.invalid(f"{field}.succeededCount", count, why)
    if text is not None and count > total:
        named = "(the number of indexes in the specified succeededIndexes field)"
        yield causes.invalid(f"{field}.succeededCount", count, f"must be less than or equal to {total} {named}")
