"""The kinds of complaint, worded as Kubernetes words them: `Invalid value: -1: must be ...`.

Every check in this package builds its causes here. Models apimachinery `pkg/util/validation/field/errors.go`.
"""

from __future__ import annotations

import difflib
import ipaddress
import json
import math
import re
from collections.abc import Iterable, Iterator, Sized
from functools import lru_cache
from typing import Any

from app.api import go_json, quantities
from app.api.errors import Cause
from app.api.objects import Obj

NOT_NEGATIVE = "must be greater than or equal to 0"
IMMUTABLE = "field is immutable"


class Verbatim(str):
    """A bad value that prints itself: structs whose Go names differ from the API's."""


def invalid(field: str, value: Any, why: str = "") -> Cause:
    return Cause(field, "FieldValueInvalid", f"Invalid value: {printed(value)}{': ' * bool(why)}{why}")


def unacceptable(field: str, why: str) -> Cause:
    """Like `invalid`, of a part too large to print."""
    return Cause(field, "FieldValueInvalid", f"Invalid value: {why}")


def each(field: str, value: str, problems: Iterable[str]) -> Iterator[Cause]:
    """Of what a name or another text is no good for (`metadata.is_label`)."""
    return (invalid(field, value, why) for why in problems)


def required(field: str, why: str = "") -> Cause:
    return Cause(field, "FieldValueRequired", f"Required value: {why}" if why else "Required value")


def duplicate(field: str, value: Any) -> Cause:
    return Cause(field, "FieldValueDuplicate", f"Duplicate value: {printed(value)}")


def not_found(field: str, value: Any) -> Cause:
    return Cause(field, "FieldValueNotFound", f"Not found: {printed(value)}")


def not_supported(field: str, value: Any, values: Iterable[str]) -> Cause:
    listed = ", ".join(f'"{supported}"' for supported in values)
    return Cause(field, "FieldValueNotSupported", f"Unsupported value: {printed(value)}: supported values: {listed}")


def forbidden(field: str, why: str) -> Cause:
    return Cause(field, "FieldValueForbidden", f"Forbidden: {why}")


def too_long(field: str, limit_bytes: int) -> Cause:
    return Cause(field, "FieldValueTooLong", f"Too long: may not be more than {limit_bytes} bytes")


def too_many(field: str, items: Sized, most: int) -> Iterator[Cause]:
    if len(items) > most:
        yield Cause(field, "FieldValueTooMany", f"Too many: {len(items)}: must have at most {most} items")


def printed(value: Any) -> str:
    """A value as Go's errors print it: JSON, but for texts."""
    if isinstance(value, Verbatim):
        return str(value)
    if isinstance(value, str):
        return go_json.quoted(value)
    return go_json.dumps(_sorted_maps(value))


def _sorted_maps(value: Any) -> Any:
    """A dict of nothing but texts is a map, such as labels; all others are structs, whose fields have their order."""
    if isinstance(value, dict):
        items = sorted(value.items()) if all(isinstance(each, str) for each in value.values()) else value.items()
        return {key: _sorted_maps(each) for key, each in items}
    return [_sorted_maps(each) for each in value] if isinstance(value, list | tuple) else value


def unified(before: Obj, after: Obj) -> str:
    """The lines that differ, with context; "" if none. Upstream prints its internal names, we the API's."""
    if before == after:
        return ""
    old, new = (json.dumps(spec, indent=1, sort_keys=True, ensure_ascii=False).split("\n") for spec in (before, after))
    return "\n".join([*difflib.unified_diff(old, new, lineterm="", n=3)][2:]) + "\n"


# ------------------------------------------------------------------------------------------- common checks


def not_negative(values: dict[str, Any], prefix: str, *names: str) -> Iterator[Cause]:
    for name in names:
        number = values.get(name)
        if number is not None and number < 0:
            yield invalid(f"{prefix}.{name}", number, NOT_NEGATIVE)


def basic_resource(field: str, quantity: str) -> Iterator[Cause]:
    if (amount := math.ceil(quantities.parse(quantity))) < 0:
        yield invalid(field, amount, "must be a valid resource quantity")


def needed(source: Obj, field: str, *names: str) -> Iterator[Cause]:
    """Fields that may not be empty."""
    return (required(f"{field}.{name}") for name in names if not source.get(name))


def among(field: str, value: str | None, values: Iterable[str]) -> Iterator[Cause]:
    """Of a field that may be absent."""
    if value is not None and value not in (allowed := tuple(values)):
        yield not_supported(field, value, allowed)


def between(field: str, number: int | None, least: int, most: int) -> Iterator[Cause]:
    if number is not None and not least <= number <= most:
        yield invalid(field, number, f"must be between {least} and {most}, inclusive")


def struct(part: Obj, *names: str) -> Verbatim:
    """A part as upstream prints it, whose types have Go's names: all fields, in their order."""
    given = {name.lower(): value for name, value in part.items()}
    fields = (f"{json.dumps(name)}:{printed(given.get(name.lower()))}" for name in names)
    return Verbatim(f"{{{','.join(fields)}}}")


def supported(field: str, value: str | None, values: Iterable[str]) -> Iterator[Cause]:
    """Of a field that defaulting fills in, so that it is there."""
    if not value:
        yield required(field)
    elif value not in (allowed := tuple(values)):
        yield not_supported(field, value, allowed)


def matching(field: str, value: str, pattern: str, why: str, *examples: str) -> Iterator[Cause]:
    """Go's RegexError: what is wrong, some that are right, and the pattern."""
    if not re.fullmatch(pattern, value, re.ASCII):
        shown = " or ".join(f"'{each}', " for each in examples)
        yield invalid(
            field, value, f"{why} ({'e.g. ' if examples else ''}{shown}regex used for validation is '{pattern}')"
        )


def port_number(field: str, value: int) -> Iterator[Cause]:
    if not 1 <= value <= 65535:
        yield invalid(field, value, "must be between 1 and 65535, inclusive")


def port_number_or_name(field: str, value: int | str) -> Iterator[Cause]:
    if isinstance(value, int):
        yield from port_number(field, value)
    else:
        yield from port_name(field, value)


def port_name(field: str, value: str) -> Iterator[Cause]:
    if len(value) > 15:
        yield invalid(field, value, "must be no more than 15 characters")
    if not re.fullmatch(r"[-a-z0-9]+", value):
        yield invalid(field, value, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search(r"[a-z]", value):
        yield invalid(field, value, "must contain at least one letter (a-z)")
    if "--" in value:
        yield invalid(field, value, "must not contain consecutive hyphens")
    if value.startswith("-") or value.endswith("-"):
        yield invalid(field, value, "must not begin or end with a hyphen")


def ip_address(field: str, value: str) -> Iterator[Cause]:
    for why in _address_slips(value):
        yield invalid(field, value, why)


def canonical_address(field: str, value: str) -> Iterator[Cause]:
    """Of fields that are younger than the strict rules: there is one way to write an address."""
    slips = _address_slips(value)
    if not slips and (written := str(ipaddress.ip_address(value))) != value:
        slips = (f'must be in canonical form ("{written}")',)
    yield from (invalid(field, value, why) for why in slips)


def endpoint_address(field: str, value: str) -> Iterator[Cause]:
    """An address to which others are to send something."""
    wrong = list(ip_address(field, value))
    yield from wrong or reachable(field, value)


def reachable(field: str, value: str) -> Iterator[Cause]:
    for why in _why_unreachable(value):
        yield invalid(field, value, why)


@lru_cache(maxsize=8192)
def _why_unreachable(value: str) -> tuple[str, ...]:
    """Upstream's ValidateEndpointIP."""
    try:
        address = ipaddress.ip_address(without_zeros(value))
    except ValueError:
        return _NO_ADDRESS
    if address.is_unspecified:
        return (f"may not be unspecified ({value})",)
    return tuple(why for networks, why in _UNREACHABLE if any(address in network for network in networks))


_NO_ADDRESS = ("must be a valid IP address",)
_UNREACHABLE = tuple(
    (tuple(map(ipaddress.ip_network, networks)), f"may not be in the {why}")
    for *networks, why in (
        ("127.0.0.0/8", "::1/128", "loopback range (127.0.0.0/8, ::1/128)"),
        ("169.254.0.0/16", "fe80::/10", "link-local range (169.254.0.0/16, fe80::/10)"),
        ("224.0.0.0/24", "ff02::/16", "link-local multicast range (224.0.0.0/24, ff02::/10)"),
    )
)


@lru_cache(maxsize=8192)
def _address_slips(value: str) -> tuple[str, ...]:
    try:
        address = ipaddress.ip_address("" if "%" in value else without_zeros(value))
    except ValueError:
        return ("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",)
    zeros = ("must not have leading 0s",) if address.version == 4 and str(address) != value else ()
    mapped = ("must not be an IPv4-mapped IPv6 address",) if getattr(address, "ipv4_mapped", None) else ()
    return zeros + mapped


def is_address(text: str) -> bool:
    return _why_unreachable(text) != _NO_ADDRESS


def network(field: str, value: str) -> Iterator[Cause]:
    """A CIDR, that of a whole network."""
    found = _interface(value)
    text, _, length = value.partition("/")
    if found is None:
        yield invalid(field, value, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")
    elif (without_zeros(text), length.lstrip("0") or "0") != (text, length):
        yield invalid(field, value, "must not have leading 0s in IP or prefix length")
    elif getattr(found.ip, "ipv4_mapped", None):
        yield invalid(field, value, "must not have an IPv4-mapped IPv6 address")
    elif found.ip != found.network.network_address:
        yield invalid(field, value, "must not have bits set beyond the prefix length")


def canonical_network(field: str, value: str) -> Iterator[Cause]:
    """Of fields that are younger than the strict rules: there is one way to write a network."""
    wrong = list(network(field, value))
    yield from wrong
    if not wrong and (written := str(network_of(value))) != value:
        yield invalid(field, value, f'must be in canonical form ("{written}")')


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def network_of(value: str) -> Network | None:
    """None if it is none."""
    found = _interface(value)
    return found.network if found else None


def _interface(value: str) -> ipaddress.IPv4Interface | ipaddress.IPv6Interface | None:
    text, slash, length = value.partition("/")
    try:
        whole = slash and length.isdecimal() and "%" not in text
        return ipaddress.ip_interface(f"{without_zeros(text)}/{length.lstrip('0') or '0'}" if whole else "")
    except ValueError:
        return None


def without_zeros(text: str) -> str:
    """`010.0.0.1` as Go once read it."""
    return ".".join(part.lstrip("0") or "0" for part in text.split(".")) if _DOTTED.fullmatch(text) else text


_DOTTED = re.compile(r"[0-9]+(\.[0-9]+){3}", re.ASCII)


def config_key(field: str, value: str) -> Iterator[Cause]:
    if len(value) > 253:
        yield invalid(field, value, "must be no more than 253 characters")
    if not re.fullmatch(r"[-._a-zA-Z0-9]+", value):
        yield invalid(field, value, _CONFIG_KEY)
    if value == ".":
        yield invalid(field, value, "must not be '.'")
    elif value == "..":
        yield invalid(field, value, "must not be '..'")
    elif value.startswith(".."):
        yield invalid(field, value, "must not start with '..'")


_CONFIG_KEY = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
    "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
