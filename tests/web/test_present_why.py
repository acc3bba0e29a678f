"""Why? The chain of causes: in random worlds, link by link, and in stories that one knows the causes of."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest

from app import scenarios
from app.api.objects import Ref, name_of, ref_of
from app.cluster import Cluster
from app.commands import CrashController, PowerNode
from app.engine.trace import (
    Acted,
    Commanded,
    Delivered,
    Differed,
    Failed,
    Fired,
    Observed,
    Step,
    Trace,
    changes_of,
)
from app.rooms.rehearsal import Rehearsal
from app.web.present import causes, places, why
from app.web.present.moments import step_detail
from tests.support.random_world import random_world
from tests.support.telling import LANGUAGES, words_of
from tests.support.whole_world import WholeWorld
from tests.support.world import World

pytestmark = pytest.mark.long

ASKED = 40  # steps of a world


def stormy(seed: int) -> Cluster:
    """A world of all kinds, with faults."""
    world, rng = WholeWorld(seed), random.Random(seed)
    for _turn in range(25):
        wish = (world.a_fault if rng.random() < 0.4 else world.a_wish)()
        if wish is not None:
            world.submit(wish)
        world.cluster.advance(world.cluster.now_ms + rng.choice([500, 5_000, 60_000]), 300)
    return world.cluster


WORLDS = [
    *(pytest.param(random_world, seed, id=f"a Deployment, seed {seed}") for seed in range(1, 4)),
    *(pytest.param(stormy, seed, id=f"faults, seed {seed}") for seed in range(1, 5)),
]


@pytest.mark.long
@pytest.mark.parametrize(("make", "seed"), WORLDS)
def test_a_path_goes_back_step_by_step_to_an_act_or_to_the_beginning(make: Callable[[int], Cluster], seed: int) -> None:
    world = make(seed)
    for step in asked(world, seed):
        path = causes.path(world.trace, step.number)
        assert path[-1] is step
        assert isinstance(path[0].record, Commanded) or is_beginning(path[0])
        for before, after in pairwise(path):
            assert comes_of(after, before), (before, after)


@pytest.mark.long
@pytest.mark.parametrize(("make", "seed"), WORLDS)
def test_each_link_is_a_step_that_can_be_looked_at(make: Callable[[int], Cluster], seed: int) -> None:
    world = make(seed)
    for lang in LANGUAGES:
        _ = words_of(world, lang)
        for step in asked(world, seed)[:8]:
            found = list(why.links(causes.path(world.trace, step.number), world.epoch_ms, _))
            numbers = [link.step for link in found]
            assert numbers == sorted(set(numbers))
            assert numbers[-1] == step.number
            assert found[0].phase in ("you", "observe")
            assert all(link.phase == "act" for link in found[1:])
            assert all(link.text and link.who and link.at for link in found)
            assert all(step_detail(world, link.step, _) is not None for link in found)


def asked(world: Cluster, seed: int) -> list[Step]:
    """Some of the steps that wrote something."""
    written = [step for step in world.trace if changes_of(step)]
    return random.Random(seed).sample(written, min(ASKED, len(written)))


def is_beginning(step: Step) -> bool:
    return isinstance(step.record, Fired) and (step.record.why, step.cause) == ("RELIST", 0)


def comes_of(step: Step, before: Step) -> bool:
    """By the records of both alone."""
    same_flight = (step.actor, step.key) == (before.actor, before.key)
    match step.record:
        case Delivered(change=change):
            return change in changes_of(before)
        case Observed(reads=reads):
            wrote = {change.ref for change in changes_of(before)}
            return step.key in queued_by(before) or bool(wrote & set(places.read(reads)))
        case Differed():
            return same_flight and isinstance(before.record, Observed)
        case Acted():
            return same_flight and isinstance(before.record, Differed | Acted)
        case Failed(phase="watch"):
            return bool(changes_of(before))
        case Failed():
            return same_flight or step.key in queued_by(before)
        case Fired(why="TIMER" | "BACKOFF"):
            silenced = [Ref("Node", "", name) for name, is_silent in causes.faults(before) if is_silent]
            return same_flight or step.key in silenced
        case Fired():
            return starts_a_loop(before, step.actor)
    return False


def queued_by(step: Step) -> Sequence[Ref]:
    return step.record.queued if isinstance(step.record, Delivered | Fired) else ()


def starts_a_loop(step: Step, actor: str) -> bool:
    """It crashed the loop, or mended or woke what kept it from reading; or the loop found that it missed something."""
    if isinstance(step.record, Commanded) and isinstance(step.record.command, CrashController):
        return step.record.command.actor in (actor, actor.partition("/")[0])
    kinds = {change.ref.kind for change in changes_of(step)}
    return bool(kinds) or (step.actor == actor and isinstance(step.record, Fired | Delivered | Failed))


def test_what_is_too_long_ago_is_said(world: World) -> None:
    """A trace that has dropped its beginning: the chain begins with the oldest step that is kept."""
    short = Trace(limit=60)
    for step in world.trace:
        short.append(step)
    last = next(step for step in reversed(list(short)) if changes_of(step))
    path = causes.path(short, last.number)
    assert short.first > 1
    assert not isinstance(path[0].record, Commanded)
    first, *_others = why.links(path, world.epoch_ms, words_of(world, "en"))
    assert first.text == "What came before is not kept any more."
    assert causes.path(short, 1) == ()


# ------------------------------------------------------------------------------------------------ known stories


@pytest.fixture
def world() -> World:
    world = World()
    world.web(3)
    world.settle()
    return world


def chain(found: why.Why) -> list[tuple[str, str]]:
    return [(link.who, link.text) for link in found.links]


def new_pod(world: World, before: list[str]) -> str:
    (name,) = set(world.pod_names()) - set(before)
    return name


STORY = {
    "en": [
        ("you", "You kill pod …{old}."),
        ("ReplicaSet", "It creates one: …{new}."),
        ("Scheduler", "It puts …{new} on {node}."),
        ("kubelet", "It has the containers of …{new} made."),
        ("Runtime", "It makes the container of …{new}."),
        ("Runtime", "It starts: the container of …{new} runs."),
        ("kubelet", "It reports: …{new} is ready."),
    ],
    "ja": [("あなた", "Pod …{old}を終了させました。"), ("ReplicaSet", "…{new}を1つ作成します。")],
}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_new_pod_is_there_because_somebody_killed_another(world: World, lang: str) -> None:
    before = world.pod_names()
    world.kill(before[0])
    world.settle()
    name = new_pod(world, before)
    pod = world.get(Ref("Pod", "default", name))
    assert pod is not None
    found = chain(why.of_object(world, ref_of(pod), words_of(world, lang)))
    values = {"old": before[0][-5:], "new": name[-5:], "node": pod["spec"]["nodeName"]}
    assert len(found) == len(STORY["en"])
    if lang == "en":
        assert found == [(who, text.format(**values)) for who, text in STORY[lang]]
    else:
        assert [who for who, _text in found[:2]] == [who for who, _text in STORY[lang]]


def test_an_endpoint_is_gone_because_its_pod_was_killed(world: World) -> None:
    name, _ = world.pod_names()[0], words_of(world, "en")
    world.kill(name)
    world.settle()
    found = why.of_endpoint(world, Ref("Service", "default", "web"), name, _)
    assert found.about == f"pod …{name[-5:]} as an endpoint of Service web"
    assert chain(found)[0] == ("you", f"You kill pod …{name[-5:]}.")
    assert chain(found)[-1][0] == "Endpoints"


def test_an_event_leads_back_to_what_somebody_did(world: World) -> None:
    world.image("web", "nginx:broken")
    world.wait(30)
    event = next(each for each in world.objects("Event") if each["reason"] == "Failed")
    found = chain(why.of_object(world, ref_of(event), words_of(world, "en")))
    assert found[0] == ("you", "You set the image of web to nginx:broken.")
    assert found[-1][0] == "kubelet"


def test_a_node_is_lost_because_its_power_was_cut_though_nobody_was_told(world: World) -> None:
    world.do(PowerNode("node-1"))
    world.wait(60)
    found = why.of_object(world, Ref("Node", "", "node-1"), words_of(world, "en"))
    assert found.links[0].text == "You cut the power of node-1: nobody is told."
    assert (found.links[1].who, found.links[1].how) == ("Node health", "by its own timer")
    assert why.of_object(world, Ref("Node", "", "node-1"), words_of(world, "ja")).links[1].how == "自分のタイマーで"


def test_of_a_machine_that_was_just_cut_off_the_act_itself(world: World) -> None:
    world.do(PowerNode("node-1"))
    found = why.of_object(world, Ref("Node", "", "node-1"), words_of(world, "en"))
    assert chain(found) == [("you", "You cut the power of node-1: nobody is told.")]


def test_a_heartbeat_has_its_clock_behind_it_and_nothing_else(world: World) -> None:
    world.wait(60)
    found = why.of_object(world, Ref("Lease", "kube-node-lease", "node-2"), words_of(world, "en"))
    assert chain(found) == [
        ("Node status", "The kubelet of node-2 looks by its own timer."),
        ("Node status", "It renews the Lease of node-2."),
    ]


@pytest.mark.parametrize(
    ("lesson", "presses", "ref", "act"),
    [
        ("autoscaling", (0,), Ref("Deployment", "default", "web"), "You send 40 requests a second to web."),
        ("chaos", (0,), Ref("ReplicaSet", "default", ""), "You let chaos in: about 6 kills a minute."),
        ("cluster-autoscaler", (0,), Ref("Node", "", "node-3"), "You change replicas of Deployment web: 3 → 12."),
    ],
)
def test_loops_with_a_clock_of_their_own_lead_back_to_the_act_too(
    lesson: str, presses: tuple[int, ...], ref: Ref, act: str
) -> None:
    rehearsal = Rehearsal(scenarios.get(lesson))
    for index in presses:
        rehearsal.press(index)
    cluster = rehearsal.cluster
    if not ref.name:
        ref = ref._replace(name=name_of(cluster.objects(ref.kind)[0]))
    assert chain(why.of_object(cluster, ref, words_of(cluster, "en")))[0] == ("you", act)


def test_what_a_crashed_loop_does_next_comes_of_the_crash(world: World) -> None:
    before = world.pod_names()
    world.do(CrashController("replicaset-controller"))
    world.kill(before[0])
    world.settle()
    relists = [step for step in world.trace if isinstance(step.record, Fired) and step.record.why == "RELIST"]
    crashed = next(
        step for step in world.trace if isinstance(step.record, Commanded) and "crash" in step.record.command.do
    )
    assert relists[-1].cause == crashed.number


def test_what_nobody_wrote_has_no_chain(world: World) -> None:
    found = why.of_object(world, Ref("ConfigMap", "default", "never"), words_of(world, "en"))
    assert (found.links, found.nothing) == ((), "Nobody has written it since the oldest step that is kept.")
