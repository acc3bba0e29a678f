"""Request bodies in protobuf: kubectl 1.32 and newer sends `create deployment` and some twenty others so.

The REST face calls `decode` for a body of Content-Type application/vnd.kubernetes.protobuf. Answers are always JSON,
so nothing is encoded here. Types come from the schema; the table `protobuf_v1_36.json` (written by
`tools/generate_protobuf.py`) adds only which number is which field.

Models kubernetes/apimachinery `pkg/runtime/serializer/protobuf` and the `generated.pb.go` of each API group.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from app.api import times
from app.api.errors import BadRequest
from app.api.objects import Obj
from app.apimachinery.scheme import scalars
from app.apimachinery.scheme.shapes import ListOf, MapOf, Shape, Struct, fields_of, struct_of

PREFIX = b"k8s\x00"
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Part(NamedTuple):
    """One field as it stands on the wire. `value` is a number (VARINT) or bytes (all others)."""

    number: int
    wire: int
    value: Any


class Malformed(ValueError):
    """Not the protobuf message that it should be."""


def decode(body: bytes) -> Obj:
    """The object in an envelope `k8s\\0` + runtime.Unknown{typeMeta 1, raw 2}, canonical as `schema.decoded` makes it;
    fields of an unknown number are left out. Raises BadRequest for malformed bytes and for unknown kinds."""
    if not body.startswith(PREFIX):
        raise BadRequest(f"provided data does not appear to be a protobuf message, expected prefix {_go_bytes(PREFIX)}")
    try:
        api_version, kind, raw = _envelope(body[len(PREFIX) :])
        shape = _root(api_version, kind)
        if shape is None:
            raise BadRequest(f'no kind "{kind}" is registered for version "{api_version}"')
        obj = {"apiVersion": api_version, "kind": kind, **_message(raw, shape.go_name, shape.go_name)}
    except (Malformed, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"the body of the request could not be decoded as protobuf: {error}") from None
    found = scalars.Problems()
    decoded: Obj = shape.decode(obj, None, found)
    if found.wrong:
        raise BadRequest(
            f'{kind} in version "{api_version.rpartition("/")[2]}" cannot be handled as a {kind}: '
            f"{found.wrong[0].message}"
        )
    return decoded


def _envelope(data: bytes) -> tuple[str, str, bytes]:
    """(apiVersion, kind, the message) of a runtime.Unknown."""
    unknown = {part.number: part.value for part in _parts(data)}
    type_meta = {part.number: part.value for part in _parts(_as_bytes(unknown.get(1, b"")))}
    return _text(type_meta.get(1, b"")), _text(type_meta.get(2, b"")), _as_bytes(unknown.get(2, b""))


def _root(api_version: str, kind: str) -> Struct | None:
    if kind == "DeleteOptions":  # part of every group version
        api_version = "v1"
    shape = struct_of(api_version, kind)
    return shape if shape.go_name in numbers_by_message() else None


def _go_bytes(data: bytes) -> str:
    return "[" + " ".join(map(str, data)) + "]"


# --------------------------------------------------------------------------------------------- messages


@cache
def numbers_by_message() -> dict[str, dict[int, str]]:
    rows = json.loads((Path(__file__).parent / "protobuf_v1_36.json").read_bytes())
    return {
        message: {number: name for number, name in enumerate(row.split(), start=1) if name != "-"}
        for message, row in rows.items()
    }


def _message(data: bytes, message: str, owner: str) -> dict[str, Any]:
    """The fields of `message`; they belong to the struct `owner`, which differs for embedded messages."""
    numbers, fields = numbers_by_message().get(message, {}), fields_of(owner)
    obj: dict[str, Any] = {}
    for part in _parts(data):
        name = numbers.get(part.number)
        if name is None:
            continue
        if name.startswith("*"):
            obj |= _message(_as_bytes(part.value), name[1:], owner)
            continue
        shape = fields[name].shape
        if isinstance(shape, ListOf):
            obj.setdefault(name, []).extend(_items(shape.of, part))
        elif isinstance(shape, MapOf):
            key, value = _entry(shape.of, _as_bytes(part.value))
            obj.setdefault(name, {})[key] = value
        else:
            obj[name] = _value(shape, part)
    return obj


def _items(shape: Shape, part: Part) -> Iterator[Any]:
    """One item; or several numbers in one piece ("packed")."""
    if part.wire == BYTES and shape.go_name in ("int32", "int64", "bool"):
        position = 0
        while position < len(part.value):
            number, position = _varint(part.value, position)
            yield _value(shape, Part(part.number, VARINT, number))
    else:
        yield _value(shape, part)


def _entry(shape: Shape, data: bytes) -> tuple[str, Any]:
    """One entry of a map: key 1, value 2. A list as value stands in a message of its own (ExtraValue: items 1)."""
    key, value = "", shape.empty
    for part in _parts(data):
        if part.number == 1:
            key = _text(part.value)
        elif part.number == 2 and isinstance(shape, ListOf):
            value = [item for each in _parts(_as_bytes(part.value)) for item in _items(shape.of, each)]
        elif part.number == 2:
            value = _value(shape, part)
    return key, value


def _value(shape: Shape, part: Part) -> Any:
    if isinstance(shape, Struct):
        return _message(_as_bytes(part.value), shape.go_name, shape.go_name)
    match shape.go_name:
        case "int32" | "int64":
            return _signed(part.value)
        case "bool":
            return bool(_signed(part.value))
        case "float64":
            return struct.unpack("<d", _as_bytes(part.value, 8))[0]
        case "[]byte":
            return base64.b64encode(_as_bytes(part.value)).decode()
        case "Time" | "MicroTime" | "Quantity" | "IntOrString" | "any":
            inside = {each.number: each.value for each in _parts(_as_bytes(part.value))}
            return _wrapped(shape.go_name, inside)
    return _text(part.value)


def _wrapped(name: str, inside: dict[int, Any]) -> Any:
    """Values that are messages on the wire and plain in JSON. None: not set."""
    match name:
        case "Quantity":
            return _text(inside.get(1, b"0"))
        case "IntOrString":
            return _text(inside.get(3, b"")) if inside.get(1) == 1 else _signed(inside.get(2, 0))
        case "any":
            return _json(_as_bytes(inside.get(1, b"")))
    seconds, nanos = _signed(inside.get(1, 0)), _signed(inside.get(2, 0))
    if not seconds and not nanos:
        return None
    at_ms = seconds * 1000 + nanos // 1_000_000
    try:
        return times.rfc3339_micro(at_ms) if name == "MicroTime" else times.rfc3339(at_ms)
    except (ValueError, OverflowError, OSError):
        raise Malformed(f"time out of range: {seconds} seconds") from None


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError as error:
        raise Malformed(f"json: {error}") from None


# ------------------------------------------------------------------------------------------------- wire


def _parts(data: bytes) -> Iterator[Part]:
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire = tag >> 3, tag & 7
        if number == 0:
            raise Malformed("illegal tag 0")
        if wire == VARINT:
            value, position = _varint(data, position)
            yield Part(number, wire, value)
            continue
        if wire == BYTES:
            size, position = _varint(data, position)
        elif wire in (FIXED64, FIXED32):
            size = 8 if wire == FIXED64 else 4
        else:
            raise Malformed(f"illegal wireType {wire}")
        if position + size > len(data):
            raise Malformed("unexpected EOF")
        yield Part(number, wire, data[position : position + size])
        position += size


def _varint(data: bytes, position: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise Malformed("unexpected EOF")
        byte = data[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number & 0xFFFF_FFFF_FFFF_FFFF, position
    raise Malformed("integer overflow")


def _signed(value: Any) -> int:
    if not isinstance(value, int):
        raise Malformed("wrong wireType for a number")
    return value - (1 << 64) if value >= 1 << 63 else value


def _as_bytes(value: Any, size: int | None = None) -> bytes:
    if not isinstance(value, bytes) or (size is not None and len(value) != size):
        raise Malformed("wrong wireType")
    return value


def _text(value: Any) -> str:
    return _as_bytes(value).decode()
