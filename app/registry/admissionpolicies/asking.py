"""What a policy says of one request: its conditions, then its validations and annotations.

Variables are worked out when somebody asks for them, once. What all of it may cost has a limit that all policies of one
request share (app/api/limits.py), so that no policy stops a server. Models apiserver
`pkg/admission/plugin/policy/validating/validator.go` and `pkg/admission/plugin/cel`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from app.api import limits
from app.api.breath import breathe
from app.apimachinery import cel
from app.registry.admissionpolicies.compiled import Expression, Policy, Validation

_MESSAGE_BYTES = 5 * 1024
_CONDITIONS_SHARE = 4  # of what a request may cost, match conditions may cost a fourth
OUT_OF_BUDGET = "validation failed due to running out of cost budget, no further validation rules will be run"


class Denial(NamedTuple):
    """`always`: whatever the binding does with what a policy denies."""

    message: str
    reason: str = ""
    always: bool = False


class Purse:
    """What may still be spent on one request."""

    def __init__(self, left: int = limits.CEL_REQUEST) -> None:
        self.left = left


class _OutOfBudget(Exception):
    pass


class _Failed(Exception):
    """An expression, with what the API server says of that."""


def denials(policy: Policy, names: Mapping[str, Any], purse: Purse) -> list[Denial]:
    """Why it denies a request; () if it does not, or is not about it. `names`: what its expressions know."""
    try:
        return _Asking(policy, names, purse).denials()
    except _OutOfBudget:
        return [] if policy.ignores_errors else [Denial(OUT_OF_BUDGET)]


class _Variables(Mapping[str, Any]):
    def __init__(self, asking: _Asking, variables: Mapping[str, Expression]) -> None:
        self._asking = asking
        self._variables = variables
        self._known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        """Raises CelError."""
        if name not in self._known:
            self._known[name] = self._worked_out(name, self._variables[name])
        found = self._known[name]
        if isinstance(found, cel.CelError):
            raise found
        return found

    def _worked_out(self, name: str, variable: Expression) -> Any:
        if variable.compiled is None:
            return cel.CelError(f'composited variable "{name}" fails to compile: {variable.problem}')
        try:
            return self._asking.spent_on(variable.compiled)
        except cel.CostExceeded as error:
            return error
        except cel.CelError as error:
            return cel.CelError(f'composited variable "{name}" fails to evaluate: {error}')

    def __contains__(self, name: object) -> bool:
        return name in self._variables

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)


class _Asking:
    def __init__(self, policy: Policy, names: Mapping[str, Any], purse: Purse) -> None:
        self._policy = policy
        self._names = {**names, "variables": _Variables(self, policy.variables)}
        self._purse = purse

    def denials(self) -> list[Denial]:
        failed = self._failed_conditions()
        if failed is None:
            return []
        if failed:
            if self._policy.ignores_errors:
                return []
            return [Denial(failed[0] if len(failed) == 1 else f"[{', '.join(failed)}]")]
        found = [denial for each in self._policy.validations if (denial := self._denial(each))]
        return [*found, *(denial for each in self._policy.annotations if (denial := self._bad_annotation(each)))]

    def _failed_conditions(self) -> list[str] | None:
        """What could not be worked out; None: it is not about this request."""
        kept, whole = self._purse, self._names
        self._purse = Purse(min(kept.left, limits.CEL_REQUEST // _CONDITIONS_SHARE))
        self._names = {**whole, "namespaceObject": None}
        before, failed = self._purse.left, []
        try:
            for condition in self._policy.conditions:
                try:
                    if self._answer(condition) is False:
                        return None
                except _Failed as error:
                    failed.append(str(error))
        finally:
            kept.left -= before - self._purse.left
            self._purse, self._names = kept, whole
        return failed

    def _denial(self, validation: Validation) -> Denial | None:
        try:
            if self._answer(validation.condition) is True:
                return None
        except _Failed as error:
            return None if self._policy.ignores_errors else Denial(str(error))
        return Denial(self._message(validation) or validation.told, validation.reason)

    def _message(self, validation: Validation) -> str:
        """What its messageExpression makes; "" if that fails, or is no good message."""
        if validation.message_expression is None:
            return ""
        try:
            told = self._answer(validation.message_expression)
        except _Failed:
            return ""
        good = isinstance(told, str) and "\n" not in told.strip() and len(told.strip().encode()) <= _MESSAGE_BYTES
        return told.strip() if good else ""

    def _bad_annotation(self, annotation: Expression) -> Denial | None:
        """There is no audit log that its value could stand in; but an error in it is one."""
        try:
            self._answer(annotation)
        except _Failed as error:
            return None if self._policy.ignores_errors else Denial(str(error), always=True)
        return None

    def _answer(self, expression: Expression) -> Any:
        """Raises _Failed."""
        if expression.compiled is None:
            raise _Failed(f"compilation error: {expression.problem}")
        try:
            return self.spent_on(expression.compiled)
        except cel.CelError as error:
            told = "no such overload" if str(error).startswith("no such overload") else error
            raise _Failed(f"expression '{expression.source}' resulted in error: {told}") from None

    def spent_on(self, compiled: cel.Compiled) -> Any:
        """Raises CelError. Nothing more is asked once all is spent."""
        breathe()
        purse = self._purse
        if purse.left <= 0:
            raise _OutOfBudget
        most = min(limits.CEL_CALL, purse.left)
        budget = cel.Budget(most)
        try:
            return compiled.evaluate(self._names, budget)
        except cel.CostExceeded:
            if most < limits.CEL_CALL:
                raise _OutOfBudget from None
            raise
        finally:
            purse.left -= most - max(budget.left, 0)
