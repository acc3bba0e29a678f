"""From a checked tree to a function. It counts what it does, and stops at a limit that does not depend on the machine.

Models google/cel-go `interpreter`: values of a wrong type are errors, `&&` and `||` do not mind an error on one side if
the other side decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from app.api.breath import EVERY, breathe
from app.apimachinery import patterns
from app.apimachinery.cel import types, values
from app.apimachinery.cel.library import LIBRARY, Overload, qualified
from app.apimachinery.cel.syntax import Node, UInt
from app.apimachinery.cel.values import CelError, Optional, no_overload

__all__ = ["Budget", "CelError", "CostExceeded", "Run", "compiled"]


class CostExceeded(CelError):
    def __init__(self) -> None:
        super().__init__("operation cancelled: actual cost limit exceeded")


class Budget:
    """What may still be spent. `spend` raises CostExceeded."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, cost: int) -> None:
        self.left -= cost
        if self.left < 0:
            raise CostExceeded


class Scope:
    __slots__ = ("budget", "names")

    def __init__(self, names: dict[str, Any], budget: Budget) -> None:
        self.names = names
        self.budget = budget


Run = Callable[[Scope], Any]


def compiled(node: Node) -> Run:
    match node.form:
        case "const":
            return lambda scope: node.value
        case "name":
            return _name(node.value)
        case "select":
            return _select(compiled(node.args[0]), node.value)
        case "has":
            return _has(compiled(node.args[0]), node.value)
        case "list":
            return _list(node)
        case "map":
            return _map(node)
        case "call":
            return _call(node)
    return _comprehension(node)


def _name(name: str) -> Run:
    def run(scope: Scope) -> Any:
        scope.budget.spend(1)
        return scope.names[name] if name in scope.names else values.TypeValue(types.NAMED[name])

    return run


def _select(operand: Run, name: str) -> Run:
    def run(scope: Scope) -> Any:
        value = operand(scope)
        scope.budget.spend(1)
        if isinstance(value, Optional):
            return _optional_field(value, name)
        if not isinstance(value, Mapping):
            raise no_overload(f"select {name}")
        if name not in value:
            raise CelError(f"no such key: {name}")
        return value[name]

    return run


def _optional_field(value: Optional, name: Any) -> Optional:
    inside = value.value
    if value.is_there and isinstance(inside, Mapping) and name in inside:
        return Optional(inside[name], True)
    is_index = isinstance(name, int) and isinstance(inside, list) and 0 <= name < len(inside)
    return Optional(inside[name], True) if value.is_there and is_index else values.NONE


def _has(operand: Run, name: str) -> Run:
    def run(scope: Scope) -> bool:
        value = operand(scope)
        scope.budget.spend(1)
        if isinstance(value, Optional):
            return _optional_field(value, name).is_there
        if not isinstance(value, Mapping):
            raise no_overload(f"has {name}")
        return name in value

    return run


def _list(node: Node) -> Run:
    parts = [(compiled(part), index in node.optional) for index, part in enumerate(node.args)]

    def run(scope: Scope) -> list[Any]:
        scope.budget.spend(1 + len(parts))
        found = []
        for part, is_optional in parts:
            value = part(scope)
            if not is_optional:
                found.append(value)
            elif value.is_there:
                found.append(value.value)
        return found

    return run


def _map(node: Node) -> Run:
    pairs = [
        (compiled(node.args[index]), compiled(node.args[index + 1]), index in node.optional)
        for index in range(0, len(node.args), 2)
    ]

    def run(scope: Scope) -> dict[Any, Any]:
        scope.budget.spend(1 + len(pairs))
        found: dict[Any, Any] = {}
        for key, part, is_optional in pairs:
            name, value = key(scope), part(scope)
            if not isinstance(name, str | int):
                raise CelError("unsupported key type")
            if is_optional and not value.is_there:
                continue
            if name in found:
                raise CelError(f"Failed with repeated key: {name}")
            found[name] = value.value if is_optional else value
        return found

    return run


# ------------------------------------------------------------------------------------------------ macros


def _comprehension(node: Node) -> Run:
    range_, body, variable = compiled(node.args[0]), compiled(node.args[1]), node.value
    finish = _FOLDS.get(node.form)
    if finish is None:
        return _bound(node.form, range_, body, variable)

    def run(scope: Scope) -> Any:
        items = range_(scope)
        if not isinstance(items, list | Mapping):
            raise no_overload(node.form)
        before = scope.names

        def each(item: Any) -> Any:
            scope.budget.spend(1)
            if scope.budget.left % EVERY == 0:
                breathe()
            scope.names = {**before, variable: item}
            return body(scope)

        try:
            return finish(list(items), each)
        finally:
            scope.names = before

    return run


Each = Callable[[Any], Any]


def _true(value: Any) -> bool:
    if not isinstance(value, bool):
        raise no_overload("condition")
    return value


def _all(items: list[Any], each: Each) -> bool:
    error: CelError | None = None
    for item in items:
        try:
            if not _true(each(item)):
                return False
        except CostExceeded:
            raise
        except CelError as failed:
            error = failed
    if error is not None:
        raise error
    return True


def _exists(items: list[Any], each: Each) -> bool:
    return not _all(items, lambda item: not _true(each(item)))


_FOLDS: dict[str, Callable[[list[Any], Each], Any]] = {
    "all": _all,
    "exists": _exists,
    "exists_one": lambda items, each: sum([_true(each(item)) for item in items]) == 1,
    "map_": lambda items, each: [each(item) for item in items],
    "filter": lambda items, each: [item for item in items if _true(each(item))],
}


def _bound(form: str, value: Run, body: Run, variable: str) -> Run:
    """`cel.bind`, `optMap` and `optFlatMap`: one value under a name."""

    def run(scope: Scope) -> Any:
        found = value(scope)
        scope.budget.spend(1)
        before = scope.names
        if form != "bind":
            if not isinstance(found, Optional):
                raise no_overload(form)
            if not found.is_there:
                return values.NONE
            found = found.value
        scope.names = {**before, variable: found}
        try:
            result = body(scope)
        finally:
            scope.names = before
        return Optional(result, True) if form == "optmap" else result

    return run


# ------------------------------------------------------------------------------------------------ calls


def _call(node: Node) -> Run:
    if node.value in ("_&&_", "_||_"):
        return _logical(*map(compiled, node.args), decides=node.value == "_||_")
    if node.value == "_?_:_":
        return _choice(*map(compiled, node.args))
    name, nodes = qualified(node)
    args = [compiled(arg) for arg in nodes]
    overloads = tuple(each for each in LIBRARY.get(name, ()) if len(each.params) == len(args))

    def run(scope: Scope) -> Any:
        given = [arg(scope) for arg in args]
        budget = scope.budget
        budget.spend(1)
        for overload in overloads:
            if overload.fits(given):
                return _called(overload, given, budget)
        raise no_overload(node.value)

    return run


def _called(overload: Overload, given: list[Any], budget: Budget) -> Any:
    budget.spend(overload.cost(given))
    try:
        result = overload.does(*given)
    except patterns.TooCostly:
        raise CostExceeded from None
    except patterns.BadPattern as error:
        raise CelError(f"error parsing regexp: {error}") from None
    except (OverflowError, RecursionError):
        raise CelError("value out of range") from None
    return _in_range(result)


def _in_range(value: Any) -> Any:
    if isinstance(value, UInt):
        if not 0 <= value < 1 << 64:
            raise CelError("unsigned integer overflow")
    elif isinstance(value, int) and not isinstance(value, bool) and not -(1 << 63) <= value < 1 << 63:
        raise CelError("integer overflow")
    elif isinstance(value, datetime) and not 1 <= value.year <= 9999:
        raise CelError("timestamp overflow")
    elif isinstance(value, timedelta) and abs(value.total_seconds()) > 315_576_000_000:
        raise CelError("duration overflow")
    return value


def _logical(one: Run, other: Run, *, decides: bool) -> Run:
    def run(scope: Scope) -> bool:
        scope.budget.spend(1)
        error: CelError | None = None
        for side in (one, other):
            try:
                value = side(scope)
                if not isinstance(value, bool):
                    raise no_overload("logical operator")
                if value is decides:
                    return decides
            except CostExceeded:
                raise
            except CelError as failed:
                error = error or failed
        if error is not None:
            raise error
        return not decides

    return run


def _choice(condition: Run, yes: Run, no: Run) -> Run:
    def run(scope: Scope) -> Any:
        scope.budget.spend(1)
        return yes(scope) if _true(condition(scope)) else no(scope)

    return run
