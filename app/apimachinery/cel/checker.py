"""Does an expression make sense, of which type is it, and what may it cost at most?

What is not known by a schema is `dyn`, and left to the evaluation. The cost is an estimate in the units of cel-go, of
the largest object that a request can bring. Models cel-go `checker` (types and `cost.go`) and kubernetes/apiserver
`pkg/cel/library/cost.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.api import limits
from app.apimachinery.cel import types
from app.apimachinery.cel.evaluator import Budget, Scope, compiled
from app.apimachinery.cel.library import LIBRARY, Overload, qualified
from app.apimachinery.cel.syntax import CompileError, Node, UInt, parsed
from app.apimachinery.cel.types import BOOL, DYN, Type, map_of

MOST_ITEMS, MOST_CHARACTERS = 1 << 20, 3 << 20
"""Of what a schema sets no limit to: a request has three MiB, and an item takes three characters."""
_CEILING = 1 << 62


@dataclass(frozen=True, slots=True)
class Compiled:
    source: str
    type: Type
    cost: int  # at most, once
    uses_old: bool
    run: Any

    def evaluate(self, names: dict[str, Any], budget: Budget) -> Any:
        """Raises CelError."""
        return self.run(Scope(names, budget))


def compile_rule(source: str, names: Mapping[str, Type]) -> Compiled:
    """Raises CompileError."""
    try:
        node, checker = parsed(source), _Checker(source)
        if _depth(node) > limits.CEL_DEPTH:
            raise CompileError(f"expression recursion limit exceeded: {limits.CEL_DEPTH}", source, 0)
        kind, cost = checker.check(node, dict(names))
        return Compiled(source, kind, min(cost, _CEILING), checker.uses_old, compiled(node))
    except RecursionError:
        raise CompileError("expression recursion limit exceeded", source, 0) from None


def _depth(node: Node) -> int:
    """Without recursion, for it may be too deep for that."""
    deepest, todo = 0, [(node, 1)]
    while todo:
        each, depth = todo.pop()
        deepest = max(deepest, depth)
        todo += [(arg, depth + 1) for arg in each.args]
    return deepest


Found = tuple[Type, int]
Names = Mapping[str, Type]


class _Checker:
    def __init__(self, source: str) -> None:
        self._source = source
        self.uses_old = False

    def _wrong(self, text: str, node: Node) -> CompileError:
        return CompileError(text, self._source, node.at)

    def check(self, node: Node, names: Names) -> Found:
        """Type and cost. Raises CompileError."""
        match node.form:
            case "const":
                return _type_of_constant(node.value), 0
            case "name":
                if node.value in types.NAMED and node.value not in names:
                    return Type("type"), 1
                if node.value not in names:
                    raise self._wrong(f"undeclared reference to '{node.value}' (in container '')", node)
                self.uses_old |= node.value == "oldSelf"
                return names[node.value], 1
            case "select" | "has":
                kind, cost = self.check(node.args[0], names)
                inside = self._field(kind, node)
                return (BOOL if node.form == "has" else inside), cost + 1
            case "list":
                return self._list(node, names)
            case "map":
                return self._map(node, names)
            case "call":
                return self._call(node, names)
        return self._comprehension(node, names)

    def _field(self, kind: Type, node: Node) -> Type:
        if kind.name == "optional":
            return Type("optional", (self._field(kind.args[0], node),))
        if kind.name == "dyn":
            return DYN
        if kind.name == "map":
            return kind.args[1]
        if kind.fields is None:
            raise self._wrong(f"type '{kind}' does not support field selection", node)
        if node.value not in kind.fields:
            raise self._wrong(f"undefined field '{node.value}'", node)
        return kind.fields[node.value]

    def _list(self, node: Node, names: Names) -> Found:
        found = [self.check(part, names) for part in node.args]
        kinds = [
            kind.args[0] if index in node.optional and kind.args else kind for index, (kind, _) in enumerate(found)
        ]
        item = kinds[0] if kinds and all(kind == kinds[0] for kind in kinds) else DYN
        return Type("list", (item,), most=len(kinds)), sum(cost for _, cost in found) + 10

    def _map(self, node: Node, names: Names) -> Found:
        found = [self.check(part, names) for part in node.args]
        keys, kinds = [kind for kind, _ in found[::2]], [kind for kind, _ in found[1::2]]
        for index in node.optional:
            kinds[index // 2] = kinds[index // 2].args[0] if kinds[index // 2].args else DYN
        key = keys[0] if keys and all(kind == keys[0] for kind in keys) else DYN
        value = kinds[0] if kinds and all(kind == kinds[0] for kind in kinds) else DYN
        return map_of(key, value), sum(cost for _, cost in found) + 30

    def _comprehension(self, node: Node, names: Names) -> Found:
        range_, cost = self.check(node.args[0], names)
        if node.form in ("bind", "optmap", "optflatmap"):
            held = range_ if node.form == "bind" else range_.args[0] if range_.args else DYN
            kind, body = self.check(node.args[1], {**names, node.value: held})
            return (Type("optional", (kind,)) if node.form == "optmap" else kind), cost + body + 1
        if range_.name not in ("list", "map", "dyn"):
            text = f"expression of type '{range_}' cannot be range of a comprehension (must be list, map, or dynamic)"
            raise self._wrong(text, node.args[0])
        item = range_.args[0] if range_.args else DYN
        kind, body = self.check(node.args[1], {**names, node.value: item})
        if node.form != "map_" and kind.name not in ("bool", "dyn"):
            raise self._wrong(f"expected type 'bool' but found '{kind}'", node.args[1])
        cost = cost + 1 + _items(range_) * (body + 2)
        if node.form == "map_":
            return Type("list", (kind,), most=range_.most), cost
        return (Type("list", (item,), most=range_.most) if node.form == "filter" else BOOL), cost

    def _call(self, node: Node, names: Names) -> Found:
        if node.value in ("_&&_", "_||_"):
            return self._logical(node, names)
        if node.value == "_?_:_":
            return self._choice(node, names)
        name, nodes = qualified(node)
        found = [self.check(arg, names) for arg in nodes]
        kinds, cost = [kind for kind, _ in found], sum(cost for _, cost in found)
        overloads = LIBRARY.get(name)
        if overloads is None:
            raise self._wrong(f"undeclared reference to '{node.value}' (in container '')", node)
        results = [result for each in overloads if (result := _result(each, kinds)) is not None]
        if not results:
            given = ", ".join(map(str, kinds[1:] if node.method and name[0] == "." else kinds))
            told = f"{kinds[0]}.({given})" if node.method and name[0] == "." else f"({given})"
            raise self._wrong(f"found no matching overload for '{node.value}' applied to '{told}'", node)
        result = results[0] if all(each == results[0] for each in results) else DYN
        return result, cost + _cost_of(name, kinds)

    def _logical(self, node: Node, names: Names) -> Found:
        cost = 1
        for arg in node.args:
            kind, more = self.check(arg, names)
            if kind.name not in ("bool", "dyn"):
                raise self._wrong(f"expected type 'bool' but found '{kind}'", arg)
            cost += more
        return BOOL, cost

    def _choice(self, node: Node, names: Names) -> Found:
        (condition, first), (yes, second), (no, third) = (self.check(arg, names) for arg in node.args)
        if condition.name not in ("bool", "dyn"):
            raise self._wrong(f"expected type 'bool' but found '{condition}'", node.args[0])
        return (yes if yes == no else DYN), first + max(second, third) + 1


def _type_of_constant(value: Any) -> Type:
    if isinstance(value, UInt):
        return Type("uint")
    for kind, name in ((bool, "bool"), (int, "int"), (float, "double"), (bytes, "bytes")):
        if isinstance(value, kind):
            return Type(name)
    return types.NULL if value is None else Type("string", most=len(value))


# ------------------------------------------------------------------------------------------------ overloads


def _result(overload: Overload, kinds: list[Type]) -> Type | None:
    """What it answers for arguments of these types; None if it takes none such."""
    if len(overload.params) != len(kinds):
        return None
    bound: dict[str, Type] = {}
    if not all(_takes(param, kind, bound) for param, kind in zip(overload.params, kinds, strict=True)):
        return None
    return _put_in(overload.result, bound)


def _takes(param: Type, kind: Type, bound: dict[str, Type]) -> bool:
    if len(param.name) == 1:
        known = bound.setdefault(param.name, kind)
        if known.name in ("dyn", "null"):
            bound[param.name] = kind
        return kind.name in ("dyn", "null") or known.name in ("dyn", "null") or _alike(known, kind)
    if param.name == "dyn" or kind.name == "dyn":
        return True
    if param.name == "map" and kind.name == "object":
        return all(_takes(each, DYN, bound) for each in param.args)
    if param.name != kind.name:
        return False
    return all(_takes(inner, given, bound) for inner, given in zip(param.args, kind.args, strict=False))


def _alike(one: Type, other: Type) -> bool:
    if "dyn" in (one.name, other.name):
        return True
    if one.name != other.name or len(one.args) != len(other.args):
        return False
    return all(map(_alike, one.args, other.args))


def _put_in(result: Type, bound: Mapping[str, Type]) -> Type:
    if len(result.name) == 1:
        return bound.get(result.name, DYN)
    return Type(result.name, tuple(_put_in(each, bound) for each in result.args)) if result.args else result


# ------------------------------------------------------------------------------------------------ costs


def _items(kind: Type) -> int:
    return kind.most if kind.most is not None else MOST_ITEMS


def _size(kind: Type) -> int:
    """Of a value: characters, or items."""
    if kind.name in ("string", "bytes"):
        return kind.most if kind.most is not None else MOST_CHARACTERS
    return _items(kind) if kind.name in ("list", "map") else 1


def _cost_of(name: str, kinds: list[Type]) -> int:
    sizes = [_size(kind) for kind in kinds]
    if name in (".matches", "matches", ".find", ".findAll"):
        return (sizes[0] // 10 + 1) * (sizes[1] // 4 + 1) if kinds[1].most is not None else sizes[0]
    if name.startswith("sets."):
        return sizes[0] * sizes[-1] + 1
    if name in ("@in", ".indexOf", ".lastIndexOf", ".sum", ".min", ".max", ".isSorted", ".sort"):
        return max(sizes) + 1 if any(kind.name == "list" for kind in kinds) else max(sizes) // 10 + 1
    if name in ("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"):
        return min(sizes) // 10 + 1
    return 1 if name in ("size", ".size", "_[_]", "_[?_]") else sum(size // 10 for size in sizes) + 1
