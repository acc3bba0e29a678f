"""What a room is called, who owns it and whether it is protected: kept as long as the room is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.rooms import Closed, Rooms, Share, Sharing, dividing, files, viewer_key
from app.rooms.access import Access, LastClosed
from app.rooms.storage import Damaged, Storage
from tests.support.rooms import Script


def opened(folder: Path, share: Share | None = None) -> Rooms:
    rooms = Rooms(Script(), folder, share=share or Share())
    rooms.pacer.stop()
    return rooms


def named(rooms: Rooms, title: str = "A talk") -> tuple[str, Access]:
    """A room that is called so and protected, and what is to be found of it again."""
    room = rooms.create()
    room.grant(room.access._replace(title=title, protected=True))
    return room.id, room.access


def test_a_restart_keeps_it(tmp_path: Path) -> None:
    rooms = opened(tmp_path)
    name, access = named(rooms)
    rooms.close()
    again = opened(tmp_path)
    assert again.get(viewer_key(name)).id == name, "found by its viewer key, though it is not in memory"
    assert again.get(name).access == access
    again.close()


def test_a_reset_keeps_it(tmp_path: Path) -> None:
    rooms = opened(tmp_path)
    name, access = named(rooms)
    rooms.reset(rooms.get(name))
    rooms.close()
    again = opened(tmp_path)
    assert again.get(name).access == access
    again.close()


def test_a_room_that_was_put_away_keeps_it() -> None:
    rooms = Rooms(Script())
    rooms.pacer.stop()
    name, access = named(rooms)
    rooms._put_away([rooms._rooms.pop(name)])
    assert rooms.held(viewer_key(name)) is None
    assert rooms.get(viewer_key(name)).access == access
    assert rooms.held(viewer_key(name)) is rooms.get(name)


def test_a_copy_has_keys_of_its_own() -> None:
    rooms = Rooms(Script())
    rooms.pacer.stop()
    room = rooms.get(named(rooms)[0])
    fork = Sharing(rooms).forked(room)
    assert (fork.access.title, fork.access.protected) == ("", False)
    assert fork.access.owner not in ("", room.access.owner)
    assert viewer_key(fork.id) != viewer_key(room.id)


def test_a_file_of_an_older_version_is_read(tmp_path: Path) -> None:
    rooms = opened(tmp_path)
    name, _ = named(rooms)
    rooms.close()
    with closing(sqlite3.connect(files.path_of(tmp_path, 0))) as db:
        db.execute("DROP TABLE access")
        db.commit()
    again = opened(tmp_path)
    assert again.get(viewer_key(name)).access == Access(), "nobody owns it"
    again.close()


def test_what_is_not_as_it_was_written_is_damage(tmp_path: Path) -> None:
    rooms = opened(tmp_path)
    name, _ = named(rooms)
    rooms.close()
    with closing(sqlite3.connect(files.path_of(tmp_path, 0))) as db:
        db.execute("UPDATE access SET protected = 0")
        db.commit()
    storage = Storage(tmp_path)
    with pytest.raises(Damaged):
        storage.load(name)
    storage.close()


def test_rooms_that_move_to_other_workers_keep_it(tmp_path: Path) -> None:
    rooms = opened(tmp_path)
    known = dict(named(rooms, f"Talk {number}") for number in range(6))
    rooms.close()
    assert dividing.divide(tmp_path, 3) > 0
    shares = [opened(tmp_path, Share(number, 3)) for number in range(3)]
    for name, access in known.items():
        mine = next(each for each in shares if each._share.has(viewer_key(name)))
        assert mine.get(viewer_key(name)).access == access
    for each in shares:
        each.close()


def test_a_room_that_is_closed_is_gone_from_the_disk(tmp_path: Path) -> None:
    rooms = opened(tmp_path)
    name, _ = named(rooms)
    other, _ = named(rooms)
    rooms.close_room(rooms.get(name))
    for key in (name, viewer_key(name)):
        with pytest.raises(Closed):
            rooms.get(key)
    rooms.close()
    with closing(sqlite3.connect(files.path_of(tmp_path, 0))) as db:
        for table in ("access", "journal", "checkpoints"):
            assert {room for (room,) in db.execute(f"SELECT room FROM {table}")} <= {other}
        assert list(db.execute("SELECT id FROM rooms")) == [(other,)]


def test_of_so_many_it_is_known_that_they_were_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.limits.ROOMS_CLOSED_TOLD", 2)
    closed = LastClosed()
    for name in ("first", "second", "third"):
        closed.add(name)
    closed.check("first")
    with pytest.raises(Closed):
        closed.check(viewer_key("third"))
