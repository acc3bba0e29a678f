"""What came of a fault that a loop was given: converged, duplicated, leaked or stuck, and the shortest trace of it."""

from __future__ import annotations

import pytest

from app.api.objects import Ref
from app.commands import (
    Command,
    CrashController,
    CrashMidway,
    DefineController,
    DeleteObject,
    DropNextEvent,
    Scale,
    StaleCache,
    StopController,
    TwoCopies,
)
from app.engine.trace import Acted, Commanded, Failed, Observed, Step
from app.operators.own.templates import controller_templates
from app.web.present import captions, ending, verdict
from app.web.present.names import tell
from app.web.present.verdict import Verdict
from tests.support.own_texts import BOB, NAMED_ANEW
from tests.support.voices import ENGLISH
from tests.support.world import World

pytestmark = pytest.mark.long

RS, GC = "replicaset-controller", "garbage-collector"
WEB = Ref("Deployment", "default", "web")
HELLO = next(each.text for each in controller_templates() if each.name == "hello")


def web(latencies: str = "textbook") -> World:
    world = World(latencies=latencies)
    world.web(3)
    world.settle()
    return world


def hello(text: str = HELLO) -> World:
    world = World(latencies="textbook")
    world.do(DefineController("hello", "secret", text, "cm"))
    world.settle()
    return world


def judged(world: World, act: Step) -> Verdict:
    world.settle()
    found = verdict.of(world, act)
    assert found is not None
    return found


def after(world: World, *commands: Command) -> Verdict:
    """Of what came of the commands, one right after the other."""
    acts = [world.do(command) for command in commands]
    return judged(world, acts[-1])


def applied(world: World, text: str) -> Verdict:
    world.apply(text)
    act = world.trace.get(world.trace.count)
    assert act is not None
    return judged(world, act)


def said(world: World, found: Verdict) -> str:
    return tell(found.said, ENGLISH.among(world.voices))


def told(world: World, found: Verdict) -> list[str]:
    """The shortest trace in sentences."""
    return [captions.sentence(each.step, ENGLISH.among(world.voices)) for each in found.trace]


def names_of(world: World) -> list[str]:
    return [each["metadata"]["name"] for each in world.objects("ConfigMap", "default")]


def shape(found: Verdict) -> list[str]:
    """The same in words for what kind of steps these are."""
    words = {Commanded: "you", Failed: "dies", Acted: "writes", Observed: "looks"}
    return [each.how or words[type(each.step.record)] for each in found.trace]


# ----------------------------------------------------------------------------------------------------- converged


@pytest.mark.parametrize("latencies", ["textbook", "realistic"])
def test_who_dies_between_two_writes_converges(latencies: str) -> None:
    world = web(latencies)
    found = after(world, CrashMidway(RS), Scale(WEB, 5))
    assert (found.kind, shape(found)) == ("converged", ["you", "dies", "writes"])


def test_names_that_follow_from_the_parent_meet_and_converge() -> None:
    for fault in (TwoCopies("hello"), StaleCache("hello")):
        world = hello()
        world.do(fault)
        found = applied(world, BOB)
        assert found.kind == "converged"
        assert told(world, found)[1:] == [
            "It creates ConfigMap bob-hello.",
            "It cannot create ConfigMap bob-hello: it exists already (409).",
        ]


def test_an_event_that_tells_only_what_the_loop_did_itself_is_not_missed() -> None:
    world = hello()
    world.do(DropNextEvent("hello", "cm"))
    assert applied(world, BOB).kind == "converged"


# ---------------------------------------------------------------------------------------------------- duplicated


@pytest.mark.parametrize("latencies", ["textbook", "realistic"])
@pytest.mark.parametrize("fault", [TwoCopies(RS), StaleCache(RS)], ids=str)
def test_pods_that_were_made_twice_and_deleted_again(fault: Command, latencies: str) -> None:
    world = web(latencies)
    found = after(world, fault, Scale(WEB, 5))
    assert found.kind == "duplicated"
    assert said(world, found).endswith(" in the end.")
    assert ": 5 wanted, " in said(world, found)
    assert ", 5 in the end." in said(world, found)
    acts = [each.step for each in found.trace if isinstance(each.step.record, Acted)]
    assert shape(found) == ["you", "you", *("writes" for _ in acts)]
    scaled, *made = [step.actor.removesuffix("_2") for step in acts]
    assert (scaled, {*made}) == ("deployment-controller", {RS})
    assert len(made) >= 2


def test_names_that_are_made_up_stay_twice() -> None:
    for fault in (TwoCopies("hello"), StaleCache("hello")):
        world = hello(NAMED_ANEW)
        world.advance(world.now_ms // 1000 * 1000 + 1_950)  # what the second makes up is of another second
        world.do(fault)
        found = applied(world, BOB)
        assert found.kind == "duplicated"
        count = sum(name.startswith("bob-") for name in names_of(world))
        assert said(world, found) == f"ConfigMap of Secret bob: 1 wanted, {count} there, and they stay."
        assert shape(found) == ["you", "you", "writes", "writes"]


@pytest.mark.parametrize("seed", range(4))
def test_without_a_fault_nothing_is_made_twice(seed: int) -> None:
    world = World(seed=seed, latencies="stormy")
    world.web(3)
    act = world.do(CrashMidway("kubelet"))
    for replicas in (6, 2, 4):
        world.scale("web", replicas)
        world.kill(world.pod_names()[0]) if world.pods() else None
        world.image("web", f"nginx:1.2{replicas}")
        world.run(limit_ms=3_000)
    assert judged(world, act).kind == "converged"


# --------------------------------------------------------------------------------------------------------- leaked


def test_what_a_loop_made_outlives_its_owner_while_nobody_collects() -> None:
    world = hello()
    world.do(TwoCopies("hello"))
    world.do(StopController(GC))
    world.apply(BOB)
    world.settle()
    found = after(world, DeleteObject(Ref("Secret", "default", "bob")))
    assert said(world, found) == "ConfigMap bob-hello remains, and its owner is gone."
    assert (found.kind, shape(found)) == ("leaked", ["you", "writes", "you"])


def test_a_collector_that_missed_the_end_of_an_owner_leaks_what_that_owned() -> None:
    world = hello()
    world.apply(BOB)
    world.settle()
    found = after(world, DropNextEvent(GC, "secret"), DeleteObject(Ref("Secret", "default", "bob")))
    assert said(world, found) == "ConfigMap bob-hello remains, and its owner is gone."
    assert (found.kind, shape(found)) == ("leaked", ["you", "EVENT-LOST"])


# ---------------------------------------------------------------------------------------------------------- stuck


def test_who_never_hears_that_something_is_gone_is_stuck_until_it_lists_again() -> None:
    world = hello()
    world.apply(BOB)
    world.settle()
    child = Ref("ConfigMap", "default", "bob-hello")
    found = after(world, DropNextEvent("hello", "cm"), DeleteObject(child))
    assert (found.kind, said(world, found)) == ("stuck", "it never heard that ConfigMap bob-hello is gone.")
    assert shape(found) == ["you", "EVENT-LOST"]
    later = world.do(CrashController("hello"))
    world.settle()
    assert world.get(child) is not None
    assert verdict.of(world, later) is None, "that is another story"


def test_a_pod_that_the_scheduler_never_hears_of_waits_for_good() -> None:
    world = web()
    found = after(world, DropNextEvent("default-scheduler", "Pod"), Scale(WEB, 5))
    assert found.kind == "stuck"
    assert said(world, found).startswith("it never heard of pod ")
    assert world.statuses().count("Pending") == 1
    assert shape(found) == ["you", "EVENT-LOST"]


def test_an_event_that_would_have_woken_nobody_makes_nobody_stuck() -> None:
    world = web()
    assert after(world, DropNextEvent(GC, "ReplicaSet"), Scale(WEB, 5)).kind == "converged"


def test_who_writes_in_vain_is_stuck() -> None:
    world = hello()
    world.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bob-hello}\n")
    world.do(CrashMidway("hello"))
    found = applied(world, BOB)
    assert (found.kind, said(world, found)) == ("stuck", "it fails at Secret bob again and again.")
    assert told(world, found)[-1] == "It cannot create ConfigMap bob-hello: it exists already (409)."


# ------------------------------------------------------------------------------------------------------- in general


def test_without_a_fault_that_struck_there_is_no_verdict() -> None:
    world = web()
    for fault in (DropNextEvent(RS, "Pod", on=False), CrashMidway("job-controller")):
        world.do(fault)
        act = world.do(Scale(WEB, 5))
        world.settle()
        assert verdict.of(world, act) is None
        world.do(Scale(WEB, 3))
        world.settle()


def test_the_next_story_has_none_unless_the_fault_lasts() -> None:
    for fault, lasts in ((CrashMidway(RS), False), (StaleCache(RS), False), (TwoCopies(RS), True)):
        world = web()
        after(world, fault, Scale(WEB, 5))
        act = world.do(Scale(WEB, 3))
        world.settle()
        assert (verdict.of(world, act) is not None) is lasts


def test_the_ending_bears_it_and_why_leads_through_its_steps() -> None:
    world = web()
    world.do(TwoCopies(RS))
    act = world.do(Scale(WEB, 5))
    world.settle()
    _ = ENGLISH.among(world.voices)
    end = ending.of(world, act, _)
    assert end is not None
    assert end.verdict is not None
    assert (end.verdict.kind, end.verdict.word) == ("duplicated", "Duplicated")
    why = ending.shortest_trace(world, act, _)
    assert why.about == f"Duplicated: {end.verdict.text}"
    assert [link.who for link in why.links] == ["you", "you", "Deployment", "ReplicaSet (2)", "ReplicaSet"]
    assert ending.shortest_trace(world, None, _).nothing
