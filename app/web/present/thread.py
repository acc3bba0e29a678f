"""The thread: what descends from the newest act of a person, as the causes in the trace say.

What is on it is bright, the rest of the page is dimmed until the story ends (static/js/marks.js).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from app.api.breath import breathing
from app.api.objects import Ref
from app.engine.trace import Acted, Observed, Step, changes_of, is_visible
from app.look import Look
from app.web.present import places
from app.web.present.names import lane_of

LONGEST = 1_000  # steps; where so much came of an act nothing is beside it


class Thread(NamedTuple):
    refs: tuple[Ref, ...]  # objects that were written
    lanes: tuple[str, ...]  # who wrote them, the first is who began
    steps: int  # that people follow
    last_ms: int  # when the last was written


def of(cluster: Look, act: Step) -> dict[str, Any] | None:
    """Elements of the board and lanes of the timeline; None: all of them."""
    if cluster.trace.count - act.number > LONGEST:
        return None
    thread = descending(cluster, act)
    found = places.of(cluster, thread.refs) if thread is not None else []
    return {"ids": found, "lanes": list(thread.lanes)} if thread is not None and len(found) < places.MOST else None


def descending(cluster: Look, act: Step) -> Thread | None:
    """What came of `act`; None if that is too long ago."""
    if act.number < cluster.trace.first:
        return None
    numbers = {act.number}
    return _thread(act, (step for step in breathing(cluster.trace.since(act.number)) if _comes_of(step, numbers)))


def following(cluster: Look, act: Step) -> Thread | None:
    """What happened since `act`, heartbeats apart: a machine that is dark, or a load, causes nothing; others notice."""
    if act.number < cluster.trace.first:
        return None
    return _thread(act, (step for step in breathing(cluster.trace.since(act.number)) if not step.background))


def _thread(act: Step, came: Iterable[Step]) -> Thread:
    steps, last_ms = 0, act.at_ms
    refs = dict.fromkeys(change.ref for change in changes_of(act))
    lanes = {lane_of(act.actor): None}
    for step in came:
        steps += is_visible(step)
        if changes := changes_of(step):
            lanes[lane_of(step.actor)] = None
            refs.update(dict.fromkeys(change.ref for change in changes))
            last_ms = step.at_ms if isinstance(step.record, Acted) and is_visible(step) else last_ms
    return Thread(tuple(refs), tuple(lanes), steps, last_ms)


def _comes_of(step: Step, numbers: set[int]) -> bool:
    """And is one of those from which others come."""
    woken = isinstance(step.record, Observed) and any(wake.step in numbers for wake in step.record.wakes)
    if step.cause not in numbers and not woken:
        return False
    numbers.add(step.number)
    return True
