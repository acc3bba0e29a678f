"""What a field is for: descriptions for hover, completion and `kubectl explain`.

Types, required fields and values come from our own table; the sentences from the package lightkube-models, whose
source is read (not imported: 1.4 MB of classes) for one type at a time, and remembered per type. They are those of
Kubernetes 1.37; fields that 1.36 does not have are not in our table and so never asked for.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from app.api import schema
from app.api.errors import NotFound

# Where a type's class may stand; the first that has it. Names are unique among these in the order given.
_MODULES = (
    "core_v1",
    "meta_v1",
    "apps_v1",
    "batch_v1",
    "autoscaling_v1",
    "policy_v1",
    "discovery_v1",
    "coordination_v1",
    "networking_v1",
    "rbac_v1",
    "storage_v1",
    "scheduling_v1",
    "apiextensions_v1",
)


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


def describe_field(kind: str, path: str = "") -> FieldDoc:
    """The field at `spec.template.spec.containers[0].image`, with or without `[0]`; "" is the kind itself.

    Raises NotFound, in kubectl's words, for an unknown kind or field."""
    if not schema.knows(kind):
        raise NotFound(f'couldn\'t find resource for "{kind}"')
    if not path:
        return FieldDoc("Object", _documentation(schema.root_type(kind)).about, False, ())
    *parents, name = schema.split_path(path) or ("",)
    owner = schema.owner_type(kind, tuple(parents))
    field = schema.fields_at(kind, tuple(parents)).get(name)
    if field is None:
        raise NotFound(f'field "{name}" does not exist')
    description = _documentation(owner).fields.get(name, "")
    return FieldDoc(_type(field.type), description, field.required, schema.named_values(field.type))


def fields_at(kind: str, path: str = "") -> list[Child]:
    """The fields that may be written inside of `path`, in order of name; [] for plain values and unknown paths."""
    fields = schema.fields_at(kind, schema.split_path(path)) if path else schema.fields_at(kind)
    return [Child(name, _type(field.type), field.required) for name, field in sorted(fields.items())]


_EXPLAIN_TYPES = {"int32": "integer", "int64": "integer", "bool": "boolean", "float64": "number", "any": "Object"}


def _type(name: str) -> str:
    for prefix in ("[]", "map[string]"):
        if name.startswith(prefix) and name != "[]byte":
            return prefix + _type(name.removeprefix(prefix))
    if schema.is_named_string(name):
        return "string"
    return _EXPLAIN_TYPES.get(name, name.rpartition(".")[2])


# -------------------------------------------------------------------------------------- reading descriptions


class _Documentation(NamedTuple):
    about: str
    fields: dict[str, str]


@cache
def _documentation(type_name: str) -> _Documentation:
    docstring = _docstring(type_name)
    about, _, parameters = docstring.partition("**parameters**")
    found = re.split(r"^\s*\* \*\*(\w+)\*\* ``.*?`` - ?", parameters, flags=re.MULTILINE)
    fields = {name: _one_line(text) for name, text in zip(found[1::2], found[2::2], strict=True)}
    return _Documentation(_one_line(about), fields)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _docstring(type_name: str) -> str:
    """The docstring of the class of a type, "" if there is none."""
    group, _, name = type_name.rpartition(".")
    modules = {"v2": ("autoscaling_v2",), "": _MODULES}.get(group, (f"{group}_v1",))
    spec = find_spec("lightkube.models")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for module in modules:
            source = (Path(folder) / f"{module}.py").read_text(encoding="utf-8")
            start = source.find(f"\nclass {name}(")
            if start >= 0:
                return source[start:].split('"""', 2)[1]
    return ""
