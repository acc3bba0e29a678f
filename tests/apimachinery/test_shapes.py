"""The table of types is the one that its generator writes, and reads as documented."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from app.apimachinery.scheme import scalars, shapes

ROOT = Path(__file__).parents[2]


def test_the_table_is_what_the_generator_writes() -> None:
    spec = importlib.util.spec_from_file_location("generate_schema", ROOT / "tools" / "generate_schema.py")
    assert spec is not None
    assert spec.loader is not None
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    assert generator.generate() == generator.TARGET.read_text()


def test_every_type_that_is_named_exists() -> None:
    types = shapes.table()["types"]
    known = {*types, *scalars.DECODERS, *shapes.table()["values"]}
    for name in types:
        for field in shapes.fields_of(name).values():
            shape = field.shape
            while isinstance(shape, shapes.ListOf | shapes.MapOf):
                shape = shape.of
            assert isinstance(shape, shapes.SchemaOr) or shape.go_name in known, f"{name}.{field.name}"


def test_the_table_holds_facts_and_no_sentences() -> None:
    words = {"required", "retainKeys", "set", "atomic", "pointer", "omitzero", "merge", "value"}
    for fields in shapes.table()["types"].values():
        for facts in fields.values():
            assert all(word in words or "=" in word for word in facts.split()[1:])


def test_of_two_versions_of_a_kind_the_later_is_the_kind() -> None:
    assert shapes.root_types()["HorizontalPodAutoscaler"] == "v2.HorizontalPodAutoscaler"
    assert shapes.struct_of("autoscaling/v1", "HorizontalPodAutoscaler").go_name == "HorizontalPodAutoscaler"
