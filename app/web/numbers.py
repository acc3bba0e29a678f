"""Numbers as a request names them: of a step, of milliseconds, of a frame."""

from __future__ import annotations

from app.api import errors

LONGEST = 12  # digits


def is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST


def number_of(text: str, refusal: str) -> int:
    """Raises BadRequest with that text."""
    if not is_number(text):
        raise errors.BadRequest(refusal)
    return int(text)
