"""Who may do what, how much of it, and what goes first."""

from __future__ import annotations

from app.api import quantities
from app.api.objects import Obj, name_of
from app.kubectl.printers.printing import CREATED_AT, Cells, Printer, age_of, columns


def _resource_quota(quota: Obj, now_ms: int) -> Cells:
    status = quota.get("status") or {}
    hard, used = status.get("hard") or quota["spec"].get("hard") or {}, status.get("used") or {}
    requests: list[str] = []
    limits: list[str] = []
    for resource in sorted(hard):
        amounts = (quantities.canonical(str(amount.get(resource, "0"))) for amount in (used, hard))
        (limits if resource.startswith("limits.") else requests).append(f"{resource}: {'/'.join(amounts)}")
    return name_of(quota), ", ".join(requests), ", ".join(limits), age_of(quota, now_ms)


def _role_binding(binding: Obj, now_ms: int) -> Cells:
    role, subjects = binding["roleRef"], binding.get("subjects") or ()

    def named(kind: str) -> str:
        chosen = (each for each in subjects if each["kind"] == kind)
        return ", ".join(
            f"{each.get('namespace', '')}/{each['name']}" if kind == "ServiceAccount" else each["name"]
            for each in chosen
        )

    people = (named("User"), named("Group"), named("ServiceAccount"))
    return (name_of(binding), f"{role['kind']}/{role['name']}", age_of(binding, now_ms), *people)


def _priority_class(priority: Obj, now_ms: int) -> Cells:
    return (
        name_of(priority),
        priority.get("value", 0),
        bool(priority.get("globalDefault")),
        age_of(priority, now_ms),
        priority.get("preemptionPolicy", ""),
    )


_BINDING = Printer(columns("Name, Role, Age, *Users, *Groups, *ServiceAccounts"), _role_binding)
PRINTERS = {
    "ResourceQuota": Printer(columns("Name, Request, Limit, Age"), _resource_quota),
    "LimitRange": CREATED_AT,
    "Role": CREATED_AT,
    "ClusterRole": CREATED_AT,
    "RoleBinding": _BINDING,
    "ClusterRoleBinding": _BINDING,
    "PriorityClass": Printer(
        columns("Name, Value:integer, Global-Default:boolean, Age, PreemptionPolicy"), _priority_class
    ),
}
