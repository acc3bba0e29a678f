"""Rooms in a PostgreSQL: what the file promises holds there too, and two servers never write one room."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator

import psycopg
import pytest

from app.api.errors import NotFound, ServiceUnavailable
from app.api.objects import Ref
from app.commands import Scale
from app.rooms import Elsewhere, Limits, Room, Rooms
from app.rooms.checkpoints import EVERY
from app.rooms.loading import DAMAGED
from app.rooms.replaying import PAST
from app.rooms.storage import Storage
from tests.rooms.test_rooms import state_of
from tests.rooms.test_rooms_of_any_age import live
from tests.support.patience import PATIENCE_S
from tests.support.rooms import Script
from tests.support.server import Server
from tests.support.stores import Postgres

WEB = Ref("Deployment", "default", "web")
SCALE = {"kind": "Deployment", "name": "web"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written but by our hand, and what failed is tried again at once."""
    monkeypatch.setattr("app.rooms.autosave.INTERVAL_S", 3600)
    monkeypatch.setattr("app.rooms.postgres.HELD_S", 0.0)


@pytest.fixture
def server(postgres: Postgres) -> Iterator[Callable[..., Rooms]]:
    """Makes one more server, that is: its rooms, which move only by our hand."""
    made = []

    def another(**limits: int) -> Rooms:
        rooms = Rooms(Script(), postgres.url, limits=Limits(**limits))
        rooms.pacer.stop()
        made.append(rooms)
        return rooms

    yield another
    for rooms in made:
        rooms.close()


def sql(postgres: Postgres, text: str, *values: object) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as db:
        db.execute(text, values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "act",
    [
        lambda room: room.submit(Scale(WEB, 5)),
        lambda room: room.set_pace(mode="clock", speed=0.5, paused=True),
        lambda room: [room.step_phase() for _ in range(7)],
        lambda room: room.press(0),
    ],
    ids=["command", "pace", "steps", "lesson"],
)
def test_what_people_did_is_there_for_the_next_server(
    server: Callable[..., Rooms], act: Callable[[Room], object]
) -> None:
    room = server().create()
    act(room)
    again = server().get(room.id)
    assert again is not room
    assert state_of(again.cluster) == state_of(room.cluster)
    assert again.pace == room.pace
    assert again.script.to_json() == room.script.to_json()


def test_what_is_acknowledged_is_committed(server: Callable[..., Rooms], postgres: Postgres) -> None:
    room = server().create()
    postgres.stop()  # without a chance to write anything down
    postgres.start()
    assert server().get(room.id).journal == room.journal


def test_a_room_comes_back_from_its_newest_checkpoint(server: Callable[..., Rooms], postgres: Postgres) -> None:
    rooms = server()
    room = rooms.create()
    live(rooms, room, PAST + 2 * EVERY)
    room.submit(Scale(WEB, 5))
    rooms.save(room)
    kept = Storage(postgres.url).checkpoints(room.id)
    assert len(kept) >= 2
    again = server().get(room.id)
    assert state_of(again.cluster) == state_of(room.cluster)
    assert again.cluster.trace.first > 1, "its past was not lived through again"


def test_of_a_room_that_was_damaged_it_is_said_and_nothing_is_written(
    server: Callable[..., Rooms], postgres: Postgres
) -> None:
    room = server().create()
    room.submit(Scale(WEB, 5))
    sql(postgres, "UPDATE journal SET command = replace(command, '5', '6') WHERE room = %s", room.id)
    again = server().get(room.id)
    assert again.broken is not None
    assert again.broken.text == DAMAGED


def test_rooms_go_on_while_it_is_away_and_are_written_when_it_is_back(
    server: Callable[..., Rooms], postgres: Postgres
) -> None:
    rooms = server()
    room, other = rooms.create(), rooms.create()
    rooms.get(other.id)
    postgres.stop()
    try:
        room.submit(Scale(WEB, 5))
        room.set_pace(paused=True)
        assert not room.is_stored
        assert room.broken is None
        assert rooms.health().unstored == 1
        with pytest.raises(ServiceUnavailable, match="try again"):
            rooms.get("unknown")
    finally:
        postgres.start()
    rooms._autosave.write()
    assert room.is_stored
    again = server().get(room.id)
    assert again.journal == room.journal
    assert again.pace.paused


def test_a_connection_that_was_lost_in_between_is_made_again_and_nobody_notices(
    server: Callable[..., Rooms], postgres: Postgres
) -> None:
    rooms = server()
    room = rooms.create()
    sql(postgres, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid()")
    room.submit(Scale(WEB, 5))
    assert room.is_stored
    assert server().get(room.id).journal == room.journal


def test_tables_that_another_program_holds_stop_nobody(server: Callable[..., Rooms], postgres: Postgres) -> None:
    rooms = server()
    room = rooms.create()
    with psycopg.connect(postgres.url) as other:
        other.execute("LOCK TABLE rooms")
        room.submit(Scale(WEB, 5))
        assert not room.is_stored
        assert room.broken is None
    rooms._autosave.write()
    assert room.is_stored
    assert server().get(room.id).journal == room.journal


def test_who_asks_for_a_room_has_it_and_who_had_it_writes_no_more(server: Callable[..., Rooms]) -> None:
    first, second = server(), server()
    room = first.create()
    room.submit(Scale(WEB, 4))
    viewer = room.attach("en", room.epoch, room.frame)
    taken = second.get(room.id)
    taken.submit(Scale(WEB, 5))
    before = state_of(room.cluster)
    with pytest.raises(Elsewhere):
        room.submit(Scale(WEB, 9))
    assert state_of(room.cluster) == before, "it is refused before it is done"
    with pytest.raises(Elsewhere):
        room.set_pace(paused=True)
    assert viewer.dismissed
    back = first.get(room.id)
    assert back is not room
    assert back.journal == taken.journal
    with pytest.raises(Elsewhere):
        taken.submit(Scale(WEB, 6))


def test_one_that_only_lives_on_elsewhere_is_let_go_when_it_moves(server: Callable[..., Rooms]) -> None:
    first, second = server(), server()
    room = first.create()
    viewer = room.attach("en", room.epoch, room.frame)
    second.get(room.id)
    live(first, room, 20)
    first._autosave.write()
    assert viewer.dismissed


def test_rooms_that_are_too_many_are_forgotten_those_in_memory_last(server: Callable[..., Rooms]) -> None:
    old = server().create()
    rooms = server(rooms_stored=2)
    made = [rooms.create() for _ in range(4)]
    with pytest.raises(NotFound):
        server().get(old.id)
    assert all(server().get(each.id).journal == each.journal for each in made)


def test_rooms_are_put_away_and_come_back(server: Callable[..., Rooms]) -> None:
    rooms = server(rooms_in_memory=1)
    room = rooms.create()
    room.submit(Scale(WEB, 4))
    journal = list(room.journal)
    rooms.create()
    assert len(rooms) == 1
    assert list(rooms.get(room.id).journal) == journal


def test_it_raises_what_a_file_raises(postgres: Postgres) -> None:
    storage = Storage(postgres.url)
    with pytest.raises(sqlite3.Error):
        storage._db.write(lambda db: db.execute("SELECT nonsense"))
    assert storage.load("unknown") is None
    storage.close()


@pytest.mark.long
def test_a_server_of_ours_with_two_workers_keeps_its_rooms_there(postgres: Postgres) -> None:
    options = ("--store", postgres.url, "--workers", "2")
    with Server(*options) as running:
        assert f"Rooms are kept in postgresql://127.0.0.1:{postgres.port}/postgres" in running.log()
        visitors = [running.stranger() for _ in range(4)]
        rooms = {visitor.room(): count for count, visitor in enumerate(visitors, start=4)}
        for visitor, (room, count) in zip(visitors, rooms.items(), strict=True):
            visitor.post(f"/rooms/{room}/commands/scale", SCALE | {"replicas": count})
        running.kill()
    with Server(*options[:2]) as running:
        for room, count in rooms.items():
            assert f"  replicas: {count}\n" in running.get(f"/rooms/{room}/objects/Deployment/default/web/yaml")
        room = next(iter(rooms))
        running.get(f"/rooms/{room}")
        postgres.stop()
        try:
            answer = running.post(f"/rooms/{room}/commands/scale", SCALE | {"replicas": 9})
            assert "cannot write this down" in answer
            assert "cannot write this down" in running.get(f"/rooms/{room}")
            assert '"status":"degraded"' in running.get("/healthz")
        finally:
            postgres.start()


def test_one_that_is_not_there_is_said_to_be_at_the_start() -> None:
    command = [sys.executable, "-m", "app.web.serve", "serve", "--port", "0", "--store", "postgresql://127.0.0.1:9/x"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert ended.returncode == 1
    assert "rooms cannot be kept in that PostgreSQL" in ended.stderr
    assert "Traceback" not in ended.stderr
