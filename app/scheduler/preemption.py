"""Which pods would have to go so that a more important one fits, and from which node it hurts least. Pure.

The scheduler calls `plan` for a pod that fits nowhere. On each node where fewer pods may help, all less important ones
are thought away; if the pod fits then by every rule, as many as possible are let off again.
Models kubernetes/pkg/scheduler/framework/preemption and plugins/defaultpreemption (`SelectVictimsOnNode`,
`pickOneNodeForPreemption`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.api import times
from app.api.objects import Obj, name_of, namespace_of
from app.component_helpers import budgets
from app.scheduler.facts import NodeSeen, demand_of
from app.scheduler.framework import refusal
from app.scheduler.interpod import Rules

NO_VICTIMS = "No preemption victims found for incoming pod"


_TRIED_AT_LEAST, _TRIED_PERCENT = 100, 10


class Plan(NamedTuple):
    node: str
    victims: tuple[Obj, ...]  # the most important first


class _Trial(NamedTuple):
    victims: tuple[Obj, ...]
    violations: int  # victims against a budget
    reasons: tuple[str, ...]  # why it would not help


def priority_of(pod: Obj) -> int:
    return int(pod["spec"].get("priority") or 0)


def plan(
    pod: Obj,
    candidates: Sequence[NodeSeen],
    on_node: Mapping[str, Sequence[Obj]],
    guards: Sequence[Obj],
    rules: Rules | None = None,
    first: int = 0,
) -> tuple[Plan | None, dict[str, tuple[str, ...]]]:
    """The cheapest way to make room on one of the nodes, or None and why not, by node. `guards`: the disruption budgets
    of all namespaces; `first`: of many candidates those from here on are tried, until there are enough ways."""
    plans, refused = [], {}
    enough, first = max(len(candidates) * _TRIED_PERCENT // 100, _TRIED_AT_LEAST), first % max(len(candidates), 1)
    for seen in (*candidates[first:], *candidates[:first]):
        name = seen.facts.name
        trial = _try(pod, seen, on_node.get(name, ()), guards, rules)
        if trial.reasons:
            refused[name] = trial.reasons
            continue
        plans.append((_cost(trial), name, trial.victims))
        if len(plans) >= enough and any(cost[0] == 0 for cost, _name, _victims in plans):
            break
    if not plans:
        return None, refused
    _price, name, victims = min(plans, key=lambda each: each[:2])
    return Plan(name, victims), refused


def _try(pod: Obj, seen: NodeSeen, here: Sequence[Obj], guards: Sequence[Obj], rules: Rules | None) -> _Trial:
    lower = sorted((each for each in here if priority_of(each) < priority_of(pod)), key=_importance)
    if not lower:
        return _Trial((), 0, (NO_VICTIMS,))
    for each in lower:
        seen = _shifted(seen, each, -1, rules)
    reasons, gone, violations = refusal(pod, seen, rules), list(lower), 0
    if not reasons:
        gone = []
        against = _against_budgets(lower, guards)
        # Those whose budget has nothing to spare are let off first, then the more important ones.
        for each in sorted(lower, key=lambda other: name_of(other) not in against.get(namespace_of(other), ())):
            with_it = _shifted(seen, each, 1, rules)
            if refusal(pod, with_it, rules):
                seen = _shifted(with_it, each, -1, rules)
                gone.append(each)
                violations += name_of(each) in against.get(namespace_of(each), ())
            else:
                seen = with_it
    for each in gone:  # the rules are as they were, for the next node
        seen = _shifted(seen, each, 1, rules)
    return _Trial(tuple(sorted(gone, key=_importance)), violations, reasons or (() if gone else (NO_VICTIMS,)))


def _shifted(seen: NodeSeen, pod: Obj, by: int, rules: Rules | None) -> NodeSeen:
    """The node with this pod (1) or without (-1)."""
    if rules is not None:
        rules.shift(pod, by)
    demand = demand_of(pod["spec"])
    held = seen.requested or (0,) * len(demand.takes)
    others = {**seen.others, **{name: seen.others.get(name, 0) + by * amount for name, amount in demand.others}}
    return seen._replace(
        requested=tuple(has + by * need for has, need in zip(held, demand.takes, strict=True)), others=others
    )


def _cost(trial: _Trial) -> tuple[int, int, int, int, int]:
    """Fewest broken budgets, least important victim, least importance in sum, fewest victims, youngest of the most
    important ones."""
    priorities = [priority_of(victim) for victim in trial.victims]
    first = min(_started(victim) for victim in trial.victims if priority_of(victim) == max(priorities))
    # Priorities may be negative: shifted, lest more victims cost less.
    return trial.violations, max(priorities), sum(each + (1 << 31) for each in priorities), len(priorities), -first


def _importance(pod: Obj) -> tuple[int, int, str]:
    """Sorts the most important first: by priority, then who runs longest."""
    return -priority_of(pod), _started(pod), name_of(pod)


def _against_budgets(lower: Sequence[Obj], guards: Sequence[Obj]) -> dict[str, set[str]]:
    """namespace -> names of those whose going is one more than their budgets have to spare, the first come first."""
    found: dict[str, set[str]] = {}
    spare = {id(guard): (guard.get("status") or {}).get("disruptionsAllowed", 0) for guard in guards}
    for each in lower:
        mine = [guard for guard in guards if namespace_of(guard) == namespace_of(each) and "spec" in guard]
        for guard in budgets.guarding(each, mine):
            if name_of(each) in ((guard.get("status") or {}).get("disruptedPods") or {}):
                continue  # already granted
            spare[id(guard)] -= 1
            if spare[id(guard)] < 0:
                found.setdefault(namespace_of(each), set()).add(name_of(each))
    return found


def _started(pod: Obj) -> int:
    at = (pod.get("status") or {}).get("startTime") or pod["metadata"]["creationTimestamp"]
    return times.parse(at)
