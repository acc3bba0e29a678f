"""A moment of the past, and a recorded run: the same views as the live cluster gave at that time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from app import scenarios
from app.api import errors
from app.api.objects import Obj, Ref, ref_of
from app.cluster import Cluster
from app.commands import (
    AddNode,
    ApiServerDown,
    Apply,
    Command,
    CrashController,
    DeleteObject,
    EdgeTriggered,
    PowerNode,
    RemoveNode,
    Scale,
    SetImage,
    SetLatencies,
    SetTraffic,
    StopController,
)
from app.engine.trace import Step, is_visible
from app.look import Look
from app.look.recording import Recording
from app.reconcile import Cache
from app.registry.bootstrap import is_built_in
from app.rooms.beginnings import prepared
from app.web.present import Words, frame, page, step_detail
from tests.support.looks import Stage, frame_since
from tests.support.loops import A, Loop, Seen, config
from tests.support.world import World

pytestmark = pytest.mark.long

_ = Words()
WEB = Ref("Deployment", "default", "web")
NGINX = "docker.io/library/nginx:1.28"


def pod(cluster: Cluster) -> Ref:
    return Ref("Pod", "default", cluster.objects("Pod", "default")[0]["metadata"]["name"])


def kill(cluster: Cluster) -> Command:
    return DeleteObject(pod(cluster))


def roll(cluster: Cluster) -> Command:
    return SetImage(WEB, NGINX)


LESSONS = [
    pytest.param("self-healing", kill, 1, id="a pod killed"),
    pytest.param("rolling-update", roll, 7, id="a rollout, one step in seven"),
]


def steps_until(cluster: Cluster, until_ms: int) -> Iterator[Step]:
    while (step := cluster.engine.step(until_ms)) is not None:
        yield step


def drawn(look: Look, since: Look | None = None) -> dict[str, Any]:
    """Everything that is drawn of that moment, and the frame of what changed since another."""
    newest = look.trace.count
    whole = {**page(Stage(look), (), _), "room": None, "detail": step_detail(look, newest, _)}
    if since is not None:
        whole["frame"] = frame(Stage(look), frame_since(look, since.revision, since.trace.count), _)
    return whole


@pytest.mark.parametrize(("lesson", "do", "stride"), LESSONS)
def test_a_step_can_be_seen_again_as_it_was(lesson: str, do: Callable[[Cluster], Command], stride: int) -> None:
    cluster = prepared(scenarios.get(lesson))
    before = Recording.of(cluster)
    cluster.submit(do(cluster))
    then = {cluster.trace.count: drawn(cluster, before)}
    for step in steps_until(cluster, cluster.now_ms + 60_000):
        if is_visible(step) and step.number % stride == 0:
            then[step.number] = drawn(cluster, before)
    recording = Recording.of(cluster)
    assert len(then) > 20
    for number, views in then.items():
        assert drawn(recording.at(number), before) == views


def test_a_recording_stays_as_it_is_when_the_cluster_goes_on() -> None:
    world = World()
    world.web()
    world.settle()
    recording, then = Recording.of(world), drawn(world)
    world.kill(pod(world).name)
    world.settle()
    assert drawn(recording) == then
    assert drawn(world) != then


def test_the_past_of_the_past_is_the_same_past() -> None:
    world = World()
    world.web()
    world.settle()
    late, early = world.trace.count - 10, world.trace.count - 40
    assert drawn(world.at(late).at(early)) == drawn(world.at(early))
    assert drawn(world.at(world.trace.count)) == drawn(Recording.of(world).at(world.trace.count))


def test_objects_are_found_as_in_the_store() -> None:
    world = World(nodes=12)
    world.web(replicas=12)
    world.settle()
    recording = Recording.of(world)
    assert set(recording.kinds()) == set(world.kinds())
    for kind in (*world.kinds(), "Job"):
        assert recording.objects(kind) == world.store.objects(kind)
        assert recording.objects(kind, "default") == world.store.objects(kind, "default")
        assert recording.count(kind) == world.count(kind)
    assert recording.get(WEB) is world.get(WEB)
    begun = world.known_from
    assert recording.changes_since(begun + 40) == tuple(world.changes_since(begun + 40))
    assert recording.as_of(begun + 40) == world.as_of(begun + 40)
    assert recording.at(60).changes_since(begun)[-1].revision == recording.at(60).revision


def test_what_people_wrote_and_chose_is_as_it_was() -> None:
    world = World()
    world.web()
    first = world.trace.count
    world.web(replicas=5)
    world.do(SetLatencies("textbook"))
    world.do(ApiServerDown(True))
    past = world.at(first)
    assert (len(past.applied), past.latencies, past.api_down) == (1, "realistic", False)
    assert past.applied[0] == world.applied[0]
    now = world.at(world.trace.count)
    assert (len(now.applied), now.latencies, now.api_down) == (2, "textbook", True)


@pytest.mark.parametrize(
    "commands",
    [
        pytest.param([Scale(WEB, 5), CrashController("replicaset-controller"), Scale(WEB, 1)], id="a crash"),
        pytest.param(
            [StopController("deployment-controller"), Scale(WEB, 4), StopController("deployment-controller", False)],
            id="a loop stopped and started",
        ),
        pytest.param([EdgeTriggered("endpointslice-controller", True), Scale(WEB, 5)], id="going by events alone"),
        pytest.param([PowerNode("node-1", False), PowerNode("node-1", True)], id="a machine off and on"),
        pytest.param([PowerNode("node-2", False), RemoveNode("node-2"), AddNode()], id="a machine gone for good"),
        pytest.param([SetTraffic(Ref("Service", "default", "web"), 40), Scale(WEB, 5)], id="under load"),
    ],
)
def test_who_was_busy_with_what_is_read_from_the_steps(commands: list[Command]) -> None:
    """In the middle of everything: each command comes while the loops are at work on the one before."""
    world = World(latencies="textbook")
    world.web()
    then = {}
    for command in commands:
        number = world.do(command).number
        then[number] = world.actors
        for _step in range(25):
            if (step := world.step()) is not None:
                then[step.number] = world.actors
    for step in steps_until(world, world.now_ms + 60_000):
        then[step.number] = world.actors
    recording = Recording.of(world)
    assert max(sum(len(state.in_flight) for state in actors.values()) for actors in then.values()) > 1
    for number, actors in then.items():
        assert recording.at(number).actors == actors, f"after step {number}"


def stumbles(seen: Seen) -> list[Any]:
    """A KeyError in `diff` for each ConfigMap that is not good."""
    return [] if is_built_in(ref_of(seen.obj)) or "good" in seen.obj["data"] else seen.obj["data"]["good"]


def by_size(obj: Obj) -> Iterable[str]:
    return () if is_built_in(ref_of(obj)) else (obj["data"]["size"],)


class Sorts(Loop):
    """Cannot be told of a ConfigMap without `size`."""

    def __init__(self) -> None:
        super().__init__(lambda seen: [], name="sorts")
        self.reads = (Cache("ConfigMap", indexes={"size": by_size}),)


@pytest.mark.mistakes
def test_the_mistakes_of_a_loop_are_read_from_the_steps() -> None:
    world = World()
    good = {"good": "yes", "size": "1"}
    world.settle()
    world.engine.start(Loop(stumbles, name="stumbles"), 90)
    world.engine.start(Sorts(), 91)
    world.settle()
    then = {}
    for text in (json.dumps(config("a")), json.dumps(config("b", good="yes")), json.dumps(config("a", **good))):
        number = world.do(Apply(text)).number
        then[number] = world.actors
        for step in steps_until(world, world.now_ms + 5_000):
            then[step.number] = world.actors
    recording = Recording.of(world)
    assert {failed.key for each in then.values() for failed in each["stumbles"].mistakes} == {A}
    assert {failed.key for each in then.values() for failed in each["sorts"].mistakes} == {None}
    for number, actors in then.items():
        assert recording.at(number).actors == actors, f"after step {number}"


def test_loops_of_machines_of_which_none_is_left_are_known_by_what_they_did() -> None:
    world = World()
    world.web()
    world.settle()
    then, number = world.actors, world.trace.count
    for node in ("node-1", "node-2", "node-3"):
        world.do(RemoveNode(node))
    assert not [state for state in world.actors.values() if state.instance]
    assert {"kubelet/node-1", "container-runtime/node-3"} < set(world.at(number).actors)
    assert world.at(number).actors.items() <= then.items()


def test_a_moment_after_which_nothing_came_was_at_rest() -> None:
    world = World()
    world.web()
    world.settle()
    rested = world.trace.count
    world.wait(60)
    killed = world.do(DeleteObject(pod(world))).number
    world.settle()
    assert world.at(rested).at_rest
    assert world.at(killed - 1).at_rest
    assert not world.at(killed).at_rest
    assert not world.at(rested - 5).at_rest
    assert world.at(world.trace.count).at_rest


def test_who_asks_for_what_was_not_yet_or_is_not_known_any_more_is_told_so() -> None:
    world = World()
    with pytest.raises(errors.NotFound, match=f"there is no step 0: the newest is {world.trace.count}"):
        world.at(0)
    with pytest.raises(errors.NotFound):
        world.at(world.trace.count + 1)
    kept = world.trace.count
    world.store.log.limit = 50
    world.web()
    world.settle()
    assert world.known_from > 0
    with pytest.raises(errors.Gone, match=f"step {kept} is too long ago"):
        world.at(kept)
    assert world.at(world.trace.count).get(WEB) == world.get(WEB)
    world.trace._steps.limit = 50
    world.kill(pod(world).name)
    world.settle()
    with pytest.raises(errors.Gone):
        world.at(world.trace.first - 1)
    assert world.at(world.trace.count).revision == world.revision
