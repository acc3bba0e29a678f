"""Which steps are told, one at a time, and for how long each stands.

A Room has one Story. What matters is told (app/cluster/outlook.py): people's acts, and of a reconcile that changes
something people care about its observation, its differences and its writes. A sentence stands as long as it takes to
read. The same sentence again, with other names, is a repeat and goes three times as fast; from the third repeat on such
steps are gathered, and told together. With every act of a person the story begins anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple, Protocol

from app.api.objects import Ref
from app.cluster.outlook import REFUSALS
from app.engine.trace import Acted, Commanded, Differed, Observed, Step

READ_S = 0.9  # a sentence stands at least so long
REPEAT_SHARE = 3  # a repeat stands for a third of the time
TOLD_APART = 3  # times a sentence is told before its repeats are gathered
GATHERED = 12  # steps are told together at the latest

Reading = Callable[[Step, Sequence[str]], int]
"""How many milliseconds it takes to read what is said of a step, by the slowest of some languages. Pure."""


class Judge(Protocol):
    """Who knows what matters: a cluster, or one whose past is known (retelling.py)."""

    def matters(self, step: Step) -> bool: ...


class Told(NamedTuple):
    """The one step that caption, loop, ring, board and timeline show."""

    step: Step
    stands_s: float  # at speed 1
    is_repeat: bool = False
    more: int = 0  # steps like it, since the one told before, that were not told one by one


class Story:
    def __init__(self, judge: Judge, reading: Reading) -> None:
        self.languages: Sequence[str] = ()  # of those who watch
        self._judge = judge
        self._reading = reading
        self._told: Counter[Hashable] = Counter()
        self._gathered: list[Step] = []
        self._newest: Step | None = None  # of what was heard
        self._heard = 0
        self._called: set[tuple[str, Ref | None]] = set()  # by which loops, for which keys: that was told
        self._awaits_pod = False  # that a loop creates a pod has not been told since the act

    @property
    def holds_back(self) -> bool:
        """Steps were gathered, and are not told yet."""
        return bool(self._gathered)

    def begin(self, act: Step, more: int = 0) -> Told:
        """Somebody did something, and `more` of the same kind: a new story begins with it."""
        self._told.clear()
        self._gathered.clear()
        self._called.clear()
        self._awaits_pod = True
        return Told(act, self._reading_s(act), more=more)

    def by_hand(self, step: Step) -> Told:
        """A step that somebody asked for."""
        return Told(step, self._reading_s(step))

    def take(self, step: Step) -> list[Told]:
        """What there is to tell after `step` was made, which is often nothing."""
        if not self._judge.matters(step):
            return []
        sentence = _sentence_of(step)
        self._told[sentence] += 1
        times = self._told[sentence]
        if times > TOLD_APART:
            self._gathered.append(step)
            return self.rest() if len(self._gathered) >= GATHERED else []
        whole = self._reading_s(step)
        told = Told(step, whole) if times == 1 else Told(step, whole / REPEAT_SHARE, is_repeat=True)
        return [*self.rest(), told]

    def rest(self) -> list[Told]:
        """What was gathered and has not been told yet."""
        if not self._gathered:
            return []
        newest, more = self._gathered[-1], len(self._gathered) - 1
        self._gathered.clear()
        return [Told(newest, max(READ_S, self._reading_s(newest) / REPEAT_SHARE), is_repeat=True, more=more)]

    def hear(self, steps: Sequence[Step]) -> None:
        """Steps that were made without waiting for readers."""
        for step in steps:
            if not isinstance(step.record, Observed) and self._judge.matters(step) and self._is_new(step):
                self._heard += 1
                if self._newest is None or self._weight(step) > self._weight(self._newest):
                    self._newest = step

    def unhear(self) -> None:
        self._newest, self._heard = None, 0

    def together(self) -> Told | None:
        """Of what was heard the newest write that matters, and how many more.

        That somebody is called goes before, once; then the first pod that a loop creates after somebody's act, for
        that is what it all is about; then that requests fail: it has happened to people, and is said once."""
        newest, more = self._newest, self._heard - 1
        self.unhear()
        if newest is None:
            return None
        self._awaits_pod = self._awaits_pod and not _creates_pod(newest)
        if _calls(newest):
            self._called.add((newest.actor, newest.key))
        return Told(newest, self._reading_s(newest), more=more)

    def _is_new(self, step: Step) -> bool:
        """Whoever has been called, or told no, is not told so again."""
        return not _calls(step) or (step.actor, step.key) not in self._called

    def _weight(self, step: Step) -> tuple[bool, bool, bool, bool, int]:
        creates = self._awaits_pod and _creates_pod(step)
        fails = step.key is not None and step.key.kind == "Load"
        return _calls(step), creates, isinstance(step.record, Acted | Commanded), fails, step.number

    def _reading_s(self, step: Step) -> float:
        return max(READ_S, self._reading(step, self.languages) / 1000)


def _calls(step: Step) -> bool:
    """Somebody is called, or told no."""
    if not isinstance(step.record, Differed):
        return False
    return bool(step.record.left) or any(gap.reason in REFUSALS for gap in step.record.differences)


def _creates_pod(step: Step) -> bool:
    if not isinstance(step.record, Acted):
        return False
    return any(change.ref.kind == "Pod" and change.old is None for change in step.record.result.changes)


def _sentence_of(step: Step) -> Hashable:
    """Equal for steps of which the same is said, with other names."""
    loop = step.actor.partition("/")[0]
    match step.record:
        case Observed():
            return loop, "observe", step.key.kind if step.key else ""
        case Differed(differences=differences):
            return loop, "diff", next((gap.reason for gap in differences if gap.actions), "")
        case Acted(action=action, result=result):
            return loop, "act", type(action).__name__, result.ref.kind if result.ref else "", result.ok
    return loop, type(step.record).__name__
