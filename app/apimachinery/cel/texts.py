"""Texts and times of CEL: what the functions of library.py do with them. Raises CelError."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from app.apimachinery import patterns
from app.apimachinery.cel import values
from app.apimachinery.cel.syntax import UInt
from app.apimachinery.cel.values import CelError, NamedFormat, Optional

# ------------------------------------------------------------------------------------------------ conversions


def to_int(value: Any) -> int:
    if isinstance(value, datetime):
        return int(value.timestamp())
    if isinstance(value, str):
        if not re.fullmatch(r"[+-]?\d{1,20}", value, re.ASCII):
            raise CelError(f'strconv.ParseInt: parsing "{value}": invalid syntax')
        return int(value)
    if isinstance(value, float) and not -(2**63) < value < 2**63:
        raise CelError("integer overflow")
    return int(value)


def to_uint(value: Any) -> UInt:
    return UInt(to_int(value))


def to_double(value: Any) -> float:
    try:
        return float(value)
    except ValueError:
        raise CelError(f'strconv.ParseFloat: parsing "{value}": invalid syntax') from None


def to_bool(text: str) -> bool:
    if text in ("true", "True", "TRUE", "t", "1"):
        return True
    if text in ("false", "False", "FALSE", "f", "0"):
        return False
    raise CelError(f'strconv.ParseBool: parsing "{text}": invalid syntax')


def to_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise CelError("invalid UTF-8 in bytes, cannot convert to string") from None
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return values.duration_text(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)
    return str(value)


# ------------------------------------------------------------------------------------------------ times


PARTS_OF_TIME: dict[str, Callable[[datetime], int]] = {
    "getFullYear": lambda time: time.year,
    "getMonth": lambda time: time.month - 1,
    "getDate": lambda time: time.day,
    "getDayOfMonth": lambda time: time.day - 1,
    "getDayOfWeek": lambda time: time.isoweekday() % 7,
    "getDayOfYear": lambda time: time.timetuple().tm_yday - 1,
    "getHours": lambda time: time.hour,
    "getMinutes": lambda time: time.minute,
    "getSeconds": lambda time: time.second,
    "getMilliseconds": lambda time: time.microsecond // 1000,
}
PARTS_OF_DURATION: dict[str, Callable[[timedelta], int]] = {
    "getHours": lambda span: int(span.total_seconds() / 3600),
    "getMinutes": lambda span: int(span.total_seconds() / 60),
    "getSeconds": lambda span: int(span.total_seconds()),
    "getMilliseconds": lambda span: int(span.total_seconds() * 1000),
}


def in_zone(part: Callable[[datetime], int]) -> Callable[[datetime, str], int]:
    def there(time: datetime, zone: str) -> int:
        fixed = re.fullmatch(r"([+-]?)(\d\d):(\d\d)", zone, re.ASCII)
        if fixed:
            minutes = int(fixed[2]) * 60 + int(fixed[3])
            return part(time.astimezone(timezone(timedelta(minutes=-minutes if fixed[1] == "-" else minutes))))
        try:
            return part(time.astimezone(ZoneInfo(zone)))
        except (ValueError, KeyError, OSError):
            raise CelError(f"unknown time zone {zone}") from None

    return there


# ------------------------------------------------------------------------------------------------ texts


def matches(text: str, source: str) -> bool:
    return patterns.compiled(source).matches(text)


def find(text: str, source: str) -> str:
    found = patterns.compiled(source).find(text)
    return text[slice(*found[0])] if found and found[0] else ""


def find_all(text: str, source: str, most: int = -1) -> list[str]:
    found: list[str] = []
    for groups in patterns.compiled(source).find_all(text):
        if len(found) == most:
            break
        if groups[0] is not None:
            found.append(text[slice(*groups[0])])
    return found


def char_at(text: str, index: int) -> str:
    if not 0 <= index <= len(text):
        raise CelError(f"index out of range: {index}")
    return text[index : index + 1]


def lower_ascii(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def upper_ascii(text: str) -> str:
    return "".join(letter.upper() if letter.isascii() else letter for letter in text)


def split(text: str, mark: str, most: int) -> list[str]:
    if most == 0:
        return []
    return text.split(mark, most - 1 if most > 0 else -1) if mark else list(text)


def substring(text: str, start: int, end: int) -> str:
    if not 0 <= start <= end <= len(text):
        raise CelError(f"invalid substring range. start: {start}, end: {end}")
    return text[start:end]


def formatted(pattern: str, args: list[Any]) -> str:
    rest = iter(args)

    def put(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        value = next(rest, rest)
        if value is rest:
            raise CelError(f"index {len(args)} out of range")
        return _one_formatted(value, found[2], found[1])

    if re.sub(r"%(\.\d+)?[sdfexXbo%]", "", pattern).count("%"):
        raise CelError("could not parse formatting clause: unrecognized formatting clause")
    return re.sub(r"%(\.\d+)?([sdfexXbo%])", put, pattern)


def _one_formatted(value: Any, clause: str, precision: str | None) -> str:
    try:
        match clause:
            case "s":
                return plain(value)
            case "d":
                return str(value) if values.is_number(value) else _not_formatted(value, clause)
            case "f" | "e":
                return f"{float(value):{(precision or '.6')[:4]}{clause}}"
            case "b":
                return f"{int(value):b}"
            case "o":
                return f"{int(value):o}"
        text = value.encode() if isinstance(value, str) else value
        return text.hex() if isinstance(text, bytes) else f"{int(text):{clause}}"
    except (ValueError, TypeError):
        return _not_formatted(value, clause)


def _not_formatted(value: Any, clause: str) -> str:
    raise CelError(f"error during formatting: no formatting of {values.type_name(value)} with clause '{clause}'")


def plain(value: Any) -> str:
    """As `%s` writes it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{plain(key)}: {plain(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(plain, value)) + "]"
    return "null" if value is None else to_text(value)


def base64_encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def base64_decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise CelError("illegal base64 data") from None


# ------------------------------------------------------------------------------------------------ formats


_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
FORMATS: dict[str, tuple[str, int]] = {
    "dns1123Label": (_LABEL, 63),
    "dns1123Subdomain": (rf"{_LABEL}(\.{_LABEL})*", 253),
    "dns1035Label": (r"[a-z]([-a-z0-9]*[a-z0-9])?", 63),
    "qualifiedName": (rf"({_LABEL}(\.{_LABEL})*/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]", 317),
    "labelValue": (r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?", 63),
    "uri": (r"([a-zA-Z][a-zA-Z0-9+.-]*:|/)\S*", 1 << 20),
    "uuid": (r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}", 36),
    "byte": (r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", 1 << 20),
    "date": (r"\d{4}-\d\d-\d\d", 10),
    "datetime": (r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", 40),
}


def format_called(name: str) -> Callable[[], NamedFormat]:
    return lambda: NamedFormat(name)


def named_format(name: str) -> Optional:
    return Optional(NamedFormat(name), True) if name in FORMATS else values.NONE


def validate_format(format: NamedFormat, text: str) -> Optional:
    """None if all is well, as upstream: else what is wrong."""
    pattern, longest = FORMATS[format.name]
    problems = [f"must be no more than {longest} characters"] if len(text) > longest else []
    if not patterns.compiled(f"^({pattern})$").matches(text):
        problems.append(f"must match {pattern}")
    return Optional(problems, True) if problems else values.NONE
