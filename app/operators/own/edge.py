"""The edge-triggered form, to see it lose what a level-triggered one keeps: `on_change(event)` is told of each change
of a parent and its children, once, and says what to do about it.

    event   {"type": "ADDED" | "MODIFIED" | "DELETED", "object": {...}, "parent": {...}}, if MODIFIED with "old": {...}
    answer  {"children": [...], "delete": [...]}: what to make or change, and the names of children to delete

What has happened follows from what it remembers of the last time. It takes the events off first and acts then, as a
program does that is called back: what fails is not tried again, and what happens while it is away it never hears of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from app.api.objects import Obj, Ref, is_terminating, ref_of, uid_of
from app.operators.own import applying, wanted
from app.operators.own.controller import OwnController, OwnSeen, missing, named, not_wanted, plain, prints, update
from app.operators.own.wanted import Wanted
from app.reconcile import Difference, Remember, TextMistake

_FUNCTION = "on_change"


class Known(NamedTuple):
    """What it has heard of: a parent and its children, as they were then."""

    objects: tuple[Obj, ...]

    def __str__(self) -> str:
        return ", ".join(named(ref_of(obj)) for obj in self.objects)


class EdgeController(OwnController):
    def diff(self, seen: OwnSeen) -> Iterable[Difference]:
        now = (seen.parent, *seen.children)
        events = list(_events(seen.memory.objects if isinstance(seen.memory, Known) else (), now))
        if events:
            told = ", ".join(f"{event['type']} {named(ref_of(event['object']))}" for event in events)
            taken = (Remember(Known(now)),)
            yield Difference(ref_of(seen.parent), "events", told, None, "EventsTaken", taken)
        if is_terminating(seen.parent):
            return
        for event in events:
            value, printed = self._ask(_FUNCTION, seen, {**event, "parent": plain(seen.parent)})
            yield from prints(seen, printed)
            yield from _answered(seen, value)


def _events(before: Sequence[Obj], now: Sequence[Obj]) -> Iterator[dict[str, Any]]:
    was, is_ = ({(ref_of(obj), uid_of(obj)): obj for obj in each} for each in (before, now))
    for identity, obj in was.items():
        if identity not in is_:
            yield {"type": "DELETED", "object": plain(obj)}
    for identity, obj in is_.items():
        if identity not in was:
            yield {"type": "ADDED", "object": plain(obj)}
        elif was[identity] != obj:
            yield {"type": "MODIFIED", "object": plain(obj), "old": plain(was[identity])}


def _answered(seen: OwnSeen, value: Any) -> Iterator[Difference]:
    """What one event makes it do; nothing if it returns nothing. Raises TextMistake."""
    if value is None:
        return
    if not isinstance(value, dict):
        raise TextMistake(f"{_FUNCTION} returned no dict with children and delete")
    rest = {key: each for key, each in value.items() if key != "delete"}
    want = wanted.read(rest, seen.parent, seen.kinds, seen.cluster_kinds, has_status=False, function=_FUNCTION)
    there = {ref_of(child): child for child in seen.children}
    yield from _written(seen, want, there)
    for name in _deleted(value.get("delete")):
        yield from (not_wanted(seen.parent, child) for ref, child in there.items() if ref.name == name)


def _written(seen: OwnSeen, want: Wanted, there: dict[Ref, Obj]) -> Iterator[Difference]:
    for ref, child in want.children.items():
        if ref not in there:
            yield missing(seen.parent, ref, child)
        elif (new := applying.applied(there[ref], child)) != there[ref]:
            first = next(applying.changes(there[ref], new))
            actions = (update(seen.parent, new),)
            yield Difference(ref, first.path, first.new, first.old, "ChildDiffers", actions)


def _deleted(names: Any) -> list[str]:
    if names is None:
        return []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TextMistake(f"what {_FUNCTION} wants to delete is not a list of names")
    return names
