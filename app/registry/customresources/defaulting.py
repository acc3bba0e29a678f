"""The fields that a schema fills in where people leave them out.

A null where the schema allows none is the same as nothing there: it is taken away, or replaced by the default. Both are
idempotent, copy only the path they change, and answer the very value they were given when there is nothing to do.
Models apiextensions-apiserver `pkg/apiserver/schema/defaulting`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api.objects import Obj
from app.apimachinery.scheme.custom_shapes import META_FIELDS, Schema

_NOTHING: Schema = {}


def filled_in(obj: Obj, schema: Schema) -> Obj:
    """An object of the kind that has this schema; what every object has is none of the schema's business."""
    inside = {name: each for name, each in (schema.get("properties") or {}).items() if name not in META_FIELDS}
    filled: Obj = value_filled_in(obj, {**schema, "properties": inside})
    return filled


def value_filled_in(value: Any, schema: Schema) -> Any:
    if isinstance(value, Mapping):
        return _map(value, schema)
    if isinstance(value, list):
        items = schema.get("items")
        items = items if isinstance(items, Mapping) else _NOTHING
        new = [value_filled_in(_replaced(item, items), items) for item in value]
        return value if all(now is was for now, was in zip(new, value, strict=True)) else new
    return value


def _map(value: Mapping[str, Any], schema: Schema) -> Any:
    properties: Mapping[str, Schema] = schema.get("properties") or _NOTHING
    values = schema.get("additionalProperties")
    others = values if isinstance(values, Mapping) else None
    new: dict[str, Any] = {}
    for name, item in value.items():
        inside = properties.get(name, others)
        if inside is None:
            new[name] = item
            continue
        item = _replaced(item, inside)
        if item is not None or inside.get("nullable"):
            new[name] = value_filled_in(item, inside)
    for name, inside in properties.items():
        if name not in new and "default" in inside:
            new[name] = value_filled_in(inside["default"], inside)
    same = new.keys() == value.keys() and all(new[name] is item for name, item in value.items())
    return value if same else new


def _replaced(item: Any, schema: Schema) -> Any:
    return schema.get("default") if item is None and not schema.get("nullable") else item
