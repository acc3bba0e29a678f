"""What is written down, when, and what becomes of rooms when it cannot be."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from app.api.errors import NotFound, ServiceUnavailable
from app.api.objects import Ref
from app.commands import Scale
from app.rooms import Room, Rooms
from app.rooms import database as database_module
from app.rooms.database import Database, connect
from app.rooms.files import NAME, Unusable
from app.rooms.storage import Storage
from tests.rooms.test_rooms import make_rooms, state_of
from tests.support.rooms import Clock, Script, play

pytestmark = pytest.mark.long

WEB = Ref("Deployment", "default", "web")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits here for a lock that is not given, and nothing is written but by our hand."""
    monkeypatch.setattr("app.rooms.files.PATIENCE_S", 0.01)
    monkeypatch.setattr("app.rooms.files.BUSY_S", 0.01)
    monkeypatch.setattr("app.rooms.autosave.INTERVAL_S", 3600)


def after_a_kill(data_dir: Path, room: Room) -> Room:
    """The room as the next server has it; the first is not asked to write anything down."""
    return make_rooms(data_dir).get(room.id)


@contextmanager
def held(data_dir: Path, mode: str = "NORMAL") -> Iterator[None]:
    """As by another program, that writes; in the mode EXCLUSIVE it lets nobody read either."""
    with closing(sqlite3.connect(data_dir / NAME, isolation_level=None)) as other:
        other.execute(f"PRAGMA locking_mode = {mode}")
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


# ------------------------------------------------------------------------------------------------ time


def test_how_far_time_went_is_written_down_though_nobody_does_anything(tmp_path: Path) -> None:
    clock = Clock()
    rooms = Rooms(Script(), tmp_path, clock)
    rooms.pacer.stop()
    room = rooms.create("autoscaling")
    room.attach("en", room.epoch, room.frame)
    room.set_pace(mode="clock", speed=100.0)
    began_ms = room.cluster.now_ms
    play(room, clock, 20)
    assert room.cluster.now_ms > began_ms + 1_800_000, "half an hour"
    rooms._autosave.write()
    assert state_of(after_a_kill(tmp_path, room).cluster) == state_of(room.cluster)


@pytest.mark.parametrize(
    "act",
    [
        lambda room: room.set_pace(paused=True),
        lambda room: room.set_pace(speed=0.5),
        lambda room: room.set_pace(mode="clock", speed=100.0),
        lambda room: room.step_phase(),
        lambda room: [room.step_phase() for _ in range(7)],
        lambda room: room.finish_loop(),
        lambda room: room.next_moment(),
        lambda room: room.press(0),
    ],
    ids=["pause", "speed", "mode", "step", "steps", "finish", "moment", "lesson"],
)
def test_what_people_did_is_there_after_a_kill(tmp_path: Path, act: Callable[[Room], object]) -> None:
    room = make_rooms(tmp_path).create()
    room.submit(Scale(WEB, 5))
    act(room)
    again = after_a_kill(tmp_path, room)
    assert state_of(again.cluster) == state_of(room.cluster)
    assert again.pace == room.pace
    assert again.script.to_json() == room.script.to_json()


def test_progress_that_was_noted_before_a_reset_does_not_come_after_it(tmp_path: Path) -> None:
    rooms = make_rooms(tmp_path)
    room = rooms.create()
    room.submit(Scale(WEB, 5))
    room.cluster.run()
    rooms._save_if_it_can(room)
    rooms.reset(room)
    rooms._autosave.write()
    assert state_of(after_a_kill(tmp_path, room).cluster) == state_of(room.cluster)


def test_nothing_more_than_the_journal_tells_is_written_of_a_room_that_could_not_be_written_down(
    tmp_path: Path,
) -> None:
    rooms = make_rooms(tmp_path)
    room = rooms.create()
    steps, commands = room.cluster.trace.count, list(room.journal)
    with held(tmp_path):
        room.submit(Scale(WEB, 5))
        room.cluster.run()
        rooms._autosave.write()
    again = after_a_kill(tmp_path, room)
    assert again.cluster.trace.count == steps
    assert list(again.journal) == commands


# ------------------------------------------------------------------------------------------------ held


def test_a_database_that_another_program_holds_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rooms = make_rooms(tmp_path)
    room, other = rooms.create(), rooms.create()
    with held(tmp_path):
        for replicas in (4, 5):
            room.submit(Scale(WEB, replicas))
        other.set_pace(paused=True)
        assert not room.is_stored
        assert not other.is_stored
        assert room.broken is None
        assert rooms.get(room.id) is room
    monkeypatch.setattr(database_module, "HELD_S", 0.0)
    rooms._storage._db._held_until = 0.0
    rooms._autosave.write()
    assert room.is_stored, "it is tried again, and nobody has to do anything for it"
    assert other.is_stored
    assert after_a_kill(tmp_path, room).journal == room.journal
    assert after_a_kill(tmp_path, other).pace.paused


def test_one_who_waited_for_a_held_database_spares_the_others_the_wait(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    with held(tmp_path), pytest.raises(sqlite3.OperationalError, match="locked"):
        storage.prune(1, ())
    with pytest.raises(sqlite3.OperationalError, match="locked"):  # not asked again so soon
        storage.prune(1, ())
    storage._db._held_until = 0.0
    storage.prune(1, ())


def test_a_server_begins_with_a_database_that_is_held_if_it_can_read_it(tmp_path: Path) -> None:
    first = make_rooms(tmp_path)
    room = first.create()
    first.close()
    with held(tmp_path):
        second = make_rooms(tmp_path)
        assert second.get(room.id).broken is None
    second.close()
    with held(tmp_path, "EXCLUSIVE"), pytest.raises(Unusable, match="another program holds it"):
        Storage(tmp_path)


# ------------------------------------------------------------------------------------------------ full


@contextmanager
def full(rooms: Rooms) -> Iterator[None]:
    """The database may not grow: SQLite says what it says of a disk without space."""
    db = rooms._storage._db._db
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")
    yield
    db.execute("PRAGMA max_page_count = 1073741823")


def test_a_full_disk_stops_nobody_and_nothing_is_lost_when_there_is_space_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rooms = make_rooms(tmp_path)
    room, other = rooms.create(), rooms.create()
    with full(rooms):
        for replicas in range(2, 60):
            room.submit(Scale(WEB, replicas))
        assert not room.is_stored
        assert room.broken is None
        assert rooms.create().is_stored is False, "newcomers get in, too"
    said = [record for record in caplog.records if record.getMessage() == "room goes on in memory"]
    assert [record.__dict__["why"] for record in said] == ["database or disk is full"] * 2, "once a room"
    rooms._autosave.write()
    assert room.is_stored
    assert after_a_kill(tmp_path, room).journal == room.journal
    assert after_a_kill(tmp_path, other).journal == other.journal


# ---------------------------------------------------------------------------------------------- pruned


def test_a_room_whose_rows_are_gone_is_written_down_again_though_nobody_does_anything(tmp_path: Path) -> None:
    rooms = make_rooms(tmp_path)
    room = rooms.create()
    room.submit(Scale(WEB, 5))
    with closing(sqlite3.connect(tmp_path / NAME)) as db:
        db.execute("DELETE FROM rooms")
        db.execute("DELETE FROM journal")
        db.commit()
    room.cluster.step()
    rooms.moved(room)
    rooms._autosave.write()
    assert state_of(after_a_kill(tmp_path, room).cluster) == state_of(room.cluster)


def test_the_end_of_a_journal_that_is_gone_is_written_again(tmp_path: Path) -> None:
    room = make_rooms(tmp_path).create()
    room.submit(Scale(WEB, 5))
    with closing(sqlite3.connect(tmp_path / NAME)) as db:
        db.execute("DELETE FROM journal WHERE number >= ?", (len(room.journal) - 1,))
        db.commit()
    room.submit(Scale(WEB, 4))
    assert after_a_kill(tmp_path, room).journal == room.journal


def test_a_room_in_memory_is_not_dropped_for_newer_ones() -> None:
    rooms = make_rooms(rooms_in_memory=2, rooms_stored=1)
    first, second = rooms.create(), rooms.create()
    third = rooms.create()
    assert rooms._storage.load(second.id) is not None
    assert rooms._storage.load(third.id) is not None
    with pytest.raises(NotFound):
        rooms.get(first.id)


# ------------------------------------------------------------------------------------------- together


@pytest.mark.parametrize(
    ("numbers", "commits", "wrong"),
    [
        pytest.param((1, 2, 3, 4), 2, [], id="one transaction for all who came meanwhile"),
        pytest.param((1, 2, 3, 3, 4), 4, [3], id="one that is wrong is no other's fault"),
    ],
)
def test_what_many_want_written_is_written_together(
    tmp_path: Path, numbers: tuple[int, ...], commits: int, wrong: list[int]
) -> None:
    gate, runs = threading.Event(), list[int]()

    def apart(work: Callable[[], None]) -> None:
        gate.wait()
        runs.append(len(runs))
        work()

    db = connect(tmp_path / "x")
    db.execute("CREATE TABLE t (n INTEGER PRIMARY KEY)")
    database = Database(db, apart)
    database._slow_until = float("inf")
    failed = list[int]()

    def put(number: int) -> None:
        try:
            database.write(lambda db: db.executemany("INSERT INTO t VALUES (?)", [(number,)]), is_durable=True)
        except sqlite3.IntegrityError:
            failed.append(number)

    threads = [threading.Thread(target=put, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    while len(database._jobs) + 1 < len(threads):  # the first has gone to write, and the others have gathered
        threading.Event().wait(0.001)
    gate.set()
    for thread in threads:
        thread.join()
    assert len(runs) == commits
    assert failed == wrong
    assert database.read(lambda db: db.execute("SELECT n FROM t").fetchall()) == [(1,), (2,), (3,), (4,)]


@pytest.mark.parametrize(("is_durable", "synchronous"), [(True, 2), (False, 1)])
def test_what_is_acknowledged_waits_for_the_disk(tmp_path: Path, is_durable: bool, synchronous: int) -> None:
    found = list[int]()
    storage = Storage(tmp_path)
    storage._db.write(lambda db: found.extend(db.execute("PRAGMA synchronous").fetchone()), is_durable=is_durable)
    assert found == [synchronous], "FULL, or NORMAL"


def test_a_room_that_cannot_be_read_now_is_asked_for_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rooms = make_rooms(tmp_path, rooms_in_memory=1)
    room = rooms.create()
    rooms.create()

    def fails(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(Storage, "load", fails)
        with pytest.raises(ServiceUnavailable, match="try again"):
            rooms.get(room.id)
    assert rooms.get(room.id).id == room.id
    assert caplog.records
