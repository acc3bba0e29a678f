"""Rooms as text in SQLite: seed, scenario, journal of commands, and how far each had come, with its lesson too. A few
kB a room.

A command is written down twice: as begun, and how it ended. One that never ended has ended the server. What is
answered with success is on the disk by then (`synchronous=FULL`); how far time went in between is written often, and
waits for no disk.

In a file below the data directory, where a restart finds it, or in memory, where it outlives only eviction. Each row
bears a seal, so that a disk that returns something else than it was given is found out.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from app.cluster import Entry
from app.rooms import files
from app.rooms.database import Apart, Database, at_once, connect

BEGUN, DONE = "", "done"  # how a command ended; else why it was left out
KILLED = "killed"


class InUse(Exception):
    """Another server writes to that directory."""


class Damaged(Exception):
    """What is stored of a room is not what was written."""


def hold(data_dir: Path | str) -> IO[bytes]:
    """The directory is ours as long as the result is open, in this process or one that it forks. Raises InUse, or
    OSError."""
    lock = files.private(Path(data_dir), "lock").open("r+b")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise InUse(f"another Loopscope keeps its rooms in {data_dir}: stop it, or choose another --data") from None
    return lock


class Stored(NamedTuple):
    """A room at rest. Replaying `journal` up to `steps` steps gives the cluster that it was."""

    id: str
    scenario: str
    seed: int
    epoch_ms: int
    steps: int
    now_ms: int
    pace: dict[str, Any]
    journal: Sequence[Entry]
    script: dict[str, Any]  # how far it has come with its lesson
    stopped: str = ""  # why it goes no further than that, as JSON


class Storage:
    """Raises sqlite3.Error where something cannot be written or read; files.Unusable if not even the file can."""

    def __init__(self, data_dir: Path | str | None = None, apart: Apart = at_once) -> None:
        self.folder = Path(data_dir) if data_dir is not None else None
        self.apart = apart
        self.damage: files.Damage | None = None  # that was found when it was opened
        if self.folder is None:
            db, apart = connect(":memory:"), at_once
            files.prepare(db)
        else:
            db, self.damage = files.opened(self.folder, _copy_of_what_is_whole)
        self._file = files.identity(self.folder)
        self._db = Database(db, apart)
        self._missed: list[str] = []

    @property
    def is_lost(self) -> bool:
        """The file was found damaged, or is not there any more: what is written goes nowhere."""
        return self._db.is_damaged or files.identity(self.folder) != self._file

    @property
    def set_aside(self) -> list[str]:
        """The names of files that were found damaged, now or earlier."""
        return files.set_aside(self.folder) if self.folder is not None else []

    @property
    def free_bytes(self) -> int | None:
        """Of the disk; None: there is none."""
        return shutil.disk_usage(self.folder).free if self.folder is not None else None

    def save(self, room: Stored, first: int, touched: float) -> None:
        """Write where the room is, and its journal from entry `first` on: older entries are there, later ones go. All
        of it, if the room was pruned meanwhile."""
        head = _head(room)

        def write(db: sqlite3.Connection) -> None:
            start = first if _has(db, room.id, first) else 0
            _put_head(db, head, touched)
            db.execute("DELETE FROM journal WHERE room = ? AND number >= ?", (room.id, start))
            for number, entry in enumerate(room.journal[start:], start=start):
                _put_entry(db, room.id, number, entry, entry.left_out or DONE)

        self._db.write(write, is_durable=True)

    def came(self, room: Stored, touched: float) -> None:
        """How far time went since: written with the next `flush`. The journal is as it was saved."""
        head = _head(room)

        def write(db: sqlite3.Connection) -> None:
            if _has(db, room.id, len(room.journal)):
                _put_head(db, head, touched)
            else:
                self._missed.append(room.id)

        self._db.soon(write)

    def flush(self) -> list[str]:
        """The rooms that were to be there, and are not."""
        self._db.flush()
        missed, self._missed = self._missed, []
        return missed

    def begin(self, id: str, number: int, entry: Entry) -> None:
        """The `number`-th command of a room, before it is performed; or, with `left_out`, that it is not to be."""
        self._db.write(
            lambda db: _put_entry(db, id, number, entry, entry.left_out or BEGUN), is_durable=bool(entry.left_out)
        )

    def stop(self, room: Stored) -> None:
        """A room goes no further, and is not brought further either. Its journal stays."""
        head = _head(room)

        def write(db: sqlite3.Connection) -> None:
            if _has(db, room.id, 0):
                _put_head(db, head, None)

        self._db.write(write, is_durable=True)

    def load(self, id: str) -> Stored | None:
        """Raises Damaged."""
        return self._db.read(lambda db: read(db, id))

    def prune(self, keep: int, spared: Iterable[str]) -> None:
        """Drop the rooms that nobody has touched for longest, beyond `keep`; never one that is `spared`."""
        ids = json.dumps(list(spared))

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "DELETE FROM rooms WHERE id IN (SELECT id FROM rooms ORDER BY touched DESC LIMIT -1 OFFSET ?)"
                " AND id NOT IN (SELECT value FROM json_each(?))",
                (keep, ids),
            )

        self._db.write(write)

    def close(self) -> None:
        self._db.close()


# -------------------------------------------------------------------------------------------------- rows


def read(db: sqlite3.Connection, id: str) -> Stored | None:
    """Raises Damaged, or sqlite3.Error."""
    head = db.execute(
        "SELECT id, scenario, seed, epoch_ms, steps, now_ms, pace, script, stopped, commands, seal FROM rooms"
        " WHERE id = ?",
        (id,),
    ).fetchone()
    if head is None:
        return None
    rows = db.execute(
        "SELECT room, number, step, at_ms, command, ending, seal FROM journal WHERE room = ? ORDER BY number", (id,)
    ).fetchall()
    if any(row[-1] not in (None, _seal(row[:-1])) for row in (head, *rows)):
        raise Damaged(id)
    *known, pace, script, stopped, commands, _ = head
    if [row[1] for row in rows] != list(range(len(rows))) or len(rows) < (commands or 1):
        raise Damaged(id)
    try:
        journal = [
            Entry(step, at_ms, json.loads(command), _left_out(ending)) for _, _, step, at_ms, command, ending, _ in rows
        ]
        if rows[-1][5] == BEGUN:
            journal[-1] = journal[-1]._replace(left_out=KILLED)
        return Stored._make((*known, json.loads(pace), journal, json.loads(script), stopped))
    except (TypeError, ValueError) as error:
        raise Damaged(id) from error


def _head(room: Stored) -> tuple[Any, ...]:
    return (*room[:6], json.dumps(room.pace), json.dumps(room.script), room.stopped, len(room.journal))


def _has(db: sqlite3.Connection, id: str, entries: int) -> bool:
    """The room, and as many entries of its journal."""
    if db.execute("SELECT 1 FROM rooms WHERE id = ?", (id,)).fetchone() is None:
        return False
    last = db.execute("SELECT 1 FROM journal WHERE room = ? AND number = ?", (id, entries - 1)).fetchone()
    return entries == 0 or last is not None


def _put_head(db: sqlite3.Connection, head: tuple[Any, ...], touched: float | None) -> None:
    """`touched`: None leaves it as it was."""
    db.execute(
        "INSERT INTO rooms (id, scenario, seed, epoch_ms, steps, now_ms, pace, script, stopped, commands, seal,"
        " touched) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, coalesce(?, 0)) ON CONFLICT (id) DO UPDATE SET"
        " scenario = excluded.scenario, seed = excluded.seed, epoch_ms = excluded.epoch_ms, steps = excluded.steps,"
        " now_ms = excluded.now_ms, pace = excluded.pace, script = excluded.script, stopped = excluded.stopped,"
        " commands = excluded.commands, seal = excluded.seal, touched = coalesce(?, touched)",
        (*head, _seal(head), touched, touched),
    )


def _put_entry(db: sqlite3.Connection, id: str, number: int, entry: Entry, ending: str) -> None:
    row = (id, number, entry.step, entry.at_ms, json.dumps(entry.command), ending)
    db.execute(
        "INSERT OR REPLACE INTO journal (room, number, step, at_ms, command, ending, seal)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*row, _seal(row)),
    )


def _seal(row: Sequence[Any]) -> int:
    return zlib.crc32(repr(tuple(row)).encode("utf-8", "replace"))


def _left_out(ending: str) -> str:
    """A command that another came after had been performed, though that was not written down any more."""
    return "" if ending in (BEGUN, DONE) else ending


def _copy_of_what_is_whole(damaged: sqlite3.Connection, id: str, new: sqlite3.Connection) -> bool:
    """One room from a damaged file into a new one, if all of it can be read."""
    try:
        found = read(damaged, id)
    except (Damaged, sqlite3.Error):
        return False
    if found is None:
        return False
    _put_head(new, _head(found), 0.0)
    for number, entry in enumerate(found.journal):
        is_begun = entry.left_out == KILLED and number == len(found.journal) - 1
        _put_entry(new, id, number, entry, BEGUN if is_begun else entry.left_out or DONE)
    return True
