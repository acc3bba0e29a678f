"""Definitions with a format that nobody checks, and finalizers of custom objects whose name says nobody's domain.

Models apiextensions-apiserver `pkg/registry/customresourcedefinition/strategy.go` and
`pkg/registry/customresource/strategy.go`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.api import names
from app.api.objects import Obj
from app.registry.customresources import formats, schemas

_STANDARD = ("kubernetes", "orphan", "foregroundDeletion")
_NUMBERS = {"integer": ("int32", "int64"), "number": ("float", "double")}
_CONFLICTS = "to avoid accidental conflicts with other finalizer writers"


def of_definition(obj: Obj) -> Iterator[str]:
    for version in obj["spec"].get("versions") or ():
        if schema := (version.get("schema") or {}).get("openAPIV3Schema"):
            yield from (f'unrecognized format "{each["format"]}"' for each in _all(schema) if _is_unknown(each))


def _all(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield schema
    for _, part in schemas.parts(schema):
        yield from _all(part)


def _is_unknown(schema: Mapping[str, Any]) -> bool:
    kind, format = schema.get("type") or "string", schema.get("format")
    if not format:
        return False
    return not formats.is_known(format) if kind == "string" else format not in _NUMBERS.get(kind, ())


def of_finalizers(obj: Obj) -> Iterator[str]:
    """Of a custom object; Kubernetes' own refuse such."""
    for finalizer in sorted(set(obj["metadata"].get("finalizers") or ())):
        at = f'metadata.finalizers: "{finalizer}"'
        if problem := names.qualified_name_problem(finalizer):
            yield from (f"{at}: {part}" for part in problem.split("; "))
        if "/" not in finalizer and finalizer not in _STANDARD:
            name = "finalizer name including a path (/)" if "." in finalizer else "finalizer name"
            yield f"{at}: prefer a domain-qualified {name} {_CONFLICTS}"
