"""A policy read once, to be asked of many requests. An expression that makes no sense is kept, with what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.apimachinery import cel
from app.apimachinery.cel.types import DYN, Type
from app.registry.admissionpolicies import expressions
from app.registry.admissionpolicies.expressions import BOOLEAN, TEXT, TEXT_OR_NULL, Unfit

Part = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expression:
    source: str
    compiled: cel.Compiled | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Validation:
    condition: Expression
    message_expression: Expression | None
    message: str
    reason: str

    @property
    def told(self) -> str:
        """What it says where no messageExpression says more."""
        return self.message.strip() or f"failed expression: {self.condition.source.strip()}"


@dataclass(frozen=True, slots=True)
class Policy:
    ignores_errors: bool
    conditions: tuple[Expression, ...]
    variables: Mapping[str, Expression]
    validations: tuple[Validation, ...]
    annotations: tuple[Expression, ...]


def read(spec: Part) -> Policy:
    variables: dict[str, Expression] = {}
    types: dict[str, Type] = {}
    for each in spec.get("variables") or ():
        found = _expression(each["expression"], expressions.names(spec, types), expressions.ANY)
        variables[each["name"]] = found
        types[each["name"]] = found.compiled.type if found.compiled else DYN
    known, silent = (expressions.names(spec, types, authorizer=allowed) for allowed in (True, False))
    conditions = (_expression(each["expression"], known, BOOLEAN) for each in spec.get("matchConditions") or ())
    annotations = (
        _expression(each["valueExpression"], known, TEXT_OR_NULL) for each in spec.get("auditAnnotations") or ()
    )
    validations = (_validation(each, known, silent) for each in spec.get("validations") or ())
    ignores = spec.get("failurePolicy") == "Ignore"
    return Policy(ignores, tuple(conditions), variables, tuple(validations), tuple(annotations))


def _validation(written: Part, known: Mapping[str, Type], silent: Mapping[str, Type]) -> Validation:
    text = written.get("messageExpression")
    return Validation(
        _expression(written["expression"], known, BOOLEAN),
        _expression(text, silent, TEXT) if text else None,
        written.get("message", ""),
        written.get("reason") or "Invalid",
    )


def _expression(source: str, known: Mapping[str, Type], answers: tuple[str, ...]) -> Expression:
    try:
        return Expression(source, expressions.compiled(source, known, answers))
    except Unfit as error:
        return Expression(source, None, str(error))
