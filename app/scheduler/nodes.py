"""The nodes as a pod that wants one sees them: what each has to give, and what its pods have taken.

The scheduler calls `Nodes.seen_by` once a decision.
"""

from __future__ import annotations

from collections import Counter
from itertools import repeat
from typing import NamedTuple

from app.api import memo
from app.api.objects import Obj, name_of, uid_of
from app.component_helpers import pods
from app.reconcile import Reader
from app.scheduler.facts import NodeFacts, NodeSeen, demand_of, facts_of, spread_by
from app.scheduler.preemption import priority_of


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


class Nodes:
    """From one pod to the next nearly every node is as it was, and is not looked at again."""

    def __init__(self) -> None:
        self._facts = memo.by_place(facts_of)
        self._names = memo.by_place(name_of)
        self._seen = memo.by_place(_seen)

    def seen_by(self, pod: Obj, reader: Reader) -> tuple[NodeSeen, ...]:
        """In order of their names."""
        nodes, owner = reader.list("Node"), spread_by(pod)
        names = self._names(nodes)
        requested, replicas = reader.totals("Pod", "requested"), reader.totals("Pod", "replicas")
        held = [*map(requested.get, names)]
        beside = [*map(replicas.get, zip(repeat(owner), names))] if owner else [None] * len(names)
        seen = self._seen(nodes, self._facts(nodes), held, beside)
        return _with_others(pod, _with_nominated(pod, seen, reader), reader)


def _seen(node: Obj, facts: NodeFacts, requested: tuple[int, ...] | None, replicas: tuple[int, ...] | None) -> NodeSeen:
    return NodeSeen(node, facts, Requested(*(requested or ())), sum(replicas or ()))


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
        name = each["status"]["nominatedNodeName"]
        more[name] = tuple(map(sum, zip(more.get(name, (0,) * 5), demand_of(each["spec"]).takes, strict=True)))
    return tuple(
        seen._replace(requested=Requested(*map(sum, zip(seen.requested, more[seen.facts.name], strict=True))))
        if seen.facts.name in more
        else seen
        for seen in nodes
    )


def _with_others(pod: Obj, nodes: tuple[NodeSeen, ...], reader: Reader) -> tuple[NodeSeen, ...]:
    """What is requested of other resources than cpu and memory: looked up only for a pod that asks for such."""
    if not demand_of(pod["spec"]).others:
        return nodes
    held: dict[str, Counter[str]] = {}
    for each in reader.by("Pod", "place", "asking"):
        held.setdefault(pods.node_name(each), Counter()).update(dict(demand_of(each["spec"]).others))
    return tuple(
        seen._replace(others=dict(held[seen.facts.name])) if seen.facts.name in held else seen for seen in nodes
    )
