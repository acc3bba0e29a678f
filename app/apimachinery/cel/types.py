"""The types of CEL expressions, and those that values have: of a custom kind by its schema, of others by their shape.

Models cel-go `common/types` and kubernetes/apiserver `pkg/cel/common/schemas.go`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from app.apimachinery.cel import values
from app.apimachinery.scheme import shapes
from app.apimachinery.scheme.custom_shapes import EMBEDDED, INT_OR_STRING, PRESERVES, Schema
from app.apimachinery.scheme.shapes import ListOf, MapOf, SchemaOr, Shape, Struct

LIST_TYPE = "x-kubernetes-list-type"


@dataclass(frozen=True)
class Type:
    """`fields` of an object whose fields are known, by their names in CEL."""

    name: str
    args: tuple[Type, ...] = ()
    fields: Mapping[str, Type] | None = field(default=None, compare=False)
    most: int | None = field(default=None, compare=False)  # items, entries or characters, if that is said

    def __str__(self) -> str:
        if not self.args:
            return self.name
        return f"{self.name}({', '.join(map(str, self.args))})"


DYN, BOOL, INT, STRING, NULL = (Type(name) for name in ("dyn", "bool", "int", "string", "null"))
DOUBLE, BYTES, TIMESTAMP, DURATION = (Type(name) for name in ("double", "bytes", "timestamp", "duration"))


NAMED = {
    name: name for name in ("bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type")
}
"""Names that stand for types in an expression: `type(self.port) == string`."""


def map_of(key: Type, value: Type) -> Type:
    return Type("map", (key, value))


_READ = re.compile(r"[A-Za-z_.]+|[(),]")


@lru_cache(maxsize=1024)
def read(text: str) -> Type:
    """`map(string, list(A))`: single capitals stand for any type."""
    found, rest = _read(_READ.findall(text))
    assert not rest, text
    return found


def _read(words: list[str]) -> tuple[Type, list[str]]:
    name, rest = words[0], words[1:]
    args: list[Type] = []
    if rest and rest[0] == "(":
        while rest[0] != ")":
            arg, rest = _read(rest[1:])
            args.append(arg)
        rest = rest[1:]
    return Type(name, tuple(args)), rest


# ------------------------------------------------------------------------------------------------ of schemas

_KEYWORDS = frozenset(
    ("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop")
) | {"package", "namespace", "null", "return", "true", "var", "void", "while"}
_ESCAPED = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}


def escaped(name: str) -> str | None:
    """What a field is called in a rule; None if it cannot be named there."""
    if name in _KEYWORDS:
        return f"__{name}__"
    written = re.sub(r"__|[./-]", lambda found: _ESCAPED[found[0]], name)
    return written if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", written) else None


def of_schema(schema: Schema, *, is_root: bool = False) -> Type | None:
    """None for values that a rule cannot look at, as their type is not known."""
    if schema.get(INT_OR_STRING):
        return DYN
    most = schema.get("maxItems", schema.get("maxProperties", schema.get("maxLength")))
    match schema.get("type", ""):
        case "object":
            return _object(schema, most, is_root=is_root or bool(schema.get(EMBEDDED)))
        case "array":
            items = schema.get("items")
            item = of_schema(items) if isinstance(items, Mapping) else None
            return Type("list", (item,), most=most) if item else None
        case "string":
            formats = {"byte": BYTES, "duration": DURATION, "date": TIMESTAMP, "date-time": TIMESTAMP}
            return formats.get(schema.get("format", "")) or Type("string", most=_longest(schema, most))
        case "boolean":
            return BOOL
        case "integer":
            return INT
        case "number":
            return DOUBLE
    return DYN if schema.get(PRESERVES) and is_root else None


def _longest(schema: Schema, most: int | None) -> int | None:
    if "enum" in schema:
        return max((len(str(each)) for each in schema["enum"]), default=0)
    return most


def _object(schema: Schema, most: int | None, *, is_root: bool) -> Type | None:
    others = schema.get("additionalProperties")
    if isinstance(others, Mapping) and not schema.get("properties"):
        value = of_schema(others)
        return Type("map", (STRING, value), most=most) if value else None
    fields: dict[str, Type] = {}
    for name, inside in (schema.get("properties") or {}).items():
        called, kind = escaped(name), of_schema(inside)
        if called and kind and (name != "metadata" or not is_root):
            fields[called] = kind
    if is_root:
        meta = Type("object", fields={"name": STRING, "generateName": STRING})
        fields |= {"apiVersion": STRING, "kind": STRING, "metadata": meta}
    return Type("object", fields=fields)


# ------------------------------------------------------------------------------------------------ of shapes

_SCALARS = {
    "bool": BOOL, "int32": INT, "int64": INT, "float64": DOUBLE, "[]byte": BYTES, "Time": TIMESTAMP,
    "MicroTime": TIMESTAMP,
}  # fmt: skip
_OF_ANY_TYPE = frozenset({"any", "JSON", "IntOrString", "Quantity"})


class _Fields(Mapping[str, Type]):
    """Of a struct, worked out when somebody asks: some contain themselves. A field has the name that a rule has for it
    too."""

    def __init__(self, name: str) -> None:
        fields = shapes.fields_of(name)
        self._shapes = {
            called: field.shape for key, field in fields.items() for called in (key, escaped(key)) if called
        }

    def __getitem__(self, name: str) -> Type:
        return of_shape(self._shapes[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._shapes)

    def __len__(self) -> int:
        return len(self._shapes)


@cache
def of_shape(shape: Shape) -> Type:
    """Of a value of one of Kubernetes' own types."""
    if isinstance(shape, ListOf):
        return Type("list", (of_shape(shape.of),))
    if isinstance(shape, MapOf):
        return map_of(STRING, of_shape(shape.of))
    if isinstance(shape, Struct) and shapes.fields_of(shape.go_name):
        return Type("object", fields=_Fields(shape.go_name))
    if isinstance(shape, Struct | SchemaOr) or shape.go_name in _OF_ANY_TYPE:
        return DYN
    return _SCALARS.get(shape.go_name, STRING)


# ------------------------------------------------------------------------------------------------ values


def value_of(value: Any, schema: Schema, *, is_root: bool = False) -> Any:
    """A value of JSON as rules see it: with times, and only what they may look at. It has been validated."""
    if value is None or schema.get(INT_OR_STRING):
        return value
    if isinstance(value, Mapping):
        return _map_value(value, schema, is_root=is_root or bool(schema.get(EMBEDDED)))
    if isinstance(value, list):
        items = schema.get("items")
        seen = [value_of(item, items) for item in value] if isinstance(items, Mapping) else []
        return _list_value(seen, schema)
    if isinstance(value, str):
        return _text_value(value, schema)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if schema.get("type") == "number" else int(value)
    return value


def _map_value(value: Mapping[str, Any], schema: Schema, *, is_root: bool) -> dict[str, Any]:
    properties, others = schema.get("properties") or {}, schema.get("additionalProperties")
    seen: dict[str, Any] = {}
    for name, item in value.items():
        if is_root and name == "metadata" and isinstance(item, Mapping):
            seen[name] = {key: item[key] for key in ("name", "generateName") if key in item}
        elif is_root and name in ("apiVersion", "kind"):
            seen[name] = item
        elif name in properties:
            called = escaped(name)
            if called is not None:
                seen[called] = value_of(item, properties[name])
        elif isinstance(others, Mapping):
            seen[name] = value_of(item, others)
    return seen


def _list_value(items: list[Any], schema: Schema) -> list[Any]:
    match schema.get(LIST_TYPE):
        case "set":
            return values.SetList(items)
        case "map":
            found = values.MapList(items)
            found.keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
            return found
    return items


def _text_value(text: str, schema: Schema) -> Any:
    try:
        match schema.get("format"):
            case "duration":
                return values.duration(text)
            case "date-time":
                return values.timestamp(text)
            case "date":
                return values.timestamp(f"{text}T00:00:00Z")
            case "byte":
                return text.encode()
    except values.CelError:
        return text
    return text
