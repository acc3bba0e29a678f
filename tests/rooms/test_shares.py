"""Rooms are divided among worker processes by their names, and their files before a start."""

from __future__ import annotations

import itertools
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from app.api.errors import NotFound
from app.api.objects import Ref
from app.commands import Scale
from app.rooms import Rooms, Share, dividing, files, owner
from app.rooms.storage import Storage
from tests.support.rooms import Script

pytestmark = pytest.mark.long

WEB = Ref("Deployment", "default", "web")
NAMES = [Share().new_name() for _ in range(1_000)]


def rooms_of(folder: Path, share: Share) -> Rooms:
    rooms = Rooms(Script(), folder, share=share)
    rooms.pacer.stop()
    return rooms


def replicas(folder: Path, workers: int) -> dict[str, int]:
    """Of the Deployment `web` in each room, asked of the worker that it belongs to."""
    found = {}
    for number in range(workers):
        rooms = rooms_of(folder, Share(number, workers))
        with closing(sqlite3.connect(files.path_of(folder, number))) as db:
            names = [name for (name,) in db.execute("SELECT id FROM rooms")]
        for name in names:
            web = rooms.get(name).get(WEB)
            assert web is not None
            found[name] = web["spec"]["replicas"]
        rooms.close()
    return found


def made(folder: Path, workers: int, later: int = 1) -> dict[str, int]:
    """Rooms, and how many replicas somebody asked for in each: four of each worker, or more, until one of those that
    come `later` will have one of them."""
    asked = {}
    for number in range(workers):
        rooms = rooms_of(folder, Share(number, workers))
        newest = 0
        for replicas in itertools.count(1):
            room = rooms.create()
            rooms.submit(room, Scale(WEB, replicas))
            asked[room.id] = replicas
            newest = max(newest, owner(room.id, later))
            if replicas >= 4 and (later <= workers or newest >= workers):
                break
        rooms.close()
    return asked


def test_every_room_has_one_owner_and_shares_are_even() -> None:
    counted = Counter(owner(name, 4) for name in NAMES)
    assert sorted(counted) == [0, 1, 2, 3]
    assert max(counted.values()) < 1.3 * len(NAMES) / 4


def test_one_worker_more_takes_from_the_others_and_nothing_else_changes() -> None:
    changed = {(owner(name, 4), owner(name, 5)) for name in NAMES if owner(name, 4) != owner(name, 5)}
    assert {new for _, new in changed} == {4}


def test_a_worker_makes_rooms_of_its_own_and_knows_no_others(tmp_path: Path) -> None:
    first, second = rooms_of(tmp_path, Share(0, 2)), rooms_of(tmp_path, Share(1, 2))
    room = first.create()
    assert owner(room.id, 2) == 0
    with pytest.raises(NotFound):
        second.get(room.id)
    first.close()
    second.close()


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1), (2, 5), (3, 2)])
def test_another_number_of_workers_finds_every_room(tmp_path: Path, before: int, after: int) -> None:
    asked = made(tmp_path, before, after)
    assert dividing.divide(tmp_path, after) == sum(owner(name, before) != owner(name, after) for name in asked) > 0
    assert replicas(tmp_path, after) == asked
    assert set(files.numbers(tmp_path)) <= set(range(after))
    assert dividing.divide(tmp_path, after) == 0


def test_who_was_ended_while_dividing_begins_again_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = made(tmp_path, 1, later=2)
    kept = {name: Storage(tmp_path).checkpoints(name) for name in asked}

    class Ended(Exception):
        pass

    real = dividing._transaction
    begun = []

    def ending(db: sqlite3.Connection):  # type: ignore[no-untyped-def]
        begun.append(db)
        if len(begun) == 2:
            raise Ended
        return real(db)

    with monkeypatch.context() as patched:
        patched.setattr(dividing, "_transaction", ending)
        with pytest.raises(Ended):
            dividing.divide(tmp_path, 2)
    copied = Storage(tmp_path, number=1)
    twice = [name for name in asked if copied.load(name) is not None and Storage(tmp_path).load(name) is not None]
    assert twice
    copied.close()
    dividing.divide(tmp_path, 2)
    assert replicas(tmp_path, 2) == asked
    shares = [Storage(tmp_path, number=number) for number in range(2)]
    assert all(shares[owner(name, 2)].checkpoints(name)[: len(kept[name])] == kept[name] for name in asked)


def test_a_damaged_file_of_one_worker_leaves_the_others_theirs(tmp_path: Path) -> None:
    asked = made(tmp_path, 2)
    files.path_of(tmp_path, 1).write_bytes(b"nothing of ours" * 500)
    damaged = Storage(tmp_path, number=1)
    assert damaged.damage is not None
    assert damaged.damage.aside.startswith("rooms-1.sqlite3.damaged-")
    assert damaged.set_aside == [damaged.damage.aside]
    damaged.close()
    assert replicas(tmp_path, 2) == {name: count for name, count in asked.items() if owner(name, 2) == 0}
