"""What fields an object of some shape may have, and of which type.

The scheme decodes what people send with `decoded`, patches ask `list_strategy` and `map_strategy`, explain and the
editor ask `type_at`, `fields_at` and `suggest`. Models the decoder of kubernetes/apimachinery
`pkg/runtime/serializer/json` over sigs.k8s.io/json.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Any

from app.api.errors import BadRequest, Cause
from app.api.objects import Obj
from app.apimachinery.scheme import scalars
from app.apimachinery.scheme.scalars import Problems
from app.apimachinery.scheme.shapes import (
    Field,
    ListOf,
    ListStrategy,
    MapOf,
    Shape,
    Struct,
    root_types,
    table,
)

__all__ = [
    "ITEM",
    "DecodingError",
    "Field",
    "ListStrategy",
    "cannot_be_handled",
    "decoded",
    "fields_at",
    "is_named_string",
    "kinds",
    "known",
    "list_strategy",
    "map_strategy",
    "named_values",
    "split_path",
    "struct_at",
    "suggest",
    "type_at",
    "type_meta",
]

ITEM = "[]"  # in a path: an item of a list
_MAX_UNKNOWN_FIELDS = 100  # as sigs.k8s.io/json


class DecodingError(BadRequest):
    """400. `problems` name every field that is wrong, for the editor; on the wire goes only the sentence."""

    def __init__(self, message: str, problems: Iterable[Cause] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


# ---------------------------------------------------------------------------------------------- decoding


def decoded(doc: Any, shape: Struct) -> tuple[Obj, list[Cause]]:
    """The object of this shape that `doc` (parsed JSON or YAML) is, in a new dict: null, "", [] and {} dropped where Go
    drops them, quantities canonical. And the unknown fields, which are left out. Raises DecodingError in Kubernetes'
    words for a wrong type."""
    api_version, kind = type_meta(doc)
    found = Problems()
    try:
        obj: Obj = shape.decode(doc, None, found)
    except RecursionError:
        raise DecodingError(cannot_be_handled(kind, api_version, "exceeded max depth")) from None
    if found.wrong:
        problems = [*found.wrong, *found.unknown]
        raise DecodingError(cannot_be_handled(kind, api_version, found.wrong[0].message), problems)
    obj.setdefault("metadata", {})
    return obj, found.unknown[:_MAX_UNKNOWN_FIELDS]


def type_meta(doc: Any) -> tuple[str, str]:
    """(apiVersion, kind) of a parsed document. Raises DecodingError if one is missing or is no text."""
    if not isinstance(doc, Mapping):
        raise DecodingError(
            f"json: cannot unmarshal {scalars.json_type(doc)} into Go value of type map[string]interface {{}}"
        )
    for name, go_name in (("kind", "Kind"), ("apiVersion", "APIVersion")):
        value = doc.get(name)
        if value is None or value == "":
            raise DecodingError(
                f"Object '{go_name}' is missing in '{_excerpt(doc)}'",
                [Cause(name, "FieldValueRequired", "Required value")],
            )
        if not isinstance(value, str):
            text = f"json: cannot unmarshal {scalars.json_type(value)} into Go struct field .{name} of type string"
            raise DecodingError(
                f"couldn't get version/kind; json parse error: {text}", [Cause(name, "FieldValueTypeInvalid", text)]
            )
    return scalars.clean(doc["apiVersion"]), scalars.clean(doc["kind"])


def _excerpt(doc: Any) -> str:
    try:
        return json.dumps(doc, separators=(",", ":"), default=str)[:1000]
    except (ValueError, TypeError, RecursionError):
        return "..."


def cannot_be_handled(kind: str, api_version: str, why: str) -> str:
    version = api_version.rpartition("/")[2]
    return f'{kind} in version "{version}" cannot be handled as a {kind}: {why}'


# ------------------------------------------------------------------------------------------- asking a shape


def type_at(shape: Shape, path: tuple[str, ...]) -> Field | None:
    """The field at `path` of a kind: ("spec", "containers", "[]", "image"). Items of lists and values of maps come as
    the field that they would be. None if there is no such field, or anything goes there."""
    found: Field | None = None
    for part in path:
        while isinstance(shape, ListOf) and part != ITEM:
            shape = shape.of  # "containers.image", as kubectl explain is asked
        if isinstance(shape, Struct):
            found = shape.fields.get(part)
        elif (isinstance(shape, ListOf) and part == ITEM) or isinstance(shape, MapOf):
            found = Field(part, shape.of)
        else:
            found = None
        if found is None:
            return None
        shape = found.shape
    return found


def list_strategy(shape: Shape, path: tuple[str, ...]) -> ListStrategy:
    """How a strategic merge patch treats the list at `path`, such as ("spec", "template", "spec", "containers").
    Of unknown fields lists are replaced."""
    found = type_at(shape, path)
    return found.list_strategy if found else ListStrategy("replace", "")


def map_strategy(shape: Shape, path: tuple[str, ...]) -> str:
    """How a strategic merge patch treats the map or struct at `path`: "merge", or "retainKeys"."""
    found = type_at(shape, path)
    return "retainKeys" if found and "retainKeys" in found.words else "merge"


def fields_at(shape: Shape, path: tuple[str, ...] = ()) -> Mapping[str, Field]:
    """The fields that may be written at `path`; of a list those of its items. {} for plain values."""
    struct = struct_at(shape, path)
    return struct.fields if struct else {}


def struct_at(shape: Shape, path: tuple[str, ...]) -> Struct | None:
    """The struct whose fields may be written at `path`: ("spec", "containers", "[]") -> Container."""
    found = type_at(shape, path)
    inside: Shape | None = shape if not path else found.shape if found else None
    while isinstance(inside, ListOf | MapOf):
        inside = inside.of
    return inside if isinstance(inside, Struct) else None


def suggest(shape: Shape, path: str) -> str | None:
    """The nearest right name for the last part of an unknown field: (Deployment, "spec.replica") -> "replicas"."""
    *parents, wrong = split_path(path) or ("",)
    names = fields_at(shape, tuple(parents))
    by_lower = {name.lower(): name for name in names}
    near = get_close_matches(wrong.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[near[0]] if near else None


@lru_cache(maxsize=1024)
def split_path(text: str) -> tuple[str, ...]:
    """`spec.containers[0].image` -> ("spec", "containers", "[]", "image"); `data[a.b]` -> ("data", "a.b")."""
    parts: list[str] = []
    for piece in scalars.path_parts(text):
        parts.append(ITEM if isinstance(piece, int) else piece)
    return tuple(parts)


# ----------------------------------------------------------------------------------------- asking the table


@cache
def named_values(name: str) -> tuple[str, ...]:
    """The values of a named string type such as "RestartPolicy", in the order of error texts; () if any text goes."""
    return tuple(table()["values"].get(name, ()))


def is_named_string(name: str) -> bool:
    """Is this a type of text with a name of its own, such as "RestartPolicy"?"""
    return name in table()["values"]


def known(kind: str) -> Struct | None:
    """The type of a kind of Kubernetes, which need not be one that is served here."""
    name = root_types().get(kind)
    return Struct(name) if name else None


def kinds() -> tuple[str, ...]:
    """`apps/v1/Deployment`, ...: every kind of the table."""
    return tuple(table()["kinds"])
