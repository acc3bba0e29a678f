"""Where a pod may and would rather be because of other pods: (anti-)affinity between pods, topology spread, host ports.

The scheduler asks only when the pod, or one that runs, says something about its neighbours; it then hands in every
bound pod. Pure. Models kubernetes/pkg/scheduler/framework/plugins: interpodaffinity, podtopologyspread, nodeports.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from app.api import placement, selectors
from app.api.objects import Obj, is_terminating, labels_of, name_of, namespace_of

Term = Mapping[str, Any]

AFFINITY = "node(s) didn't match pod affinity rules"
ANTI_AFFINITY = "node(s) didn't match pod anti-affinity rules"
EXISTING_ANTI_AFFINITY = "node(s) didn't satisfy existing pods anti-affinity rules"
SPREAD = "node(s) didn't match pod topology spread constraints"
SPREAD_LABEL = "node(s) didn't match pod topology spread constraints (missing required label)"
PORTS = "node(s) didn't have free ports for the requested pod ports"


def cares(spec: Mapping[str, Any]) -> bool:
    """Whether a pod with this spec says anything about its neighbours."""
    affinity = spec.get("affinity") or {}
    return bool(
        spec.get("topologySpreadConstraints")
        or affinity.get("podAffinity")
        or affinity.get("podAntiAffinity")
        or _host_ports(spec)
    )


def keeps_others_away(spec: Mapping[str, Any]) -> bool:
    """Whether a pod that runs refuses some others beside it, or attracts them."""
    affinity = spec.get("affinity") or {}
    return bool(affinity.get("podAntiAffinity") or affinity.get("podAffinity"))


class Neighbourhood(NamedTuple):
    """The bound pods, by node, and the nodes themselves."""

    nodes: Mapping[str, Obj]
    pods: Sequence[Obj]  # bound, not finished

    def domain(self, pod: Obj, key: str) -> str | None:
        node = self.nodes.get(pod["spec"].get("nodeName", ""))
        return labels_of(node).get(key) if node else None


# ------------------------------------------------------------------------------------------------- filters


def obstacles(pod: Obj, around: Neighbourhood) -> dict[str, str]:
    """node -> why its neighbours, or the lack of them, keep the pod away. A node that is not named is fine."""
    found: dict[str, str] = {}
    for refuse in (_by_ports, _by_spread, _by_affinity, _by_anti_affinity, _by_existing):
        for name, reason in refuse(pod, around).items():
            found.setdefault(name, reason)
    return found


def _by_ports(pod: Obj, around: Neighbourhood) -> dict[str, str]:
    wanted = _host_ports(pod["spec"])
    taken = {other["spec"]["nodeName"] for other in around.pods if wanted and wanted & _host_ports(other["spec"])}
    return dict.fromkeys(taken, PORTS)


def _host_ports(spec: Mapping[str, Any]) -> set[tuple[str, int]]:
    return {
        (port.get("protocol", "TCP"), port["hostPort"])
        for container in spec.get("containers") or ()
        for port in container.get("ports") or ()
        if port.get("hostPort")
    }


def _by_spread(pod: Obj, around: Neighbourhood) -> dict[str, str]:
    found: dict[str, str] = {}
    hard = [each for each in _constraints(pod) if each.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule"]
    for constraint in hard:
        key, counts = (
            constraint["topologyKey"],
            _spread(pod, constraint, around, [each["topologyKey"] for each in hard]),
        )
        least = min(counts.values(), default=0)
        if len(counts) < (constraint.get("minDomains") or 1):
            least = 0
        own = int(_selects(_selector(constraint, pod), pod))
        for name, node in around.nodes.items():
            domain = labels_of(node).get(key)
            if domain is None:
                found.setdefault(name, SPREAD_LABEL)
            elif counts.get(domain, 0) + own - least > constraint["maxSkew"]:
                found.setdefault(name, SPREAD)
    return found


def _constraints(pod: Obj) -> Sequence[Term]:
    constraints: Sequence[Term] = pod["spec"].get("topologySpreadConstraints") or ()
    return constraints


def _spread(pod: Obj, constraint: Term, around: Neighbourhood, keys: Sequence[str]) -> dict[str, int]:
    """How many matching pods each domain has that the pod could go to."""
    key, selector = constraint["topologyKey"], _selector(constraint, pod)
    counts: dict[str, int] = {}
    for node in around.nodes.values():
        labels = labels_of(node)
        if all(each in labels for each in keys) and _counts(pod, constraint, node):
            counts.setdefault(labels[key], 0)
    for other in around.pods:
        domain = around.domain(other, key)
        if domain in counts and not is_terminating(other) and namespace_of(other) == namespace_of(pod):
            counts[domain] += _selects(selector, other)
    return counts


def _counts(pod: Obj, constraint: Term, node: Obj) -> bool:
    """Nodes that the pod's own affinity, or if so wished its tolerations, rule out make no domain."""
    if constraint.get("nodeAffinityPolicy", "Honor") == "Honor" and not placement.wants_node(pod["spec"], node):
        return False
    if constraint.get("nodeTaintsPolicy", "Ignore") == "Ignore":
        return True
    taints = (node.get("spec") or {}).get("taints") or ()
    return not placement.untolerated(taints, pod["spec"].get("tolerations") or (), placement.HARD_EFFECTS)


def _by_affinity(pod: Obj, around: Neighbourhood) -> dict[str, str]:
    terms = _required(pod, "podAffinity")
    found: dict[str, str] = {}
    for term in terms:
        domains = {around.domain(other, term["topologyKey"]) for other in around.pods if _matches(term, pod, other)}
        if not domains - {None} and all(_matches(each, pod, pod) for each in terms):
            continue  # the first of a group that wants to be together
        for name, node in around.nodes.items():
            if labels_of(node).get(term["topologyKey"]) not in domains - {None}:
                found[name] = AFFINITY
    return found


def _by_anti_affinity(pod: Obj, around: Neighbourhood) -> dict[str, str]:
    return {
        name: ANTI_AFFINITY
        for term in _required(pod, "podAntiAffinity")
        for name in _sharing(term, [other for other in around.pods if _matches(term, pod, other)], around)
    }


def _by_existing(pod: Obj, around: Neighbourhood) -> dict[str, str]:
    """Anti-affinity holds both ways."""
    return {
        name: EXISTING_ANTI_AFFINITY
        for other in around.pods
        for term in _required(other, "podAntiAffinity")
        if _matches(term, other, pod)
        for name in _sharing(term, [other], around)
    }


def _sharing(term: Term, others: Iterable[Obj], around: Neighbourhood) -> list[str]:
    """The nodes in the same domains as these pods."""
    key = term["topologyKey"]
    domains = {around.domain(other, key) for other in others} - {None}
    return [name for name, node in around.nodes.items() if labels_of(node).get(key) in domains]


# -------------------------------------------------------------------------------------------------- scores


def affinity_scores(pod: Obj, around: Neighbourhood, names: Sequence[str]) -> list[int]:
    """0 to 100: how much each node's domains are liked, by the pod and by those that run there."""
    likes: Counter[str] = Counter()
    for other in around.pods:
        for owner, guest, sign, field in (
            (pod, other, 1, "podAffinity"), (pod, other, -1, "podAntiAffinity"),
            (other, pod, 1, "podAffinity"), (other, pod, -1, "podAntiAffinity"),
        ):  # fmt: skip
            for weighted in _preferred(owner, field):
                if _matches(weighted["podAffinityTerm"], owner, guest):
                    for name in _sharing(weighted["podAffinityTerm"], [other], around):
                        likes[name] += sign * weighted["weight"]
    values = [likes[name] for name in names]
    least, most = min(values, default=0), max(values, default=0)
    return [100 * (value - least) // (most - least) if most > least else 0 for value in values]


def spread_crowds(pod: Obj, around: Neighbourhood, names: Sequence[str]) -> list[int] | None:
    """How crowded each node's domains are by the pod's soft constraints; None: it has none of its own."""
    soft = [each for each in _constraints(pod) if each.get("whenUnsatisfiable") == "ScheduleAnyway"]
    if not soft:
        return None if not _constraints(pod) else [0] * len(names)
    crowds = dict.fromkeys(names, 0.0)
    for constraint in soft:
        key = constraint["topologyKey"]
        counts = _spread(pod, constraint, around, [key])
        weight = math.log(len(counts) + 2)
        for name in names:
            domain = labels_of(around.nodes[name]).get(key)
            if domain is not None:
                crowds[name] += counts.get(domain, 0) * weight + constraint["maxSkew"] - 1
    return [int(crowds[name] + 0.5) for name in names]


# ---------------------------------------------------------------------------------------------------- terms


def _required(pod: Obj, field: str) -> Sequence[Term]:
    rules = (pod["spec"].get("affinity") or {}).get(field) or {}
    terms: Sequence[Term] = rules.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
    return terms


def _preferred(pod: Obj, field: str) -> Sequence[Term]:
    rules = (pod["spec"].get("affinity") or {}).get(field) or {}
    terms: Sequence[Term] = rules.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    return terms


def _matches(term: Term, owner: Obj, other: Obj) -> bool:
    """Whether `other` is one of those that `owner` speaks of. A selector of namespaces that is empty takes in all; one
    with labels is not read, and takes in none."""
    namespaces = term.get("namespaces") or ()
    selector = term.get("namespaceSelector")
    if selector is None and not namespaces:
        namespaces = (namespace_of(owner),)
    anywhere = selector is not None and not any(selector.get(part) for part in ("matchLabels", "matchExpressions"))
    return (anywhere or namespace_of(other) in namespaces) and _selects(_selector(term, owner), other)


def _selector(term: Term, owner: Obj) -> Mapping[str, Any] | None:
    """Its labelSelector, with `matchLabelKeys` and `mismatchLabelKeys` looked up in the owner's labels."""
    selector, labels = term.get("labelSelector"), labels_of(owner)
    extra = [
        {"key": key, "operator": operator, "values": [labels[key]]}
        for field, operator in (("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn"))
        for key in term.get(field) or ()
        if key in labels
    ]
    if selector is None or not extra:
        return selector
    return {**selector, "matchExpressions": [*(selector.get("matchExpressions") or ()), *extra]}


def _selects(selector: Mapping[str, Any] | None, pod: Obj) -> bool:
    return selector is not None and selectors.matches(selector, labels_of(pod))


def neighbourhood(nodes: Iterable[Obj], pods: Iterable[Obj]) -> Neighbourhood:
    return Neighbourhood({name_of(node): node for node in nodes}, tuple(pods))
