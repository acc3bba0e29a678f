"""From a CustomResourceDefinition to the Definition that a scheme registers: the row, the types, the checks.

Models apiextensions-apiserver `pkg/apiserver/customresource_handler.go` and `pkg/registry/customresource/strategy.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.api import conditions
from app.api.errors import Cause
from app.api.kinds import Kind, Scaling
from app.api.objects import Obj, get_path
from app.apimachinery.scheme import custom_shapes
from app.apimachinery.scheme.custom_shapes import PRESERVES, Schema
from app.apimachinery.scheme.scheme import Definition, PrinterColumn, Version
from app.registry.customresources import defaulting, lists, rules, values
from app.registry.customresources.values import ABSENT
from app.registry.validation import causes

ANYTHING: Schema = {"type": "object", PRESERVES: True}
_NOT_ASKED = Cause(
    "<nil>",
    "FieldValueInvalid",
    "Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation",
)
_BLOCKING = frozenset({"FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid"})


def is_established(crd: Obj) -> bool:
    return conditions.is_true((crd.get("status") or {}).get("conditions"), "Established")


def key_of(crd: Obj) -> str:
    """The word that stands for the kind it defines."""
    return f"{crd['spec']['names']['kind']}.{crd['spec']['group']}"


def definition(crd: Obj) -> Definition:
    """What it defines. It has been validated, and its names are accepted."""
    versions: list[Mapping[str, Any]] = crd["spec"]["versions"]
    stored = next(each for each in versions if each.get("storage"))
    schema = schema_of(stored)
    checks = _Checks(schema, stored)
    row = _row(crd, stored)
    return Definition(
        row,
        custom_shapes.root(row.kind, schema),
        default=_defaults(schema),
        validate=checks.validate,
        validate_update=checks.validate_update,
        columns=_columns(stored),
        others=tuple(_version(crd, each) for each in versions if each.get("served") and each is not stored),
        is_served=bool(stored.get("served")),
    )


def schema_of(version: Mapping[str, Any]) -> Schema:
    schema: Schema | None = (version.get("schema") or {}).get("openAPIV3Schema")
    return ANYTHING if schema is None else schema


def _row(crd: Obj, version: Mapping[str, Any]) -> Kind:
    spec, names = crd["spec"], crd["spec"]["names"]
    accepted = (crd.get("status") or {}).get("acceptedNames") or {}
    subresources = version.get("subresources") or {}
    scale = subresources.get("scale")
    return Kind(
        names["kind"],
        spec["group"],
        version["name"],
        names["plural"],
        names.get("singular", ""),
        tuple(accepted.get("shortNames") or ()),
        spec["scope"] == "Namespaced",
        tuple(name for name in ("status", "scale") if name in subresources),
        tuple(accepted.get("categories") or ()),
        runs=False,
        scaling=_scaling(scale) if scale else Scaling(),
        selectable=tuple(each["jsonPath"].removeprefix(".") for each in version.get("selectableFields") or ()),
        deprecation=_deprecation(crd, version) if version.get("deprecated") else "",
    )


def _deprecation(crd: Obj, version: Mapping[str, Any]) -> str:
    spec = crd["spec"]
    return (
        version.get("deprecationWarning") or f"{spec['group']}/{version['name']} {spec['names']['kind']} is deprecated"
    )


def _scaling(scale: Mapping[str, str]) -> Scaling:
    wanted, observed = scale["specReplicasPath"], scale["statusReplicasPath"]
    selector = scale.get("labelSelectorPath", "")
    return Scaling(*(path.removeprefix(".") for path in (wanted, observed, selector)))


def _version(crd: Obj, version: Mapping[str, Any]) -> Version:
    """One that is served beside the stored one. Conversion is None: only the name of the version changes."""
    row, schema = _row(crd, version), schema_of(version)
    return Version(
        row, custom_shapes.root(row.kind, schema), _defaults(schema), _defaults(schema), columns=_columns(version)
    )


def _defaults(schema: Schema) -> Callable[[Obj], Obj]:
    return lambda obj: defaulting.filled_in(obj, schema)


def _columns(version: Mapping[str, Any]) -> tuple[PrinterColumn, ...]:
    return tuple(
        PrinterColumn(
            each["name"],
            each["type"],
            each["jsonPath"],
            each.get("priority", 0),
            each.get("description", ""),
            each.get("format", ""),
        )
        for each in version.get("additionalPrinterColumns") or ()
    )


class _Checks:
    """What is checked of the objects of one version."""

    def __init__(self, schema: Schema, version: Mapping[str, Any]) -> None:
        self._schema = schema
        self._rules = rules.read(schema)
        self._scale = (version.get("subresources") or {}).get("scale")

    def validate(self, obj: Obj) -> Iterator[Cause]:
        found = [*values.check(_without_metadata(obj), self._schema), *self._scale_problems(obj)]
        found += lists.check(obj, self._schema)
        yield from self._with_rules(found, obj, ABSENT)

    def validate_update(self, new: Obj, old: Obj) -> Iterator[Cause]:
        found = [*values.check(_without_metadata(new), self._schema, old=_without_metadata(old))]
        found += self._scale_problems(new)
        if not any(lists.check(old, self._schema)):
            found += lists.check(new, self._schema)
        yield from self._with_rules(found, new, old)

    def _with_rules(self, found: list[Cause], new: Obj, old: Any) -> list[Cause]:
        """Rules may take it for granted that all else is as the schema says."""
        if self._rules is not None and any(cause.reason in _BLOCKING for cause in found):
            return [*found, _NOT_ASKED]
        return [*found, *rules.broken(self._rules, new, old)]

    def _scale_problems(self, obj: Obj) -> Iterator[Cause]:
        if self._scale is None:
            return
        for path in (self._scale["specReplicasPath"], self._scale["statusReplicasPath"]):
            replicas = get_path(obj, path.removeprefix("."), ABSENT)
            if replicas is ABSENT or replicas is None:
                continue
            if isinstance(replicas, bool) or not isinstance(replicas, int):
                continue  # the schema says so
            if replicas < 0:
                yield causes.invalid(path, replicas, "should be a non-negative integer")
            elif replicas > 2**31 - 1:
                yield causes.invalid(path, replicas, "should be less than or equal to 2147483647")


def _without_metadata(obj: Obj) -> Obj:
    return {name: value for name, value in obj.items() if name != "metadata"}
