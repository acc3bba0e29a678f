"""Where a pod may and would rather be because of other pods: (anti-)affinity between pods, topology spread, host ports.

The scheduler asks only when the pod says something about its neighbours, and then hands in every bound pod, or when one
that runs does, and then hands in those that do. Models kubernetes/pkg/scheduler/framework/plugins: interpodaffinity,
podtopologyspread, nodeports.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.api import selectors
from app.api.objects import Obj, is_terminating, labels_of, name_of, namespace_of
from app.component_helpers import host_ports, placement
from app.component_helpers.pods import node_name

Term = Mapping[str, Any]

AFFINITY = "node(s) didn't match pod affinity rules"
ANTI_AFFINITY = "node(s) didn't match pod anti-affinity rules"
EXISTING_ANTI_AFFINITY = "node(s) didn't satisfy existing pods anti-affinity rules"
SPREAD = "node(s) didn't match pod topology spread constraints"
SPREAD_LABEL = "node(s) didn't match pod topology spread constraints (missing required label)"
PORTS = host_ports.TAKEN


def cares(spec: Mapping[str, Any]) -> bool:
    """Whether a pod with this spec says anything about its neighbours."""
    affinity = spec.get("affinity") or {}
    return bool(
        spec.get("topologySpreadConstraints")
        or affinity.get("podAffinity")
        or affinity.get("podAntiAffinity")
        or host_ports.of(spec)
    )


def keeps_others_away(spec: Mapping[str, Any]) -> bool:
    """Whether a pod that runs refuses some others beside it, or attracts them."""
    affinity = spec.get("affinity") or {}
    return bool(affinity.get("podAntiAffinity") or affinity.get("podAffinity"))


class Neighbourhood(NamedTuple):
    """The nodes, bound pods that have not finished, and the labels of namespaces, if somebody selects by them."""

    nodes: Mapping[str, Obj]
    pods: Sequence[Obj]
    namespaces: Mapping[str, Mapping[str, str]] = {}


Domain = tuple[str, str]  # topology key, value


# ------------------------------------------------------------------------------------------------- filters


class Rules:
    """How many pods speak for and against each domain, from one pod's point of view.

    Counts, so that preemption can ask what would be without a pod: `shift(other, -1)`."""

    def __init__(self, pod: Obj, around: Neighbourhood) -> None:
        self._pod = pod
        self._around = around
        self._wanted = host_ports.of(pod["spec"])
        self._near, self._away = _required(pod, "podAffinity"), _required(pod, "podAntiAffinity")
        self._spreads = [
            (constraint, _eligible(pod, constraint, _hard(pod), around.nodes.values())) for constraint in _hard(pod)
        ]
        self._spread: list[Counter[str]] = [
            Counter(dict.fromkeys(eligible.values(), 0)) for _, eligible in self._spreads
        ]
        self._least: list[int] | None = None
        self._ports: Counter[str] = Counter()  # by node: pods that hold a port that is wanted
        self._friends: Counter[Domain] = Counter()  # pods that meet all terms of the affinity
        self._foes: Counter[Domain] = Counter()  # pods that meet a term of the anti-affinity
        self._hosts: Counter[Domain] = Counter()  # pods whose own anti-affinity means this one
        self._begins = bool(self._near) and all(_matches(term, pod, pod, around) for term in self._near)
        for other in around.pods:
            self.shift(other, 1)

    def shift(self, other: Obj, by: int) -> None:
        """One pod more (1) or less (-1) is there."""
        name, around = node_name(other), self._around
        node = around.nodes.get(name)
        if node is None:
            return
        if self._wanted and host_ports.clash(self._wanted, host_ports.of(other["spec"])):
            self._ports[name] += by
        if self._near and all(_matches(term, self._pod, other, around) for term in self._near):
            _count(self._friends, self._near, node, by)
        _count(self._foes, [term for term in self._away if _matches(term, self._pod, other, around)], node, by)
        theirs = _required(other, "podAntiAffinity")
        if theirs:
            _count(self._hosts, [term for term in theirs if _matches(term, other, self._pod, around)], node, by)
        if self._spreads and not is_terminating(other) and namespace_of(other) == namespace_of(self._pod):
            for (constraint, eligible), counts in zip(self._spreads, self._spread, strict=True):
                if name in eligible and _selects(_selector(constraint, self._pod), other):
                    counts[eligible[name]] += by
                    self._least = None

    def port_is_taken(self, name: str) -> bool:
        return self._ports[name] > 0

    def why_not(self, node: Obj) -> str:
        """Why the neighbours, or the lack of them, keep the pod away from `node`; "" if they do not."""
        return self._uneven(node) or self._unloved(node)

    def _uneven(self, node: Obj) -> str:
        for number, (constraint, _) in enumerate(self._spreads):
            domain = labels_of(node).get(constraint["topologyKey"])
            if domain is None:
                return SPREAD_LABEL
            own = int(_selects(_selector(constraint, self._pod), self._pod))
            if self._spread[number][domain] + own - self._least_of(number) > constraint["maxSkew"]:
                return SPREAD
        return ""

    def _least_of(self, number: int) -> int:
        """In the emptiest domain; 0 while there are fewer domains than `minDomains`."""
        if self._least is None:
            self._least = [
                min(dict(counts).values(), default=0)
                if len(set(eligible.values())) >= (constraint.get("minDomains") or 1)
                else 0
                for (constraint, eligible), counts in zip(self._spreads, self._spread, strict=True)
            ]
        return self._least[number]

    def _unloved(self, node: Obj) -> str:
        here = labels_of(node).items()
        for term in self._near:
            key = term["topologyKey"]
            if key not in labels_of(node):
                return AFFINITY
            # The first of a group that wants to be together may begin anywhere.
            if self._friends[key, labels_of(node)[key]] <= 0 and not (self._begins and not +self._friends):
                return AFFINITY
        if self._foes and any(self._foes.get(domain, 0) > 0 for domain in here):
            return ANTI_AFFINITY
        if self._hosts and any(self._hosts.get(domain, 0) > 0 for domain in here):
            return EXISTING_ANTI_AFFINITY
        return ""


UNRESOLVABLE = (AFFINITY, SPREAD_LABEL)
"""No pod that goes can change these."""


def _count(counts: Counter[Domain], terms: Iterable[Term], node: Obj, by: int) -> None:
    labels = labels_of(node)
    for term in terms:
        if term["topologyKey"] in labels:
            counts[term["topologyKey"], labels[term["topologyKey"]]] += by


def _constraints(pod: Obj) -> Sequence[Term]:
    constraints: Sequence[Term] = pod["spec"].get("topologySpreadConstraints") or ()
    return constraints


def _hard(pod: Obj) -> list[Term]:
    return [each for each in _constraints(pod) if each.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule"]


def _eligible(pod: Obj, constraint: Term, beside: Sequence[Term], nodes: Iterable[Obj]) -> dict[str, str]:
    """node -> domain, of the nodes that count: that have the keys of all constraints, and that the pod's own affinity,
    or if so wished its tolerations, do not rule out."""
    keys = [each["topologyKey"] for each in beside]
    return {
        name_of(node): labels_of(node)[constraint["topologyKey"]]
        for node in nodes
        if all(key in labels_of(node) for key in keys) and _counts(pod, constraint, node)
    }


def _counts(pod: Obj, constraint: Term, node: Obj) -> bool:
    if constraint.get("nodeAffinityPolicy", "Honor") == "Honor" and not placement.wants_node(pod["spec"], node):
        return False
    if constraint.get("nodeTaintsPolicy", "Ignore") == "Ignore":
        return True
    taints = (node.get("spec") or {}).get("taints") or ()
    return not placement.untolerated(taints, pod["spec"].get("tolerations") or (), placement.HARD_EFFECTS)


# -------------------------------------------------------------------------------------------------- scores


def affinity_scores(pod: Obj, around: Neighbourhood, names: Sequence[str]) -> list[int]:
    """0 to 100: how much each node's domains are liked, by the pod and by those that run there."""
    likes: Counter[Domain] = Counter()
    for other in around.pods:
        node = around.nodes.get(node_name(other))
        for term, weight in _opinions(pod, other, around) if node else ():
            assert node is not None
            _count(likes, (term,), node, weight)
    values = [sum(likes.get(domain, 0) for domain in labels_of(around.nodes[name]).items()) for name in names]
    least, most = min(values, default=0), max(values, default=0)
    return [100 * (value - least) // (most - least) if most > least else 0 for value in values]


def _opinions(pod: Obj, other: Obj, around: Neighbourhood) -> Iterator[tuple[Term, int]]:
    """What the pod thinks of another, and that of it: (term, weight). What one that runs requires weighs 1."""
    for owner, guest in ((pod, other), (other, pod)):
        for field, sign in (("podAffinity", 1), ("podAntiAffinity", -1)):
            for weighted in _preferred(owner, field):
                if _matches(weighted["podAffinityTerm"], owner, guest, around):
                    yield weighted["podAffinityTerm"], sign * weighted["weight"]
    for term in _required(other, "podAffinity"):
        if _matches(term, other, pod, around):
            yield term, 1


def spread_scores(pod: Obj, around: Neighbourhood, names: Sequence[str]) -> list[int] | None:
    """0 to 100: how little crowded each node's domains are by the pod's soft constraints; None: it has no constraints,
    and those of the system count."""
    if not _constraints(pod):
        return None
    soft = [each for each in _constraints(pod) if each.get("whenUnsatisfiable") == "ScheduleAnyway"]
    keys = [each["topologyKey"] for each in soft]
    rated = [name for name in names if all(key in labels_of(around.nodes[name]) for key in keys)]
    if not soft or not rated:
        return [0] * len(names)
    crowds = dict.fromkeys(rated, 0.0)
    for constraint in soft:
        key, selector = constraint["topologyKey"], _selector(constraint, pod)
        eligible = _eligible(pod, constraint, soft, around.nodes.values())
        counts: Counter[str] = Counter(
            eligible[node_name(other)]
            for other in around.pods
            if node_name(other) in eligible
            and not is_terminating(other)
            and namespace_of(other) == namespace_of(pod)
            and _selects(selector, other)
        )
        weight = math.log(len({labels_of(around.nodes[name])[key] for name in rated}) + 2)
        for name in rated:
            crowds[name] += counts[labels_of(around.nodes[name])[key]] * weight + constraint["maxSkew"] - 1
    rounded = {name: int(crowd + 0.5) for name, crowd in crowds.items()}
    least, most = min(rounded.values()), max(rounded.values())
    scores = {name: 100 * (most + least - crowd) // most if most else 100 for name, crowd in rounded.items()}
    return [scores.get(name, 0) for name in names]


# ---------------------------------------------------------------------------------------------------- terms


def _required(pod: Obj, field: str) -> Sequence[Term]:
    rules = (pod["spec"].get("affinity") or {}).get(field) or {}
    terms: Sequence[Term] = rules.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
    return terms


def _preferred(pod: Obj, field: str) -> Sequence[Term]:
    rules = (pod["spec"].get("affinity") or {}).get(field) or {}
    terms: Sequence[Term] = rules.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    return terms


def _matches(term: Term, owner: Obj, other: Obj, around: Neighbourhood) -> bool:
    """Whether `other` is one of those that `owner` speaks of."""
    return _in_reach(term, owner, namespace_of(other), around) and _selects(_selector(term, owner), other)


def _in_reach(term: Term, owner: Obj, namespace: str, around: Neighbourhood) -> bool:
    """Its own namespace, unless it names some, or selects by their labels; an empty selector takes in all."""
    names, selector = term.get("namespaces") or (), term.get("namespaceSelector")
    if selector is None and not names:
        return namespace == namespace_of(owner)
    return namespace in names or (
        selector is not None and selectors.matches(selector, around.namespaces.get(namespace) or {})
    )


def selects_namespaces(spec: Mapping[str, Any]) -> bool:
    """Whether a term of this spec needs the labels of namespaces."""
    affinity = spec.get("affinity") or {}
    return any(
        term.get("podAffinityTerm", term).get("namespaceSelector") is not None
        for field in ("podAffinity", "podAntiAffinity")
        for terms in (affinity.get(field) or {}).values()
        for term in terms
    )


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


def neighbourhood(nodes: Iterable[Obj], pods: Iterable[Obj], namespaces: Iterable[Obj] = ()) -> Neighbourhood:
    labels = {name_of(namespace): labels_of(namespace) for namespace in namespaces}
    return Neighbourhood({name_of(node): node for node in nodes}, tuple(pods), labels)


# ----------------------------------------------------------------------------------- what a change may mean to it


def spread_keys(pod: Obj) -> list[str]:
    return [each["topologyKey"] for each in _hard(pod)]


def spread_counts(pod: Obj, other: Obj | None) -> list[bool]:
    """By which of its constraints the other pod counts."""
    if other is None or namespace_of(other) != namespace_of(pod) or not node_name(other):
        return [False] * len(_hard(pod))
    return [_selects(_selector(constraint, pod), other) for constraint in _hard(pod)]


def company_keys(pod: Obj) -> tuple[list[str], list[str]]:
    """The topology keys of what it requires to be near, and away."""
    near, away = _required(pod, "podAffinity"), _required(pod, "podAntiAffinity")
    return [term["topologyKey"] for term in near], [term["topologyKey"] for term in away]


def is_sought(pod: Obj, other: Obj) -> bool:
    return _means(pod, "podAffinity", other)


def is_avoided(pod: Obj, other: Obj) -> bool:
    return _means(pod, "podAntiAffinity", other)


def _means(pod: Obj, field: str, other: Obj) -> bool:
    """Whether all its terms are about the other. Namespaces that are selected by their labels may always be meant."""
    terms = _required(pod, field)
    nowhere = Neighbourhood({}, ())
    return bool(terms) and all(
        (term.get("namespaceSelector") is not None or _in_reach(term, pod, namespace_of(other), nowhere))
        and _selects(_selector(term, pod), other)
        for term in terms
    )
