"""For tests of what is drawn: a moment that holds some objects, a room that shows a Look, a frame of what changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from app import scenarios
from app.api.objects import Obj, ref_of
from app.cluster import Cluster
from app.engine.trace import Step
from app.look import Look
from app.look.recording import Recording
from app.rooms import Access, Awaited, Frame, Pace, Told
from app.rooms.counterpart import Counterpart
from app.scenarios import Scenario
from app.scenarios.progress import Progress
from tests.support.builders import NOW_MS
from tests.support.kinds import SCHEME

See = Callable[[Cluster], Look]
"""How a test looks at a cluster: as it is, or as it was recorded (the fixture `see`)."""


def holding(*objs: Obj) -> Recording:
    """A moment at which there are these objects, and nothing has happened."""
    return Recording(epoch_ms=0, now_ms=NOW_MS, state={ref_of(obj): obj for obj in objs}, scheme=SCHEME)


class Stage(NamedTuple):
    """A room as its viewers see it, without anything behind it."""

    look: Look
    scenario: Scenario = scenarios.get("self-healing")
    id: str = "r"
    pace: Pace = Pace()
    restless: bool = False
    retold: int = 0
    viewers: int = 1
    epoch: int = 9
    frame: int = 7
    told: Told | None = None
    act: Step | None = None
    path: Sequence[Told] = ()
    is_told: bool = True
    awaited: Awaited | None = None
    access: Access = Access()
    counterpart: Counterpart = Counterpart(lambda: 0.0)

    @property
    def script(self) -> Progress:
        return Progress(self.scenario, self.look)


def frame_since(look: Look, revision: int, step: int, told: Told | None = None) -> Frame:
    """What changed since then, and what is told from now on."""
    changes = look.changes_since(revision)
    changed = {change.ref: change.new for change in changes}
    before = {change.ref: change.old for change in reversed(changes)}
    return Frame(8, look.trace.since(step), changed, None, before, told)
