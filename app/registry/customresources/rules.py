"""The rules of CEL in a schema, `x-kubernetes-validations`: read when the kind is defined, asked of each object.

What a rule may cost is estimated when it is defined, as Kubernetes does; and whatever an object makes of it, its
evaluation stops at a limit (app/api/limits.py). Models apiextensions-apiserver `pkg/apiserver/schema/cel`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from app.api import limits
from app.api.errors import Cause
from app.apimachinery import cel
from app.apimachinery.cel import types
from app.apimachinery.cel.checker import MOST_ITEMS
from app.apimachinery.cel.types import Type
from app.apimachinery.cel.values import NONE, Optional
from app.apimachinery.scheme.custom_shapes import EMBEDDED, Schema
from app.registry.customresources.values import ABSENT, before, correlated, same
from app.registry.validation import causes

RULES = "x-kubernetes-validations"
RULE_COST, SCHEMA_COST = 10_000_000, 100_000_000  # estimated; as the API server
_REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
_MESSAGE_BYTES = 5 * 1024


@dataclass(frozen=True, slots=True)
class Rule:
    written: Mapping[str, Any]
    compiled: cel.Compiled | None  # None: it makes no sense, see `problem`
    message: cel.Compiled | None = None
    problem: str = ""

    @property
    def told(self) -> str:
        """What it says if it does not hold."""
        message: str = self.written.get("message", "").strip()
        return message or f"failed rule: {self.written['rule'].strip()}"


@dataclass(frozen=True, slots=True)
class Node:
    """A schema in which there are rules, here or further inside."""

    schema: Schema
    is_root: bool
    rules: tuple[Rule, ...]
    properties: Mapping[str, Node]
    items: Node | None
    values: Node | None


# ------------------------------------------------------------------------------------------------ reading


def read(schema: Schema, *, is_root: bool = True) -> Node | None:
    """None if there are no rules in it."""
    rules = tuple(_rules(schema, is_root=is_root))
    properties = {
        name: found
        for name, inside in (schema.get("properties") or {}).items()
        if (found := read(inside, is_root=bool(inside.get(EMBEDDED))))
    }
    items, values = (_inside(schema.get(name)) for name in ("items", "additionalProperties"))
    return Node(schema, is_root, rules, properties, items, values) if rules or properties or items or values else None


def _inside(schema: Any) -> Node | None:
    return read(schema, is_root=bool(schema.get(EMBEDDED))) if isinstance(schema, Mapping) else None


def _rules(schema: Schema, *, is_root: bool) -> Iterator[Rule]:
    written = schema.get(RULES) or ()
    kind = types.of_schema(schema, is_root=is_root) if written else None
    for each in written:
        if kind is None:
            yield Rule(each, None, problem="the type of the value that it is about is not known")
            continue
        try:
            yield _compiled(each, kind)
        except cel.CompileError as error:
            yield Rule(each, None, problem=f"compilation failed: {error}")


def _compiled(written: Mapping[str, Any], kind: Type) -> Rule:
    """Raises CompileError."""
    old = Type("optional", (kind,)) if written.get("optionalOldSelf") else kind
    names = {"self": kind, "oldSelf": old}
    compiled, message = cel.compile_rule(written.get("rule", ""), names), None
    if compiled.type.name not in ("bool", "dyn"):
        return Rule(written, None, problem="cel expression must evaluate to a bool")
    if written.get("messageExpression"):
        message = cel.compile_rule(written["messageExpression"], names)
        if message.type.name not in ("string", "dyn"):
            return Rule(written, None, problem="messageExpression must evaluate to a string")
    return Rule(written, compiled, message)


# ------------------------------------------------------------------------------------------------ judging them


def check(schema: Schema, field: str) -> Iterator[Cause]:
    """What is wrong with the rules of a schema that is right otherwise."""
    found = read(schema)
    if found is not None:
        costs: list[tuple[str, int]] = []
        yield from _check(found, field, _Place(costs))
        total = sum(cost for _, cost in costs)
        if total > SCHEMA_COST:
            for where, cost in sorted(costs, key=lambda each: -each[1])[:4]:
                why = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"
                yield from (causes.forbidden(at, why) for at in (where,) if cost)
            name = f"{RULES} estimated rule cost total for entire OpenAPIv3 schema"
            yield causes.forbidden(field, _too_costly(name, total, SCHEMA_COST))


@dataclass(frozen=True, slots=True)
class _Place:
    costs: list[tuple[str, int]]
    times: int = 1  # so often it is there at most
    uncorrelated: str = ""  # the schema from which on old and new values do not belong together

    def inside(self, times: int, uncorrelated: str = "") -> _Place:
        return _Place(self.costs, self.times * times, self.uncorrelated or uncorrelated)


def _check(node: Node, field: str, place: _Place) -> Iterator[Cause]:
    for index, rule in enumerate(node.rules):
        yield from _check_rule(rule, f"{field}.{RULES}[{index}]", node, place)
    schema, most = node.schema, MOST_ITEMS
    atomic = field if schema.get("x-kubernetes-map-type") == "atomic" else ""
    for name, inside in node.properties.items():
        yield from _check(inside, f"{field}.properties[{name}]", place.inside(1, atomic))
    if node.items is not None:
        is_map = schema.get(types.LIST_TYPE) == "map"
        around = place.inside(schema.get("maxItems", most), "" if is_map else field)
        yield from _check(node.items, f"{field}.items", around)
    if node.values is not None:
        around = place.inside(schema.get("maxProperties", most), atomic)
        yield from _check(node.values, f"{field}.additionalProperties", around)


def _check_rule(rule: Rule, field: str, node: Node, place: _Place) -> Iterator[Cause]:
    written = rule.written
    words = list(_words(rule, field, node))
    yield from words
    if words or not written.get("rule", "").strip():
        return
    if rule.compiled is None:
        part = "messageExpression" if rule.problem.startswith("messageExpression") else "rule"
        yield causes.invalid(f"{field}.{part}", dict(written), rule.problem)
        return
    for name, compiled in (("rule", rule.compiled), ("messageExpression", rule.message)):
        cost = compiled.cost * place.times if compiled else 0
        place.costs.append((f"{field}.{name}", cost))
        if cost > RULE_COST:
            yield causes.forbidden(f"{field}.{name}", _too_costly(f"estimated {name} cost", cost, RULE_COST))
    if rule.compiled.uses_old and place.uncorrelated:
        why = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {place.uncorrelated}"
        yield causes.invalid(f"{field}.rule", written["rule"], why)
    if not rule.compiled.uses_old and written.get("optionalOldSelf") is not None:
        why = "may not be set if oldSelf is not used in rule"
        yield causes.invalid(f"{field}.optionalOldSelf", written["optionalOldSelf"], why)


def _words(rule: Rule, field: str, node: Node) -> Iterator[Cause]:
    written = rule.written
    text, message = written.get("rule", "").strip(), written.get("message", "")
    if not text:
        yield causes.required(f"{field}.rule", "rule is not specified")
    elif message and not message.strip():
        yield causes.invalid(f"{field}.message", message, "must be non-empty if specified")
    elif "\n" in message.strip():
        yield causes.invalid(f"{field}.message", message, "must not contain line breaks")
    elif "\n" in text and not message.strip():
        yield causes.required(f"{field}.message", "message must be specified if rule contains line breaks")
    if written.get("messageExpression") and not written["messageExpression"].strip():
        yield causes.required(f"{field}.messageExpression", "messageExpression must be non-empty if specified")
    if written.get("reason") and written["reason"] not in _REASONS:
        yield causes.not_supported(f"{field}.reason", written["reason"], _REASONS)
    path = written.get("fieldPath", "")
    if path and not _leads_somewhere(path, node.schema):
        yield causes.invalid(f"{field}.fieldPath", path, "must be a valid path")


def _leads_somewhere(path: str, schema: Schema) -> bool:
    found: Any = schema
    for name in path.strip().replace("['", ".").replace("']", "").split(".")[1:]:
        properties, others = found.get("properties") or {}, found.get("additionalProperties")
        found = properties.get(name, others if isinstance(others, Mapping) else None)
        if found is None:
            return False
    return path.startswith((".", "['"))


def _too_costly(name: str, cost: int, limit: int) -> str:
    factor = cost / limit
    told = "more than 100x" if factor > 100 else f"{factor:f}x" if factor < 1.5 else f"{factor:.1f}x"
    advice = (
        "try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings"
    )
    return f"{name} exceeds budget by factor of {told} ({advice} are declared)"


# ------------------------------------------------------------------------------------------------ asking them


class _Spent(Exception):
    """Nothing more is asked of this object."""


def broken(node: Node | None, value: Any, old: Any = ABSENT) -> list[Cause]:
    """What rules say of an object, and of what it was before."""
    found: list[Cause] = []
    if node is not None:
        asking = _Asking(found)
        with suppress(_Spent):
            asking.ask(node, value, old, "", unchanged=False)
    return found


class _Asking:
    def __init__(self, found: list[Cause]) -> None:
        self._found = found
        self._left = limits.CEL_OBJECT

    def ask(self, node: Node, value: Any, old: Any, path: str, *, unchanged: bool) -> None:
        if value is None:
            return
        unchanged = unchanged or (old is not ABSENT and same(value, old))
        if node.rules:
            self._ask_rules(node, value, old, path, unchanged=unchanged)
        if isinstance(value, list) and node.items is not None:
            for index, item in enumerate(value):
                was = correlated(old, node.schema, item)
                self.ask(node.items, item, was, f"{path}[{index}]", unchanged=unchanged)
        elif isinstance(value, Mapping):
            for name, inside in node.properties.items():
                if name in value:
                    at = f"{path}.{name}" if path else name
                    self.ask(inside, value[name], before(old, name), at, unchanged=unchanged)
            for name in value if node.values is not None else ():
                if name not in (node.schema.get("properties") or {}):
                    at = f"{path}[{name}]"
                    self.ask(node.values, value[name], before(old, name), at, unchanged=unchanged)  # type: ignore[arg-type]

    def _ask_rules(self, node: Node, value: Any, old: Any, path: str, *, unchanged: bool) -> None:
        seen = types.value_of(value, node.schema, is_root=node.is_root)
        was = ABSENT if old is ABSENT or old is None else types.value_of(old, node.schema, is_root=node.is_root)
        for rule in node.rules:
            if rule.compiled is None:
                self._tell(path, node, f"{rule.problem} evaluating rule: {rule.told}")
                continue
            is_optional = bool(rule.written.get("optionalOldSelf"))
            if rule.compiled.uses_old and was is ABSENT and not is_optional:
                continue  # about a transition, and there is none
            before = (NONE if was is ABSENT else Optional(was, True)) if is_optional else was
            names = {"self": seen, "oldSelf": before}
            try:
                holds = self._evaluated(rule.compiled, names)
            except cel.CostExceeded as error:
                text = f"'{error}': no further validation rules will be run due to call cost exceeds limit for rule"
                self._tell(path, node, f"{text}: {rule.told}")
                raise _Spent from None
            except cel.CelError as error:
                self._tell(path, node, _failed(error, rule))
                continue
            if holds is not True and (rule.compiled.uses_old or not unchanged):
                self._found.append(self._cause(rule, value, names, path))

    def _evaluated(self, compiled: cel.Compiled, names: dict[str, Any]) -> Any:
        """Raises CelError."""
        budget = cel.Budget(min(limits.CEL_CALL, self._left))
        before = budget.left
        try:
            return compiled.evaluate(names, budget)
        finally:
            self._left -= before - max(budget.left, 0)

    def _tell(self, path: str, node: Node, text: str) -> None:
        given = f'"{node.schema.get("type", "")}"'
        self._found.append(Cause(path or "<nil>", "FieldValueInvalid", f"Invalid value: {given}: {text}"))

    def _cause(self, rule: Rule, value: Any, names: dict[str, Any], path: str) -> Cause:
        inside = rule.written.get("fieldPath", "").strip()
        field = f"{path}{inside}" if path else inside.removeprefix(".")
        told = self._message(rule, names) or rule.told
        reason = rule.written.get("reason") or "FieldValueInvalid"
        if reason == "FieldValueRequired":
            text = f"Required value: {told}"
        elif reason == "FieldValueForbidden":
            text = f"Forbidden: {told}"
        else:
            word = "Duplicate value" if reason == "FieldValueDuplicate" else "Invalid value"
            text = (
                f"{word}: {told}" if isinstance(value, list | Mapping) else f"{word}: {causes.printed(value)}: {told}"
            )
        return Cause(field or "<nil>", reason, text)

    def _message(self, rule: Rule, names: dict[str, Any]) -> str:
        """What its messageExpression makes; "" if that fails, or is no good message."""
        if rule.message is None:
            return ""
        try:
            told = self._evaluated(rule.message, names)
        except cel.CelError:
            return ""
        good = isinstance(told, str) and "\n" not in told and len(told.encode()) <= _MESSAGE_BYTES
        return told.strip() if good else ""


def _failed(error: cel.CelError, rule: Rule) -> str:
    if str(error).startswith("no such overload"):
        text = f"'{error}': call arguments did not match a supported operator, function or macro signature for rule"
        return f"{text}: {rule.told}"
    return f"{error} evaluating rule: {rule.told}"
