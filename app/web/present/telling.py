"""What is told: one step, the same in caption, loop, ring, board and timeline.

The server says which (app/rooms/story.py) and what of the board it is about: what an observation read, where a
difference stands, what an act wrote. All of it is recorded in the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from app.engine.trace import Commanded, Differed, Failed, Observed, Step, Trace
from app.look import Look
from app.rooms import Told
from app.web.present import captions, loop, places
from app.web.present.captions import Caption
from app.web.present.loop import LoopView
from app.web.present.names import lane_of
from app.web.present.steps import foreground, main_difference, phase_of, refs_of
from app.web.present.words import Words


class Card(NamedTuple):
    """One step: what is said of it, and the loop as it was then. `view` None: people did it."""

    step: int
    role: str
    caption: Caption
    view: LoopView | None
    record: Commanded | None = None
    is_repeat: bool = False
    more: str = ""  # "… and 4 more.", beside the sentence


def card(trace: Trace, step: Step, epoch_ms: int, _: Words) -> Card:
    said = captions.caption(step, _)
    if isinstance(step.record, Commanded):
        return Card(step.number, lane_of(step.actor), said, None, step.record)
    return Card(step.number, lane_of(step.actor), said, loop.panel(trace, step, epoch_ms, _))


def told(trace: Trace, it: Told | None, epoch_ms: int, _: Words) -> Card:
    """The card of the step that is told; an invitation if none is."""
    if it is None:
        return Card(0, "", captions.nothing_yet(_), loop.nothing_told(_))
    more = _.many("… and one more.", "… and %(n)s more.", it.more) if it.more else ""
    return card(trace, it.step, epoch_ms, _)._replace(is_repeat=it.is_repeat, more=more)


def at_rest(step: Step, _: Words) -> Card:
    """The card of a step that people do not follow: a heartbeat, say."""
    return Card(step.number, "", captions.at_rest(step.number, _), loop.nothing_told(_))


def pointers(cluster: Look, it: Told | None) -> dict[str, Any] | None:
    """For the browser: which step, how long it stands, and the elements of the board that it is about."""
    if it is None:
        return None
    step = it.step
    return {
        **path_entry(it),
        "gaze": _gaze(cluster, step),
        "about": _about(cluster, step),
        "slots": _slots(step),
        "deed": places.of(cluster, refs_of(step)),
    }


def path_entry(it: Told) -> dict[str, Any]:
    step = it.step
    return {
        "step": step.number,
        "role": lane_of(step.actor),
        "phase": phase_of(step),
        "stands": round(it.stands_s, 2),
        "repeat": it.is_repeat,
    }


def path(told: Sequence[Told]) -> list[dict[str, Any]]:
    return [path_entry(each) for each in told]


def _gaze(cluster: Look, step: Step) -> list[str]:
    """What an observation read, its own key too."""
    if not isinstance(step.record, Observed | Failed):
        return []
    return places.of(cluster, places.read(step.record.reads))


def _about(cluster: Look, step: Step) -> list[str]:
    if not isinstance(step.record, Differed):
        return []
    gaps = foreground(step.record.differences)
    main = main_difference(gaps)
    refs = [gap.about for gap in gaps if main is None or gap.reason == main.reason]
    return places.of(cluster, [*([main.about] if main else []), *refs])


def _slots(step: Step) -> list[int] | None:
    """Full, missing and crossed boxes of a difference between two counts."""
    main = main_difference(step.record.differences) if isinstance(step.record, Differed) else None
    found = loop.slots(main) if main is not None else None
    return list(found) if found is not None else None
