"""JSON as Go's encoding/json writes it, without spaces and without what HTML might take for its own, and reads it."""

from __future__ import annotations

import json
import math
from typing import Any

_ESCAPED = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})


def dumps(value: Any, *, sort_keys: bool = False) -> str:
    """Maps of Go are written with their keys sorted, structs in the order of their fields."""
    return json.dumps(value, sort_keys=sort_keys, separators=(",", ":"), ensure_ascii=False).translate(_ESCAPED)


def digits(number: float) -> str:
    """A number as Go prints it; one that JSON has not, as Go says it in an error."""
    if isinstance(number, int):
        return str(number) if abs(number) < 10**40 else f"{'-' if number < 0 else ''}1e{int(math.log10(abs(number)))}"
    if not math.isfinite(number):
        return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}[str(number)]
    return str(int(number)) if number.is_integer() and abs(number) < 1e21 else repr(number)


_LETTERS = dict(zip('\a\b\f\n\r\t\v"\\', 'abfnrtv"\\', strict=True))


def quoted(text: str) -> str:
    """Not JSON: a text as Go's `%q` prints it, in the words of errors."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(letter: str) -> str:
    if letter in _LETTERS:
        return f"\\{_LETTERS[letter]}"
    if letter.isprintable():
        return letter
    code = ord(letter)
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_GO = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Expecting ':' delimiter": "after object key",
    "Expecting ',' delimiter": "after array element or object key:value pair",
    "Illegal trailing comma before end of object": "looking for beginning of object key string",
    "Illegal trailing comma before end of array": "looking for beginning of value",
    "Extra data": "after top-level value",
    "Invalid control character at": "in string literal",
}


def complaint(error: json.JSONDecodeError) -> str:
    """As Go says it."""
    rest = error.doc[error.pos :].lstrip()
    if not rest or error.msg.startswith("Unterminated string"):
        return "unexpected end of JSON input"
    return f"invalid character '{rest[0]}' {_GO.get(error.msg, 'in string escape code')}"


def read(text: str) -> tuple[Any, str]:
    """What stands there, and what is wrong with it; "" if nothing."""
    try:
        return json.loads(text), ""
    except json.JSONDecodeError as error:
        return None, complaint(error)
