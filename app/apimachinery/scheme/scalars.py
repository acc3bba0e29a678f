"""The plain values inside an object, decoded as Go decodes them, with Go's own complaints.

`app/apimachinery/scheme/schema.py` walks an object and comes here for its leaves. A decoder takes (value, the type's
printed name, the place, the list of problems) and answers the value in canonical form. Models sigs.k8s.io/json and the
`UnmarshalJSON` methods of `resource.Quantity`, `intstr.IntOrString`, `metav1.Time` and `metav1.MicroTime`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from app.api import numbers, quantities, times
from app.api.errors import Cause
from app.api.go_json import digits


class Place(NamedTuple):
    """Where in an object: a linked list, so that a walk costs one small tuple a field."""

    parent: Place | None
    part: str | int  # the name of a field, a key of a map (str) or the index of an item (int)
    owner: str  # the Go struct that has the field; "" for items and keys

    def __str__(self) -> str:
        """`spec.containers[0].image`."""
        if isinstance(self.part, int):
            return f"{self.parent or ''}[{self.part}]"
        return f"{self.parent}.{self.part}" if self.parent else self.part

    @property
    def in_go(self) -> str:
        """`EnvVar.spec.containers.env.value`: the struct, then the fields without items and keys."""
        names: list[str] = []
        owner = ""
        at: Place | None = self
        while at is not None:
            if at.owner:
                names.append(str(at.part))
                owner = owner or at.owner.rpartition(".")[2]
            at = at.parent
        return f"{owner}.{'.'.join(reversed(names))}"


class Problems:
    """What a walk found: `wrong` values, of which Go reports the first, and `unknown` fields."""

    __slots__ = ("unknown", "wrong")

    def __init__(self) -> None:
        self.wrong: list[Cause] = []
        self.unknown: list[Cause] = []

    def unknown_field(self, at: Place) -> None:
        self.unknown.append(Cause(str(at), "FieldValueUnknown", f'unknown field "{at}"'))

    def mismatch(self, value: Any, wanted: str, at: Place | None, literal: bool = False) -> None:
        """`literal`: a number that does not fit is printed with its digits."""
        given = f"number {digits(value)}" if literal else json_type(value)
        into = f"Go struct field {at.in_go}" if at else "Go value"
        self.note(at, f"json: cannot unmarshal {given} into {into} of type {wanted}")

    def note(self, at: Place | None, text: str) -> None:
        self.wrong.append(Cause(str(at or ""), "FieldValueTypeInvalid", text))


def json_type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Mapping) else "array"


def json_text(value: Any) -> str:
    """Compact, as Go writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def clean(text: Any) -> str:
    """Without lone surrogates, which no encoder takes: Go replaces them too."""
    given = str(text)
    return given if given.isascii() else given.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def cleaned(value: Any) -> Any:
    """Parsed JSON without lone surrogates, in keys too: whatever is made of it can be written down and sent."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): cleaned(item) for key, item in value.items()}
    return [cleaned(item) for item in value] if isinstance(value, list) else value


_PART = re.compile(r"\[([^\]]*)\]|([^.\[]+)")


def path_parts(path: str) -> Iterator[str | int]:
    """`spec.containers[0].image` -> spec, containers, 0, image; `data[a.b]` -> data, a.b."""
    for bracketed, name in _PART.findall(path):
        index = numbers.whole(bracketed)
        yield (name or bracketed) if index is None else index


# ---------------------------------------------------------------------------------------------- decoders


def text(value: Any, wanted: str, at: Place | None, found: Problems) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else clean(value)
    return found.mismatch(value, wanted, at)


def _boolean(value: Any, wanted: str, at: Place | None, found: Problems) -> Any:
    return value if isinstance(value, bool) else found.mismatch(value, wanted, at)


def _int32(value: Any, wanted: str, at: Place | None, found: Problems) -> Any:
    return _integer(value, wanted, at, found, 1 << 31)


def _int64(value: Any, wanted: str, at: Place | None, found: Problems) -> Any:
    return _integer(value, wanted, at, found, 1 << 63)


def _integer(value: Any, wanted: str, at: Place | None, found: Problems, end: int) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return found.mismatch(value, wanted, at)
    if isinstance(value, float):
        if not value.is_integer():
            return found.mismatch(value, wanted, at, literal=True)
        value = int(value)
    return value if -end <= value < end else found.mismatch(value, wanted, at, literal=True)


def _float64(value: Any, wanted: str, at: Place | None, found: Problems) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return found.mismatch(value, wanted, at)
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    return value if finite else found.mismatch(value, wanted, at, literal=True)


def _quantity(value: Any, wanted: str, at: Place | None, found: Problems) -> Any:
    literal = digits(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if not isinstance(literal, str) or not quantities.is_valid(literal.strip()):
        return found.note(at, quantities.FORMAT_WRONG)
    return quantities.canonical(literal.strip())


def _int_or_string(value: Any, wanted: str, at: Place | None, found: Problems) -> Any:
    if isinstance(value, str):
        return clean(value)
    inner = Problems()
    number = _int32(value, "int32", None, inner)
    for problem in inner.wrong:
        found.note(at, problem.message)
    return number


_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def _base64(value: Any, wanted: str, at: Place | None, found: Problems) -> Any:
    if not isinstance(value, str):
        return found.mismatch(value, "[]uint8", at)
    written = value.replace("\r", "").replace("\n", "")
    if _BASE64.fullmatch(written):
        return written
    stray = re.search(r"[^A-Za-z0-9+/\r\n]", value)
    offset = stray.start() if stray else len(value)
    return found.note(at, f"illegal base64 data at input byte {offset}")


_DATE = (("2006", r"\d{4}"), ("-", "-"), ("01", r"\d\d"), ("-", "-"), ("02", r"\d\d"), ("T", "T"))
_CLOCK = (("15", r"\d\d"), (":", ":"), ("04", r"\d\d"), (":", ":"), ("05", r"\d\d"))
_ZONE = (("Z07:00", r"(Z|[+-]\d\d:\d\d)$"),)
_LAYOUTS = {
    "v1.Time": ("2006-01-02T15:04:05Z07:00", (*_DATE, *_CLOCK, ("", r"([.,]\d+)?"), *_ZONE)),
    "v1.MicroTime": ("2006-01-02T15:04:05.000000Z07:00", (*_DATE, *_CLOCK, (".000000", r"\.\d{6}"), *_ZONE)),
}
_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


def _time(value: Any, wanted: str, at: Place | None, found: Problems) -> Any:
    if not isinstance(value, str):
        return found.note(at, f"json: cannot unmarshal {json_type(value)} into Go value of type string")
    layout, parts = _LAYOUTS[wanted]
    position = 0
    for name, pattern in parts:
        match = re.compile(pattern, re.ASCII).match(value, position)
        if match is None:
            return found.note(
                at, f'parsing time "{clean(value)}" as "{layout}": cannot parse "{clean(value[position:])}" as "{name}"'
            )
        position = match.end()
    try:
        at_ms = times.parse(value.replace(",", "."))
        return value if wanted == "v1.MicroTime" or _SECONDS.fullmatch(value) else times.rfc3339(at_ms)
    except (ValueError, OverflowError):
        return found.note(at, f'parsing time "{value}": {_out_of_range(value)} out of range')


def _out_of_range(value: str) -> str:
    limits = (("month", 5, 1, 12), ("hour", 11, 0, 23), ("minute", 14, 0, 59), ("second", 17, 0, 59))
    for name, start, low, high in limits:
        if not low <= int(value[start : start + 2]) <= high:
            return name
    return "day"


def anything(value: Any, wanted: str, at: Place | None, found: Problems) -> Any:
    """Kept as it is, so long as it is JSON."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(key): anything(item, wanted, Place(at, clean(key), ""), found) for key, item in value.items()}
    if isinstance(value, list):
        return [anything(item, wanted, Place(at, index, ""), found) for index, item in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        return found.note(at, f"json: unsupported value: {digits(value)}")
    return value


Decoder = Callable[[Any, str, "Place | None", Problems], Any]

# By the type's name in the table; a name that is not here is a named string type.
DECODERS: dict[str, Decoder] = {
    "string": text,
    "bool": _boolean,
    "int32": _int32,
    "int64": _int64,
    "float64": _float64,
    "[]byte": _base64,
    "Quantity": _quantity,
    "IntOrString": _int_or_string,
    "Time": lambda value, wanted, at, found: _time(value, "v1.Time", at, found),
    "MicroTime": lambda value, wanted, at, found: _time(value, "v1.MicroTime", at, found),
    "any": anything,
    "JSON": anything,
}
EMPTY: dict[str, Any] = {
    "bool": False,
    "int32": 0,
    "int64": 0,
    "float64": 0,
    "Quantity": "0",
    "IntOrString": 0,
    "any": None,
    "JSON": None,
}
