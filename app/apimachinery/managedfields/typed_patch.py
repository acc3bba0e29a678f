"""Is the body of a server-side apply an object of its kind? Told in the words of structured-merge-diff.

`app/apimachinery/managedfields/managed_fields.py` asks before it merges. Unlike other bodies, one that is applied may
not have an unknown field in any mode of fieldValidation, and every list item must have its keys, once.

Models sigs.k8s.io/structured-merge-diff `typed/validate.go`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.api.errors import Unexplained
from app.api.objects import Obj
from app.apimachinery.managedfields import fieldset
from app.apimachinery.managedfields.fieldset import Node, Path, Unnamed
from app.apimachinery.scheme.scalars import DECODERS, text
from app.apimachinery.scheme.shapes import Field, ListOf, MapOf, Scalar, SchemaOr, Shape, Struct


def refuse_untyped(applied: Obj, node: Node) -> None:
    """Raises Unexplained with every mistake."""
    mistakes = list(_mistakes(applied, node.shape, ()))
    if not mistakes:
        return
    given = applied.get("metadata")
    meta = given if isinstance(given, dict) else {}
    namespace, name = meta.get("namespace", ""), meta.get("name", "")
    what = f"{namespace}/{name}; {applied['apiVersion']}, Kind={applied['kind']}"
    why = mistakes[0] if len(mistakes) == 1 else "\n  ".join(("errors:", *mistakes))
    raise Unexplained(f"failed to create typed patch object ({what}): {why}")


def _mistakes(value: Any, shape: Shape | None, path: Path) -> Iterator[str]:
    if value is None or shape is None:
        return
    if isinstance(shape, Struct | MapOf):
        if not isinstance(value, dict):
            yield f"{fieldset.text(path)}: expected map, got &{{{_go(value)}}}"
            return
        for key, part in value.items():
            yield from _part_mistakes(key, part, shape, (*path, f"f:{key}"))
    elif isinstance(shape, ListOf):
        if not isinstance(value, list):
            yield f"{fieldset.text(path)}: expected list, got &{{{_go(value)}}}"
            return
        for index, item in enumerate(value):
            yield from _mistakes(item, shape.of, (*path, f"i:{index}"))
    elif isinstance(shape, Scalar) and not isinstance(shape, SchemaOr):
        wrong = _wrong_scalar(value, shape.go_name)
        if wrong:
            yield f"{fieldset.text(path)}: {wrong}"


def _part_mistakes(key: str, part: Any, shape: Struct | MapOf, path: Path) -> Iterator[str]:
    if isinstance(shape, MapOf):
        yield from _mistakes(part, shape.of, path)
        return
    field = shape.fields.get(key)
    if field is not None:
        if isinstance(part, list):
            yield from _item_mistakes(part, field, path)
        else:
            yield from _mistakes(part, field.shape, path)
    elif shape.go_name and not shape.is_open:
        yield f"{fieldset.text(path)}: field not declared in schema"


def _item_mistakes(items: list[Any], field: Field, path: Path) -> Iterator[str]:
    """Of a list that is merged by item: each needs its keys, and none may come twice."""
    node = fieldset.node_of(field)
    if node.form not in ("keyed", "set") or not isinstance(field.shape, ListOf):
        yield from _mistakes(items, field.shape, path)
        return
    seen: set[str] = set()
    for index, item in enumerate(items):
        try:
            name = fieldset.element(item, node)
        except Unnamed as why:
            yield f"{fieldset.text(path)}: element {index}: {why}"
            continue
        if name in seen:
            yield f"{fieldset.text(path)}: duplicate entries for key {fieldset.text((name,))}"
        seen.add(name)
        yield from _mistakes(item, field.shape.of, (*path, name))


def _wrong_scalar(value: Any, name: str) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if name in ("int32", "int64", "float64") and not is_number:
        return f"expected numeric (int or float), got {_go_type(value)}"
    if name == "bool" and not isinstance(value, bool):
        return f"expected boolean, got &{{{_go(value)}}}"
    if DECODERS.get(name, text) is text and not isinstance(value, str):
        return f"expected string, got &value.valueUnstructured{{Value:{_go(value)}}}"
    return ""


def _go_type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, dict):
        return "map[string]interface {}"
    return "[]interface {}" if isinstance(value, list) else "string"


def _go(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_go(value[key])}" for key in sorted(value)) + "]"
    return "[" + " ".join(map(_go, value)) + "]" if isinstance(value, list) else str(value)
