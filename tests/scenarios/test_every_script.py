"""Every lesson keeps its promises: each step, in order and in one random order, headless and at full speed."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence

import pytest

from app import scenarios
from app.rooms.rehearsal import Played, Rehearsal
from app.scenarios import Scenario

pytestmark = pytest.mark.long

LESSONS = scenarios.every()
PROMISES = [(lesson, order) for lesson in LESSONS for order in ("as written", "at random")]


def order_of(lesson: Scenario, order: str) -> Sequence[int]:
    """Every step once; at random another order than the written one, the same for each run."""
    numbers = list(range(len(lesson.steps)))
    if order == "at random":
        written, generator = list(numbers), random.Random(zlib.crc32(lesson.id.encode()))
        while numbers == written:
            generator.shuffle(numbers)
    return numbers


def told(played: Played, lesson: Scenario) -> str:
    press = lesson.steps[played.number].press["en"]
    return f"{press}: missed {list(played.missed)}, reached {list(played.reached)}, refused {played.refusal}"


@pytest.mark.parametrize(("lesson", "order"), PROMISES, ids=lambda value: getattr(value, "id", value))
def test_a_lesson_keeps_its_promises(lesson: Scenario, order: str) -> None:
    rehearsal = Rehearsal(lesson)
    numbers = order_of(lesson, order)
    for played in rehearsal.play(numbers):
        assert played.went_well, f"{numbers} {told(played, lesson)}"
        step = lesson.steps[played.number]
        assert [id for id, _ms in played.reached] == [milestone.id for milestone in step.milestones]
    assert rehearsal.script.ended_ms is not None


PREVENTED = [(lesson, number) for lesson in LESSONS for number in range(len(lesson.steps))]


@pytest.mark.parametrize(("lesson", "number"), PREVENTED, ids=lambda value: getattr(value, "id", str(value)))
def test_a_step_that_does_nothing_stays_undone(lesson: Scenario, number: int) -> None:
    """What it needs is there and it is pressed, but its commands never arrive."""
    assert not Rehearsal(lesson).comes_by_itself(number), lesson.steps[number].press["en"]


@pytest.mark.parametrize(
    ("id", "order"),
    [
        # The power is cut while the key of that node waits in a queue, woken by its own timer.
        ("node-failure", (2, 2, 0, 3, 1, 0)),
        # Pressed again while what came of it is going on.
        ("traffic", (0, 0, 0)),
        ("two-paths", (3, 3, 2)),
        ("edge-or-level", (0, 2, 2, 1, 1, 0)),
        ("network-cut", (1, 1, 0, 2)),
        ("spread", (4, 2, 3, 0, 1)),
        ("bad-image", (0, 3, 2, 2, 1)),
    ],
)
def test_orders_that_once_went_wrong(id: str, order: tuple[int, ...]) -> None:
    lesson = scenarios.get(id)
    for played in Rehearsal(lesson).play(order):
        assert played.went_well, told(played, lesson)
