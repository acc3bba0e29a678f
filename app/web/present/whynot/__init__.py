"""Why not? What holds up an object, or what it owns: what is wanted and does not happen, since when, and what would
have to change. Never narrated: each answer is read from what is recorded.

    standing   a Difference about which its loop does nothing, or whose request is refused, as it was seen last
    declared   what the objects themselves say: paused, suspended, at a limit, kept by finalizers, without endpoints
    unseen     nobody looks: a loop that is stopped, hears nothing, fails, or is not there; a machine without power
    family     the object and what it owns, whose answers are also its answers

Called for the panel of *Why?* (`room.why_of`). What is to change a loop says itself, in its `Saying.needs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from app.api.objects import Ref
from app.look import Look
from app.web.present.names import called
from app.web.present.whynot import declared, family, standing, unseen
from app.web.present.whynot.answer import Answer, Moment
from app.web.present.words import Words

__all__ = ["Answer", "Moment", "WhyNot", "of"]

SHOWN = 8  # answers; others are counted


class WhyNot(NamedTuple):
    answers: tuple[Answer, ...]
    more: int  # that are not shown


def of(cluster: Look, ref: Ref, _: Words) -> WhyNot:
    """The nearest first: nobody looks, then the object's own, then what it owns."""
    related = family.of(cluster, ref)
    found = [*unseen.of(cluster, related, _)]
    held = sorted((*declared.of(cluster, related, _), *standing.of(cluster, related, _)), key=lambda each: each.depth)
    answers = tuple(_together([*found, *held], _))
    return WhyNot(answers[:SHOWN], max(0, len(answers) - SHOWN))


def _together(answers: Iterable[Answer], _: Words) -> Iterator[Answer]:
    """Of many objects of which the same is true the first, and how many others there are."""
    groups: dict[tuple[object, ...], list[Answer]] = {}
    for each in answers:
        groups.setdefault((each.ref.kind, each.role, each.code, each.text, each.needs), []).append(each)
    for first, *others in groups.values():
        names = [called(each.ref, _) for each in others if each.ref != first.ref]
        yield first._replace(others=tuple(dict.fromkeys(names)))
