"""Who may do what, and how much: roles, their bindings, quotas, limits and priorities.

Models kubernetes `pkg/apis/rbac/validation`, `pkg/apis/scheduling/validation` and, for ResourceQuota and LimitRange,
`pkg/apis/core/validation`. Nothing here enforces them.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api import quantities
from app.api.errors import Cause
from app.api.objects import Obj
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, metadata

_RBAC = "rbac.authorization.k8s.io"
_HIGHEST_USER_PRIORITY = 1_000_000_000


def check_role(obj: Obj) -> Iterator[Cause]:
    for index, rule in enumerate(obj.get("rules", ())):
        yield from _check_rule(rule, f"rules[{index}]", namespaced=obj["kind"] == "Role")


def _check_rule(rule: Obj, field: str, namespaced: bool) -> Iterator[Cause]:
    if not rule.get("verbs"):
        yield causes.required(f"{field}.verbs", "verbs must contain at least one value")
    urls = rule.get("nonResourceURLs")
    if urls:
        if namespaced:
            why = "namespaced rules cannot apply to non-resource URLs"
            yield causes.invalid(f"{field}.nonResourceURLs", urls, why)
        if any(rule.get(name) for name in ("apiGroups", "resources", "resourceNames")):
            why = "rules cannot apply to both regular resources and non-resource URLs"
            yield causes.invalid(f"{field}.nonResourceURLs", urls, why)
        return
    if not rule.get("apiGroups"):
        yield causes.required(f"{field}.apiGroups", "resource rules must supply at least one api group")
    if not rule.get("resources"):
        yield causes.required(f"{field}.resources", "resource rules must supply at least one resource")


def check_role_binding(obj: Obj) -> Iterator[Cause]:
    role = obj.get("roleRef", {})
    if role.get("apiGroup") != _RBAC:
        yield causes.not_supported("roleRef.apiGroup", role.get("apiGroup", ""), [_RBAC])
    roles = ["Role", "ClusterRole"] if obj["kind"] == "RoleBinding" else ["ClusterRole"]
    if role.get("kind", "") not in roles:
        yield causes.not_supported("roleRef.kind", role.get("kind", ""), roles)
    name = role.get("name", "")
    if not name:
        yield causes.required("roleRef.name")
    yield from (causes.invalid("roleRef.name", name, problem) for problem in metadata.is_path_segment(name))
    for index, subject in enumerate(obj.get("subjects", ())):
        yield from _check_subject(subject, f"subjects[{index}]", namespaced=obj["kind"] == "RoleBinding")


def check_role_binding_update(new: Obj, old: Obj) -> Iterator[Cause]:
    if new.get("roleRef") != old.get("roleRef"):
        yield causes.invalid("roleRef", new.get("roleRef"), "cannot change roleRef")


def _check_subject(subject: Obj, field: str, namespaced: bool) -> Iterator[Cause]:
    kind, name, group = subject.get("kind", ""), subject.get("name", ""), subject.get("apiGroup", "")
    if not name:
        yield causes.required(f"{field}.name")
    if kind == "ServiceAccount":
        for problem in metadata.is_subdomain(name) if name else ():
            yield causes.invalid(f"{field}.name", name, problem)
        if group:
            yield causes.not_supported(f"{field}.apiGroup", group, [""])
        if not namespaced and not subject.get("namespace"):
            yield causes.required(f"{field}.namespace")
    elif kind in ("User", "Group"):
        if group != _RBAC:
            yield causes.not_supported(f"{field}.apiGroup", group, [_RBAC])
    else:
        yield causes.not_supported(f"{field}.kind", kind, ["ServiceAccount", "User", "Group"])


# -------------------------------------------------------------------------------- quotas, limits, priorities


def check_quota(obj: Obj) -> Iterator[Cause]:
    for name, quantity in obj.get("spec", {}).get("hard", {}).items():
        yield from metadata.label_key(name, f"spec.hard[{name}]")
        if quantities.parse(quantity) < 0:
            yield causes.invalid(f"spec.hard[{name}]", quantity, causes.NOT_NEGATIVE)


def check_limit_range(obj: Obj) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, limit in enumerate(obj.get("spec", {}).get("limits", ())):
        field, kind = f"spec.limits[{index}]", limit.get("type", "")
        if not kind:
            yield causes.required(f"{field}.type")
        if kind in seen:
            yield causes.duplicate(f"{field}.type", kind)
        seen.add(kind)
        if kind == "Pod":
            for name in ("default", "defaultRequest"):
                if limit.get(name):
                    why = "may not be specified when `type` is 'Pod'"
                    yield causes.forbidden(f"{field}.{name}", why)
        yield from _check_order(limit, field)


# (what must be at most, what, where the complaint stands, and how it goes on)
_ORDER = (
    ("min", "max", "min", "min value {} is greater than max value {}"),
    ("min", "defaultRequest", "defaultRequest", "min value {} is greater than default request value {}"),
    ("defaultRequest", "max", "defaultRequest", "default request value {} is greater than max value {}"),
    ("defaultRequest", "default", "defaultRequest", "default request value {} is greater than default limit value {}"),
    ("min", "default", "default", "min value {} is greater than default value {}"),
    ("default", "max", "default", "default value {} is greater than max value {}"),
)


def _check_order(limit: Obj, field: str) -> Iterator[Cause]:
    for low, high, at, why in _ORDER:
        small, large = limit.get(low, {}), limit.get(high, {})
        for name in sorted(small.keys() & large.keys()):
            if quantities.parse(small[name]) > quantities.parse(large[name]):
                yield causes.invalid(f"{field}.{at}[{name}]", limit[at][name], why.format(small[name], large[name]))


def check_priority_class(obj: Obj) -> Iterator[Cause]:
    name, value = obj["metadata"].get("name", ""), obj.get("value", 0)
    if name.startswith("system-"):
        why = "priority class names with 'system-' prefix are reserved for system use only"
        yield causes.forbidden("metadata.name", why)
    if value > _HIGHEST_USER_PRIORITY:
        why = f"maximum allowed value of a user defined priority is {_HIGHEST_USER_PRIORITY}"
        yield causes.forbidden("value", why)
    yield from causes.supported("preemptionPolicy", obj.get("preemptionPolicy"), named_values("PreemptionPolicy"))


def check_priority_class_update(new: Obj, old: Obj) -> Iterator[Cause]:
    if new.get("value", 0) != old.get("value", 0):
        yield causes.forbidden("value", "may not be changed in an update.")
    if new.get("preemptionPolicy") != old.get("preemptionPolicy"):
        yield causes.invalid("preemptionPolicy", new.get("preemptionPolicy"), causes.IMMUTABLE)
