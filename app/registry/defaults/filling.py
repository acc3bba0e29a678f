"""Filling in what an object lacks, copying only the path that changes.

The defaults call these; each answers the very value it was given when there is nothing to add.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.api.objects import Obj


def filled(value: Mapping[str, Any], defaults: Mapping[str, Any], text: bool = False) -> Obj:
    """`value` with what it lacks of `defaults`; "" lacks too, unless "" is the default (`text`)."""
    lacking = {key: item for key, item in defaults.items() if value.get(key) is None or (value[key] == "" and not text)}
    return {**value, **lacking} if lacking or not isinstance(value, dict) else value


def having(value: Obj, key: str, item: Any) -> Obj:
    """`value` with `value[key]` being `item`."""
    return value if key in value and (value[key] is item or value[key] == item) else {**value, key: item}


def without(value: Obj, *keys: str) -> Obj:
    """`value` with none of these."""
    return {key: item for key, item in value.items() if key not in keys} if value.keys() & set(keys) else value


def inside(value: Obj, key: str, change: Callable[[Obj], Obj]) -> Obj:
    """`change` applied to `value[key]`, if that is there."""
    return having(value, key, change(value[key])) if key in value else value


def each(value: Obj, key: str, change: Callable[[Obj], Obj]) -> Obj:
    """`change` applied to each item of the list `value[key]`, if that is there."""
    items: Iterable[Obj] | None = value.get(key)
    return having(value, key, [change(item) for item in items]) if items else value
