"""The evictions that a PodDisruptionBudget refused, of pods that are still there: what stands on the budget's card.

A refusal changes no object, so it is read from the steps: people's commands and API clients' requests. Called by
`workloads` for the card and by `pushed`, which draws the card anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.api import objects, times
from app.api.breath import breathing
from app.api.errors import TooManyRequests
from app.api.objects import Obj, Ref
from app.commands import Drain, EvictPod
from app.component_helpers import budgets, pods
from app.engine.trace import Commanded, Step
from app.look import Look

KIND = "PodDisruptionBudget"


def refused(cluster: Look, budget: Obj) -> tuple[Obj, ...]:
    """The pods that it kept when it refused last, if they are still there."""
    namespace = objects.namespace_of(budget)
    for step in breathing(reversed(cluster.trace.since(0))):
        kept = [cluster.get(ref) for ref in asked_in_vain(cluster, step) if ref.namespace == namespace]
        stay = tuple(pod for pod in kept if pod is not None and _stays(pod, budget, step))
        if stay:
            return stay
    return ()


def asked_in_vain(cluster: Look, step: Step) -> Iterator[Ref]:
    """The pods whose eviction was refused in that step."""
    match step.record:
        case Commanded(EvictPod(ref=ref), refusal=refusal) if refusal is not None:
            if refusal.code == TooManyRequests.code:
                yield ref
        case Commanded(Drain(node=node), refusal=refusal) if refusal is not None:
            if refusal.code == TooManyRequests.code:
                yield from (
                    objects.ref_of(pod) for pod in breathing(cluster.objects("Pod")) if pods.node_name(pod) == node
                )
        case Commanded(Drain(), results):
            yield from (each.ref for each in Drain.kept(results))


def concerned(cluster: Look, steps: Iterable[Step], changed: Iterable[Ref]) -> set[Ref]:
    """Budgets whose refusal may be another now: somebody asked, or a pod changed or went."""
    if not cluster.count(KIND):
        return set()
    namespaces = {ref.namespace for ref in changed if ref.kind == "Pod"}
    namespaces |= {ref.namespace for step in steps for ref in asked_in_vain(cluster, step)}
    return {objects.ref_of(each) for name in sorted(namespaces) for each in cluster.objects(KIND, name)}


def _stays(pod: Obj, budget: Obj, step: Step) -> bool:
    """It is the one that was meant, is not on its way out, and is among those that the budget guards."""
    is_meant = times.parse(pod["metadata"]["creationTimestamp"]) <= step.at_ms
    return is_meant and not budgets.is_free(pod) and bool(budgets.guarding(pod, [budget]))
