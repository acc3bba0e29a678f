"""Where a pod may run, and beside whom: affinities, spread constraints, tolerations.

Models kubernetes `pkg/apis/core/validation` validateAffinity and validateTopologySpreadConstraints. Fields are relative
to the pod spec.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, metadata

_REQUIRED, _PREFERRED = (
    "requiredDuringSchedulingIgnoredDuringExecution",
    "preferredDuringSchedulingIgnoredDuringExecution",
)
_NO_OPERATOR = "not a valid selector operator"
_NOT_POSITIVE = "must be greater than zero"
_EMPTY = "can not be empty"
_UNSATISFIABLE = ("DoNotSchedule", "ScheduleAnyway")


def check_affinity(affinity: Obj) -> Iterator[Cause]:
    nodes = affinity.get("nodeAffinity") or {}
    if (required := nodes.get(_REQUIRED)) is not None:
        yield from check_node_selector(required, f"affinity.nodeAffinity.{_REQUIRED}")
    for index, term in enumerate(nodes.get(_PREFERRED) or ()):
        field = f"affinity.nodeAffinity.{_PREFERRED}[{index}]"
        yield from _check_weight(term, field)
        yield from _check_node_term(term.get("preference") or {}, f"{field}.preference", odd_values=True)
    for kind in ("podAffinity", "podAntiAffinity"):
        pods = affinity.get(kind) or {}
        for index, term in enumerate(pods.get(_REQUIRED) or ()):
            yield from _check_pod_term(term, f"affinity.{kind}.{_REQUIRED}[{index}]")
        for index, weighted in enumerate(pods.get(_PREFERRED) or ()):
            field = f"affinity.{kind}.{_PREFERRED}[{index}]"
            yield from _check_weight(weighted, field)
            yield from _check_pod_term(weighted.get("podAffinityTerm") or {}, f"{field}.podAffinityTerm")


def _check_weight(term: Obj, field: str) -> Iterator[Cause]:
    if not 1 <= (weight := term.get("weight", 0)) <= 100:
        yield causes.invalid(f"{field}.weight", weight, "must be in the range 1-100")


# --------------------------------------------------------------------------------------------------- nodes


def check_node_selector(selector: Obj, field: str) -> Iterator[Cause]:
    terms = selector.get("nodeSelectorTerms") or ()
    if not terms:
        yield causes.required(f"{field}.nodeSelectorTerms", "must have at least one node selector term")
    for index, term in enumerate(terms):
        yield from _check_node_term(term, f"{field}.nodeSelectorTerms[{index}]")


def _check_node_term(term: Obj, field: str, *, odd_values: bool = False) -> Iterator[Cause]:
    """`odd_values`: they may be no labels, as nothing depends on them."""
    for index, requirement in enumerate(term.get("matchExpressions") or ()):
        at = f"{field}.matchExpressions[{index}]"
        yield from _check_operator(requirement, at)
        yield from metadata.label_key(requirement.get("key", ""), f"{at}.key")
        for position, value in enumerate(() if odd_values else requirement.get("values") or ()):
            yield from metadata.label_value(value, f"{at}.values[{position}]")
    for index, requirement in enumerate(term.get("matchFields") or ()):
        yield from _check_node_field(requirement, f"{field}.matchFields[{index}]")


def in_go(term: Obj) -> Obj:
    """As upstream prints it, with Go's names."""

    def requirements(part: str) -> list[Obj] | None:
        given = term.get(part)
        return given and [
            {"Key": each.get("key", ""), "Operator": each.get("operator", ""), "Values": each.get("values")}
            for each in given
        ]

    return {"MatchExpressions": requirements("matchExpressions"), "MatchFields": requirements("matchFields")}


def _check_operator(requirement: Obj, field: str) -> Iterator[Cause]:
    operator, values = requirement.get("operator", ""), requirement.get("values") or ()
    if operator in metadata.SET_OPERATORS:
        yield from metadata.check_set_operator(operator, values, field)
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            why = "must be specified single value when `operator` is 'Lt' or 'Gt'"
            yield causes.required(f"{field}.values", why)
    else:
        yield causes.invalid(f"{field}.operator", operator, _NO_OPERATOR)


def _check_node_field(requirement: Obj, field: str) -> Iterator[Cause]:
    operator, key, values = (requirement.get(name) or "" for name in ("operator", "key", "values"))
    if operator not in ("In", "NotIn"):
        yield causes.invalid(f"{field}.operator", operator, _NO_OPERATOR)
    elif len(values) != 1:
        why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        yield causes.required(f"{field}.values", why)
    if key != "metadata.name":
        yield causes.invalid(f"{field}.key", key, "not a valid field selector key")
        return
    for position, value in enumerate(values):
        for problem in metadata.is_subdomain(value):
            yield causes.invalid(f"{field}.values[{position}]", value, problem)


# ---------------------------------------------------------------------------------------------------- pods


def _check_pod_term(term: Obj, field: str) -> Iterator[Cause]:
    for name in ("labelSelector", "namespaceSelector"):
        yield from metadata.check_selector(term.get(name) or {}, f"{field}.{name}")
    for namespace in term.get("namespaces") or ():
        for problem in metadata.is_label(namespace):
            yield causes.invalid(f"{field}.namespace", namespace, problem)
    for name in ("matchLabelKeys", "mismatchLabelKeys"):
        yield from _check_label_keys(term, name, field)
    yield from _check_named_once(term, field)
    others = set(term.get("mismatchLabelKeys") or ())
    for index, key in enumerate(term.get("matchLabelKeys") or ()):
        if key in others:
            why = "exists in both matchLabelKeys and mismatchLabelKeys"
            yield causes.invalid(f"{field}.matchLabelKeys[{index}]", key, why)
    key = term.get("topologyKey", "")
    if not key:
        yield causes.required(f"{field}.topologyKey", _EMPTY)
    yield from metadata.label_key(key, f"{field}.topologyKey")


def _check_label_keys(term: Obj, name: str, field: str) -> Iterator[Cause]:
    keys = term.get(name) or ()
    if keys and term.get("labelSelector") is None:
        yield causes.forbidden(f"{field}.{name}", "must not be specified when labelSelector is not set")
        return
    for index, key in enumerate(keys):
        yield from metadata.label_key(key, f"{field}.{name}[{index}]")


def _check_named_once(term: Obj, field: str) -> Iterator[Cause]:
    """Upstream looks at selectors into which it has put the keys, and gives the place of the key for the field."""
    places = {key: index for index, key in enumerate(term.get("matchLabelKeys") or ())}
    selector = term.get("labelSelector") or {}
    named = set(selector.get("matchLabels") or ())
    for expression in (selector.get("matchExpressions") or ()) if places else ():
        key = expression.get("key", "")
        if key in places and key in named:
            yield causes.invalid(f"{field}[{places[key]}]", key, "exists in both matchLabelKeys and labelSelector")
        named.add(key)


def check_spread(constraints: Any) -> Iterator[Cause]:
    kinds = [(each.get("topologyKey", ""), each.get("whenUnsatisfiable", "")) for each in constraints]
    last = {kind: index for index, kind in enumerate(kinds)}
    for index, (constraint, kind) in enumerate(zip(constraints, kinds, strict=True)):
        field, (key, action) = f"topologySpreadConstraints[{index}]", kind
        yield from _check_positive(constraint.get("maxSkew", 0), f"{field}.maxSkew")
        if not key:
            yield causes.required(f"{field}.topologyKey", _EMPTY)
        if action not in _UNSATISFIABLE:
            yield causes.not_supported(f"{field}.whenUnsatisfiable", action, _UNSATISFIABLE)
        if last[kind] != index:
            yield causes.duplicate(f"{field}.{{topologyKey, whenUnsatisfiable}}", f"{{{key}, {action}}}")
        if (domains := constraint.get("minDomains")) is not None:
            yield from _check_positive(domains, f"{field}.minDomains")
            if action != "DoNotSchedule":
                why = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
                yield causes.invalid(f"{field}.minDomains", domains, why)
        for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            if (policy := constraint.get(name)) is not None and policy not in ("Honor", "Ignore"):
                yield causes.not_supported(f"{field}.{name}", policy, ("Honor", "Ignore"))
        yield from _check_label_keys(constraint, "matchLabelKeys", field)
        yield from _check_named_once(constraint, field)
        yield from metadata.check_selector(constraint.get("labelSelector") or {}, f"{field}.labelSelector")


def _check_positive(number: int, field: str) -> Iterator[Cause]:
    if number <= 0:
        yield causes.invalid(field, number, _NOT_POSITIVE)


# ----------------------------------------------------------------------------------------------- tolerations


def check_tolerations(tolerations: Any, field: str) -> Iterator[Cause]:
    for index, toleration in enumerate(tolerations):
        at, key, operator = f"{field}[{index}]", toleration.get("key", ""), toleration.get("operator", "")
        value, effect = toleration.get("value", ""), toleration.get("effect", "")
        if key:
            yield from metadata.label_key(key, f"{at}.key")
        elif operator != "Exists":
            why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
            yield causes.invalid(f"{at}.operator", operator, why)
        if "tolerationSeconds" in toleration and effect != "NoExecute":
            why = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            yield causes.invalid(f"{at}.effect", effect, why)
        if operator == "Exists":
            if value:
                yield causes.invalid(f"{at}.operator", value, "value must be empty when `operator` is 'Exists'")
        elif operator in ("", "Equal"):
            if problems := metadata.label_value_problems(value):
                yield causes.invalid(f"{at}.operator", value, ";".join(problems))
        else:  # numbers may not be compared yet
            known = ("Equal", "Exists", "Lt", "Gt") if operator in ("Lt", "Gt") else ("Equal", "Exists")
            yield causes.not_supported(f"{at}.operator", operator, known)
        if effect:
            yield from causes.supported(f"{at}.effect", effect, ("NoSchedule", "PreferNoSchedule", "NoExecute"))
