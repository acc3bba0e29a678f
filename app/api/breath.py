"""Whoever works on thousands of things lets others have the process now and then.

Nothing below app/rooms knows wall time or threads: here is only said where there may be a pause. How long and how often
is up to whoever has others to think of (app/rooms/slicing.py); until somebody says so there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

EVERY = 64  # things

T = TypeVar("T")


def not_at_all() -> None: ...


_pause = not_at_all


def breathe_by(pause: Callable[[], None]) -> None:
    global _pause
    _pause = pause


def breathe() -> None:
    """Others may go first. They touch nothing that the caller has in hand: he holds the lock of its room."""
    _pause()


def breathing(things: Iterable[T]) -> Iterable[T]:
    """The same things, with a pause now and then. Of a few nothing is made."""
    return things if isinstance(things, tuple) and len(things) < EVERY else _breathing(things)


def _breathing(things: Iterable[T]) -> Iterator[T]:
    for number, thing in enumerate(things, 1):
        yield thing
        if number % EVERY == 0:
            _pause()
