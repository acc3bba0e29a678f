"""What is stored of a room, or what has become of it. Rooms calls `load` and `stored_of`."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable

from app.api import errors
from app.api.messages import N_, Message, message
from app.rooms.database import is_damage
from app.rooms.room import Room
from app.rooms.shares import ROUTED, opened_by
from app.rooms.storage import Damaged, Kept, Storage, Stored

DAMAGED = N_(
    "What was kept of this room is damaged, and it cannot be brought back. It is kept as it is until you reset it."
)
LOST = N_(
    "This room does not exist, or it was lost: the file with the rooms was damaged, and has been set aside as "
    "%(file)s. Whoever keeps this server can look into it."
)
_UNREADABLE = "what is kept of the rooms cannot be read at the moment (%s): try again in a moment"

log = logging.getLogger(__name__)


class Lost(errors.NotFound):
    """There is no such room, but there may have been. `why` for people, in their language."""

    def __init__(self, why: Message) -> None:
        super().__init__(str(why.text) % why.values)
        self.why = why


def behind(key: str, known: Iterable[str], storage: Storage) -> str:
    """The name of the room that a viewer key opens, among those that are `known` or stored; any other key is a name.

    Raises NotFound, or ServiceUnavailable for what passes."""
    try:
        found = opened_by(key, known) or opened_by(key, storage.beginning_with(key[:ROUTED]))
    except sqlite3.Error as error:
        raise errors.ServiceUnavailable(_UNREADABLE % error, details={"retryAfterSeconds": 2}) from error
    if found is None:
        raise errors.NotFound(f'room "{key}" not found')
    return found


def forget(storage: Storage, id: str) -> None:
    """Raises ServiceUnavailable, and then it is there as before."""
    try:
        storage.forget(id)
    except sqlite3.Error as error:
        why = f"the room cannot be forgotten at the moment ({error})"
        raise errors.ServiceUnavailable(why, details={"retryAfterSeconds": 2}) from error


def load(storage: Storage, id: str, *, is_taken: bool = False) -> tuple[Stored, list[Kept]]:
    """A room, and its checkpoints; `is_taken`: it is ours from then on.

    Raises Damaged, Lost, NotFound, or ServiceUnavailable for what passes."""
    try:
        if is_taken:
            storage.take(id)
        stored, kept = storage.load(id), storage.checkpoints(id)
    except sqlite3.Error as error:
        log.exception("room cannot be read", extra={"room": id})
        if is_damage(error):
            raise Damaged(id) from error
        raise errors.ServiceUnavailable(_UNREADABLE % error, details={"retryAfterSeconds": 2}) from error
    if stored is None:
        if aside := storage.set_aside:
            raise Lost(message(LOST, file=aside[-1]))
        raise errors.NotFound(f'room "{id}" not found')
    return stored, kept


def stored_of(room: Room) -> Stored:
    cluster = room.cluster
    return Stored(
        room.id, room.scenario.id, cluster.seed, cluster.epoch_ms, cluster.trace.count, cluster.now_ms,
        room.pace.to_json(), cluster.journal, room.script.to_json(), retold=room.retold, access=room.access,
    )  # fmt: skip
