"""The file with the rooms: opened, looked at, and set aside where it is damaged. Storage opens it.

A damaged file is renamed, with what SQLite keeps beside it, and never written to again. Of a copy every room that can
still be read whole goes into a new file. What was found is said by whoever starts the server, and on the pages of rooms
that are missed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

from app.rooms import walcheck
from app.rooms.database import BUSY_S, connect, is_held

NAME = "rooms.sqlite3"  # of the first worker; the others have rooms-1.sqlite3 and so on
BESIDE = ("", "-wal", "-shm", "-journal")
MAGIC = b"SQLite format 3\0"
ASIDE = ".damaged-"
PATIENCE_S = 5.0  # at start, for another program that holds the file

SCHEMA = """
CREATE TABLE IF NOT EXISTS rooms (
    id TEXT PRIMARY KEY, scenario TEXT NOT NULL, seed INTEGER NOT NULL, epoch_ms INTEGER NOT NULL,
    steps INTEGER NOT NULL, now_ms INTEGER NOT NULL, pace TEXT NOT NULL, touched REAL NOT NULL,
    script TEXT NOT NULL DEFAULT '{}', stopped TEXT NOT NULL DEFAULT '', commands INTEGER, seal INTEGER,
    retold INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS rooms_by_touched ON rooms (touched);
CREATE TABLE IF NOT EXISTS journal (
    room TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE, number INTEGER NOT NULL,
    step INTEGER NOT NULL, at_ms INTEGER NOT NULL, command TEXT NOT NULL, ending TEXT NOT NULL DEFAULT 'done',
    seal INTEGER, PRIMARY KEY (room, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checkpoints (
    room TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE, step INTEGER NOT NULL, version TEXT NOT NULL,
    now_ms INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (room, step)
);
CREATE TABLE IF NOT EXISTS access (
    room TEXT PRIMARY KEY REFERENCES rooms (id) ON DELETE CASCADE, owner TEXT NOT NULL, title TEXT NOT NULL,
    protected INTEGER NOT NULL, seal INTEGER
) WITHOUT ROWID;
"""
ADDED = (  # columns that older files lack
    ("rooms", "script", "TEXT NOT NULL DEFAULT '{}'"),
    ("rooms", "stopped", "TEXT NOT NULL DEFAULT ''"),
    ("rooms", "commands", "INTEGER"),
    ("rooms", "seal", "INTEGER"),
    ("rooms", "retold", "INTEGER NOT NULL DEFAULT 0"),
    ("journal", "ending", "TEXT NOT NULL DEFAULT 'done'"),
    ("journal", "seal", "INTEGER"),
)
NEEDED = {  # and columns that all of ours have
    "rooms": {"id", "scenario", "seed", "epoch_ms", "steps", "now_ms", "pace", "touched"},
    "journal": {"room", "number", "step", "at_ms", "command"},
}

CopyRoom = Callable[[sqlite3.Connection, str, sqlite3.Connection], bool]


class Unusable(Exception):
    """Rooms cannot be kept there, and why."""


class InUse(Exception):
    """Another server writes to that directory."""


class Damage(NamedTuple):
    """`aside`: what the damaged file is called now. Of the rooms in it so many were `kept`, and `lost` as far as one
    can tell."""

    aside: str
    why: str
    kept: int
    lost: int


class _Wrong(Exception):
    """It is a database, and not one of ours."""


def private(folder: Path, name: str) -> Path:
    """A file that nobody else on this machine can read: a room's address is its key. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(folder / name, os.O_CREAT | os.O_RDWR, 0o600))
    (folder / name).chmod(0o600)
    return folder / name


def hold(data_dir: Path | str) -> IO[bytes]:
    """The directory is ours as long as the result is open, in this process or one that it forks. Raises InUse, or
    OSError."""
    lock = private(Path(data_dir), "lock").open("r+b")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise InUse(f"another Loopscope keeps its rooms in {data_dir}: stop it, or choose another --data") from None
    return lock


def path_of(folder: Path, number: int) -> Path:
    """The file of that worker."""
    return folder / (NAME.replace(".", f"-{number}.", 1) if number else NAME)


def numbers(folder: Path) -> list[int]:
    """Of the workers whose files are there."""
    found = (re.fullmatch(r"rooms(?:-([1-9]\d*))?\.sqlite3(?:-wal)?", path.name) for path in folder.glob("rooms*"))
    return sorted({int(each[1] or 0) for each in found if each})


def connected(folder: Path, number: int) -> sqlite3.Connection:
    """To the file of that worker, which is made if need be. Raises OSError, or sqlite3.Error."""
    return _open(path_of(folder, number))


def remove(folder: Path, number: int) -> None:
    """The file of a worker that there is no more."""
    path = path_of(folder, number)
    for beside in BESIDE:
        path.with_name(path.name + beside).unlink(missing_ok=True)


def prepare(db: sqlite3.Connection) -> None:
    """Raises sqlite3.Error."""
    db.execute("PRAGMA foreign_keys = ON")
    db.executescript(SCHEMA)
    _add_columns(db)


def opened(path: Path, copy: CopyRoom) -> tuple[sqlite3.Connection, Damage | None]:
    """Our file, or a new one if that is damaged; and what became of the damaged one. Raises Unusable."""
    try:
        why = _strange(path)
        if not why:
            try:
                if path.exists():
                    _check(path)
                return _open(path), None
            except (sqlite3.DatabaseError, _Wrong) as error:
                if not _is_damage(error):
                    raise Unusable(f"{path} cannot be used: {_said(error, path)}") from error
                why = str(error)
        aside = _set_aside(path)
        db = _open(path)
        kept, lost = _rescue(aside, db, copy)
    except (OSError, sqlite3.Error) as error:
        raise Unusable(f"rooms cannot be kept in {path.parent}: {error}") from error
    return db, Damage(aside.name, why, kept, lost)


def identity(path: Path | None) -> tuple[int, int] | None:
    """Of our file; None: there is none."""
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None


def set_aside(folder: Path) -> list[str]:
    """The names of what was, of all workers, oldest first."""
    found = {path.name for path in folder.glob(f"rooms*{ASIDE}*")}
    for beside in BESIDE[1:]:
        found = {name.removesuffix(beside) for name in found}
    return sorted(found, key=lambda name: name.partition(ASIDE)[2])


# ---------------------------------------------------------------------------------------------- looking


def _strange(path: Path) -> str:
    """What can be said without SQLite, which takes an empty file for a new one; "" if nothing."""
    if path.exists() and not path.is_file():
        return "it is no file"
    if path.exists() and path.stat().st_size == 0:
        return "it is empty"
    if not path.exists() and path.with_name(f"{path.name}-wal").exists():
        return "it is gone, and what belongs beside it is not"
    if walcheck.is_cut_short(path.with_name(f"{path.name}-wal")):
        return "the newest of what was written to it cannot be read"
    return ""


def _check(path: Path) -> None:
    """Writes nothing. Raises sqlite3.Error, or _Wrong."""
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=PATIENCE_S)
    try:
        found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise _Wrong(found)
        for table, needed in NEEDED.items():
            if missing := needed - _columns(db, table):
                raise _Wrong(f"its table {table} has no column {min(missing)}")
    finally:
        db.close()


def _open(path: Path) -> sqlite3.Connection:
    db = connect(private(path.parent, path.name))
    try:
        db.execute(f"PRAGMA busy_timeout = {int(PATIENCE_S * 1000)}")
        db.execute("PRAGMA journal_mode = WAL")
        prepare(db)
        db.execute(f"PRAGMA busy_timeout = {int(BUSY_S * 1000)}")
    except BaseException:
        db.close()
        raise
    return db


def _is_damage(error: Exception) -> bool:
    """And nothing that passes: a disk that is full, a file that is held or may not be written."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FORMAT)


def _said(error: Exception, path: Path) -> str:
    if isinstance(error, sqlite3.Error) and is_held(error):
        return "another program holds it. End that, or choose another --data"
    return str(error)


def _add_columns(db: sqlite3.Connection) -> None:
    for table, column, type_ in ADDED:
        if column not in _columns(db, table):
            db.execute(f"ALTER TABLE {table} ADD COLUMN {column} {type_}")


def _columns(db: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in db.execute(f"PRAGMA table_info({table})")}


# ---------------------------------------------------------------------------------------------- keeping


def _set_aside(path: Path) -> Path:
    """Under a name that nothing has yet."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    names = (f"{path.name}{ASIDE}{stamp}{suffix}" for suffix in ("", *(f"-{number}" for number in range(2, 1_000))))
    aside = next(path.with_name(name) for name in names if not path.with_name(name).exists())
    for beside in BESIDE:
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + beside).rename(aside.with_name(aside.name + beside))
    return aside


def _rescue(aside: Path, new: sqlite3.Connection, copy: CopyRoom) -> tuple[int, int]:
    """How many rooms could be read whole, and how many are known to have been there and could not."""
    if not aside.is_file():
        return 0, 0
    with tempfile.TemporaryDirectory(dir=aside.parent) as folder:
        work = Path(folder) / NAME
        for beside in BESIDE[:2]:
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(aside.with_name(aside.name + beside), work.with_name(work.name + beside))
        with work.open("r+b") as file:
            file.write(MAGIC)  # if no more than that is wrong the rest can be read
        db = connect(work)
        try:
            with contextlib.suppress(sqlite3.Error):
                db.execute("PRAGMA writable_schema = ON")  # or SQLite reads nothing of a file whose end is missing
                _add_columns(db)
            ids = _ids(db)
            new.execute("BEGIN")
            kept = sum(copy(db, id, new) for id in sorted(ids))
            new.execute("COMMIT")
        finally:
            db.close()
    return kept, len(ids) - kept


def _ids(db: sqlite3.Connection) -> set[str]:
    """Of all rooms that can still be named: forwards and backwards, as far as the table can be read, and by what refers
    to them."""
    found: set[str] = set()
    for query in (
        "SELECT id FROM rooms ORDER BY id",
        "SELECT id FROM rooms ORDER BY id DESC",
        "SELECT id FROM rooms INDEXED BY rooms_by_touched ORDER BY touched",
        "SELECT DISTINCT room FROM journal ORDER BY room",
        "SELECT DISTINCT room FROM journal ORDER BY room DESC",
    ):
        with contextlib.suppress(sqlite3.Error):
            found.update(id for (id,) in db.execute(query) if isinstance(id, str))
    return found
