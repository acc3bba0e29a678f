"""Rooms come back whatever their age, and after an upgrade with all that they held."""

from __future__ import annotations

import importlib
import logging
import random
import sqlite3
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from app.api.errors import NotFound
from app.api.objects import Ref
from app.cluster import Cluster, Entry, checkpoint
from app.commands import DeleteObject, Scale
from app.look import Look
from app.rooms import NotDone, Room, Rooms, hindsight
from app.rooms.checkpoints import EVERY, RECENT, RESTED, WITHIN, superfluous, unpacked
from app.rooms.replaying import PAST
from app.rooms.storage import Kept, Storage, Stored
from tests.rooms.test_rooms import make_rooms, state_of

pytestmark = pytest.mark.long

WEB = Ref("Deployment", "default", "web")
TURN = 150  # steps


def live(rooms: Rooms, room: Room, steps: int) -> None:
    """Turns of the room, and of whoever writes it down."""
    until = room.cluster.trace.count + steps
    while room.cluster.trace.count < until:
        room.cluster.advance(room.cluster.now_ms + 3_600_000, min(TURN, until - room.cluster.trace.count))
        rooms.moved(room)
        rooms.checkpoints.finish()


def stored_steps(folder: Path) -> list[int]:
    with sqlite3.connect(folder / "rooms.sqlite3") as db:
        found = [step for (step,) in db.execute("SELECT step FROM checkpoints ORDER BY step")]
    db.close()
    return found


def seen(step: int, look: Look) -> object:
    """All that there was after that step."""
    then = look.at(step)
    return then.now_ms, then.revision, then.as_of(then.revision), [*then.applied]


def forget_all(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the room knew nothing of its past any more."""
    knows = hindsight.knows
    monkeypatch.setattr(hindsight, "knows", lambda cluster, step: cluster is not room.cluster and knows(cluster, step))


def counted(monkeypatch: pytest.MonkeyPatch, name: str) -> list[tuple[Any, ...]]:
    """What that function is called with from now on."""
    calls: list[tuple[Any, ...]] = []
    module, _, function = name.rpartition(".")
    real = getattr(importlib.import_module(module), function)
    monkeypatch.setattr(name, lambda *given: (calls.append(given), real(*given))[1])
    return calls


def replicas(room: Room) -> int:
    found = room.get(WEB)
    assert found is not None
    wanted: int = found["spec"]["replicas"]
    return wanted


@pytest.mark.parametrize("seed", range(3))
def test_of_the_last_steps_each_is_soon_after_a_checkpoint_and_of_the_rest_few_are_kept(seed: int) -> None:
    rng = random.Random(seed)
    kept, newest = [0], 0
    while newest < 3_000_000:
        newest += rng.choice([20, 500, EVERY, EVERY + 3 * TURN])
        kept.append(newest)
        kept = [step for step in kept if step not in set(superfluous(kept))]
        recent = [step for step in kept if step >= newest - RECENT - WITHIN]
        assert all(later - before <= WITHIN for before, later in pairwise(recent))
        assert recent[-1] == newest
        assert kept[0] == 0
        assert len(kept) < 2 * RECENT / WITHIN + 40


def test_a_room_of_any_age_comes_back_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rooms = make_rooms(tmp_path)
    room = rooms.create()
    live(rooms, room, 2 * PAST)
    room.submit(Scale(WEB, 5))
    live(rooms, room, 700)
    rooms.save(room)
    lived: list[int] = []
    forward = Cluster.forward
    monkeypatch.setattr(
        Cluster, "forward", lambda *given: (lived.append(given[0].trace.count), forward(*given))[1]
    )  # fmt: skip
    monkeypatch.setattr("app.api.limits.STEPS_REPLAYED", 0)
    again = make_rooms(tmp_path).get(room.id)
    assert again.broken is None
    assert state_of(again.cluster) == state_of(room.cluster)
    assert room.cluster.trace.count - lived[0] <= PAST + WITHIN
    assert len(again.cluster.trace) >= PAST, "its newest past is there again"
    for cluster in (room.cluster, again.cluster):
        cluster.run()
    assert state_of(again.cluster) == state_of(room.cluster)


def test_a_kill_costs_no_more_than_the_steps_since_the_newest_checkpoint(tmp_path: Path) -> None:
    rooms = make_rooms(tmp_path)
    room = rooms.create()
    live(rooms, room, 2 * EVERY)
    again = make_rooms(tmp_path).get(room.id)
    assert again.broken is None
    assert again.cluster.trace.count >= room.cluster.trace.count - EVERY


def test_of_a_damaged_file_checkpoints_are_kept_with_their_rooms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = make_rooms(tmp_path)
    room = rooms.create()
    live(rooms, room, PAST + EVERY)
    rooms.close()
    steps = stored_steps(tmp_path)
    with (tmp_path / "rooms.sqlite3").open("r+b") as file:
        file.write(b"no such database")
    monkeypatch.setattr("app.api.limits.STEPS_REPLAYED", 0)
    again = make_rooms(tmp_path)
    assert again._storage.damage is not None
    assert stored_steps(tmp_path) == steps
    assert state_of(again.get(room.id).cluster) == state_of(room.cluster)


def test_into_a_new_file_rooms_are_written_with_a_checkpoint_even_at_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = make_rooms(tmp_path)
    rooms._autosave.stop()  # nothing is written but by our hand
    room = rooms.create()
    live(rooms, room, PAST + EVERY)
    for path in tmp_path.glob("rooms.sqlite3*"):
        path.unlink()
    rooms._autosave.write()
    rooms.checkpoints.finish()
    monkeypatch.setattr("app.api.limits.STEPS_REPLAYED", 0)
    again = make_rooms(tmp_path).get(room.id)
    assert again.broken is None
    assert state_of(again.cluster) == state_of(room.cluster)


def test_what_is_not_written_down_yet_is_in_no_checkpoint(tmp_path: Path) -> None:
    rooms = make_rooms(tmp_path)
    rooms._autosave.stop()  # nothing is written but by our hand
    room = rooms.create()
    room.cluster.submit(Scale(WEB, 5))
    room.cluster.advance(room.cluster.now_ms + 3_600_000, EVERY)
    rooms.moved(room)
    rooms.checkpoints.finish()
    assert stored_steps(tmp_path) == []
    rooms.save(room)
    rooms.checkpoints.finish()
    assert stored_steps(tmp_path) == [room.cluster.trace.count]


def test_a_room_that_has_come_to_rest_is_written_down(tmp_path: Path) -> None:
    rooms = make_rooms(tmp_path)
    room = rooms.create()
    room.submit(Scale(WEB, 6))
    room.cluster.advance(room.cluster.now_ms + 3_600_000, RESTED)
    room.cluster.run()
    assert room.cluster.trace.count < EVERY
    rooms.moved(room)
    rooms.checkpoints.finish()
    assert stored_steps(tmp_path) == [room.cluster.trace.count]


def test_it_is_written_in_slices_and_the_room_may_go_on_meanwhile(tmp_path: Path) -> None:
    rooms = make_rooms(tmp_path)
    room = rooms.create()
    room.cluster.advance(room.cluster.now_ms + 3_600_000, EVERY)
    rooms.moved(room)
    begun = room.cluster.trace.count
    before = state_of(room.cluster.copy())
    turns = 0
    while rooms.checkpoints.turn(0.0) is not None:
        turns += 1
        room.cluster.step()
    rooms.checkpoints.finish()
    data = rooms._storage.checkpoint(room.id, begun)
    assert state_of(checkpoint.resumed(unpacked(data), room.journal)) == before


def test_one_that_is_damaged_is_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="app.rooms")
    rooms = make_rooms(tmp_path)
    room = rooms.create()
    live(rooms, room, 2 * PAST)
    rooms.save(room)
    with sqlite3.connect(tmp_path / "rooms.sqlite3") as db:
        db.execute("UPDATE checkpoints SET data = substr(data, 1, length(data) / 2) WHERE step > 3000")
    db.close()
    assert state_of(make_rooms(tmp_path).get(room.id).cluster) == state_of(room.cluster)


def test_a_reset_room_forgets_them_also_one_that_was_being_written(tmp_path: Path) -> None:
    rooms = make_rooms(tmp_path)
    room = rooms.create()
    live(rooms, room, 2 * EVERY)
    assert stored_steps(tmp_path)
    room.cluster.advance(room.cluster.now_ms + 3_600_000, EVERY)
    rooms.moved(room)
    rooms.reset(room)
    rooms.checkpoints.finish()
    assert stored_steps(tmp_path) == []
    assert state_of(make_rooms(tmp_path).get(room.id).cluster) == state_of(room.cluster)


def test_after_an_upgrade_its_objects_and_all_that_was_done_are_there_and_its_past_is_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = make_rooms(tmp_path)
    room = rooms.create()
    live(rooms, room, 2 * EVERY)
    room.submit(Scale(WEB, 5))
    room.cluster.run()
    rooms.moved(room)
    rooms.checkpoints.finish()
    objects = {kind: room.cluster.objects(kind) for kind in ("Pod", "Deployment", "Node")}
    moment = (room.cluster.now_ms, room.cluster.trace.count)
    rooms.save(room)

    monkeypatch.setattr("app.cluster.checkpoint.version", lambda: "another")
    rooms = make_rooms(tmp_path)
    again = rooms.get(room.id)
    assert again.retold > 0
    assert replicas(again) == 5
    assert {kind: len(again.cluster.objects(kind)) for kind in objects} == {
        kind: len(found) for kind, found in objects.items()
    }
    assert again.cluster.now_ms >= moment[0]
    assert again.cluster.trace.count >= moment[1]
    assert stored_steps(tmp_path) == [again.retold], "nothing leads back to what another version told"
    again.submit(Scale(WEB, 2))
    again.cluster.run()
    rooms.save(again)
    third = make_rooms(tmp_path).get(room.id)
    assert state_of(third.cluster) == state_of(again.cluster)
    assert third.retold == again.retold
    rooms.reset(again)
    assert make_rooms(tmp_path).get(room.id).retold == again.retold == 0


def test_commands_after_the_newest_checkpoint_outlive_an_upgrade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = make_rooms(tmp_path)
    room = rooms.create()
    live(rooms, room, EVERY)
    room.submit(Scale(WEB, 5))
    room.cluster.run()
    pod = room.cluster.objects("Pod", "default")[0]["metadata"]["name"]
    room.submit(DeleteObject(Ref("Pod", "default", pod)))
    monkeypatch.setattr("app.cluster.checkpoint.version", lambda: "another")
    again = make_rooms(tmp_path).get(room.id)
    again.cluster.run()
    names = [each["metadata"]["name"] for each in again.cluster.objects("Pod", "default")]
    assert len(names) == 5
    assert pod not in names
    assert [entry.command for entry in again.journal] == [entry.command for entry in room.journal]


def test_any_step_can_be_looked_at_again_by_replaying_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rooms = make_rooms(tmp_path)
    room = rooms.create()
    then: dict[int, object] = {}
    for number in range(5):
        live(rooms, room, 900)
        room.submit(Scale(WEB, number))
        then[room.cluster.trace.count] = seen(room.cluster.trace.count, room.cluster)
    forget_all(room, monkeypatch)
    lived: list[int] = []
    forward = Cluster.forward
    monkeypatch.setattr(Cluster, "forward", lambda *given: (lived.append(given[0].trace.count), forward(*given))[1])
    for step, state in then.items():
        lived.clear()
        assert rooms.hindsight.look(room, step, partial(seen, step)) == state
        assert step - lived[0] <= WITHIN
    with pytest.raises(NotFound):
        rooms.hindsight.look(room, 1_000_000, lambda look: look)


def test_who_drags_along_the_ruler_waits_for_the_first_look_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = make_rooms(tmp_path)
    room = rooms.create()
    live(rooms, room, EVERY + 1_500)
    room.submit(Scale(WEB, 5))
    live(rooms, room, 1_500)
    steps = range(EVERY + 600, EVERY + 2_600, 400)
    then = {step: seen(step, room.cluster) for step in steps}
    forget_all(room, monkeypatch)
    begun = counted(monkeypatch, "app.rooms.hindsight.as_it_was")
    for step in (*steps, *reversed(steps)):
        assert rooms.hindsight.look(room, step, partial(seen, step)) == then[step]
    assert len(begun) == 1
    rooms.reset(room)
    with pytest.raises(NotFound):
        rooms.hindsight.look(room, steps[0], partial(seen, steps[0]))


@pytest.mark.mistakes
def test_a_command_that_fails_in_an_old_room_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, logger="app.rooms")
    rooms = make_rooms(tmp_path)
    room = rooms.create()
    live(rooms, room, 2 * PAST)
    rooms.save(room)
    with monkeypatch.context() as patched:
        patched.setattr(Scale, "perform", lambda *_: 1 / 0)
        with pytest.raises(NotDone):
            room.submit(Scale(WEB, 7))
    monkeypatch.setattr("app.api.limits.STEPS_REPLAYED", 0)
    again = rooms.get(room.id)
    assert again.journal[-1].left_out == "ZeroDivisionError"
    assert replicas(again) == 3
    again.submit(Scale(WEB, 4))
    assert state_of(make_rooms(tmp_path).get(room.id).cluster) == state_of(again.cluster)


def test_of_too_many_bytes_the_oldest_go_and_never_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.limits.CHECKPOINT_BYTES", 100)
    storage = Storage(tmp_path)
    storage.save(Stored("r", "s", 1, 0, 0, 0, {}, [Entry(0, 0, {})], {}), 0, 0.0)
    for step in range(1, 6):
        storage.keep("r", Kept(step, "ours", 0), b"x" * 40, lambda steps: [4] if 5 in steps else [])
    storage.flush()
    assert [each.step for each in storage.checkpoints("r")] == [3, 5]
    storage.keep("r", Kept(6, "ours", 0), b"x" * 400, lambda steps: [])
    storage.flush()
    assert [each.step for each in storage.checkpoints("r")] == [6]
    assert storage.load("r").steps == 6  # type: ignore[union-attr]


def test_rooms_untouched_for_long_keep_their_newest_and_come_back_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.limits.ROOMS_WITH_CHECKPOINTS", 1)
    rooms = make_rooms(tmp_path)
    room = rooms.create()
    live(rooms, room, PAST + 2 * WITHIN)
    rooms.save(room)
    newest = stored_steps(tmp_path)[-1]
    rooms.create()
    assert stored_steps(tmp_path) == [newest]
    again = make_rooms(tmp_path).get(room.id)
    assert again.cluster.trace.first == newest + 1
    assert state_of(again.cluster) == state_of(room.cluster)


def test_a_journal_whose_steps_are_not_those_of_this_version_is_lived_through_by_its_times(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, logger="app.rooms")
    rooms = make_rooms(tmp_path)
    room = rooms.create()
    room.cluster.run()
    room.submit(Scale(WEB, 5))
    with sqlite3.connect(tmp_path / "rooms.sqlite3") as db:
        db.execute(
            "UPDATE journal SET step = step + 1000000, seal = NULL WHERE number = (SELECT max(number) FROM journal)"
        )
    db.close()
    again = make_rooms(tmp_path).get(room.id)
    assert again.broken is None
    assert replicas(again) == 5
    assert replicas(make_rooms(tmp_path).get(room.id)) == 5
