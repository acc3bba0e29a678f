"""The thread: what descends from the newest act of a person, as the causes in the trace say.

What is on it is bright, the rest of the page is dimmed until the story ends (static/js/marks.js).
"""

from __future__ import annotations

from typing import Any

from app.api.objects import Ref
from app.engine.trace import Observed, Step, changes_of
from app.look import Look
from app.web.present import places
from app.web.present.names import lane_of

LONGEST = 3_000  # steps; where so much came of an act nothing is beside it


def of(cluster: Look, act: Step) -> dict[str, Any] | None:
    """Elements of the board and lanes of the timeline; None: all of them."""
    if cluster.trace.count - act.number > LONGEST:
        return None
    refs, lanes = _descendants(cluster, act)
    found = places.of(cluster, refs)
    return {"ids": found, "lanes": list(lanes)} if len(found) < places.MOST else None


def _descendants(cluster: Look, act: Step) -> tuple[dict[Ref, None], dict[str, None]]:
    """The objects that were written, and those who wrote or looked because of that."""
    numbers = {act.number}
    refs: dict[Ref, None] = dict.fromkeys(change.ref for change in changes_of(act))
    lanes: dict[str, None] = {lane_of(act.actor): None}
    for step in cluster.trace.since(act.number):
        if not _comes_of(step, numbers):
            continue
        numbers.add(step.number)
        changes = changes_of(step)
        if changes:
            lanes[lane_of(step.actor)] = None
            refs.update(dict.fromkeys(change.ref for change in changes))
    return refs, lanes


def _comes_of(step: Step, numbers: set[int]) -> bool:
    if step.cause in numbers:
        return True
    return isinstance(step.record, Observed) and any(wake.step in numbers for wake in step.record.wakes)
