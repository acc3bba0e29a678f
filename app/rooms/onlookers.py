"""Whoever asks now only looks on: an API client of theirs makes nobody's time go by the clock.

Said by the web of each request, in the thread or greenlet that answers it; clients.py asks.
"""

from __future__ import annotations

from contextvars import ContextVar

_LOOKS_ON = ContextVar("looks_on", default=False)


def are_here(looks_on: bool) -> None:
    _LOOKS_ON.set(looks_on)


def asks() -> bool:
    return _LOOKS_ON.get()
