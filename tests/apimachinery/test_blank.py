"""What the editor begins with: an object of each kind that the API server takes."""

from __future__ import annotations

from typing import Any

import pytest

from app.apimachinery import yamltext
from app.apimachinery.openapi.blank import blank
from app.commands import Apply
from tests.support.world import World

WORLD = World()
WRITTEN = [row.key for row in WORLD.scheme.kinds() if not row.is_local and row.kind != "Event"]


def crd(schema: dict[str, Any]) -> str:
    names = {"kind": "Thing", "plural": "things"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    return yamltext.dump(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "things.example.com"},
            "spec": spec,
        }
    )


def refusal(world: World, obj: Any) -> str:
    step = world.submit(Apply(yamltext.dump(obj)))
    return str(step.record.error)  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", WRITTEN)
def test_of_every_kind_of_kubernetes_there_is_one(kind: str) -> None:
    world = World()
    assert refusal(world, blank(world.scheme.definition(kind))) == ""


def thing(properties: dict[str, Any], required: tuple[str, ...] = ()) -> Any:
    """The blank of a custom kind with such a spec, which is taken."""
    world = World()
    spec = {"type": "object", "properties": properties, "required": list(required)}
    world.apply(crd({"type": "object", "properties": {"spec": spec}}))
    world.settle()
    obj = blank(world.scheme.definition("Thing.example.com"))
    assert refusal(world, obj) == ""
    assert (obj["apiVersion"], obj["kind"], obj["metadata"]) == ("example.com/v1", "Thing", {"name": "example"})
    return obj.get("spec")


STRING = {"type": "string"}


def test_what_is_required_or_has_a_default_is_there() -> None:
    replicas = {"type": "integer", "default": 3}
    assert thing({"host": STRING, "replicas": replicas, "note": STRING}, ("host",)) == {
        "host": "example", "replicas": 3,
    }  # fmt: skip


def test_where_nothing_is_required_the_plain_fields_show_what_there_is() -> None:
    inner = {"type": "object", "properties": {"a": STRING}}
    assert thing({"host": STRING, "on": {"type": "boolean"}, "inner": inner}) == {"host": "example", "on": False}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "enum": ["red", "blue"]}, "red"),
        ({"type": "string", "pattern": r"^\d+Gi$"}, "1Gi"),
        ({"type": "string", "minLength": 9}, "examplexx"),
        ({"type": "string", "maxLength": 3}, "exa"),
        ({"type": "string", "format": "ipv4"}, "10.0.0.1"),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": "integer", "maximum": -5}, -5),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, 2),
        ({"type": "integer", "multipleOf": 10}, 10),
        ({"x-kubernetes-int-or-string": True}, 1),
        ({"type": "array", "minItems": 1, "items": {"type": "boolean"}}, [False]),
        ({"type": "object", "minProperties": 1, "additionalProperties": STRING}, {"example": "example"}),
        ({"type": "object", "required": ["a"], "properties": {"a": STRING, "b": STRING}}, {"a": "example"}),
    ],
)
def test_a_value_is_one_that_its_schema_allows(schema: dict[str, Any], value: Any) -> None:
    assert thing({"it": schema}, ("it",)) == {"it": value}


def test_what_would_need_a_long_text_is_not_made_at_any_length() -> None:
    world = World()
    world.apply(crd({"type": "object", "required": ["it"], "properties": {"it": {**STRING, "minLength": 10**15}}}))
    world.settle()
    assert len(blank(world.scheme.definition("Thing.example.com"))["it"]) == 100
