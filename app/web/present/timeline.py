"""The timeline and the chart as plain rows, drawn in the browser: a lane per actor, a glyph per step."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

from app.api.breath import breathing
from app.api.objects import Ref
from app.engine.trace import Acted, Commanded, Differed, Failed, Step, Trace, changes_of, is_visible
from app.look import Look
from app.web.present import card, lanemarks, workloads
from app.web.present.names import known, lane_of
from app.web.present.steps import phase_of
from app.web.present.words import ENGLISH, Words

KEPT_STEPS = 400
KEPT_POINTS = 240
HOPS = 64

Row = tuple[int, int, str, str, int, bool, str, str, str]
"""number, virtual ms since the epoch, lane, phase, visible cause, ok, key; what was done, and in a few words"""


def row(step: Step, trace: Trace, epoch_ms: int, _: Words = ENGLISH) -> Row:
    """`phase` is observe, diff, same (nothing differed), act or you."""
    record, phase, ok = step.record, phase_of(step), True
    if isinstance(record, Differed) and not record.differences:
        phase = "same"
    elif isinstance(record, Acted):
        ok = record.result.ok
    elif isinstance(record, Commanded):
        ok = not record.error
    elif isinstance(record, Failed):
        ok = False
    key = _text(step.key) if step.key else ""
    cause, done = visible_cause(step, trace), lanemarks.of(step, _)
    return step.number, step.at_ms - epoch_ms, lane_of(step.actor), phase, cause, ok, key, *done


@lru_cache(maxsize=4096)
def _text(ref: Ref) -> str:
    return str(known(ref))


def rows(steps: Iterable[Step], trace: Trace, epoch_ms: int, _: Words = ENGLISH) -> list[Row]:
    return [row(step, trace, epoch_ms, _) for step in steps if is_visible(step)]


def recent(trace: Trace, epoch_ms: int, _: Words = ENGLISH) -> list[Row]:
    """The newest steps, for the first paint."""
    newest_first = (step for step in breathing(reversed(trace.since(0))) if is_visible(step))
    found = list(islice(newest_first, KEPT_STEPS))
    return rows(reversed(found), trace, epoch_ms, _)


def visible_cause(step: Step, trace: Trace) -> int:
    """The nearest step on the way back to the beginning that the timeline shows; 0: none."""
    number = step.cause
    for _hop in range(HOPS):
        cause = trace.get(number) if number else None
        if cause is None:
            return 0
        if is_visible(cause):
            return number
        number = cause.cause
    return 0


def chart(cluster: Look) -> dict[str, list[list[int]]]:
    """Per workload the points (virtual ms, desired, ready) that the trace still knows, oldest first."""
    known, series = points(cluster.trace, cluster.epoch_ms), {}
    for view in workloads.workloads(cluster):
        if view.kind not in workloads.CHARTED:
            continue
        series[view.id] = known.get(view.id, [])
        _add(series[view.id], cluster.now_ms - cluster.epoch_ms, (view.desired, view.ready))
    return {identity: found[-KEPT_POINTS:] for identity, found in series.items()}


def points(steps: Iterable[Step], epoch_ms: int) -> dict[str, list[list[int]]]:
    """The same of some steps, for every workload that they wrote."""
    found: dict[str, list[list[int]]] = {}
    for step in breathing(steps):
        for change in changes_of(step):
            if change.new is not None and change.ref.kind in workloads.CHARTED:
                series = found.setdefault(card.element_id(change.ref), [])
                _add(series, step.at_ms - epoch_ms, workloads.point(change.new))
    return {identity: series[-KEPT_POINTS:] for identity, series in found.items()}


def _add(series: list[list[int]], at_ms: int, values: tuple[int, int]) -> None:
    if not series or tuple(series[-1][1:]) != values:
        series.append([at_ms, *values])
