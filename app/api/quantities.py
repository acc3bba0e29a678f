"""Quantities such as `500m`, `1.5Gi` and `12e6`, exactly.

The scheduler and quota sum them (`milli`, `value`), validation checks them (`is_valid`), defaulting writes them back
in the canonical form (`canonical`). Models kubernetes/apimachinery `pkg/api/resource/quantity.go`.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

FORMAT_WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

_QUANTITY = re.compile(
    r"(?P<number>[+-]?([0-9]+\.?[0-9]*|\.[0-9]+))((?P<suffix>[numkMGTPE]|[KMGTPE]i)|[eE](?P<exponent>[+-]?[0-9]+))?",
    re.ASCII,
)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_DECIMAL_SUFFIX = {power: suffix for suffix, power in _DECIMAL.items()}
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_LARGEST = Fraction(2**63 - 1)
_SMALLEST = Fraction(1, 10**9)
_LONGEST = 100  # characters; nobody writes more, and thousands of digits take time
_MAX_EXPONENT = 1000  # far beyond what is capped or rounded anyway; keeps `1e999999999` cheap


def milli(quantity: str | int | float) -> int:
    """In thousandths, rounded up: CPU millicores. Raises ValueError."""
    return _round_up(parse(str(quantity)) * 1000)


def value(quantity: str | int | float) -> int:
    """In whole units, rounded up: bytes, pods. Raises ValueError."""
    return _round_up(parse(str(quantity)))


@lru_cache(maxsize=4096)
def parse(text: str) -> Fraction:
    """The exact number; like Go's, no finer than nano and capped at 2^63-1. Raises ValueError."""
    found = _QUANTITY.fullmatch(text)
    if found is None or len(text) > _LONGEST:
        raise ValueError(FORMAT_WRONG)
    number = Fraction(found["number"]) * _factor(found["suffix"] or "", found["exponent"])
    nanos = Fraction(_round_up(number / _SMALLEST)) * _SMALLEST
    return max(-_LARGEST, min(_LARGEST, nanos))


def is_valid(quantity: object) -> bool:
    if not isinstance(quantity, str | int | float):
        return False
    text = str(quantity)
    return len(text) <= _LONGEST and _QUANTITY.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """The form Kubernetes stores: no fraction, the largest suffix that keeps the number whole, in the family of
    suffixes it was written with. `0.5` -> `500m`, `1024Mi` -> `1Gi`, `1000m` -> `1`. Raises ValueError."""
    return _written(parse(text), text)


@lru_cache(maxsize=4096)
def add(*texts: str) -> str:
    """The sum, canonical, in the family of suffixes of the first that is not 0. Raises ValueError."""
    numbers = [parse(text) for text in texts]
    like = next((text for text, number in zip(texts, numbers, strict=True) if number), "0")
    return _written(sum(numbers, Fraction(0)), like)


def _written(number: Fraction, like: str) -> str:
    if number == 0:
        return "0"
    if like.endswith("i") and abs(number) >= 1024 and number.denominator == 1:
        return _in_binary(number.numerator)
    return _in_decimal(number, exponent_form=like[-1:].isdigit() and "e" in like.lower())


def _in_binary(number: int) -> str:
    step = 0
    while number % 1024 == 0 and step < len(_BINARY) - 1:
        number //= 1024
        step += 1
    return f"{number}{_BINARY[step]}"


def _in_decimal(number: Fraction, exponent_form: bool) -> str:
    power = -9
    whole = int(number * 10**9)
    while whole % 1000 == 0 and power < 18:
        whole //= 1000
        power += 3
    if exponent_form:
        return f"{whole}e{power}" if power else str(whole)
    return f"{whole}{_DECIMAL_SUFFIX[power]}"


def _factor(suffix: str, exponent: str | None) -> Fraction:
    if suffix.endswith("i"):
        return Fraction(1024 ** _BINARY.index(suffix))
    power = _DECIMAL[suffix] if exponent is None else max(-_MAX_EXPONENT, min(_MAX_EXPONENT, int(exponent)))
    return Fraction(10) ** power


def _round_up(number: Fraction) -> int:
    """Away from zero: whoever asked for something gets something."""
    whole, rest = divmod(abs(number.numerator), number.denominator)
    whole += rest > 0
    return whole if number >= 0 else -whole
