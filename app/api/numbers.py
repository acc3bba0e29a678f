"""Whole numbers that people write as text: in annotations, names, arguments. Reading any text is safe."""

from __future__ import annotations

_LONGEST = 18  # digits: all of these fit into 64 bits


def whole(text: object) -> int | None:
    """The number that `text` is, digits alone; None if it is none, or too long to be one of Kubernetes'."""
    if not (isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= _LONGEST):
        return None
    return int(text)
