"""What a room tells its viewers, as values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from app.api import errors
from app.api.objects import Obj, Ref
from app.engine.trace import Step
from app.rooms.story import Told

MODES = ("story", "clock")
SLOWEST, FASTEST = 0.1, 100.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How virtual time follows wall time.

    story: one step is told at a time, and stands as long as it takes to read; `speed` divides that.
    clock: `speed` virtual seconds a second.
    """

    mode: str = "story"
    speed: float = 1.0
    paused: bool = False

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise errors.BadRequest(f'field "mode" must be one of {", ".join(MODES)}')
        if not (math.isfinite(self.speed) and SLOWEST <= self.speed <= FASTEST):
            raise errors.BadRequest(f'field "speed" must be a number from {SLOWEST:g} to {FASTEST:g}')

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Waiting(NamedTuple):
    """An idle gap of virtual time that is being skipped, and the wall time given to it."""

    from_ms: int
    to_ms: int
    wall_s: float


class Frame(NamedTuple):
    """What changed since the frame before: objects as they are, None where one is gone, and as that frame had them."""

    number: int
    steps: Sequence[Step]
    changed: Mapping[Ref, Obj | None]
    waiting: Waiting | None
    before: Mapping[Ref, Obj | None] = MappingProxyType({})
    told: Told | None = None  # the step that the page shows from now on; None: what stood goes on standing
    scripted: bool = False  # something of the lesson's steps or milestones changed
    panels_since: int | None = 0  # the step since which the panels of loops are owed; None: not due yet
