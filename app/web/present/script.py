"""A room's lesson: what to press, what to watch for, and how far the room has come. Pure.

`lesson` is what stands in the page from the beginning, `progress` what frames carry of it when something was reached.
Drawn by templates/_script.html and static/js/script.js; menus and titles take their words from here too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from app.api.objects import Ref
from app.commands import COMMANDS, Apply, lines
from app.scenarios import Scenario
from app.scenarios.progress import Press, Progress
from app.scenarios.script import MEASURED, Deed, Edit, Milestone, Order, ScriptStep
from app.scenarios.selecting import Selector
from app.web.present.clock import duration, elapsed
from app.web.present.names import role_title
from app.web.present.reading import reading_ms
from app.web.present.words import Words

_FIELD = re.compile(r"([^.\[\]]+)|\[([^\[\]]+)\]")


class RoleView(NamedTuple):
    """A loop that matters in this lesson."""

    title: str
    watches: str


class MilestoneView(NamedTuple):
    id: str
    words: str
    reading_ms: int  # as long it has to stand in sight before it counts as told


class StepView(NamedTuple):
    press: str
    say: str  # what to watch for
    kubectl: str  # what does the same; "" where kubectl has nothing
    expects_refusal: bool
    milestones: tuple[MilestoneView, ...]


class LessonView(NamedTuple):
    id: str
    title: str
    promise: str
    roles: tuple[RoleView, ...]
    steps: tuple[StepView, ...]

    def json(self) -> dict[str, Any]:
        """As the browser takes it."""
        steps = [{**step._asdict(), "milestones": [each._asdict() for each in step.milestones]} for step in self.steps]
        return {**self._asdict(), "roles": [role._asdict() for role in self.roles], "steps": steps}


def lesson(scenario: Scenario, _: Words) -> LessonView:
    return LessonView(
        scenario.id,
        scenario.title[_.lang],
        scenario.promise[_.lang],
        tuple(RoleView(role_title(role.loop, _), role.watches[_.lang]) for role in scenario.cast),
        tuple(_step(step, _) for step in scenario.steps),
    )


def progress(script: Progress, _: Words) -> dict[str, Any]:
    """How far the room has come, as JSON: of each step whether it was pressed and is done, and what was reached after
    how much virtual time; which one was pressed last; and the ending, "" until all have been done."""
    presses = [script.press_of(index) for index in range(len(script.scenario.steps))]
    steps = [
        {"pressed": press is not None, "done": script.done(index), "reached": _reached(press)}
        for index, press in enumerate(presses)
    ]
    ending = _ending(script.scenario, presses, _) if script.ended_ms is not None else ""
    return {"steps": steps, "latest": script.latest, "ending": ending}


def _ending(scenario: Scenario, presses: Iterable[Press | None], _: Words) -> str:
    """What was measured stands in it for the milestone that it names in braces."""
    if scenario.ending is None:
        return _("Every step of this lesson is done.")
    took = {each.id: duration(each.at_ms - press.at_ms) for press in presses if press for each in press.reached}
    return MEASURED.sub(lambda named: took.get(named[1], "…"), scenario.ending[_.lang])


def _reached(press: Press | None) -> dict[str, str]:
    return {each.id: elapsed(each.at_ms - press.at_ms) for each in press.reached} if press else {}


def _step(step: ScriptStep, _: Words) -> StepView:
    return StepView(
        step.press[_.lang],
        step.say[_.lang] if step.say else "",
        "; ".join(text for text in map(_kubectl, step.does) if text),
        step.expects_refusal,
        tuple(_milestone(each, _) for each in step.milestones),
    )


def _milestone(milestone: Milestone, _: Words) -> MilestoneView:
    words = milestone.words[_.lang]
    return MilestoneView(milestone.id, words, reading_ms(words, _.lang))


# ------------------------------------------------------------------------------------------------ kubectl


def _kubectl(deed: Deed) -> str:
    """What one could type instead. An object that is looked for when it is done goes by what is known of it."""
    match deed:
        case Edit(ref, field, value):
            patch = json.dumps(_patch(field, value), ensure_ascii=False, separators=(",", ":"))
            return f"kubectl patch {lines.target(ref)} -p {lines.word(patch)}{lines.flag(ref.namespace)}"
        case Order(command, about, field):
            values = {name: value for name, value in command.items() if name != "do"}
            if about is not None:
                named = _named(about)
                values[field] = named if field == "ref" else named.name
            elif "ref" in values:
                values["ref"] = Ref(*values["ref"])
            return COMMANDS[command["do"]](**values).kubectl()
    return Apply("").kubectl()


def _named(about: Selector) -> Ref:
    return Ref(about.kind, about.namespace or "default", about.name or f"<{str(about.labels) or about.kind.lower()}>")


def _patch(field: str, value: Any) -> Any:
    """A strategic merge patch of one field. What stands in brackets is the name of an item, or a key with dots."""
    patch = value
    for key, item in reversed(_FIELD.findall(field)):
        patch = {key: patch} if key else {item: patch} if "." in item else [{"name": item, **patch}]
    return patch
