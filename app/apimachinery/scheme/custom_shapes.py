"""The types of a custom kind: shapes made of the schema in its CustomResourceDefinition.

Unlike those of Kubernetes' own kinds they complain of nothing: a value of the wrong type stays as it is, for validation
to refuse (app/registry/customresources/values.py). What the schema does not name is left out and noted as unknown
("pruning"), unless it says `x-kubernetes-preserve-unknown-fields`. Models apiextensions-apiserver
`pkg/apiserver/schema`: structural schemas, `pruning`, `objectmeta`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.apimachinery.scheme import scalars
from app.apimachinery.scheme.scalars import Place, Problems
from app.apimachinery.scheme.shapes import (
    Field,
    ListOf,
    ListStrategy,
    MapOf,
    OwnStruct,
    Scalar,
    Shape,
    Struct,
)

Schema = Mapping[str, Any]
"""A `JSONSchemaProps`, as it stands in the CustomResourceDefinition."""

PRESERVES, EMBEDDED = "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"
INT_OR_STRING = "x-kubernetes-int-or-string"
META_FIELDS = ("apiVersion", "kind", "metadata")


@dataclass(frozen=True, slots=True, eq=False)
class CustomStruct(OwnStruct):
    """`schema` is what it was made of."""

    schema: Schema | None = None
    about: str = ""
    atomic: bool = False

    @property
    def is_atomic(self) -> bool:
        return self.atomic

    def decode(self, value: Any, at: Place | None, found: Problems) -> Any:
        if not isinstance(value, Mapping):
            return scalars.anything(value, "any", at, found)
        decoded = {}
        for name, item in value.items():
            name = scalars.clean(name)
            known = self.own.get(name)
            if known is not None:
                if item is not None or not isinstance(known.shape, Struct) or isinstance(known.shape, CustomStruct):
                    decoded[name] = known.shape.decode(item, Place(at, name, self.go_name), found)
            elif self.open:
                decoded[name] = scalars.anything(item, "any", Place(at, name, ""), found)
            else:
                found.unknown_field(Place(at, name, ""))
        return decoded

    __eq__ = OwnStruct.__eq__
    __hash__ = OwnStruct.__hash__


@dataclass(frozen=True, slots=True)
class CustomList(ListOf):
    def decode(self, value: Any, at: Place | None, found: Problems) -> Any:
        if not isinstance(value, list):
            return scalars.anything(value, "any", at, found)
        return [self.of.decode(item, Place(at, index, ""), found) for index, item in enumerate(value)]


@dataclass(frozen=True, slots=True)
class CustomMap(MapOf):
    def decode(self, value: Any, at: Place | None, found: Problems) -> Any:
        if not isinstance(value, Mapping):
            return scalars.anything(value, "any", at, found)
        cleaned = ((scalars.clean(key), item) for key, item in value.items())
        return {key: self.of.decode(item, Place(at, key, ""), found) for key, item in cleaned}


@dataclass(frozen=True, slots=True)
class CustomScalar(Scalar):
    """Whatever somebody wrote there."""

    def decode(self, value: Any, at: Place | None, found: Problems) -> Any:
        return scalars.anything(value, "any", at, found)


# --------------------------------------------------------------------------------------------- from a schema


def root(kind: str, schema: Schema) -> CustomStruct:
    """The type of a kind: what its schema says, and the metadata that every object has."""
    text = Scalar("string")
    own = {
        "apiVersion": Field("apiVersion", text),
        "kind": Field("kind", text),
        "metadata": Field("metadata", Struct("ObjectMeta"), frozenset({"value"})),
    }
    own |= {name: field for name, field in _fields(schema, kind).items() if name not in META_FIELDS}
    return CustomStruct(kind, own, bool(schema.get(PRESERVES)), schema, _about(schema))


def shape_of(schema: Schema, name: str = "Object") -> Shape:
    """`name` is for a struct: it has none of its own."""
    if schema.get(INT_OR_STRING):
        return CustomScalar("IntOrString")
    match schema.get("type", ""):
        case "object":
            return _object(schema, name)
        case "array":
            items = schema.get("items")
            items = items if isinstance(items, Mapping) else {}
            if schema.get(PRESERVES):
                items = {PRESERVES: True, **items}
            of = shape_of(items, name)
            return CustomList(f"[]{of.go_name}", of)
        case "string":
            return CustomScalar("string")
        case "boolean":
            return CustomScalar("bool")
        case "integer":
            return CustomScalar("int32" if schema.get("format") == "int32" else "int64")
        case "number":
            return CustomScalar("float64")
    return _object(schema, name) if schema.get("properties") else CustomScalar("any")


def _object(schema: Schema, name: str) -> Shape:
    values = schema.get("additionalProperties")
    if not schema.get("properties") and isinstance(values, Mapping):
        of = shape_of(values, name)
        return CustomMap(f"map[string]{of.go_name}", of)
    if not schema.get("properties") and values:  # `true`: keys of plain values
        return CustomMap("map[string]any", CustomScalar("any"))
    own = _fields(schema, name)
    if schema.get(EMBEDDED):
        text = CustomScalar("string")
        own = {"apiVersion": Field("apiVersion", text), "kind": Field("kind", text)} | own
        own["metadata"] = Field("metadata", Struct("ObjectMeta"))
    atomic = schema.get("x-kubernetes-map-type") == "atomic"
    return CustomStruct(name, own, bool(schema.get(PRESERVES)), schema, _about(schema), atomic)


def _fields(schema: Schema, owner: str) -> dict[str, Field]:
    required = frozenset(schema.get("required") or ())
    return {
        name: _field(name, inside, f"{owner}{name[:1].upper()}{name[1:]}", is_required=name in required)
        for name, inside in (schema.get("properties") or {}).items()
    }


def _field(name: str, schema: Schema, type_name: str, *, is_required: bool) -> Field:
    shape, how = shape_of(schema, type_name), schema.get("x-kubernetes-list-type", "")
    keys = tuple(schema.get("x-kubernetes-list-map-keys") or ()) if how == "map" else ()
    words = {"set"} if how == "set" else {"atomic"} if isinstance(shape, ListOf) and not keys else set()
    if schema.get("x-kubernetes-map-type") == "atomic":
        words.add("atomic")
    return Field(
        name,
        shape,
        frozenset(words),
        ListStrategy("replace", "", keys=keys),
        required=is_required,
        description=_about(schema),
        default=default if isinstance(default := schema.get("default"), str | int) else None,
        enum=tuple(each if isinstance(each, str) else scalars.json_text(each) for each in schema.get("enum") or ()),
    )


def _about(schema: Schema) -> str:
    return str(schema.get("description", ""))
