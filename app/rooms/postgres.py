"""Rooms in a PostgreSQL, for servers that come and go, or for several of them. app/rooms/storage.py has it in place of
a file; psycopg, an optional extra, is imported where there is one.

One that cannot be reached is as a disk that is full: what is to be written is refused, for a moment without asking,
rooms go on in memory, and it is tried again. What is asked for is committed before it is answered. A connection that
was lost is made again once, and what went with it is written once more: all that Storage writes may be written twice.
"""

from __future__ import annotations

import sqlite3
import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from app.rooms import files
from app.rooms.database import BUSY_S, HELD_S, Batches, Connection, Job, Rows

if TYPE_CHECKING:
    import psycopg

SCHEMES = ("postgresql://", "postgres://")
CONNECT_S = 3  # and for so long a server may be silent
STATEMENT_S = 4
_LOCK = 0x10095C09E  # while tables are made: one at a time
SCHEMA = """
CREATE TABLE IF NOT EXISTS rooms (
    id TEXT COLLATE "C" PRIMARY KEY, scenario TEXT NOT NULL, seed BIGINT NOT NULL, epoch_ms BIGINT NOT NULL,
    steps BIGINT NOT NULL, now_ms BIGINT NOT NULL, pace TEXT NOT NULL, touched DOUBLE PRECISION NOT NULL,
    script TEXT NOT NULL, stopped TEXT NOT NULL, commands BIGINT, seal BIGINT, retold BIGINT NOT NULL,
    writer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS rooms_by_touched ON rooms (touched);
CREATE TABLE IF NOT EXISTS journal (
    room TEXT COLLATE "C" NOT NULL REFERENCES rooms (id) ON DELETE CASCADE, number BIGINT NOT NULL,
    step BIGINT NOT NULL, at_ms BIGINT NOT NULL, command TEXT NOT NULL, ending TEXT NOT NULL, seal BIGINT,
    PRIMARY KEY (room, number)
);
CREATE TABLE IF NOT EXISTS checkpoints (
    room TEXT COLLATE "C" NOT NULL REFERENCES rooms (id) ON DELETE CASCADE, step BIGINT NOT NULL, version TEXT NOT NULL,
    now_ms BIGINT NOT NULL, data BYTEA NOT NULL, PRIMARY KEY (room, step)
);
CREATE TABLE IF NOT EXISTS access (
    room TEXT COLLATE "C" PRIMARY KEY REFERENCES rooms (id) ON DELETE CASCADE, owner TEXT NOT NULL, title TEXT NOT NULL,
    protected BIGINT NOT NULL, seal BIGINT
);
"""

T = TypeVar("T")


def is_address(where: object) -> bool:
    return isinstance(where, str) and where.startswith(SCHEMES)


def check(url: str) -> None:
    """Raises files.Unusable if rooms cannot be kept there."""
    server = Server(url)
    try:
        server.read(lambda db: db.execute("SELECT count(*) FROM rooms"))
    except sqlite3.Error as error:
        raise files.Unusable(f"rooms cannot be kept in that PostgreSQL: {error}") from error
    finally:
        server.close()


class Unreachable(sqlite3.OperationalError):
    """As a file that cannot be written."""


class Held(Unreachable):
    """By another program: a lock that it does not give back."""


class Server(Batches):
    """Connects when something is asked. Raises files.Unusable without psycopg."""

    def __init__(self, url: str) -> None:
        super().__init__()
        try:
            import psycopg
        except ImportError as error:
            raise files.Unusable(f"{error}: pip install 'loopscope[postgresql]'") from error
        self._psycopg = psycopg
        self._url = url
        self._db: psycopg.Connection[Any] | None = None
        self._silent_until = 0.0

    def read(self, ask: Callable[[Connection], T]) -> T:
        with self._turn:
            return self._asked(ask)

    def close(self) -> None:
        if self._db is not None:
            self._db = None
            self._close()

    def _run(self, jobs: list[Job]) -> None:
        def write(db: Connection) -> None:
            db.execute("BEGIN")
            if not any(job.is_durable for job in jobs):
                db.execute("SET LOCAL synchronous_commit = off")
            for job in jobs:
                job.work(db)
            db.execute("COMMIT")

        self._asked(write)

    def _is_for_all(self, error: Exception) -> bool:
        return isinstance(error, Unreachable)

    def _asked(self, ask: Callable[[Connection], T]) -> T:
        if time.monotonic() < self._silent_until:
            raise Unreachable("PostgreSQL cannot be reached")
        was_connected = self._db is not None
        try:
            return self._once(ask)
        except Unreachable as error:
            if was_connected and not isinstance(error, Held) and (found := self._again(ask)):
                return found[0]
            self._silent_until = time.monotonic() + HELD_S
            raise

    def _again(self, ask: Callable[[Connection], T]) -> tuple[T] | None:
        try:
            return (self._once(ask),)
        except Unreachable:
            return None

    def _once(self, ask: Callable[[Connection], T]) -> T:
        db = None
        try:
            db = self._connected()
            return ask(_Asked(db))
        except self._psycopg.Error as error:
            raise self._kind_of(error, is_gone=db is None or db.closed)(str(error).strip()) from error
        finally:
            if db is not None:
                self._tidy(db)

    def _kind_of(self, error: psycopg.Error, *, is_gone: bool) -> type[sqlite3.OperationalError]:
        if is_gone:
            return Unreachable
        late = (self._psycopg.errors.LockNotAvailable, self._psycopg.errors.QueryCanceled)
        return Held if isinstance(error, late) else sqlite3.OperationalError

    def _connected(self) -> psycopg.Connection[Any]:
        if self._db is None:
            db = self._psycopg.connect(
                self._url, autocommit=True, connect_timeout=CONNECT_S, tcp_user_timeout=CONNECT_S * 1000,
                keepalives_idle=CONNECT_S, application_name="loopscope",
                options=f"-c statement_timeout={STATEMENT_S * 1000}",
            )  # fmt: skip
            try:
                db.execute(f"BEGIN; SELECT pg_advisory_xact_lock({_LOCK}); {SCHEMA} COMMIT")
                db.execute(f"SET lock_timeout = {int(BUSY_S * 1000)}")
            except BaseException:
                db.close()
                raise
            self._db, self._close = db, weakref.finalize(self, db.close)
        return self._db

    def _tidy(self, db: psycopg.Connection[Any]) -> None:
        """No transaction stays open, and no connection that is broken."""
        try:
            if db.info.transaction_status != self._psycopg.pq.TransactionStatus.IDLE:
                db.rollback()
        except self._psycopg.Error:
            db.close()
        if db.closed:
            self.close()


class _Asked:
    """With ? for each value, as SQLite has it."""

    def __init__(self, db: psycopg.Connection[Any]) -> None:
        self._db = db

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Rows:
        return self._db.execute(_with_s(sql), values)

    def executemany(self, sql: str, values: Iterable[Sequence[Any]], /) -> None:
        self._db.cursor().executemany(_with_s(sql), values)


def _with_s(sql: str) -> Any:
    return sql.replace("?", "%s")
