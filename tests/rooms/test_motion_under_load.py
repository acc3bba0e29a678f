"""Where people use a Service, time goes on though nothing is left to do."""

from __future__ import annotations

import pytest

from app.api.objects import Ref
from app.commands import CrashContainer, SetTraffic
from tests.support.rooms import WATCHER, live, make_room

WEB = Ref("Service", "default", "web")


def test_in_beat_pace_time_goes_by_the_clock_while_there_is_traffic_and_stands_still_without() -> None:
    room, _script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    live(room, clock, 3.0)
    before = room.cluster.now_ms
    live(room, clock, 5.0)
    assert room.cluster.now_ms == before
    room.submit(SetTraffic(WEB, 50))
    live(room, clock, 10.0)
    assert room.cluster.quiet
    before = room.cluster.now_ms
    live(room, clock, 5.0)
    assert room.cluster.now_ms - before == pytest.approx(5_000, abs=200)
    room.submit(SetTraffic(WEB, 0))
    live(room, clock, 3.0)
    before = room.cluster.now_ms
    live(room, clock, 5.0)
    assert room.cluster.now_ms == before


def test_paused_means_paused() -> None:
    room, _script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    room.submit(SetTraffic(WEB, 50))
    room.set_pace(paused=True)
    before = room.cluster.now_ms
    live(room, clock, 5.0)
    assert room.cluster.now_ms == before


def test_a_long_wait_is_passed_through_evenly() -> None:
    """A container in CrashLoopBackOff: ten seconds of waiting take less than one, and its windows come one by one."""
    room, script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    room.submit(SetTraffic(WEB, 50))
    live(room, clock, 10.0)
    pod = room.cluster.objects("Pod", "default")[0]["metadata"]["name"]
    moments: list[list[int]] = []
    for _ in range(3):
        room.submit(CrashContainer(Ref("Pod", "default", pod)))
        for _slice in range(400):
            live(room, clock, 0.1)
            waiting = room._motion.waiting
            if waiting is not None and waiting.to_ms - waiting.from_ms > 5_000:
                moments.append([waiting.from_ms, room.cluster.now_ms, waiting.to_ms])
            elif room.cluster.quiet:
                break
    assert any(from_ms + 1_000 < now < to_ms - 1_000 for from_ms, now, to_ms in moments)
    assert script.steps
