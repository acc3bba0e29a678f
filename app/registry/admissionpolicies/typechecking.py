"""What the types of the kinds that a policy is about say to its expressions: warnings for its status.

A policy with a mistake of this kind is stored, for it may be about several kinds, and what one of them has not another
may have. Models apiserver `pkg/admission/plugin/policy/validating/typechecking.go`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from app.api.kinds import Kind, key_of
from app.apimachinery import cel
from app.apimachinery.cel import types
from app.apimachinery.cel.types import DYN, Type
from app.apimachinery.scheme.custom_shapes import CustomStruct
from app.apimachinery.scheme.scheme import Scheme
from app.apimachinery.scheme.shapes import Struct
from app.registry.admissionpolicies import expressions

Part = Mapping[str, Any]
_MOST_KINDS = 10  # of one rule


def warnings(spec: Part, scheme: Scheme) -> list[dict[str, str]]:
    """`status.typeChecking.expressionWarnings`."""
    kinds = _kinds(spec, scheme)
    names = {kind: _names(spec, _type_of(kind, scheme), _params(spec, scheme)) for kind in kinds}
    found = []
    for index, validation in enumerate(spec.get("validations") or ()):
        for part in ("expression", "messageExpression"):
            if source := validation.get(part):
                told = [problem for kind, known in names.items() if (problem := _problem(kind, source, known))]
                if told:
                    found.append({"fieldRef": f"spec.validations[{index}].{part}", "warning": "\n".join(told)})
    return found


def _problem(kind: Kind, source: str, known: Mapping[str, Type]) -> str:
    try:
        cel.compile_rule(source, known)
    except cel.CompileError as error:
        return f"{kind.group}/{kind.version}, Kind={kind.kind}: {error}\n"
    return ""


def _kinds(spec: Part, scheme: Scheme) -> list[Kind]:
    """Those that are named, without wildcards: by group, version and kind."""
    rules = (spec.get("matchConstraints") or {}).get("resourceRules") or ()
    found = {kind for rule in rules for kind in islice(_of_rule(rule, scheme), _MOST_KINDS)}
    return sorted(found, key=lambda kind: (kind.group, kind.version, kind.kind))


def _of_rule(rule: Part, scheme: Scheme) -> Iterator[Kind]:
    groups, versions, resources = (sorted(rule.get(part) or ()) for part in ("apiGroups", "apiVersions", "resources"))
    if _is_any(groups) or _is_any(versions):
        return
    for group in groups:
        for version in versions:
            for resource in resources:
                kind = None if _is_any(resource) or "/" in resource else scheme.resource(group, version, resource)
                if kind is not None and not kind.internal:
                    yield kind


def _is_any(words: Sequence[str]) -> bool:
    return any("*" in word for word in words)


def _params(spec: Part, scheme: Scheme) -> Type:
    written = spec.get("paramKind") or {}
    row = scheme.find(key_of(written.get("apiVersion", ""), written.get("kind", "")))
    if row is None or row.internal:
        return DYN
    return _type_of(row._replace(version=written["apiVersion"].rpartition("/")[2]), scheme)


def _type_of(kind: Kind, scheme: Scheme) -> Type:
    shape = scheme.definition(kind.key).shape_in(kind.api_version)
    if not isinstance(shape, CustomStruct):
        return types.of_shape(shape)
    found = types.of_schema(shape.schema, is_root=True) if shape.schema is not None else None
    if found is None or found.fields is None:
        return DYN
    return Type("object", fields={**found.fields, "metadata": types.of_shape(Struct("ObjectMeta"))})


def _names(spec: Part, object_type: Type, params_type: Type) -> dict[str, Type]:
    """What an expression knows, if the object is of that type; a variable that makes no sense is of any."""
    variables: dict[str, Type] = {}
    for each in spec.get("variables") or ():
        known = expressions.names(spec, variables, object_type=object_type, params_type=params_type)
        try:
            variables[each["name"]] = cel.compile_rule(each["expression"], known).type
        except cel.CompileError:
            variables[each["name"]] = DYN
    return expressions.names(spec, variables, object_type=object_type, params_type=params_type)
