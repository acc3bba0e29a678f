"""Which pods wait for a node, what a change of a pod or a node may mean to them, and what is counted of those that run.

The scheduler's watches are made of these. Pure.
Models kubernetes/pkg/scheduler (eventhandlers.go, backend/queue, and the plugins' `EventsToRegister`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

from app.api.objects import Obj, Ref, is_terminating, labels_of, namespace_of
from app.component_helpers import claims, pods
from app.reconcile import Reader
from app.scheduler import hints, interpod
from app.scheduler.facts import demand_of, spread_by
from app.scheduler.preemption import priority_of


def is_ours(pod: Obj) -> bool:
    spec = pod["spec"]
    return (
        not spec.get("nodeName")
        and spec.get("schedulerName", "default-scheduler") == "default-scheduler"
        and not is_terminating(pod)
        and not spec.get("schedulingGates")
    )


def waiting_places(pod: Obj) -> tuple[Hashable, ...]:
    if not is_ours(pod):
        return ()
    kinds = (("cares", interpod.cares(pod["spec"])), ("claims", any(claims.of_pod(pod))))
    return (True, *(kind for kind, is_so in kinds if is_so))


def claims_waited_for(pod: Obj) -> tuple[Hashable, ...]:
    """(namespace, name) of the claims of a pod that waits."""
    return tuple((namespace_of(pod), name) for name, _ in claims.of_pod(pod)) if is_ours(pod) else ()


def claim_differs(old: Obj, new: Obj) -> bool:
    """In what scheduling looks at."""
    return any(part(old) != part(new) for part in (_claim_spec, is_terminating))


def _claim_spec(claim: Obj) -> Obj:
    spec: Obj = claim["spec"]
    return spec


def places(pod: Obj) -> tuple[str, ...]:
    """Pods that the scheduler must know one by one."""
    if not pods.node_name(pod):
        return ("nominated",) if (pod.get("status") or {}).get("nominatedNodeName") else ()
    if pods.is_terminal(pod):
        return ()
    choosy = ("choosy",) if interpod.keeps_others_away(pod["spec"]) else ()
    return (*choosy, "asking") if demand_of(pod["spec"]).others else choosy


def is_new(old: Obj | None, new: Obj | None) -> bool:
    """A pod without a node came, went, or asks for something else now."""
    if old is None or new is None:
        pod = new or old
        return pod is not None and not pod["spec"].get("nodeName")
    if not is_ours(new):
        return False
    return (old["spec"] is not new["spec"] and old["spec"] != new["spec"]) or labels_of(old) != labels_of(new)


def made_room(old: Obj | None, new: Obj | None) -> bool:
    """A bound pod is gone, has finished or asks for less now, or one that room was made for is not there to take it."""
    if new is None and old is not None and (old.get("status") or {}).get("nominatedNodeName"):
        return True
    if old is None or not old["spec"].get("nodeName") or pods.is_terminal(old):
        return False
    if new is None or pods.is_terminal(new):
        return True
    return any(now < was for now, was in zip(pods.requests(new), pods.requests(old), strict=True))


_FIRST_BACKOFF_MS, _MAX_BACKOFF_MS = 1_000, 10_000


class Attempts(NamedTuple):
    """What the scheduler remembers of a pod it could not place."""

    number: int
    last_ms: int
    refused_by: tuple[str, ...] = ()  # the plugins that had something against a node

    def backs_off(self, now_ms: int) -> bool:
        if not self.number:
            return False
        return now_ms < self.last_ms + min(_FIRST_BACKOFF_MS << min(self.number - 1, 10), _MAX_BACKOFF_MS)


def helped(after: dict[str, hints.Hint]) -> Callable[[Ref, Obj | None, Obj | None, Reader], bool]:
    """For `Wake.hint`: whether one of the plugins that refused a pod may decide otherwise after a change."""

    def helps(key: Ref, old: Obj | None, new: Obj | None, reader: Reader) -> bool:
        pod, attempts = reader.get(key), reader.remembered(key)
        if pod is None or attempts is None:
            return True
        return hints.may_help(after, attempts.refused_by, pod, _there(old), _there(new))

    return helps


def _there(obj: Obj | None) -> Obj | None:
    """A pod comes when it is bound, and goes when it has finished."""
    is_away = obj is not None and obj["kind"] == "Pod" and (not pods.node_name(obj) or pods.is_terminal(obj))
    return None if is_away else obj


def is_new_neighbour(old: Obj | None, new: Obj | None) -> bool:
    """A pod got its node, or is called otherwise than before: whoever looks for company may like it."""
    if new is None or not pods.node_name(new):
        return False
    return old is None or not pods.node_name(old) or labels_of(old) != labels_of(new)


def may_fit_more(old: Obj | None, new: Obj | None) -> bool:
    """A node came or went, or changed in what scheduling looks at."""
    if old is None or new is None:
        return True
    return any(part(old) != part(new) for part in (_node_spec, labels_of, _allocatable))


def node_differs(old: Obj, new: Obj) -> bool:
    """More than a heartbeat."""
    return may_fit_more(old, new) or _images(old) != _images(new)


def _node_spec(node: Obj) -> Obj:
    spec: Obj = node.get("spec") or {}
    return spec


def _images(node: Obj) -> list[Obj]:
    images: list[Obj] = (node.get("status") or {}).get("images") or []
    return images


def _allocatable(node: Obj) -> Obj:
    amounts: Obj = (node.get("status") or {}).get("allocatable") or {}
    return amounts


def requested_of(pod: Obj) -> tuple[str, tuple[int, ...]] | None:
    """What a bound pod takes from its node."""
    node = pod["spec"].get("nodeName")
    if not node or pods.is_terminal(pod):
        return None
    return node, demand_of(pod["spec"]).takes


def replica_of(pod: Obj) -> tuple[tuple[str, str], tuple[int]] | None:
    """A bound pod among the replicas of its controller. Terminating ones do not count: they are about to make room."""
    node, owner = pod["spec"].get("nodeName"), spread_by(pod)
    if not node or not owner or is_terminating(pod) or pods.is_terminal(pod):
        return None
    return (owner, node), (1,)


def of_priority(pod: Obj) -> tuple[int, tuple[int]] | None:
    """How many pods of each priority run."""
    return (priority_of(pod), (1,)) if pods.node_name(pod) and not pods.is_terminal(pod) else None
