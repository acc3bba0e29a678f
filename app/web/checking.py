"""`loopscope check-script FILE`: is a script well formed, and does it keep its promises? Called by serve.py.

First the form: a mistake is told as `FILE:LINE: what is wrong. What to do.` Then the script is played to its end, and
for each step it is told which milestones came after how long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from app.kubectl import manifests
from app.look import Look
from app.rooms.rehearsal import Played, Rehearsal, empty, known
from app.scenarios import Scenario, ScriptError, form
from app.scenarios.places import ANYTHING, whole
from app.web.present.clock import elapsed


def check(files: Sequence[str]) -> int:
    """The exit code: 0 if every one of them keeps its promises."""
    look = empty()
    return max(_check(Path(file), look) for file in files)


def _check(path: Path, look: Look) -> int:
    try:
        text = path.read_text("utf-8")
        scenario = form.read(path.stem, text, known(look))
        _check_manifests(text, look)
    except OSError as error:
        print(f"{path}: {error.strerror}")
        return 1
    except ScriptError as error:
        print(f"{path}:{error.line}: {error.problem}. {error.fix}")
        return 1
    try:
        return _play(path, scenario)
    except AssertionError as refusal:  # of what the room should begin with
        print(f"{path}: it does not begin: {refusal}")
        return 1


def _check_manifests(text: str, look: Look) -> None:
    """Raises ScriptError with the line in the script."""
    place = whole(text, ANYTHING)
    if not place.has("manifests"):
        return
    for problem in manifests.check(look.scheme, place.value["manifests"]):
        # A text after `|` begins in the line below.
        raise ScriptError(place.at("manifests").line + problem.line, problem.message, problem.fix)


def _play(path: Path, scenario: Scenario) -> int:
    rehearsal = Rehearsal(scenario)
    went_well = True
    for played in rehearsal.play(range(len(scenario.steps))):
        for line in _told(played, scenario):
            print(line)
        by_itself = Rehearsal(scenario).comes_by_itself(played.number)
        if by_itself:
            print("               all of that comes though nothing is done: watch for something that tells it apart")
        went_well &= played.went_well and not by_itself
    milestones = sum(len(step.milestones) for step in scenario.steps)
    verdict = "keeps its promises" if went_well else "does not keep its promises"
    print(f"{path}: {len(scenario.steps)} steps, {milestones} milestones: {verdict}")
    return 0 if went_well else 1


def _told(played: Played, scenario: Scenario) -> Iterator[str]:
    step = scenario.steps[played.number]
    yield f"{played.number}  {step.press['en']}"
    yield from (f"     {elapsed(ms):>8}  {id}" for id, ms in played.reached)
    yield from (f"        never  {id}" for id in played.missed)
    yield from (f"      mistake  {mistake}" for mistake in played.mistakes)
    if played.refusal is not None:
        yield f"      refused  {played.refusal.message}"
    if played.is_granted:
        yield "               nothing was refused, though the step expects it"
