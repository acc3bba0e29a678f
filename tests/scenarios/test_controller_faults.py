"""Faults of one loop, in a whole cluster: it dies between two writes, sees what was there before, misses one event, or
runs in two copies; and what is refused again and again keeps no room from being quiet."""

from __future__ import annotations

import pytest

from app.api.control_plane import CONTROL_PLANE, second_of
from app.api.objects import Ref
from app.cluster import Cluster, checkpoint
from app.commands import (
    Command,
    CrashController,
    CrashMidway,
    DefineController,
    DropNextEvent,
    GoOnCall,
    RemoveController,
    StaleCache,
    StopController,
    TwoCopies,
)
from app.engine.trace import Acted, Differed, Failed, Fired, Observed, Step
from app.operators.own.templates import controller_templates
from tests.support.own_texts import BOB, NAMED_ANEW
from tests.support.world import World

pytestmark = pytest.mark.long

RS = "replicaset-controller"
FAULTS: tuple[Command, ...] = (
    CrashMidway(RS),
    CrashMidway("kubelet"),
    StaleCache(RS),
    StaleCache("endpointslice-controller"),
    DropNextEvent(RS, "Pod"),
    DropNextEvent("deployment-controller"),
    TwoCopies(RS),
    TwoCopies("deployment-controller"),
)


@pytest.fixture
def world() -> World:
    world = World(latencies="textbook")
    world.web(3)
    world.settle()
    return world


def faults_of(world: Cluster) -> dict[str, object]:
    plane = world.get(CONTROL_PLANE)
    assert plane is not None
    return {fault: table for fault, table in plane["spec"].items() if table}


def made(world: Cluster, since: int, actor: str = RS) -> list[Step]:
    """What copies of that loop created."""
    return [
        step
        for step in world.trace.since(since)
        if isinstance(step.record, Acted) and step.record.result.code == 201 and step.actor in (actor, second_of(actor))
    ]


# ------------------------------------------------------------------------------------------- between two writes


def test_it_dies_after_its_first_write_and_makes_the_rest_when_it_starts_again(world: World) -> None:
    world.do(CrashMidway(RS))
    begin = world.trace.count
    world.scale("web", 5)
    world.settle()
    (died,) = [step for step in world.trace.since(begin) if isinstance(step.record, Failed)]
    first, second = made(world, begin)
    assert first.number < died.number < second.number
    assert died.record.phase == "crash"  # type: ignore[union-attr]
    assert len(world.pods()) == 5
    assert faults_of(world) == {}, "it strikes once"


def test_what_has_one_thing_to_write_dies_right_before_it() -> None:
    world = own_world("hello")
    world.do(CrashMidway("hello"))
    begin = world.trace.count
    world.apply(BOB)
    world.settle()
    steps = [step for step in world.trace.since(begin) if step.actor == "hello"]
    died = next(step.number for step in steps if isinstance(step.record, Failed))
    (child,) = made(world, begin, "hello")
    assert died < child.number


def test_a_fault_that_has_not_struck_is_taken_back(world: World) -> None:
    world.do(CrashMidway(RS))
    world.do(CrashMidway(RS, on=False))
    world.do(DropNextEvent(RS))
    world.do(DropNextEvent(RS, on=False))
    begin = world.trace.count
    world.scale("web", 5)
    world.settle()
    assert not [step for step in world.trace.since(begin) if isinstance(step.record, Failed)]
    assert not [s for s in world.trace.since(begin) if isinstance(s.record, Fired) and s.record.why == "EVENT-LOST"]


# ------------------------------------------------------------------------------------------------- stale caches


def test_who_does_not_see_what_it_made_makes_it_again_and_takes_it_back(world: World) -> None:
    world.do(StaleCache(RS))
    begin, until_ms = world.trace.count, world.now_ms + 5_000
    world.scale("web", 5)
    world.settle()
    blind = made(world, begin)
    assert len(blind) > 2
    looks = [step for step in world.trace.since(begin) if isinstance(step.record, Differed) and step.actor == RS]
    short = [step for step in looks if any(gap.reason == "TooFewReplicas" for gap in step.record.differences)]
    assert all(step.at_ms < until_ms for step in short)
    assert len(world.pods()) == 5
    assert faults_of(world) == {}
    caught_up = [s for s in world.trace.since(begin) if isinstance(s.record, Fired) and s.record.why == "CAUGHT-UP"]
    assert [step.at_ms for step in caught_up] == [until_ms]


def test_stale_caches_go_on_when_somebody_says_so(world: World) -> None:
    world.do(StaleCache(RS, 600_000))
    world.kill(world.pod_names()[0])
    world.run(limit_ms=60_000)
    assert len(world.pods()) == 2, "it is woken, and sees three"
    world.do(StaleCache(RS, 0))
    world.settle()
    assert len(world.pods()) == 3


# ------------------------------------------------------------------------------------------------- lost events


def test_a_level_triggered_loop_learns_of_what_it_missed_from_the_next_event(world: World) -> None:
    world.do(DropNextEvent(RS, "pods"))
    world.kill(world.pod_names()[0])
    world.settle()
    assert len(world.pods()) == 3
    assert faults_of(world) == {}


def test_where_no_later_event_comes_only_a_new_list_tells_it() -> None:
    world = own_world("hello")
    world.apply(BOB)
    world.settle()
    world.do(DropNextEvent("hello", "ConfigMap"))
    world.delete("ConfigMap", "bob-hello")
    world.settle()
    assert world.get(Ref("ConfigMap", "default", "bob-hello")) is None
    world.do(CrashController("hello"))
    world.settle()
    assert world.get(Ref("ConfigMap", "default", "bob-hello")) is not None


# --------------------------------------------------------------------------------------------------- two copies


def test_two_copies_do_the_same_work_twice_until_one_is_ended(world: World) -> None:
    world.do(TwoCopies(RS))
    assert world.actors[second_of(RS)].reconciles == "ReplicaSet"
    begin = world.trace.count
    world.scale("web", 5)
    world.settle()
    assert {step.actor for step in made(world, begin)} == {RS, second_of(RS)}
    assert len(made(world, begin)) > 2
    assert len(world.pods()) == 5
    world.do(TwoCopies(RS, on=False))
    assert second_of(RS) not in world.actors
    begin = world.trace.count
    world.scale("web", 6)
    world.settle()
    assert [step.actor for step in made(world, begin)] == [RS]


def test_one_copy_is_stopped_and_the_other_goes_on(world: World) -> None:
    world.do(TwoCopies(RS))
    world.do(StopController(RS))
    world.kill(world.pod_names()[0])
    world.settle()
    assert len(world.pods()) == 3


def test_names_that_are_made_up_are_made_twice_and_names_that_follow_from_the_parent_are_not() -> None:
    for text, children in (("hello", 1), (NAMED_ANEW, 2)):
        world = own_world(text)
        world.advance(world.now_ms // 1000 * 1000 + 1_950)  # what the second makes up is of another second
        world.do(TwoCopies("hello"))
        world.apply(BOB)
        world.settle()
        assert len(children_of_bob(world)) == children
        codes = {
            s.record.result.code for s in world.trace if s.actor.startswith("hello") and isinstance(s.record, Acted)
        }
        assert (409 in codes) is (children == 1), "it exists already"


def test_the_second_copy_of_ones_own_goes_with_it() -> None:
    world = own_world("hello")
    world.do(TwoCopies("hello"))
    world.do(DefineController("hello", "secret", NAMED_ANEW, "cm"))
    assert {"hello", "hello_2"} <= world.actors.keys()
    world.do(GoOnCall("hello"))
    world.do(RemoveController("hello"))
    assert not {"hello", "hello_2"} & world.actors.keys()
    assert faults_of(world) == {}


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (TwoCopies("kubelet"), "there cannot be a second kubelet: only loops of the control plane are copied"),
        (TwoCopies("nope"), 'no loop is called "nope"'),
        (DropNextEvent(RS, "nodes"), f"{RS} does not watch nodes: it watches Pod, ReplicaSet"),
        (StaleCache(RS, -1), 'field "for_ms" must be between 0 and 600000, not -1'),
        (CrashMidway("nope"), 'no loop is called "nope"'),
    ],
)
def test_what_cannot_be_broken_is_refused(world: World, command: Command, said: str) -> None:
    assert world.refused(command) == said


# ---------------------------------------------------------------------------------- replays, copies, checkpoints


@pytest.mark.parametrize("command", FAULTS, ids=str)
def test_in_the_middle_of_a_fault_a_replay_a_copy_and_a_checkpoint_go_on_alike(world: World, command: Command) -> None:
    world.do(command)
    world.scale("web", 5)
    for _ in range(45):
        world.step()
    copied, begin = world.copy(), world.trace.count
    again = checkpoint.resumed(b"".join(checkpoint.written(world)).splitlines(), world.journal)
    replayed = Cluster.replay(world.seed, world.epoch_ms, list(world.journal))
    world.settle()
    replayed.forward(world.trace.count)
    assert list(replayed.trace) == list(world.trace)
    for other in (copied, again):
        other.run()
        assert list(other.trace.since(begin)) == list(world.trace.since(begin))


@pytest.mark.parametrize("command", FAULTS, ids=str)
def test_a_moment_of_the_past_knows_which_copies_there_were(world: World, command: Command) -> None:
    before = world.trace.count
    world.do(command)
    world.scale("web", 4)
    then = world.trace.count
    world.settle()
    world.do(TwoCopies(RS, on=False))
    assert second_of(RS) not in world.at(before).actors
    assert (second_of(RS) in world.at(then).actors) is (command == TwoCopies(RS))


# ------------------------------------------------------------------------------------------------------ refused


def test_what_is_refused_again_and_again_is_named_and_not_waited_for() -> None:
    world = own_world("hello")
    world.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bob-hello}\n")
    world.apply(BOB)
    world.settle()
    ((key, failed),) = world.actors["hello"].mistakes
    assert (key, failed.code) == (Ref("Secret", "default", "bob"), 409)
    assert failed.error == 'configmaps "bob-hello" already exists'
    looks = sum(isinstance(step.record, Observed) and step.actor == "hello" for step in world.trace)
    world.wait(60)
    assert looks < sum(isinstance(step.record, Observed) and step.actor == "hello" for step in world.trace), (
        "it goes on"
    )
    world.delete("ConfigMap", "bob-hello")
    world.settle()
    assert children_of_bob(world) == ["bob-hello"]
    assert world.actors["hello"].mistakes == ()


def own_world(text: str) -> World:
    """With the controller *hello*, from its template or with another text."""
    world = World(latencies="textbook")
    found = next((each.text for each in controller_templates() if each.name == text), text)
    world.do(DefineController("hello", "secret", found, "cm"))
    world.settle()
    return world


def children_of_bob(world: Cluster) -> list[str]:
    return [
        obj["metadata"]["name"]
        for obj in world.objects("ConfigMap", "default")
        if any(owner["name"] == "bob" for owner in obj["metadata"].get("ownerReferences", ()))
    ]
