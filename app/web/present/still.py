"""A room as it was at one moment, for whoever draws rooms (`room.page`): nothing moves, and nothing comes after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.engine.trace import Step
from app.look import Look
from app.rooms import Access, Awaited, Pace, Told
from app.scenarios import Scenario
from app.scenarios.progress import Progress
from app.web.present import moments, oncall
from app.web.present.room import Shown


class Still(NamedTuple):
    look: Look
    id: str
    scenario: Scenario
    access: Access
    script: Progress
    counterpart: oncall.Compares
    told: Told
    act: Step | None
    path: Sequence[Told]
    pace: Pace = Pace(paused=True)
    restless: bool = False
    retold: int = 0
    viewers: int = 0
    epoch: int = 0
    frame: int = 0
    is_told: bool = False  # no ending stands in the place of the sentence
    awaited: Awaited | None = None


def still(room: Shown, look: Look, number: int) -> Still | None:
    """At the nearest step that people follow, from `number` back; None if none is known. Raises Gone."""
    step = moments.nearest(look.trace, number) or look.trace.get(number)
    if step is None:
        return None
    act = room.act if room.act is not None and room.act.number <= step.number else None
    path = [each for each in room.path if each.step.number <= step.number]
    told = next((each for each in path if each.step.number == step.number), Told(step, 0))
    then = look.at(step.number)
    return Still(then, room.id, room.scenario, room.access, room.script, room.counterpart, told, act, path)
