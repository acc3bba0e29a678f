"""`$(( ))` and `(( ))`: whole numbers of 64 bits, as a shell reckons. Called by player.py.

One pass over the signs, with a bound on brackets; a variable that is no number counts as 0, so none leads to another.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping

from app.api import limits

_TOKEN = re.compile(r"\s*(?:(\d{1,18})|\$?([A-Za-z_]\w*)|(<=|>=|==|!=|&&|\|\||[-+*/%<>()!]))")
_ASSIGNMENT = re.compile(r"\s*([A-Za-z_]\w*)\s*(\+\+|--|[-+*/%]?=(?!=))\s*(.*)", re.DOTALL)
_NUMBER = re.compile(r"-?\d{1,18}")
_LARGEST = 1 << 62


def _divided(left: int, right: int) -> int:
    """Towards zero, as in C. By zero: 0."""
    if not right:
        return 0
    whole = abs(left) // abs(right)
    return whole if (left < 0) == (right < 0) else -whole


_SIGNS: tuple[Mapping[str, Callable[[int, int], int]], ...] = (
    {"||": lambda left, right: bool(left or right)},
    {"&&": lambda left, right: bool(left and right)},
    {"==": operator.eq, "!=": operator.ne},
    {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt},
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": _divided, "%": lambda left, right: left - right * _divided(left, right)},
)


def number(text: str) -> int:
    return int(text) if _NUMBER.fullmatch(text) else 0


def evaluate(text: str, variables: Mapping[str, str]) -> tuple[int, str]:
    """The value, and the variable that it is assigned to (`i++`, `i += 2`); "": none is."""
    assigned = _ASSIGNMENT.fullmatch(text)
    if assigned is None:
        return _Sum(text, variables).level(0), ""
    name, sign, rest = assigned.groups()
    value = 1 if sign in ("++", "--") else _Sum(rest, variables).level(0)
    if sign != "=":
        joined = {**_SIGNS[4], **_SIGNS[5]}[sign[0]]
        value = _bounded(joined(number(variables.get(name, "")), value))
    return value, name


def _bounded(value: int) -> int:
    return max(-_LARGEST, min(_LARGEST, int(value)))


class _Sum:
    def __init__(self, text: str, variables: Mapping[str, str]) -> None:
        self._tokens = [
            sign or str(number(variables.get(name, "") if name else digits))
            for digits, name, sign in _TOKEN.findall(text)
        ]
        self._tokens.reverse()
        self._brackets = 0

    def level(self, level: int) -> int:
        """From the signs of `_SIGNS[level]` on, which bind the weaker the lower it is."""
        if level == len(_SIGNS):
            return self._operand()
        left = self.level(level + 1)
        while self._tokens and self._tokens[-1] in _SIGNS[level]:
            sign = self._tokens.pop()
            left = _bounded(_SIGNS[level][sign](left, self.level(level + 1)))
        return left

    def _operand(self) -> int:
        is_negative = is_inverted = False
        while self._tokens and self._tokens[-1] in ("-", "+", "!"):
            sign = self._tokens.pop()
            is_negative ^= sign == "-"
            is_inverted ^= sign == "!"
        token = self._tokens.pop() if self._tokens else "0"
        value = self._bracketed() if token == "(" else number(token)
        value = -value if is_negative else value
        return int(not value) if is_inverted else value

    def _bracketed(self) -> int:
        self._brackets += 1
        if self._brackets > limits.COMMAND_BRACKETS:
            return 0
        value = self.level(0)
        if self._tokens[-1:] == [")"]:
            self._tokens.pop()
        self._brackets -= 1
        return value
