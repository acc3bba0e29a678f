"""Files that are not what was written: what is so is said, what can be kept is kept, and nothing is written over."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app.api.objects import Ref
from app.commands import Scale
from app.rooms import Lost, Rooms
from app.rooms.files import NAME
from tests.rooms.test_rooms import make_rooms

pytestmark = pytest.mark.long

WEB = Ref("Deployment", "default", "web")
ROOMS = 24
PAGE = 4096


def written(data_dir: Path) -> list[str]:
    """A file with many rooms, each with a command of its own, as a server leaves it. Returns their names."""
    rooms = make_rooms(data_dir)
    ids = []
    for number in range(ROOMS):
        room = rooms.create()
        room.submit(Scale(WEB, 1 + number % 5))
        ids.append(room.id)
    rooms.close()
    return ids


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("whole")
    return folder, written(folder)


def truncated(share: float) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def noise(first: int, last: int | None = None) -> Callable[[Path], None]:
    """Other bytes there; from the end if negative."""

    def damage(path: Path) -> None:
        data = bytearray(path.read_bytes())
        part = slice(first, last)
        data[part] = random.Random(1).randbytes(len(data[part]))
        path.write_bytes(data)

    return damage


def middle_page(size: int) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        first = path.stat().st_size // PAGE // 2 * PAGE
        noise(first, first + size)(path)

    return damage


def sql(*statements: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with closing(sqlite3.connect(path)) as db:
            for statement in statements:
                db.execute(statement)
            db.commit()

    return damage


def another_database(path: Path) -> None:
    path.unlink()
    sql("CREATE TABLE rooms (number INTEGER, beds INTEGER)")(path)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def gone_but_for_its_log(path: Path) -> None:
    path.unlink()
    path.with_name(f"{NAME}-wal").write_bytes(b"x" * 100)


# What is done to the file, and how many rooms are there again at least.
DAMAGED = [
    pytest.param(lambda path: path.write_bytes(b""), 0, id="empty"),
    pytest.param(lambda path: path.write_text("Dear diary"), 0, id="a text"),
    pytest.param(lambda path: path.write_bytes(random.Random(1).randbytes(50_000)), 0, id="noise"),
    pytest.param(lambda path: path.write_bytes(bytes(50_000)), 0, id="zeros"),
    pytest.param(a_folder, 0, id="a folder"),
    pytest.param(gone_but_for_its_log, 0, id="only its log is left"),
    pytest.param(another_database, 0, id="another program's database"),
    pytest.param(sql("ALTER TABLE rooms DROP COLUMN seed"), 0, id="a column is missing"),
    pytest.param(sql("DROP TABLE journal", "CREATE TABLE journal (x)"), 0, id="a table is another"),
    pytest.param(truncated(0.5), 0, id="the second half is missing"),
    pytest.param(truncated(0.9), 1, id="the last tenth is missing"),
    pytest.param(lambda path: path.write_bytes(path.read_bytes()[:100]), 0, id="only a head"),
    pytest.param(noise(0, 16), ROOMS, id="it does not say that it is a database"),
    pytest.param(noise(0, 100), 0, id="the head is noise"),
    pytest.param(noise(100, PAGE), 0, id="the first page is noise"),
    pytest.param(noise(-PAGE), 1, id="the last page is noise"),
    pytest.param(middle_page(PAGE), 1, id="a page in the middle is noise"),
    pytest.param(middle_page(8), 1, id="the head of a page is noise"),
]


@pytest.mark.parametrize(("damage", "least"), DAMAGED)
def test_a_damaged_file_is_set_aside_and_what_can_be_read_goes_on(
    tmp_path: Path, whole: tuple[Path, list[str]], damage: Callable[[Path], None], least: int
) -> None:
    data, ids = tmp_path / "data", whole[1]
    shutil.copytree(whole[0], data)
    path = data / NAME
    damage(path)
    before = path.read_bytes() if path.is_file() else b""
    rooms = make_rooms(data)
    found = rooms._storage.damage
    assert found is not None
    aside = data / found.aside
    assert aside.name.startswith(f"{NAME}.damaged-")
    if aside.is_file():
        assert aside.read_bytes() == before, "it is what it was"
    kept = [id for id in ids if is_there(rooms, id)]
    assert len(kept) == found.kept >= least
    for id in kept:
        room = rooms.get(id)
        assert room.broken is None
        number = ids.index(id)
        deployment = room.cluster.get(WEB)
        assert deployment
        assert deployment["spec"]["replicas"] == 1 + number % 5
    newcomer = rooms.create()
    newcomer.submit(Scale(WEB, 4))
    rooms.close()
    again = make_rooms(data)
    assert again._storage.damage is None, "once is enough"
    assert again.get(newcomer.id).journal == newcomer.journal
    assert all(is_there(again, id) for id in kept)


def is_there(rooms: Rooms, id: str) -> bool:
    """Or it is said where it may be."""
    try:
        return rooms.get(id).id == id
    except Lost as lost:
        return not str(lost.why.values["file"]).startswith(NAME)


def as_a_killed_server_leaves_it(data_dir: Path) -> None:
    """With a log beside the file."""
    rooms = make_rooms(data_dir / "live")
    for number in range(3):
        rooms.create().submit(Scale(WEB, number))
    shutil.copytree(data_dir / "live", data_dir / "killed")
    rooms.close()


def flipped(share: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[int(len(data) * share)] ^= 1
        path.write_bytes(data)

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(flipped(0.5), id="a bit in the middle"),
        pytest.param(flipped(0.0), id="a bit of the head"),
        pytest.param(lambda path: noise(32 + 24 + PAGE, 32 + 2 * (24 + PAGE))(path), id="a frame is noise"),
        pytest.param(noise(0), id="noise"),
    ],
)
def test_a_damaged_log_is_not_passed_over_in_silence(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    as_a_killed_server_leaves_it(tmp_path)
    data = tmp_path / "killed"
    damage(data / f"{NAME}-wal")
    before = (data / f"{NAME}-wal").read_bytes()
    rooms = make_rooms(data)
    found = rooms._storage.damage
    assert found is not None
    assert "the newest of what was written" in found.why
    assert (data / f"{found.aside}-wal").read_bytes() == before
    assert rooms.create().is_stored


def test_the_log_of_a_killed_server_is_no_damage(tmp_path: Path) -> None:
    as_a_killed_server_leaves_it(tmp_path)
    wal = tmp_path / "killed" / f"{NAME}-wal"
    assert wal.stat().st_size > 10 * PAGE
    assert make_rooms(tmp_path / "killed")._storage.damage is None


def test_the_rest_of_an_older_log_behind_a_newer_is_no_damage(tmp_path: Path) -> None:
    rooms = make_rooms(tmp_path / "live")
    rooms.create().submit(Scale(WEB, 1))
    rooms._storage._db.read(lambda db: db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall())
    room = rooms.create()
    shutil.copytree(tmp_path / "live", tmp_path / "killed")
    rooms.close()
    again = make_rooms(tmp_path / "killed")
    assert again._storage.damage is None
    assert again.get(room.id).journal == room.journal


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.rename(f"{path}.elsewhere")], ids=["gone", "moved"])
def test_a_file_that_goes_while_the_server_runs_is_begun_again(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    rooms = make_rooms(tmp_path)
    room, other = rooms.create(), rooms.create()
    for each in (room, other):
        each.submit(Scale(WEB, 5))
    damage(tmp_path / NAME)
    room.cluster.step()
    rooms.moved(room)
    rooms._autosave.write()
    room.submit(Scale(WEB, 4))
    assert room.is_stored
    rooms.close()
    again = make_rooms(tmp_path)
    assert again.get(room.id).journal == room.journal
    assert again.get(other.id).journal == other.journal


def test_a_file_that_is_damaged_while_the_server_runs_is_set_aside(tmp_path: Path) -> None:
    written(tmp_path)
    rooms = make_rooms(tmp_path)
    room = rooms.create()
    room.submit(Scale(WEB, 5))
    rooms._storage._db.read(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
    noise(PAGE)(tmp_path / NAME)
    rooms._storage._db.read(lambda db: db.execute("PRAGMA shrink_memory"))
    room.submit(Scale(WEB, 4))
    rooms.moved(room)
    rooms._autosave.write()
    assert room.is_stored
    assert rooms._storage.set_aside
    rooms.close()
    assert make_rooms(tmp_path).get(room.id).journal == room.journal


# What is done to one room in a file that is whole for SQLite.
ONE_DAMAGED = [
    pytest.param("UPDATE rooms SET steps = steps + 1 WHERE id = ?", id="steps"),
    pytest.param("UPDATE rooms SET pace = '{' WHERE id = ?", id="pace"),
    pytest.param("UPDATE rooms SET script = '[]' WHERE id = ?", id="script"),
    pytest.param("UPDATE rooms SET now_ms = 'soon' WHERE id = ?", id="a word for a number"),
    pytest.param("UPDATE journal SET command = replace(command, '1', '2') WHERE room = ?", id="commands"),
    pytest.param("UPDATE journal SET command = x'00ff' WHERE room = ?", id="bytes for a command"),
    pytest.param("UPDATE journal SET ending = 'killed' WHERE room = ?", id="endings"),
    pytest.param("DELETE FROM journal WHERE number = 0 AND room = ?", id="the first command is gone"),
    pytest.param("DELETE FROM journal WHERE number > 1 AND room = ?", id="the last commands are gone"),
    pytest.param("UPDATE journal SET number = number + 7 WHERE number = 1 AND room = ?", id="a command is misplaced"),
]


@pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "as older versions wrote"])
@pytest.mark.parametrize("statement", ONE_DAMAGED)
def test_a_room_whose_rows_are_damaged_says_so_and_harms_no_other(
    tmp_path: Path, statement: str, is_sealed: bool
) -> None:
    first = make_rooms(tmp_path)
    room, other = first.create(), first.create()
    for each in (room, other):
        each.submit(Scale(WEB, 1))
    first.close()
    if not is_sealed:
        sql("UPDATE rooms SET seal = NULL", "UPDATE journal SET seal = NULL")(tmp_path / NAME)
    with closing(sqlite3.connect(tmp_path / NAME)) as db:
        db.execute(statement, (room.id,))
        db.commit()
        rows = db.execute("SELECT * FROM journal WHERE room = ?", (room.id,)).fetchall()
    rooms = make_rooms(tmp_path)
    again = rooms.get(room.id)
    assert rooms.get(other.id).journal == other.journal
    if is_sealed:
        assert again.broken is not None
        assert "damaged" in str(again.broken.text)
        rooms.close()
        with closing(sqlite3.connect(tmp_path / NAME)) as db:
            assert db.execute("SELECT * FROM journal WHERE room = ?", (room.id,)).fetchall() == rows, "kept as it is"
        rooms = make_rooms(tmp_path)
        again = rooms.get(room.id)
    rooms.reset(again)
    assert again.broken is None
    again.submit(Scale(WEB, 5))
    assert make_rooms(tmp_path).get(room.id).journal == again.journal
