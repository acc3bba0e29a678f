"""The lesson in docs/lessons.md keeps its promises, and the page names every field that a lesson may have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.rooms.rehearsal import Rehearsal, empty, known
from app.scenarios import form, read_predicates
from app.web.serve import main

PAGE = (Path(__file__).parent.parent.parent / "docs" / "lessons.md").read_text("utf-8")


def lesson() -> str:
    (found,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.mark.parametrize("order", [(0, 1), (1, 0, 1)])
def test_the_lesson_of_the_page_keeps_its_promises(order: tuple[int, ...]) -> None:
    rehearsal = Rehearsal(form.read("last", lesson(), known(empty())))
    for played in rehearsal.play(order):
        assert played.went_well, played
    assert rehearsal.script.ended_ms is not None


@pytest.mark.long
def test_the_checker_of_the_page_is_content_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "last.yaml"
    path.write_text(lesson())
    assert main(["check-script", str(path)]) == 0
    assert capsys.readouterr().out.endswith("2 steps, 4 milestones: keeps its promises\n")


def test_the_page_names_every_field() -> None:
    fields = {*form._FIELDS, *form._STEP, *read_predicates._SELECTING, *read_predicates._HAPPENED}
    assert not sorted(name for name in fields | set(read_predicates._COMBINED) if name not in PAGE)
