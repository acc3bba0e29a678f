"""Who may do what, and what comes first: roles, their bindings and priorities.

Models kubernetes `pkg/apis/rbac/validation` and `pkg/apis/scheduling/validation`. Nothing here enforces roles.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, metadata

_RBAC = "rbac.authorization.k8s.io"
_ROLE_IN_GO = {"APIGroup": "apiGroup", "Kind": "kind", "Name": "name"}
_HIGHEST_USER_PRIORITY = 1_000_000_000
_SYSTEM_PRIORITIES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}


def check_role(obj: Obj) -> Iterator[Cause]:
    for index, rule in enumerate(obj.get("rules") or ()):
        yield from _check_rule(rule, f"rules[{index}]", namespaced=obj["kind"] == "Role")
    if "aggregationRule" not in obj:
        return
    selectors, field = obj["aggregationRule"].get("clusterRoleSelectors") or (), "aggregationRule.clusterRoleSelectors"
    if not selectors:
        why = "at least one clusterRoleSelector required if aggregationRule is non-nil"
        yield causes.required(field, why)
    for index, selector in enumerate(selectors):
        wrong = list(metadata.check_selector(selector, f"{field}[{index}]"))
        yield from wrong
        if wrong:
            yield causes.invalid(f"{field}[{index}]", None, "invalid label selector.")


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
    yield from causes.needed(role, "roleRef", "name")
    yield from causes.each("roleRef.name", role.get("name", ""), metadata.is_path_segment(role.get("name", "")))
    for index, subject in enumerate(obj.get("subjects", ())):
        yield from _check_subject(subject, f"subjects[{index}]", namespaced=obj["kind"] == "RoleBinding")


def check_role_binding_update(new: Obj, old: Obj) -> Iterator[Cause]:
    role = new.get("roleRef", {})
    if role != old.get("roleRef"):
        printed = {name: role.get(key, "") for name, key in _ROLE_IN_GO.items()}
        yield causes.invalid("roleRef", printed, "cannot change roleRef")


def _check_subject(subject: Obj, field: str, namespaced: bool) -> Iterator[Cause]:
    kind, name, group = subject.get("kind", ""), subject.get("name", ""), subject.get("apiGroup", "")
    yield from causes.needed(subject, field, "name")
    if kind == "ServiceAccount":
        yield from causes.each(f"{field}.name", name, metadata.is_subdomain(name) if name else ())
        if group:
            yield causes.not_supported(f"{field}.apiGroup", group, [""])
        if not namespaced and not subject.get("namespace"):
            yield causes.required(f"{field}.namespace")
    elif kind in ("User", "Group"):
        if group != _RBAC:
            yield causes.not_supported(f"{field}.apiGroup", group, [_RBAC])
    else:
        yield causes.not_supported(f"{field}.kind", kind, ["ServiceAccount", "User", "Group"])


# ------------------------------------------------------------------------------------------ priorities


def check_priority_class(obj: Obj) -> Iterator[Cause]:
    name, value = obj["metadata"].get("name", ""), obj.get("value", 0)
    if name.startswith("system-"):
        if why := _no_system_class(obj):
            why = f"priority class names with 'system-' prefix are reserved for system use only. error: {why}"
            yield causes.forbidden("metadata.name", why)
    elif value > _HIGHEST_USER_PRIORITY:
        why = f"maximum allowed value of a user defined priority is {_HIGHEST_USER_PRIORITY}"
        yield causes.forbidden("value", why)
    yield from causes.supported("preemptionPolicy", obj.get("preemptionPolicy"), named_values("PreemptionPolicy"))


def _no_system_class(obj: Obj) -> str:
    """Why it is none of those that every cluster has; "" if it is one."""
    name = obj["metadata"]["name"]
    if name not in _SYSTEM_PRIORITIES:
        return f"{name} is not a known system priority class"
    if obj.get("value", 0) != _SYSTEM_PRIORITIES[name]:
        return f"value of {name} PriorityClass must be {_SYSTEM_PRIORITIES[name]}"
    return f"globalDefault of {name} PriorityClass must be false" if obj.get("globalDefault") else ""


def check_priority_class_update(new: Obj, old: Obj) -> Iterator[Cause]:
    if new.get("value", 0) != old.get("value", 0):
        yield causes.forbidden("value", "may not be changed in an update.")
    if new.get("preemptionPolicy") != old.get("preemptionPolicy"):
        yield causes.invalid("preemptionPolicy", new.get("preemptionPolicy"), causes.IMMUTABLE)
