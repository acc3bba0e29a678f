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

BOB = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: bob}\n"
HELLO = """
def sync(parent, children):
    print("there are", len(children["ConfigMap.v1"]))
    return {"children": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "hello"}}]}
"""
FORM = {"name": "greeter", "parent": "sa", "children": "cm=Recreate", "text": HELLO}


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
    assert (mine["parent"], mine["children"], mine["edge"]) == ("ServiceAccount", "ConfigMap=Recreate", False)
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
    assert composite["spec"]["parentResource"] == {"apiVersion": "v1", "resource": "serviceaccounts"}
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
    assert "already" in other.refused(DefineController("greeter", "sa", HELLO, "cm"))
    assert other.submit(Apply(BOB)).record.error == ""  # type: ignore[union-attr]
