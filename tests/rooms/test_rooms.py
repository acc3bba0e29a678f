"""The registry: create, find, evict, restore."""

from __future__ import annotations

import logging
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from app import scenarios
from app.api import times
from app.api.errors import NotFound, ServiceUnavailable
from app.api.limits import ROOM_IDLE_S
from app.api.objects import Ref, ref_of, with_metadata
from app.apimachinery.documents import parse
from app.cluster import Cluster
from app.commands import DeleteObject, Scale, SetLatencies
from app.rooms import Limits, Rooms
from app.rooms import rooms as rooms_module
from app.rooms.beginnings import FRESH_S, Beginnings, prepared
from app.rooms.rooms import COMING_BACK
from app.rooms.shares import ALPHABET
from app.rooms.storage import Storage, Stored
from tests.support.rooms import Clock, Script

pytestmark = pytest.mark.long

WEB = Ref("Deployment", "default", "web")


def make_rooms(data_dir: Path | None = None, **limits: int) -> Rooms:
    rooms = Rooms(Script(), data_dir, limits=Limits(**limits))
    rooms.pacer.stop()  # nothing moves but by our hand, and nothing is written behind it
    rooms._autosave.stop()
    return rooms


def state_of(cluster: Cluster) -> object:
    objects = {kind: cluster.objects(kind) for kind in cluster.store.kinds()}
    return cluster.now_ms, cluster.trace.count, cluster.store.revision, objects, list(cluster.journal)


@pytest.mark.parametrize("scenario", scenarios.every(), ids=lambda scenario: scenario.id)
def test_every_lesson_begins(scenario: scenarios.Scenario) -> None:
    cluster = prepared(scenario)
    for document in parse(scenario.manifests):  # in some lessons people write all of it
        declared = with_metadata(document.obj, namespace=document.obj["metadata"].get("namespace", "default"))
        everywhere = with_metadata(declared, namespace="")
        assert cluster.get(ref_of(declared)) or cluster.get(ref_of(everywhere)), declared["metadata"]
    assert len(cluster.objects("Node")) == scenario.nodes
    assert scenario.title.keys() == scenario.promise.keys() == {"en", "ja"}


def test_a_lesson_may_begin_at_night() -> None:
    noon = times.parse("2026-05-05T12:34:56Z")
    lesson = replace(scenarios.get("self-healing"), hour=3)
    assert times.rfc3339(prepared(lesson, noon).epoch_ms) == "2026-05-05T03:00:00Z"
    assert times.rfc3339(prepared(replace(lesson, hour=23), noon).epoch_ms) == "2026-05-04T23:00:00Z"


def test_the_default_lesson_begins_quiet_with_three_pods() -> None:
    room = make_rooms().create()
    assert room.cluster.quiet
    assert len(room.cluster.objects("Pod", "default")) == 3


def test_names_of_rooms_cannot_be_guessed() -> None:
    rooms = make_rooms()
    names = {rooms.create().id for _ in range(3)}
    assert len(names) == 3
    assert all(len(name) == 24 and set(name) <= set(ALPHABET) for name in names)


def test_an_unknown_room_and_an_unknown_lesson() -> None:
    rooms = make_rooms()
    with pytest.raises(NotFound, match="room"):
        rooms.get("nope")
    with pytest.raises(NotFound, match="scenario"):
        rooms.create("nope")


def test_a_room_that_was_evicted_comes_back_as_it_was() -> None:
    rooms = make_rooms(rooms_in_memory=1)
    room = rooms.create()
    rooms.submit(room, Scale(WEB, 5))
    room.cluster.run()
    rooms.submit(room, SetLatencies("realistic"))
    rooms.submit(
        room, DeleteObject(Ref("Pod", "default", room.cluster.objects("Pod", "default")[0]["metadata"]["name"]))
    )
    for _ in range(7):
        room.cluster.step()
    room.set_pace(paused=True, speed=3.0)
    before, lived = state_of(room.cluster), room.cluster.copy()
    rooms.create()
    assert len(rooms) == 1
    again = rooms.get(room.id)
    assert again is not room
    assert state_of(again.cluster) == before
    assert again.pace == room.pace
    assert again.epoch != room.epoch
    again.cluster.run()
    lived.run()
    assert state_of(again.cluster) == state_of(lived)


def test_a_clock_that_stood_between_steps_comes_back_too() -> None:
    rooms = make_rooms(rooms_in_memory=1)
    room = rooms.create()
    room.cluster.advance(room.cluster.now_ms + 12_345)
    rooms.submit(room, Scale(WEB, 4))
    room.cluster.advance(room.cluster.now_ms + 1_234)
    before = state_of(room.cluster)
    rooms.create()
    assert state_of(rooms.get(room.id).cluster) == before


def test_rooms_outlive_a_restart(tmp_path: Path) -> None:
    first = make_rooms(tmp_path)
    room = first.create("rolling-update")
    first.submit(room, Scale(WEB, 5))
    room.cluster.run()
    before = state_of(room.cluster)
    first.close()
    second = make_rooms(tmp_path)
    again = second.get(room.id)
    assert state_of(again.cluster) == before
    assert again.scenario.id == "rolling-update"


def test_a_kill_loses_no_command(tmp_path: Path) -> None:
    first = make_rooms(tmp_path)
    room = first.create()
    first.submit(room, Scale(WEB, 5))
    journal = list(room.journal)
    assert make_rooms(tmp_path).get(room.id).journal == journal  # without close()


def test_a_data_directory_of_an_older_version_is_read(tmp_path: Path) -> None:
    """As `rooms.sqlite3` was before commands had an ending."""
    first = make_rooms(tmp_path)
    room = first.create()
    room.submit(Scale(WEB, 5))
    first.close()
    db = sqlite3.connect(tmp_path / "rooms.sqlite3")
    lacking = {"rooms": ("script", "stopped", "commands", "seal"), "journal": ("ending", "seal")}
    for table, column in [(table, column) for table, columns in lacking.items() for column in columns]:
        db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    db.commit()
    db.close()
    again = make_rooms(tmp_path).get(room.id)
    assert again.journal == room.journal
    again.submit(Scale(WEB, 4))
    assert make_rooms(tmp_path).get(room.id).journal == again.journal


def test_a_disk_that_is_full_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rooms = make_rooms(tmp_path)
    room = rooms.create()

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched, caplog.at_level(logging.CRITICAL, logger="app.rooms.rooms"):
        patched.setattr(Storage, "begin", full)
        patched.setattr(Storage, "save", full)
        room.submit(Scale(WEB, 5))
        assert not room.is_stored
        assert room.broken is None
    room.submit(Scale(WEB, 4))
    assert room.is_stored
    assert make_rooms(tmp_path).get(room.id).journal == room.journal


def test_a_reset_forgets_the_journal(tmp_path: Path) -> None:
    first = make_rooms(tmp_path)
    room = first.create()
    first.submit(room, Scale(WEB, 5))
    first.reset(room, "cascade-delete")
    first.close()
    again = make_rooms(tmp_path).get(room.id)
    assert again.scenario.id == "cascade-delete"
    begun = prepared(scenarios.get("cascade-delete"))
    assert [entry.command for entry in again.journal] == [entry.command for entry in begun.journal]


def test_watched_rooms_stay_and_a_full_server_says_so() -> None:
    rooms = make_rooms(rooms_in_memory=2)
    watched = [rooms.create() for _ in range(2)]
    for room in watched:
        room.attach("en", room.epoch, room.frame)
    with pytest.raises(ServiceUnavailable, match="try again later"):
        rooms.create()
    assert [rooms.get(room.id) for room in watched] == watched
    assert len(rooms) == 2


def test_rooms_that_nobody_has_touched_for_a_while_make_place_before_it_is_needed() -> None:
    clock = Clock()
    rooms = Rooms(Script(), clock=clock)
    rooms.pacer.stop()
    touched, watched, left = (rooms.create() for _ in range(3))
    watched.attach("en", watched.epoch, watched.frame)
    clock.now += ROOM_IDLE_S - 1
    assert rooms.get(touched.id) is touched
    assert len(rooms) == 3
    clock.now += 1
    journal = list(left.journal)
    rooms.create()
    assert rooms.get(touched.id) is touched
    assert rooms.get(watched.id) is watched
    assert len(rooms) == 3
    assert rooms.get(left.id).journal == journal


def test_rooms_that_nobody_asks_for_leave_memory_though_no_other_comes() -> None:
    clock = Clock()
    rooms = Rooms(Script(), clock=clock)
    rooms.pacer.stop()
    left, unwritten, watched = (rooms.create() for _ in range(3))
    unwritten.is_stored = False
    watched.attach("en", watched.epoch, watched.frame)
    clock.now += ROOM_IDLE_S - 1
    rooms._tidy(at_rest=True)
    assert len(rooms) == 3
    clock.now += 1
    state = state_of(left.cluster)
    rooms._tidy(at_rest=False)
    assert [rooms.held(room.id) for room in (left, unwritten, watched)] == [None, unwritten, watched]
    assert state_of(rooms.get(left.id).cluster) == state


def test_only_so_many_rooms_are_kept() -> None:
    rooms = make_rooms(rooms_in_memory=1, rooms_stored=2)
    ids = [rooms.create().id for _ in range(4)]
    with pytest.raises(NotFound):
        rooms.get(ids[0])
    assert rooms.get(ids[2]).id == ids[2]


def test_a_room_that_was_given_up_in_storage_is_written_down_again() -> None:
    rooms = make_rooms()
    room = rooms.create()
    rooms._storage.prune(0, spared=())
    assert rooms._storage.load(room.id) is None
    room.submit(Scale(WEB, 5))
    stored = rooms._storage.load(room.id)
    assert stored is not None
    assert list(stored.journal) == list(room.journal)


def test_a_lesson_with_a_mistake_is_refused_and_its_line_is_told(tmp_path: Path) -> None:
    lesson = tmp_path / "x.yaml"
    lesson.write_text("title: {en: a, ja: b}\npromise: {en: a, ja: b}\nnode: 3\n")
    with pytest.raises(ValueError, match=r"x.yaml, line 3: unknown field node. Did you mean nodes\?"):
        scenarios.load(lesson)


def test_lessons_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.scenarios._FOLDERS", list(scenarios._FOLDERS))
    (tmp_path / "mine.yaml").write_text("order: 1\ntitle: {en: a, ja: b}\npromise: {en: c, ja: d}\nnodes: 5\n")
    scenarios.add_folder(tmp_path)
    try:
        assert scenarios.every()[0].id == "mine"
        assert len(make_rooms().create("mine").cluster.objects("Node")) == 5
    finally:
        monkeypatch.undo()
        scenarios._all.cache_clear()
    assert not scenarios.has("mine")


def test_rooms_begin_as_copies_and_each_goes_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    lived: list[str] = []

    def counted(scenario: scenarios.Scenario, began_ms: int) -> Cluster:
        lived.append(scenario.id)
        return prepared(scenario, began_ms)

    monkeypatch.setattr("app.rooms.beginnings.prepared", counted)
    clock = Clock()
    beginnings = Beginnings(clock)
    lesson, other = scenarios.get("self-healing"), scenarios.get("rolling-update")
    first, second = beginnings.of(lesson), beginnings.of(lesson)
    assert lived == ["self-healing"]
    assert first.journal == second.journal
    assert [entry.command for entry in first.journal] == [entry.command for entry in prepared(lesson).journal]
    pod = first.objects("Pod", "default")[0]
    first.submit(DeleteObject(Ref("Pod", "default", pod["metadata"]["name"])))
    assert second.get(Ref("Pod", "default", pod["metadata"]["name"])) == pod
    assert not [entry for entry in second.journal if entry.command["do"] == "delete"]
    beginnings.of(other)
    clock.now += FRESH_S
    beginnings.of(lesson)
    assert lived == ["self-healing", "rolling-update", "self-healing"], "ages are about right for a minute"


def test_of_many_rooms_that_are_asked_for_at_once_few_come_back_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_rooms(tmp_path)
    names = [first.create().id for _ in range(4 * COMING_BACK)]
    first.close()
    rooms, at_work, most = make_rooms(tmp_path), set[str](), [0]
    replayed = rooms_module.replayed

    def slowly(stored: Stored, *rest: object) -> object:
        at_work.add(stored.id)
        most.append(len(at_work))
        time.sleep(0.01)  # the others may begin
        at_work.discard(stored.id)
        return replayed(stored, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(rooms_module, "replayed", slowly)
    with ThreadPoolExecutor(len(names)) as people:
        found = list(people.map(rooms.get, names))
    assert [room.id for room in found] == names
    assert 1 < max(most) <= COMING_BACK
