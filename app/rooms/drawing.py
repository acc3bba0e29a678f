"""What the web lends to rooms, so that they can show themselves without knowing it (app/web/live.py). Both are pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from app.engine.trace import Step
from app.rooms.frames import Frame

if TYPE_CHECKING:
    from app.rooms.room import Room


class Drawing(Protocol):
    def frame(self, room: Room, frame: Frame, lang: str) -> bytes:
        """What every viewer of one language gets."""

    def reading_ms(self, room: Room, step: Step, languages: Sequence[str]) -> int:
        """How long what is said of a step takes to read, by the slowest of these languages."""
