"""What is wrong with a custom object, in the words of the API server; what is left out, and what is filled in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.api.objects import Obj
from app.apimachinery.scheme import custom_shapes
from app.apimachinery.scheme.scalars import Problems
from app.registry.customresources import defaulting, lists, values
from tests.support.crds import SPEC


def told(value: Any, schema: Obj, old: Any = values.ABSENT) -> list[str]:
    return [str(cause) for cause in values.check({"spec": value}, _in_spec(schema), old=_old(old))]


def _in_spec(schema: Obj) -> Obj:
    return {"type": "object", "properties": {"spec": schema}}


def _old(old: Any) -> Any:
    return old if old is values.ABSENT else {"spec": old}


@pytest.mark.parametrize(
    ("schema", "value", "why"),
    [
        ({"type": "integer"}, "3", 'spec: Invalid value: "string": spec in body must be of type integer: "string"'),
        ({"type": "integer"}, 1.5, 'spec: Invalid value: "number": spec in body must be of type integer: "number"'),
        ({"type": "string"}, None, 'spec: Invalid value: "null": spec in body must be of type string: "null"'),
        ({"type": "boolean"}, 1, 'spec: Invalid value: "integer": spec in body must be of type boolean: "integer"'),
        (
            {"x-kubernetes-int-or-string": True},
            True,
            'spec: Invalid value: "boolean": spec in body must be of type integer,string: "boolean"',
        ),
        (
            {"type": "string", "minLength": 3},
            "ab",
            'spec: Invalid value: "ab": spec in body should be at least 3 chars long',
        ),
        ({"type": "string", "maxLength": 1}, "ab", "spec: Too long: may not be more than 1 bytes"),
        ({"type": "string", "pattern": "^a$"}, "b", "spec: Invalid value: \"b\": spec in body should match '^a$'"),
        ({"type": "string", "enum": ["a", "b"]}, "c", 'spec: Unsupported value: "c": supported values: "a", "b"'),
        (
            {"type": "string", "format": "date-time"},
            "x",
            'spec: Invalid value: "x": spec in body must be of type date-time: "x"',
        ),
        (
            {"type": "integer", "minimum": 1},
            0,
            "spec: Invalid value: 0: spec in body should be greater than or equal to 1",
        ),
        (
            {"type": "number", "maximum": 1.5, "exclusiveMaximum": True},
            1.5,
            "spec: Invalid value: 1.5: spec in body should be less than 1.5",
        ),
        ({"type": "integer", "multipleOf": 2}, 3, "spec: Invalid value: 3: spec in body should be a multiple of 2"),
        (
            {"type": "array", "items": {"type": "string"}, "maxItems": 1},
            ["a", "b"],
            "spec: Too many: 2: must have at most 1 items",
        ),
        (
            {"type": "array", "items": {"type": "string"}},
            ["a", 1],
            'spec[1]: Invalid value: "integer": spec[1] in body must be of type string: "integer"',
        ),
        ({"type": "object", "required": ["a"]}, {}, "spec.a: Required value"),
        (
            {"type": "object", "additionalProperties": {"type": "string"}},
            {"a": 1},
            'spec.a: Invalid value: "integer": spec.a in body must be of type string: "integer"',
        ),
        (
            {"type": "object", "minProperties": 1},
            {},
            "spec: Invalid value: {}: spec in body should have at least 1 properties",
        ),
        (
            {"type": "integer", "not": {"enum": [1]}},
            1,
            '<nil>: Invalid value: "": "spec" must not validate the schema (not)',
        ),
    ],
)
def test_each_rule_in_its_words(schema: Obj, value: Any, why: str) -> None:
    assert told(value, schema) == [why]


def test_alternatives_tell_which_was_nearest() -> None:
    either = {"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
    none = told({}, either)
    assert none[0] == '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found none valid'
    assert none[1] == "spec.a: Required value"
    assert told({"a": 1, "b": 1}, either)[0].endswith("(oneOf). Found 2 valid alternatives")
    assert told({"a": 1}, either) == []
    some = {"type": "integer", "anyOf": [{"minimum": 5}, {"maximum": 1}]}
    assert told(3, some)[0] == '<nil>: Invalid value: "": "spec" must validate at least one schema (anyOf)'
    every = {"type": "integer", "allOf": [{"minimum": 5}, {"maximum": 9}]}
    assert told(3, every)[-1] == '<nil>: Invalid value: "": "spec" must validate all the schemas (allOf)'


def test_whole_numbers_may_be_written_with_a_point() -> None:
    assert told(2.0, {"type": "integer"}) == []
    assert told(2, {"type": "number"}) == []


def test_what_an_update_leaves_as_it_was_is_not_complained_of_again() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "maxLength": 1}, "b": {"type": "string"}}}
    assert told({"a": "long", "b": "new"}, schema, {"a": "long"}) == []
    assert len(told({"a": "other"}, schema, {"a": "long"})) == 1
    pages = {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["path"],
        "items": {"type": "object", "properties": {"path": {"type": "string"}, "n": {"type": "integer", "maximum": 1}}},
    }
    before = [{"path": "a", "n": 5}]
    assert told([{"path": "b", "n": 1}, {"path": "a", "n": 5}], pages, before) == []
    assert len(told([{"path": "b", "n": 5}], pages, before)) == 1


def test_lists_that_are_sets_or_maps_have_nothing_twice() -> None:
    value = {"owners": ["a", "b", "a", "a"], "pages": [{"path": "/"}, {"path": "/", "title": "x"}]}
    assert [str(cause) for cause in lists.check(value, SPEC, "spec")] == [
        'spec.owners[2]: Duplicate value: "a"',
        'spec.pages[1]: Duplicate value: {"path":"/"}',
    ]


def test_an_object_inside_of_another_has_a_kind_and_good_metadata() -> None:
    value = {"template": {"apiVersion": "v1", "metadata": {"name": "a/b", "labels": {"-": "x"}}}}
    found = [str(cause) for cause in lists.check(value, SPEC, "spec")]
    assert found[0] == "spec.template.kind: Required value"
    assert found[1].startswith("spec.template.metadata.name: Invalid value")
    assert found[2].startswith("spec.template.metadata.labels: Invalid value")


def test_a_null_is_the_default_or_nothing_unless_the_schema_takes_it() -> None:
    given = {"host": "a", "replicas": None, "note": None, "labels": None, "pages": [{"path": "/", "title": None}]}
    assert defaulting.value_filled_in(given, SPEC) == {
        "host": "a",
        "replicas": 1,
        "note": None,
        "tier": "free",
        "pages": [{"path": "/", "title": "untitled"}],
    }


patient = settings(deadline=None)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 20) | st.text("ab/", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*SPEC["properties"], "path", "title", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@patient
@given(JSON)
def test_leaving_out_and_filling_in_twice_is_as_once(value: Any) -> None:
    shape = custom_shapes.shape_of(SPEC)
    pruned = shape.decode(value, None, Problems())
    again = Problems()
    assert shape.decode(pruned, None, again) == pruned
    assert not again.unknown
    filled = defaulting.value_filled_in(pruned, SPEC)
    assert defaulting.value_filled_in(filled, SPEC) is filled, "and there is nothing to copy"


@patient
@given(JSON)
def test_no_value_is_too_odd_to_be_judged(value: Any) -> None:
    assert all(cause.message for cause in (*values.check(value, SPEC), *lists.check(value, SPEC)))
