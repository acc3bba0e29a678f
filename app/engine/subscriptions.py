"""Who is told of a change: the informers that watch its kind, found without asking every one of them.

The engine asks for every change. Informers that select by a field (`spec.nodeName=node-1`) stand under their value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.api.objects import Obj, get_path
from app.apiserver.store import Change
from app.engine.informer import Informer

Subscription = tuple[str, Informer]  # actor, informer


class Subscriptions:
    def __init__(self) -> None:
        self._everyone: dict[str, list[Subscription]] = {}  # kind -> informers that watch all of it
        self._selective: dict[str, dict[str, dict[str, list[Subscription]]]] = {}  # kind -> field -> value -> informers

    def add(self, actor: str, informers: Mapping[str, Informer]) -> None:
        for kind, informer in informers.items():
            if informer.cache.field_selector is None:
                self._everyone.setdefault(kind, []).append((actor, informer))
            else:
                field, value = informer.cache.field_selector
                by_value = self._selective.setdefault(kind, {}).setdefault(field, {})
                by_value.setdefault(value, []).append((actor, informer))

    def remove(self, actor: str) -> None:
        selective = [by_value for fields in self._selective.values() for by_value in fields.values()]
        for group in (self._everyone, *selective):
            for key, informers in group.items():
                group[key] = [(name, informer) for name, informer in informers if name != actor]

    def drop(self, actor: str, kind: str) -> None:
        """It watches that kind no more; its other subscriptions stay."""
        groups = [self._everyone, *self._selective.get(kind, {}).values()]
        for group in groups:
            for key, informers in group.items():
                group[key] = [pair for pair in informers if pair[0] != actor or pair[1].kind != kind]

    def held(self) -> dict[str, Any]:
        """The names of the actors."""
        selective = {
            kind: {
                field: {value: _actors(group) for value, group in by_value.items()}
                for field, by_value in fields.items()
            }
            for kind, fields in self._selective.items()
        }
        return {"everyone": {kind: _actors(group) for kind, group in self._everyone.items()}, "selective": selective}

    def resume(self, held: Mapping[str, Any], informer_of: Callable[[str, str], Informer]) -> None:
        """`informer_of` gives the informer of (actor, kind). Raises KeyError if there is none."""
        for kind, actors in held["everyone"].items():
            self._everyone[kind] = [(actor, informer_of(actor, kind)) for actor in actors]
        for kind, fields in held["selective"].items():
            for field, by_value in fields.items():
                self._selective.setdefault(kind, {})[field] = {
                    value: [(actor, informer_of(actor, kind)) for actor in actors] for value, actors in by_value.items()
                }

    def copy(self, informer_of: Callable[[str, str], Informer]) -> Subscriptions:
        """In the same order. `informer_of` gives the informer of (actor, kind) that stands for the one here."""
        copied = Subscriptions()
        copied._everyone = {kind: _copied(group, informer_of) for kind, group in self._everyone.items()}
        copied._selective = {
            kind: {
                field: {value: _copied(group, informer_of) for value, group in by_value.items()}
                for field, by_value in fields.items()
            }
            for kind, fields in self._selective.items()
        }
        return copied

    def watching(self, change: Change) -> list[Subscription]:
        """Those that the change may concern; whether it does says each informer."""
        kind = change.ref.kind
        found = self._everyone.get(kind, [])
        for field, by_value in self._selective.get(kind, {}).items():
            before, after = _value(change.old, field), _value(change.new, field)
            found = [*found, *by_value.get(after, ())]
            if before != after:
                found += by_value.get(before, ())
        return found


def _actors(group: list[Subscription]) -> list[str]:
    return [actor for actor, _informer in group]


def _copied(group: list[Subscription], informer_of: Callable[[str, str], Informer]) -> list[Subscription]:
    return [(actor, informer_of(actor, informer.kind)) for actor, informer in group]


def _value(obj: Obj | None, field: str) -> Any:
    return get_path(obj, field) if obj is not None else None
