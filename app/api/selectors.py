"""Which objects are meant: label selectors and field selectors.

Controllers ask `matches` and `matches_labels` about the selectors inside objects; the API server turns the
`labelSelector` and `fieldSelector` of a request into values with `parse_labels` and `parse_fields`.
Models kubernetes/apimachinery `pkg/labels`, `pkg/fields` and the field label conversions in `pkg/apis/*/v1`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.api.errors import BadRequest
from app.api.names import label_value_problem, qualified_name_problem
from app.api.objects import Obj, get_path, labels_of

# ------------------------------------------------------------------------------- selectors inside objects


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Does a `metav1.LabelSelector` select `labels`? None selects nothing, {} everything."""
    if selector is None:
        return False
    wanted = selector.get("matchLabels")
    if wanted and not wanted.items() <= labels.items():
        return False
    for expression in selector.get("matchExpressions") or ():
        operator = _OPERATORS.get(expression["operator"])
        if operator is None or not Requirement(
            expression["key"], operator, tuple(expression.get("values") or ())
        ).matches(labels):
            return False
    return True


def selected(selector: Mapping[str, Any] | None, found: Iterable[Obj]) -> list[Obj]:
    """Those that a `metav1.LabelSelector` selects; few of many, mostly, by their labels alone."""
    wanted = ((selector or {}).get("matchLabels") or {}).items()
    fitting = [obj for obj in found if wanted <= (obj["metadata"].get("labels") or {}).items()]
    return [obj for obj in fitting if matches(selector, labels_of(obj))]


def of_owner(owner: Obj) -> Mapping[str, Any] | None:
    """The `metav1.LabelSelector` by which an object owns pods; a ReplicationController says it as a plain map."""
    selector: Mapping[str, Any] | None = owner["spec"].get("selector")
    return {"matchLabels": selector} if owner["kind"] == "ReplicationController" and selector else selector


def matches_labels(wanted: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Does a plain map, as the selector of a Service, select `labels`? An empty map selects everything."""
    return wanted.items() <= labels.items()


def format_selector(selector: Mapping[str, Any] | None) -> str:
    """A `metav1.LabelSelector` as kubectl prints it: `app=web,tier in (a,b)`; `<none>` if it is empty."""
    if not selector:
        return "<none>"
    requirements = [Requirement(key, "=", (value,)) for key, value in (selector.get("matchLabels") or {}).items()]
    for expression in selector.get("matchExpressions") or ():
        operator = _OPERATORS.get(expression["operator"])
        if operator is None:
            return "<error>"
        requirements.append(Requirement(expression["key"], operator, tuple(expression.get("values") or ())))
    return ",".join(map(str, sorted(requirements, key=lambda requirement: requirement.key))) or "<none>"


def format_labels(labels: Mapping[str, str] | None) -> str:
    """A map of labels, or the selector of a Service, as kubectl prints it: `app=web,tier=a` or `<none>`."""
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or "<none>"


# --------------------------------------------------------------------------------------- label selectors

_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


class Requirement(NamedTuple):
    """One term. `operator` is in, notin, =, ==, !=, gt, lt, exists or ! (does not exist)."""

    key: str
    operator: str
    values: tuple[str, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        match self.operator:
            case "in" | "=" | "==":
                return value is not None and value in self.values
            case "notin" | "!=":
                return value is None or value not in self.values
            case "exists":
                return value is not None
            case "!":
                return value is None
        if value is None or not _INTEGER.fullmatch(value):
            return False
        return int(value) > int(self.values[0]) if self.operator == "gt" else int(value) < int(self.values[0])

    def __str__(self) -> str:
        match self.operator:
            case "exists":
                return self.key
            case "!":
                return f"!{self.key}"
            case "in" | "notin":
                return f"{self.key} {self.operator} ({','.join(sorted(self.values))})"
        return f"{self.key}{_SYMBOLS.get(self.operator, self.operator)}{self.values[0]}"


_SYMBOLS = {"gt": ">", "lt": "<"}


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """What follows `-l`. Without requirements it selects everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(requirement.matches(labels) for requirement in self.requirements)

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))


def parse_labels(text: str) -> LabelSelector:
    """`app=web,tier in (a,b),!canary,weight>3`. Raises BadRequest in Kubernetes' words."""
    tokens = _Tokens(text)
    requirements = []
    while tokens.next() != END:
        if not _is_word(tokens.next()) and tokens.next() != "!":
            raise BadRequest(f"found '{tokens.next()}', expected: !, identifier, or 'end of string'")
        requirements.append(_requirement(tokens))
        if tokens.next() == END:
            break
        if (separator := tokens.take()) != ",":
            raise BadRequest(f"found '{separator}', expected: ',' or 'end of string'")
        if not _is_word(tokens.next()) and tokens.next() != "!":
            raise BadRequest(f"found '{tokens.next()}', expected: identifier after ','")
    return LabelSelector(tuple(sorted(requirements, key=lambda requirement: requirement.key)))


END = ""
_TOKEN = re.compile(r"\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)")
_INTEGER = re.compile(r"[+-]?[0-9]+")


class _Tokens:
    """The words and symbols of a selector, one ahead. After the last comes END, for ever."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        self._position = 0

    def next(self) -> str:
        token: str = self._tokens[self._position] if self._position < len(self._tokens) else END
        return token

    def take(self) -> str:
        token = self.next()
        self._position += 1
        return token


def _is_word(token: str) -> bool:
    return token != END and token[0] not in "=!(),<>"


def _requirement(tokens: _Tokens) -> Requirement:
    absent = tokens.next() == "!"
    if absent:
        tokens.take()
    key = tokens.take()
    if not _is_word(key):
        raise _unparsable(f"found '{key}', expected: identifier")
    if problem := qualified_name_problem(key):
        raise _unparsable(f'<nil>: Invalid value: "{key}": {problem}')
    if absent:
        return Requirement(key, "!", ())
    if tokens.next() in (END, ","):
        return Requirement(key, "exists", ())
    operator = tokens.take()
    if operator in ("in", "notin"):
        values = _values(tokens)
    elif operator in _COMPARISONS:
        operator, values = _COMPARISONS[operator], (_value(tokens),)
    else:
        raise _unparsable(f"found '{operator}', expected: in, notin, =, ==, !=, gt, lt")
    _check_values(key, operator, values)
    return Requirement(key, operator, values)


_COMPARISONS = {"=": "=", "==": "==", "!=": "!=", ">": "gt", "<": "lt"}


def _value(tokens: _Tokens) -> str:
    if tokens.next() in (END, ","):
        return ""
    value = tokens.take()
    if not _is_word(value):
        raise _unparsable(f"found '{value}', expected: identifier")
    return value


def _values(tokens: _Tokens) -> tuple[str, ...]:
    """`(a,b)`. Nothing between two commas, or between a comma and a bracket, is the empty value."""
    if (opening := tokens.take()) != "(":
        raise _unparsable(f"found '{opening}' expected: '('")
    if tokens.next() not in (",", ")") and not _is_word(tokens.next()):
        raise _unparsable(f"found '{tokens.next()}', expected: ',', ')' or identifier")
    values = set()
    while True:
        values.add(tokens.take() if _is_word(tokens.next()) else "")
        separator = tokens.take()
        if separator == ")":
            return tuple(sorted(values))
        if separator != ",":
            raise _unparsable(f"found '{separator}', expected: ',' or ')'")
        if tokens.next() not in (",", ")") and not _is_word(tokens.next()):
            raise _unparsable(f"found '{tokens.next()}', expected: ',', or identifier")


def _check_values(key: str, operator: str, values: tuple[str, ...]) -> None:
    for index, value in enumerate(values):
        if operator in ("gt", "lt") and not _INTEGER.fullmatch(value):
            why = "for 'Gt', 'Lt' operators, the value must be an integer"
            raise _unparsable(f'values[{index}]: Invalid value: "{value}": {why}')
        if problem := label_value_problem(value):
            raise _unparsable(f'values[{index}][{key}]: Invalid value: "{value}": {problem}')


def _unparsable(why: str) -> BadRequest:
    return BadRequest(f"unable to parse requirement: {why}")


# --------------------------------------------------------------------------------------- field selectors


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """What follows `--field-selector`: terms (field, wanted, value), `wanted` False for `!=`."""

    terms: tuple[tuple[str, bool, str], ...] = ()

    def matches(self, obj: Mapping[str, Any]) -> bool:
        return all((field_value(obj, field) == value) is wanted for field, wanted, value in self.terms)

    def exact(self, field: str) -> str | None:
        """The value that `field` must have, if this selector asks for one: `exact("metadata.name")`."""
        return next((value for name, wanted, value in self.terms if name == field and wanted), None)

    def __str__(self) -> str:
        return ",".join(f"{field}{'=' if wanted else '!='}{_escape(value)}" for field, wanted, value in self.terms)


def parse_fields(text: str, kind: str, declared: Sequence[str] = ()) -> FieldSelector:
    """`status.phase!=Running,spec.nodeName=node-1` for objects of `kind`; `declared` are the fields that a custom kind
    may be selected by. Raises BadRequest for a field that Kubernetes cannot select this kind by."""
    supported = (*_FIELDS.get(kind, ()), *declared)
    terms = []
    for part in sorted(_PART.findall(text)):
        term = _TERM.match(part)
        if term is None:
            raise BadRequest(f"invalid selector: '{text}'; can't understand '{part}'")
        field, operator, value = term.groups()
        if field not in ("metadata.name", "metadata.namespace") and field not in supported:
            raise BadRequest(_unsupported(kind, field))
        terms.append((field, operator != "!=", _unescape(value)))
    return FieldSelector(tuple(terms))


def field_value(obj: Mapping[str, Any], field: str) -> str:
    """The value a field selector sees: always text, "" where the field is not set."""
    if (special := _SPECIAL.get((obj["kind"], field))) is not None:
        return special(obj)
    value = get_path(obj, field)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


_PART = re.compile(r"(?:\\.|[^,])+", re.DOTALL)
_TERM = re.compile(r"((?:[^=!]|!(?!=))*?)(!=|==|=)(.*)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.?)|([,=])", re.DOTALL)


def _escape(value: str) -> str:
    return re.sub(r"([\\,=])", r"\\\1", value)


def _unescape(value: str) -> str:
    def plain(found: re.Match[str]) -> str:
        escaped, bare = found.groups()
        if bare:
            raise BadRequest(f"invalid field selector: unescaped character in value: {ord(bare)}")
        if escaped not in ("\\", ",", "="):
            raise BadRequest(f"invalid field selector: invalid escape sequence: {found[0]}")
        return str(escaped)

    return _ESCAPED.sub(plain, value)


_EVENT_FIELDS = tuple(
    f"involvedObject.{part}"
    for part in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
)

# Fields a kind can be selected by, besides its name and namespace.
_FIELDS: dict[str, tuple[str, ...]] = {
    "Pod": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
    ),
    "Event": (*_EVENT_FIELDS, "reason", "reportingComponent", "source", "type"),
    "Node": ("spec.unschedulable",),
    "Namespace": ("status.phase",),
    "Service": ("spec.clusterIP", "spec.type"),
    "Secret": ("type",),
    "ReplicationController": ("status.replicas",),
    "ReplicaSet": ("status.replicas",),
    "Job": ("status.successful",),
    "StatefulSet": ("status.successful",),
}


def _unsupported(kind: str, field: str) -> str:
    """Each conversion function upstream words its refusal in its own way."""
    if kind == "StatefulSet":
        return f"field label not supported for appsv1.StatefulSet: {field}"
    if kind == "Job":
        return f'field label "{field}" not supported for Job'
    if (kind in _FIELDS and kind != "ReplicaSet") or "." in kind:
        return f"field label not supported: {field}"
    return f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"'


def _flag(path: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda obj: "true" if get_path(obj, path) else "false"


def _count(path: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda obj: str(get_path(obj, path) or 0)


def _event_source(event: Mapping[str, Any]) -> str:
    source: str = get_path(event, "source.component") or event.get("reportingComponent") or ""
    return source


_SPECIAL: dict[tuple[str, str], Callable[[Mapping[str, Any]], str]] = {
    ("Pod", "spec.hostNetwork"): _flag("spec.hostNetwork"),
    ("Pod", "status.podIPs"): lambda pod: "",  # accepted by the API, yet never filled in for comparison
    ("Node", "spec.unschedulable"): _flag("spec.unschedulable"),
    ("Event", "source"): _event_source,
    ("ReplicaSet", "status.replicas"): _count("status.replicas"),
    ("ReplicationController", "status.replicas"): _count("status.replicas"),
    ("Job", "status.successful"): _count("status.succeeded"),
}
