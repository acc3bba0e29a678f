"""Rooms as text in SQLite: seed, scenario, journal of commands, and how far each had come, with its lesson too. A few
kB a room.

A command is written down twice: as begun, and how it ended. One that never ended has ended the server.

In a file below the data directory, where a restart finds it, or in memory, where it outlives only eviction. Every
statement is short; one lock serialises them.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from app.api import limits
from app.cluster import Entry

SCHEMA = """
CREATE TABLE IF NOT EXISTS rooms (
    id TEXT PRIMARY KEY, scenario TEXT NOT NULL, seed INTEGER NOT NULL, epoch_ms INTEGER NOT NULL,
    steps INTEGER NOT NULL, now_ms INTEGER NOT NULL, pace TEXT NOT NULL, touched REAL NOT NULL,
    script TEXT NOT NULL DEFAULT '{}', stopped TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS rooms_by_touched ON rooms (touched);
CREATE TABLE IF NOT EXISTS journal (
    room TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE, number INTEGER NOT NULL,
    step INTEGER NOT NULL, at_ms INTEGER NOT NULL, command TEXT NOT NULL, ending TEXT NOT NULL DEFAULT 'done',
    PRIMARY KEY (room, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checkpoints (
    room TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE, step INTEGER NOT NULL, version TEXT NOT NULL,
    now_ms INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (room, step)
);
"""
ADDED = (  # columns that older files lack
    ("rooms", "script", "TEXT NOT NULL DEFAULT '{}'"),
    ("rooms", "stopped", "TEXT NOT NULL DEFAULT ''"),
    ("rooms", "retold", "INTEGER NOT NULL DEFAULT 0"),
    ("journal", "ending", "TEXT NOT NULL DEFAULT 'done'"),
)
BEGUN, DONE = "", "done"  # how a command ended; else why it was left out
KILLED = "killed"
_AT_A_TIME = 20  # rooms whose old checkpoints go


class InUse(Exception):
    """Another server writes to that directory."""


def hold(data_dir: Path | str) -> IO[bytes]:
    """The directory is ours as long as the result is open, in this process or one that it forks. Raises InUse."""
    lock = _private(Path(data_dir), "lock").open("r+b")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise InUse(f"another Loopscope keeps its rooms in {data_dir}: stop it, or choose another --data") from None
    return lock


def _private(folder: Path, name: str) -> Path:
    """A file that nobody else on this machine can read: a room's address is its key."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(folder / name, os.O_CREAT | os.O_RDWR, 0o600))
    (folder / name).chmod(0o600)
    return folder / name


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
    retold: int = 0  # up to that step another version of us told it: it cannot be replayed from before


class Kept(NamedTuple):
    """A checkpoint that is stored, and by which version of the code."""

    step: int
    version: str
    now_ms: int


class Storage:
    def __init__(self, data_dir: Path | str | None = None) -> None:
        path = ":memory:"
        if data_dir is not None:
            path = str(_private(Path(data_dir), "rooms.sqlite3"))
        self.outlives = data_dir is not None  # a restart finds it
        self._most_bytes = limits.CHECKPOINT_BYTES if self.outlives else limits.CHECKPOINT_BYTES_IN_MEMORY
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._close = weakref.finalize(self, self._db.close)
        self._db.execute("PRAGMA foreign_keys = ON")
        if data_dir is not None:
            # A crash of the machine may lose the last commands, never the file.
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)
        for table, column, type_ in ADDED:
            known = {row[1] for row in self._db.execute(f"PRAGMA table_info({table})")}
            if column not in known:
                self._db.execute(f"ALTER TABLE {table} ADD COLUMN {column} {type_}")

    def save(self, room: Stored, first: int, touched: float) -> None:
        """Write where the room is, and its journal from entry `first` on: older entries are there, later ones go. All
        of it, if the room was pruned meanwhile."""
        if not self._has(room.id):
            first = 0
        rows = [
            (room.id, first + index, entry.step, entry.at_ms, json.dumps(entry.command), entry.left_out or DONE)
            for index, entry in enumerate(room.journal[first:])
        ]
        with self._lock, self._db:
            self._db.execute(
                "INSERT INTO rooms (id, scenario, seed, epoch_ms, steps, now_ms, pace, touched, script,"
                " stopped) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
                " scenario = excluded.scenario, seed = excluded.seed, epoch_ms = excluded.epoch_ms,"
                " steps = excluded.steps, now_ms = excluded.now_ms, pace = excluded.pace, touched = excluded.touched,"
                " script = excluded.script, stopped = excluded.stopped",
                (*room[:6], json.dumps(room.pace), touched, json.dumps(room.script), room.stopped),
            )
            self._db.execute("DELETE FROM journal WHERE room = ? AND number >= ?", (room.id, first))
            if first == 0:  # it is another now
                self._db.execute("DELETE FROM checkpoints WHERE room = ?", (room.id,))
                self._db.execute("UPDATE rooms SET retold = 0 WHERE id = ?", (room.id,))
            self._db.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)", rows)

    def _has(self, id: str) -> bool:
        with self._lock:
            return self._db.execute("SELECT 1 FROM rooms WHERE id = ?", (id,)).fetchone() is not None

    def begin(self, id: str, number: int, entry: Entry) -> None:
        """The `number`-th command of a room, before it is performed; or, with `left_out`, that it is not to be."""
        row = (id, number, entry.step, entry.at_ms, json.dumps(entry.command), entry.left_out or BEGUN)
        with self._lock, self._db:
            self._db.execute("INSERT OR REPLACE INTO journal VALUES (?, ?, ?, ?, ?, ?)", row)

    def stop(self, id: str, steps: int, now_ms: int, why: str) -> None:
        """A room goes no further, and is not brought further either. Its journal stays."""
        with self._lock, self._db:
            self._db.execute(
                "UPDATE rooms SET steps = ?, now_ms = ?, stopped = ? WHERE id = ?", (steps, now_ms, why, id)
            )

    def load(self, id: str) -> Stored | None:
        with self._lock:
            row = self._db.execute(
                "SELECT id, scenario, seed, epoch_ms, steps, now_ms, pace, script, stopped, retold FROM rooms"
                " WHERE id = ?",
                (id,),
            ).fetchone()
            if row is None:
                return None
            entries = self._db.execute(
                "SELECT step, at_ms, command, ending FROM journal WHERE room = ? ORDER BY number", (id,)
            ).fetchall()
        journal = [
            Entry(step, at_ms, json.loads(command), _left_out(ending)) for step, at_ms, command, ending in entries
        ]
        if entries and entries[-1][-1] == BEGUN:
            journal[-1] = journal[-1]._replace(left_out=KILLED)
        *known, pace, script, stopped, retold = row
        return Stored._make((*known, json.loads(pace), journal, json.loads(script), stopped, retold))

    # ------------------------------------------------------------------------------------------ checkpoints

    def keep(self, id: str, kept: Kept, data: bytes) -> list[Kept]:
        """Store a checkpoint; the room has come as far. All that there are of it, oldest first."""
        with self._lock, self._db:
            self._db.execute(
                "UPDATE rooms SET steps = ?, now_ms = ? WHERE id = ? AND steps < ?",
                (kept.step, kept.now_ms, id, kept.step),
            )
            self._db.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?)", (id, *kept, data))
        return self.checkpoints(id)

    def checkpoints(self, id: str) -> list[Kept]:
        with self._lock:
            rows = self._db.execute(
                "SELECT step, version, now_ms FROM checkpoints WHERE room = ? ORDER BY step", (id,)
            ).fetchall()
        return [Kept(*row) for row in rows]

    def checkpoint(self, id: str, step: int) -> bytes:
        with self._lock:
            row = self._db.execute("SELECT data FROM checkpoints WHERE room = ? AND step = ?", (id, step)).fetchone()
        return bytes(row[0]) if row is not None else b""

    def thin(self, id: str, steps: Sequence[int]) -> None:
        """Drop these checkpoints, and of too many bytes the oldest, but never the newest."""
        with self._lock, self._db:
            self._db.executemany("DELETE FROM checkpoints WHERE room = ? AND step = ?", [(id, step) for step in steps])
            rows = self._db.execute(
                "SELECT step, length(data) FROM checkpoints WHERE room = ? ORDER BY step DESC", (id,)
            ).fetchall()
            held, *older = rows or [(0, 0)]
            size = held[1]
            for step, length in older:
                size += length
                if size > self._most_bytes:
                    self._db.execute("DELETE FROM checkpoints WHERE room = ? AND step <= ?", (id, step))
                    return

    def retell(self, id: str, step: int) -> None:
        """What came before that step was told by another version of us: nothing leads back there."""
        with self._lock, self._db:
            self._db.execute("UPDATE rooms SET retold = ? WHERE id = ?", (step, id))
            self._db.execute("DELETE FROM checkpoints WHERE room = ? AND step < ?", (id, step))

    def prune(self, keep: int) -> None:
        """Drop the rooms that nobody has touched for longest, beyond `keep`; of fewer already the old checkpoints.

        Called for each new room."""
        with self._lock, self._db:
            aside = self._db.execute(
                "SELECT id FROM rooms ORDER BY touched DESC LIMIT ? OFFSET ?",
                (_AT_A_TIME, limits.ROOMS_WITH_CHECKPOINTS),
            )
            self._db.executemany(
                "DELETE FROM checkpoints WHERE room = ?1"
                " AND step < (SELECT max(step) FROM checkpoints WHERE room = ?1)",
                aside.fetchall(),
            )
            self._db.execute(
                "DELETE FROM rooms WHERE id IN (SELECT id FROM rooms ORDER BY touched DESC LIMIT -1 OFFSET ?)", (keep,)
            )

    def close(self) -> None:
        with self._lock:
            self._close()


def _left_out(ending: str) -> str:
    """A command that another came after had been performed, though that was not written down any more."""
    return "" if ending in (BEGUN, DONE) else ending
