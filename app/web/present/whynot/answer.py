"""One answer to *why not?*, as the panel shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from app.api.breath import breathing
from app.api.objects import Obj, Ref
from app.engine.trace import Step, changes_of
from app.look import Look
from app.web.present.clock import virtual
from app.web.present.names import called
from app.web.present.words import Words


class Moment(NamedTuple):
    """A step to look at."""

    step: int
    at: str


class Answer(NamedTuple):
    ref: Ref
    about: str  # as people call it
    code: str  # the reason, as Kubernetes or the loop writes it
    text: str  # the same as a sentence
    needs: tuple[str, ...]  # what would have to change
    role: str = ""  # whose loop found it; "": the object says it
    who: str = ""
    want: str = ""
    have: str = ""
    since: Moment | None = None
    latest: Moment | None = None  # the newest look that found it, if that is another
    again: str = ""  # when it is looked at next
    depth: int = 0  # 0: of the object itself, 1: of what it owns ...
    others: tuple[str, ...] = ()  # of which the same is true


def said(ref: Ref, depth: int, code: str, text: str, needs: tuple[str, ...], _: Words) -> Answer:
    return Answer(ref, called(ref, _), code, text, needs, depth=depth)


def moment(cluster: Look, step: Step | None) -> Moment | None:
    return Moment(step.number, virtual(step.at_ms - cluster.epoch_ms)) if step is not None else None


Fact = tuple[Ref, str]
"""An object, and what is so of it."""


def began(cluster: Look, facts: Mapping[Fact, Callable[[Obj], bool]]) -> dict[Fact, Step]:
    """The write by which each began to be so, of what is so now; without those that are too long ago."""
    since: dict[Fact, Step] = {}
    going: dict[Ref, dict[Fact, Callable[[Obj], bool]]] = {}
    for fact, holds in facts.items():
        going.setdefault(fact[0], {})[fact] = holds
    for step in breathing(reversed(cluster.trace.since(0))) if going else ():
        for change in changes_of(step):
            for fact, holds in list(going.get(change.ref, {}).items()):
                if change.new is not None and holds(change.new):
                    since[fact] = step
                if change.old is None or not holds(change.old):
                    del going[change.ref][fact]
    return since
