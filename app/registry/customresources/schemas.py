"""Is a schema one that the API server can work with? Every field must have a type that is known, without looking at
values: a "structural" schema. What is wrong, in its words and order.

`crds.py` asks for each version. The rules of CEL in it are judged in `rules.py`. Models apiextensions-apiserver
`pkg/apiserver/schema` (validation.go, complete.go, defaulting/validation.go) and `ValidateCustomResourceDefinition-
OpenAPISchema` of `pkg/apis/apiextensions/validation`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.api import limits
from app.api.errors import Cause
from app.apimachinery import patterns
from app.apimachinery.scheme.custom_shapes import EMBEDDED, INT_OR_STRING, META_FIELDS, PRESERVES, Schema, shape_of
from app.apimachinery.scheme.scalars import Problems
from app.registry.customresources import defaulting, lists, rules, values
from app.registry.validation import causes

TYPES = ("array", "boolean", "integer", "number", "object", "string")
_LEVELS = {
    "root": "must not be empty at the root",
    "item": "must not be empty for specified array items",
    "field": "must not be empty for specified object fields",
}
_EITHER = [{"type": "integer"}, {"type": "string"}]
_AT_ROOT_WITH_STATUS = (
    "Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern "
    "MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields "
    "XValidations"
)


_NOT_AT_ROOT = (
    "additionalProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "enum",
    "default",
    "nullable",
    "minProperties",
    "maxProperties",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    EMBEDDED,
    INT_OR_STRING,
)


def check(schema: Schema, field: str, *, has_status: bool) -> Iterator[Cause]:
    """`field` is where it stands: `spec.versions[0].schema.openAPIV3Schema`."""
    size = _measured(schema)
    if size.depth > limits.SCHEMA_DEPTH:
        yield causes.forbidden(field, f"it is {size.depth} schemas deep: this server takes {limits.SCHEMA_DEPTH}")
        return
    if size.nodes > limits.SCHEMA_NODES:
        why = f"it has {size.nodes} schemas and values of enums: this server takes {limits.SCHEMA_NODES}"
        yield causes.forbidden(field, why)
        return
    if has_status:
        yield from _root_with_status(schema, field)
    if schema.get("nullable"):
        yield causes.forbidden(f"{field}.nullable", "nullable cannot be true at the root")
    found = sorted((*_structure(schema, "root", field), *_complete(schema, schema, field, field)), key=str)
    found = found or list(_defaults(schema, field))
    found += _openapi(schema, field, _Place(is_root=True))
    yield from found or rules.check(schema, field)


class _Size(NamedTuple):
    depth: int
    nodes: int


def _measured(schema: Schema) -> _Size:
    """Without recursion: it may be deeper than this program can go."""
    nodes, depth, todo = 0, 0, [(schema, 1)]
    while todo:
        each, level = todo.pop()
        nodes += 1 + len(each.get("enum") or ())
        depth = max(depth, level)
        todo += [(part, level + 1) for _, part in parts(each)]
    return _Size(depth, nodes)


def parts(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """(where, schema) of every schema that stands right inside of this one."""
    for name, inside in (schema.get("properties") or {}).items():
        yield f"properties[{name}]", inside
    for name in ("items", "additionalProperties", "additionalItems", "not"):
        if isinstance(schema.get(name), Mapping):
            yield name, schema[name]
    if isinstance(schema.get("items"), Sequence):
        yield from ((f"items[{index}]", inside) for index, inside in enumerate(schema["items"]))
    for name in ("allOf", "anyOf", "oneOf"):
        yield from ((f"{name}[{index}]", inside) for index, inside in enumerate(schema.get(name) or ()))
    for name in ("definitions", "patternProperties"):
        yield from ((f"{name}[{key}]", inside) for key, inside in (schema.get(name) or {}).items())


def _root_with_status(schema: Schema, field: str) -> Iterator[Cause]:
    """The schema of the status is taken out of it, so nothing at the root may speak of the status."""
    if schema.get("type") and schema["type"] != "object":
        why = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
        yield causes.invalid(f"{field}.type", schema["type"], why)
    if any(name in schema for name in _NOT_AT_ROOT):
        why = f"only [{_AT_ROOT_WITH_STATUS}] fields are allowed at the root of the schema"
        yield causes.invalid(field, schema, f"{why} if the status subresource is enabled")


# ------------------------------------------------------------------------------------------------ structure


def _structure(schema: Schema, level: str, field: str) -> Iterator[Cause]:
    kind, items = schema.get("type", ""), schema.get("items")
    if kind == "array" and items is None:
        yield causes.required(f"{field}.items", "must be specified")
    if isinstance(items, Mapping):
        yield from _structure(items, "item", f"{field}.items")
    for name, inside in (schema.get("properties") or {}).items():
        yield from _structure(inside, "field", f"{field}.properties[{name}]")
    yield from _additional(schema, level, f"{field}.additionalProperties")
    if schema.get(INT_OR_STRING):
        for name in (PRESERVES, EMBEDDED):
            if schema.get(name):
                yield causes.invalid(f"{field}.{name}", True, f"must be false if {INT_OR_STRING} is true")
    either = _is_either(schema.get("anyOf"))
    first = (schema.get("allOf") or [{}])[0]
    yield from _value_rules(schema, field, skip_any=either, skip_first_all=_is_either(first.get("anyOf")))
    yield from _type(schema, kind, level, field)
    if level == "root" or schema.get(EMBEDDED):
        yield from _meta(schema, level, field)
    if schema.get(EMBEDDED) and not schema.get(PRESERVES) and not schema.get("properties"):
        why = f"must not be empty if {EMBEDDED} is true without {PRESERVES}"
        yield causes.required(f"{field}.properties", why)


def _is_either(several: Any) -> bool:
    """int-or-string says so with an `anyOf`, in which types may stand."""
    return bool(several == _EITHER)


def _additional(schema: Schema, level: str, field: str) -> Iterator[Cause]:
    values = schema.get("additionalProperties")
    if values is None:
        return
    if level == "root":
        yield causes.forbidden(field, "must not be used at the root")
    if isinstance(values, Mapping):
        yield from _structure(values, "field", field)
    if schema.get(EMBEDDED):
        yield causes.forbidden(field, f"must not be used if {EMBEDDED} is set")


def _type(schema: Schema, kind: str, level: str, field: str) -> Iterator[Cause]:
    if schema.get(EMBEDDED) and kind != "object":
        why = f"must be object if {EMBEDDED} is true"
        yield causes.invalid(f"{field}.type", kind, why) if kind else causes.required(f"{field}.type", why)
    elif not kind and not schema.get(INT_OR_STRING) and not schema.get(PRESERVES):
        yield causes.required(f"{field}.type", _LEVELS[level])
    if level == "root" and kind and kind != "object":
        yield causes.invalid(f"{field}.type", kind, "must be object at the root")


def _meta(schema: Schema, level: str, field: str) -> Iterator[Cause]:
    properties = schema.get("properties") or {}
    for name in ("kind", "apiVersion"):
        if name in properties and properties[name].get("type") != "string":
            at = f"{field}.properties[{name}].type"
            yield causes.invalid(at, properties[name].get("type", ""), "must be string")
    if "metadata" not in properties:
        return
    meta, at = properties["metadata"], f"{field}.properties[metadata]"
    if meta.get("type") != "object":
        yield causes.invalid(f"{at}.type", meta.get("type", ""), "must be object")
    inside = set(meta.get("properties") or ())
    allowed = {
        "type",
        "default",
        "description",
        "title",
        *(("properties",) if inside <= {"name", "generateName"} else ()),
    }
    if level == "root" and set(meta) - allowed:
        why = "must not specify anything other than name and generateName, but metadata is implicitly specified"
        yield causes.forbidden(at, why)


def _value_rules(
    schema: Schema, field: str, *, skip_any: bool = False, skip_first_all: bool = False
) -> Iterator[Cause]:
    """What is said in `anyOf` and its like is about values; types stand outside of them."""
    for index, inside in enumerate(() if skip_any else schema.get("anyOf") or ()):
        yield from _nested(inside, f"{field}.anyOf[{index}]")
    for index, inside in enumerate(schema.get("allOf") or ()):
        yield from _nested(inside, f"{field}.allOf[{index}]", skip_any=skip_first_all and index == 0)
    for index, inside in enumerate(schema.get("oneOf") or ()):
        yield from _nested(inside, f"{field}.oneOf[{index}]")
    if "not" in schema:
        yield from _nested(schema["not"], f"{field}.not")
    if pattern := schema.get("pattern"):
        try:
            patterns.compiled(pattern)
        except patterns.BadPattern as error:
            why = f"must be a valid regular expression, but isn't: error parsing regexp: {error}"
            yield causes.invalid(f"{field}.pattern", pattern, why)


_ONLY_OUTSIDE = {
    "type": "must be empty to be structural",
    "additionalProperties": "must be undefined to be structural",
    "default": "must be undefined to be structural",
    "title": "must be empty to be structural",
    "description": "must be empty to be structural",
    "nullable": "must be false to be structural",
    PRESERVES: "must be false to be structural",
    EMBEDDED: "must be false to be structural",
    INT_OR_STRING: "must be false to be structural",
    "x-kubernetes-list-map-keys": "must be empty to be structural",
    "x-kubernetes-list-type": "must be undefined to be structural",
    "x-kubernetes-map-type": "must be undefined to be structural",
    "x-kubernetes-validations": "must be empty to be structural",
}


def _nested(schema: Schema, field: str, *, skip_any: bool = False) -> Iterator[Cause]:
    yield from _value_rules(schema, field, skip_any=skip_any)
    if isinstance(schema.get("items"), Mapping):
        yield from _nested(schema["items"], f"{field}.items")
    for name, inside in (schema.get("properties") or {}).items():
        yield from _nested(inside, f"{field}.properties[{name}]")
    for name, why in _ONLY_OUTSIDE.items():
        if schema.get(name) or (name in ("default", "additionalProperties") and name in schema):
            yield causes.forbidden(f"{field}.{name}", why)
    if "metadata" in (schema.get("properties") or {}):
        yield causes.forbidden(f"{field}.properties[metadata]", "must not be specified in a nested context")


def _complete(rules: Schema, schema: Schema | None, at: str, field: str) -> Iterator[Cause]:
    """Whatever `anyOf` and its like speak of must have a type outside of them."""
    nested = [("not", rules["not"])] if "not" in rules else []
    for name in ("allOf", "anyOf", "oneOf"):
        nested += [(f"{name}[{index}]", inside) for index, inside in enumerate(rules.get(name) or ())]
    for where, inside in nested:
        yield from _complete_nested(inside, schema, at, f"{field}.{where}")


def _complete_nested(rules: Schema, schema: Schema | None, at: str, field: str) -> Iterator[Cause]:
    if schema is None:
        yield causes.required(at, f"because it is defined in {field}")
        return
    yield from _complete(rules, schema, at, field)
    if isinstance(rules.get("items"), Mapping):
        items = schema.get("items")
        inside = items if isinstance(items, Mapping) else None
        yield from _complete_nested(rules["items"], inside, f"{at}.items", f"{field}.items")
    for name, each in (rules.get("properties") or {}).items():
        typed = (schema.get("properties") or {}).get(name)
        yield from _complete_nested(each, typed, f"{at}.properties[{name}]", f"{field}.properties[{name}]")


# ------------------------------------------------------------------------------------------------ defaults


def _defaults(schema: Schema, field: str) -> Iterator[Cause]:
    """A default must be a value that the schema itself would take."""
    if "default" in schema:
        given, found = schema["default"], Problems()
        shape_of(schema).decode(given, None, found)
        if found.unknown:
            yield causes.invalid(f"{field}.default", given, "must not have unknown fields")
        else:
            whole = defaulting.value_filled_in(given, schema)
            yield from values.check(whole, schema, f"{field}.default")
            yield from lists.check(whole, schema, f"{field}.default")
    for where, inside in parts(schema):
        if where.startswith(("properties", "items", "additionalProperties")):
            yield from _defaults(inside, f"{field}.{where}")


# ------------------------------------------------------------------------------------------------ everywhere


class _Place(NamedTuple):
    is_root: bool = False
    in_meta: bool = False
    no_defaults: str | None = None  # why there may be none


_NOT_SUPPORTED = ("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref")


def _openapi(schema: Schema, field: str, place: _Place) -> Iterator[Cause]:
    yield from _plain_rules(schema, field, place)
    if schema.get("uniqueItems"):
        why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield causes.forbidden(f"{field}.uniqueItems", why)
    values = schema.get("additionalProperties")
    if values is not None and schema.get("properties") and values is not True:
        why = "additionalProperties and properties are mutual exclusive"
        yield causes.forbidden(f"{field}.additionalProperties", why)
    for where, inside in parts(schema):
        yield from _openapi(inside, f"{field}.{where}", _inside(schema, where, place))
    if schema.get(PRESERVES) is False:
        yield causes.invalid(f"{field}.{PRESERVES}", False, "must be true or undefined")
    yield from _map_type(schema, field)
    yield from _list_type(schema, field)
    yield from _keys(schema, field)


def _inside(schema: Schema, where: str, place: _Place) -> _Place:
    inside = place._replace(is_root=False)
    if where == "additionalProperties" and place.in_meta:
        return inside._replace(no_defaults="inside additionalProperties applying to object metadata")
    if (place.is_root or schema.get(EMBEDDED)) and where in {f"properties[{name}]" for name in META_FIELDS}:
        why = f"in top-level {where[11:-1]}" if place.is_root else place.no_defaults
        return inside._replace(in_meta=True, no_defaults=why)
    return inside


def _plain_rules(schema: Schema, field: str, place: _Place) -> Iterator[Cause]:
    kind = schema.get("type", "")
    if kind and kind not in TYPES:
        yield causes.not_supported(f"{field}.type", kind, TYPES)
    if "default" in schema and place.no_defaults is not None:
        yield causes.forbidden(f"{field}.default", f"must not be set {place.no_defaults}")
    for name in _NOT_SUPPORTED:
        if schema.get(name) is not None:
            yield causes.forbidden(f"{field}.{name}", f"{name} is not supported")
    if kind == "null":
        why = "type cannot be set to null, use nullable as an alternative"
        yield causes.forbidden(f"{field}.type", why)
    if isinstance(schema.get("items"), list):
        yield causes.forbidden(f"{field}.items", "items must be a schema object and not an array")
    if place.in_meta and schema.get(EMBEDDED):
        yield causes.forbidden(f"{field}.{EMBEDDED}", "must not be used inside of resource meta")


def _map_type(schema: Schema, field: str) -> Iterator[Cause]:
    how, kind = schema.get("x-kubernetes-map-type"), schema.get("type", "")
    if how is None:
        return
    if kind != "object":
        why = "must be object if x-kubernetes-map-type is specified"
        yield causes.invalid(f"{field}.type", kind, why) if kind else causes.required(f"{field}.type", why)
    if how not in ("atomic", "granular"):
        yield causes.not_supported(f"{field}.x-kubernetes-map-type", how, ("atomic", "granular"))


def _list_type(schema: Schema, field: str) -> Iterator[Cause]:
    how, kind, items = schema.get("x-kubernetes-list-type"), schema.get("type", ""), schema.get("items")
    if how is None:
        return
    if kind != "array":
        why = "must be array if x-kubernetes-list-type is specified"
        yield causes.invalid(f"{field}.type", kind, why) if kind else causes.required(f"{field}.type", why)
    elif how == "set" and isinstance(items, Mapping):
        inner = {"array": "x-kubernetes-list-type", "object": "x-kubernetes-map-type"}.get(items.get("type", ""))
        is_atomic = inner and items.get(inner, "atomic" if inner.endswith("list-type") else None) == "atomic"
        if inner and not is_atomic:
            why = "must be atomic as item of a list with x-kubernetes-list-type=set"
            yield causes.invalid(f"{field}.items.{inner}", items.get(inner), why)
    if how not in ("atomic", "set", "map"):
        yield causes.not_supported(f"{field}.x-kubernetes-list-type", how, ("atomic", "set", "map"))


def _keys(schema: Schema, field: str) -> Iterator[Cause]:
    how, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys") or ()
    at, items = f"{field}.x-kubernetes-list-map-keys", schema.get("items")
    if keys and how != "map":
        why = "must be map if x-kubernetes-list-map-keys is non-empty"
        where = f"{field}.x-kubernetes-list-type"
        yield causes.required(where, why) if how is None else causes.invalid(where, how, why)
    if how in ("map", "set") and isinstance(items, Mapping) and items.get("nullable"):
        yield causes.forbidden(f"{field}.items.nullable", f"cannot be nullable when x-kubernetes-list-type is {how}")
    if how != "map":
        return
    if not keys:
        yield causes.required(at, "must not be empty if x-kubernetes-list-type is map")
    if items is None:
        yield causes.required(f"{field}.items", "must have a schema if x-kubernetes-list-type is map")
    elif isinstance(items, Mapping):
        yield from _items_of_map(items, keys, at, f"{field}.items")


def _items_of_map(items: Schema, keys: Sequence[str], at: str, field: str) -> Iterator[Cause]:
    if items.get("type") != "object":
        why = "must be object if parent array's x-kubernetes-list-type is map"
        yield causes.invalid(f"{field}.type", items.get("type", ""), why)
        return
    properties = items.get("properties") or {}
    for key in keys:
        name, inside = f"{field}.properties[{key}]", properties.get(key)
        if inside is None:
            yield causes.invalid(at, list(keys), "entries must all be names of item properties")
            continue
        if inside.get("type") in ("array", "object"):
            why = "must be a scalar type if parent array's x-kubernetes-list-type is map"
            yield causes.invalid(f"{name}.type", "object", why)
        if key not in (items.get("required") or ()) and "default" not in inside:
            why = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
            yield causes.required(f"{name}.default", why)
        if inside.get("nullable"):
            why = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"
            yield causes.forbidden(f"{name}.nullable", why)
    if len(set(keys)) < len(keys):
        yield causes.invalid(at, list(keys), "must not contain duplicate entries")
