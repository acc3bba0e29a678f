"""Rooms as text in SQLite, or in a PostgreSQL: seed, scenario, journal of commands, and how far each had come, with its
lesson too. A few kB a room.

A command is written down twice: as begun, and how it ended. One that never ended has ended the server. What is
answered with success is on the disk by then (`synchronous=FULL`); how far time went in between is written often, and
waits for no disk.

In a file below the data directory, where a restart finds it, or in memory, where it outlives only eviction. Each row
bears a seal (seals.py). Checkpoints are packed, and packing finds out itself what is not as it was given.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from app.api import errors, limits
from app.api.messages import N_, message
from app.cluster import Entry
from app.rooms import access, files, postgres
from app.rooms.access import Access
from app.rooms.database import Apart, Connection, Database, Work, at_once, connect
from app.rooms.seals import is_whole, seal

BEGUN, DONE = "", "done"  # how a command ended; else why it was left out
KILLED = "killed"
ELSEWHERE = N_("This room goes on at another server now. Load the page again; what you just did has not happened.")
_AT_A_TIME = 20  # rooms whose old checkpoints go
_MANY = 1_000_000


class Damaged(Exception):
    """What is stored of a room is not what was written."""


class Elsewhere(errors.ServiceUnavailable):
    """Another server has asked for the room since, and writes it down from now on. `why` for people."""

    def __init__(self) -> None:
        super().__init__("this room goes on at another server", details={"retryAfterSeconds": 1})
        self.why = message(ELSEWHERE)


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
    access: Access = Access()


class Kept(NamedTuple):
    """A checkpoint that is stored, and by which version of the code."""

    step: int
    version: str
    now_ms: int


class Storage:
    """Raises sqlite3.Error where something cannot be written or read; files.Unusable if not even the file can."""

    def __init__(self, where: Path | str | None = None, apart: Apart = at_once, number: int = 0) -> None:
        """`where` is a folder, the address of a PostgreSQL, or None; `number` that of the worker who writes."""
        self._url = str(where) if postgres.is_address(where) else ""
        self.folder = Path(where) if where is not None and not self._url else None
        self._writer = secrets.token_hex(8) if self._url else ""  # others may write there too
        self.taken: set[str] = set()  # rooms that they have now
        self._path = files.path_of(self.folder, number) if self.folder is not None else None
        self.damage: files.Damage | None = None  # that was found when it was opened
        self._apart = apart if self.folder is not None else at_once
        self._most_bytes = limits.CHECKPOINT_BYTES if self.outlives else limits.CHECKPOINT_BYTES_IN_MEMORY
        self._missed: list[str] = []
        self._open()

    def _open(self) -> None:
        self._file, self._db = None, self._opened()
        self._file = files.identity(self._path)

    def _opened(self) -> Database | postgres.Server:
        if self._url:
            return postgres.Server(self._url)
        if self._path is None:
            db = connect(":memory:")
            db.execute("PRAGMA auto_vacuum = FULL")  # what is deleted gives its memory back
            files.prepare(db)
        else:
            db, self.damage = files.opened(self._path, _copy_of_what_is_whole)
        return Database(db, self._apart)

    @property
    def outlives(self) -> bool:
        """A restart finds what is stored."""
        return self.folder is not None or bool(self._url)

    @property
    def is_lost(self) -> bool:
        """The file was found damaged, or is not there any more: what is written goes nowhere."""
        return self._db.is_damaged or files.identity(self._path) != self._file

    def begin_another_file(self) -> None:
        """With what can be read of the one before."""
        self._db.close()
        self._open()

    @property
    def set_aside(self) -> list[str]:
        """The names of files that were found damaged, now or earlier."""
        return files.set_aside(self.folder) if self.folder is not None else []

    @property
    def free_bytes(self) -> int | None:
        """Of the disk; None: there is none here."""
        return shutil.disk_usage(self.folder).free if self.folder is not None else None

    def save(self, room: Stored, first: int, touched: float) -> None:
        """Write where the room is, and its journal from entry `first` on: older entries are there, later ones go. All
        of it, if the room was pruned meanwhile."""
        head = _head(room)

        def write(db: Connection) -> None:
            start = first if _has(db, room.id, first) else 0
            _put_head(db, head, touched)
            access.put(db, room.id, room.access)
            db.execute("DELETE FROM journal WHERE room = ? AND number >= ?", (room.id, start))
            if start == 0:  # it is another now
                db.execute("DELETE FROM checkpoints WHERE room = ?", (room.id,))
            for number, entry in enumerate(room.journal[start:], start=start):
                _put_entry(db, room.id, number, entry, entry.left_out or DONE)

        self._db.write(self._ours(room.id, write), is_durable=True)

    def came(self, room: Stored, touched: float) -> None:
        """How far time went since: written with the next `flush`. The journal is as it was saved."""
        head = _head(room)

        def write(db: Connection) -> None:
            if _has(db, room.id, len(room.journal)):
                _put_head(db, head, touched)
            else:
                self._missed.append(room.id)

        self._db.soon(self._ours(room.id, write))

    def flush(self) -> list[str]:
        """The rooms that were to be there, and are not."""
        self._db.flush()
        missed, self._missed = self._missed, []
        return missed

    def begin(self, id: str, number: int, entry: Entry) -> None:
        """The `number`-th command of a room, before it is performed; or, with `left_out`, that it is not to be."""
        work = self._ours(id, lambda db: _put_entry(db, id, number, entry, entry.left_out or BEGUN))
        self._db.write(work, is_durable=bool(entry.left_out))

    def stop(self, room: Stored) -> None:
        """A room goes no further, and is not brought further either. Its journal stays."""
        head = _head(room)

        def write(db: Connection) -> None:
            if _has(db, room.id, 0):
                _put_head(db, head, None)

        self._db.write(self._ours(room.id, write), is_durable=True)

    def _ours(self, id: str, work: Work) -> Work:
        """Where others write too, `work` is done as long as none of them has asked for the room."""

        def checked(db: Connection) -> None:
            row = db.execute("SELECT writer FROM rooms WHERE id = ? FOR UPDATE", (id,)).fetchone()
            if row is not None and row[0] not in ("", self._writer):
                self.taken.add(id)
                raise Elsewhere
            if row is not None and not row[0]:
                db.execute("UPDATE rooms SET writer = ? WHERE id = ?", (self._writer, id))
            work(db)

        return checked if self._writer else work

    def take(self, id: str) -> None:
        """From now on the room is written by us, and by nobody who had it before."""
        if self._writer:
            self.taken.discard(id)
            claim = "UPDATE rooms SET writer = ? WHERE id = ?"
            self._db.write(lambda db: db.execute(claim, (self._writer, id)), is_durable=True)

    def load(self, id: str) -> Stored | None:
        """Raises Damaged."""
        return self._db.read(lambda db: read(db, id))

    def beginning_with(self, letters: str) -> list[str]:
        """The names of rooms."""
        query = "SELECT id FROM rooms WHERE id >= ? AND id < ?"
        return [id for (id,) in self._db.read(lambda db: db.execute(query, (letters, f"{letters}~")).fetchall())]

    def forget(self, id: str) -> None:
        """The room, and all that belongs to it."""
        self._db.write(self._ours(id, lambda db: db.execute("DELETE FROM rooms WHERE id = ?", (id,))), is_durable=True)

    def prune(self, keep: int, spared: Iterable[str]) -> None:
        """Drop the rooms that nobody has touched for longest, beyond `keep`, never one that is `spared`; of fewer
        already the old checkpoints.

        Called for each new room."""
        spared = set(spared)

        def write(db: Connection) -> None:
            aside = db.execute(
                "SELECT id FROM rooms ORDER BY touched DESC LIMIT ? OFFSET ?",
                (_AT_A_TIME, limits.ROOMS_WITH_CHECKPOINTS),
            )
            db.executemany(
                "DELETE FROM checkpoints WHERE room = ? AND step < (SELECT max(step) FROM checkpoints WHERE room = ?)",
                [(id, id) for (id,) in aside.fetchall()],
            )
            beyond = db.execute("SELECT id FROM rooms ORDER BY touched DESC LIMIT ? OFFSET ?", (_MANY, keep))
            going = [(id,) for (id,) in beyond.fetchall() if id not in spared]
            db.executemany("DELETE FROM rooms WHERE id = ?", going)

        self._db.write(write)

    # -------------------------------------------------------------------------------------- checkpoints

    def keep(self, id: str, kept: Kept, data: bytes, superfluous: Callable[[Sequence[int]], Sequence[int]]) -> None:
        """A checkpoint, written with the next `flush`; the room has come as far. Of those that there are then the
        `superfluous` go, and of too many bytes the oldest, but never the newest."""

        def write(db: Connection) -> None:
            _come_as_far(db, id, kept)
            db.execute(
                "INSERT INTO checkpoints (room, step, version, now_ms, data) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (room, step) DO UPDATE SET version = excluded.version,"
                " now_ms = excluded.now_ms, data = excluded.data",
                (id, *kept, data),
            )
            _drop(db, id, superfluous([each.step for each in _checkpoints(db, id)]))
            _fit(db, id, self._most_bytes)

        self._db.soon(self._ours(id, write), is_durable=True)

    def checkpoints(self, id: str) -> list[Kept]:
        """Oldest first."""
        return self._db.read(lambda db: _checkpoints(db, id))

    def checkpoint(self, id: str, step: int) -> bytes:
        return self._db.read(lambda db: _checkpoint(db, id, step))

    def retell(self, room: Stored) -> None:
        """What came before `room.retold` was told by another version of us: nothing leads back there."""
        head = _head(room)

        def write(db: Connection) -> None:
            _put_head(db, head, None)
            db.execute("DELETE FROM checkpoints WHERE room = ? AND step < ?", (room.id, room.retold))

        self._db.write(self._ours(room.id, write), is_durable=True)

    def close(self) -> None:
        self._db.close()


# -------------------------------------------------------------------------------------------------- rows


def read(db: Connection, id: str) -> Stored | None:
    """Raises Damaged, or sqlite3.Error."""
    head = _read_head(db, id)
    if head is None:
        return None
    rows = db.execute(
        "SELECT room, number, step, at_ms, command, ending, seal FROM journal WHERE room = ? ORDER BY number", (id,)
    ).fetchall()
    who = access.read(db, id)
    if who is None or not all(map(is_whole, (head, *rows))):
        raise Damaged(id)
    *known, pace, script, stopped, retold, commands, _ = head
    if [row[1] for row in rows] != list(range(len(rows))) or len(rows) < (commands or 1):
        raise Damaged(id)
    try:
        journal = [
            Entry(step, at_ms, json.loads(command), _left_out(ending)) for _, _, step, at_ms, command, ending, _ in rows
        ]
        if rows[-1][5] == BEGUN:
            journal[-1] = journal[-1]._replace(left_out=KILLED)
        return Stored._make((*known, json.loads(pace), journal, json.loads(script), stopped, retold, who))
    except (TypeError, ValueError) as error:
        raise Damaged(id) from error


def _read_head(db: Connection, id: str) -> tuple[Any, ...] | None:
    """And its seal."""
    found: tuple[Any, ...] | None = db.execute(
        "SELECT id, scenario, seed, epoch_ms, steps, now_ms, pace, script, stopped, retold, commands, seal FROM rooms"
        " WHERE id = ?",
        (id,),
    ).fetchone()
    return found


def _head(room: Stored) -> tuple[Any, ...]:
    return (*room[:6], json.dumps(room.pace), json.dumps(room.script), room.stopped, room.retold, len(room.journal))


def _has(db: Connection, id: str, entries: int) -> bool:
    """The room, and as many entries of its journal."""
    if db.execute("SELECT 1 FROM rooms WHERE id = ?", (id,)).fetchone() is None:
        return False
    last = db.execute("SELECT 1 FROM journal WHERE room = ? AND number = ?", (id, entries - 1)).fetchone()
    return entries == 0 or last is not None


def _put_head(db: Connection, head: tuple[Any, ...], touched: float | None) -> None:
    """`touched`: None leaves it as it was."""
    db.execute(
        "INSERT INTO rooms (id, scenario, seed, epoch_ms, steps, now_ms, pace, script, stopped, retold, commands,"
        " seal, touched) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, coalesce(?, 0)) ON CONFLICT (id) DO UPDATE SET"
        " scenario = excluded.scenario, seed = excluded.seed, epoch_ms = excluded.epoch_ms, steps = excluded.steps,"
        " now_ms = excluded.now_ms, pace = excluded.pace, script = excluded.script, stopped = excluded.stopped,"
        " retold = excluded.retold, commands = excluded.commands, seal = excluded.seal,"
        " touched = coalesce(?, rooms.touched)",
        (*head, seal(head), touched, touched),
    )


def _put_entry(db: Connection, id: str, number: int, entry: Entry, ending: str) -> None:
    row = (id, number, entry.step, entry.at_ms, json.dumps(entry.command), ending)
    db.execute(
        "INSERT INTO journal (room, number, step, at_ms, command, ending, seal) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (room, number) DO UPDATE SET step = excluded.step, at_ms = excluded.at_ms,"
        " command = excluded.command, ending = excluded.ending, seal = excluded.seal",
        (*row, seal(row)),
    )


def _come_as_far(db: Connection, id: str, kept: Kept) -> None:
    head = _read_head(db, id)
    if head is not None and is_whole(head) and head[4] < kept.step:
        _put_head(db, (*head[:4], kept.step, kept.now_ms, *head[6:-1]), None)


def _checkpoints(db: Connection, id: str) -> list[Kept]:
    rows = db.execute("SELECT step, version, now_ms FROM checkpoints WHERE room = ? ORDER BY step", (id,)).fetchall()
    return [Kept(*row) for row in rows]


def _checkpoint(db: Connection, id: str, step: int) -> bytes:
    row = db.execute("SELECT data FROM checkpoints WHERE room = ? AND step = ?", (id, step)).fetchone()
    return bytes(row[0]) if row is not None else b""


def _drop(db: Connection, id: str, steps: Sequence[int]) -> None:
    db.executemany("DELETE FROM checkpoints WHERE room = ? AND step = ?", [(id, step) for step in steps])


def _fit(db: Connection, id: str, most_bytes: int) -> None:
    """Drop the oldest checkpoints of too many bytes, never the newest."""
    rows = db.execute("SELECT step, length(data) FROM checkpoints WHERE room = ? ORDER BY step DESC", (id,)).fetchall()
    size = rows[0][1]
    for step, length in rows[1:]:
        size += length
        if size > most_bytes:
            db.execute("DELETE FROM checkpoints WHERE room = ? AND step <= ?", (id, step))
            return


def _left_out(ending: str) -> str:
    """A command that another came after had been performed, though that was not written down any more."""
    return "" if ending in (BEGUN, DONE) else ending


def _copy_of_what_is_whole(damaged: Connection, id: str, new: Connection) -> bool:
    """One room from a damaged file into a new one, if all of it can be read."""
    try:
        found = read(damaged, id)
    except (Damaged, sqlite3.Error):
        return False
    if found is None:
        return False
    _put_head(new, _head(found), 0.0)
    access.put(new, id, found.access)
    for number, entry in enumerate(found.journal):
        is_begun = entry.left_out == KILLED and number == len(found.journal) - 1
        _put_entry(new, id, number, entry, BEGUN if is_begun else entry.left_out or DONE)
    with contextlib.suppress(sqlite3.Error):  # those that can be read
        for kept in _checkpoints(damaged, id):
            if kept.step <= found.steps:
                data = _checkpoint(damaged, id, kept.step)
                new.execute("INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?)", (id, *kept, data))
    return True
