"""Where people use a Service, time goes on though nothing is left to do."""

from __future__ import annotations

import pytest

from app.api.objects import Ref
from app.commands import CrashContainer, DeleteObject, PowerNode, SetTraffic
from app.engine.trace import Acted, Differed
from tests.support.mysql import mysql
from tests.support.rabbitmq import RabbitWorld
from tests.support.rooms import WATCHER, live, make_room

pytestmark = pytest.mark.long

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


def test_a_queue_that_is_used_and_a_database_that_is_written_to_wait_for_nobody() -> None:
    rabbit, database = RabbitWorld(), mysql()
    assert not rabbit.goes_by_the_clock
    assert not database.goes_by_the_clock
    rabbit.queue(5)
    database.write(10)
    assert rabbit.goes_by_the_clock
    assert database.goes_by_the_clock
    rabbit.queue(0)
    database.write(0)
    assert not rabbit.goes_by_the_clock
    assert not database.goes_by_the_clock


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


def test_requests_do_not_wait_for_readers_and_what_can_be_told_is() -> None:
    room, script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    room.submit(SetTraffic(WEB, 50))
    live(room, clock, 5.0)
    pod = room.cluster.objects("Pod", "default")[0]["metadata"]["name"]
    before = room.cluster.now_ms
    room.submit(DeleteObject(Ref("Pod", "default", pod)))
    live(room, clock, 8.0)
    room.drawn(lambda: None)
    assert room.cluster.now_ms - before == pytest.approx(8_000, abs=300)
    said = {frame.told.step.number for frame in script.frames if frame.told}
    assert 3 < len(said) < 10, "sentences stand long enough, and are not all"
    made = {
        frame.told.step.actor for frame in script.frames if frame.told and isinstance(frame.told.step.record, Acted)
    }
    assert "replicaset-controller" in made, "that a pod is created, it is all about"


def test_whoever_is_called_is_told_so_once() -> None:
    room, script, clock = make_room("service-night")
    room.attach(WATCHER, room.epoch, room.frame)
    room.press(1)
    live(room, clock, 20.0)
    calls = {
        told.step.number for frame in script.frames if (told := frame.told) and getattr(told.step.record, "left", ())
    }
    assert len(calls) == 1


def test_an_hour_for_which_a_lesson_waits_is_passed_through() -> None:
    """And the last word is why nothing happens in it."""
    room, script, clock = make_room("service-terminating")
    room.attach(WATCHER, room.epoch, room.frame)
    room.press(0)
    live(room, clock, 30.0, until=lambda: room.script.done(0))
    assert room.script.done(0)
    record = [frame.told for frame in script.frames if frame.told][-1].step.record
    assert isinstance(record, Differed)
    assert [gap.reason for gap in record.differences if gap.about.kind == "Pod"] == ["QuorumCritical"]


def test_an_outage_that_people_are_meant_to_see_is_not_skipped() -> None:
    room, _script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    room.submit(SetTraffic(WEB, 50))
    live(room, clock, 5.0)
    room.submit(PowerNode("node-3"))
    began, failing = room.cluster.now_ms, 0.0
    for _ in range(600):
        at_ms, failed = room.cluster.now_ms, room.cluster.requests_fail
        live(room, clock, 0.1)
        failing += 0.1 * room.cluster.requests_fail
        if failed and room.cluster.requests_fail:
            assert room.cluster.now_ms - at_ms < 1_500
        if room.cluster.now_ms - began > 80_000:
            break
    assert failing > 30, "it takes as long as it takes"


def test_that_requests_fail_is_told_though_much_else_happens_meanwhile() -> None:
    room, _script, clock = make_room()
    room.attach(WATCHER, room.epoch, room.frame)
    room.submit(SetTraffic(WEB, 300))
    live(room, clock, 10.0)
    room.submit(CrashContainer(Ref("Pod", "default", room.cluster.objects("Pod", "default")[0]["metadata"]["name"])))
    live(room, clock, 12.0)
    told = [each.step.record for each in room.path]
    reasons = [record.differences[record.difference].reason for record in told if isinstance(record, Acted)]
    assert "RequestsFail" in reasons
    assert "RequestsServed" in reasons[reasons.index("RequestsFail") :]
