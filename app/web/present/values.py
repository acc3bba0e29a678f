"""Any value that a loop read or computed, as something a template can draw.

Controllers are free in what their Observation holds. The page draws it by its type alone: an object or a Ref is a
chip, a tuple of them a count and some chips, a tuple of alike dataclasses a table, a mapping `key=value` text.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.api import objects
from app.api.kinds import bare_kind
from app.api.objects import Ref
from app.reconcile import Difference
from app.web.present.clock import duration, virtual
from app.web.present.names import called, known, short
from app.web.present.words import Words

CHIPS = 6
ROWS = 12
TEXT = 96
ABSOLUTE_MS = 10**11  # above: a moment since 1970; below: a duration
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Chip(NamedTuple):
    """One object: what kind, where, and whether it is going away."""

    kind: str
    namespace: str
    name: str
    terminating: bool = False
    short: str = ""  # beside others of its kind: the name without what all have in common

    @property
    def bare_kind(self) -> str:
        return bare_kind(self.kind)

    @property
    def about(self) -> Ref:
        """The object that opens."""
        return known(Ref(self.kind, self.namespace, self.name))


@dataclass(frozen=True, slots=True)
class Value:
    """`form` decides how it is drawn: none, text, number, bool, chips, table, fields."""

    form: str
    text: str = ""
    count: int = 0
    chips: tuple[Chip, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Value, ...], ...] = ()
    fields: tuple[Field, ...] = ()
    more: int = 0  # how many chips or rows are not shown


class Field(NamedTuple):
    name: str
    value: Value


def fields_of(thing: Any, epoch_ms: int = 0) -> tuple[Field, ...]:
    """The fields of an Observation, in the order its author wrote them."""
    return tuple(Field(title(name), value_of(value, name, epoch_ms)) for name, value in _items(thing))


def value_of(value: Any, name: str = "", epoch_ms: int = 0, depth: int = 0) -> Value:
    if value is None:
        return Value("none")
    if isinstance(value, bool):
        return Value("bool", str(value).lower())
    if isinstance(value, int | float):
        return _number(value, name, epoch_ms)
    if isinstance(value, str):
        return Value("text", _without_uids(value)) if value else Value("none")
    chip = chip_of(value)
    if chip:
        return Value("chips", count=1, chips=(chip,))
    if isinstance(value, Mapping):
        return _mapping(value, epoch_ms)
    if _is_record(value):
        if depth > 1:
            return Value("text", clip(brief(value)))
        inner = tuple(Field(title(n), value_of(v, n, epoch_ms, depth + 1)) for n, v in _items(value))
        found = Value("fields", fields=inner)
        return value_of(str(value)) if _names_itself(value) and table_in(found) is None else found
    if isinstance(value, Sequence | frozenset | set):
        return _sequence(_listed(value), name, epoch_ms, depth)
    return Value("text", clip(str(value)))


def chip_of(value: Any) -> Chip | None:
    if isinstance(value, Ref):
        return Chip(value.kind, value.namespace, value.name)
    if _is_object(value):
        ref = objects.ref_of(value)
        return Chip(ref.kind, ref.namespace, ref.name, objects.is_terminating(value))
    return None


def _without_uids(text: str) -> str:
    return clip(_UID.sub("…", text))


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and "metadata" in value and "kind" in value


def _listed(value: Sequence[Any] | Set[Any]) -> tuple[Any, ...]:
    """A set has no order of its own: by its texts, the same in every process."""
    return tuple(sorted(value, key=str)) if isinstance(value, Set) else tuple(value)


def brief(value: Any) -> str:
    """A few words for a value in running text: `3`, `pod/web-1`, `app=web`, `5 items`."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return _without_uids(str(value))
    chip = chip_of(value)
    if chip:
        return chip.name
    if isinstance(value, Mapping):
        return clip(_pairs(value))
    if _is_record(value):
        if _names_itself(value):
            return clip(str(value))
        return clip(", ".join(f"{name} {brief(item)}" for name, item in _items(value)))
    if isinstance(value, Sequence | frozenset | set):
        items = _listed(value)
        return ", ".join(brief(item) for item in items) if 0 < len(items) <= 3 else str(len(items))
    return clip(str(value))


def _pairs(value: Mapping[Any, Any]) -> str:
    """`app=web, tier=front`; of what holds one thing only, its path: `preStop.sleep.seconds=5`."""
    said = (
        (key, item, isinstance(item, Mapping) and len(item) == 1 and not chip_of(item)) for key, item in value.items()
    )
    return ", ".join(f"{key}{'.' if is_path else '='}{brief(item)}" for key, item, is_path in said)


def values_of(gap: Difference, _: Words) -> dict[str, Any]:
    """What a sentence about it may name."""
    want, have = gap.desired, gap.observed
    return {
        "kind": gap.about.bare_kind,
        "about": short(gap.about),
        "field": gap.field,
        "desired": _in_a_sentence(want, _),
        "observed": _in_a_sentence(have, _),
        "n": abs(want - have) if isinstance(want, int) and isinstance(have, int) else _count(want),
    }


def _in_a_sentence(value: Any, _: Words) -> str:
    if value is None:
        return _("nothing")
    return called(value, _) if isinstance(value, Ref) else clip(brief(value), 40)


def _count(value: Any) -> int:
    return len(value) if isinstance(value, Sequence) and not isinstance(value, str | Ref) else 0


def _names_itself(value: Any) -> bool:
    """Whether its author said how it reads in a sentence, with a `__str__` of its own."""
    return "__str__" in vars(type(value))


def title(name: str) -> str:
    """`terminating_pods` -> `terminating pods`; a unit at the end goes, the value bears it."""
    return name.removesuffix("_ms").removesuffix("_milli").replace("_", " ").strip()


def clip(text: str, length: int = TEXT) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def memory(count: int) -> str:
    """Bytes as Kubernetes writes them: `1.75Gi`."""
    for unit, size in (("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)):
        if count >= size:
            return f"{count / size:.4g}{unit}"
    return str(count)


def _number(value: float, name: str, epoch_ms: int) -> Value:
    if name.endswith("_milli"):
        return Value("number", f"{value:g}m")
    if name == "memory" and isinstance(value, int):
        return Value("number", memory(value))
    if name.endswith("_ms") and isinstance(value, int):
        return Value("text", virtual(value - epoch_ms) if value > ABSOLUTE_MS else duration(value))
    return Value("number", str(value) if isinstance(value, int) else f"{value:g}")


def _mapping(value: Mapping[Any, Any], epoch_ms: int) -> Value:
    if not value:
        return Value("none")
    if all(isinstance(item, str | int | float | bool) for item in value.values()):
        return Value("text", clip(_pairs(value)))
    inner = tuple(Field(str(key), value_of(item, str(key), epoch_ms, 2)) for key, item in list(value.items())[:ROWS])
    return Value("fields", fields=inner, more=max(0, len(value) - ROWS))


def _sequence(items: tuple[Any, ...], name: str, epoch_ms: int, depth: int) -> Value:
    if not items:
        return Value("number", "0") if not name or name.endswith("s") else Value("none")
    if all(isinstance(item, str) and _UID.fullmatch(item) for item in items):
        return Value("number", str(len(items)))  # nobody knows a thing by its uid
    # Thousands of pods are all of one kind of value: the first tell what the others are.
    chips = [chip for item in items[:CHIPS] if (chip := chip_of(item))]
    if len(chips) == len(items[:CHIPS]):
        return Value("chips", count=len(items), chips=_shortened(chips), more=max(0, len(items) - CHIPS))
    if depth < 2 and _is_record(items[0]) and len(set(map(type, items))) == 1:
        return _table(items, epoch_ms)
    return Value("text", clip(", ".join(brief(item) for item in items)), count=len(items))


def _shortened(chips: list[Chip]) -> tuple[Chip, ...]:
    prefix = chips[0].name.rpartition("-")[0] + "-"
    alike = all(chip.kind == chips[0].kind and chip.name.startswith(prefix) for chip in chips)
    if len(chips) < 2 or prefix == "-" or not alike:
        return tuple(chips)
    return tuple(chip._replace(short=f"…-{chip.name[len(prefix) :]}") for chip in chips)


def _table(items: tuple[Any, ...], epoch_ms: int) -> Value:
    """One row an item. A field that is itself a record becomes a column for each of its fields."""
    flat = [dict(_flattened(item)) for item in items]
    names = list(dict.fromkeys(name for row in flat for name in row))
    kept = [name for name in names if any(row.get(name) not in (None, "", (), {}) for row in flat)]
    rows = tuple(tuple(value_of(row.get(name), name, epoch_ms, 2) for name in kept) for row in flat[:ROWS])
    columns = tuple(title(name) for name in kept)
    return Value("table", count=len(items), columns=columns, rows=rows, more=max(0, len(items) - ROWS))


def _flattened(item: Any) -> Iterator[tuple[str, Any]]:
    """The plain fields first, then those of the records inside."""
    inside = [value for _name, value in _items(item) if _is_record(value) and _opens(value)]
    yield from ((name, value) for name, value in _items(item) if not any(value is record for record in inside))
    for record in inside:
        yield from _items(record)


def _opens(record: Any) -> bool:
    return chip_of(record) is None and not _names_itself(record)


def table_in(value: Value) -> Value | None:
    """The first table at or inside a value."""
    if value.form == "table":
        return value
    return next((found for field in value.fields if (found := table_in(field.value))), None)


def _is_record(value: Any) -> bool:
    return bool(_field_names(value))


def _items(thing: Any) -> Iterator[tuple[str, Any]]:
    return ((name, getattr(thing, name)) for name in _field_names(thing))


def _field_names(thing: Any) -> tuple[str, ...]:
    """Of a dataclass or a NamedTuple; () of anything else: a dataclass that is a sequence too is its items."""
    of = type(thing)
    if of not in _known_names:
        fields = dataclasses.fields(of) if dataclasses.is_dataclass(of) and not issubclass(of, Sequence) else ()
        _known_names[of] = tuple(field.name for field in fields) or tuple(getattr(of, "_fields", ()))
    return _known_names[of]


_known_names: dict[type, tuple[str, ...]] = {}
