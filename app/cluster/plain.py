"""Values as lines of JSON, and back: what a checkpoint is written in. Nothing that is read is ever executed.

    {"kind":"Pod",...}              an object of Kubernetes, as it is
    ["Ref","Pod","default","web"]   any other thing: what it is, and what it is made of

A line may speak of an earlier one by its number, `[12]`, so that what was one thing is one again. Only what stands in
the given table can come of a line: records, which are data. The last line is the value.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from app.api.breath import EVERY, breathe, breathing
from app.api.objects import Obj, Ref

Records = Mapping[str, type]  # by their names

_PIECE = 32  # lines that are written at a time
_SCALARS = (str, int, float, bool, type(None))
_json = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode


class Unwritable(Exception):
    """There is a thing that is no plain data."""


class Unreadable(Exception):
    """That is no value, or one of another version."""


def records_of(modules: Iterable[Any]) -> Records:
    """Every record that those modules define: NamedTuples, dataclasses, enumerations."""
    return {
        _name(each): each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type) and each.__module__ == module.__name__ and _is_record(each)
    }


def _is_record(kind: type) -> bool:
    return is_dataclass(kind) or issubclass(kind, Enum) or (issubclass(kind, tuple) and hasattr(kind, "_fields"))


def _name(kind: type) -> str:
    return f"{kind.__module__.removeprefix('app.')}.{kind.__qualname__}"


# ----------------------------------------------------------------------------------------------- writing


class Writer:
    """What is added must not change, and be held by somebody, until all is written."""

    def __init__(self, records: Records) -> None:
        self._lines: list[str] = []  # that nobody has taken yet
        self._names = {kind: name for name, kind in records.items()}
        self._fields = {kind: _fields_of(kind) for kind in records.values()}
        self._count = 0
        self._known: dict[int, tuple[Any, list[int]]] = {}  # the thing too, lest another gets its id
        self._refs: dict[Ref, list[int]] = {}

    def add(self, value: Any) -> Any:
        """What stands for it in a line. Raises Unwritable."""
        kind = type(value)
        if kind in _SCALARS:
            return value
        if kind is Ref:
            known = self._refs.get(value)
            if known is None:
                known = self._refs[value] = self._written(["Ref", *value])
            return known
        found = self._known.get(id(value))
        if found is not None:
            return found[1]
        number = self._written(value if _is_object(value) else self._line(kind, value))
        self._known[id(value)] = value, number
        return number

    def adding(self, values: Iterable[Any]) -> Iterator[bytes]:
        """Add them one by one, and give what was written, piece by piece. Raises Unwritable."""
        for value in breathing(values):
            self.add(value)
            if len(self._lines) >= _PIECE:
                yield from self.taken()

    def taken(self) -> Iterator[bytes]:
        """What was written since the last time, in pieces."""
        lines, self._lines = self._lines, []
        for at in range(0, len(lines), _PIECE):
            yield "".join(f"{line}\n" for line in lines[at : at + _PIECE]).encode()

    def _written(self, line: Any) -> list[int]:
        try:
            self._lines.append(_json(line))
        except TypeError as error:
            raise Unwritable(str(error)) from None
        self._count += 1
        if self._count % EVERY == 0:
            breathe()
        return [self._count - 1]

    def _line(self, kind: type, value: Any) -> list[Any]:
        add = self.add
        if kind is dict:
            return ["dict", *(add(each) for item in breathing(value.items()) for each in item)]
        if kind in (list, tuple, set, frozenset):
            return [kind.__name__, *map(add, breathing(value))]
        if kind not in self._names:
            raise Unwritable(f"a {kind.__name__} is no plain data")
        if issubclass(kind, Enum):
            return [self._names[kind], value.value]
        if issubclass(kind, tuple):
            return [self._names[kind], *map(add, value)]
        return [self._names[kind], *(add(getattr(value, name)) for name in self._fields[kind])]


def _is_object(value: Any) -> bool:
    return type(value) is dict and "metadata" in value and "kind" in value


def _fields_of(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind)) if is_dataclass(kind) else ()


# ----------------------------------------------------------------------------------------------- reading


class _Lost:
    """Something of another version, or made of such a thing."""


_LOST = _Lost()


def read(lines: Iterable[str | bytes], records: Records, shared: Callable[[Obj], Obj]) -> Any:
    """The value, with what `shared` says in the place of each object. Raises Unreadable.

    What it cannot make is left out as long as it can: of a dict the entry, of anything else the whole."""
    values: list[Any] = []
    makers = {**_MAKERS, **{name: _maker(kind) for name, kind in records.items()}}
    for line in lines:
        try:
            value = _value(json.loads(line), values, makers)
            values.append(shared(value) if _is_object(value) else value)
        except (KeyError, ValueError, TypeError, RecursionError) as error:
            raise Unreadable(f"line {len(values) + 1}: {error}") from None
    if not values or values[-1] is _LOST:
        raise Unreadable("nothing of it can be read")
    return values[-1]


def _value(line: Any, values: list[Any], makers: Mapping[str, Callable[..., Any]]) -> Any:
    if type(line) is dict:
        if not _is_object(line):
            raise ValueError("no object")
        return line
    if type(line) is not list or not line or type(line[0]) is not str:
        raise ValueError("neither an object nor a record")
    parts = [_part(part, values) for part in line[1:]]
    maker = makers.get(line[0])
    if maker is None or (maker is not _dict and any(part is _LOST for part in parts)):
        return _LOST
    try:
        return maker(parts)
    except (TypeError, ValueError):
        return _LOST


def _part(part: Any, values: list[Any]) -> Any:
    if type(part) in _SCALARS:
        return part
    if type(part) is list and len(part) == 1 and type(part[0]) is int and 0 <= part[0] < len(values):
        return values[part[0]]
    raise ValueError("neither a scalar nor the number of an earlier line")


def _dict(parts: list[Any]) -> dict[Any, Any]:
    keys, values = parts[::2], parts[1::2]
    return {
        key: value for key, value in zip(keys, values, strict=True) if key is not _LOST and value is not _LOST
    }  # fmt: skip


def _ref(parts: list[Any]) -> Ref:
    if [type(part) for part in parts] != [str, str, str]:
        raise ValueError("no name of an object")
    return Ref(*parts)


def _maker(kind: Any) -> Callable[[list[Any]], Any]:
    return lambda parts: kind(*parts)


_MAKERS: Mapping[str, Callable[[list[Any]], Any]] = {
    "dict": _dict, "list": list, "tuple": tuple, "set": set, "frozenset": frozenset, "Ref": _ref,
}  # fmt: skip
