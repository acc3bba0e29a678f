"""What one does: every form, right and wrong."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.api.objects import Ref
from app.commands import COMMANDS
from app.rooms.storage import Storage
from tests.support.browser import Browser

WEB = {"kind": "Deployment", "namespace": "default", "name": "web"}
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a: {}\n"


def test_a_manifest_is_applied(browser: Browser) -> None:
    created = browser.post("/commands/apply", {"manifest": CONFIG.format("one")})
    assert (created.status_code, created.get_json()["message"]) == (201, "configmap/settings created")
    same = browser.post("/commands/apply", {"manifest": CONFIG.format("one")})
    assert (same.status_code, same.get_json()["message"]) == (200, "configmap/settings unchanged")
    changed = browser.post("/commands/apply", {"text": CONFIG.format("two"), "namespace": "default"})
    assert changed.get_json()["message"] == "configmap/settings configured"
    assert changed.get_json()["results"] == [
        {"kind": "ConfigMap", "namespace": "default", "name": "settings", "code": 200, "reason": "OK", "message": ""}
    ]


def test_line_ends_of_a_browser_are_not_the_manifests(browser: Browser) -> None:
    browser.post("/commands/apply", {"manifest": CONFIG.format("one").replace("\n", "\r\n")})
    browser.post("/commands/apply", {"manifest": CONFIG.format("one")})
    assert browser.room.journal[-1].command == browser.room.journal[-2].command


@pytest.mark.parametrize(
    ("do", "values", "message"),
    [
        ("scale", {**WEB, "replicas": "5"}, "deployment.apps/web scaled"),
        ("image", {**WEB, "image": "nginx:1.28"}, "deployment.apps/web image updated"),
        ("restart", WEB, "deployment.apps/web restarted"),
        ("label", {**WEB, "label": "team", "value": "blue"}, "deployment.apps/web labeled"),
        ("label", {**WEB, "label": "app", "value": ""}, "deployment.apps/web unlabeled"),
        ("cordon", {"node": "node-1", "unschedulable": "true"}, "node/node-1 cordoned"),
        ("cordon", {"node": "node-1", "unschedulable": "false"}, "node/node-1 uncordoned"),
        ("latencies", {"preset": "realistic"}, "latencies/realistic set"),
        ("delete", WEB, 'deployment.apps "web" deleted'),
        ("delete", {"kind": "svc", "name": "web"}, 'service "web" deleted'),
    ],
)
def test_every_command_answers_as_kubectl_does(browser: Browser, do: str, values: dict[str, str], message: str) -> None:
    response = browser.post(f"/commands/{do}", values)
    assert (response.status_code, response.get_json()["message"]) == (200, message)
    assert browser.room.cluster.trace.get(response.get_json()["step"]).record.command.do == do  # type: ignore[union-attr]


BUDGET = (
    "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: web}, "
    "spec: {minAvailable: 3, selector: {matchLabels: {app: web}}}}"
)


def test_a_drain_says_what_went_and_what_had_to_stay(browser: Browser) -> None:
    browser.post("/commands/apply", {"manifest": BUDGET})
    browser.room.cluster.run(limit_ms=5_000)
    store = browser.room.cluster.store
    pod = next(each for each in store.objects("Pod"))
    name, node = pod["metadata"]["name"], pod["spec"]["nodeName"]
    said = browser.post("/commands/drain", {"node": node}).get_json()["message"].splitlines()
    why = "Cannot evict pod as it would violate the pod's disruption budget."
    assert said[0] == f"node/{node} cordoned"
    assert f'error when evicting pods/"{name}" -n "default": {why}' in said
    again = browser.post("/commands/drain", {"node": node})
    assert (again.status_code, again.get_json()["message"]) == (429, why)


def test_killing_and_crashing_a_pod(browser: Browser) -> None:
    first, second, third = browser.pods()
    killed = browser.post("/commands/delete", {"kind": "Pod", "namespace": "default", "name": first})
    assert killed.get_json()["message"] == f'pod "{first}" deleted'
    forced = browser.post("/commands/delete", {"kind": "Pod", "name": second, "grace_seconds": "0"})
    assert forced.get_json()["message"] == f'pod "{second}" force deleted'
    crashed = browser.post("/commands/crash", {"kind": "Pod", "namespace": "default", "name": third})
    assert crashed.get_json()["message"] == f"pod/{third} crashed"
    browser.room.cluster.run()
    assert third in browser.pods()
    assert len(browser.pods()) == 3


def test_undo(browser: Browser) -> None:
    browser.post("/commands/image", {**WEB, "image": "nginx:broken"})
    browser.room.cluster.run(limit_ms=60_000)
    response = browser.post("/commands/undo", WEB)
    assert response.get_json()["message"] == "deployment.apps/web rolled back"
    browser.room.cluster.run(limit_ms=60_000)
    again = browser.post("/commands/undo", {**WEB, "to_revision": "3"})
    said = "deployment.apps/web skipped rollback (current template already matches revision 3)"
    assert again.get_json()["message"] == said
    deployment = browser.room.get(Ref("Deployment", "default", "web"))
    assert deployment is not None
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:1.27"


@pytest.mark.parametrize(
    ("do", "values", "code", "names"),
    [
        ("scale", {**WEB, "replicas": "many"}, 400, '"replicas" must be a whole number'),
        ("scale", {**WEB, "replicas": ""}, 400, '"replicas" must be a whole number'),
        ("scale", WEB, 400, 'needs the field "replicas"'),
        ("scale", {**WEB, "replicas": "9" * 40}, 400, '"replicas"'),
        ("scale", {**WEB, "replicas": "-1"}, 422, "must be greater than or equal to 0"),
        ("scale", {**WEB, "replicas": "3", "colour": "red"}, 400, 'unknown field "colour"'),
        ("scale", {"kind": "Deployment", "replicas": "3"}, 400, 'needs the field "name"'),
        ("scale", {"kind": "Nonsense", "name": "web", "replicas": "3"}, 404, 'resource type "Nonsense"'),
        ("scale", {**WEB, "ref": "x", "replicas": "3"}, 400, 'unknown field "ref"'),
        ("delete", {**WEB, "name": "nope"}, 404, 'deployments.apps "nope" not found'),
        ("cordon", {"node": "node-1", "unschedulable": "perhaps"}, 400, '"unschedulable" must be true or false'),
        ("cordon", {"node": "node-9"}, 404, 'nodes "node-9" not found'),
        ("latencies", {"preset": "warp"}, 400, "warp"),
        ("latencies", {}, 400, 'needs the field "preset"'),
        ("bootstrap", {"nodes": "500"}, 404, "unknown command"),
        ("explode", {}, 404, "unknown command"),
        ("apply", {"manifest": "a: b\n"}, 400, "apiVersion"),
        ("apply", {"manifest": "\t"}, 400, ""),
        ("apply", {"manifest": "x", "text": "y"}, 400, '"manifest"'),
    ],
)
def test_a_wrong_form_is_told_what_is_wrong(
    browser: Browser, do: str, values: dict[str, str], code: int, names: str
) -> None:
    before = browser.room.cluster.store.revision
    response = browser.post(f"/commands/{do}", values)
    assert response.status_code == code, response.get_data(as_text=True)
    assert names in response.get_json()["message"]
    assert browser.room.cluster.store.revision == before


def test_a_field_given_twice(browser: Browser) -> None:
    response = browser.post("/commands/scale", {**WEB, "replicas": ["3", "4"]})
    assert response.status_code == 400
    assert '"replicas" is given 2 times' in response.get_json()["message"]


def test_an_apply_tells_what_the_api_server_warns_of(browser: Browser) -> None:
    spec = "{externalName: a.b, ports: [{port: 80}]}"
    answer = browser.post(
        "/commands/apply", {"text": f"{{apiVersion: v1, kind: Service, metadata: {{name: s}}, spec: {spec}}}"}
    )
    ignored = 'Warning: spec.externalName is ignored when spec.type is not "ExternalName"'
    assert answer.json["message"] == f"{ignored}\nservice/s created"


def test_of_several_documents_with_a_bad_one_nothing_is_applied(browser: Browser) -> None:
    before = browser.room.cluster.store.revision
    text = (
        CONFIG.format("one") + "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {replica: 1}\n"
    )
    response = browser.post("/commands/apply", {"manifest": text})
    assert response.status_code in (400, 422)
    assert 'unknown field "spec.replica"' in response.get_json()["message"]
    assert browser.room.cluster.store.revision == before


def test_what_is_too_large_is_said_to_be(browser: Browser) -> None:
    large = browser.post("/commands/apply", {"manifest": "#" * (256 * 1024 + 1)})
    assert large.status_code == 413
    assert "Request entity too large: limit is 262144" in large.get_json()["message"]
    huge = browser.post("/commands/apply", {"manifest": "#" * (2 * 1024 * 1024)})
    assert huge.status_code == 413
    assert "256 KiB" in huge.get_json()["message"]
    fits = browser.post("/plan", {"manifest": "#" * (256 * 1024 - 1)})
    assert fits.status_code == 200


def test_the_same_answer_in_html_for_the_page(browser: Browser) -> None:
    good = browser.post("/commands/scale", {**WEB, "replicas": "4"}, headers={"Accept": "*/*", "HX-Request": "true"})
    assert good.mimetype == "text/html"
    assert "deployment.apps/web scaled" in good.get_data(as_text=True)
    assert 'data-copy="kubectl scale deployment/web --replicas=4"' in good.get_data(as_text=True)
    bad = browser.post("/commands/scale", {**WEB, "replicas": "x"}, headers={"Accept": "*/*", "HX-Request": "true"})
    assert bad.status_code == 400
    assert "must be a whole number" in bad.get_data(as_text=True)
    assert "<html" not in bad.get_data(as_text=True)


def test_what_kubectl_cannot_do_names_no_command(browser: Browser) -> None:
    for path, values in (("/commands/latencies", {"preset": "zero"}), ("/pace", {"paused": "true"})):
        answer = browser.post(path, values, headers={"Accept": "text/html"}).get_data(as_text=True)
        assert "answer" in answer
        assert "kubectl" not in answer


def test_html_in_a_message_stays_text(browser: Browser) -> None:
    values = {**WEB, "name": "<img src=x>"}
    html = browser.post("/commands/delete", values, headers={"Accept": "text/html"}).get_data(as_text=True)
    assert "<img" not in html
    assert "&lt;img" in html


# ------------------------------------------------------------------------------------------------ time


def test_pace(browser: Browser) -> None:
    assert browser.post("/pace", {"paused": "true"}).get_json()["message"] == "Paused"
    assert browser.room.pace.paused
    assert browser.post("/pace", {"paused": "false", "mode": "clock", "speed": "10"}).status_code == 200
    assert (browser.room.pace.mode, browser.room.pace.speed) == ("clock", 10.0)


@pytest.mark.parametrize(
    "values", [{"speed": "fast"}, {"speed": "nan"}, {"speed": "1000"}, {"mode": "waltz"}, {"paused": "2"}, {"x": "1"}]
)
def test_a_pace_there_is_not(browser: Browser, values: dict[str, str]) -> None:
    before = browser.room.pace
    response = browser.post("/pace", values)
    assert response.status_code == 400
    assert next(iter(values)) in response.get_json()["message"]
    assert browser.room.pace == before


def test_stepping(browser: Browser) -> None:
    assert browser.post("/step").get_json()["step"] is None
    browser.post("/commands/scale", {**WEB, "replicas": "4"})
    assert browser.post("/step").get_json()["step"] > 0
    assert browser.room.pace.paused
    assert browser.post("/finish").status_code == 200
    assert browser.post("/quiet").status_code == 200


def test_on_to_the_next_moment(browser: Browser) -> None:
    assert browser.post("/moment").get_json()["message"] == "Nothing is due."
    assert not browser.room.pace.paused, "nobody waits for what comes next"
    browser.post("/commands/scale", {**WEB, "replicas": "4"})
    assert browser.post("/moment").get_json()["message"] == "On to the next moment"
    assert browser.room.pace.paused


def test_only_what_cannot_be_seen_is_said(browser: Browser) -> None:
    html = {"Accept": "text/html"}
    assert "data-plain" not in browser.post("/moment", headers=html).get_data(as_text=True)
    assert "data-plain" in browser.post("/pace", {"speed": "2"}, headers=html).get_data(as_text=True)


def test_reset_and_another_lesson(browser: Browser) -> None:
    room = browser.room
    browser.post("/commands/delete", WEB)
    browser.post("/reset")
    assert room.get(Ref("Deployment", "default", "web")) is not None
    response = browser.post("/scenario", {"scenario": "rolling-update"})
    assert response.status_code == 200
    assert browser.room.scenario.id == "rolling-update"
    assert browser.post("/scenario", {"scenario": "nope"}).status_code == 404
    assert browser.post("/scenario", {}).status_code == 400


# ------------------------------------------------------------------------------------------------ plan


def test_a_plan_says_what_would_change_and_changes_nothing(browser: Browser) -> None:
    revision = browser.room.cluster.store.revision
    text = browser.room.scenario.manifests.replace("replicas: 3", "replicas: 5", 1)
    answer = browser.post("/plan", {"manifest": text}).get_json()
    assert answer["problems"] == []
    changed = {item["name"]: item for item in answer["documents"] if item["operation"] == "configured"}
    assert [change["path"] for change in changed["web"]["changes"]] == ["spec.replicas"]
    assert (changed["web"]["changes"][0]["old"], changed["web"]["changes"][0]["new"]) == (3, 5)
    assert browser.room.cluster.store.revision == revision


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: b: c\n", 1, "mapping values"),
        ("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec:\n  replica: 1\n", 5, "replica"),
        ("apiVersion: v1\nkind: Nonsense\nmetadata: {name: x}\n", 2, "Nonsense"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: nowhere}\n", 3, "nowhere"),
    ],
)
def test_a_plan_marks_the_line_that_is_wrong(browser: Browser, text: str, line: int, says: str) -> None:
    answer = browser.post("/plan", {"manifest": text})
    assert answer.status_code == 200
    problems = answer.get_json()["problems"]
    assert (line, "error") in {(problem["line"], problem["severity"]) for problem in problems}
    assert any(says in problem["message"] for problem in problems)
    assert answer.get_json()["documents"] == []


def test_nothing_is_planned_for_an_empty_text(browser: Browser) -> None:
    assert browser.post("/plan", {"manifest": ""}).get_json() == {"problems": [], "documents": []}
    assert browser.post("/plan", {"nonsense": ""}).status_code == 400


def test_without_an_api_server_no_line_of_a_good_text_is_marked(browser: Browser) -> None:
    browser.post("/commands/api-server", {"down": "true"})
    answer = browser.post("/plan", {"manifest": browser.room.scenario.manifests}).get_json()
    assert (answer["problems"], answer["documents"]) == ([], [])
    assert "the API server is down" in answer["unavailable"]


# -------------------------------------------------------------------------------------------- anything

FIELDS = (
    "kind namespace name ref replicas image manifest text node preset label value unschedulable grace_seconds "
    "propagation to_revision container exit_code paused mode speed scenario csrf_token"
)
NAMES = st.sampled_from(FIELDS.split()) | st.text(max_size=8)
VALUES = st.sampled_from(
    ["Deployment", "Pod", "web", "default", "", "0", "-1", "true", "1e9", "null", "Node", "x" * 300]
)
TYPES = (
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/json",
    "",
)
PATHS = [
    *(f"/commands/{do}" for do in COMMANDS),
    "/script/0",
    "/script/2",
    "/pace",
    "/step",
    "/finish",
    "/quiet",
    "/reset",
    "/scenario",
    "/plan",
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(PATHS) | st.text(max_size=10).map(lambda text: "/commands/" + text),
    values=st.dictionaries(NAMES, VALUES | st.text(max_size=60), max_size=6),
)
@pytest.mark.long
def test_no_form_is_a_mistake_of_ours(browser: Browser, path: str, values: dict[str, Any]) -> None:
    browser.app.extensions["buckets"]._tally.clear()
    response = browser.post(path, values)
    said = response.get_data(as_text=True)
    # A form before may have stopped the API server: then 503 is the answer, and no mistake.
    assert response.status_code < 500 or "the API server is down" in said, (path, values, said)
    assert not browser.room.broken


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=400), type_=st.sampled_from(TYPES))
@pytest.mark.long
def test_no_body_is_a_mistake_of_ours(browser: Browser, body: bytes, type_: str) -> None:
    browser.app.extensions["buckets"]._tally.clear()
    for path in ("/commands/apply", "/plan", "/pace"):
        response = browser.post(path, body, content_type=type_)
        assert response.status_code < 500, (path, response.get_data(as_text=True))


@pytest.mark.parametrize(
    ("lang", "fix"),
    [
        ("en", 'A space is missing after the colon: write "name: a".'),
        ("ja", "コロンの後に空白がありません。「name: a」と書いてください。"),
    ],
)
def test_what_to_do_about_a_mistake_is_said_in_the_language_of_the_page(browser: Browser, lang: str, fix: str) -> None:
    answer = browser.post(f"/plan?lang={lang}", {"manifest": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name:a\n"})
    assert [(problem["line"], problem["fix"]) for problem in answer.get_json()["problems"]] == [(4, fix)]


def test_what_could_not_be_written_down_is_said(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Storage, "begin", full)
    monkeypatch.setattr(Storage, "save", full)
    answer = browser.post("/commands/scale", {"kind": "Deployment", "name": "web", "replicas": "4"})
    assert answer.status_code == 200
    assert "forgets it when the server ends" in answer.json["message"]
    assert "forgets it when the server ends" in browser.post("/script/0").json["message"]
    assert "forgets it when the server ends" in browser.get("").get_data(as_text=True)
    path = f"{browser.base}/kube/apis/apps/v1/namespaces/default/deployments/web"
    headers = {"Content-Type": "application/merge-patch+json"}
    patched = browser.client.patch(path, data='{"spec": {"replicas": 5}}', headers=headers)
    assert "forgets it when the server ends" in patched.headers["Warning"]
