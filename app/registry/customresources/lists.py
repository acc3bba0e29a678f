"""Lists that are sets or maps: nothing is in them twice. And the metadata of objects inside of objects.

Models apiextensions-apiserver `pkg/apiserver/schema/listtype` and `pkg/apiserver/schema/objectmeta`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.api.errors import Cause
from app.apimachinery.scheme.custom_shapes import EMBEDDED, Schema
from app.apimachinery.scheme.scalars import json_text
from app.registry.validation import causes, metadata


def check(value: Any, schema: Schema, path: str = "") -> Iterator[Cause]:
    if isinstance(value, list):
        yield from _twice(value, schema, path)
        items = schema.get("items")
        for index, item in enumerate(value) if isinstance(items, Mapping) else ():
            yield from check(item, items, f"{path}[{index}]")  # type: ignore[arg-type]
    elif isinstance(value, Mapping):
        if schema.get(EMBEDDED):
            yield from _embedded(value, path)
        properties, others = schema.get("properties") or {}, schema.get("additionalProperties")
        for name, item in value.items():
            if name in properties:
                yield from check(item, properties[name], f"{path}.{name}" if path else name)
            elif isinstance(others, Mapping):
                yield from check(item, others, f"{path}[{name}]")


def _twice(value: list[Any], schema: Schema, path: str) -> Iterator[Cause]:
    how = schema.get("x-kubernetes-list-type", "atomic")
    if how == "atomic":
        return
    names = value
    if how == "map":
        keys = schema.get("x-kubernetes-list-map-keys") or ()
        if any(item is not None and not isinstance(item, Mapping) for item in value):
            return  # the wrong type, and said to be
        names = [{key: item[key] for key in keys if key in (item or {})} for item in value]
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        text = json_text(name)
        seen[text] = seen.get(text, 0) + 1
        if seen[text] == 2:
            yield causes.duplicate(f"{path}[{index}]", name)


def _embedded(value: Mapping[str, Any], path: str) -> Iterator[Cause]:
    for name in ("apiVersion", "kind"):
        given = value.get(name)
        if given is None:
            yield causes.required(f"{path}.{name}")
        elif not isinstance(given, str):
            yield causes.invalid(f"{path}.{name}", given, "must be a string")
        elif not given:
            yield causes.invalid(f"{path}.{name}", given, "must not be empty")
    if isinstance(value.get("metadata"), Mapping):
        yield from metadata.check_embedded(value["metadata"], f"{path}.metadata")
