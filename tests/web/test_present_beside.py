"""Two rooms beside each other: what the time since they parted has cost in each, what differs, where to stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from app.api.objects import Obj, Ref, ref_of
from app.cluster import Cluster
from app.commands import (
    Command,
    CutNetwork,
    DeleteObject,
    PowerNode,
    Scale,
    SetImage,
    SetTraffic,
    StopController,
    TakeTurns,
)
from app.rooms import Parting
from app.web.present import beside, differences, tolls
from app.web.present.differing import gaps
from app.web.present.moments import Wanted, changes
from app.web.present.tolls import Tolls
from tests.support import builders
from tests.support.kinds import SCHEME
from tests.support.telling import words_of
from tests.support.voices import ENGLISH
from tests.support.world import World

WEB, SERVICE = Ref("Deployment", "default", "web"), Ref("Service", "default", "web")


@pytest.fixture(scope="module")
def begun() -> World:
    world = World(latencies="textbook")
    world.web(3)
    world.settle()
    return world


def lived(world: World, *commands: Command, ms: int = 15_000) -> tuple[Cluster, Parting]:
    """A copy that goes its own way."""
    fork = world.copy()
    parting = Parting(fork.trace.count, fork.now_ms, len(fork.journal))
    for command in commands:
        fork.submit(command)
    fork.advance(fork.now_ms + ms)
    return fork, parting


def of(world: World, *commands: Command, ms: int = 15_000) -> Tolls:
    fork, parting = lived(world, *commands, ms=ms)
    return tolls.of(fork, parting.step, parting.at_ms)


def killed(world: World) -> DeleteObject:
    return DeleteObject(ref_of(world.objects("Pod", "default")[0]))


# --------------------------------------------------------------------------------------------------- tolls


def test_a_room_in_which_nothing_was_done_has_cost_nothing(begun: World) -> None:
    found = of(begun)
    assert (found.sent, found.lost, found.outages, found.by_loops, found.by_people) == (0, 0, [], 0, 0)


def test_what_is_missing_is_counted_in_pods_until_all_are_ready(begun: World) -> None:
    fork, parting = lived(begun, killed(begun))
    found = tolls.of(fork, parting.step, parting.at_ms)
    (outage,) = found.outages
    assert outage.since.step == parting.step + 1
    assert outage.until is not None
    now = fork.trace.get(outage.until.step)
    assert now is not None
    assert now.actor.startswith("kubelet/"), "the kubelet says that a pod is ready"
    before, then = fork.at(outage.until.step - 1), fork.at(outage.until.step)
    assert [obj["status"]["conditions"] for obj in before.objects("Pod")] != [
        obj["status"]["conditions"] for obj in then.objects("Pod")
    ]
    assert found.missing_ms == outage.until.at_ms - outage.since.at_ms


@pytest.mark.parametrize(
    ("commands", "outages", "is_missing"),
    [
        ([StopController("replicaset-controller"), "kill"], 1, True),  # the status says 3 of 3 for ever
        (["kill", "kill"], 1, False),
        ([Scale(WEB, 5)], 1, False),
        ([Scale(WEB, 2)], 0, False),
        ([PowerNode("node-1", False)], 1, True),  # nobody has noticed yet
        ([CutNetwork("node-2", True)], 1, True),
        ([DeleteObject(WEB)], 0, False),  # what is not wanted is not missing
        ([SetImage(WEB, "nginx:1.28")], None, False),
    ],
    ids=["nobody-replaces-it", "two-at-once", "more", "fewer", "dark", "cut-off", "gone", "rolled"],
)
def test_outages(begun: World, commands: Sequence[Any], outages: int | None, is_missing: bool) -> None:
    pods = iter(begun.objects("Pod", "default"))
    done = [DeleteObject(ref_of(next(pods))) if each == "kill" else each for each in commands]
    found = of(begun, *done, ms=30_000)
    assert found.is_missing is is_missing
    assert len(found.outages) == (outages if outages is not None else len(found.outages))
    assert all(each.until is None or each.until.at_ms > each.since.at_ms for each in found.outages)


def test_writes_are_those_of_the_list_of_changes(begun: World) -> None:
    fork, parting = lived(begun, Scale(WEB, 5), killed(begun))
    found = tolls.of(fork, parting.step, parting.at_ms)
    listed = [row for row in changes(fork, Wanted(), ENGLISH)["rows"] if row.step > parting.step]
    assert found.by_people == sum(row.role == "you" for row in listed) == 2
    assert found.by_loops == sum(row.role != "you" for row in listed) > 10


def test_requests_are_counted_since_the_parting_also_when_nobody_sends_any_more(begun: World) -> None:
    world = begun.copy()
    world.submit(SetTraffic(SERVICE, 20))
    world.advance(world.now_ms + 5_000)
    before = world.objects("Load")[0]["status"]["total"]["sent"]
    parting = Parting(world.trace.count, world.now_ms, len(world.journal))
    world.submit(Scale(WEB, 0))
    world.advance(world.now_ms + 10_000)
    total = world.objects("Load")[0]["status"]["total"]
    found = tolls.of(world, parting.step, parting.at_ms)
    assert found.sent == total["sent"] - before > 0
    assert found.lost == sum(total["failed"].values()) > 0
    assert dict(found.losses) == total["failed"]
    assert found.first_lost is not None
    first = world.at(found.first_lost.step).objects("Load")[0]["status"]["window"]
    assert first["sent"] > first["ok"]
    world.submit(SetTraffic(SERVICE, 0))
    assert tolls.of(world, parting.step, parting.at_ms).sent == found.sent


def test_the_table_in_words(begun: World) -> None:
    fork, parting = lived(begun, killed(begun))
    stopped, _ = lived(begun, StopController("replicaset-controller"), killed(begun))
    both = tuple(tolls.of(each, parting.step, parting.at_ms) for each in (fork, stopped))
    rows = {row.name: row for row in differences.rows((both[0], both[1]), parting.at_ms, ENGLISH)}
    assert [cell.text for cell in rows["lost"].cells] == ["no traffic", "no traffic"]
    assert rows["recover"].cells[0].text.endswith(" s")
    assert rows["recover"].cells[1].text == "not yet"
    assert rows["recover"].cells[1].more.startswith("missing for 15")
    assert [cell.at_ms for cell in rows["recover"].cells] == [0, 0]
    assert {name for name, row in rows.items() if row.differs} == {"recover", "by-loops", "by-people", "steps"}
    assert differences.rows((both[0], both[1]), 0, words_of(fork, "ja"))[0].label == "失われたリクエスト"


# ------------------------------------------------------------------------------------------- objects that differ

RS = builders.replica_set()


def held(*objs: Obj) -> dict[Ref, Obj]:
    return {ref_of(obj): obj for obj in objs}


def made(name: str, **about: Any) -> Obj:
    return builders.pod(name, owner=RS, metadata={"generateName": "web-"}, **about)


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ([RS], [RS], []),
        ([RS], [builders.with_spec(RS, replicas=5)], ["spec.replicas: 3 5"]),
        ([RS], [{**RS, "metadata": {**RS["metadata"], "uid": "x", "resourceVersion": "9", "generation": 4}}], []),
        ([RS], [builders.with_status(RS, observedGeneration=9)], []),
        ([RS], [], ["replicaset/web-abc"]),
        ([made("web-a")], [made("web-b")], []),
        ([made("web-a"), made("web-b")], [made("web-a")], ["Pod: 2 Running | 1 Running"]),
        ([made("web-a", ready=False)], [made("web-b")], ["Pod: 1 not ready | 1 Running"]),
        ([made("web-a", deleting=True)], [made("web-c")], ["Pod: 1 Terminating | 1 Running"]),
        ([made("web-a")], [made("web-a", image="nginx:2")], ["spec.containers[name=nginx].image"]),
        ([builders.pod("solo")], [builders.pod("solo", ip="10.1.1.9")], []),
    ],
    ids=[
        "same", "field", "noted", "generation", "in-one", "made-up", "fewer", "unready", "terminating", "same-name",
        "address",
    ],
)  # fmt: skip
def test_objects_that_differ(one: list[Obj], other: list[Obj], found: list[str]) -> None:
    shown = []
    for gap in gaps(held(*one), held(*other), SCHEME):
        if gap.tallies is not None:
            sides = (", ".join(f"{n} {state}" for state, n in tally.by_state) for tally in gap.tallies)
            shown.append(f"{gap.of}: {' | '.join(sides)}")
        elif gap.fields:
            field = gap.fields[0]
            shown.append(f"{field.path}: {field.old} {field.new}" if "replicas" in field.path else field.path)
        else:
            shown.append(str(gap.about))
    assert shown == found


def test_two_futures_that_came_to_the_same_differ_in_nothing(begun: World) -> None:
    one, _ = lived(begun, Scale(WEB, 5), ms=60_000)
    other, _ = lived(begun, Scale(WEB, 4), Scale(WEB, 5), ms=60_000)
    assert gaps(one.as_of(one.revision), other.as_of(other.revision), SCHEME) == []
    killed_one, _ = lived(begun, killed(begun), ms=60_000)
    untouched, _ = lived(begun)
    assert gaps(killed_one.as_of(killed_one.revision), untouched.as_of(untouched.revision), SCHEME) == []


def test_a_difference_leads_to_the_moment_when_it_was_written(begun: World) -> None:
    one, parting = lived(begun, StopController("replicaset-controller"), killed(begun))
    other, _ = lived(begun)
    sides = (beside.side("a", one, parting, 0, ENGLISH), beside.side("b", other, parting, 0, ENGLISH))
    found = differences.objects(sides[0], sides[1], parting.at_ms, SCHEME, ENGLISH)
    pods = next(each for each in found["objects"] if each.lines[0].label == "pods")
    assert [cell.text for cell in pods.lines[0].cells] == ["2\u00a0Running", "3\u00a0Running"]
    at_ms = pods.lines[0].cells[0].at_ms
    assert at_ms is not None
    step = one.trace.get(beside.step_at(one, parting.at_ms + at_ms))
    assert step is not None
    assert one.at(step.number).count("Pod") == 2
    assert one.at(step.number - 10).count("Pod") == 3
    assert pods.lines[0].cells[1].at_ms is None, "nothing was written there"


# ------------------------------------------------------------------------------------------------- where to stop


def test_the_moments_of_both_are_one_way_in_the_order_of_time(begun: World) -> None:
    one, parting = lived(begun, killed(begun), ms=20_000)
    other, _ = lived(begun, StopController("replicaset-controller"), killed(begun), ms=4_000)
    other.submit(TakeTurns(False))
    journals = list(one.journal), list(other.journal)
    lives = (
        beside.life(one, parting, journals, ENGLISH),
        beside.life(other, parting, journals[::-1], ENGLISH),
    )
    found = beside.axis(lives, parting)
    stops = found["stops"]
    assert stops[0] == (0, parting.step, parting.step, 0, 0, 0)
    assert stops[-1][:3] == (20_000, one.trace.count, other.trace.count)
    for side, cluster in ((1, one), (2, other)):
        numbers = [stop[side] for stop in stops]
        assert numbers == sorted(numbers), "no side goes back"
        for stop in stops[1:-1]:
            step, told = cluster.trace.get(stop[side]), cluster.trace.get(stop[side + 2])
            assert step is not None
            assert max(0, step.at_ms - parting.at_ms) <= stop[0]
            assert told is None or told.number <= step.number
    told = [stop for stop in stops[1:-1] if stop[1] == stop[3] or stop[2] == stop[4]]
    assert len(told) == len(stops) - 2, "at each something is told"
    assert all(stop[5] > 0 for stop in told)
    deeds = [[(deed.text, deed.in_both) for deed in side["deeds"]] for side in found["sides"]]
    assert [both for _text, both in deeds[0]] == [True]
    assert [both for _text, both in deeds[1]] == [False, True]
    assert deeds[0][0][0].startswith("You kill pod")


def test_before_anything_is_told_it_says_whether_both_are_the_same(begun: World) -> None:
    one, parting = lived(begun, ms=0)
    assert beside.side("a", one, parting, 0, ENGLISH).caption.text == "Up to here both are the same."
    later, _ = lived(begun, ms=30_000)
    assert beside.side("a", later, parting, 0, ENGLISH).caption.text == "Nothing worth telling has happened here since."
