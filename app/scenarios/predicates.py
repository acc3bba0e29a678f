"""What may be asked of a cluster that runs: of its objects, of the steps that were made, of the time that has passed.

A predicate is a value, and asking it changes nothing. Because some of what is asked happens between two looks (*a step
was made*, *it has been so*), a predicate is walked over the steps: `after(moment)` is what is left to be asked after
that step, and `holds(moment)` whether it is so at that moment. Milestones of scripts are such questions (progress.py),
and what a step needs (deeds.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, NamedTuple

from app.api.breath import breathing
from app.api.errors import TooManyRequests
from app.api.objects import Ref, kind_of
from app.commands import Drain
from app.engine.trace import Acted, Commanded, Differed, Failed, Fired, Observed, Record, Step, Waited
from app.look import Look
from app.scenarios.selecting import Comparison, Selector

_PHASES: dict[type[Record], str] = {
    Observed: "observe",
    Differed: "diff",
    Acted: "act",
    Waited: "wait",
    Failed: "failed",
    Commanded: "command",
    Fired: "fired",
}
ALERT = "alert"  # a diff that is left to whoever is on call
PHASES = (*_PHASES.values(), ALERT)


class Moment(NamedTuple):
    """The cluster right after a step."""

    number: Callable[[Selector, int], int]  # objects that are meant; of new ones, those made since then
    now_ms: int
    step: Step | None = None  # the one that was just made
    touched: frozenset[str] = frozenset()  # kinds of which it changed an object
    since_ms: int = 0  # when one began to ask
    at_rest: bool = False


class Predicate(ABC):
    """Those that are made of others have them as their `parts`, and their own answer from those of the parts."""

    parts: tuple[Predicate, ...] = ()

    @cached_property
    def kinds(self) -> frozenset[str]:
        """Of the objects that it asks about."""
        return frozenset[str]().union(*(part.kinds for part in self.parts))

    @cached_property
    def is_restless(self) -> bool:
        """Its answer may change though no object does."""
        return any(part.is_restless for part in self.parts)

    def after(self, moment: Moment) -> Predicate:
        """What is left to be asked; itself if that step is nothing to it."""
        left = tuple(part.after(moment) for part in self.parts)
        changed = any(part is not before for part, before in zip(left, self.parts, strict=True))
        return type(self)(left) if changed else self  # type: ignore[call-arg]

    def due_ms(self, since_ms: int) -> int | None:
        """The moment that it waits for; None: it does not wait for time to pass. `since_ms`: when one began to ask."""
        return max((due for part in self.parts if (due := part.due_ms(since_ms)) is not None), default=None)

    @abstractmethod
    def holds(self, moment: Moment) -> bool: ...


@dataclass(frozen=True)
class Always(Predicate):
    """It has come true and stays so."""

    def holds(self, moment: Moment) -> bool:
        return True


@dataclass(frozen=True)
class Objects(Predicate):
    """So many objects are as the selector says."""

    selector: Selector
    count: Comparison

    @cached_property
    def kinds(self) -> frozenset[str]:
        return frozenset((self.selector.kind,))

    def holds(self, moment: Moment) -> bool:
        return self.count.holds((moment.number(self.selector, moment.since_ms),))


@dataclass(frozen=True)
class Happened(Predicate):
    """A loop, or you, made such a step. What is not said ("" or None) may be anything."""

    loop: str
    phase: str = ""
    reason: str = ""  # of a Difference that was found or acted on, of waiting, or why it was woken
    action: str = ""  # "Create", "Delete", "Bind", ...
    kind: str = ""  # of the object that it was about
    name: str = ""
    do: str = ""  # the command
    code: Comparison | None = None  # of the API server's answer

    def after(self, moment: Moment) -> Predicate:
        return Always() if moment.step is not None and self.tells_of(moment.step) else self

    def holds(self, moment: Moment) -> bool:
        return False

    def tells_of(self, step: Step) -> bool:
        """Whether that step is such a one."""
        record, actor = step.record, step.actor
        if self.loop not in (actor, actor.partition("/")[0]) or type(record) not in _PHASES:
            return False
        if self.phase and self.phase != _PHASES[type(record)] and not (self.phase == ALERT and _calls(record)):
            return False
        return (
            (not self.reason or self.reason in _reasons(record))
            and (not self.action or self.action == _action(record))
            and (not self.do or self.do == _command(record))
            and (self.code is None or self.code.holds(_codes(record)))
            and self._is_about(_about(step))
        )

    def _is_about(self, about: Iterable[Ref]) -> bool:
        if not self.kind and not self.name:
            return True
        return any(
            (not self.kind or self.kind == ref.kind) and (not self.name or fnmatchcase(ref.name, self.name))
            for ref in about
        )


def _calls(record: Record) -> bool:
    return isinstance(record, Differed) and bool(record.left)


def _reasons(record: Record) -> tuple[str, ...]:
    if isinstance(record, Acted):
        return (record.differences[record.difference].reason,)
    if isinstance(record, Differed):
        return tuple(difference.reason for difference in record.differences)
    return (record.why,) if isinstance(record, Waited | Fired) else ()


def _action(record: Record) -> str:
    return type(record.action).__name__ if isinstance(record, Acted) else ""


def _command(record: Record) -> str:
    return str(record.command.do) if isinstance(record, Commanded) else ""


def _codes(record: Record) -> tuple[int, ...]:
    if isinstance(record, Acted):
        return (record.result.code,)
    if not isinstance(record, Commanded):
        return ()
    if record.refusal is not None:
        return (record.refusal.code,)
    codes = tuple(written.code for written in record.results)
    return (*codes, TooManyRequests.code) if keeps_some(record) else codes


def keeps_some(record: Record) -> bool:
    """A drain goes on when pods may not be evicted, and only says so."""
    return isinstance(record, Commanded) and isinstance(record.command, Drain) and bool(Drain.kept(record.results))


def _about(step: Step) -> tuple[Ref, ...]:
    record = step.record
    if isinstance(record, Acted):
        return tuple(ref for ref in (record.result.ref, _target(record.action)) if ref is not None)
    if isinstance(record, Commanded) and record.results:
        return tuple(written.ref for written in record.results)
    return (step.key,) if step.key is not None else ()


def _target(action: Any) -> Ref | None:
    """What an action is about, though it failed; a name that the API server would have given is "" then."""
    ref, obj = getattr(action, "ref", None), getattr(action, "obj", None)
    if isinstance(ref, Ref) or obj is None:
        return ref
    meta = obj["metadata"]
    return Ref(kind_of(obj), meta.get("namespace", ""), meta.get("name", ""))


@dataclass(frozen=True)
class Elapsed(Predicate):
    """So much virtual time has passed since one began to ask."""

    ms: int

    @cached_property
    def is_restless(self) -> bool:
        return True

    def holds(self, moment: Moment) -> bool:
        return moment.now_ms >= moment.since_ms + self.ms

    def due_ms(self, since_ms: int) -> int | None:
        return since_ms + self.ms


@dataclass(frozen=True)
class AtRest(Predicate):
    """Nothing is left to do. Known only of the newest step."""

    @cached_property
    def is_restless(self) -> bool:
        return True

    def holds(self, moment: Moment) -> bool:
        return moment.at_rest


@dataclass(frozen=True)
class All(Predicate):
    parts: tuple[Predicate, ...]

    def holds(self, moment: Moment) -> bool:
        return all(part.holds(moment) for part in self.parts)


@dataclass(frozen=True)
class AnyOf(Predicate):
    parts: tuple[Predicate, ...]

    def holds(self, moment: Moment) -> bool:
        return any(part.holds(moment) for part in self.parts)


@dataclass(frozen=True)
class Not(Predicate):
    parts: tuple[Predicate]

    def holds(self, moment: Moment) -> bool:
        return not self.parts[0].holds(moment)

    def due_ms(self, since_ms: int) -> int | None:
        return None


@dataclass(frozen=True)
class Ever(Predicate):
    """It is so, or has been so since one began to ask."""

    parts: tuple[Predicate]

    def after(self, moment: Moment) -> Predicate:
        left = super().after(moment)
        concerns = left is not self or self.is_restless or moment.touched & self.kinds
        return Always() if concerns and left.holds(moment) else left

    def holds(self, moment: Moment) -> bool:
        return self.parts[0].holds(moment)


def now(look: Look) -> Moment:
    """The cluster as it is, with no step to tell of."""

    def count(selector: Selector, since_ms: int) -> int:
        return sum(selector.selects(obj, since_ms) for obj in breathing(look.objects(selector.kind)))

    return Moment(count, look.now_ms, at_rest=look.at_rest)
