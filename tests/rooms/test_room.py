"""A room: frames, snapshots, commands, and the boundary around our own mistakes."""

from __future__ import annotations

import logging

import pytest

from app.api.objects import Ref
from app.commands import ApiServerDown, Apply, DeleteObject, Scale
from app.engine.trace import Commanded
from app.rooms.beginnings import prepared
from app.rooms.boundary import Broken
from app.rooms.broadcast import FRAME_S
from app.rooms.room import AWAKE_S
from tests.support.rooms import WATCHER, live, make_room

WEB = Ref("Deployment", "default", "web")


def test_a_frame_has_the_steps_and_the_latest_objects_since_the_last() -> None:
    room, script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    pod = Ref("Pod", "default", room.cluster.objects("Pod", "default")[0]["metadata"]["name"])
    room.submit(DeleteObject(pod, grace_seconds=0))
    live(room, clock, 20)
    numbers = [step.number for step in script.steps]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    final: dict[Ref, object] = {}
    for frame in script.frames:
        final |= frame.changed
    assert final[pod] is None
    assert all(obj is room.cluster.get(ref) for ref, obj in final.items())
    assert [frame.number for frame in script.frames] == list(range(1, len(script.frames) + 1))


def test_frames_are_at_most_ten_a_second() -> None:
    room, script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    room.set_pace(speed=100.0)
    room.submit(Scale(WEB, 12))
    live(room, clock, 2)
    assert 2 < len(script.frames) <= 2 / FRAME_S + 1


@pytest.mark.parametrize(("speed", "replicas", "throttled"), [(2.0, 4, False), (20.0, 60, True)])
def test_panels_of_loops_come_with_each_frame_but_where_much_happens(
    speed: float, replicas: int, throttled: bool
) -> None:
    room, script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    room.set_pace(mode="clock", speed=speed)
    room.submit(Scale(WEB, replicas))
    live(room, clock, 20, until=lambda: room.cluster.quiet)
    room.set_pace(paused=True)
    live(room, clock, 2)
    newest, covered, due = 0, 0, 0
    for frame in script.frames:
        newest = frame.steps[-1].number if frame.steps else newest
        if frame.panels_since is not None:
            assert frame.panels_since == covered
            covered, due = newest, due + 1
    assert covered == room.cluster.trace.count  # what was owed came in the end
    assert (due < len(script.frames)) is throttled


def test_a_frame_is_drawn_once_per_language_whoever_watches() -> None:
    room, script, clock = make_room()
    viewers = [room.attach(lang, room.epoch, room.frame) for lang in ("en", "en", "ja", "en")]
    room.submit(Scale(WEB, 4))
    live(room, clock, 0.05)
    assert len(script.frames) == 2
    assert [room.take(viewer) for viewer in viewers] == [[b"en:1"], [b"en:1"], [b"ja:1"], [b"en:1"]]


def test_nothing_is_drawn_for_nobody() -> None:
    room, script, clock = make_room()
    room.submit(Scale(WEB, 4))
    live(room, clock, 5)
    assert script.frames == []
    assert room.frame > 0


def test_an_unwatched_room_goes_on_for_a_while_after_a_command() -> None:
    room, _script, clock = make_room()
    room.submit(Scale(WEB, 4))
    live(room, clock, AWAKE_S - 1)
    assert len(room.cluster.objects("Pod", "default")) == 4
    clock.now += 2
    assert room.turn(clock.now) is None


def test_a_snapshot_bears_the_frame_it_shows_and_is_drawn_once() -> None:
    room, _script, clock = make_room()
    drawn: list[int] = []

    def draw() -> int:
        drawn.append(room.frame)
        return len(room.cluster.objects("Pod", "default"))

    assert room.snapshot("en", draw) == 3
    assert room.snapshot("en", draw) == 3
    assert len(drawn) == 1
    room.submit(Scale(WEB, 5))
    live(room, clock, AWAKE_S - 1)
    assert room.snapshot("en", draw) == 5
    assert drawn == [drawn[0], room.frame]


def test_somebody_who_looks_sees_what_no_frame_had_shown_yet() -> None:
    room, script, _clock = make_room()
    viewer = room.attach(WATCHER, room.epoch, room.frame)
    room.submit(Scale(WEB, 5))
    shown = room.drawn(lambda: (room.frame, room.cluster.get(WEB)))
    assert shown[0] == 1
    assert script.frames[0].changed[WEB] is shown[1]
    assert room.take(viewer) == [b"en:1"]


def test_the_others_hear_that_somebody_came() -> None:
    room, script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    live(room, clock, 3)
    frames = len(script.frames)
    second = room.attach(WATCHER, room.epoch, room.frame)
    live(room, clock, 3)
    assert len(script.frames) == frames + 1
    room.detach(second)
    live(room, clock, 3)
    assert len(script.frames) == frames + 2
    assert room.viewers == 1


def test_a_refusal_is_recorded_and_changes_nothing() -> None:
    room, _script, _clock = make_room()
    revision = room.cluster.store.revision
    step = room.submit(Apply("kind: Nonsense\napiVersion: v1\nmetadata: {name: x}\n"))
    assert isinstance(step.record, Commanded)
    assert "no matches for kind" in step.record.error
    assert room.cluster.store.revision == revision


def test_another_cluster_in_the_same_room_is_another_epoch() -> None:
    room, _script, clock = make_room()
    viewer = room.attach(WATCHER, room.epoch, room.frame)
    room.submit(Scale(WEB, 5))
    room.set_pace(paused=True, speed=2.0)
    epoch = room.epoch
    room.restart(room.scenario, prepared(room.scenario))
    assert room.epoch != epoch
    assert room.take(viewer) is None
    assert len(room.cluster.objects("Pod", "default")) == 3
    assert (room.pace.paused, room.pace.speed) == (False, 2.0)
    live(room, clock, 1)
    assert room.snapshot("en", lambda: room.frame) == room.frame


def test_a_log_that_was_overrun_begins_a_new_epoch() -> None:
    room, _script, clock = make_room()
    viewer = room.attach(WATCHER, room.epoch, room.frame)
    epoch = room.epoch
    room.cluster.store.log.limit = 10
    room.submit(Scale(WEB, 6))
    room.run_until_quiet()
    room.cluster.run()
    live(room, clock, 1)
    assert room.epoch != epoch
    assert room.take(viewer) is None


def test_our_own_mistake_stops_this_room_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    room, _script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)

    def fail() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(room.cluster, "step", fail)
    with caplog.at_level(logging.CRITICAL, logger="app.rooms.boundary"):
        room.submit(Scale(WEB, 5))
        live(room, clock, 2)
        assert room.broken is not None
        assert room.broken.values == {"error": "RuntimeError"}
        assert room.turn(clock.now) is None
        with pytest.raises(Broken, match="Reset it to go on"):
            room.submit(Scale(WEB, 5))
    room.restart(room.scenario, prepared(room.scenario))
    room.submit(Scale(WEB, 5))
    live(room, clock, 40)
    assert len(room.cluster.objects("Pod", "default")) == 5


def test_a_journal_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    room, _script, _clock = make_room()
    monkeypatch.setattr("app.api.limits.COMMANDS_OF_ROOM", len(room.journal))
    with pytest.raises(Exception, match="reset it"):
        room.submit(Scale(WEB, 5))


def test_an_api_server_that_goes_down_hangs_up_on_its_watches() -> None:
    room, _script, _clock = make_room()
    watch = room.open_watch()
    room.submit(ApiServerDown())
    assert watch.over
    assert watch.wake.is_set()
    room.submit(ApiServerDown(down=False))
    assert not room.open_watch().over
