"""What a field is for: descriptions for hover, completion and `kubectl explain`.

Types, required fields and values come from our own table; the sentences from the package lightkube-models, whose
source is read (not imported: 1.4 MB of classes) for one type at a time, and remembered per type. They are those of
Kubernetes 1.37; fields that 1.36 does not have are not in our table and so never asked for.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from app.api.errors import NotFound
from app.apimachinery.scheme import schema, shapes
from app.apimachinery.scheme.custom_shapes import CustomStruct
from app.apimachinery.scheme.shapes import OwnStruct, Struct


class FieldDoc(NamedTuple):
    """`type` as kubectl explain writes it: `integer`, `[]Container`, `map[string]string`. `enum` is () if any goes."""

    type: str
    description: str
    required: bool
    enum: tuple[str, ...]


class Child(NamedTuple):
    """A field that may be written at some place."""

    name: str
    type: str
    required: bool


def describe_field(shape: Struct, path: str = "") -> FieldDoc:
    """The field of a kind at `spec.template.spec.containers[0].image`, with or without `[0]`; "" is the kind itself.

    Raises NotFound, in kubectl's words, for an unknown field."""
    if not path:
        return FieldDoc("Object", about(shape).about, False, ())
    *parents, name = schema.split_path(path) or ("",)
    owner = schema.struct_at(shape, tuple(parents))
    field = owner.fields.get(name) if owner else None
    if owner is None or field is None:
        raise NotFound(f'field "{name}" does not exist')
    description = field.description or about(owner).fields.get(name, "")
    return FieldDoc(_type(field.type), description, field.required, field.enum or schema.named_values(field.type))


def fields_at(shape: Struct, path: str = "") -> list[Child]:
    """The fields that may be written inside of `path`, in order of name; [] for plain values and unknown paths."""
    fields = schema.fields_at(shape, schema.split_path(path) if path else ())
    return [Child(name, _type(field.type), field.required) for name, field in sorted(fields.items())]


_EXPLAIN_TYPES = {
    "int32": "integer",
    "int64": "integer",
    "bool": "boolean",
    "float64": "number",
    "any": "Object",
    "JSON": "Object",
}


def _type(name: str) -> str:
    for prefix in ("[]", "map[string]"):
        if name.startswith(prefix) and name != "[]byte":
            return prefix + _type(name.removeprefix(prefix))
    if schema.is_named_string(name):
        return "string"
    if name.startswith("JSONSchemaPropsOr"):
        return "JSONSchemaProps"
    return _EXPLAIN_TYPES.get(name, name.rpartition(".")[2])


# -------------------------------------------------------------------------------------- reading descriptions


class Documentation(NamedTuple):
    """What a type is about, and what each of its fields is for."""

    about: str
    fields: dict[str, str]


def about(shape: Struct) -> Documentation:
    """Of a custom kind's own types its schema knows."""
    if isinstance(shape, CustomStruct):
        return Documentation(shape.about, {name: field.description for name, field in shape.own.items()})
    return Documentation("", {}) if isinstance(shape, OwnStruct) else documentation(shape.go_name)


@cache
def documentation(type_name: str) -> Documentation:
    """By the name of a type in our table: "Container", "v2.MetricSpec". Empty texts where there are none."""
    docstring = _docstring(type_name)
    about, _, parameters = docstring.partition("**parameters**")
    found = re.split(r"^\s*\* \*\*(\w+)\*\* ``.*?`` - ?", parameters, flags=re.MULTILINE)
    fields = {name: _one_line(text) for name, text in zip(found[1::2], found[2::2], strict=True)}
    return Documentation(_one_line(about), fields)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _docstring(type_name: str) -> str:
    """The docstring of the class of a type, "" if there is none."""
    source = _source(_modules().get(type_name, ""))
    start = source.find(f"\nclass {type_name.rpartition('.')[2]}(")
    return source[start:].split('"""', 2)[1] if start >= 0 else ""


@cache
def _modules() -> dict[str, str]:
    """Where the class of a type stands: {"Container": "core_v1"}."""
    packages = shapes.table()["packages"].items()
    return {name: "_".join(package.split(".")[-2:]) for package, names in packages for name in names.split()}


@lru_cache(maxsize=1)  # questions come in runs about one module
def _source(module: str) -> str:
    spec = find_spec("lightkube")  # not the models themselves: that would import the client, where it is installed
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / "models" / f"{module}.py"
        if file.is_file():
            return file.read_text(encoding="utf-8")
    return ""
