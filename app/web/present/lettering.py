"""How wide a text becomes where nobody can measure it: in a picture (`picture.py`), whose reader chooses the font.

Widths are those of the widest of the usual system fonts, so a text that fits by them fits everywhere.
"""

from __future__ import annotations

import re
from unicodedata import east_asian_width

MONO = 0.62  # of the size, each letter
_NARROW = frozenset("iljtfrI.,:;|!'()[]{}/ ·")
_WIDE = frozenset("mwMW@%…−→—")
_PIECES = re.compile(r"\s+|[^\s\u2e80-\uffef]+|[\u2e80-\uffef]")
_NEVER_FIRST = frozenset("、。，．・：；？！」』）】〕〉》ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ")


def width(text: str, size: float, *, mono: bool = False) -> float:
    """In the unit of `size`."""
    return size * sum(map(_mono if mono else _share, text))


def _share(letter: str) -> float:
    if east_asian_width(letter) in "FW":
        return 1.0
    if letter in _NARROW:
        return 0.37
    if letter in _WIDE:
        return 0.96
    return 0.68 if letter.isupper() or letter.isdigit() else 0.6


def _mono(letter: str) -> float:
    return 1.0 if east_asian_width(letter) in "FW" else MONO


def fit(text: str, size: float, room: float, *, mono: bool = False) -> str:
    """As much of it as there is room for."""
    if width(text, size, mono=mono) <= room:
        return text
    room -= width("…", size, mono=mono)
    for end, letter in enumerate(text):
        room -= width(letter, size, mono=mono)
        if room < 0:
            return text[:end].rstrip() + "…"
    return text


def wrap(text: str, size: float, room: float, lines: int) -> list[str]:
    """In at most so many lines; the last is clipped. Japanese breaks anywhere, but for what may not begin a line."""
    found = [""]
    for piece in _PIECES.findall(text):
        full = width(found[-1] + piece.rstrip(), size) > room
        if full and found[-1].strip() and piece not in _NEVER_FIRST and len(found) < lines:
            found.append("")
        found[-1] += piece if found[-1] else piece.lstrip()
    return [fit(line.strip(), size, room) for line in found]
