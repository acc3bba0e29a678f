"""Reading the trace: which steps a person sees, which phase they are, which reconcile they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from app.api.breath import breathing
from app.api.objects import Ref
from app.engine.trace import Acted, Commanded, Differed, Failed, Observed, Record, Result, Step, Trace, is_visible
from app.reconcile import Difference
from app.web.present.names import YOU, lane_of
from app.web.present.words import Words

PHASES = ("observe", "diff", "act")
LOOK_BACK = 500


class Reconcile(NamedTuple):
    """The steps of one run of a loop, and what they said."""

    steps: tuple[Step, ...]
    observed: Observed | None
    observation: Any
    differences: tuple[Difference, ...] | None  # None: not compared yet
    results: Mapping[tuple[int, int], tuple[Result, int]]  # (difference, action) -> result, step number
    over: bool
    failed: Failed | None = None  # the loop's own mistake, or a request that did not get through
    left: tuple[int, ...] = ()  # the places of those that are left to whoever is on call

    @property
    def role(self) -> str:
        """Whose loop it is."""
        return lane_of(self.steps[-1].actor)


def newest_steps(trace: Trace, roles: Iterable[str]) -> dict[str, Step]:
    """The newest visible step of each role."""
    missing, found = set(roles), {}
    for step in breathing(reversed(trace.since(0))):
        if not missing:
            break
        role = lane_of(step.actor)
        if role in missing and is_visible(step) and not isinstance(step.record, Commanded):
            found[role] = step
            missing.discard(role)
    return found


def newest_of(steps: Sequence[Step]) -> dict[str, Step]:
    """The same among some steps, of every role that took one of them."""
    found: dict[str, Step] = {}
    known: set[str] = set()
    for step in reversed(steps):
        if step.actor not in known and is_visible(step) and not isinstance(step.record, Commanded):
            known.add(step.actor)
            found.setdefault(lane_of(step.actor), step)
    return found


def phase_of(step: Step) -> str:
    match step.record:
        case Observed():
            return "observe"
        case Differed():
            return "diff"
        case Acted():
            return "act"
        case Failed(phase=phase):
            return "act" if phase == "crash" else phase if phase in PHASES else "observe"
    return "you" if step.actor == YOU else "act"  # what a program outside observes, and why it acts, nobody sees


def phase_title(phase: str, _: Words) -> str:
    return {"observe": _("Observe"), "diff": _("Diff"), "act": _("Act"), "you": _("You")}[phase]


def main_difference(differences: Sequence[Difference]) -> Difference | None:
    """The one that a single sentence is about: the first that does something besides writing down a status."""
    shown = foreground(differences)
    for difference in shown:
        if difference.actions and difference.field != "status":
            return difference
    for difference in shown:
        if difference.actions:
            return difference
    return shown[0] if shown else None


def foreground(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """Without the housekeeping (heartbeats, timers that go on in a quiet cluster), if there is anything else."""
    real = tuple(difference for difference in differences if differs(difference))
    return tuple(difference for difference in real if not difference.background) or real


def differs(difference: Difference) -> bool:
    """A timer alone is no gap: both sides are the same then."""
    return bool(difference.desired != difference.observed)


def reconcile_of(trace: Trace, step: Step) -> Reconcile:
    """Walks from a step back to the Observed that began its reconcile."""
    steps = [step]
    current: Step | None = step
    while current is not None and not _begins(current):
        current = _before(trace, current)
        if current is not None:
            steps.append(current)
    steps.reverse()
    first, last = steps[0].record, step.record
    observed = first if isinstance(first, Observed) else None
    differences = last.differences if isinstance(last, Differed | Acted) else None
    of = last if isinstance(last, Observed | Differed | Acted) else observed
    failed = last if isinstance(last, Failed) else None
    observation = of.observation if of is not None else None
    acted = {
        (s.record.difference, s.record.index): (s.record.result, s.number) for s in steps if isinstance(s.record, Acted)
    }
    left = next((s.record.left for s in steps if isinstance(s.record, Differed)), ())
    return Reconcile(tuple(steps), observed, observation, differences, acted, _is_over(last), failed, left)


def _begins(step: Step) -> bool:
    """The first step of a reconcile."""
    return isinstance(step.record, Observed) or (isinstance(step.record, Failed) and step.record.phase != "diff")


def _before(trace: Trace, step: Step) -> Step | None:
    """The step of the same reconcile before this one: usually its cause, else the nearest of actor and key."""
    cause = trace.get(step.cause) if step.cause else None
    if cause is not None and cause.actor == step.actor and cause.key == step.key and is_phase(cause):
        return cause
    for number in range(step.number - 1, max(0, step.number - LOOK_BACK), -1):
        other = trace.get(number)
        if other is None:
            return None
        if other.actor == step.actor and other.key == step.key and is_phase(other):
            return other
    return None


def is_phase(step: Step) -> bool:
    return isinstance(step.record, Observed | Differed | Acted | Failed)


def _is_over(record: Record) -> bool:
    if isinstance(record, Observed):
        return record.observation is None
    if isinstance(record, Differed):
        return not any(gap.actions for place, gap in enumerate(record.differences) if place not in record.left)
    return isinstance(record, Failed) or (isinstance(record, Acted) and record.last)


def refs_of(step: Step) -> tuple[Ref, ...]:
    """The objects a step wrote."""
    match step.record:
        case Acted(result=result):
            return (result.ref,) if result.ref else ()
        case Commanded(results=results):
            return tuple(written.ref for written in results)
    return ()
