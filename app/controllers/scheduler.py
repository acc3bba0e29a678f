"""default-scheduler: gives each new pod a node. Filter those it may run on, score them, bind it to the best.

A decision looks at every node once and at no pod but its own: what the pods of a node request, and how many replicas
of its own kind run there, are totals kept up to date per change. The table behind a decision, one `NodeVerdict` a node
(app/api/scheduling.py), is part of the Difference, so that *why this node* can be shown.

A pod that fits nowhere may take the place of less important ones (app/api/preemption.py); which pods run is read only
then, and when the pod or one that runs says something about its neighbours.

Models kubernetes/pkg/scheduler (schedule_one.go, eventhandlers.go, backend/queue).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.api import conditions, neighbours, pods, preemption
from app.api.objects import Obj, Ref, is_terminating, labels_of, name_of, namespace_of, ref_of, uid_of
from app.api.preemption import Plan, Room, priority_of
from app.api.scheduling import Decision, NodeSeen, decide, demand_of, facts_of, spread_by
from app.reconcile import (
    Action,
    Announce,
    Bind,
    Controller,
    Delete,
    Difference,
    Patch,
    Reader,
    Remember,
    RequeueAfter,
    Watch,
    itself,
    metadata_differs,
)

_FIRST_BACKOFF_MS, _MAX_BACKOFF_MS = 1_000, 10_000
_RETRY_MS = 300_000  # unschedulable pods are tried again even if nothing relevant happened


class Attempts(NamedTuple):
    """What the scheduler remembers of a pod it could not place."""

    number: int
    last_ms: int


class Requested(NamedTuple):
    """What the pods of a node ask for together. It reads as people write it; the scores count with more."""

    cpu_milli: int = 0
    memory: int = 0
    pods: int = 0
    scored_cpu_milli: int = 0
    scored_memory: int = 0

    def __str__(self) -> str:
        return f"cpu {self.cpu_milli}m, memory {_binary(self.memory)}, pods {self.pods}"


def _binary(count: int) -> str:
    for unit, size in (("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)):
        if count >= size:
            return f"{count / size:.4g}{unit}"
    return str(count)


@dataclass(frozen=True, slots=True)
class PodSeen:
    pod: Obj
    nodes: tuple[NodeSeen, ...]
    attempts: Attempts
    now_ms: int
    bound: Sequence[Obj] | None = None  # pods that run or are about to; None: nobody cares about neighbours
    budgets: Sequence[Obj] = ()


class Scheduler(Controller):
    name = "default-scheduler"
    reconciles = "Pod"
    assumes = True

    def __init__(self) -> None:
        self.watches = (
            itself(
                "Pod",
                when=_is_new,
                matters=_concerns,
                indexes={"unscheduled": _unscheduled, "place": _place},
                totals={"requested": _requested, "replicas": _replica, "priorities": _priority},
            ),
            Watch("Pod", _all_unscheduled, when=_made_room, matters=_concerns),
            Watch("Node", _all_unscheduled, when=_may_fit_more, matters=_node_differs),
        )

    def observe(self, key: Ref, reader: Reader) -> PodSeen | None:
        pod = reader.get(key)
        if pod is None or not _is_ours(pod):
            return None
        owner = spread_by(pod)
        requested, replicas = reader.totals("Pod", "requested"), reader.totals("Pod", "replicas")
        nodes = tuple(
            NodeSeen(
                node,
                facts,
                Requested(*requested.get(facts.name, ())),
                sum(replicas.get((owner, facts.name), ())) if owner else 0,
            )
            for node in reader.list("Node")
            for facts in (facts_of(node),)
        )
        attempts = reader.remembered() or Attempts(0, 0)
        bound: Sequence[Obj] | None = None
        if neighbours.cares(pod["spec"]) or reader.by("Pod", "place", "choosy") or self._may_preempt(pod, reader):
            bound = [each for each in reader.list("Pod") if pods.node_name(each) and not pods.is_terminal(each)]
        guards = reader.live("PodDisruptionBudget", None) if bound and priority_of(pod) else ()
        return PodSeen(pod, _with_nominated(pod, nodes, reader), attempts, reader.now_ms, bound, guards)

    def _may_preempt(self, pod: Obj, reader: Reader) -> bool:
        """Somebody less important runs."""
        lower = any(
            isinstance(number, int) and number < priority_of(pod) for number in reader.totals("Pod", "priorities")
        )
        return lower and pod["spec"].get("preemptionPolicy") != "Never"

    def diff(self, seen: PodSeen) -> Iterable[Difference]:
        again_ms = seen.attempts.last_ms + _backoff_ms(seen.attempts.number)
        if seen.now_ms < again_ms:
            wait = RequeueAfter(again_ms - seen.now_ms, "scheduling back-off")
            yield Difference(ref_of(seen.pod), "spec.nodeName", "a node", "", "SchedulingBackOff", (wait,))
            return
        around = (
            None if seen.bound is None else neighbours.neighbourhood([each.node for each in seen.nodes], seen.bound)
        )
        decision, resolvable = decide(seen.pod, seen.nodes, around)
        if decision.node:
            yield _bind(seen, decision)
            return
        plan, refusal = _preemption(seen, decision)
        if plan is not None:
            yield from _preempt(seen, decision, plan)
        else:
            yield from _unschedulable(seen, decision, resolvable, refusal)


def _bind(seen: PodSeen, decision: Decision) -> Difference:
    pod, node = seen.pod, decision.node
    message = f"Successfully assigned {namespace_of(pod)}/{name_of(pod)} to {node}"
    event = Announce(pod, "Normal", "Scheduled", message)
    actions: list[Action] = [Bind(ref_of(pod), node, uid=uid_of(pod), announce=event)]
    if seen.attempts.number:
        actions.append(Remember(None))
    return Difference(ref_of(pod), "spec.nodeName", decision, "", "PodUnscheduled", tuple(actions))


# ----------------------------------------------------------------------------------------- unschedulable


def _unschedulable(seen: PodSeen, decision: Decision, resolvable: int, refusal: str) -> Iterator[Difference]:
    """Say why in condition and Event, and try again when something relevant happens, or after five minutes."""
    pod, message = seen.pod, _why_not(seen.pod, decision, resolvable, refusal)
    old, new = pod["status"].get("conditions"), _not_scheduled(pod, message, seen.now_ms)
    event = Announce(pod, "Warning", "FailedScheduling", message)
    actions: list[Action] = [event]
    if new is not old:
        patch = {"status": {"conditions": new}}
        actions = [Patch(ref_of(pod), patch, uid=uid_of(pod), subresource="status", announce=event)]
    actions.append(Remember(Attempts(seen.attempts.number + 1, seen.now_ms)))
    known = new is old
    yield Difference(ref_of(pod), "spec.nodeName", decision, "", "Unschedulable", tuple(actions), background=known)
    retry = RequeueAfter(_RETRY_MS, "unschedulable pods are tried again")
    yield Difference(ref_of(pod), "spec.nodeName", "a node", "", "RetryLater", (retry,), background=True)


def _not_scheduled(pod: Obj, message: str, now_ms: int) -> list[conditions.Condition]:
    condition = {
        "type": "PodScheduled",
        "observedGeneration": pod["metadata"].get("generation", 1),
        "status": "False",
        "lastProbeTime": None,
        "reason": "Unschedulable",
        "message": message,
    }
    return conditions.with_condition(pod["status"].get("conditions"), condition, now_ms)


def _why_not(pod: Obj, decision: Decision, resolvable: int, refusal: str) -> str:
    """`refusal`: why it may not take the place of others, where that is not a matter of nodes."""
    count = len(decision.verdicts)
    if not count:
        return "no nodes available to schedule pods"
    reasons = Counter(reason for verdict in decision.verdicts for reason in verdict.reasons)
    available = f"0/{count} nodes are available: "
    preemption = refusal
    if not refusal:
        helpful = Counter({_NO_VICTIMS: resolvable, _NOT_HELPFUL: count - resolvable})
        preemption = available + _histogram(helpful)
    return f"{available}{_histogram(reasons)} no new claims to deallocate, preemption: {preemption}"


_NO_VICTIMS = "No preemption victims found for incoming pod"
_NOT_HELPFUL = "Preemption is not helpful for scheduling"


def _histogram(reasons: Mapping[str, int]) -> str:
    """`1 Insufficient cpu, 2 node(s) were unschedulable.`, in order of text."""
    return ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items() if count)) + "."


# ------------------------------------------------------------------------------------------- preemption


def _preemption(seen: PodSeen, decision: Decision) -> tuple[Plan | None, str]:
    """(whose place it takes, or None; why it may not try, or "")."""
    pod, bound = seen.pod, seen.bound or ()
    if pod["spec"].get("preemptionPolicy") == "Never":
        return None, "not eligible due to preemptionPolicy=Never."
    nominated = (pod.get("status") or {}).get("nominatedNodeName")
    if nominated and any(
        pods.node_name(each) == nominated and is_terminating(each) and priority_of(each) < priority_of(pod)
        for each in bound
    ):
        return None, "not eligible due to a terminating pod on the nominated node."
    full = {verdict.node for verdict in decision.verdicts if set(verdict.reasons) <= _NO_ROOM}
    capacity = {
        each.facts.name: Room(each.facts.cpu_milli, each.facts.memory, each.facts.pods)
        for each in seen.nodes
        if each.facts.name in full
    }
    on_node: dict[str, list[Obj]] = {}
    for each in bound:
        on_node.setdefault(pods.node_name(each), []).append(each)
    return preemption.plan(pod, capacity, on_node, seen.budgets), ""


_NO_ROOM = {"Insufficient cpu", "Insufficient memory", "Too many pods"}


def _preempt(seen: PodSeen, decision: Decision, plan: Plan) -> Iterator[Difference]:
    """The victims are deleted, and the node is named as the one that is being made ready for the pod."""
    pod, about = seen.pod, ref_of(seen.pod)
    for victim in plan.victims:
        told = Announce(victim, "Normal", "Preempted", f"Preempted by pod {uid_of(pod)} on node {plan.node}")
        marked = conditions.with_condition(
            (victim.get("status") or {}).get("conditions"), dict(_PREEMPTED), seen.now_ms
        )
        mark = Patch(ref_of(victim), {"status": {"conditions": marked}}, uid=uid_of(victim), subresource="status")
        kill = Delete(ref_of(victim), uid=uid_of(victim), announce=told)
        yield Difference(
            ref_of(victim), "spec.priority", priority_of(pod), priority_of(victim), "Preempted", (mark, kill)
        )
    count = len(decision.verdicts)
    reasons = Counter(reason for verdict in decision.verdicts for reason in verdict.reasons)
    message = f"0/{count} nodes are available: {_histogram(reasons)}"
    event = Announce(pod, "Warning", "FailedScheduling", message)
    patch = {"status": {"nominatedNodeName": plan.node, "conditions": _not_scheduled(pod, message, seen.now_ms)}}
    nominate = Patch(about, patch, uid=uid_of(pod), subresource="status", announce=event)
    keep = Remember(Attempts(seen.attempts.number + 1, seen.now_ms))
    yield Difference(about, "status.nominatedNodeName", plan.node, "", "MakingRoom", (nominate, keep))


_PREEMPTED = {
    "type": "DisruptionTarget",
    "status": "True",
    "reason": "PreemptionByScheduler",
    "message": "default-scheduler: preempting to accommodate a higher priority pod",
}


def _with_nominated(pod: Obj, nodes: tuple[NodeSeen, ...], reader: Reader) -> tuple[NodeSeen, ...]:
    """Room that is being made for others, at least as important, is not free."""
    waiting = [
        each for each in reader.by("Pod", "place", "nominated")
        if uid_of(each) != uid_of(pod) and priority_of(each) >= priority_of(pod)
    ]  # fmt: skip
    if not waiting:
        return nodes
    more: dict[str, tuple[int, ...]] = {}
    for each in waiting:
        cpu, memory, scored_cpu, scored_memory = demand_of(each["spec"])
        name, own = each["status"]["nominatedNodeName"], (cpu, memory, 1, scored_cpu, scored_memory)
        more[name] = tuple(map(sum, zip(more.get(name, (0,) * 5), own, strict=True)))
    return tuple(
        seen._replace(requested=Requested(*map(sum, zip(seen.requested, more[seen.facts.name], strict=True))))
        if seen.facts.name in more
        else seen
        for seen in nodes
    )


def _place(pod: Obj) -> tuple[str, ...]:
    """Pods that the scheduler must know one by one."""
    if not pods.node_name(pod):
        return ("nominated",) if (pod.get("status") or {}).get("nominatedNodeName") else ()
    return ("choosy",) if neighbours.keeps_others_away(pod["spec"]) and not pods.is_terminal(pod) else ()


def _priority(pod: Obj) -> tuple[int, tuple[int]] | None:
    """How many pods of each priority run."""
    return (priority_of(pod), (1,)) if pods.node_name(pod) and not pods.is_terminal(pod) else None


def _backoff_ms(attempts: int) -> int:
    return min(_FIRST_BACKOFF_MS << min(attempts - 1, 10), _MAX_BACKOFF_MS) if attempts else 0


def _requested(pod: Obj) -> tuple[str, tuple[int, ...]] | None:
    """What a bound pod takes from its node."""
    node = pod["spec"].get("nodeName")
    if not node or pods.is_terminal(pod):
        return None
    cpu, memory, scored_cpu, scored_memory = demand_of(pod["spec"])
    return node, (cpu, memory, 1, scored_cpu, scored_memory)


def _replica(pod: Obj) -> tuple[tuple[str, str], tuple[int]] | None:
    """A bound pod among the replicas of its controller. Terminating ones do not count: they are about to make room."""
    node, owner = pod["spec"].get("nodeName"), spread_by(pod)
    if not node or not owner or is_terminating(pod) or pods.is_terminal(pod):
        return None
    return (owner, node), (1,)


# ------------------------------------------------------------------------------------------ what wakes it


def _is_ours(pod: Obj) -> bool:
    spec = pod["spec"]
    return (
        not spec.get("nodeName")
        and spec.get("schedulerName", "default-scheduler") == "default-scheduler"
        and not is_terminating(pod)
        and not spec.get("schedulingGates")
    )


def _unscheduled(pod: Obj) -> tuple[bool, ...]:
    return (True,) if _is_ours(pod) else ()


def _all_unscheduled(_: Obj, reader: Reader) -> Iterator[Ref]:
    return (ref_of(pod) for pod in reader.by("Pod", "unscheduled", True))


def _is_new(old: Obj | None, new: Obj | None) -> bool:
    """A pod without a node came, went, or asks for something else now."""
    if old is None or new is None:
        pod = new or old
        return pod is not None and not pod["spec"].get("nodeName")
    return _is_ours(new) and old["spec"] is not new["spec"] and old["spec"] != new["spec"]


def _concerns(old: Obj, new: Obj) -> bool:
    """Of a pod that has its node, only whether it still takes its place: not how its containers are."""
    if not old["spec"].get("nodeName") or not new["spec"].get("nodeName"):
        return True
    return (
        old["spec"] is not new["spec"] or pods.is_terminal(old) != pods.is_terminal(new) or metadata_differs(old, new)
    )


def _made_room(old: Obj | None, new: Obj | None) -> bool:
    """A bound pod is gone or has finished."""
    if old is None or not old["spec"].get("nodeName") or pods.is_terminal(old):
        return False
    return new is None or pods.is_terminal(new)


def _may_fit_more(old: Obj | None, new: Obj | None) -> bool:
    """A node came, or changed in what scheduling looks at."""
    if old is None or new is None:
        return new is not None
    return any(part(old) != part(new) for part in (_node_spec, labels_of, _allocatable))


def _node_differs(old: Obj, new: Obj) -> bool:
    """More than a heartbeat."""
    return _may_fit_more(old, new) or _images(old) != _images(new)


def _node_spec(node: Obj) -> Obj:
    spec: Obj = node.get("spec") or {}
    return spec


def _images(node: Obj) -> list[Obj]:
    images: list[Obj] = (node.get("status") or {}).get("images") or []
    return images


def _allocatable(node: Obj) -> Obj:
    amounts: Obj = (node.get("status") or {}).get("allocatable") or {}
    return amounts
