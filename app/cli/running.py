"""`loopscope run SCENARIO`: a lesson is played to its end with nobody watching, and what happens is told."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from app import scenarios
from app.api import errors
from app.cli.progress import Bar
from app.cli.story import Teller
from app.engine.trace import Step
from app.rooms.rehearsal import Played, Rehearsal
from app.scenarios import MEASURED, Scenario
from app.web.present import Words
from app.web.present.clock import elapsed


class Unknown(Exception):
    """There is no such lesson, and what to do."""


def found(name: str) -> Scenario:
    """By its id, or the file that it stands in. Raises Unknown."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        try:
            return scenarios.load(path)
        except OSError as error:
            raise Unknown(f"{name}: {error.strerror}") from None
        except ValueError as error:
            raise Unknown(str(error)) from None
    try:
        return scenarios.get(name)
    except errors.NotFound as missing:
        raise Unknown(missing.message) from None


def add_lessons(folders: Sequence[str]) -> None:
    """Raises Unknown for a folder with a mistake."""
    for folder in folders:
        try:
            scenarios.add_folder(folder)
        except ValueError as error:
            raise Unknown(str(error)) from None


def run(scenario: Scenario, teller: Teller, words: Words) -> int:
    """The exit code: 0 if all came that the lesson promises."""
    with Bar(scenario.id, len(scenario.steps)) as bar:

        def watch(step: Step) -> None:
            bar.clear()
            teller.take(step)

        rehearsal = Rehearsal(scenario, watch)
        teller.cluster = rehearsal.cluster
        teller.say(f"{scenario.title[words.lang]}\n{scenario.promise[words.lang]}")
        times: dict[str, int] = {}
        went_well = True
        for index in range(len(scenario.steps)):
            bar(index)
            teller.say(f"\n{index + 1}  {scenario.steps[index].press[words.lang]}")
            played = rehearsal.press(index)
            teller.rest()
            bar.clear()
            for line in _milestones(played, scenario, words):
                teller.say(line)
            times |= played.reached
            went_well &= played.went_well
    if scenario.ending is not None and went_well:
        ending = MEASURED.sub(lambda id: elapsed(times[id[1]]), scenario.ending[words.lang])
        teller.say(f"\n{ending}")
    if not went_well:
        print(f"{scenario.id}: not all came that it promises", file=sys.stderr)
    return 0 if went_well else 1


def _milestones(played: Played, scenario: Scenario, words: Words) -> Iterator[str]:
    said = {each.id: each.words[words.lang] for each in scenario.steps[played.number].milestones}
    yield from (f"{elapsed(ms):>10} ✓ {said[id]}" for id, ms in played.reached)
    yield from (f"{'':>10} ✗ {said[id]}" for id in played.missed)
    yield from (f"{'':>10} ✗ {mistake}" for mistake in played.mistakes)
    if played.refusal is not None:
        yield f"{'':>10} ✗ {played.refusal.message}"
