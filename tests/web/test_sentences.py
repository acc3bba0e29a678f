"""Every sentence that can be said, in both languages: it can be read at a glance, and holds nothing that only programs
understand. And the one story that everybody sees, word for word."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator

import pytest

from app import scenarios
from app.api.objects import Ref, name_of, ref_of
from app.cluster import Cluster
from app.commands import DeleteObject, PatchObject, Scale
from app.engine.trace import Differed, Step, is_visible
from app.rooms.beginnings import prepared
from app.rooms.story import READ_S
from app.scenarios import Scenario
from app.web.present.captions import LONGEST
from tests.support.random_world import random_world
from tests.support.telling import LANGUAGES, played, said_of, told
from tests.support.whole_world import WholeWorld
from tests.support.wording import wrong

pytestmark = pytest.mark.long

WEB = Ref("Deployment", "default", "web")
STORY = {  # of the pod that is killed, and of the one that comes
    "en": [
        "You kill pod …OLD.",
        "The ReplicaSet controller counts the pods of web: 2.",
        "3 are wanted: one is missing.",
        "It creates one: …NEW.",
        "The EndpointSlice controller counts the ready pods of web: 2.",
        "…OLD must leave its list.",
        "The list of web now has 2 ready pods.",
        "The scheduler looks for a node for …NEW among 3.",
        "3 can take it: node-3 is the best.",
        "It puts …NEW on node-3.",
        "The kubelet of node-3 sees that …OLD has stopped.",
        "Nothing of it runs any more: it may go.",
        "It removes pod …OLD for good.",
        "The kubelet of node-3 sees that …NEW runs.",
        "Not reported yet: …NEW is ready.",
        "It reports: …NEW is ready.",
        "The EndpointSlice controller counts the ready pods of web: 3.",
        "…NEW is not on its list yet.",
        "The list of web now has 3 ready pods.",
    ],
    "ja": [
        "Pod …OLDを削除します。",
        "ReplicaSetコントローラー：webのPodは2個。",
        "3個必要：1個足りません。",
        "1個作成：…NEW。",
        "EndpointSliceコントローラー：webのReadyなPodは2個。",
        "…OLDは一覧から外れます。",
        "webの一覧：Ready 2個。",
        "スケジューラー：…NEWの行き先は3台から。",
        "3台に置けます：node-3が最適。",
        "…NEWをnode-3に割り当てます。",
        "node-3のkubelet：…OLDは停止済み。",
        "もう何も動いていません。",
        "Pod …OLDを完全に削除します。",
        "node-3のkubelet：…NEWは動作中。",
        "未報告：…NEWはReady。",
        "報告：…NEWはReady。",
        "EndpointSliceコントローラー：webのReadyなPodは3個。",
        "…NEWがまだ一覧にありません。",
        "webの一覧：Ready 3個。",
    ],
}


def mistakes(cluster: Cluster, steps: Iterable[Step]) -> Iterator[str]:
    names = {obj["metadata"]["name"] for kind in cluster.kinds() for obj in cluster.objects(kind)}
    seen: set[str] = set()
    for step in steps:
        for lang, said in said_of(cluster, step).items():
            if said.text not in seen:
                seen.add(said.text)
                yield from (f"{what}: {said.text!r}" for what in _wrong(said.text, lang, names))


def _wrong(text: str, lang: str, names: set[str]) -> Iterator[str]:
    if not text or len(text) > LONGEST[lang]:
        yield "length"
    yield from wrong(text, lang, names)


def victim_of(cluster: Cluster) -> Ref:
    """The pod of node-3."""
    (pod,) = (each for each in cluster.objects("Pod", "default") if each["spec"]["nodeName"] == "node-3")
    return ref_of(pod)


def pod_names(cluster: Cluster) -> set[str]:
    return {name_of(pod) for pod in cluster.objects("Pod", "default")}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_kill_of_the_first_lesson_reads_as_one_story(lang: str) -> None:
    cluster = prepared(scenarios.get("self-healing"))
    victim, before = victim_of(cluster), pod_names(cluster)
    story = told(cluster, DeleteObject(victim), lang)
    (new,) = pod_names(cluster) - before
    short = {victim.name[-5:]: "OLD", new[-5:]: "NEW"}
    texts = [re.sub("|".join(short), lambda found: short[found[0]], said.text) for _told, said in story]
    assert texts == STORY[lang]
    assert [said.bad for _told, said in story] == [False] * len(story)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_kill_of_the_first_lesson_is_read_in_forty_seconds(lang: str) -> None:
    cluster = prepared(scenarios.get("self-healing"))
    story = told(cluster, DeleteObject(victim_of(cluster)), lang)
    assert sum(each.stands_s for each, _said in story) <= 40
    assert all(each.stands_s >= READ_S / 3 for each, _said in story)
    assert sum(each.is_repeat for each, _said in story) == 4


@pytest.mark.parametrize("lesson", scenarios.every(), ids=lambda lesson: lesson.id)
def test_every_sentence_of_a_lesson_can_be_read(lesson: Scenario) -> None:
    cluster, steps = played(lesson)
    assert sum(is_visible(step) for step in prepared(lesson).trace) < len(steps)
    assert not sorted(mistakes(cluster, steps))


@pytest.mark.parametrize("seed", range(4))
def test_random_worlds_speak_by_the_same_rules(seed: int) -> None:
    cluster = random_world(seed)
    assert not sorted(mistakes(cluster, filter(is_visible, cluster.trace)))


@pytest.mark.parametrize("seed", range(4))
def test_random_worlds_with_every_fault_speak_by_the_same_rules(seed: int) -> None:
    world = WholeWorld(seed)
    world.live(40)
    steps = [step for step in world.cluster.trace if is_visible(step)]
    assert not sorted(mistakes(world.cluster, steps))
    for step in steps:
        if isinstance(step.record, Differed):
            voice = world.cluster.voices[step.actor.partition("/")[0]]
            assert {gap.reason for gap in step.record.differences} <= set(voice.says), step.actor


def test_a_list_in_several_pieces_is_counted_as_a_whole() -> None:
    """A piece holds at most a hundred pods."""
    cluster = prepared(scenarios.get("large-cluster"))
    cluster.submit(Scale(WEB, 210))
    cluster.run()
    lists = [text for text in said(cluster) if text.startswith("The list of web now has ")]
    assert lists[-1] == "The list of web now has 210 ready pods."
    counts = [int(text.split()[-3]) for text in lists]
    assert counts == sorted(counts)


def said(cluster: Cluster) -> list[str]:
    return [said_of(cluster, step)["en"].text for step in cluster.trace if is_visible(step)]


def test_a_machine_that_was_just_added_is_not_gone() -> None:
    cluster, steps = played(scenarios.get("cluster-autoscaler"))
    texts = [said_of(cluster, step)["en"].text for step in steps]
    assert any("It orders a machine: node-" in text or "It registers node-" in text for text in texts)
    assert not [text for text in texts if "is gone" in text and "its owner" not in text.lower()]


def test_nobody_who_did_nothing_is_addressed() -> None:
    cluster = prepared(scenarios.get("self-healing"))
    patch = PatchObject(WEB, "merge", '{"spec": {"replicas": 4}}', "scale")
    assert said_of(cluster, cluster.submit(patch))["en"].text == "An API client scales web to 4."
    assert not [text for text in said(cluster)[1:] if text.startswith("You ") and "apply" not in text]


def test_a_program_that_took_too_much_memory_did_not_end_by_itself() -> None:
    cluster, _steps = played(scenarios.get("out-of-memory"))
    texts = said(cluster)
    assert any("took too much memory and was killed (OOMKilled)" in text for text in texts)
    assert not [text for text in texts if "by itself" in text]


def test_the_same_is_said_each_time() -> None:
    """A sentence is made of the record alone: nothing in it ticks, nothing is drawn by lot."""
    cluster = random_world(random.Random(1).randrange(100))
    steps = [step for step in cluster.trace if is_visible(step)][-300:]
    before = [said_of(cluster, step) for step in steps]
    cluster.advance(cluster.now_ms + 60_000)
    assert [said_of(cluster, step) for step in steps] == before
