"""Who waits for what is written: what many want written goes in one transaction, with one wait for the disk. Either of
one connection to SQLite, here, or to a PostgreSQL (app/rooms/postgres.py).

Whoever comes first while nobody writes commits what has gathered, and the others find that theirs is done. The wait for
a disk that was slow lately is spent `apart`: with gevent in a thread of the system, so that it holds up those who wait
for it and no other room. One that is quick is waited for at once, for changing threads takes longer. A file that
another program holds is not waited for again and again: for a moment whatever is asked is refused.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import weakref
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

BUSY_S = 0.05  # that one transaction waits for another program
HELD_S = 2.0  # and for so long after that none is tried
SLOW_S = 0.005  # a disk that took longer is waited for apart
LATELY_S = 60.0  # for so long
PAGES = 1_000  # of the log beside the file, before it is written into that: by those who wait for the disk anyway

T = TypeVar("T")


class Connection(Protocol):
    """What both understand: SQL with ? for each value."""

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Rows: ...

    def executemany(self, sql: str, values: Iterable[Sequence[Any]], /) -> object: ...


class Rows(Protocol):
    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


Work = Callable[[Connection], object]
Apart = Callable[[Callable[[], None]], None]
"""Run something where it keeps nobody waiting but the caller."""


def at_once(work: Callable[[], None]) -> None:
    work()


def connect(path: Path | str) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)


def is_held(error: sqlite3.Error) -> bool:
    """By another program, not by a mistake."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_damage(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Job:
    __slots__ = ("error", "is_durable", "is_over", "work")

    def __init__(self, work: Work, *, is_durable: bool) -> None:
        self.work = work
        self.is_durable = is_durable
        self.is_over = False
        self.error: BaseException | None = None


class Batches(ABC):
    """What both have in common. They raise sqlite3.Error, whichever it is."""

    def __init__(self) -> None:
        self.is_damaged = False
        self._turn = threading.Lock()
        self._jobs: deque[Job] = deque()

    def write(self, work: Work, *, is_durable: bool = False) -> None:
        """When it returns, what `work` did is committed, and a killed server has it. `is_durable`: it is on the disk,
        and a machine without power has it too. Raises sqlite3.Error; then nothing of it has happened."""
        job = Job(work, is_durable=is_durable)
        self._jobs.append(job)
        with self._turn:
            if not job.is_over:
                self._commit()
        if not job.is_over:
            raise sqlite3.OperationalError("interrupted")  # with whoever wrote for all
        if job.error is not None:
            raise job.error

    def soon(self, work: Work, *, is_durable: bool = False) -> None:
        """Written with whatever is written next, before it; nobody hears how it went."""
        self._jobs.append(Job(work, is_durable=is_durable))

    def flush(self) -> None:
        with self._turn:
            self._commit()

    def _commit(self) -> None:
        jobs: list[Job] = []
        while self._jobs:
            jobs.append(self._jobs.popleft())
        if jobs:
            self._transact(jobs)

    def _transact(self, jobs: list[Job]) -> None:
        """All together; if that fails each for itself, for one that is wrong is no other's fault."""
        try:
            self._run(jobs)
        except Exception as error:
            if len(jobs) > 1 and not self._is_for_all(error):
                for job in jobs:
                    self._transact([job])
                return
            for job in jobs:
                job.error = error
        for job in jobs:
            job.is_over = True

    @abstractmethod
    def read(self, ask: Callable[[Connection], T]) -> T: ...

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def _run(self, jobs: list[Job]) -> None:
        """In one transaction."""

    @abstractmethod
    def _is_for_all(self, error: Exception) -> bool:
        """To try again one by one helps nobody."""


class Database(Batches):
    def __init__(self, db: sqlite3.Connection, apart: Apart = at_once) -> None:
        super().__init__()
        self._db = db
        self._apart = apart
        self._held_until = 0.0
        self._slow_until = 0.0
        self._close = weakref.finalize(self, db.close)

    def read(self, ask: Callable[[Connection], T]) -> T:
        """Raises sqlite3.Error."""
        with self._turn:
            try:
                return ask(self._db)
            except sqlite3.Error as error:
                self.is_damaged |= is_damage(error)
                raise

    def close(self) -> None:
        with self._turn:
            self._close()

    def _run(self, jobs: list[Job]) -> None:
        if time.monotonic() < self._held_until:
            raise _held()
        is_durable = any(job.is_durable for job in jobs)
        try:
            self._db.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'NORMAL'}")
            self._db.execute(f"PRAGMA wal_autocheckpoint = {PAGES if is_durable else 0}")
            self._db.execute("BEGIN IMMEDIATE")
            for job in jobs:
                job.work(self._db)
            if is_durable and time.monotonic() < self._slow_until:
                self._apart(self._end)
            else:
                self._end()
        except BaseException as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                self.is_damaged |= is_damage(error)
                self._held_until = time.monotonic() + HELD_S if is_held(error) else 0.0
            raise

    def _is_for_all(self, error: Exception) -> bool:
        return isinstance(error, sqlite3.Error) and is_held(error)

    def _end(self) -> None:
        began = time.monotonic()
        self._db.execute("COMMIT")
        if time.monotonic() - began > SLOW_S:
            self._slow_until = time.monotonic() + LATELY_S


def _held() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error
