"""The tour in a fast form: every lesson at one size and in one language, by turns; of each step the first moments.
`make tour` plays all of it."""

from __future__ import annotations

import pytest

from app import scenarios
from app.scenarios import Scenario
from tests.browser.conftest import Opener
from tests.tour.playing import Tour, uncalled_for

MOMENTS = 2
TURNS = [
    ("projector", "en", "light"),
    ("phone", "ja", "dark"),
    ("desk", "en", "dark"),
    ("projector", "ja", "dark"),
    ("phone", "en", "light"),
    ("desk", "ja", "light"),
]


@pytest.mark.parametrize(
    ("lesson", "turn"),
    [(lesson, TURNS[place % len(TURNS)]) for place, lesson in enumerate(scenarios.every())],
    ids=lambda value: getattr(value, "id", ""),
)
def test_a_lesson_is_told(open_page: Opener, lesson: Scenario, turn: tuple[str, str, str]) -> None:
    size, lang, theme = turn
    tour = Tour(open_page(size=size, lang=lang, theme=theme), lesson, lang)
    found = tour.play(MOMENTS)
    complaints: list[str] = open_page.complaints  # type: ignore[attr-defined]
    complaints[:] = uncalled_for(complaints, lesson)
    assert found == []
    assert tour.milestones == sum(len(step.milestones) for step in lesson.steps)
