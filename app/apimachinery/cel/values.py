"""Values that CEL has and JSON has not, and what both have in common: equality and order."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import total_ordering
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from app.api import quantities
from app.apimachinery.cel.syntax import UInt


class CelError(Exception):
    """A rule could not be worked out: its text is cel-go's."""


def no_overload(function: str) -> CelError:
    return CelError(f"no such overload: {function}")


@dataclass(frozen=True, slots=True)
class Optional:
    value: Any = None
    is_there: bool = False


NONE = Optional()


@total_ordering
@dataclass(frozen=True, slots=True)
class Quantity:
    number: Fraction
    text: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.number == other.number

    def __lt__(self, other: Quantity) -> bool:
        return self.number < other.number

    def __hash__(self) -> int:
        return hash(self.number)

    @staticmethod
    def of(text: str) -> Quantity:
        """Raises CelError."""
        try:
            return Quantity(quantities.parse(text), text)
        except ValueError as error:
            raise CelError(str(error)) from None


@dataclass(frozen=True, slots=True)
class IP:
    address: ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class CIDR:
    network: ipaddress.IPv4Interface | ipaddress.IPv6Interface


@dataclass(frozen=True, slots=True)
class URL:
    parts: SplitResult
    text: str

    def query(self) -> dict[str, list[str]]:
        return parse_qs(self.parts.query, keep_blank_values=True)


@dataclass(frozen=True, slots=True)
class NamedFormat:
    name: str


@dataclass(frozen=True, slots=True)
class TypeValue:
    name: str


class SetList(list[Any]):
    """A list in which order does not matter."""


class MapList(list[Any]):
    """A list whose items are known by some of their fields."""

    keys: tuple[str, ...] = ()

    def names(self) -> dict[tuple[str, ...], Any]:
        return {tuple(repr(item.get(key)) for key in self.keys): item for item in self if isinstance(item, Mapping)}


# ------------------------------------------------------------------------------------------------ reading


def ip(text: str) -> IP:
    """Raises CelError: no zone, and no IPv4 inside of IPv6."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise CelError(f"IP Address '{text}' parse error during conversion from string") from None
    if "%" in text:
        raise CelError(f"IP address '{text}' with zone value is not allowed")
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        raise CelError(f"IPv4-mapped IPv6 address '{text}' is not allowed")
    return IP(address)


def cidr(text: str) -> CIDR:
    """Raises CelError."""
    try:
        if "/" not in text or not text.rpartition("/")[2].isdigit():
            raise ValueError
        return CIDR(ipaddress.ip_interface(text))
    except ValueError:
        raise CelError(f"network address parse error during conversion from string: '{text}'") from None


def url(text: str) -> URL:
    """Raises CelError for what is neither an address with a scheme nor an absolute path."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  # raises for a port that is none
    except ValueError as error:
        raise CelError(f"URL parse error during conversion from string: {error}") from None
    if not parts.scheme and not text.startswith("/"):
        raise CelError(f'URL parse error during conversion from string: parse "{text}": invalid URI for request')
    return URL(parts, text)


_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)", re.ASCII)


def duration(text: str) -> timedelta:
    """Raises CelError."""
    bare = text.removeprefix("-").removeprefix("+")
    parts = _PART.findall(bare)
    if (not parts or "".join(map("".join, parts)) != bare) and bare != "0":
        raise CelError(f'time: invalid duration "{text}"')
    nanos = sum(Fraction(number.rstrip(".") or "0") * _UNITS[unit] for number, unit in parts)
    if nanos >= 1 << 63:
        raise CelError(f'time: invalid duration "{text}"')
    return timedelta(microseconds=int(nanos) // 1000) * (-1 if text.startswith("-") else 1)


def duration_text(span: timedelta) -> str:
    seconds = Fraction(round(span.total_seconds() * 10**6), 10**6)
    return f"{float(seconds):f}".rstrip("0").rstrip(".") + "s"


def timestamp(text: str) -> datetime:
    """Raises CelError."""
    try:
        return datetime.fromisoformat(text.upper().replace("Z", "+00:00")).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CelError(f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse') from None


# ------------------------------------------------------------------------------------------------ comparing


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def equal(one: Any, other: Any) -> bool:
    """Of different types nothing is equal, but all numbers are of one."""
    if is_number(one) and is_number(other):
        return bool(one == other)
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return False
        if isinstance(one, SetList):
            return all(contains(other, item) for item in one)
        if isinstance(one, MapList) and isinstance(other, MapList):
            mine, others = one.names(), other.names()
            return mine.keys() == others.keys() and all(equal(item, others[name]) for name, item in mine.items())
        return all(map(equal, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return len(one) == len(other) and all(key in other and equal(value, other[key]) for key, value in one.items())
    if isinstance(one, Optional) and isinstance(other, Optional):
        return one.is_there == other.is_there and equal(one.value, other.value)
    return type(one) is type(other) and bool(one == other)


def contains(items: list[Any], wanted: Any) -> bool:
    return any(equal(item, wanted) for item in items)


def type_name(value: Any) -> str:
    if value is None:
        return "null_type"
    for kind, name in _NAMES.items():
        if isinstance(value, kind):
            return name
    raise no_overload("type")


_NAMES: dict[Any, str] = {
    bool: "bool", UInt: "uint", int: "int", float: "double", str: "string", bytes: "bytes", list: "list",
    Mapping: "map", datetime: "google.protobuf.Timestamp", timedelta: "google.protobuf.Duration",
    Optional: "optional_type", Quantity: "kubernetes.Quantity", IP: "net.IP", CIDR: "net.CIDR", URL: "kubernetes.URL",
    NamedFormat: "kubernetes.NamedFormat", TypeValue: "type",
}  # fmt: skip
