"""How all rooms are, together. Rooms is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.rooms.checkpoints import Checkpoints
from app.rooms.room import Room
from app.rooms.storage import Storage


class Health(NamedTuple):
    """Of all rooms together, as of now."""

    rooms: int
    viewers: int
    stopped: int  # go no further until they are reset
    unstored: int  # go on in memory
    steps: int  # since the server began
    object_bytes: int
    checkpoints: int  # written since the server began
    checkpoint_bytes: int
    kept: bool  # a restart finds them
    free_bytes: int | None  # of the disk; None: they are on none of ours
    set_aside: int  # files that were found damaged


def of(rooms: Sequence[Room], storage: Storage, checkpoints: Checkpoints, steps: int) -> Health:
    return Health(
        rooms=len(rooms),
        viewers=sum(room.viewers for room in rooms),
        stopped=sum(room.broken is not None for room in rooms),
        unstored=sum(not room.is_stored for room in rooms),
        steps=steps,
        object_bytes=sum(room.cluster.taken_bytes for room in rooms),
        checkpoints=checkpoints.count,
        checkpoint_bytes=checkpoints.bytes,
        kept=storage.outlives,
        free_bytes=storage.free_bytes,
        set_aside=len(storage.set_aside),
    )
