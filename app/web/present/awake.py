"""Which loops matter in this room: those whose kinds somebody declared, and those that ever acted. The others fold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.api.control_plane import CONTROL_PLANE
from app.engine.trace import Acted, ActorState, Step, is_visible
from app.look import Look
from app.reconcile import RequeueAfter
from app.web.present.names import lane_of
from app.web.present.system import is_shown

ON_MACHINES = {"PodSandbox": "Pod"}
"""What a machine keeps of an object stands for that object."""


MANY = 200


def declared(cluster: Look, actors: Mapping[str, ActorState]) -> list[str]:
    """The roles that have something to look after."""
    kinds_of: dict[str, str] = {}
    for actor, state in actors.items():
        if state.asleep:
            continue
        kinds_of.setdefault(lane_of(actor), state.reconciles)
    present = {kind: _is_declared(cluster, kind) for kind in set(kinds_of.values())}
    return sorted(role for role, kind in kinds_of.items() if present[kind])


def _is_declared(cluster: Look, kind: str) -> bool:
    if kind == CONTROL_PLANE.kind:
        return bool((cluster.get(CONTROL_PLANE) or {}).get("spec", {}).get("chaosPerMinute"))
    kind = ON_MACHINES.get(kind, kind)
    row = cluster.scheme.find(kind)
    if row is None or row.internal or kind == "Node":
        return False
    # Of so many some are shown; to list them takes as long as the rest of a frame.
    return cluster.count(kind) >= MANY or any(is_shown(obj) for obj in cluster.objects(kind))


def acted(steps: Iterable[Step]) -> list[str]:
    """The roles that did something that can be seen; a timer that was set is nothing."""
    found = {
        lane_of(step.actor)
        for step in steps
        if isinstance(step.record, Acted) and is_visible(step) and not isinstance(step.record.action, RequeueAfter)
    }
    return sorted(found)
