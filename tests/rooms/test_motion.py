"""Pace: how wall time becomes steps."""

from __future__ import annotations

from itertools import pairwise

import pytest

from app.api.errors import BadRequest
from app.api.objects import Ref
from app.cluster import Cluster
from app.commands import Chaos, CrashContainer, DeleteObject, PatchObject, Scale, SetImage
from app.engine.trace import is_visible
from app.rooms import Room
from app.rooms.frames import Pace
from app.rooms.motion import lens_s
from app.rooms.story import REPEAT_SHARE, Told
from tests.support.rooms import READING_MS, WATCHER, Script, live, make_room, play

WEB = Ref("Deployment", "default", "web")


@pytest.mark.parametrize(
    ("gap_ms", "speed", "wall_s"),
    [(1_000, 1, 0.25), (300_000, 1, 2.06), (86_400_000, 1, 4.0), (300_000, 10, 0.206), (300_000, 0.1, 2.06)],
)
def test_the_lens_shortens_long_waits(gap_ms: int, speed: float, wall_s: float) -> None:
    assert lens_s(gap_ms, speed) == pytest.approx(wall_s, abs=0.01)


@pytest.mark.parametrize("wrong", [{"mode": "waltz"}, {"speed": 0.0}, {"speed": 101.0}, {"speed": float("nan")}])
def test_a_pace_there_is_not(wrong: dict[str, object]) -> None:
    with pytest.raises(BadRequest, match=next(iter(wrong))):
        Pace(**wrong)  # type: ignore[arg-type]


def test_nothing_moves_while_nobody_watches() -> None:
    room, _script, clock = make_room()
    before = room.cluster.trace.count
    room.turn(clock.now)
    assert room.turn(clock.now + 100) is None
    assert room.cluster.trace.count == before


def told(script: Script) -> list[Told]:
    """What was told in the frames so far, one after the other."""
    found: list[Told] = []
    for frame in script.frames:
        if frame.told is not None and (not found or frame.told is not found[-1]):
            found.append(frame.told)
    return found


def said(each: Told) -> tuple[str, str]:
    return each.step.actor.partition("/")[0], type(each.step.record).__name__


def kill(room: Room) -> None:
    room.submit(DeleteObject(Ref("Pod", "default", room.cluster.objects("Pod", "default")[0]["metadata"]["name"])))


def test_the_story_of_a_kill_is_told_loop_by_loop() -> None:
    room, script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    kill(room)
    assert play(room, clock) < 40
    reconcile = ["Observed", "Differed", "Acted"]
    loops = ["replicaset-controller", "endpointslice-controller", "default-scheduler", "kubelet", "kubelet"]
    expected = [("you", "Commanded"), *((loop, phase) for loop in loops for phase in reconcile)]
    assert [said(each) for each in told(script)][: len(expected)] == expected
    assert [said(each)[0] for each in told(script)][len(expected) :] == ["endpointslice-controller"] * 3
    assert [each.is_repeat for each in told(script)][-3:] == [True] * 3


@pytest.mark.parametrize("speed", [0.5, 1.0, 4.0])
def test_each_sentence_stands_as_long_as_it_takes_to_read(speed: float) -> None:
    room, script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    room.set_pace(speed=speed)
    kill(room)
    seen: list[tuple[float, Told]] = []
    for _ in range(2000):
        again = room.turn(clock.now)
        if script.frames and (newest := script.frames[-1].told) is not None and (not seen or seen[-1][1] is not newest):
            seen.append((clock.now, newest))
        if again is None:
            break
        clock.now = max(again, clock.now + 0.0005)
    stood = [(later - at, each) for (at, each), (later, _) in pairwise(seen)]
    assert len(stood) > 15
    for seconds, each in stood:
        wanted = READING_MS / 1000 / (REPEAT_SHARE if each.is_repeat else 1) / speed
        assert wanted * 0.99 <= seconds <= wanted + 3.0 / speed, "or longer, where nothing is to be told"


def test_what_repeats_itself_is_told_three_times_and_then_together() -> None:
    room, script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    room.submit(Scale(WEB, 12))
    assert play(room, clock) < 60, "nobody waits for each of nine pods"
    creations = [each for each in told(script) if said(each) == ("replicaset-controller", "Acted")]
    assert [(each.is_repeat, each.more) for each in creations[:3]] == [(False, 0), (True, 0), (True, 0)]
    assert any(each.more for each in told(script))
    gathered = sum(each.more for each in told(script))
    assert gathered > 20


def test_to_the_next_moment_and_no_further() -> None:
    room, script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    kill(room)
    for expected in ("Observed", "Differed", "Acted"):
        room.next_moment()
        live(room, clock, 20)
        assert room.pace.paused
        assert told(script)[-1].step.actor == "replicaset-controller"
        assert said(told(script)[-1])[1] == expected


def test_all_at_once_tells_what_it_can_and_says_how_much_it_left_out() -> None:
    room, script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    room.set_pace(mode="clock", speed=1.0)
    room.submit(Scale(WEB, 12))
    live(room, clock, 30)
    after = [each for each in told(script) if said(each)[1] != "Commanded"]
    assert len(after) < 25
    assert sum(each.more for each in after) > 20


def crash_twice(room: Room) -> None:
    """The second crash of a container is followed by a back-off of ten seconds."""
    pod = Ref("Pod", "default", room.cluster.objects("Pod", "default")[0]["metadata"]["name"])
    room.submit(CrashContainer(pod))
    room.cluster.run()
    room.submit(CrashContainer(pod))


def test_a_sentence_stands_from_the_moment_in_which_pages_show_it() -> None:
    room, script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    kill(room)
    clock.now += 1.0  # the process had something else to do
    room.turn(clock.now)
    live(room, clock, READING_MS / 1000 - 0.1)
    assert [said(each) for each in told(script)] == [("you", "Commanded")]


def test_story_pace_names_the_gap_it_skips() -> None:
    room, script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    crash_twice(room)
    live(room, clock, 60, until=lambda: any(frame.waiting for frame in script.frames))
    waiting = next(frame.waiting for frame in script.frames if frame.waiting)
    assert waiting.to_ms - waiting.from_ms == pytest.approx(8_500, abs=2_500)
    assert waiting.wall_s == pytest.approx(lens_s(waiting.to_ms - waiting.from_ms, 1.0))
    live(room, clock, 0.001)
    assert room.cluster.now_ms >= waiting.to_ms


def test_a_quiet_room_asks_for_no_more_turns() -> None:
    room, _script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    live(room, clock, 5)
    assert room.turn(clock.now) is None


def test_clock_pace_keeps_virtual_time_with_the_wall() -> None:
    room, _script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    room.set_pace(mode="clock", speed=2.0)
    started = room.cluster.now_ms
    live(room, clock, 30)
    room.drawn(lambda: None)
    assert room.cluster.now_ms - started == pytest.approx(60_000, abs=100)


def test_pause_stops_time_and_a_step_phase_makes_one_visible_step() -> None:
    room, script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    room.submit(Scale(WEB, 5))
    room.set_pace(paused=True)
    live(room, clock, 1)
    count = room.cluster.trace.count
    live(room, clock, 5)
    assert room.cluster.trace.count == count
    step = room.step_phase()
    assert step is not None
    assert is_visible(step)
    live(room, clock, 1)
    assert [made.number for made in script.steps if is_visible(made) and made.number > count] == [step.number]


def test_finish_loop_ends_the_reconcile_that_was_seen_last() -> None:
    room, _script, _clock = make_room()
    room.submit(Scale(WEB, 5))
    step = room.step_phase()
    assert step is not None
    assert step.actor == "deployment-controller"
    room.finish_loop()
    assert room.cluster.actors["deployment-controller"].in_flight == ()
    assert room.pace.paused


def test_run_until_quiet_works_in_slices_and_heeds_no_pause() -> None:
    room, _script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    room.set_pace(paused=True)
    room.submit(Scale(WEB, 20))
    room.run_until_quiet()
    live(room, clock, 1)
    assert room.cluster.quiet
    assert len(room.cluster.objects("Pod", "default")) == 20
    assert room.pace.paused


def test_pausing_ends_run_until_quiet() -> None:
    room, _script, clock = make_room()
    room.submit(Scale(WEB, 20))
    room.run_until_quiet()
    room.set_pace(paused=True)
    live(room, clock, 1)
    assert not room.cluster.quiet


def test_a_command_ends_a_wait() -> None:
    room, script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    crash_twice(room)
    live(room, clock, 60, until=lambda: script.frames != [] and script.frames[-1].waiting is not None)
    assert script.frames[-1].waiting is not None
    room.submit(DeleteObject(Ref("Pod", "default", room.cluster.objects("Pod", "default")[1]["metadata"]["name"])))
    commanded = room.cluster.trace.count
    live(room, clock, READING_MS / 1000)
    assert said(told(script)[-1]) == ("you", "Commanded"), "it stands as long as any other sentence"
    live(room, clock, 0.6)
    assert any(is_visible(step) and step.number > commanded for step in script.steps)


def test_what_never_becomes_quiet_is_rushed_for_ten_minutes_and_then_paused() -> None:
    room, _script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    room.submit(SetImage(WEB, "nginx:broken"))
    began = room.cluster.now_ms
    room.run_until_quiet()
    live(room, clock, 3.0)
    assert room.restless
    assert room.pace.paused
    assert room.cluster.now_ms - began <= 600_000
    stood = room.cluster.now_ms
    live(room, clock, 3.0)
    assert room.cluster.now_ms == stood
    room.set_pace(paused=False)
    assert not room.restless


def test_with_chaos_a_room_at_rest_goes_on_to_the_next_kill() -> None:
    room, _script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    assert room.cluster.quiet
    room.submit(Chaos(6))
    before = {pod["metadata"]["name"] for pod in room.cluster.objects("Pod", "default")}
    live(
        room,
        clock,
        30.0,
        lambda: {p["metadata"]["name"] for p in room.cluster.objects("Pod", "default")} - before != set(),
    )
    assert {pod["metadata"]["name"] for pod in room.cluster.objects("Pod", "default")} - before
    room.submit(Chaos(0))
    live(room, clock, 30.0)
    assert room.cluster.quiet
    assert room.cluster.awaited() is None


def test_an_api_client_is_not_slowed_by_the_story() -> None:
    room, _script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    patch = PatchObject(WEB, "merge", '{"spec": {"replicas": 5}}', who="kubectl")
    room.submit(patch)
    watch = room.open_watch()
    began = room.cluster.now_ms
    live(room, clock, 30)
    room.drawn(lambda: None)
    assert room.cluster.now_ms - began == pytest.approx(30_000, abs=200)
    kill(room)  # on the page: from here on the watch only looks on
    began = room.cluster.now_ms
    live(room, clock, 10)
    assert room.cluster.now_ms - began < 5_000
    room.close_watch(watch)


def test_all_at_once_is_a_command_like_any_other_so_it_replays() -> None:
    room, _script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    room.set_pace(mode="clock")
    assert room.journal[-1].command == {"do": "turns", "on": False}
    room.set_pace(speed=2.0)
    assert len([entry for entry in room.journal if entry.command["do"] == "turns"]) == 1
    room.submit(Scale(WEB, 6))
    live(room, clock, 20)
    cluster = room.cluster
    again = Cluster.replay(cluster.seed, cluster.epoch_ms, cluster.journal, to_step=cluster.trace.count)
    assert [str(step) for step in again.trace.since(400)] == [str(step) for step in cluster.trace.since(400)]
