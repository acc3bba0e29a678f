"""What the slow loops wait for, and until when: as told, and as it then comes."""

from __future__ import annotations

import re

import pytest

from app import scenarios
from app.api.objects import Ref
from app.cluster import Cluster
from app.commands import Scale, SetTraffic, StopController
from app.controllers.cluster_autoscaler import SCAN_MS
from app.controllers.podautoscaler.horizontal import SYNC_MS
from app.engine.trace import Acted, Step
from app.reconcile import Patch
from app.rooms.beginnings import prepared
from app.scenarios import Scenario
from app.web.present import rest, waits
from app.web.present.captions import LONGEST
from app.web.present.clock import virtual
from tests.controllers.test_cluster_autoscaler import CONFIG, WEB
from tests.support.looks import See
from tests.support.telling import LANGUAGES, said_of, words_of
from tests.support.voices import ENGLISH
from tests.support.world import World

SERVICE = Ref("Service", "default", "web")
HPA, SCALER = "horizontal-pod-autoscaler", "cluster-autoscaler"


@pytest.fixture(scope="module")
def lesson() -> Scenario:
    return scenarios.get("autoscaling")


@pytest.fixture
def grown(lesson: Scenario) -> Cluster:
    """Eight pods under load, which then goes."""
    cluster = prepared(lesson)
    cluster.submit(SetTraffic(SERVICE, 40))
    cluster.advance(cluster.now_ms + 120_000)
    deployment = cluster.get(Ref("Deployment", "default", "web"))
    assert deployment is not None
    assert deployment["spec"]["replicas"] == 8
    cluster.submit(SetTraffic(SERVICE, 10))
    return cluster


def until(cluster: Cluster, role: str, limit_s: int = 120) -> waits.Wait:
    for _second in range(limit_s):
        if found := [wait for wait in waits.of(cluster, ENGLISH) if wait.role == role]:
            return found[0]
        cluster.advance(cluster.now_ms + 1_000)
    raise AssertionError(f"{role} waits for nothing")


def scalings(cluster: Cluster, since: int) -> list[Step]:
    found = []
    for step in cluster.trace.since(since):
        if step.actor == HPA and isinstance(step.record, Acted) and isinstance(step.record.action, Patch):
            found.append(step)
    return found


def test_an_autoscaler_says_until_when_it_holds_back_and_scales_then(grown: Cluster, see: See) -> None:
    wait = until(grown, HPA)
    assert waits.of(see(grown), ENGLISH)[0] == wait
    at = virtual(wait.until_ms - grown.epoch_ms)
    assert re.fullmatch(rf"HPA: \d pods of web would do, 8 stay until after {at}\.", wait.text), wait.text
    assert rest.of(grown, None, is_told=True, _=ENGLISH).waits_for == wait.text
    before = grown.trace.count
    grown.advance(wait.until_ms - 1)
    assert not scalings(grown, before)
    grown.advance(wait.until_ms + SYNC_MS + 1_000)
    assert len(scalings(grown, before)) == 1


def test_that_it_begins_to_hold_back_is_told_once(grown: Cluster) -> None:
    upto_ms = until(grown.copy(), HPA).until_ms
    texts = []
    while (step := grown.engine.step(upto_ms)) is not None:
        if step.actor == HPA and grown.matters(step):
            texts.append(said_of(grown, step)["en"].text)
    assert len(texts) == 2, texts
    assert re.fullmatch(r"By load \d pods would do; it keeps 8 for at least [\d:.]+( s)? more\.", texts[0])
    assert re.fullmatch(r"It keeps 8 pods for now: lately more than \d were right\.", texts[1])


def test_who_was_stopped_waits_for_nothing(grown: Cluster) -> None:
    until(grown, HPA)
    grown.submit(StopController(HPA, True))
    assert waits.by_role(grown, ENGLISH) == {}


def test_without_a_measurement_it_says_when_it_looks_next(lesson: Scenario) -> None:
    cluster = prepared(lesson)
    cluster.submit(StopController("metrics-server", True))
    cluster.submit(Scale(Ref("Deployment", "default", "web"), 0))
    cluster.advance(cluster.now_ms + 20_000)
    cluster.submit(Scale(Ref("Deployment", "default", "web"), 2))
    wait = until(cluster, HPA)
    assert wait.text.startswith("HPA web: no measurement yet, next look after ")
    assert cluster.now_ms < wait.until_ms <= cluster.now_ms + 15_000


def test_a_machine_that_nobody_needs_goes_when_it_is_said_to_go() -> None:
    world = World(nodes=2)
    world.apply(CONFIG + "---" + WEB % 10)
    world.settle()
    world.scale("web", 3)
    world.advance(world.now_ms + 20_000)
    wait = until(world, SCALER)
    name = wait.text.partition(" ")[0]
    assert wait.text.endswith(f"its machine goes after {virtual(wait.until_ms - world.epoch_ms)} if that stays so.")
    before = world.trace.count
    world.advance(wait.until_ms - 1)
    assert not _marked(world, before)
    world.advance(wait.until_ms + SCAN_MS + 1_000)
    assert _marked(world, before) == [name]


def _marked(world: World, since: int) -> list[str]:
    steps = (step.record for step in world.trace.since(since) if step.actor == SCALER)
    actions = (record.action for record in steps if isinstance(record, Acted))
    return [action.ref.name for action in actions if isinstance(action, Patch)]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("reason", waits.WORDS)
def test_each_wait_is_short(reason: str, lang: str) -> None:
    _ = words_of(Cluster(), lang)
    text = _(waits.WORDS[reason], about="frontend", desired="12", observed="12", time="1:02:42.6")
    assert 0 < len(text) <= LONGEST[lang]
