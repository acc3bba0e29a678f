"""A past told again: which of its steps are told, and for how long each stands, as story pace would do it.

A live room looks ahead to know what matters (app/cluster/outlook.py); of a past every reconcile is known to its end: it
matters if one of its writes did. The web asks, to play two pasts side by side (app/web/beside.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.api.breath import breathing
from app.api.objects import Ref
from app.cluster import outlook
from app.cluster.outlook import REFUSALS
from app.commands import TakeTurns
from app.engine.trace import Acted, Commanded, Differed, Failed, Observed, Step
from app.rooms.motion import LENS_MS
from app.rooms.story import Story, Told


def retold(steps: Iterable[Step], reading_ms: Callable[[Step], int]) -> list[Told]:
    """Of `steps`, in their order. Repeats are shorter, and from the third on gathered, until a gap."""
    known = list(steps)
    story = Story(_Known(_mattering(known)), lambda step, _languages: reading_ms(step))
    found: list[Told] = []
    now_ms = known[0].at_ms if known else 0
    for step in breathing(known):
        if not step.background:
            found += story.rest() if step.at_ms - now_ms >= LENS_MS else ()
            now_ms = step.at_ms
        if _begins_a_story(step):
            found += [*story.rest(), story.begin(step)]
        else:
            found += story.take(step)
    return [*found, *story.rest()]


class _Known:
    def __init__(self, numbers: set[int]) -> None:
        self._numbers = numbers

    def matters(self, step: Step) -> bool:
        return step.number in self._numbers


def _begins_a_story(step: Step) -> bool:
    return isinstance(step.record, Commanded) and not isinstance(step.record.command, TakeTurns)


def _mattering(steps: Iterable[Step]) -> set[int]:
    found: set[int] = set()
    begun: dict[tuple[str, Ref | None], list[int]] = {}  # by loop and key, the steps of its reconcile so far
    for step in breathing(steps):
        if step.background or isinstance(step.record, Commanded):
            continue
        whose = step.actor, step.key
        if isinstance(step.record, Observed):
            begun[whose] = []
        if isinstance(step.record, Observed | Differed):
            begun.setdefault(whose, []).append(step.number)
        if _is_news(step):
            found |= {*begun.pop(whose, ()), step.number}
    return found


def _is_news(step: Step) -> bool:
    if isinstance(step.record, Differed):
        return bool(step.record.left) or any(gap.reason in REFUSALS for gap in step.record.differences)
    return isinstance(step.record, Acted | Failed) and outlook.matters(step, {}, lambda ref: None)
