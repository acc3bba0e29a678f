"""Which node is best for a pod: filters and scores, with the whole table behind the answer.

The scheduler calls `decide`; everything here is pure. Nodes that differ in nothing but their names are judged once: of
hundreds of machines nearly all are the same to a pod. Of very many only as many are looked at as are enough to choose
from. Models kubernetes/pkg/scheduler (schedule_one.go) and framework/plugins (nodeunschedulable, tainttoleration,
nodeaffinity, noderesources); scores.py has the scores. Unlike upstream, of equally good nodes the one with the fewest
pods wins, then the first by name: there lots are drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import mul
from typing import Any, NamedTuple, TypeVar, overload

from app.api import memo
from app.api.objects import Obj
from app.component_helpers import placement
from app.scheduler import interpod
from app.scheduler.facts import Demand, NodeFacts, NodeSeen, demand_of
from app.scheduler.interpod import Neighbourhood, Rules
from app.scheduler.scores import WEIGHTS, Alike, Scores, balanced, least_allocated, scored

T = TypeVar("T")


class NodeVerdict(NamedTuple):
    """A row of the table behind a decision."""

    node: str
    feasible: bool
    reasons: tuple[str, ...]  # why not
    scores: Scores | None  # of a feasible node
    total: int  # weighted


class Judgement(NamedTuple):
    """A row without the name: nodes that are alike share it."""

    feasible: bool
    reasons: tuple[str, ...]
    scores: Scores | None
    total: int


@dataclass(frozen=True, slots=True)
class Table(Sequence[NodeVerdict]):
    """The rows, each made when somebody looks at it."""

    nodes: tuple[NodeSeen, ...]
    judgements: tuple[Judgement, ...]  # of each of them

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[NodeVerdict]:
        return map(_row, self.nodes, self.judgements)

    @overload
    def __getitem__(self, place: int) -> NodeVerdict: ...

    @overload
    def __getitem__(self, place: slice) -> Table: ...

    def __getitem__(self, place: int | slice) -> NodeVerdict | Table:
        if isinstance(place, slice):
            return Table(self.nodes[place], self.judgements[place])
        return _row(self.nodes[place], self.judgements[place])


def _row(seen: NodeSeen, judgement: Judgement) -> NodeVerdict:
    return NodeVerdict(seen.facts.name, *judgement)


@dataclass(frozen=True, slots=True)
class Decision:
    node: str  # "": none is feasible
    verdicts: Sequence[NodeVerdict]  # in order of the nodes' names
    passed_over: int = 0  # nodes that were not looked at: enough others would do
    refusal: str = ""  # why no node was looked at

    def __str__(self) -> str:
        return self.node


_SCORED_AT_LEAST, _SCORED_AT_LEAST_PERCENT = 100, 5


def sample_size(count: int) -> int:
    """Of so many nodes that many that would do are enough to choose from: Kubernetes' `percentageOfNodesToScore`."""
    percent = max(50 - count // 125, _SCORED_AT_LEAST_PERCENT)
    return min(count, max(count * percent // 100, _SCORED_AT_LEAST))


def decide(
    pod: Obj,
    nodes: Sequence[NodeSeen],
    around: Neighbourhood | None = None,
    rules: Rules | None = None,
    first: int = 0,
) -> tuple[Decision, frozenset[str]]:
    """The best node with the whole table; if there is none, on which nodes fewer pods would help.

    `around`: the pods that run, if this one or one of them says something about its neighbours; `rules`: what they say,
    if the caller has worked it out; `first`: of many nodes those from here on are looked at, until enough would do."""
    rules = rules or (Rules(pod, around) if around is not None else None)
    kinds = _kinds(pod, nodes, rules)
    count, looks = _looked(pod, _from(first, nodes), _from(first, kinds), rules)
    looked_at, of_kinds = _between(first, count, nodes), _between(first, count, kinds)
    judged = {kind: Judgement(False, look.reasons, None, 0) for kind, look in looks.items()}
    is_possible = not all(look.reasons for look in looks.values())
    if is_possible:
        judged |= _judged(pod, looks, of_kinds, dict(zip(kinds, nodes, strict=True)), Counter(kinds), around)
    table = Table(looked_at, tuple(map(judged.__getitem__, of_kinds)))
    if is_possible:
        return Decision(_best(table), table, len(nodes) - count), frozenset()
    return Decision("", table), frozenset(
        seen.facts.name for seen, kind in zip(looked_at, of_kinds, strict=True) if looks[kind].fewer_pods_help
    )


def nowhere(nodes: tuple[NodeSeen, ...], why: str) -> Decision:
    """It may not be placed yet, whatever the nodes are."""
    return Decision("", Table(nodes, (Judgement(False, (why,), None, 0),) * len(nodes)), refusal=why)


def _looked(
    pod: Obj, nodes: Sequence[NodeSeen], kinds: Sequence[Hashable], rules: Rules | None
) -> tuple[int, dict[Hashable, _Look]]:
    """How many nodes there were until enough would do, and what was found of each kind of them."""
    looks: dict[Hashable, _Look] = {}
    suitable, enough = 0, sample_size(len(nodes))
    for place, (kind, seen) in enumerate(zip(kinds, nodes, strict=True), 1):
        if kind not in looks:
            looks[kind] = _look(pod["spec"], seen, rules)
        suitable += not looks[kind].reasons
        if suitable == enough:
            return place, looks
    return len(nodes), looks


def _from(first: int, things: Sequence[T]) -> Sequence[T]:
    return (*things[first:], *things[:first]) if first else things


def _between(first: int, count: int, things: Sequence[T]) -> tuple[T, ...]:
    """So many from there on, and from the beginning again; in their order."""
    return (*things[: max(0, first + count - len(things))], *things[first : first + count])


def _judged(
    pod: Obj,
    looks: Mapping[Hashable, _Look],
    looked_at: Sequence[Hashable],
    one_of: Mapping[Hashable, NodeSeen],
    everywhere: Mapping[Hashable, int],
    around: Neighbourhood | None,
) -> dict[Hashable, Judgement]:
    """The kinds of nodes that would do, scored. `everywhere`: how many there are of each kind."""
    feasible = {kind: count for kind, count in Counter(looked_at).items() if not looks[kind].reasons}
    rows = scored(
        pod,
        [Alike(one_of[kind], count) for kind, count in feasible.items()],
        [looks[kind].fit for kind in feasible],
        [Alike(one_of[kind], count) for kind, count in everywhere.items()],
        around,
    )
    return {
        kind: Judgement(True, (), row, sum(map(mul, row, WEIGHTS))) for kind, row in zip(feasible, rows, strict=True)
    }


def _best(table: Table) -> str:
    most = max(judgement.total for judgement in table.judgements if judgement.feasible)
    return min(
        (seen.requested[2] if seen.requested else 0, seen.facts.name)
        for seen, judgement in zip(table.nodes, table.judgements, strict=True)
        if judgement.total == most and judgement.feasible
    )[1]


def refusal(pod: Obj, seen: NodeSeen, rules: Rules | None) -> tuple[str, ...]:
    """Why the pod may not run there; () if it may."""
    return _look(pod["spec"], seen, rules).reasons


def fits_nowhere(pod: Obj, nodes: Sequence[NodeSeen], rules: Rules | None) -> bool:
    one_of = dict(zip(_kinds(pod, nodes, rules), nodes, strict=True))
    return all(refusal(pod, seen, rules) for seen in one_of.values())


# -------------------------------------------------------------------------------------- what nodes are alike


def _kinds(pod: Obj, nodes: Sequence[NodeSeen], rules: Rules | None) -> Sequence[Hashable]:
    """Of each node what stands for it and for those like it. To a pod that looks at labels each is of its own kind."""
    if rules is not None or "nodeSelector" in pod["spec"] or "affinity" in pod["spec"]:
        return range(len(nodes))
    return _likenesses(nodes)


@memo.by_place
def _likenesses(seen: NodeSeen) -> Hashable:
    return _likeness(_all_but_name(seen.facts), seen.requested, seen.replicas, tuple(seen.others.items()), seen.barred)


@lru_cache(maxsize=20_000)
def _likeness(*parts: Hashable) -> object:
    """A thing for what nodes may have in common: quicker to look up than its parts."""
    return object()


@memo.by_identity
def _all_but_name(facts: NodeFacts) -> str:
    return repr(facts[1:])


# ------------------------------------------------------------------------------------------------- filters


class Fit(NamedTuple):
    """How a demand goes together with what runs on a node."""

    reasons: tuple[str, ...]  # why not
    fewer_pods_help: bool
    scores: tuple[int, int]  # least allocated, balanced


class _Look(NamedTuple):
    reasons: tuple[str, ...]  # of the first plugin that refuses; (): the pod may run there
    fewer_pods_help: bool  # maybe
    fit: tuple[int, int]


def _look(spec: dict[str, Any], seen: NodeSeen, rules: Rules | None) -> _Look:
    demand = demand_of(spec)
    fit = _fit(seen.facts, seen.requested or _NOTHING, demand)
    reason = _obstacle(spec, seen)
    if reason:
        return _Look((reason,), False, fit.scores)
    if rules is not None and rules.port_is_taken(seen.facts.name):
        return _Look((interpod.PORTS,), True, fit.scores)
    lacking = _lacking(seen, demand) if demand.others else ()
    if fit.reasons or lacking:
        helps = fit.fewer_pods_help and all(n <= seen.facts.others.get(name, 0) for name, n in demand.others)
        return _Look((*fit.reasons, *lacking), helps, fit.scores)
    if seen.barred:
        return _Look((seen.barred,), False, fit.scores)
    reason = rules.why_not(seen.node) if rules is not None else ""
    if reason:
        return _Look((reason,), reason not in interpod.UNRESOLVABLE, fit.scores)
    return _Look((), True, fit.scores)


def _obstacle(spec: Mapping[str, Any], seen: NodeSeen) -> str:
    """Why the pod may not run there whatever else does, by the first plugin that refuses; "" if none."""
    facts = seen.facts
    tolerations = spec.get("tolerations") or ()
    if facts.unschedulable and placement.untolerated((placement.UNSCHEDULABLE,), tolerations, placement.HARD_EFFECTS):
        return "node(s) were unschedulable"
    if facts.taints and placement.untolerated(facts.taints, tolerations, placement.HARD_EFFECTS):
        return "node(s) had untolerated taint(s)"
    if ("nodeSelector" in spec or "affinity" in spec) and not placement.wants_node(spec, seen.node):
        return "node(s) didn't match Pod's node affinity/selector"
    return ""


def _lacking(seen: NodeSeen, demand: Demand) -> tuple[str, ...]:
    """Other resources than cpu and memory, of which there is too little."""
    return tuple(
        f"Insufficient {name}"
        for name, amount in demand.others
        if seen.others.get(name, 0) + amount > seen.facts.others.get(name, 0)
    )


_NOTHING = (0, 0, 0, 0, 0)


@memo.by_identity
def _fit(facts: NodeFacts, requested: tuple[int, ...], demand: Demand) -> Fit:
    """Remembered, since from one pod to the next only the node that got the last one is another."""
    reasons = []
    if requested[2] >= facts.pods:
        reasons.append("Too many pods")
    if demand.cpu_milli and requested[0] + demand.cpu_milli > facts.cpu_milli:
        reasons.append("Insufficient cpu")
    if demand.memory and requested[1] + demand.memory > facts.memory:
        reasons.append("Insufficient memory")
    helps = demand.cpu_milli <= facts.cpu_milli and demand.memory <= facts.memory
    both = least_allocated(facts, demand, requested), balanced(facts, demand, requested)
    return Fit(tuple(reasons), helps, both)
