"""default-scheduler: gives each new pod a node. Filter those it may run on, score them, bind it to the best.

A decision looks at every node once and at no pod but its own: what the pods of a node request, and how many replicas
of its own kind run there, are totals kept up to date per change. The table behind a decision, one `NodeVerdict` a node
(app/scheduler/framework.py), is part of the Difference, so that *why this node* can be shown.

Pods are read one by one only where needed: all that run when the pod says something about its neighbours; those that
mind theirs when there are any (app/scheduler/interpod.py); all when it fits nowhere and may take the place of others
(app/scheduler/preemption.py).

Models kubernetes/pkg/scheduler (schedule_one.go, eventhandlers.go, backend/queue).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.api import conditions
from app.api.messages import N_, Message
from app.api.names import short_name
from app.api.objects import Obj, Ref, is_terminating, name_of, namespace_of, ref_of, uid_of
from app.component_helpers import pods
from app.reconcile import (
    BACKGROUND,
    Action,
    Announce,
    Bind,
    Cache,
    Controller,
    Delete,
    Difference,
    Patch,
    Reader,
    Remember,
    RequeueAfter,
    Wake,
    background_if,
    itself,
    metadata_differs,
)
from app.scheduler import claims, hints, interpod, preemption, queue, sayings
from app.scheduler.facts import NodeSeen
from app.scheduler.framework import Decision, decide, fits_nowhere, nowhere, sample_size
from app.scheduler.interpod import Neighbourhood, Rules
from app.scheduler.nodes import Nodes
from app.scheduler.preemption import Plan, priority_of
from app.scheduler.queue import Attempts

_LATER = 1 << 33  # any priority is less
_RETRY_MS = 300_000  # unschedulable pods are tried again even if nothing relevant happened


@dataclass(frozen=True, slots=True)
class PodSeen:
    pod: Obj
    nodes: tuple[NodeSeen, ...]
    attempts: Attempts
    now_ms: int
    neighbours: Sequence[Obj] | None = None  # None: nobody cares about neighbours
    namespaces: Sequence[Obj] = ()  # if somebody selects by their labels
    bound: Sequence[Obj] = ()  # of a pod that fits nowhere: those whose place it may take, and the others
    budgets: Sequence[Obj] = ()
    nominated: Sequence[Obj] = ()  # pods that room is being made for
    first: int = 0  # of many nodes: the place of the one that it begins with
    refusal: str = ""  # why its claims let it be placed nowhere yet


class Scheduler(Controller[PodSeen]):
    name = "default-scheduler"
    title = N_("Scheduler")
    subject = N_("The scheduler")
    lane = 90
    reconciles = "Pod"
    assumes = True
    says = sayings.SAYS
    labels = {
        "requested": N_("requested by its pods"),
        "replicas": N_("pods of this owner"),
        "attempts": N_("attempts"),
        "first": N_("nodes skipped at first"),
    }

    def __init__(self) -> None:
        self._nodes = Nodes()
        after_pod_went, after_node = queue.helped(hints.AFTER_POD_WENT), queue.helped(hints.AFTER_NODE)
        after_pod_came, after_volume = queue.helped(hints.AFTER_POD_CAME), queue.helped(hints.AFTER_VOLUME)
        self.wakes = (
            itself("Pod", when=queue.is_new),
            Wake("Pod", _all_unscheduled, queue.made_room, after_pod_went),
            Wake("Node", _all_unscheduled, queue.may_fit_more, after_node),
            Wake("Pod", _caring_unscheduled, queue.is_new_neighbour, after_pod_came),
            Wake("PersistentVolumeClaim", _waiting_for_claim, hint=after_volume),
            Wake("PersistentVolume", _waiting_for_volume, hint=after_volume),
            Wake("StorageClass", _waiting_for_volume, hint=after_volume),
        )
        self.reads = (
            Cache(
                "Pod",
                sees=_concerns,
                indexes={
                    "unscheduled": queue.waiting_places,
                    "place": queue.places,
                    "claim": queue.claims_waited_for,
                },
                totals={
                    "requested": queue.requested_of,
                    "replicas": queue.replica_of,
                    "priorities": queue.of_priority,
                },
            ),
            Cache("Node", sees=queue.node_differs),
            Cache("PersistentVolumeClaim", sees=queue.claim_differs),
            Cache("PersistentVolume", sees=_is_other),
            Cache("StorageClass", sees=_is_other),
        )

    def observe(self, key: Ref, reader: Reader) -> PodSeen | None:
        pod = reader.get(key)
        if pod is None or not queue.is_ours(pod):
            return None
        found = claims.claimed(pod, reader)
        nodes = claims.reached(self._nodes.seen_by(pod, reader), found)
        beside, namespaces = _neighbours(pod, reader)
        bound: Sequence[Obj] = ()
        if not found.refusal and _may_preempt(pod, reader):
            rules = _rules(pod, _neighbourhood(nodes, beside, namespaces))
            if fits_nowhere(pod, nodes, rules):
                bound = _bound(reader)
        return PodSeen(
            pod,
            nodes,
            reader.remembered() or Attempts(0, 0),
            reader.now_ms,
            beside,
            namespaces,
            bound,
            reader.live("PodDisruptionBudget", None) if bound else (),
            reader.by("Pod", "place", "nominated") if bound else (),
            _first(len(nodes), reader),
            found.refusal,
        )

    def urgency(self, key: Ref, reader: Reader) -> int:
        """Who backs off comes when nobody else waits."""
        pod, attempts = reader.get(key), reader.remembered(key)
        later = _LATER if attempts is not None and attempts.backs_off(reader.now_ms) else 0
        return (priority_of(pod) if pod else 0) - later

    @staticmethod
    def saw(seen: PodSeen) -> Message:
        return sayings.saw(short_name("Pod", name_of(seen.pod)), len(seen.nodes))

    def diff(self, seen: PodSeen) -> Iterable[Difference]:
        if seen.refusal:
            yield from _unschedulable(seen, nowhere(seen.nodes, seen.refusal), _no_use(len(seen.nodes)))
            return
        around = _neighbourhood(seen.nodes, seen.neighbours, seen.namespaces)
        rules = _rules(seen.pod, around)
        decision, resolvable = decide(seen.pod, seen.nodes, around, rules, seen.first)
        if decision.node:
            yield _bind(seen, decision)
            return
        plan, outcome = _preemption(seen, resolvable, rules)
        if plan is not None:
            yield from _preempt(seen, decision, plan)
        else:
            yield from _unschedulable(seen, decision, outcome)


def _first(count: int, reader: Reader) -> int:
    """Each decision begins where the one before it stopped, so that all nodes have the same chance."""
    sample = sample_size(count)
    if sample == count:
        return 0
    return sum(number for (number,) in reader.totals("Pod", "priorities").values()) * sample % count


def _bound(reader: Reader) -> tuple[Obj, ...]:
    return tuple(each for each in reader.list("Pod") if pods.node_name(each) and not pods.is_terminal(each))


def _neighbours(pod: Obj, reader: Reader) -> tuple[Sequence[Obj] | None, Sequence[Obj]]:
    """The pods that its own rules, or those of others, are about, and the namespaces if a rule selects by them."""
    choosy = reader.by("Pod", "place", "choosy")
    cares = interpod.cares(pod["spec"])
    if not cares and not choosy:
        return None, ()
    selects = any(interpod.selects_namespaces(each["spec"]) for each in (pod, *choosy))
    return _bound(reader) if cares else choosy, reader.live("Namespace", None) if selects else ()


def _neighbourhood(
    nodes: Sequence[NodeSeen], beside: Sequence[Obj] | None, namespaces: Sequence[Obj]
) -> Neighbourhood | None:
    if beside is None:
        return None
    return interpod.neighbourhood([each.node for each in nodes], beside, namespaces)


def _rules(pod: Obj, around: Neighbourhood | None) -> Rules | None:
    return Rules(pod, around) if around is not None else None


def _may_preempt(pod: Obj, reader: Reader) -> bool:
    """Somebody less important runs."""
    if pod["spec"].get("preemptionPolicy") == "Never":
        return False
    priorities = reader.totals("Pod", "priorities")
    return any(isinstance(number, int) and number < priority_of(pod) for number in priorities)


def _bind(seen: PodSeen, decision: Decision) -> Difference:
    pod, node = seen.pod, decision.node
    message = f"Successfully assigned {namespace_of(pod)}/{name_of(pod)} to {node}"
    event = Announce(pod, "Normal", "Scheduled", message, "Binding")
    actions: list[Action] = [Bind(ref_of(pod), node, uid=uid_of(pod), announce=event)]
    if seen.attempts.number:
        actions.append(Remember(None))
    return Difference(ref_of(pod), "spec.nodeName", decision, "", "PodUnscheduled", tuple(actions))


# ----------------------------------------------------------------------------------------- unschedulable


def _unschedulable(seen: PodSeen, decision: Decision, outcome: Outcome) -> Iterator[Difference]:
    """Say why in condition and Event, and try again when something relevant happens, or after five minutes."""
    pod, message = seen.pod, _why_not(decision, outcome)
    new = _not_scheduled(pod, message, seen.now_ms)
    known = new in (pod["status"].get("conditions") or ())
    event = Announce(pod, "Warning", "FailedScheduling", message, "Scheduling")
    actions: list[Action] = [event]
    hopes = outcome.gives_up and "nominatedNodeName" in pod["status"]
    if not known or hopes:
        status = {"conditions": [new], **({"nominatedNodeName": None} if hopes else {})}
        actions = [_status_patch(pod, status, event)]
    actions.append(_remembered(seen, decision))
    again = known and not hopes
    yield Difference(
        ref_of(pod), "spec.nodeName", decision, "", "Unschedulable", tuple(actions), pace=background_if(again)
    )
    retry = RequeueAfter(_RETRY_MS, "unschedulable pods are tried again")
    yield Difference(ref_of(pod), "spec.nodeName", "a node", "", "RetryLater", (retry,), pace=BACKGROUND)


def _remembered(seen: PodSeen, decision: Decision) -> Remember:
    refused_by = hints.refused_by(reason for verdict in decision.verdicts for reason in verdict.reasons)
    return Remember(Attempts(seen.attempts.number + 1, seen.now_ms, refused_by))


def _status_patch(pod: Obj, status: dict[str, Any], announce: Announce | None = None) -> Patch:
    """Of what the kubelet has written meanwhile nothing is lost: the scheduler's cache may not show it."""
    return Patch(ref_of(pod), {"status": status}, uid_of(pod), "status", announce, strategic=True)


def _not_scheduled(pod: Obj, message: str, now_ms: int) -> conditions.Condition:
    condition = {
        "type": "PodScheduled",
        "observedGeneration": pod["metadata"].get("generation", 1),
        "status": "False",
        "lastProbeTime": None,
        "reason": "Unschedulable",
        "message": message,
    }
    return _stamped(pod, condition, now_ms)


def _stamped(pod: Obj, condition: conditions.Condition, now_ms: int) -> conditions.Condition:
    held = conditions.with_condition((pod.get("status") or {}).get("conditions"), condition, now_ms)
    return next(each for each in held if each["type"] == condition["type"])


def _why_not(decision: Decision, outcome: Outcome) -> str:
    count = len(decision.verdicts)
    if not count:
        return "no nodes available to schedule pods"
    preemption = outcome.refusal or f"0/{count} nodes are available: {_histogram(outcome.reasons)}"
    return f"{_not_available(decision)} no new claims to deallocate, preemption: {preemption}"


def _not_available(decision: Decision) -> str:
    if decision.refusal:
        return f"0/{len(decision.verdicts)} nodes are available: {decision.refusal}."
    reasons = Counter(reason for verdict in decision.verdicts for reason in verdict.reasons)
    return f"0/{len(decision.verdicts)} nodes are available: {_histogram(reasons)}"


_NOT_HELPFUL = "Preemption is not helpful for scheduling"


def _histogram(reasons: Mapping[str, int]) -> str:
    """`1 Insufficient cpu, 2 node(s) were unschedulable.`, in order of text."""
    return ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items() if count)) + "."


# ------------------------------------------------------------------------------------------- preemption


class Outcome(NamedTuple):
    """Why no place of others was taken."""

    refusal: str  # it may not even try
    reasons: Mapping[str, int]  # or why it would not help, by text, on how many nodes

    @property
    def gives_up(self) -> bool:
        return not self.refusal


def _no_use(nodes: int) -> Outcome:
    return Outcome("", {_NOT_HELPFUL: nodes})


def _preemption(seen: PodSeen, resolvable: frozenset[str], rules: Rules | None) -> tuple[Plan | None, Outcome]:
    """Whose place it takes, or None and why."""
    pod, status = seen.pod, seen.pod.get("status") or {}
    if pod["spec"].get("preemptionPolicy") == "Never":
        return None, Outcome("not eligible due to preemptionPolicy=Never.", {})
    nominated = status.get("nominatedNodeName")
    if nominated in resolvable and any(
        pods.node_name(each) == nominated and _leaves_for_another(each) and priority_of(each) < priority_of(pod)
        for each in seen.bound
    ):
        return None, Outcome("not eligible due to a terminating pod on the nominated node.", {})
    on_node: dict[str, list[Obj]] = {}
    for each in seen.bound:
        on_node.setdefault(pods.node_name(each), []).append(each)
    candidates = [each for each in seen.nodes if each.facts.name in resolvable]
    plan, refused = preemption.plan(pod, candidates, on_node, seen.budgets, rules, seen.first)
    reasons = Counter(reason for each in refused.values() for reason in each)
    reasons[_NOT_HELPFUL] += len(seen.nodes) - len(candidates)
    return plan, Outcome("", reasons)


def _leaves_for_another(pod: Obj) -> bool:
    marked = conditions.find((pod.get("status") or {}).get("conditions"), "DisruptionTarget")
    return is_terminating(pod) and marked is not None and marked.get("reason") == _WHY_PREEMPTED[0]


def _preempt(seen: PodSeen, decision: Decision, plan: Plan) -> Iterator[Difference]:
    """The victims are deleted, and the node is named as the one that is being made ready for the pod."""
    pod, about = seen.pod, ref_of(seen.pod)
    for victim in plan.victims:
        if is_terminating(victim):
            continue
        message = f"Preempted by pod {uid_of(pod)} on node {plan.node}"
        told = Announce(victim, "Normal", "Preempted", message, "Preempting", pod)
        mark = _status_patch(
            victim, {"conditions": [_stamped(victim, pods.disrupted(victim, *_WHY_PREEMPTED), seen.now_ms)]}
        )
        kill = Delete(ref_of(victim), uid=uid_of(victim), announce=told)
        yield Difference(
            ref_of(victim), "spec.priority", priority_of(pod), priority_of(victim), "Preempted", (mark, kill)
        )
    for other in seen.nominated:
        # Whoever was promised this node, and is less important, looks for another.
        if other["status"]["nominatedNodeName"] == plan.node and priority_of(other) < priority_of(pod):
            clear = Patch(ref_of(other), {"status": {"nominatedNodeName": None}}, uid_of(other), "status")
            yield Difference(ref_of(other), "status.nominatedNodeName", "", plan.node, "NominationLost", (clear,))
    message = _not_available(decision)
    event = Announce(pod, "Warning", "FailedScheduling", message, "Scheduling")
    status = {"nominatedNodeName": plan.node, "conditions": [_not_scheduled(pod, message, seen.now_ms)]}
    actions = (_status_patch(pod, status, event), _remembered(seen, decision))
    yield Difference(about, "status.nominatedNodeName", plan.node, "", "MakingRoom", actions)


_WHY_PREEMPTED = (
    "PreemptionByScheduler",
    "default-scheduler: preempting to accommodate a higher priority pod",
)


# ------------------------------------------------------------------------------------------ what wakes it


def _all_unscheduled(_: Obj, reader: Reader) -> Iterator[Ref]:
    return (ref_of(pod) for pod in reader.by("Pod", "unscheduled", True))


def _caring_unscheduled(_: Obj, reader: Reader) -> Iterator[Ref]:
    return (ref_of(pod) for pod in reader.by("Pod", "unscheduled", "cares"))


def _waiting_for_claim(claim: Obj, reader: Reader) -> Iterator[Ref]:
    return (ref_of(pod) for pod in reader.by("Pod", "claim", claims.key_of(claim)))


def _waiting_for_volume(_: Obj, reader: Reader) -> Iterator[Ref]:
    return (ref_of(pod) for pod in reader.by("Pod", "unscheduled", "claims"))


def _is_other(old: Obj, new: Obj) -> bool:
    return old["spec"] != new["spec"] if "spec" in new else old != new


def _concerns(old: Obj, new: Obj) -> bool:
    """Of a pod that has its node, only whether it still takes its place: not how its containers are."""
    if not old["spec"].get("nodeName") or not new["spec"].get("nodeName"):
        return True
    return (
        old["spec"] is not new["spec"] or pods.is_terminal(old) != pods.is_terminal(new) or metadata_differs(old, new)
    )
