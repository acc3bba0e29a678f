"""Who writes down what becomes of a room: what a Room asks of the registry (app/rooms/rooms.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from app.cluster import Entry

if TYPE_CHECKING:
    from app.rooms.room import Room


class Keeper(Protocol):
    """Called with the room's lock held."""

    def begun(self, room: Room, entry: Entry) -> None:
        """A command is about to be performed: it is written down before, lest it ends the server for ever."""

    def save(self, room: Room) -> None:
        """How far the room has come: what was begun has been performed."""

    def moved(self, room: Room) -> None:
        """Time has gone on, or may have. Called often."""

    def stopped(self, room: Room) -> None:
        """It goes no further. Whoever follows it is to ask again, and is told why."""

    def failed(self, room: Room, entry: Entry) -> None:
        """What was begun has not been performed, and `entry.left_out` says why: the room is to be brought back without
        it."""


class _Nobody:
    """For rooms that live as long as they are held, in tests."""

    def begun(self, room: Room, entry: Entry) -> None: ...

    def save(self, room: Room) -> None: ...

    def moved(self, room: Room) -> None: ...

    def stopped(self, room: Room) -> None: ...

    def failed(self, room: Room, entry: Entry) -> None: ...


NOBODY = _Nobody()
