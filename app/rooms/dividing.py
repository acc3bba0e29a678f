"""Rooms are divided among the files of the workers, before any of them starts: `loopscope serve --workers` may say
another number than the last time.

A room is copied first, and goes from where it was when the copy is on the disk. Whoever is ended in between finds it
twice, and keeps the copy that is where it belongs: no server has run since, so both are the same.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import defaultdict
from pathlib import Path

from app.rooms import files
from app.rooms.shares import owner

_TABLES = (("rooms", "id"), ("journal", "room"), ("checkpoints", "room"), ("access", "room"))


def divide(folder: Path, workers: int) -> int:
    """How many rooms have moved. All files in `folder` have been opened before, and are whole. Raises sqlite3.Error."""
    moved = 0
    for number in files.numbers(folder):
        moved += _give_away(folder, number, workers)
        if number >= workers:
            files.remove(folder, number)
    return moved


def _give_away(folder: Path, number: int, workers: int) -> int:
    """To each whose they are, the rooms in that file that belong to another."""
    db = files.connected(folder, number)
    try:
        wanted = defaultdict(list)
        for (id,) in db.execute("SELECT id FROM rooms").fetchall():
            if (other := owner(id, workers)) != number:
                wanted[other].append((id,))
        for other, ids in wanted.items():
            files.connected(folder, other).close()  # it is there
            _move(db, files.path_of(folder, other), ids)
    finally:
        db.close()
    return sum(map(len, wanted.values()))


def _move(db: sqlite3.Connection, to: Path, ids: list[tuple[str]]) -> None:
    db.execute("CREATE TEMP TABLE going (id TEXT PRIMARY KEY)")
    db.execute("ATTACH ? AS other", (str(to),))
    try:
        with _transaction(db):
            db.executemany("INSERT INTO going VALUES (?)", ids)
            db.execute("DELETE FROM going WHERE id IN (SELECT id FROM other.rooms)")
            for table, column in _TABLES:
                names = ", ".join(row[1] for row in db.execute(f"PRAGMA main.table_info({table})"))
                db.execute(
                    f"INSERT INTO other.{table} ({names}) SELECT {names} FROM main.{table}"
                    f" WHERE {column} IN (SELECT id FROM going)"
                )
        with _transaction(db):
            db.executemany("DELETE FROM main.rooms WHERE id = ?", ids)  # and what belongs to them
    finally:
        db.execute("DETACH other")
        db.execute("DROP TABLE going")


@contextlib.contextmanager
def _transaction(db: sqlite3.Connection):  # type: ignore[no-untyped-def]
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
