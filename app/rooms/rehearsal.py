"""A script played to its end with nobody watching, at full speed: does it keep its promises, and how long does it take?

`loopscope check-script` and the tests call it. No thread, no wall clock: a rehearsal is the same every time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from app.api import errors
from app.cluster import INSTALLS, YOU, Cluster
from app.commands import Apply, SetLatencies
from app.engine.trace import Failed, Step
from app.look import Look
from app.rooms.beginnings import prepared
from app.rooms.playing import Pressed, ask_again, comes_to_rest, prepare, press
from app.scenarios import Scenario
from app.scenarios.places import Known
from app.scenarios.progress import Progress

LONGEST_MS = 3_600_000  # virtual time that is given to the milestones of one step
PREVENTED_MS = 600_000  # and to those that should not come
MOST_STEPS = 100_000
STRIDE = 16  # steps between two looks whether it is done


def known(look: Look) -> Known:
    """The kinds and the loops that a script may name."""
    loops = {actor.partition("/")[0] for actor in look.actors}
    return Known(frozenset(kind.key for kind in look.scheme.kinds()), frozenset((*loops, YOU)))


def empty() -> Look:
    """A cluster in which every operator runs and nobody has declared anything else."""
    cluster = Cluster()
    for manifests in INSTALLS.values():
        cluster.submit(Apply(manifests))
    cluster.run()
    return cluster


class Played(NamedTuple):
    """One step of a script, pressed and waited for."""

    number: int
    pressed: Pressed
    reached: Sequence[tuple[str, int]]  # milestones, and how many milliseconds after the press
    missed: Sequence[str]  # milestones that did not come
    mistakes: Sequence[str]  # of loops, meanwhile
    is_granted: bool  # though the lesson wants a refusal

    @property
    def refusal(self) -> errors.ApiError | None:
        """One that the lesson does not want."""
        return None if self.pressed.expected else self.pressed.refusal

    @property
    def went_well(self) -> bool:
        return not (self.missed or self.mistakes or self.refusal or self.is_granted)


class Rehearsal:
    """A room without viewers, in which one plays."""

    def __init__(self, scenario: Scenario, watch: Callable[[Step], None] = lambda step: None) -> None:
        """`watch` is shown each step right after it was made, but for those that only bring about what is needed."""
        self.cluster: Cluster = prepared(scenario)
        self.script = Progress(scenario, self.cluster)
        self._watch = watch

    def play(self, order: Sequence[int]) -> Iterator[Played]:
        """Presses the steps in that order, each after the milestones of the one before it."""
        for index in order:
            yield self.press(index)

    def press(self, index: int) -> Played:
        since = self.cluster.trace.count
        pressed = press(self.script, self.cluster, index)
        self._show(pressed)
        self._wait_for(index)
        begun = self.script.press_of(index)
        reached = [(each.id, each.at_ms - begun.at_ms) for each in begun.reached] if begun else []
        missed = [id for id, _when in begun.left] if begun else [each.id for each in self.script.step(index).milestones]
        mistakes = [_told(step) for step in self.cluster.trace.since(since) if _is_mistake(step)]
        is_granted = self.script.step(index).expects_refusal and not pressed.expected
        return Played(index, pressed, reached, missed, mistakes, is_granted)

    def comes_by_itself(self, index: int) -> bool:
        """Whether the step would be done though its commands never arrive: then its milestones say nothing of it."""
        if prepare(self.script, self.cluster, index) is not None:
            return False
        self.script.press(index, self.cluster)
        self.cluster.submit(SetLatencies(self.cluster.latencies))  # something is done, and it changes nothing
        self._wait_for(index, PREVENTED_MS)
        return self.script.done(index)

    def _wait_for(self, index: int, longest_ms: int = LONGEST_MS) -> None:
        latest_ms = self.cluster.now_ms + longest_ms
        for made in range(MOST_STEPS):
            if made % STRIDE == 0:
                self.script.follow(self.cluster)
                if self.script.done(index):
                    return
            self._show(ask_again(self.script, self.cluster, is_idle=comes_to_rest(self.cluster)))
            if comes_to_rest(self.cluster) or self.cluster.now_ms > latest_ms:
                break
            if (step := self.cluster.step()) is not None:
                self._watch(step)
        self.script.follow(self.cluster)

    def _show(self, pressed: Pressed | None) -> None:
        for step in pressed.steps if pressed else ():
            self._watch(step)


def _is_mistake(step: Step) -> bool:
    return isinstance(step.record, Failed) and not step.record.code


def _told(step: Step) -> str:
    assert isinstance(step.record, Failed)
    return f"{step.actor}: {step.record.error} ({step.record.where})"
