"""A child as it is wanted, laid over the child as it is: only what is declared counts, as with `kubectl apply`.

What was declared last time is kept in an annotation, so that a field which is declared no more goes. Lists of maps are
matched by the key that all their items have, whatever their kind, so that custom kinds need no schema for it.
Models the Metacontroller's dynamic/apply/apply.go, with its annotation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from app.api.objects import Obj, annotations_of, with_metadata

LAST_APPLIED = "metacontroller.k8s.io/last-applied-configuration"
_MERGE_KEYS = ("containerPort", "port", "name", "uid", "ip")


class Changed(NamedTuple):
    """A field that differs. `path` is for people: `spec.template.spec.containers`."""

    path: str
    old: Any
    new: Any


def declared(wanted: Obj) -> Obj:
    """`wanted` as it is to be created: with what it declares in its annotation, nulls left out."""
    wanted = without_nulls(wanted)
    text = json.dumps(wanted, sort_keys=True, separators=(",", ":"))
    return with_metadata(wanted, annotations={**annotations_of(wanted), LAST_APPLIED: text})


def applied(current: Obj, wanted: Obj) -> Obj:
    """`current` with all that `wanted` declares, and without what was declared before and is no more."""
    return {**_merged(current, _declared_before(current), declared(wanted))}


def changes(old: Any, new: Any, path: str = "") -> Iterator[Changed]:
    """The fields that differ, those that people write before the annotation that keeps them."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}, key=lambda name: (name == LAST_APPLIED, name == "metadata", name)):
            yield from changes(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif old != new:
        yield Changed(path, old, new)


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def _declared_before(current: Obj) -> Any:
    try:
        return json.loads(annotations_of(current).get(LAST_APPLIED) or "{}")
    except (ValueError, RecursionError):
        return {}


def _merged(current: Any, before: Any, wanted: Any) -> Any:
    if isinstance(wanted, dict) and isinstance(current, dict):
        said = before if isinstance(before, dict) else {}
        kept = {key: value for key, value in current.items() if key in wanted or key not in said}
        return {**kept, **{key: _merged(current.get(key), said.get(key), each) for key, each in wanted.items()}}
    if isinstance(wanted, list) and isinstance(current, list):
        said_items = before if isinstance(before, list) else []
        key = _merge_key(current, said_items, wanted)
        return _merged_list(current, said_items, wanted, key) if key else wanted
    return wanted


def _merge_key(*lists: list[Any]) -> str:
    """The key by which all items of these lists can be told apart; "" if there is none."""
    items = [item for each in lists for item in each]
    if not items or not all(isinstance(item, dict) for item in items):
        return ""
    for key in _MERGE_KEYS:
        if all(isinstance(item.get(key), (str, int)) for item in items):
            is_unique = all(len({item[key] for item in each}) == len(each) for each in lists)
            return key if is_unique else ""
    return ""


def _merged_list(current: list[Any], before: list[Any], wanted: list[Any], key: str) -> list[Any]:
    """Items that stay where they are, then those that are new."""
    there, said, new = ({item[key]: item for item in items} for items in (current, before, wanted))
    kept = [name for name in there if name in new or name not in said]
    added = [name for name in new if name not in there]
    return [
        _merged(there.get(name), said.get(name), new[name]) if name in new else there[name] for name in (*kept, *added)
    ]
