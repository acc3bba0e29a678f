"""The nodes as a pod that wants one sees them: what each has to give, and what its pods have taken.

The scheduler calls `nodes_for` once a decision.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from app.api.breath import breathing
from app.api.objects import Obj, uid_of
from app.component_helpers import pods
from app.reconcile import Reader
from app.scheduler.framework import NodeSeen, demand_of, facts_of, spread_by
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


def nodes_for(pod: Obj, reader: Reader) -> tuple[NodeSeen, ...]:
    """In order of their names."""
    owner = spread_by(pod)
    requested, replicas = reader.totals("Pod", "requested"), reader.totals("Pod", "replicas")
    nodes = tuple(
        NodeSeen(
            node,
            facts,
            Requested(*requested.get(facts.name, ())),
            sum(replicas.get((owner, facts.name), ())) if owner else 0,
        )
        for node in breathing(reader.list("Node"))
        for facts in (facts_of(node),)
    )
    return _with_others(pod, _with_nominated(pod, nodes, reader), reader)


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
    return tuple(seen._replace(others=dict(held.get(seen.facts.name, ()))) for seen in nodes)
