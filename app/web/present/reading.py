"""How long it takes to read a sentence. Rooms ask, for a sentence stands as long as that (app/rooms/story.py)."""

from __future__ import annotations

PER_CHARACTER_MS = {"en": 55, "ja": 120}


def reading_ms(sentence: str, lang: str) -> int:
    """Of somebody who sees it for the first time."""
    return PER_CHARACTER_MS[lang] * len(sentence)
