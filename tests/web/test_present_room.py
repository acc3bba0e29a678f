"""Whole pages and frames from a cluster that really ran; and the catalogues."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from app import scenarios
from app.api.objects import Ref
from app.cluster import Cluster
from app.commands import Apply, DeleteObject, PowerNode, Scale
from app.engine.trace import is_visible
from app.rooms import Told
from app.scenarios import Scenario
from app.web.present import Words, frame, page, step_detail
from tests.support.looks import See, Stage, frame_since

_ = Words()
ROOT = Path(__file__).parent.parent.parent
TRANSLATIONS = ROOT / "app" / "translations"
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster(latencies="zero")
    cluster.submit(Apply(scenarios.get("self-healing").manifests))
    cluster.run()
    return cluster


def some_pod(cluster: Cluster) -> Ref:
    return Ref("Pod", "default", cluster.objects("Pod", "default")[0]["metadata"]["name"])


def test_the_page_shows_the_cluster_as_it_is(cluster: Cluster, see: See) -> None:
    context = page(Stage(see(cluster)), scenarios.every(), _)
    board = context["board"]
    assert [(w.name, w.ready, w.desired) for w in board.workloads] == [("web", 3, 3)]
    assert sum(map(len, board.pods.values())) == 3
    assert board.services[0].ready == 3
    assert [document.id for document in context["documents"]] == ["deployment/web", "service/web"]
    assert context["documents"][0].text == scenarios.get("self-healing").manifests.split("---")[0].strip("\n") + "\n"


def test_the_chart_remembers_how_it_came(cluster: Cluster, see: See) -> None:
    cluster.submit(Scale(Ref("Deployment", "default", "web"), 5))
    cluster.run()
    (points,) = page(Stage(see(cluster)), scenarios.every(), _)["chart"].values()
    assert points[0][1:] == [3, 0]
    assert points[-1][1:] == [5, 5]


def test_a_frame_holds_only_what_changed(cluster: Cluster, see: See) -> None:
    revision, step = cluster.store.revision, cluster.trace.count
    victim = some_pod(cluster)
    told = Told(cluster.submit(DeleteObject(victim)), 1.5)
    seen = see(cluster)
    context = frame(Stage(seen), frame_since(seen, revision, step, told), _)
    assert [(pod.name, pod.status) for pod in context["pods"]] == [(victim.name, "Terminating")]
    assert (context["workloads"], context["services"], context["gone"]) == ((), (), [])
    assert context["card"].caption.text == f"You kill pod …{victim.name[-5:]}."
    assert context["state"]["steps"][0][2:4] == ["you", "you"]


def test_a_frame_speaks_of_the_loops_that_have_a_place_on_the_page_and_of_no_others(cluster: Cluster, see: See) -> None:
    """A page that hears of another loop takes all of itself anew."""
    places = {role for role, _title in page(Stage(see(cluster)), scenarios.every(), _)["lanes"]} - {"you"}
    revision, step = cluster.store.revision, cluster.trace.count
    cluster.submit(Scale(Ref("Deployment", "default", "web"), 5))
    cluster.run()
    worked = {each.actor for each in cluster.trace.since(step)}
    assert "endpoints-controller" in worked - places, "in the background"
    seen = see(cluster)
    context = frame(Stage(seen), frame_since(seen, revision, step), _)
    assert set(context["state"]["actors"]) == places
    assert {view.role for view in context["loops"]} <= places


def test_what_is_gone_is_named_by_its_id(cluster: Cluster, see: See) -> None:
    revision, step = cluster.store.revision, cluster.trace.count
    victim = some_pod(cluster)
    cluster.submit(DeleteObject(victim))
    cluster.run()
    seen = see(cluster)
    context = frame(Stage(seen), frame_since(seen, revision, step), _)
    assert f"o-Pod-default-{victim.name}" in context["gone"]
    assert {view.role for view in context["loops"]} >= {"replicaset-controller", "default-scheduler", "kubelet"}
    assert context["services"][0].ready == 3


def test_the_panels_of_all_loops_that_took_a_step_are_pushed_when_they_are_due(cluster: Cluster, see: See) -> None:
    revision, step = cluster.revision, cluster.trace.count
    cluster.submit(DeleteObject(some_pod(cluster)))
    cluster.run()
    seen = see(cluster)
    change = frame_since(seen, revision, step)
    assert frame(Stage(seen), change._replace(panels_since=None), _)["loops"] == []
    due = {view.role: view for view in frame(Stage(seen), change._replace(panels_since=step), _)["loops"]}
    assert due.keys() == {each.actor.partition("/")[0] for each in change.steps if is_visible(each)} - {"you"}
    shown = page(Stage(seen), scenarios.every(), _)["loops"]
    assert [view for view in shown if view.role in due] == [due[view.role] for view in shown if view.role in due]


@pytest.mark.long
def test_with_many_pods_the_board_is_cells(cluster: Cluster, see: See) -> None:
    revision, step = cluster.store.revision, cluster.trace.count
    cluster.submit(Scale(Ref("Deployment", "default", "web"), 600))
    cluster.run(until=lambda c: len(c.objects("Pod")) >= 600)
    seen = see(cluster)
    context = page(Stage(seen), scenarios.every(), _)
    assert (context["board"].cells, len(context["cells"]), context["board"].pods) == (True, 600, {})
    pushed = frame(Stage(seen), frame_since(seen, revision, step), _)
    assert (pushed["pods"], pushed["nodes"], context["board"].nodes) == ((), (), ())
    assert [(view.endpoints, view.total) for view in context["board"].services] == [((), 3)]
    assert len(pushed["cells"]) >= 597
    assert [cell.name for cell in context["cell_nodes"]] == ["node-1", "node-2", "node-3"]
    assert pushed["cell_nodes"] is None


def test_cells_say_what_is_the_matter_with_a_node(cluster: Cluster, see: See) -> None:
    cluster.submit(Scale(Ref("Deployment", "default", "web"), 120))
    cluster.run(until=lambda c: len(c.objects("Pod")) >= 120)
    revision, step = cluster.store.revision, cluster.trace.count
    cluster.submit(PowerNode("node-1"))
    cluster.run(until=lambda c: c.get(Ref("Node", "", "node-1"))["status"]["conditions"][-1]["status"] != "True")
    (first, second, _third) = frame(Stage(see(cluster)), frame_since(see(cluster), revision, step), _)["cell_nodes"]
    assert (first.name, first.is_ready, first.words) == ("node-1", False, "NotReady, no power")
    assert (second.is_ready, second.words) == (True, "")


@pytest.mark.parametrize(("replicas", "cells"), [(119, False), (120, True)])
@pytest.mark.long
def test_forty_pods_a_node_are_too_many_for_cards(cluster: Cluster, see: See, replicas: int, cells: bool) -> None:
    cluster.submit(Scale(Ref("Deployment", "default", "web"), replicas))
    cluster.run(until=lambda c: len(c.objects("Pod")) >= replicas)
    assert page(Stage(see(cluster)), scenarios.every(), _)["state"]["mode"] == ("cells" if cells else "cards")


@pytest.mark.long
def test_a_step_of_the_past_can_be_seen_again(cluster: Cluster, see: See) -> None:
    details = [step_detail(see(cluster), number, _) for number in range(1, cluster.trace.count + 1)]
    assert any(detail and detail["card"].view and detail["card"].view.latest == "act" for detail in details)
    assert step_detail(see(cluster), 10**6, _) is None


@pytest.mark.parametrize("scenario", scenarios.every(), ids=lambda scenario: scenario.id)
def test_every_scenario_speaks_both_languages_and_has_steps(scenario: Scenario) -> None:
    for lang in scenarios.LANGUAGES:
        view = page(Stage(Cluster(), scenario), [scenario], Words(lang))["scenario"]
        assert view.title == scenario.title[lang]
        assert len(view.steps) >= 2
        for step in view.steps:
            assert step.press
            assert step.say
            assert len(step.milestones) >= 1


# ------------------------------------------------------------------------------------------ catalogues


def test_every_sentence_is_translated_with_the_same_values() -> None:
    with (TRANSLATIONS / "ja" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file)
    for message in catalogue:
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(texts), ids[0]
        assert sorted(PLACEHOLDER.findall(texts[0])) == sorted(PLACEHOLDER.findall(ids[-1])), ids[0]


ONE_WORD = re.compile(
    "部屋|ポッド|デプロイメント|(オペレータ|クラスタ|コントローラ|サーバ|スケーラ|スケジューラ|ブラウザ)(?!ー)"
)


def test_in_japanese_one_thing_has_one_name() -> None:
    """As Kubernetes' own documents write it; and a room is ルーム."""
    written = [TRANSLATIONS / "ja" / "LC_MESSAGES" / "messages.po", ROOT / "README.ja.md"]
    written += (ROOT / "app" / "scenarios").glob("*.yaml")
    assert len(written) > 30
    for file in written:
        assert [line for line in file.read_text().splitlines() if ONE_WORD.search(line)] == [], file.name


def test_the_compiled_catalogue_is_the_written_one() -> None:
    compiled = gettext.translation("messages", TRANSLATIONS, ["ja"])
    with (TRANSLATIONS / "ja" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        for message in read_po(file):
            if message.id and not isinstance(message.id, tuple):
                assert compiled.gettext(message.id) == message.string


def test_every_sentence_of_the_templates_is_in_the_catalogue() -> None:
    compiled = gettext.translation("messages", TRANSLATIONS, ["ja"])
    texts = set()
    for path in (ROOT / "templates").glob("*.html"):
        for pieces in re.findall(r"_\(((?:\s*'[^']+')+)", path.read_text("utf-8")):
            texts.add("".join(re.findall(r"'([^']+)'", pieces)))
    assert texts
    same = {"desired", "ready"}
    assert not sorted(text for text in texts - same if compiled.gettext(text) == text)
