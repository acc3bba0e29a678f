"""Pressing the steps of a lesson, and what the page is told of how far it has come."""

from __future__ import annotations

import html
import re
from dataclasses import replace

from app import scenarios
from app.api.objects import Ref
from app.cluster import Cluster
from app.commands import ApiServerDown, StopController
from app.look import Look
from app.scenarios.progress import Progress, Reached
from app.web.present import Words, frame, page
from app.web.present.clock import elapsed
from app.web.present.script import lesson, progress
from tests.support.browser import Browser
from tests.support.looks import Stage, frame_since

WEB = Ref("Deployment", "default", "web")
HTML = {"Accept": "text/html", "HX-Request": "true"}
EN, JA = Words(), Words("ja")


class Playing(Stage):
    """A stage on which a lesson has been begun."""

    _script: Progress

    @classmethod
    def of(cls, look: Look, script: Progress) -> Playing:
        stage = cls(look, script.scenario)
        stage._script = script
        return stage

    @property
    def script(self) -> Progress:
        return self._script


def begin(browser: Browser, id: str) -> None:
    assert browser.post("/scenario", {"scenario": id}).status_code == 200


def test_a_step_is_pressed_and_answers_as_its_command_does(browser: Browser) -> None:
    begin(browser, "self-healing")
    victim = sorted(browser.pods())[0]
    answer = browser.post("/script/0").get_json()
    assert answer["message"] == f'pod "{victim}" deleted'
    assert (answer["ok"], answer["code"], answer["edits"], answer["prepared_ms"]) == (True, 200, [], 0)
    assert browser.room.cluster.trace.get(answer["step"]).record.command.do == "delete"  # type: ignore[union-attr]
    assert not browser.room.script.done(0)
    browser.room.cluster.run()
    browser.room.script.follow(browser.room.cluster)
    assert browser.room.script.done(0)


def test_the_pod_that_somebody_picked_is_the_one(browser: Browser) -> None:
    begin(browser, "self-healing")
    picked = sorted(browser.pods())[2]
    assert browser.post("/script/0", {"name": picked}).get_json()["message"] == f'pod "{picked}" deleted'
    assert browser.post("/script/1", {"name": "somebody-else"}).status_code == 200


def test_an_edit_of_desired_tells_the_new_text_and_what_changed(browser: Browser) -> None:
    begin(browser, "self-healing")
    answer = browser.post("/script/2").get_json()
    (edit,) = answer["edits"]
    assert (edit["kind"], edit["name"]) == ("Deployment", "web")
    assert edit["changes"] == [{"field": "spec.replicas", "old": 3, "new": 5}]
    assert "  replicas: 5\n" in edit["text"]
    assert answer["message"] == "deployment.apps/web configured"
    assert (browser.room.get(WEB) or {})["spec"]["replicas"] == 5
    assert browser.room.cluster.applied[-1] == edit["text"]
    drawn = browser.post("/script/3", headers=HTML).get_data(as_text=True)
    assert 'data-field="spec.replicas"' in drawn
    assert re.search(r"<del>5</del>\s*→ <ins>3</ins>", drawn)
    assert "went by" in drawn
    assert 'data-copy="kubectl apply -f -' in drawn


def test_a_step_that_writes_a_loop_shows_its_text_and_what_is_new_in_it(browser: Browser) -> None:
    begin(browser, "own-hot-loop")
    page = browser.post("/script/0", headers=HTML).get_data(as_text=True)
    lines = re.findall(r'<span class="line"( data-mark="(.)")?>(.*?)</span>', page)
    assert lines[0][2] == "def sync(parent, children):"
    assert [(mark, html.unescape(text).strip()) for _marked, mark, text in lines if mark] == [
        ("+", 'before = children["ConfigMap.v1"].get("door", {}).get("data", {})'),
        ("+", 'looks = int(before.get("looks", "0")) + 1'),
        ("-", '"data": {"text": "Hello, " + parent["spec"]["guest"] + "!"},'),
        ("+", '"data": {"text": "Hello, " + parent["spec"]["guest"] + "!", "looks": str(looks)},'),
    ]


def test_a_refusal_that_the_lesson_wants_is_marked_and_keeps_its_code(browser: Browser) -> None:
    begin(browser, "api-server-down")
    refused = browser.post("/script/2")
    assert (refused.status_code, refused.get_json()["expected_refusal"], refused.get_json()["ok"]) == (503, True, False)
    assert browser.room.script.done(2)
    drawn = browser.post("/script/2", headers=HTML)
    assert drawn.status_code == 503
    assert 'data-bad="true" data-expected-refusal' in drawn.get_data(as_text=True)
    assert "the API server is down" in drawn.get_data(as_text=True)
    assert len(browser.room.cluster.applied) == 1, "what was refused is not declared"


def test_a_drain_that_a_budget_holds_back_is_an_expected_refusal_too(browser: Browser) -> None:
    begin(browser, "disruption-budget")
    answer = browser.post("/script/0").get_json()
    assert (answer["ok"], answer["expected_refusal"]) == (True, True)
    assert "violate the pod's disruption budget" in answer["message"]


def test_a_refusal_that_nobody_wants_is_one_like_any_other(browser: Browser) -> None:
    begin(browser, "self-healing")
    browser.room.submit(ApiServerDown())
    refused = browser.post("/script/2")
    assert (refused.status_code, refused.get_json()["ok"]) == (503, False)
    drawn = browser.post("/script/2", headers=HTML).get_data(as_text=True)
    assert "data-expected-refusal" not in drawn
    assert "bad" in drawn
    assert not browser.room.script.done(2)


def test_what_a_room_cannot_be_brought_to_is_said(browser: Browser) -> None:
    begin(browser, "self-healing")
    browser.room.submit(StopController("replicaset-controller"))
    for pod in browser.pods():
        browser.post("/commands/delete", {"kind": "Pod", "name": pod})
    browser.room.cluster.run()
    refused = browser.post("/script/0")
    assert refused.status_code == 409
    assert "cannot be put into the state" in refused.get_json()["message"]
    assert not browser.room.broken


def test_steps_there_are_not_and_fields_there_are_not(browser: Browser) -> None:
    assert browser.post("/script/99").status_code == 404
    assert browser.post("/script/x").status_code == 404
    assert browser.post("/script/0", {"colour": "red"}).status_code == 400
    assert browser.client.post(browser.base + "/script/0").status_code == 403, "without the page's token"


def test_a_reset_begins_the_script_anew(browser: Browser) -> None:
    begin(browser, "self-healing")
    browser.post("/script/0")
    assert browser.room.script.latest == 0
    browser.post("/reset")
    assert browser.room.script.latest is None


def test_frames_carry_the_script_when_something_of_it_changed(browser: Browser) -> None:
    begin(browser, "self-healing")
    room = browser.room
    html = browser.get("").get_data(as_text=True)
    assert 'data-script-step="0"' in html
    assert 'data-milestone="kill-ready"' in html
    browser.post("/script/0")
    room.cluster.run()
    room.script.follow(room.cluster)
    since = frame_since(room.cluster, room.cluster.revision, room.cluster.trace.count)
    told = frame(Playing.of(room.cluster, room.script), since._replace(scripted=True), EN)["state"]["script"]
    assert told["steps"][0]["done"] is True
    assert told["steps"][0]["reached"]["kill-ready"] == "0:09.1"
    assert (told["latest"], told["ending"]) == (0, "")
    assert frame(Playing.of(room.cluster, room.script), since, EN)["state"]["script"] is None
    drawn = page(Playing.of(room.cluster, room.script), scenarios.every(), EN)
    assert drawn["state"]["script"] == progress(room.script, EN) == told


def test_an_ending_tells_what_was_measured() -> None:
    asked = replace(scenarios.get("self-healing"), ending={"en": "Ready after {kill-ready}.", "ja": "{kill-ready}"})
    cluster = Cluster()
    script = Progress(asked, cluster)
    script.ended_ms = 0
    assert progress(script, EN)["ending"] == "Ready after …."
    script.press(0, cluster)
    press = script.press_of(0)
    assert press is not None
    press.reached.append(Reached("kill-ready", 1, press.at_ms + 9_100))
    assert progress(script, EN)["ending"] == "Ready after 9.1 s."


def test_every_step_says_what_kubectl_would_do(browser: Browser) -> None:
    healing = [step.kubectl for step in lesson(scenarios.get("self-healing"), EN).steps]
    assert healing == [
        "kubectl delete pod web-*",
        "kubectl exec web-* -- kill 1",
        """kubectl patch deployment/web -p '{"spec":{"replicas":5}}'""",
        """kubectl patch deployment/web -p '{"spec":{"replicas":3}}'""",
    ]
    image = lesson(scenarios.get("rolling-update"), JA).steps[0].kubectl
    patch = '{"spec":{"template":{"spec":{"containers":[{"name":"nginx","image":"nginx:1.28"}]}}}}'
    assert image == f"kubectl patch deployment/web -p '{patch}'"


def test_elapsed_times_read_as_a_stopwatch() -> None:
    assert [elapsed(ms) for ms in (0, 850, 9_999, 39_400, 341_000)] == ["0:00.0", "0:00.8", "0:09.9", "0:39", "5:41"]
