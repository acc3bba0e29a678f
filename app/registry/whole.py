"""Objects as Go would write them: what a client left out is there all the same, empty.

A struct that is no pointer cannot be absent: whoever patches a spec away leaves an empty one. The loops read one
another's statuses without asking whether a condition has a type. A client that writes through `/status` (an operator,
`kubectl patch --subresource=status`) need not know that, so the server completes what it sends. Times that are missing
are the time of the write here, and null in Kubernetes.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from app.api import times
from app.api.objects import Obj
from app.apimachinery.scheme import shapes
from app.apimachinery.scheme.shapes import Field, ListOf, MapOf, Shape, Struct

_NUMBERS = ("int32", "int64", "float64")


def whole_object(obj: Obj, shape: Struct) -> Obj:
    """`obj` itself if none of its parts is missing; its status is the server's own, see `whole_status`."""
    missing = [name for name in _parts(shape) if obj.get(name) is None]
    return {**obj, **{name: {} for name in missing}} if missing else obj


@cache
def _parts(shape: Struct) -> tuple[str, ...]:
    owned = ("metadata", "status")
    return tuple(name for name, field in shape.fields.items() if "value" in field.words and name not in owned)


def whole_status(obj: Obj, now_ms: int) -> Obj:
    """`obj` itself if its status lacks nothing."""
    field = shapes.fields_of(shapes.struct_of(obj["apiVersion"], obj["kind"]).go_name).get("status")
    if field is None or not isinstance(obj.get("status"), dict):
        return obj
    status = _whole(obj["status"], field.shape, times.rfc3339(now_ms))
    return obj if status is obj["status"] else {**obj, "status": status}


def _whole(value: Any, shape: Shape, now: str) -> Any:
    if isinstance(shape, ListOf) and isinstance(value, list):
        items = [_whole(item, shape.of, now) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    if not isinstance(shape, Struct) or not isinstance(value, dict):
        return value
    fields = shapes.fields_of(shape.go_name)
    new = {name: _whole(item, fields[name].shape, now) if name in fields else item for name, item in value.items()}
    lacking = {name: _empty(field, now) for name, field in fields.items() if value.get(name) is None and _is_due(field)}
    same = not lacking and all(new[name] is item for name, item in value.items())
    return value if same else {**new, **lacking}


def _is_due(field: Field) -> bool:
    return (
        field.required
        or "value" in field.words
        or (field.shape.go_name == "Time" and field.name.startswith(("last", "started", "finished")))
    )


def _empty(field: Field, now: str) -> Any:
    shape = field.shape
    if isinstance(shape, Struct):
        return _whole({}, shape, now)
    if isinstance(shape, ListOf | MapOf):
        return [] if isinstance(shape, ListOf) else {}
    if shape.go_name in ("Time", "MicroTime"):
        return now
    return 0 if shape.go_name in _NUMBERS else False if shape.go_name == "bool" else ""
