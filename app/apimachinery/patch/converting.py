"""What Go says of a value that does not fit where a strategic merge patch puts it.

There the patched object is no text any more that could be decoded: each value is converted, and the complaints are
others. Models apimachinery `pkg/runtime/converter.go`.
"""

from __future__ import annotations

import re

from app.apimachinery.scheme import shapes

_DECODED = re.compile(r"json: cannot unmarshal (\w+)(?: (\S+))? into .* of type (\S+)")
_KINDS = {"string": "string", "bool": "bool", "number": "int64", "object": "map", "array": "slice"}
_PLAIN = ("bool", "int32", "int64", "float64")


def complaint(decoding: str) -> str:
    """From what the decoder of JSON would say. Numbers too large for their type are told in its words: Go's conversion
    cuts them off and says nothing."""
    found = _DECODED.fullmatch(decoding)
    if found is None:
        return decoding
    given, digits, wanted = found.groups()
    if wanted.startswith("[]"):
        return f"cannot restore slice from {_KINDS[given]}"
    if wanted.startswith("map[") or wanted == "v1.ResourceList":
        return f"cannot restore map from {_KINDS[given]}"
    if wanted.rpartition(".")[2] in shapes.table()["types"]:
        return f"cannot restore struct from: {_KINDS[given]}"
    if digits:
        return f"cannot convert float64 to {wanted}" if "." in digits else decoding
    if wanted in _PLAIN or given != "number":
        return f"unrecognized type: {wanted if wanted in _PLAIN else 'string'}"
    return f"cannot convert int64 to {wanted}"
