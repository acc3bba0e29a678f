"""The formats of strings that the API server checks; all others say something to people only.

Models the registry of kube-openapi `pkg/validation/strfmt`, and the list of apiextensions-apiserver
`pkg/apiserver/validation/formats.go`.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from app.api import times


def is_valid(format: str, text: str) -> bool:
    """True too for a format that is not known."""
    check = _CHECKS.get(format.replace("-", ""))
    return check is None or check(text)


def is_known(format: str) -> bool:
    return (name := format.replace("-", "")) in _CHECKS or name == "password"


def _matching(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda text: compiled.fullmatch(text) is not None


def _parsed(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            parse(text)
        except (ValueError, OverflowError):
            return False
        return True

    return check


_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)", re.ASCII)
_DURATION = re.compile(
    r"[+-]?(0|(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))*)", re.ASCII
)
_SCALA = re.compile(
    r"\d+\s*(ns|nanos?|nanoseconds?|us|micros?|microseconds?|ms|millis?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|"
    r"h|hrs?|hours?|d|days?|w|weeks?)",
    re.ASCII,
)


def _date(text: str) -> bool:
    return _DAY.fullmatch(text) is not None and _parsed(times.parse)(f"{text}T00:00:00Z")


def _date_time(text: str) -> bool:
    upper = text.upper()
    return _DATE_TIME.fullmatch(text) is not None and _parsed(times.parse)(re.sub(r"\.\d+", "", upper))


def _uri(text: str) -> bool:
    """What Go's `url.ParseRequestURI` takes: an address with a scheme, or an absolute path."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(text) and " " not in text and (bool(parts.scheme) or text.startswith("/"))


def _mac(text: str) -> bool:
    return any(
        re.fullmatch(rf"[0-9a-fA-F]{{2}}({mark}[0-9a-fA-F]{{2}}){{{count}}}", text)
        for mark in ":-"
        for count in (5, 7, 19)
    ) or bool(re.fullmatch(r"[0-9a-fA-F]{4}(\.[0-9a-fA-F]{4}){2}((\.[0-9a-fA-F]{4}){1})?", text))


def _isbn10(text: str) -> bool:
    digits = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(r"\d{9}[\dXx]", digits, re.ASCII):
        return False
    numbers = [10 if digit in "Xx" else int(digit) for digit in digits]
    return sum(number * (10 - place) for place, number in enumerate(numbers)) % 11 == 0


def _isbn13(text: str) -> bool:
    digits = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(r"\d{13}", digits, re.ASCII):
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10 == 0


def _base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True


def _ip(version: int) -> Callable[[str], bool]:
    return _parsed(ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address)


def _cidr(text: str) -> bool:
    return "/" in text and _parsed(lambda given: ipaddress.ip_network(given, strict=False))(text)


_HEX = "[0-9a-fA-F]"
_BYTE = r"(25[0-5]|2[0-4]\d|1?\d?\d)"
_CARD = (
    r"(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|"
    r"3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})"
)
_SHORT_NAME = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_LABEL = r"[a-zA-Z0-9_]([-a-zA-Z0-9_]{0,61}[a-zA-Z0-9_])?"

_CHECKS: dict[str, Callable[[str], bool]] = {
    "bsonobjectid": _matching(f"{_HEX}{{24}}"),
    "uri": _uri,
    "email": _matching(r"[^@\s<>]+@[^@\s<>]+"),
    "hostname": lambda text: len(text) <= 255 and _matching(rf"{_LABEL}(\.{_LABEL})*\.?")(text),
    "ipv4": _ip(4),
    "ipv6": _ip(6),
    "cidr": _cidr,
    "mac": _mac,
    "uuid": _matching(f"{_HEX}{{8}}-?{_HEX}{{4}}-?{_HEX}{{4}}-?{_HEX}{{4}}-?{_HEX}{{12}}"),
    "uuid3": _matching(f"{_HEX}{{8}}-?{_HEX}{{4}}-?3{_HEX}{{3}}-?{_HEX}{{4}}-?{_HEX}{{12}}"),
    "uuid4": _matching(f"{_HEX}{{8}}-?{_HEX}{{4}}-?4{_HEX}{{3}}-?[89abAB]{_HEX}{{3}}-?{_HEX}{{12}}"),
    "uuid5": _matching(f"{_HEX}{{8}}-?{_HEX}{{4}}-?5{_HEX}{{3}}-?[89abAB]{_HEX}{{3}}-?{_HEX}{{12}}"),
    "isbn": lambda text: _isbn10(text) or _isbn13(text),
    "isbn10": _isbn10,
    "isbn13": _isbn13,
    "creditcard": lambda text: _matching(_CARD)(re.sub(r"\D", "", text)),
    "ssn": _matching(r"\d{3}[- ]?\d{2}[- ]?\d{4}"),
    "hexcolor": _matching(f"#?({_HEX}{{3}}|{_HEX}{{6}})"),
    "rgbcolor": _matching(rf"rgb\(\s*{_BYTE}\s*,\s*{_BYTE}\s*,\s*{_BYTE}\s*\)"),
    "byte": _base64,
    "date": _date,
    "duration": lambda text: bool(_DURATION.fullmatch(text) or _SCALA.fullmatch(text)),
    "datetime": _date_time,
    "k8sshortname": _matching(_SHORT_NAME),
    "k8slongname": lambda text: len(text) <= 253 and _matching(rf"{_SHORT_NAME}(\.{_SHORT_NAME})*")(text),
}
