"""Who is on call, what is left to do by hand, and how the newest call went beside the controllers."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from app.api import times
from app.api.objects import Ref
from app.cluster import Cluster
from app.commands import ByHand, GoOnCall, SetTraffic
from app.engine.trace import Call, Differed
from app.look import Look
from app.rooms import Compared
from app.web.present import captions, loop, oncall, rest, waits
from tests.support.voices import ENGLISH
from tests.support.world import World

_ = ENGLISH
RS = "replicaset-controller"


class Side(NamedTuple):
    compared: Compared | None = None


def view(look: Look, compared: Compared | None = None) -> oncall.OnCallView:
    found = oncall.of(look, Side(compared), _)
    assert found is not None
    return found


@pytest.fixture
def called() -> World:
    world = World(latencies="textbook")
    world.web(3)
    world.settle()
    world.do(GoOnCall(RS))
    world.kill(world.pod_names()[0])
    world.settle()
    return world


def test_nothing_is_said_where_nobody_is_on_call() -> None:
    assert oncall.of(Cluster(), Side(), _) is None


def test_who_is_on_call_is_said_before_anything_happens() -> None:
    world = World()
    world.do(GoOnCall("kubelet/node-2"))
    shown = view(world)
    assert shown.loops == (("kubelet/node-2", "kubelet (node-2)"),)
    assert (shown.alerts, shown.sides, shown.at) == ((), (), "")


def test_an_alert_says_what_is_there_of_what_is_wanted_and_what_may_be_done(called: World) -> None:
    (alert,) = view(called).alerts
    assert (alert.counted, alert.said) == ("web: 2 of 3", "3 are wanted: one is missing.")
    assert alert.deed.startswith("create Pod web-")
    key = called.alerts[0].key
    assert alert.command == {"actor": RS, "kind": "ReplicaSet", "namespace": "default", "name": key.name}


def test_two_are_shown_and_the_others_counted(called: World) -> None:
    for name in called.pod_names():
        called.kill(name)
    called.do(GoOnCall("endpointslice-controller"))
    called.do(GoOnCall("deployment-controller"))
    called.image("web", "nginx:1.28")
    called.settle()
    shown = view(called)
    assert (len(shown.alerts), shown.more) == (2, len(called.alerts) - 2)


def test_the_page_does_not_say_that_all_is_quiet(called: World) -> None:
    assert called.at_rest
    now = rest.of(called, None, is_told=True, _=_)
    assert (now.is_quiet, now.waits_for) == (False, "Left to you: 3 are wanted: one is missing.")
    assert waits.by_role(called, _)[RS] == "Somebody is on call: it waits for you to act."


def test_the_step_that_calls_says_so_and_its_action_is_left_open(called: World) -> None:
    step = next(each for each in called.trace if isinstance(each.record, Differed) and each.record.left)
    assert captions.caption(step, _.among(called.voices)).text == "3 are wanted: one is missing. You are called."
    (panel,) = loop.loops(called.trace.until(step.number), [RS], called.epoch_ms, _)
    gaps = {gap.reason: {action.state for action in gap.actions} for gap in panel.differences}
    assert gaps["TooFewReplicas"] == {"left"}


def test_how_the_call_went_stands_beside_the_controllers(called: World) -> None:
    called.do(SetTraffic(Ref("Service", "default", "web"), 20))
    called.wait(30)
    called.do(ByHand(RS, called.alerts[0].key))
    called.wait(30)
    began = called.calls[-1]
    theirs = Call(began.step, began.since_ms, 1, began.since_ms + 900, began.since_ms + 6_500, 140, 5, True)
    ours, controllers = view(called, Compared(began.step, theirs)).sides
    took_ms = began.until_ms - began.since_ms
    assert (ours.who, ours.time) == ("You", times.duration(took_ms))
    assert ours.lost == f"0 of {began.sent:,} requests lost"
    assert controllers == oncall.SideView(
        "The controllers",
        "6.5 s",
        began.since_ms - called.epoch_ms,
        "5 of 140 requests lost",
        "0 nights woken",
        "difference gone after 900 ms",
    )


def test_while_it_goes_on_time_runs_and_another_calls_copy_is_not_shown(called: World) -> None:
    (ours,) = view(called, Compared(step=1)).sides
    assert (ours.time, ours.lost, ours.since) == ("", "no requests sent", called.calls[0].since_ms - called.epoch_ms)
    _ours, theirs = view(called, Compared(called.calls[0].step)).sides
    assert theirs.time == "…"
    _ours, theirs = view(called, Compared(called.calls[0].step, gave_up=True)).sides
    assert theirs.time == "given up: not quiet yet"


@pytest.mark.parametrize(
    ("calls", "nights"),
    [
        pytest.param(["2026-01-01T21:59:59Z", "2026-01-02T06:00:00Z"], 0, id="by day"),
        pytest.param(["2026-01-01T22:00:00Z"], 1, id="in the evening"),
        pytest.param(["2026-01-02T05:59:59Z"], 1, id="in the morning"),
        pytest.param(["2026-01-01T23:00:00Z", "2026-01-02T03:00:00Z"], 1, id="twice in one night"),
        pytest.param(["2026-01-01T03:00:00Z", "2026-01-02T03:00:00Z"], 2, id="in two nights"),
    ],
)
def test_a_night_in_which_somebody_is_called_counts_once(calls: list[str], nights: int) -> None:
    assert times.nights(map(times.parse, calls)) == nights


def test_the_world_begins_at_midnight(called: World) -> None:
    shown = view(called)
    assert (shown.at, shown.is_night) == ("00:00", True)
    assert shown.sides[0].nights == "1 night woken"
