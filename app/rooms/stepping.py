"""A cluster is moved by hand: to the end of a reconcile. Called by Room, which holds the lock."""

from __future__ import annotations

from collections.abc import Iterator

from app.api.objects import Ref
from app.cluster import Cluster
from app.engine.trace import Commanded, Step, is_visible


def finish_loop(cluster: Cluster) -> Step | None:
    """Run to the end of the reconcile that was seen last, or else of the next one. Returns the step that ended it; None
    if the cluster is quiet."""
    step = _in_flight(cluster) or cluster.step_phase()
    if step is None or step.key is None:
        return None
    cluster.finish_loop(step.actor, step.key)
    return _newest_of(cluster, step.actor, step.key)


def _newest_of(cluster: Cluster, actor: str, key: Ref) -> Step | None:
    """The newest visible step of that loop for that key."""
    return next((step for step in _backwards(cluster) if step.actor == actor and step.key == key), None)


def _in_flight(cluster: Cluster) -> Step | None:
    """The newest visible step of a loop, if its reconcile is not over."""
    step = next((step for step in _backwards(cluster) if not isinstance(step.record, Commanded)), None)
    actor = cluster.actors.get(step.actor) if step is not None else None
    if step is None or actor is None:
        return None
    return step if any(key == step.key for key, _phase in actor.in_flight) else None


def _backwards(cluster: Cluster) -> Iterator[Step]:
    """The visible steps, newest first."""
    trace = cluster.trace
    steps = (trace.get(number) for number in range(trace.count, trace.first - 1, -1))
    return (step for step in steps if step is not None and is_visible(step))
