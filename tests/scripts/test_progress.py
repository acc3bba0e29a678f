"""How far a room has come: the same however seldom one looks, kept over a restart, undone where nothing comes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app import scenarios
from app.api.errors import NotFound
from app.cluster import Cluster
from app.commands import DeleteObject, GoOnCall, StopController, TakeTurns
from app.rooms.beginnings import prepared
from app.rooms.playing import press
from app.scenarios import Scenario
from app.scenarios.form import read
from app.scenarios.progress import Progress

pytestmark = pytest.mark.long

HEALING = scenarios.get("self-healing")
LESSON = """
title: {en: a, ja: a}
promise: {en: a, ja: a}
manifests: |
  apiVersion: apps/v1
  kind: ReplicaSet
  metadata: {name: web}
  spec:
    replicas: 3
    selector: {matchLabels: {app: web}}
    template:
      metadata: {labels: {app: web}}
      spec: {containers: [{name: nginx, image: 'nginx:1.27'}]}
steps:
- press: {en: Kill, ja: Kill}
  does: {do: delete, ref: [Pod, default, app=web]}
  milestones:
  - {id: m, words: {en: m, ja: m}, when: %s}
"""


def begun(scenario: Scenario = HEALING) -> tuple[Progress, Cluster]:
    cluster = prepared(scenario)
    return Progress(scenario, cluster), cluster


def of(when: str) -> Scenario:
    return read("x", LESSON % when)


def reached(progress: Progress, index: int = 0) -> list[tuple[str, int, int]]:
    found = progress.press_of(index)
    assert found is not None
    return [(each.id, each.step, each.at_ms - found.at_ms) for each in found.reached]


def step_by_step(progress: Progress, cluster: Cluster) -> None:
    while not cluster.quiet:
        cluster.step()
        progress.follow(cluster)


def at_the_end(progress: Progress, cluster: Cluster) -> None:
    cluster.run()
    progress.follow(cluster)


def now_and_then(progress: Progress, cluster: Cluster) -> None:
    while not cluster.quiet:
        cluster.run(limit_steps=37)
        progress.follow(cluster)


@pytest.mark.parametrize("index", range(4))
def test_milestones_and_their_times_are_the_same_however_seldom_one_looks(index: int) -> None:
    told = []
    ways: tuple[Callable[[Progress, Cluster], None], ...] = (step_by_step, at_the_end, now_and_then)
    for way in ways:
        progress, cluster = begun()
        press(progress, cluster, index)
        way(progress, cluster)
        assert progress.done(index)
        told.append(reached(progress, index))
    assert told[0] == told[1] == told[2]


def test_what_was_so_for_a_moment_only_is_found_by_one_who_looks_at_the_end() -> None:
    progress, cluster = begun(of("{kind: Pod, labels: app=web, terminating: false, count: 2}"))
    press(progress, cluster, 0)
    at_the_end(progress, cluster)
    assert progress.done(0)


def test_milestones_come_one_after_another() -> None:
    progress, cluster = begun()
    press(progress, cluster, 0)
    at_the_end(progress, cluster)
    ids = [id for id, _step, _ms in reached(progress)]
    times = [ms for _id, _step, ms in reached(progress)]
    assert ids == ["kill-counted", "kill-created", "kill-bound", "kill-ready"]
    assert times == sorted(times)


def test_where_the_effect_is_prevented_a_step_stays_undone() -> None:
    progress, cluster = begun()
    cluster.submit(StopController("replicaset-controller"))
    press(progress, cluster, 0)
    at_the_end(progress, cluster)
    assert not progress.done(0)
    assert reached(progress) == []
    cluster.submit(StopController("replicaset-controller", stopped=False))
    at_the_end(progress, cluster)
    assert progress.done(0)


def test_a_step_that_is_pressed_again_begins_anew_and_the_end_is_the_end_once() -> None:
    progress, cluster = begun()
    for index in (2, 3, 0, 1):
        press(progress, cluster, index)
        at_the_end(progress, cluster)
    ended = progress.ended_ms
    assert ended == cluster.now_ms - (cluster.now_ms - ended if ended else 0)
    assert (progress.latest, [progress.done(index) for index in range(4)]) == (1, [True] * 4)
    press(progress, cluster, 0)
    assert (progress.latest, progress.done(0), reached(progress)) == (0, False, [])
    assert progress.ended_ms == ended
    at_the_end(progress, cluster)
    assert progress.done(0)
    with pytest.raises(NotFound, match="no step 4"):
        progress.step(4)


@pytest.mark.parametrize(
    ("when", "is_done"),
    [
        ("{after_s: 3}", True),
        ("{after_s: 3000}", False),
        ("{quiet: true}", True),
        ("{all: [{quiet: true}, {kind: Pod, count: 3}]}", True),
        ("{any: [{kind: Pod, count: 99}, {kind: Pod, new: true}]}", True),
        ("{not: {kind: Pod, new: true}}", True),
        ("[{quiet: true}, {not: {ever: {kind: Pod, terminating: true}}}]", False),
        ("[{quiet: true}, {ever: {kind: Pod, terminating: true}}]", True),
        ("[{quiet: true}, {not: {loop: replicaset-controller, action: Create}}]", False),
        ("{loop: you, do: delete, code: 200}", True),
        ("{loop: you, code: 404}", False),
        ("{loop: replicaset-controller, action: Create, kind: Pod, name: web-*, code: 201}", True),
        ("{loop: replicaset-controller, action: Create, kind: Service}", False),
        ("{loop: replicaset-controller, phase: observe}", True),
        ("{loop: kubelet, phase: act, action: Delete, kind: Pod}", True),
        ("{loop: kubelet/node-9, phase: act}", False),
        ("{loop: replicaset-controller, phase: failed}", False),
        ("{kind: PodSandbox, where: {spec.nodeName: node-1}}", True),
    ],
)
def test_what_may_be_asked(when: str, is_done: bool) -> None:
    progress, cluster = begun(of(when))
    press(progress, cluster, 0)
    at_the_end(progress, cluster)
    assert progress.done(0) is is_done


def test_a_lesson_may_wait_for_an_alert_and_do_by_hand_what_it_asks_for() -> None:
    lesson = read(
        "x",
        LESSON % "{loop: replicaset-controller, phase: alert, reason: TooFewReplicas}"
        + """
- press: {en: Act, ja: Act}
  does: {do: by-hand, actor: replicaset-controller, ref: [ReplicaSet, default, web]}
  milestones:
  - {id: acted, words: {en: acted, ja: acted}, when: {kind: Pod, new: true, ready: true}}
""",
    )
    progress, cluster = begun(lesson)
    press(progress, cluster, 0)
    at_the_end(progress, cluster)
    assert not progress.done(0), "the loop acts by itself"
    cluster.submit(GoOnCall("replicaset-controller"))
    press(progress, cluster, 0)
    at_the_end(progress, cluster)
    assert progress.done(0)
    press(progress, cluster, 1)
    at_the_end(progress, cluster)
    assert progress.done(1)


@pytest.mark.parametrize("moment", [0, 3, 20, 60, 100])
def test_a_room_that_is_restored_has_come_as_far_and_goes_on_as_it_would_have(moment: int) -> None:
    progress, cluster = begun()
    press(progress, cluster, 0)
    for _step in range(moment):
        cluster.step()
    progress.follow(cluster)
    replayed = Cluster.replay(cluster.seed, cluster.epoch_ms, cluster.journal, cluster.trace.count)
    replayed.forward(cluster.trace.count, cluster.now_ms)
    again = Progress.from_json(HEALING, replayed, progress.to_json())
    assert reached(again) == reached(progress)
    at_the_end(progress, cluster)
    at_the_end(again, replayed)
    assert reached(again) == reached(progress)
    assert again.done(0)
    assert again.to_json() == progress.to_json()


def test_what_a_script_has_no_more_is_left_out() -> None:
    progress, cluster = begun()
    for index in range(4):
        press(progress, cluster, index)
        at_the_end(progress, cluster)
    shorter = read("x", LESSON % "{kind: Pod, new: true, ready: true}")
    again = Progress.from_json(shorter, cluster, progress.to_json())
    assert [again.press_of(index) is not None for index in range(4)] == [True, False, False, False]
    assert Progress.from_json(HEALING, cluster, {}).latest is None


def test_nothing_is_looked_for_when_nothing_was_pressed() -> None:
    progress, cluster = begun()
    cluster.submit(DeleteObject(next(iter(cluster.store.at(cluster.revision)))))
    cluster.submit(TakeTurns(on=False))
    version = progress.version
    at_the_end(progress, cluster)
    assert progress.version == version
