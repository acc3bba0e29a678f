"""A past told again: which of its steps are told, and for how long each stands, as story pace told them.

A live room looks ahead to know what matters (app/cluster/outlook.py); here is known what a loop said next, and each
step is judged by how things were when it was made. Who asks: stretches.py, for pages that play without a server, and
app/web/present/beside.py, for two rooms side by side.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from app.api.breath import breathing
from app.api.objects import Obj, Ref
from app.cluster import outlook
from app.commands import TakeTurns
from app.engine.trace import Commanded, Differed, Failed, Step, Trace, changes_of
from app.look import Look
from app.rooms.motion import LENS_MS
from app.rooms.story import Reading, Story, Told

LOOK_AHEAD = 500  # steps in which the rest of a reconcile is looked for


class Retelling:
    """One story, of one past or of pieces that follow on each other."""

    def __init__(self, reading: Reading) -> None:
        self.act: Step | None = None  # that the story of what was told last began with; None: that was before
        self._judge = _Past()
        self._story = Story(self._judge, reading)

    def of(self, look: Look, first: int, last: int) -> Iterator[Told]:
        """What is told of these steps, in order. Every object must be known from before `first` on (`known_from`)."""
        if first > last:
            return
        self._judge.look_at(look, first)
        story, at_ms = self._story, 0  # of the last step that was more than a heartbeat
        for step in breathing(look.trace.until(last).since(first - 1)):
            self._judge.take(step)
            if not step.background:
                gap_ms, at_ms = step.at_ms - at_ms, step.at_ms
                if gap_ms >= LENS_MS:
                    yield from story.rest()
            if _is_act(step):
                yield from story.rest()
                self.act = step
                yield story.begin(step)
            else:
                yield from story.take(step)
        yield from story.rest()


def known_from(look: Look) -> int:
    """The first step before and after which every object is known."""
    trace = look.trace

    def revision_before(number: int) -> int:
        step = trace.get(number)
        return _revision_before(step) if step is not None else 0

    return bisect_left(range(trace.count + 1), look.known_from, trace.first, key=revision_before)


class _Past:
    """Judges steps in the order in which they were made."""

    def __init__(self) -> None:
        self._trace = Trace()
        self._now: dict[Ref, Obj] = {}

    def look_at(self, look: Look, first: int) -> None:
        step = look.trace.get(first)
        assert step is not None
        self._trace, self._now = look.trace, dict(look.as_of(_revision_before(step)))

    def take(self, step: Step) -> None:
        for change in changes_of(step):
            if change.new is None:
                self._now.pop(change.ref, None)
            else:
                self._now[change.ref] = change.new

    def matters(self, step: Step) -> bool:
        return outlook.mattered(step, self._ahead, self._now.get)

    def _ahead(self, step: Step) -> outlook.Outlook:
        """What the same loop said next about this key."""
        last = min(step.number + LOOK_AHEAD, self._trace.count)
        for later in self._trace.until(last).since(step.number):
            if (later.actor, later.key) != (step.actor, step.key):
                continue
            if isinstance(later.record, Differed):
                return later.record.differences
            if isinstance(later.record, Failed):
                return None
        return ()


def _is_act(step: Step) -> bool:
    return isinstance(step.record, Commanded) and not step.background and not isinstance(step.record.command, TakeTurns)


def _revision_before(step: Step) -> int:
    """Of the store: one change is one revision."""
    return step.revision - len(changes_of(step))
