"""What the functions of CEL do (library.py), where that is more than a word. Raises CelError."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable, Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Any

from app.api import quantities
from app.apimachinery.cel import values
from app.apimachinery.cel.syntax import UInt
from app.apimachinery.cel.values import CIDR, IP, CelError, Optional, Quantity, no_overload


def weight(value: Any) -> int:
    """About how many characters it has; of something large that is enough."""
    todo, found = [value], 0
    while todo and found < 10_000_000:
        each = todo.pop()
        found += len(each) if isinstance(each, str | bytes) else 1
        if isinstance(each, Mapping):
            todo += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            todo += each
    return found


def succeeds(read: Callable[[str], Any]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            read(text)
        except CelError:
            return False
        return True

    return check


# ------------------------------------------------------------------------------------------------ operators


def _like(one: Any, result: int) -> int:
    return UInt(result) if isinstance(one, UInt) else result


def add(one: Any, other: Any) -> Any:
    return one + other if isinstance(one, float) else _like(one, int(one) + int(other))


def subtract(one: Any, other: Any) -> Any:
    return one - other if isinstance(one, float) else _like(one, int(one) - int(other))


def multiply(one: Any, other: Any) -> Any:
    return one * other if isinstance(one, float) else _like(one, int(one) * int(other))


def divide(one: Any, other: Any) -> Any:
    if isinstance(one, float):
        if other:
            return one / other
        return math.nan if not one or math.isnan(one) else math.copysign(math.inf, one) * math.copysign(1, other)
    if not other:
        raise CelError("division by zero")
    quotient = abs(int(one)) // abs(int(other))
    return _like(one, quotient if (one < 0) == (other < 0) else -quotient)


def remainder(one: int, other: int) -> int:
    if not other:
        raise CelError("modulus by zero")
    rest = abs(int(one)) % abs(int(other))
    return -rest if one < 0 else rest


def less(one: Any, other: Any) -> bool:
    return bool(one < other)


def at_most(one: Any, other: Any) -> bool:
    return bool(one <= other)


def greater(one: Any, other: Any) -> bool:
    return bool(one > other)


def at_least(one: Any, other: Any) -> bool:
    return bool(one >= other)


def item(items: list[Any], index: int) -> Any:
    if not 0 <= index < len(items):
        raise CelError(f"index out of bounds: {index}")
    return items[index]


def entry(items: Mapping[Any, Any], key: Any) -> Any:
    if not isinstance(key, str | int) or key not in items:
        raise CelError(f"no such key: {key}")
    return items[key]


def optional_item(held: Any, key: Any) -> Optional:
    inside = held.value if isinstance(held, Optional) else held
    if isinstance(inside, Mapping) and isinstance(key, str | int) and key in inside:
        return Optional(inside[key], True)
    if isinstance(inside, list) and isinstance(key, int) and 0 <= key < len(inside):
        return Optional(inside[key], True)
    return values.NONE


def joined_lists(one: list[Any], other: list[Any]) -> list[Any]:
    """Sets and maps are put together by their items."""
    if isinstance(one, values.SetList):
        return values.SetList([*one, *(item for item in other if not values.contains(one, item))])
    if isinstance(one, values.MapList) and isinstance(other, values.MapList):
        found = values.MapList({**one.names(), **other.names()}.values())
        found.keys = one.keys
        return found
    return [*one, *other]


# ------------------------------------------------------------------------------------------------ lists


def _ordered(items: list[Any]) -> list[Any]:
    try:
        return sorted(items)
    except TypeError:
        raise no_overload("comparison") from None


def is_sorted(items: list[Any]) -> bool:
    return _ordered(items) == items


def sorted_(items: list[Any]) -> list[Any]:
    return _ordered(items)


def total(items: list[Any]) -> Any:
    if not items:
        return 0
    if not all(isinstance(each, int | float | timedelta) and not isinstance(each, bool) for each in items):
        raise no_overload("sum")
    return sum(items[1:], items[0])


def smallest(items: list[Any]) -> Any:
    if not items:
        raise CelError("min called on empty list")
    return _ordered(items)[0]


def largest(items: list[Any]) -> Any:
    if not items:
        raise CelError("max called on empty list")
    return _ordered(items)[-1]


def largest_of(*given: Any) -> Any:
    return largest(given[0] if isinstance(given[0], list) else list(given))


def smallest_of(*given: Any) -> Any:
    return smallest(given[0] if isinstance(given[0], list) else list(given))


def index_of(items: list[Any], wanted: Any) -> int:
    return next((index for index, each in enumerate(items) if values.equal(each, wanted)), -1)


def last_index_of(items: list[Any], wanted: Any) -> int:
    return next((index for index in range(len(items) - 1, -1, -1) if values.equal(items[index], wanted)), -1)


def sliced(items: list[Any], start: int, end: int) -> list[Any]:
    if not 0 <= start <= end <= len(items):
        raise CelError(f"cannot slice({start}, {end}), list is length {len(items)}")
    return items[start:end]


def distinct(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for each in items:
        if not values.contains(found, each):
            found.append(each)
    return found


def flattened(items: list[Any]) -> list[Any]:
    return [inner for each in items for inner in (each if isinstance(each, list) else [each])]


def set_contains(one: list[Any], other: list[Any]) -> bool:
    return all(values.contains(one, each) for each in other)


def set_equivalent(one: list[Any], other: list[Any]) -> bool:
    return set_contains(one, other) and set_contains(other, one)


def set_intersects(one: list[Any], other: list[Any]) -> bool:
    return any(values.contains(one, each) for each in other)


# ------------------------------------------------------------------------------------------------ numbers


def sign(number: Any) -> Any:
    result = (number > 0) - (number < 0)
    return float(result) if isinstance(number, float) else int(result)


def _rounded(value: float) -> float:
    return math.copysign(math.floor(abs(value) + 0.5), value)


ROUNDINGS: dict[str, Callable[[float], float]] = {
    "ceil": lambda value: float(math.ceil(value)),
    "floor": lambda value: float(math.floor(value)),
    "round": _rounded,
    "trunc": lambda value: float(math.trunc(value)),
}


def quantity(number: Fraction, like: Quantity) -> Quantity:
    return Quantity(number, quantities.add(like.text, "0") if number == like.number else str(number))


def as_integer(value: Quantity) -> int:
    if value.number.denominator != 1:
        raise CelError("cannot convert value to integer")
    return value.number.numerator


# ------------------------------------------------------------------------------------------------ addresses


def is_link_local_multicast(ip: IP) -> bool:
    address = ip.address
    if isinstance(address, ipaddress.IPv4Address):
        return address in ipaddress.IPv4Network("224.0.0.0/24")
    return address.packed[0] == 0xFF and address.packed[1] & 0x0F == 0x02


def is_global_unicast(ip: IP) -> bool:
    address = ip.address
    if str(address) == "255.255.255.255":
        return False
    return not (address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local)


def masked(cidr: CIDR) -> CIDR:
    return CIDR(ipaddress.ip_interface(str(cidr.network.network)))


def contains_ip(cidr: CIDR, ip: IP) -> bool:
    return ip.address in cidr.network.network


def contains_cidr(cidr: CIDR, other: CIDR) -> bool:
    outer, inner = cidr.network.network, other.network.network
    return outer.version == inner.version and contains_ip(cidr, IP(inner[0])) and outer.prefixlen <= inner.prefixlen


# ------------------------------------------------------------------------------------------------ the rest


def value_of_optional(value: Optional) -> Any:
    if not value.is_there:
        raise CelError("optional.none() dereference")
    return value.value
