"""May this pod be on this node, and would it rather: taints, node selectors and node affinity.

The scheduler asks, and so does whoever else places or removes pods by node. Nothing here reads or writes.
Models kubernetes/component-helpers `scheduling/corev1` (helpers.go, nodeaffinity/nodeaffinity.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.api import selectors
from app.api.objects import Obj, labels_of, name_of

Taint = Mapping[str, Any]
Toleration = Mapping[str, Any]

HARD_EFFECTS = ("NoSchedule", "NoExecute")
UNSCHEDULABLE: Taint = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
"""What a cordoned node counts as to a pod's tolerations."""


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """An empty key with operator Exists tolerates every taint, an empty effect every effect."""
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return True
    return bool(toleration.get("key")) and (toleration.get("value") or "") == (taint.get("value") or "")


def untolerated(taints: Iterable[Taint], tolerations: Sequence[Toleration], effects: Sequence[str]) -> list[Taint]:
    """The taints with one of these effects that no toleration covers."""
    return [
        taint
        for taint in taints
        if taint["effect"] in effects and not any(tolerates(toleration, taint) for toleration in tolerations)
    ]


def wants_node(spec: Mapping[str, Any], node: Obj) -> bool:
    """Do `nodeSelector` and the required node affinity of a pod's spec admit `node`?"""
    if not selectors.matches_labels(spec.get("nodeSelector") or {}, labels_of(node)):
        return False
    required = _node_affinity(spec).get("requiredDuringSchedulingIgnoredDuringExecution")
    return required is None or matches_terms(required["nodeSelectorTerms"], node)


def matches_terms(terms: Iterable[Mapping[str, Any]], node: Obj) -> bool:
    return any(_matches(term, node) for term in terms)


def preference(spec: Mapping[str, Any], node: Obj) -> int:
    """The sum of the weights of the preferred node affinity terms that `node` meets."""
    preferred = _node_affinity(spec).get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    return sum(term["weight"] for term in preferred if _matches(term["preference"], node, empty=True))


def has_preference(spec: Mapping[str, Any]) -> bool:
    return bool(_node_affinity(spec).get("preferredDuringSchedulingIgnoredDuringExecution"))


def _node_affinity(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    return (spec.get("affinity") or {}).get("nodeAffinity") or {}


_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!", "Gt": "gt", "Lt": "lt"}


def _matches(term: Mapping[str, Any], node: Obj, *, empty: bool = False) -> bool:
    """Every expression of a term must hold; a required term without any selects nothing, a preferred one everything."""
    labels, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not labels and not fields:
        return empty
    return all(_holds(expression, labels_of(node)) for expression in labels) and all(
        _holds(expression, {"metadata.name": name_of(node)}) for expression in fields
    )


def _holds(expression: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    operator = _OPERATORS[expression["operator"]]
    return selectors.Requirement(expression["key"], operator, tuple(expression.get("values") or ())).matches(values)
