"""What the scheduler says of each Difference, by its reason."""

from __future__ import annotations

from collections import Counter

from app.api.messages import N_, Message, Saying, message
from app.reconcile import Difference
from app.scheduler import needs
from app.scheduler.framework import Decision


def saw(name: str, nodes: int) -> Message:
    return message(N_("%(who)s looks for a node for %(name)s among %(n)s."), name=name, n=nodes)


def _choice(gap: Difference) -> Message:
    """How many could take it, if it looked at all, and whether the chosen one is better than all others."""
    decision: Decision = gap.desired
    possible = [each for each in decision.verdicts if each.feasible]
    if len(possible) <= 1:
        return message(N_("Only %(node)s can take it."), node=decision.node)
    if decision.passed_over:
        text = N_("%(n)s that can take it are enough to choose from: %(node)s is as good as any of them.")
        return message(text, node=decision.node, n=len(possible))
    totals = Counter(each.total for each in possible)
    alone = totals[max(totals)] == 1
    best, equal = N_("%(n)s can take it: %(node)s is the best."), N_("%(n)s can take it: %(node)s is as good as any.")
    return message(best if alone else equal, node=decision.node, n=len(possible))


def _why_nowhere(gap: Difference) -> Message:
    """The reason that most nodes have."""
    decision: Decision = gap.desired
    reasons = Counter(reason for verdict in decision.verdicts for reason in verdict.reasons)
    if not reasons:
        return message(N_("It fits on no node: it must wait."))
    reason, times = max(reasons.items(), key=lambda each: each[1])
    why, nodes = next((words for part, words in _REASONS if part in reason), N_("not allowed there")), decision.verdicts
    if times == len(nodes):
        return message(N_("It fits on none of %(n)s nodes: %(why)s."), n=len(nodes), why=message(why))
    text = N_("It fits on none of %(n)s nodes; on %(times)s: %(why)s.")
    return message(text, n=len(nodes), times=times, why=message(why))


_REASONS = (
    ("Insufficient cpu", N_("too little CPU")),
    ("Insufficient memory", N_("too little memory")),
    ("Insufficient", N_("too little of what it asks for")),
    ("Too many pods", N_("too many pods")),
    ("unschedulable", N_("closed to new pods")),
    ("taint", N_("a taint forbids it")),
    ("Pod's node affinity", N_("not the node it wants")),
    ("anti-affinity", N_("it may not be beside others")),
    ("pod affinity", N_("not beside those it wants")),
    ("spread", N_("pods must be spread")),
    ("ports", N_("a port is taken")),
    ("unbound", N_("its claim has no volume yet")),
    ("persistent volumes", N_("its claim has no volume yet")),
    ("persistentvolumeclaim", N_("its claim is not there")),
    ("PersistentVolume", N_("its volume is elsewhere")),
)
"""By words of what the scheduler writes down about a node."""

SAYS = {
    "PodUnscheduled": Saying(_choice, N_("needs a node")),
    "Unschedulable": Saying(
        _why_nowhere, N_("fits nowhere"), {"Pod": N_("It notes why %(name)s has to wait.")}, needs.by_node
    ),
    "Preempted": Saying(N_("%(about)s is less important: it must make room."), N_("make room")),
    "MakingRoom": Saying(
        N_("It fits nowhere, but others are less important: %(desired)s gets room."),
        N_("room is made"),
        {"Pod": N_("It plans %(name)s for %(desired)s.")},
        N_("Pods of less priority must have left %(desired)s."),
    ),
    "NominationLost": Saying(
        N_("%(observed)s was promised to %(about)s: a more important pod takes it."), N_("promise lost")
    ),
    "RetryLater": Saying(N_("It is tried again later."), N_("try again later")),
}
