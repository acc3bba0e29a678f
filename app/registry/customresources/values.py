"""Is an object as its schema says? What is wrong, in the words and the order of kube-openapi.

    spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"

What an update leaves as it was is not complained of again ("ratcheting"): a schema may become stricter without locking
out the objects that there are. Models kube-openapi `pkg/validation/validate`, with the translation of its errors in
apiextensions-apiserver `pkg/apiserver/validation/validation.go` and `ratcheting.go`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from app.api import limits, memo
from app.api.errors import Cause
from app.apimachinery import patterns
from app.apimachinery.scheme.custom_shapes import INT_OR_STRING, Schema
from app.apimachinery.scheme.scalars import json_text
from app.registry.customresources import formats

ABSENT: Any = object()
NOWHERE = "<nil>"  # the field of an error that is about a schema, as Go prints it


def check(value: Any, schema: Schema, path: str = "", old: Any = ABSENT) -> tuple[Cause, ...]:
    """`old` is what stood in this place before."""
    checker = _Checker()
    try:
        return tuple(checker.problems(value, schema, path, old))
    except patterns.TooCostly as error:
        return (Cause(path or NOWHERE, "FieldValueInvalid", f'Invalid value: "": {error}'),)


def correlated(old: Any, schema: Schema, item: Any) -> Any:
    """The item of an old list that this one was: lists that are maps know it by its keys, no others do."""
    keys = schema.get("x-kubernetes-list-map-keys") or ()
    if schema.get("x-kubernetes-list-type") != "map" or not isinstance(old, list) or not isinstance(item, Mapping):
        return ABSENT
    name = [item.get(key) for key in keys]
    same = (each for each in old if isinstance(each, Mapping) and [each.get(key) for key in keys] == name)
    return next(same, ABSENT)


def before(old: Any, name: str) -> Any:
    """What stood in a field of an old object."""
    return old.get(name, ABSENT) if isinstance(old, Mapping) else ABSENT


class _Checker:
    def __init__(self) -> None:
        self._work = 0

    def problems(self, value: Any, schema: Schema, path: str, old: Any = ABSENT) -> Iterator[Cause]:
        self._work += 1
        if self._work > limits.SCHEMA_WORK:
            raise patterns.TooCostly("it takes too long to check so large an object against so large a schema")
        if old is not ABSENT and same(value, old):
            return
        yield from _type_problems(value, schema, path)
        if value is None:
            yield from _enum_problems(value, schema, path)
            return
        yield from self._alternatives(value, schema, path, old)
        if isinstance(value, str):
            yield from _text_problems(value, schema, path)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield from _number_problems(value, schema, path)
        elif isinstance(value, list):
            yield from self._list_problems(value, schema, path, old)
        yield from _enum_problems(value, schema, path)
        if isinstance(value, Mapping):
            yield from self._map_problems(value, schema, path, old)

    def _list_problems(self, value: list[Any], schema: Schema, path: str, old: Any) -> Iterator[Cause]:
        items = schema.get("items")
        if isinstance(items, Mapping):
            for index, item in enumerate(value):
                yield from self.problems(item, items, f"{path}[{index}]", correlated(old, schema, item))
        if len(value) < schema.get("minItems", 0):
            yield _invalid(path, value, f"should have at least {schema['minItems']} items")
        if len(value) > schema.get("maxItems", math.inf):
            yield _too_many(path, len(value), schema["maxItems"])

    def _map_problems(self, value: Mapping[str, Any], schema: Schema, path: str, old: Any) -> Iterator[Cause]:
        if len(value) < schema.get("minProperties", 0):
            yield _invalid(path, value, f"should have at least {schema['minProperties']} properties")
        if len(value) > schema.get("maxProperties", math.inf):
            yield _too_many(path, len(value), schema["maxProperties"])
        properties: Mapping[str, Schema] = schema.get("properties") or {}
        others = schema.get("additionalProperties")
        if isinstance(others, Mapping):
            for name, item in value.items():
                if name not in properties:
                    yield from self.problems(item, others, f"{path}.{name}", before(old, name))
        for name, inside in properties.items():
            if name in value:
                at = f"{path}.{name}" if path else name
                yield from self.problems(value[name], inside, at, before(old, name))
        for name in schema.get("required") or ():
            if name not in value:
                yield Cause(f"{path}.{name}" if path else name, "FieldValueRequired", "Required value")

    def _alternatives(self, value: Any, schema: Schema, path: str, old: Any) -> Iterator[Cause]:
        if several := schema.get("anyOf"):
            found = self._tried(value, several, path, old)
            if all(found):
                yield _about_schema(f'"{path}" must validate at least one schema (anyOf)')
                yield from min(found, key=len)
        if several := schema.get("oneOf"):
            found = self._tried(value, several, path, old)
            valid = sum(not each for each in found)
            if valid != 1:
                why = f"Found {valid} valid alternatives" if valid else "Found none valid"
                yield _about_schema(f'"{path}" must validate one and only one schema (oneOf). {why}')
            if not valid:
                yield from min(found, key=len)
        if several := schema.get("allOf"):
            found = self._tried(value, several, path, old)
            for each in found:
                yield from each
            if any(found):
                why = ". None validated" if all(found) else ""
                yield _about_schema(f'"{path}" must validate all the schemas (allOf){why}')
        if "not" in schema and not tuple(self.problems(value, schema["not"], path, old)):
            yield _about_schema(f'"{path}" must not validate the schema (not)')

    def _tried(self, value: Any, several: list[Schema], path: str, old: Any) -> list[tuple[Cause, ...]]:
        return [tuple(self.problems(value, each, path, old)) for each in several]


def same(one: Any, other: Any) -> bool:
    """As JSON: `true` is not 1."""
    return one is other or (one == other and type(one) is type(other) and json_text(one) == json_text(other))


# ------------------------------------------------------------------------------------------------ by type


def json_type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float):
        return "integer" if isinstance(value, int) else "number"
    return "object" if isinstance(value, Mapping) else "array"


def _type_problems(value: Any, schema: Schema, path: str) -> Iterator[Cause]:
    wanted = ("integer", "string") if schema.get(INT_OR_STRING) else (schema["type"],) if schema.get("type") else ()
    given = json_type(value)
    if not wanted or given in wanted or (given == "null" and schema.get("nullable")):
        return
    if given == "integer" and "number" in wanted:
        return
    if given == "number" and "integer" in wanted and float(value).is_integer():
        return
    yield _wrong_type(path, ",".join(wanted), given)


def _text_problems(value: str, schema: Schema, path: str) -> Iterator[Cause]:
    if len(value) > schema.get("maxLength", math.inf):
        yield Cause(_at(path), "FieldValueTooLong", f"Too long: may not be more than {schema['maxLength']} bytes")
    if len(value) < schema.get("minLength", 0):
        yield _invalid(path, value, f"should be at least {schema['minLength']} chars long")
    if (pattern := schema.get("pattern")) and not patterns.compiled(pattern).matches(value):
        yield _invalid(path, value, f"should match '{pattern}'")
    is_text = schema.get("type", "string") == "string" and not schema.get(INT_OR_STRING)
    if is_text and schema.get("format") and not formats.is_valid(schema["format"], value):
        yield _wrong_type(path, schema["format"], value)


def _number_problems(value: float, schema: Schema, path: str) -> Iterator[Cause]:
    if factor := schema.get("multipleOf"):
        parts = value / factor
        if not math.isclose(parts, round(parts), rel_tol=1e-9, abs_tol=1e-9):
            yield _invalid(path, value, f"should be a multiple of {_number(factor)}")
    most, least = schema.get("maximum"), schema.get("minimum")
    if most is not None and (value >= most if schema.get("exclusiveMaximum") else value > most):
        how = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        yield _invalid(path, value, f"should be {how} {_number(most)}")
    if least is not None and (value <= least if schema.get("exclusiveMinimum") else value < least):
        how = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        yield _invalid(path, value, f"should be {how} {_number(least)}")


def _enum_problems(value: Any, schema: Schema, path: str) -> Iterator[Cause]:
    if "enum" in schema and json_text(value) not in _allowed(schema):
        listed = ", ".join(json.dumps(each if isinstance(each, str) else json_text(each)) for each in schema["enum"])
        yield Cause(
            _at(path),
            "FieldValueNotSupported",
            f"Unsupported value: {json.dumps(value, ensure_ascii=False)}: supported values: {listed}",
        )


@memo.by_identity
def _allowed(schema: Schema) -> frozenset[str]:
    return frozenset(json_text(each) for each in schema["enum"])


# ------------------------------------------------------------------------------------------------ words


def _at(path: str) -> str:
    return path or NOWHERE


def _invalid(path: str, value: Any, why: str) -> Cause:
    return Cause(_at(path), "FieldValueInvalid", f"Invalid value: {json_text(value)}: {path} in body {why}")


def _wrong_type(path: str, wanted: str, given: str) -> Cause:
    text = json.dumps(given, ensure_ascii=False)
    return Cause(
        _at(path),
        "FieldValueTypeInvalid",
        f"Invalid value: {text}: {path} in body must be of type {wanted}: {text}",
    )


def _too_many(path: str, count: int, most: int) -> Cause:
    return Cause(_at(path), "FieldValueTooMany", f"Too many: {count}: must have at most {most} items")


def _about_schema(text: str) -> Cause:
    return Cause(NOWHERE, "FieldValueInvalid", f'Invalid value: "": {text}')


def _number(number: float) -> str:
    """As Go prints a float64 with %v."""
    if float(number).is_integer() and abs(number) < 1e21:
        return (
            str(int(number)) if abs(number) < 1e6 or (isinstance(number, int) and abs(number) < 1e21) else f"{number:g}"
        )
    return repr(number)
