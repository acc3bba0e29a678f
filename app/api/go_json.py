"""JSON as Go's encoding/json writes it: without spaces, and without what HTML might take for its own."""

from __future__ import annotations

import json
from typing import Any

_ESCAPED = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})


def dumps(value: Any, *, sort_keys: bool = False) -> str:
    """Maps of Go are written with their keys sorted, structs in the order of their fields."""
    return json.dumps(value, sort_keys=sort_keys, separators=(",", ":"), ensure_ascii=False).translate(_ESCAPED)
