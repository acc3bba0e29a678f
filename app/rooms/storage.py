"""Rooms as text in SQLite: seed, scenario, journal of commands, and how far each had come, with its lesson too. A few
kB a room.

In a file below the data directory, where a restart finds it, or in memory, where it outlives only eviction. Every
statement is short; one lock serialises them.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from app.cluster import Entry

SCHEMA = """
CREATE TABLE IF NOT EXISTS rooms (
    id TEXT PRIMARY KEY, scenario TEXT NOT NULL, seed INTEGER NOT NULL, epoch_ms INTEGER NOT NULL,
    steps INTEGER NOT NULL, now_ms INTEGER NOT NULL, pace TEXT NOT NULL, touched REAL NOT NULL,
    script TEXT NOT NULL DEFAULT '{}'
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS rooms_by_touched ON rooms (touched);
CREATE TABLE IF NOT EXISTS journal (
    room TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE, number INTEGER NOT NULL,
    step INTEGER NOT NULL, at_ms INTEGER NOT NULL, command TEXT NOT NULL,
    PRIMARY KEY (room, number)
) WITHOUT ROWID;
"""
ADDED = {"script": "ALTER TABLE rooms ADD COLUMN script TEXT NOT NULL DEFAULT '{}'"}  # columns that older files lack


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


class Storage:
    def __init__(self, data_dir: Path | str | None = None) -> None:
        path = ":memory:"
        if data_dir is not None:
            Path(data_dir).mkdir(parents=True, exist_ok=True)
            path = str(Path(data_dir) / "rooms.sqlite3")
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._close = weakref.finalize(self, self._db.close)
        self._db.execute("PRAGMA foreign_keys = ON")
        if data_dir is not None:
            # A crash of the machine may lose the last commands, never the file.
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)
        known = {row[1] for row in self._db.execute("PRAGMA table_info(rooms)")}
        for column, statement in ADDED.items():
            if column not in known:
                self._db.execute(statement)

    def save(self, room: Stored, first: int, touched: float) -> None:
        """Write where the room is, and its journal from entry `first` on: older entries are there, later ones go."""
        rows = [
            (room.id, first + index, entry.step, entry.at_ms, json.dumps(entry.command))
            for index, entry in enumerate(room.journal[first:])
        ]
        with self._lock, self._db:
            self._db.execute(
                "INSERT INTO rooms (id, scenario, seed, epoch_ms, steps, now_ms, pace, touched, script)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
                " scenario = excluded.scenario, seed = excluded.seed, epoch_ms = excluded.epoch_ms,"
                " steps = excluded.steps, now_ms = excluded.now_ms, pace = excluded.pace, touched = excluded.touched,"
                " script = excluded.script",
                (*room[:6], json.dumps(room.pace), touched, json.dumps(room.script)),
            )
            self._db.execute("DELETE FROM journal WHERE room = ? AND number >= ?", (room.id, first))
            self._db.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?)", rows)

    def load(self, id: str) -> Stored | None:
        with self._lock:
            row = self._db.execute(
                "SELECT id, scenario, seed, epoch_ms, steps, now_ms, pace, script FROM rooms WHERE id = ?", (id,)
            ).fetchone()
            if row is None:
                return None
            entries = self._db.execute(
                "SELECT step, at_ms, command FROM journal WHERE room = ? ORDER BY number", (id,)
            ).fetchall()
        journal = [Entry(step, at_ms, json.loads(command)) for step, at_ms, command in entries]
        *known, pace, script = row
        return Stored._make((*known, json.loads(pace), journal, json.loads(script)))

    def prune(self, keep: int) -> None:
        """Drop the rooms that nobody has touched for longest, beyond `keep`."""
        with self._lock, self._db:
            self._db.execute(
                "DELETE FROM rooms WHERE id IN (SELECT id FROM rooms ORDER BY touched DESC LIMIT -1 OFFSET ?)", (keep,)
            )

    def close(self) -> None:
        with self._lock:
            self._close()
