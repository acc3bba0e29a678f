"""Shapes: the types of the Kubernetes API as values, read from the generated table.

`app/apimachinery/scheme/schema.py` walks them and answers everybody's questions. A custom kind brings shapes of its
own (`custom_shapes.py`). The table `schema_v1_36.json` is generated (`tools/generate_schema.py`) and reads like Go:
`"containers": "[]Container required merge=name"`. Its words after the type:

    required      the schema demands it (for explain; validation decides in Kubernetes' words)
    merge=KEY     a strategic merge patch merges the list by KEY; bare `merge`: a list of plain values, as a set
    retainKeys    a strategic merge patch may name the keys that stay ($retainKeys)
    keys=A,B      server-side apply tells items of the list apart by these; else by the merge key
    set, atomic   server-side apply: a list that is a set; a map, struct or list that has one owner as a whole
    pointer       "" is a value; of other fields that are not required "", [] and {} are the same as absent
    omitzero      0 and false are the same as absent
    value         a struct that is there even when empty: no pointer in Go
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from app.apimachinery.scheme import scalars
from app.apimachinery.scheme.scalars import Place, Problems


class ListStrategy(NamedTuple):
    """How a strategic merge patch treats a list. `key` is "" for lists of plain values."""

    strategy: str  # "merge" or "replace"
    key: str
    retain_keys: bool = False
    keys: tuple[str, ...] = ()  # what tells items apart in server-side apply; () for atomic lists and sets


_REPLACE = ListStrategy("replace", "")


@dataclass(frozen=True, slots=True)
class Shape:
    """A type. `decode` answers the value in its canonical form and notes in `found` what is wrong with it."""

    go_name: str

    def decode(self, value: Any, at: Place | None, found: Problems) -> Any:
        raise NotImplementedError

    @property
    def empty(self) -> Any:
        """What Go makes of null where there must be a value: an item of a list, a value of a map."""
        return None


@dataclass(frozen=True, slots=True)
class Scalar(Shape):
    def decode(self, value: Any, at: Place | None, found: Problems) -> Any:
        return scalars.DECODERS.get(self.go_name, scalars.text)(value, self.printed, at, found)

    @property
    def empty(self) -> Any:
        return scalars.EMPTY.get(self.go_name, "")

    @property
    def printed(self) -> str:
        return self.go_name if self.go_name in scalars.DECODERS else f"v1.{self.go_name}"


@dataclass(frozen=True, slots=True)
class ListOf(Shape):
    of: Shape

    def decode(self, value: Any, at: Place | None, found: Problems) -> Any:
        if not isinstance(value, list):
            return found.mismatch(value, _printed(self), at)
        decode, place = self.of.decode, Place
        return [
            self.of.empty if item is None else decode(item, place(at, index, ""), found)
            for index, item in enumerate(value)
        ]

    @property
    def empty(self) -> Any:
        return []


@dataclass(frozen=True, slots=True)
class MapOf(Shape):
    of: Shape

    def decode(self, value: Any, at: Place | None, found: Problems) -> Any:
        if not isinstance(value, Mapping):
            return found.mismatch(value, _printed(self), at)
        decoded = {}
        for key, item in value.items():
            key = scalars.clean(key)
            decoded[key] = self.of.empty if item is None else self.of.decode(item, Place(at, key, ""), found)
        return decoded

    @property
    def empty(self) -> Any:
        return {}


@dataclass(frozen=True, slots=True)
class Struct(Shape):
    @property
    def fields(self) -> Mapping[str, Field]:
        return fields_of(self.go_name)

    @property
    def is_atomic(self) -> bool:
        """Whether it has one owner as a whole."""
        return bool(table()["types"].get(self.go_name, {}).get("") == "atomic")

    @property
    def is_open(self) -> bool:
        """Whether it may have other fields too, of which nothing is known."""
        return False

    def decode(self, value: Any, at: Place | None, found: Problems) -> Any:
        if not isinstance(value, Mapping):
            return found.mismatch(value, _printed(self), at)
        fields, owner = self.fields, self.go_name
        decoded = {}
        for name, item in value.items():
            known = fields.get(name)
            if known is None and self.is_open:
                decoded[scalars.clean(name)] = scalars.anything(item, "any", Place(at, name, owner), found)
            elif known is None:
                found.unknown_field(Place(at, scalars.clean(name), owner))
            elif item is not None:
                item = known.shape.decode(item, Place(at, name, owner), found)
                if item or not known.omits_empty:
                    decoded[name] = item
        return decoded

    @property
    def empty(self) -> Any:
        return {}


@dataclass(frozen=True, slots=True, eq=False)
class OwnStruct(Struct):
    """A type that Kubernetes does not have: part of a custom kind. It bears its fields itself, and equals no other:
    two groups may give the same name to different things. `open`: with `x-kubernetes-preserve-unknown-fields`."""

    own: Mapping[str, Field]
    open: bool = False

    @property
    def fields(self) -> Mapping[str, Field]:
        return self.own

    @property
    def is_atomic(self) -> bool:
        return False

    @property
    def is_open(self) -> bool:
        return self.open

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    shape: Shape
    words: frozenset[str] = frozenset()
    list_strategy: ListStrategy = _REPLACE
    required: bool = False
    omits_empty: bool = False
    description: str = ""  # of a custom kind; of Kubernetes' own explain knows it
    enum: tuple[str, ...] = ()  # of a custom kind; of Kubernetes' own the type has them
    default: str | int | bool | None = None  # a plain one, of a custom kind

    @property
    def type(self) -> str:
        """As Go writes it, without the package: `[]Container`, `map[string]string`, `int32`."""
        return _name(self.shape)


def _name(shape: Shape) -> str:
    if isinstance(shape, ListOf):
        return f"[]{_name(shape.of)}"
    return f"map[string]{_name(shape.of)}" if isinstance(shape, MapOf) else shape.go_name


def _printed(shape: Shape) -> str:
    """As Go's reflection prints it in an error: `[]v1.Container`."""
    if isinstance(shape, ListOf):
        return f"[]{_printed(shape.of)}"
    if isinstance(shape, MapOf):
        return "v1.ResourceList" if shape.of.go_name == "Quantity" else f"map[string]{_printed(shape.of)}"
    if isinstance(shape, Scalar):
        return shape.printed
    return shape.go_name if shape.go_name.startswith("v2.") else "v1." + shape.go_name.rpartition(".")[2]


# ----------------------------------------------------------------------------------------------- the table


@cache
def table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads((Path(__file__).parent / "schema_v1_36.json").read_bytes())
    return table


@cache
def root_types() -> dict[str, str]:
    """Type by kind. Of a kind with two versions the later one, which comes later in the table."""
    return {key.rpartition("/")[2]: name for key, name in table()["kinds"].items()}


def struct_of(api_version: str, kind: str) -> Struct:
    """A kind that the table does not know is taken as any object with metadata."""
    return Struct(table()["kinds"].get(f"{api_version}/{kind}", ""))


@cache
def fields_of(name: str) -> dict[str, Field]:
    return {key: _field(key, facts) for key, facts in table()["types"].get(name, {}).items() if key}


def _field(name: str, facts: str) -> Field:
    kind, *words = facts.split()
    shape = _shape(kind)
    options = dict(word.split("=") for word in words if "=" in word)
    merges = "merge" in words or "merge" in options
    key = options.get("merge", "")
    keys = tuple(options["keys"].split(",")) if "keys" in options else (key,) if key else ()
    is_text = type(shape) is Scalar and scalars.DECODERS.get(kind, scalars.text) is scalars.text
    may_be_absent = (is_text and "pointer" not in words) or isinstance(shape, ListOf | MapOf)
    return Field(
        name=name,
        shape=shape,
        words=frozenset(words),
        list_strategy=ListStrategy("merge" if merges else "replace", key, "retainKeys" in words, keys),
        required="required" in words,
        omits_empty="omitzero" in words or (may_be_absent and "required" not in words),
    )


@dataclass(frozen=True, slots=True)
class SchemaOr(Scalar):
    """A schema, or for some of its fields a bool or a list of schemas: `JSONSchemaPropsOrBool`, `...OrArray`."""

    def decode(self, value: Any, at: Place | None, found: Problems) -> Any:
        if isinstance(value, Mapping):
            return Struct("JSONSchemaProps").decode(value, at, found)
        if self.go_name.endswith("Bool") and isinstance(value, bool):
            return value
        if self.go_name.endswith("Array") and isinstance(value, list):
            return ListOf("[]JSONSchemaProps", Struct("JSONSchemaProps")).decode(value, at, found)
        return found.mismatch(value, f"apiextensions.{self.go_name}", at)


@cache
def _shape(kind: str) -> Shape:
    if kind.startswith("JSONSchemaPropsOr"):
        return SchemaOr(kind)
    if kind.startswith("[]") and kind != "[]byte":
        return ListOf(kind, _shape(kind.removeprefix("[]")))
    if kind.startswith("map[string]"):
        return MapOf(kind, _shape(kind.removeprefix("map[string]")))
    return Struct(kind) if kind in table()["types"] else Scalar(kind)
