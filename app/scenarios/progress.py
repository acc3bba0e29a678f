"""How far a room has come with its script: what was pressed when, and which milestones were reached when.

    progress = Progress(scenario, look)
    progress.press(0, look)              # then the step's commands are submitted
    progress.follow(look)                # as often as one likes, or as seldom
    progress.done(0)

Milestones are looked for step by step of the trace, so the same run reaches the same ones at the same times, however
seldom one looks. Those of one step come one after another: the next is looked for once the one before it was reached.
A step that is pressed again begins anew. A Room holds one, and stores it beside its journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.api import errors
from app.api.breath import breathing
from app.api.objects import Obj, Ref, ref_of
from app.engine.trace import Step
from app.look import Look
from app.scenarios.predicates import Moment, Predicate
from app.scenarios.script import Scenario, ScriptStep
from app.scenarios.selecting import Selector

NO_KINDS: frozenset[str] = frozenset()


class Reached(NamedTuple):
    """A milestone was reached: after which step of the trace, and when."""

    id: str
    step: int
    at_ms: int


@dataclass(slots=True)
class Press:
    """A step of the script was pressed, after so many steps of the trace. `left`: milestones that are still open.

    `again_ms`: when it is asked for again what was refused, and `tries` how often that has been done."""

    step: int
    at_ms: int
    left: list[tuple[str, Predicate]]
    reached: list[Reached] = field(default_factory=list)
    again_ms: int | None = None
    tries: int = 0


class Progress:
    def __init__(self, scenario: Scenario, look: Look) -> None:
        self.scenario = scenario
        self.version = 0  # moves with everything that a page would show
        self.ended_ms: int | None = None  # when the last of all steps was done for the first time
        self._presses: dict[int, Press] = {}
        self._once: set[int] = set()  # steps that were done, though they may have been pressed again
        self._objects: dict[str, dict[Ref, Obj]] = {}  # of the kinds that open milestones ask about, as of `_seen`
        self._counts: dict[tuple[int, int], tuple[Selector, int]] = {}  # by who is meant (its id), and since when
        self._seen = (look.trace.count, look.revision)

    # ------------------------------------------------------------------------------------------ asking

    def press_of(self, index: int) -> Press | None:
        """The latest press of that step."""
        return self._presses.get(index)

    def done(self, index: int) -> bool:
        """Every milestone of that step was reached since it was pressed."""
        press = self._presses.get(index)
        return press is not None and not press.left

    @property
    def again(self) -> tuple[int, Press] | None:
        """The step that will be tried again first, if one will."""
        waiting = [(index, press) for index, press in self._presses.items() if press.again_ms is not None]
        return min(waiting, key=lambda item: item[1].again_ms or 0, default=None)

    @property
    def due_ms(self) -> int | None:
        """For which moment a milestone waits that is to be reached next."""
        found = [press.left[0][1].due_ms(press.at_ms) for _index, press in self._open()]
        return min((due for due in found if due is not None), default=None)

    @property
    def latest(self) -> int | None:
        """The step that was pressed last."""
        return max(self._presses, key=lambda index: (self._presses[index].step, index), default=None)

    # ------------------------------------------------------------------------------------------- doing

    def step(self, index: int) -> ScriptStep:
        """Raises NotFound."""
        steps = self.scenario.steps
        if not 0 <= index < len(steps):
            raise errors.NotFound(f'lesson "{self.scenario.id}" has no step {index}')
        return steps[index]

    def press(self, index: int, look: Look) -> None:
        """From now on that step's milestones are looked for. Raises NotFound."""
        left = [(milestone.id, milestone.when) for milestone in self.step(index).milestones]
        self.follow(look)
        self._presses.pop(index, None)
        self._presses[index] = Press(look.trace.count, look.now_ms, left)
        self._gather(look)
        self.version += 1

    def follow(self, look: Look) -> bool:
        """Look for milestones in what happened since the last time. Returns whether one was reached."""
        before, (step, revision) = self.version, self._seen
        self._seen = (look.trace.count, look.revision)
        if not self._open():
            return False
        try:
            changes = look.changes_since(revision)
        except errors.Gone:  # not all of them are known any more
            self._gather(look)
            changes = ()
        at = 0
        for made in look.trace.since(step):
            first = at
            while at < len(changes) and changes[at].revision <= made.revision:
                at += 1
            self._walk(made, [(change.ref, change.new) for change in changes[first:at]])
        self._look_again(look)
        return self.version != before

    # ------------------------------------------------------------------------------------ step by step

    def _open(self) -> list[tuple[int, Press]]:
        return [(index, press) for index, press in self._presses.items() if press.left]

    def _gather(self, look: Look) -> None:
        """The objects as they are now, of the kinds that are asked about."""
        kinds = NO_KINDS.union(*(when.kinds for _index, press in self._open() for _id, when in press.left))
        self._objects = {kind: {ref_of(obj): obj for obj in breathing(look.objects(kind))} for kind in kinds}
        self._counts.clear()

    def _walk(self, step: Step, changed: Iterable[tuple[Ref, Obj | None]]) -> None:
        """One step, and the objects as they are after it; None is one that is gone."""
        touched = set()
        for ref, obj in changed:
            known = self._objects.get(ref.kind)
            if known is None:
                continue
            touched.add(ref.kind)
            before = known.pop(ref, None) if obj is None else known.get(ref)
            if obj is not None:
                known[ref] = obj
            self._recount(ref.kind, before, obj)
        kinds = frozenset(touched) if touched else NO_KINDS
        for index, press in self._open():
            if step.number > press.step:
                self._ask(index, press, Moment(self._count, step.at_ms, step, kinds, press.at_ms))

    def _look_again(self, look: Look) -> None:
        """What is known of the present alone: that nothing is left to do, and how late it is."""
        for index, press in self._open():
            if press.left[0][1].is_restless:
                self._reach(index, press, Moment(self._count, look.now_ms, None, NO_KINDS, press.at_ms, look.at_rest),
                            look.trace.count)  # fmt: skip

    def _ask(self, index: int, press: Press, moment: Moment) -> None:
        assert moment.step is not None
        number, first = moment.step.number, press.left[0][1]
        press.left = [(id, when.after(moment)) for id, when in press.left]
        now = press.left[0][1]
        begun = press.reached[-1].step if press.reached else press.step
        if number <= begun:
            return  # the one before it was not reached yet: a room that was restored looks at its past again
        if now is not first or now.is_restless or moment.touched & now.kinds or number == begun + 1:
            self._reach(index, press, moment, number)

    def _reach(self, index: int, press: Press, moment: Moment, step: int) -> None:
        while press.left and press.left[0][1].holds(moment):
            press.reached.append(Reached(press.left.pop(0)[0], step, moment.now_ms))
            self.version += 1
        if not press.left:
            self._finish(index, moment.now_ms)

    def _finish(self, index: int, now_ms: int) -> None:
        self._once.add(index)
        if self.ended_ms is None and len(self._once) == len(self.scenario.steps):
            self.ended_ms = now_ms

    def _count(self, selector: Selector, since_ms: int) -> int:
        """Counted once, and from then on with each change: thousands of objects change one by one."""
        asked = id(selector), since_ms
        if asked not in self._counts:
            found = breathing(self._objects[selector.kind].values())
            self._counts[asked] = selector, sum(selector.selects(obj, since_ms) for obj in found)
        return self._counts[asked][1]

    def _recount(self, kind: str, before: Obj | None, after: Obj | None) -> None:
        for (id_, since_ms), (selector, count) in self._counts.items():
            if selector.kind == kind:
                was = before is not None and selector.selects(before, since_ms)
                is_ = after is not None and selector.selects(after, since_ms)
                self._counts[id_, since_ms] = selector, count - was + is_

    # ----------------------------------------------------------------------------------------- at rest

    def to_json(self) -> dict[str, Any]:
        presses = {
            str(index): {
                "step": press.step,
                "at_ms": press.at_ms,
                "reached": [list(each) for each in press.reached],
                "again_ms": press.again_ms,
                "tries": press.tries,
            }
            for index, press in self._presses.items()
        }
        return {"presses": presses, "once": sorted(self._once), "ended_ms": self.ended_ms}

    @classmethod
    def from_json(cls, scenario: Scenario, look: Look, data: Mapping[str, Any]) -> Progress:
        """As it was, of a room that has come as far. What the script has no more is left out."""
        progress = cls(scenario, look)
        progress.ended_ms = data.get("ended_ms")
        progress._once = {index for index in data.get("once", ()) if index < len(scenario.steps)}
        for index, press in ((int(name), press) for name, press in data.get("presses", {}).items()):
            if index < len(scenario.steps):
                progress._presses[index] = _pressed(scenario.steps[index], press)
        progress._catch_up(look)
        return progress

    def _catch_up(self, look: Look) -> None:
        """Open milestones are looked for from their press on, as far as the past is known."""
        if not self._open():
            return
        steps = min(press.step for _index, press in self._open())
        first = look.trace.get(steps)
        try:
            past = look.at(steps) if first is not None else look
        except errors.ApiError:
            past = look
        self._gather(past)
        self._seen = (past.trace.count, past.revision)
        self.follow(look)


def _pressed(step: ScriptStep, data: Mapping[str, Any]) -> Press:
    reached = [Reached(*each) for each in data["reached"]]
    known = {each.id for each in reached}
    left = [(milestone.id, milestone.when) for milestone in step.milestones if milestone.id not in known]
    return Press(data["step"], data["at_ms"], left, reached, data["again_ms"], data["tries"])
