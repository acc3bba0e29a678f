"""The dialog in which one writes controllers, as the server draws it, and the file that one saves."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.api.objects import Ref
from app.cluster import loops
from app.commands import Apply, DefineController
from app.rooms import add_controllers
from tests.support.browser import Browser, make_app
from tests.support.world import World

pytestmark = pytest.mark.long

BOB = "apiVersion: v1\nkind: Secret\nmetadata: {name: bob}\n"
HELLO = """
def sync(parent, children):
    print("there are", len(children["ConfigMap.v1"]))
    return {"children": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "hello"}}]}
"""
FORM = {"name": "greeter", "parent": "secret", "children": "cm=Recreate", "text": HELLO}


@pytest.fixture
def browser() -> Browser:
    return Browser(make_app())


def choices(browser: Browser) -> dict[str, dict[str, object]]:
    page = browser.get("/controllers").get_data(as_text=True)
    fields = (json.loads(html.unescape(found)) for found in re.findall(r'data-fields="([^"]*)"', page))
    return {each["name"]: each for each in fields}


def test_one_begins_with_a_template_or_with_ones_own(browser: Browser) -> None:
    templates = choices(browser)
    assert list(templates) == ["hello", "website", "scheduled-scaling", "canary", "backup"]
    for each in templates.values():
        assert browser.post("/commands/define-controller", each).status_code == 201
    assert browser.post("/commands/define-controller", FORM).status_code == 201
    mine = choices(browser)["greeter"]
    assert (mine["parent"], mine["children"], mine["edge"]) == ("Secret", "ConfigMap=Recreate", False)
    assert browser.post("/commands/define-controller", {**FORM, **{k: str(mine[k]) for k in FORM}}).status_code == 200


def test_what_it_prints_is_shown_and_it_can_be_removed(browser: Browser) -> None:
    browser.post("/commands/define-controller", FORM)
    browser.post("/commands/apply", {"manifest": BOB})
    browser.room.cluster.run()
    page = browser.get("/controllers").get_data(as_text=True)
    assert "<code>there are 1</code>" in page
    assert "no mistake" in page
    assert browser.post("/commands/remove-controller", {"name": "greeter"}).status_code == 200
    assert "greeter" not in choices(browser)


@pytest.mark.mistakes
def test_its_mistake_is_shown_with_its_line(browser: Browser) -> None:
    browser.post("/commands/define-controller", {**FORM, "text": "def sync(parent, children):\n    return <b>\n"})
    browser.post("/commands/apply", {"manifest": BOB})
    browser.room.cluster.run()
    page = browser.get("/controllers").get_data(as_text=True)
    assert "greeter, line 2: Parse error: unexpected symbol &#39;&lt;&#39; here" in page


def test_a_refusal_is_an_answer(browser: Browser) -> None:
    refused = browser.post("/commands/define-controller", {**FORM, "parent": "nothing"})
    assert (refused.status_code, refused.get_json()["message"]) == (
        400, 'the server doesn\'t have a resource type "nothing"',
    )  # fmt: skip
    assert browser.post("/commands/strike-controller", {"name": "greeter", "limit": "time"}).status_code == 404
    assert browser.get("/controllers/nobody/hook").status_code == 404


def test_what_is_saved_as_a_hook_answers_as_the_page_does(browser: Browser) -> None:
    browser.post("/commands/define-controller", FORM)
    text = browser.get("/controllers/greeter/hook").get_data(as_text=True)
    hook: dict[str, Any] = {"__name__": "hook"}
    exec(compile(text, "hook", "exec"), hook)
    answered = hook["answer"]({"parent": {}, "children": {"ConfigMap.v1": {}}})
    assert answered["children"][0]["metadata"] == {"name": "hello"}
    (composite,) = yaml.safe_load_all(hook["__doc__"].partition("object:")[2])
    assert composite["spec"]["parentResource"] == {"apiVersion": "v1", "resource": "secrets"}
    assert composite["spec"]["childResources"] == [
        {"apiVersion": "v1", "resource": "configmaps", "updateStrategy": {"method": "Recreate"}}
    ]


def test_what_is_saved_runs_from_the_file(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_given", "_modules", "_digests"):
        monkeypatch.setattr(loops, name, [])
    strange = HELLO + '# """ \' \\ ä </script>\n'
    browser.post("/commands/define-controller", {**FORM, "text": strange})
    path = tmp_path / "greeter.py"
    path.write_bytes(browser.get("/controllers/greeter/file").get_data())
    add_controllers(path)
    world = World()
    world.apply(BOB)
    world.settle()
    assert world.get(Ref("ConfigMap", "default", "hello")) is not None
    other = World()
    assert "already" in other.refused(DefineController("greeter", "secret", HELLO, "cm"))
    assert other.submit(Apply(BOB)).record.error == ""  # type: ignore[union-attr]


# ------------------------------------------------------------------------------------------- before it runs

HEAD = "def sync(parent, children):\n"
CHILD = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: hello}\ndata: {a: b}\n"


def tried(browser: Browser, observation: str, **fields: str) -> str:
    answer = browser.post("/controllers/try", {**FORM, **fields, "observation": observation})
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))))


def lint(browser: Browser, text: str, **fields: str) -> list[tuple[int, str, str]]:
    answer = browser.post("/controllers/lint", {**FORM, **fields, "text": text})
    return [(each["line"], each["severity"], each["message"]) for each in answer.get_json()["problems"]]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (HELLO, []),
        (f"{HEAD}    return nam\n", [(2, "error", "Variable `nam` not found, did you mean `now`?")]),
        (f"{HEAD}    while 1: pass\n", [(2, "error", "Parse error: cannot use reserved keyword `while`")]),
        ("def sink(parent, children):\n    return {}\n", [(0, "error", "there is no function sync")]),
        ("sync = 1\n", [(0, "error", "there is no function sync")]),
        ("x = 1 // 0\n", [(1, "error", "Floor division by zero: 1 // 0")]),
    ],
)  # fmt: skip
def test_a_text_is_looked_at_line_by_line(browser: Browser, text: str, problems: list[tuple[int, str, str]]) -> None:
    assert [(line, severity, said.partition(" (")[0]) for line, severity, said in lint(browser, text)] == problems


def test_what_is_odd_but_no_mistake_is_a_warning(browser: Browser) -> None:
    ((line, severity, said),) = lint(browser, "def sync(parent, children):\n    return {}\n    print(1)\n")[1:]
    assert (line, severity, said) == (3, "warning", "Unreachable statement `print(1)`")


def test_one_that_goes_by_events_needs_another_function(browser: Browser) -> None:
    assert lint(browser, HELLO, edge="true") == [(0, "error", "there is no function on_change")]


def test_a_text_without_an_end_is_ended_when_it_is_looked_at(browser: Browser) -> None:
    endless = (
        "def forever():\n    for i in range(2000000):\n        for j in range(2000000):\n            pass\nforever()\n"
    )
    ((_line, severity, said),) = lint(browser, endless)
    assert (severity, said[:21]) == ("error", "it does not end: more")


def test_a_text_that_is_too_large_is_refused(browser: Browser) -> None:
    assert browser.post("/controllers/lint", {**FORM, "text": "#" * 70_000}).status_code == 413


def test_what_it_would_do_is_told_and_nothing_is_done(browser: Browser) -> None:
    revision, steps = browser.room.cluster.revision, browser.room.cluster.trace.count
    said = tried(browser, BOB)
    assert "It would write this" in said
    assert "there are 0" in said
    assert "+ ConfigMap hello would be created" in said
    assert "kind: ConfigMap" in said
    assert (browser.room.cluster.revision, browser.room.cluster.trace.count) == (revision, steps)


@pytest.mark.parametrize(
    ("child", "children", "strategy", "said"),
    [
        ({"data": {"a": "c"}}, CHILD, "cm", "~ ConfigMap hello would be changed data.a b → c"),
        ({"data": {"a": "c"}}, CHILD, "cm=Recreate", "± ConfigMap hello would be deleted and made anew data.a b → c"),
        ({"data": {"a": "c"}}, CHILD, "cm=OnDelete", "… ConfigMap hello differs, but it is not its turn data.a b → c"),
        (None, CHILD, "cm", "− ConfigMap hello would be deleted: it is not named any more"),
    ],
)
def test_the_children_that_are_wanted_beside_those_that_there_are(
    browser: Browser, child: dict[str, Any] | None, children: str, strategy: str, said: str
) -> None:
    meta = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "hello"}}
    wanted = [{**meta, **child}] if child else []
    text = f"def sync(parent, children):\n    return {{'children': {wanted!r}}}\n"
    assert said in tried(browser, BOB + children, text=text, children=strategy)


def test_a_child_that_is_as_it_is_wanted_stays(browser: Browser) -> None:
    browser.post("/commands/define-controller", FORM)
    browser.post("/commands/apply", {"manifest": BOB})
    browser.room.cluster.run()
    found = browser.post("/controllers/observation", FORM).get_json()
    assert found["text"].count("kind: ") == 3  # a parent, its child, and whose that is
    assert [choice[0] for choice in found["choices"]] == ["seen", "default/bob"]
    said = tried(browser, found["text"])
    assert "Nothing would be written" in said
    assert "= ConfigMap hello is as it is wanted" in said


def test_one_observes_the_parent_that_one_chooses_or_one_that_could_be(browser: Browser) -> None:
    asked = {**FORM, "parent": "deployments", "chosen": "default/web", "children": "rs"}
    found = browser.post("/controllers/observation", asked).get_json()
    assert (found["chosen"], found["text"].count("\nkind: ")) == ("default/web", 2)
    found = browser.post("/controllers/observation", {**asked, "parent": "cronjobs"}).get_json()
    assert (found["chosen"], found["choices"]) == ("", [])
    assert yaml.safe_load(found["text"])["spec"]["schedule"]


@pytest.mark.parametrize("route", ["observation", "try"])
def test_a_kind_that_is_yet_to_be_defined_is_named(browser: Browser, route: str) -> None:
    draft = {**FORM, "parent": "Backup.example.com", "observation": BOB}
    assert browser.post("/commands/define-controller", {**FORM, "parent": "Backup.example.com"}).status_code == 201
    refused = browser.post(f"/controllers/{route}", draft)
    assert refused.status_code == 400
    assert "apply its CustomResourceDefinition first" in html.unescape(refused.get_data(as_text=True))


def test_the_status_and_when_it_looks_again(browser: Browser) -> None:
    text = "def sync(parent, children):\n    return {'status': {'phase': 'Ready'}, 'resyncAfterSeconds': 30}\n"
    job = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\n"
    said = tried(browser, job, text=text, parent="cronjobs")
    assert "Status status.phase – → Ready" in said
    assert "It would look again after 30.0 s." in said


def test_of_a_mistake_its_line_is_told_and_what_was_printed_before(browser: Browser) -> None:
    text = "def sync(parent, children):\n    print('so far')\n    return parent['spec']\n"
    said = tried(browser, BOB, text=text)
    assert 'greeter, line 3: Key `"spec"` was not found' in said
    assert "It prints so far" in said


@pytest.mark.mistakes
def test_what_a_call_printed_that_then_failed_is_shown(browser: Browser) -> None:
    text = "def sync(parent, children):\n    print('so far')\n    return {'children': 1}\n"
    browser.post("/commands/define-controller", {**FORM, "text": text})
    browser.post("/commands/apply", {"manifest": BOB})
    browser.room.cluster.run()
    page = browser.get("/controllers").get_data(as_text=True)
    assert "<code>so far</code>" in page
    assert "children is 1, not a list of objects" in page
    assert '<p class="dim mono">so far</p>' in browser.client.get(browser.base).get_data(as_text=True)


@pytest.mark.parametrize(
    ("observation", "said"),
    [
        ("", "an observation begins with the parent, a Secret"),
        ("kind: Pod", "error validating data: apiVersion not set"),
        (CHILD, "an observation begins with the parent, a Secret"),
        ("apiVersion: v1\nkind: Secret\n", "a Secret of the observation has no metadata.name"),
        (
            "apiVersion: v1\nkind: Secret\nmetadata:\n",
            "a Secret of the observation has no metadata.name",
        ),
        (BOB + CHILD * 300, "more than 200 objects"),
        (BOB + "a: " + "[" * 99 + "]" * 99, "error converting YAML to JSON: yaml: line 4: exceeded max depth of 64"),
        (BOB + "---\n" + BOB, "a Secret is no child of this controller: it is not among the child kinds"),
    ],
)
def test_what_is_no_observation_is_refused(browser: Browser, observation: str, said: str) -> None:
    refused = browser.post("/controllers/try", {**FORM, "observation": observation})
    assert (refused.status_code, refused.get_json()["message"]) == (400, said)


def test_one_that_takes_too_much_is_ended_and_so_it_says(browser: Browser) -> None:
    text = "def sync(parent, children):\n    return {'status': 'x' * 1000000000}\n"
    assert "It took more than 256 MiB of memory, so it was ended." in tried(browser, BOB, text=text)
