"""What would have to change for a pod that fits nowhere: node by node, in numbers of what the scheduler saw.

Called for the sentence of `Unschedulable` (sayings.py). Nodes of which the same is true are named together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from app.api.messages import N_, Message, message
from app.api.objects import Obj
from app.component_helpers import placement
from app.reconcile import Difference
from app.scheduler import claims, interpod
from app.scheduler.facts import NodeSeen, demand_of

MOST_NODES = 4  # that are named in one sentence
_MIB = 1 << 20


def by_node(gap: Difference, seen: Any) -> Iterator[Message]:
    """`gap.desired` is the Decision, `seen` what was seen of the pod and the nodes (scheduler.PodSeen)."""
    if seen.refusal:
        yield message(N_("First, for its claims: %(why)s."), why=seen.refusal)
        return
    nodes = {each.facts.name: each for each in seen.nodes}
    same: dict[tuple[str, tuple[tuple[str, Any], ...]], list[str]] = {}
    for verdict in gap.desired.verdicts:
        for reason in verdict.reasons:
            said = _of_node(reason, seen.pod, nodes[verdict.node])
            same.setdefault((str(said.text), tuple(said.values.items())), []).append(verdict.node)
    if not nodes:
        yield message(N_("There must be a node: there is none."))
    for (text, values), names in same.items():
        yield message(text, node=_named(names), **dict(values))


def _named(names: list[str]) -> str:
    more = f" +{len(names) - MOST_NODES}" if len(names) > MOST_NODES else ""
    return ", ".join(names[:MOST_NODES]) + more


def _of_node(reason: str, pod: Obj, seen: NodeSeen) -> Message:
    """%(node)s is filled in for all of which it holds."""
    if reason.startswith("Insufficient "):
        return _too_little(reason.removeprefix("Insufficient "), pod, seen)
    found = next((told for part, told in _OBSTACLES.items() if part in reason), None)
    return found(pod, seen) if found else message(N_("%(node)s: %(why)s."), why=reason)


def _too_little(resource: str, pod: Obj, seen: NodeSeen) -> Message:
    demand, facts, used = demand_of(pod["spec"]), seen.facts, seen.requested or (0, 0, 0, 0, 0)
    if resource == "cpu":
        asked, free = _cpu(demand.cpu_milli), _cpu(facts.cpu_milli - used[0])
    elif resource == "memory":
        asked, free = f"{-(-demand.memory // _MIB)}Mi", f"{(facts.memory - used[1]) // _MIB}Mi"
    else:
        asked = str(dict(demand.others).get(resource, 0))
        free = str(facts.others.get(resource, 0) - seen.others.get(resource, 0))
    text = N_("%(node)s: it asks for %(asked)s of %(resource)s, %(free)s is free.")
    return message(text, resource=resource, asked=asked, free=free)


def _cpu(milli: int) -> str:
    return f"{milli}m" if milli % 1000 else str(milli // 1000)


def _taints(pod: Obj, seen: NodeSeen) -> Message:
    found = placement.untolerated(seen.facts.taints, pod["spec"].get("tolerations") or (), placement.HARD_EFFECTS)
    text = N_("%(node)s: it must tolerate %(taints)s, or the taint must go.")
    return message(text, taints=_joined(map(_taint, found)))


def _taint(taint: Mapping[str, Any]) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def _labels(pod: Obj, seen: NodeSeen) -> Message:
    labels = seen.node["metadata"].get("labels") or {}
    wanted = (pod["spec"].get("nodeSelector") or {}).items()
    missing = [f"{key}={value}" for key, value in wanted if labels.get(key) != value]
    if missing:
        return message(N_("%(node)s: it must have the label %(labels)s."), labels=_joined(missing))
    return message(N_("%(node)s: its labels must be what the node affinity of the pod asks for."))


def _full(_pod: Obj, seen: NodeSeen) -> Message:
    return message(N_("%(node)s: a pod must go, it holds %(n)s at most."), n=seen.facts.pods)


def _saying(text: str) -> Callable[[Obj, NodeSeen], Message]:
    return lambda _pod, _seen: message(text)


_OBSTACLES: Mapping[str, Callable[[Obj, NodeSeen], Message]] = {
    "Too many pods": _full,
    "untolerated taint": _taints,
    "were unschedulable": _saying(N_("%(node)s: it is cordoned, and must be open to pods again.")),
    "Pod's node affinity": _labels,
    interpod.PORTS: _saying(N_("%(node)s: the pod that has its host port must go.")),
    interpod.EXISTING_ANTI_AFFINITY: _saying(N_("%(node)s: a pod there does not want it near, and must go.")),
    interpod.ANTI_AFFINITY: _saying(N_("%(node)s: the pods that it must not be near must go.")),
    interpod.AFFINITY: _saying(N_("%(node)s: a pod that it wants to be near must run there.")),
    interpod.SPREAD_LABEL: _saying(N_("%(node)s: it lacks the label by which the pods are spread.")),
    interpod.SPREAD: _saying(N_("%(node)s: elsewhere there must be more of its pods first, or maxSkew must allow it.")),
    claims.NO_VOLUME: _saying(N_("%(node)s: there must be a volume that fits its claim.")),
    claims.ELSEWHERE: _saying(N_("%(node)s: the volume of its claim cannot be reached from there.")),
}
"""By words of the reason, the more special first."""


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(texts)
