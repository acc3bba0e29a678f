"""What a directory keeps of rooms, for who asks without a server: the command line (app/cli).

Looking changes nothing, and a server may write meanwhile; to forget a room, no server may.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, TypeVar

from app.rooms import access, files
from app.rooms.files import InUse, hold
from app.rooms.storage import Stored, read

BUSY_S = 5.0
T = TypeVar("T")


class Unreadable(Exception):
    """There is nothing there that can be read, and why."""


class Summary(NamedTuple):
    room: str
    lesson: str
    commands: int
    steps: int
    lived_ms: int  # virtual time
    touched: float  # Unix time; 0: not since it was rescued
    stopped: bool
    title: str = ""
    protected: bool = False


def summaries(folder: Path) -> list[Summary]:
    """Those touched last first. Raises Unreadable."""
    query = (
        "SELECT id, scenario, (SELECT count(*) FROM journal WHERE room = rooms.id), steps, now_ms - epoch_ms, touched,"
        " stopped != '' FROM rooms"
    )

    def look(db: sqlite3.Connection) -> list[Summary]:
        rows = ((row, access.read(db, row[0]) or access.Access()) for row in db.execute(query).fetchall())
        return [Summary(*row)._replace(title=known.title, protected=known.protected) for row, known in rows]

    found = [each for rows in _looked(folder, look) for each in rows]
    return sorted(found, key=lambda each: -each.touched)


def stored(folder: Path, room: str) -> Stored | None:
    """Raises Unreadable, or Damaged."""
    return next((found for found in _looked(folder, lambda db: read(db, room)) if found is not None), None)


def forget(folder: Path, rooms: Sequence[str]) -> list[str]:
    """Those that were there, and are no more. Raises Unreadable."""
    databases(folder)
    try:
        lock = hold(folder)
    except (InUse, OSError) as refusal:
        raise Unreadable(str(refusal)) from None
    gone: list[str] = []
    with lock:
        for number in files.numbers(folder):
            with closing(files.connected(folder, number)) as db:
                gone += [room for room in rooms if db.execute("DELETE FROM rooms WHERE id = ?", (room,)).rowcount]
    return gone


def databases(folder: Path) -> list[Path]:
    """The files of all workers. Raises Unreadable if there is none."""
    found = [path for number in files.numbers(folder) if (path := files.path_of(folder, number)).is_file()]
    if not found:
        raise Unreadable(f"no rooms are kept in {folder}: name the directory with --data")
    return found


def _looked(folder: Path, look: Callable[[sqlite3.Connection], T]) -> list[T]:
    found = []
    for path in databases(folder):
        try:
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as db:
                found.append(look(db))
        except sqlite3.Error as error:
            raise Unreadable(f"{path} cannot be read: {error}") from None
    return found
