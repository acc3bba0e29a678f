"""A clock that moves when told, and rooms without threads, for tests of the rooms."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app import scenarios
from app.engine.trace import Step
from app.rooms import Frame, Room
from app.rooms.beginnings import prepared

WATCHER = "en"
READING_MS = 1_500  # whatever is said


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Script:
    """Draws frames as text and remembers them; counts wakes."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.wakes = 0

    def frame(self, room: Room, frame: Frame, lang: str) -> bytes:
        self.frames.append(frame)
        return f"{lang}:{frame.number}".encode()

    def reading_ms(self, room: Room, step: Step, languages: Sequence[str]) -> int:
        return READING_MS

    def wake(self, room: Room) -> None:
        self.wakes += 1

    @property
    def steps(self) -> list[Step]:
        return [step for frame in self.frames for step in frame.steps]


def make_room(scenario_id: str = "self-healing", viewer_limit: int = 10) -> tuple[Room, Script, Clock]:
    script, clock = Script(), Clock()
    scenario = scenarios.get(scenario_id)
    room = Room("r", scenario, prepared(scenario), script, script.wake, clock, viewer_limit)
    return room, script, clock


def play(room: Room, clock: Clock, seconds: float = 600) -> float:
    """Its turns until it wants no more. Returns the seconds that went by."""
    started = clock.now
    while (again := room.turn(clock.now)) is not None and clock.now < started + seconds:
        clock.now = max(again, clock.now + 0.0005)
    return clock.now - started


def live(room: Room, clock: Clock, seconds: float, until: Callable[[], bool] = lambda: False) -> float:
    """Give the room its turns for some wall seconds, as the Pacer would. Returns the seconds that went by."""
    started = clock.now
    end = started + seconds
    while clock.now < end and not until():
        again = room.turn(clock.now)
        clock.now = min(end, max(again, clock.now + 0.0005)) if again is not None else end
    return clock.now - started
