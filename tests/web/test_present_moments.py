"""Moments of a room to go back to: the ruler, the list of changes, and the page as it was."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app import scenarios
from app.api.objects import Ref
from app.cluster import Cluster
from app.commands import Apply, DeleteObject, PowerNode, Scale, TakeTurns
from app.engine.trace import changes_of, is_visible
from app.web.present import Wanted, Words, changes, ruler, step_detail
from tests.support.browser import JSON, Browser
from tests.support.looks import See
from tests.support.telling import words_of

_ = Words()
WEB = Ref("Deployment", "default", "web")


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster(latencies="zero")
    cluster.submit(Apply(scenarios.get("self-healing").manifests))
    cluster.run()
    cluster.submit(Scale(WEB, 5))
    cluster.run()
    return cluster


def rows(cluster: Cluster, see: See, wanted: str) -> list[Any]:
    return list(changes(see(cluster), Wanted(wanted), _)["rows"])


def test_the_ruler_has_a_mark_for_each_act_at_its_step(cluster: Cluster) -> None:
    cluster.submit(TakeTurns(False))
    found = ruler(cluster, cluster.journal, _)
    assert found["count"] == cluster.trace.count
    applied, scale = found["marks"][-2:]
    assert (applied.at_ms, scale.step) == (0, cluster.journal[-2].step + 1)
    assert scale.text == "You scale web to 5."
    step = cluster.trace.get(scale.step)
    assert step is not None
    assert [change.ref for change in changes_of(step)] == [WEB]
    assert ruler(cluster, cluster.journal, words_of(cluster, "ja"))["marks"][-1].text != scale.text


def test_an_act_of_long_ago_is_told_without_its_step(cluster: Cluster) -> None:
    there = cluster.journal[-1]
    assert ruler(cluster, [there._replace(step=10**6)], _)["marks"][0].text == "You scale web to 5."
    assert ruler(cluster, [there._replace(left_out="slow")], _)["marks"] == []


def test_changes_are_found_by_object_loop_and_field(cluster: Cluster, see: See) -> None:
    everything = rows(cluster, see, "")
    assert [row.step for row in everything] == sorted(row.step for row in everything)
    scaled = rows(cluster, see, "deployment/web spec.replicas")
    assert [row.text for row in scaled] == ["Deployment web · spec.replicas: 3 → 5"]
    assert (scaled[0].who, scaled[0].phase) == ("You", "you")
    created = rows(cluster, see, "replicaset-controller pod")
    assert len([row for row in created if row.text.startswith("+ pod ")]) == 5
    assert rows(cluster, see, "no such word") == []
    assert not any("resourceVersion" in row.text or "Time" in row.text for row in everything)


def test_changes_are_chosen_by_what_there_is_combined_with_words(cluster: Cluster, see: See) -> None:
    whole = changes(see(cluster), Wanted(), _)
    choices = {name: [value for value, _text in found] for name, found in whole["choices"].items()}
    assert "Deployment/default/web" in choices["object"]
    assert {"you", "replicaset-controller", "default-scheduler"} <= set(choices["loop"])
    assert {"spec.replicas", "spec.nodeName"} <= set(choices["field"])
    assert not any("[0]" in path for path in choices["field"])
    by_all = changes(see(cluster), Wanted("", "Deployment/default/web", "you", "spec.replicas"), _)["rows"]
    assert [row.text for row in by_all] == ["Deployment web · spec.replicas: 3 → 5"]
    bound = changes(see(cluster), Wanted("node-2", "", "default-scheduler", "spec.nodeName"), _)["rows"]
    assert bound
    assert all("spec.nodeName: – → node-2" in row.text for row in bound)
    assert changes(see(cluster), Wanted("", "Deployment/default/web", "default-scheduler"), _)["rows"] == []


def test_a_fault_has_a_mark_of_its_own(cluster: Cluster) -> None:
    cluster.submit(PowerNode("node-1", on=False))
    cluster.submit(PowerNode("node-1", on=True))
    marks = ruler(cluster, cluster.journal, _)["marks"][-3:]
    assert [mark.is_fault for mark in marks] == [False, True, False]


def test_of_many_changes_the_newest_are_listed(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.present.moments.MOST_ROWS", 3)
    whole = changes(cluster, Wanted(), _)
    assert (len(whole["rows"]), whole["is_cut"]) == (3, True)
    assert whole["rows"][-1].step >= max(step.number for step in cluster.trace if is_visible(step) and changes_of(step))


def test_the_nearest_moment_is_shown_back_or_forward(cluster: Cluster, see: See) -> None:
    shown = [step.number for step in cluster.trace if is_visible(step)]
    hidden = next(number for number in range(shown[2], shown[-1]) if number not in shown)
    before, after = max(n for n in shown if n < hidden), min(n for n in shown if n > hidden)
    back, on = (step_detail(see(cluster), hidden, _, forward=forward) for forward in (False, True))
    assert back is not None
    assert on is not None
    assert (back["card"].step, on["card"].step) == (before, after)
    assert step_detail(see(cluster), cluster.trace.count + 1, _) is None


def test_what_was_declared_is_shown_as_it_was(cluster: Cluster, see: See) -> None:
    then = cluster.trace.count
    cluster.submit(Apply(scenarios.get("self-healing").manifests.replace("replicas: 3", "replicas: 2")))
    cluster.run()
    first = step_detail(see(cluster), then, _)
    last = step_detail(see(cluster), cluster.trace.count, _)
    assert first is not None
    assert last is not None
    assert "replicas: 3" in first["documents"][0].text
    assert "replicas: 2" in last["documents"][0].text


def test_doors(browser: Browser) -> None:
    pod = browser.pods()[0]
    step = browser.post("/commands/delete", {"kind": "Pod", "namespace": "default", "name": pod}).get_json()["step"]
    marks = browser.get("/ruler", headers=JSON).get_json()["marks"]
    assert marks[-1][0] == step
    assert "You kill pod" in marks[-1][2]
    assert f'data-link="{step}"' in browser.get(f"/changes?q={pod}").get_data(as_text=True)
    assert "data-link" not in browser.get("/changes?q=%3Cscript%3E").get_data(as_text=True)
    chosen = browser.get(f"/changes?object=Pod/default/{pod}&loop=you&field=").get_data(as_text=True)
    assert re.findall(r'data-link="(\d+)"', chosen) == [str(step)]
    assert f'<option value="Pod/default/{pod}" selected>' in chosen
    browser.room.cluster.run()
    ahead = browser.get(f"/steps/{step + 1}?forward").get_data(as_text=True)
    assert f'data-step="{step}"' not in ahead
    assert browser.get(f"/steps/{10**9}").status_code == 404
    assert browser.room.submit(DeleteObject(Ref("Pod", "default", browser.pods()[0]))).number > step
