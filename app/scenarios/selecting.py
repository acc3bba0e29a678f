"""Which objects of a cluster are meant, by kind, name, labels and the values of their fields.

Predicates count them (predicates.py), and a step's command may be about one of them (deeds.py).

A path names a field as people say it: `status.readyReplicas`, `metadata.labels[app]`, `spec.containers[0].image`. In
brackets stand a key with dots in it, a place in a list (-1 is the last), the `name` or `type` of an item of a list
(`status.conditions[Ready].status`), or `*` for every item.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from app.api import conditions, times
from app.api.objects import Obj, is_terminating, labels_of, name_of, namespace_of
from app.api.selectors import LabelSelector
from app.apimachinery.yamltext import resolve
from app.look import Look

ANYTHING = "*"
_PART = re.compile(r"([^.\[\]]+)|\[([^\[\]]+)\]")
_PATH = re.compile(r"[^.\[\]]+(\.[^.\[\]]+|\[[^\[\]]+\])*")
_COMPARISON = re.compile(r"(>=|<=|>|<|!=|=)\s*(.+)")


def parts(path: str) -> tuple[str, ...]:
    """Raises ValueError for what is no path."""
    if not _PATH.fullmatch(path):
        raise ValueError(f'"{path}" is no path')
    return tuple(plain or bracketed for plain, bracketed in _PART.findall(path))


def values(obj: Any, path: Sequence[str]) -> Iterator[Any]:
    """Every value that stands there; none where there is no such field."""
    if not path:
        if obj is not None:
            yield obj
        return
    for item in _below(obj, path[0]):
        yield from values(item, path[1:])


def _below(obj: Any, part: str) -> Iterable[Any]:
    if isinstance(obj, Mapping):
        return obj.values() if part == "*" else (obj[part],) if part in obj else ()
    if not isinstance(obj, list | tuple):
        return ()
    if part == "*":
        return obj
    if part.removeprefix("-").isdecimal():
        at = int(part)
        return obj[at : at + 1 or None]
    return [item for item in obj if isinstance(item, Mapping) and part in (item.get("name"), item.get("type"))]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a value should be: `3`, `">= 3"`, `Running`, `nginx:*`, `"!= Running"`, one of several, absent (None), or
    the same as another field of its object (`$spec.replicas`)."""

    wanted: Any
    operator: str = "="
    field: tuple[str, ...] = ()  # where what is wanted stands, if that is another field

    def holds(self, found: Sequence[Any], obj: Any = None) -> bool:
        """Whether one of the values found is as wanted; of `!=`, whether none of them is the other."""
        wanted = tuple(values(obj, self.field)) if self.field else self.wanted
        if wanted is None:
            return not found
        if self.operator == "!=":
            return not any(_equals(value, wanted) for value in found)
        if self.operator == "=":
            return any(_equals(value, wanted) for value in found)
        others = wanted if self.field else (wanted,)
        return any(_compares(value, self.operator, other) for value in found for other in others)


def compared(value: Any) -> Comparison:
    """Of what stands in a script. Raises ValueError for a comparison of order with what is no number."""
    read = _COMPARISON.fullmatch(value) if isinstance(value, str) else None
    operator, other = read.groups() if read else ("=", value)
    if isinstance(other, str) and other.startswith("$"):
        return Comparison(None, operator, parts(other[1:]))
    if read:
        other = resolve(other)
    if operator not in ("=", "!=") and not _is_number(other):
        raise ValueError(f'"{value}" compares with what is no number')
    return Comparison(tuple(other) if isinstance(other, list) else other, operator)


def _equals(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, tuple):
        return any(_equals(value, one) for one in wanted)
    if wanted == ANYTHING:
        return True
    if isinstance(wanted, str) and isinstance(value, str):
        return fnmatchcase(value, wanted) if "*" in wanted else value == wanted
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _compares(value: Any, operator: str, other: Any) -> bool:
    if not (_is_number(value) and _is_number(other)):
        return False
    match operator:
        case ">=":
            return bool(value >= other)
        case "<=":
            return bool(value <= other)
        case ">":
            return bool(value > other)
    return bool(value < other)


Field = tuple[tuple[str, ...], Comparison]
ANY_LABELS = LabelSelector()


class Named(NamedTuple):
    """Where another object says what an object is called: a queue, who leads it."""

    by: Selector
    field: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Selector:
    """An object is meant if everything that is said of it holds. A name may have `*` in it; "" is any."""

    kind: str
    name: str = ""
    namespace: str = ""
    labels: LabelSelector = ANY_LABELS
    where: tuple[Field, ...] = ()
    ready: bool | None = None  # its condition Ready
    terminating: bool | None = None
    new: bool | None = None  # made since one began to ask
    named: Named | None = None  # asked by `found` alone

    def selects(self, obj: Obj, since_ms: int = 0) -> bool:
        return (
            (not self.name or _equals(name_of(obj), self.name))
            and (not self.namespace or namespace_of(obj) == self.namespace)
            and self.labels.matches(labels_of(obj))
            and (self.terminating is None or is_terminating(obj) == self.terminating)
            and (self.ready is None or is_ready(obj) == self.ready)
            and (self.new is None or (_made_ms(obj) >= since_ms // 1000 * 1000) == self.new)
            and all(comparison.holds(tuple(values(obj, path)), obj) for path, comparison in self.where)
        )


def _made_ms(obj: Obj) -> int:
    return times.parse(obj["metadata"]["creationTimestamp"])


def is_ready(obj: Obj) -> bool:
    return conditions.is_true((obj.get("status") or {}).get("conditions"), "Ready")


def found(selector: Selector, look: Look) -> list[Obj]:
    """The objects that are meant: those first that stay, of them those that are ready, and then by name."""
    meant = [obj for obj in look.objects(selector.kind) if selector.selects(obj)]
    if selector.named is not None:
        names = {name for other in found(selector.named.by, look) for name in values(other, selector.named.field)}
        meant = [obj for obj in meant if name_of(obj) in names]
    return sorted(meant, key=lambda obj: (is_terminating(obj), not is_ready(obj), name_of(obj)))
