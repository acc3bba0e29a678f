"""Controllers that people write, looked at and tried before they run. No room waits for it, and nothing of it reaches a
cluster: a call may take seconds, so there are few at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app import cluster
from app.api import errors
from app.cluster import Observation, Slip, Tried
from app.commands import DefineController
from app.rooms.room import Room

_AT_ONCE = threading.Semaphore(2)
_PATIENCE_S = 10.0


def slips(text: str, *, edge: bool) -> tuple[Slip, ...]:
    """What is wrong with a text before anything is called. Raises TooLarge, or TooManyRequests."""
    with _turn():
        return cluster.slips(text, edge=edge)


def observed(room: Room, draft: DefineController, chosen: str) -> Observation:
    """What the loop would see now. Raises BadRequest."""
    return room.drawn(lambda: cluster.observed(room.look, draft, chosen))


def tried(room: Room, draft: DefineController, observation: str) -> Tried:
    """What it would do about what is observed. Raises BadRequest, or TooManyRequests."""
    with _turn():
        return cluster.tried(room.cluster.scheme, draft, observation, room.cluster.now_ms)


@contextmanager
def _turn() -> Iterator[None]:
    if not _AT_ONCE.acquire(timeout=_PATIENCE_S):
        raise errors.TooManyRequests("too many controllers are being tried: try again in a moment")
    try:
        yield
    finally:
        _AT_ONCE.release()
