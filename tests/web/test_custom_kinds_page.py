"""A kind that appears in a living cluster, on the page: it has its plain name there, and is found by its full one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from app.engine.trace import Commanded
from app.web.present import Words, captions
from tests.support.browser import Browser, make_app
from tests.support.custom import WIDGET, define, definition

TEXT = """
apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
spec: {size: 2}
---
apiVersion: example.com/v1
kind: Service
metadata: {name: web}
spec: {size: 1}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    app = make_app()
    browser = Browser(app)
    define(browser.room.cluster)
    define(browser.room.cluster, definition("Service", runs=False))
    assert browser.post("/commands/apply", {"manifest": TEXT}).status_code == 201
    yield browser
    app.extensions["rooms"].close()


def test_the_editor_knows_it(browser: Browser) -> None:
    planned = browser.post("/plan", {"manifest": TEXT}).get_json()
    assert [(each["kind"], each["operation"]) for each in planned["documents"]] == [
        (WIDGET, "unchanged"), ("Service.example.com", "unchanged"),
    ]  # fmt: skip
    (problem,) = browser.post("/plan", {"manifest": TEXT.replace("size: 2", "sice: 2")}).get_json()["problems"]
    assert (problem["line"], problem["fix"]) == (5, 'Did you mean "size"?')
    assert browser.get("/explain?kind=Widget&path=spec.size").get_json()["type"] == "integer"


def test_the_board_has_a_chip_of_it_that_says_the_plain_name(browser: Browser) -> None:
    html = browser.get("/snapshot").get_data(as_text=True)
    chips = {m["id"]: m["text"] for m in re.finditer(r'id="(?P<id>o-[^"]+)"[^>]*><span>(?P<text>\w+)</span>', html)}
    assert chips["o-Widget.example.com-default-w"] == "Widget"
    assert chips["o-Service.example.com-default-web"] == "Service"
    assert "Widget.example.com</" not in html


@pytest.mark.parametrize("kind", [WIDGET, "widget", "widgets.example.com", "wi"])
def test_it_opens_by_each_of_its_names(browser: Browser, kind: str) -> None:
    html = browser.get(f"/objects/{kind}/default/w").get_data(as_text=True)
    assert '<span class="kind">Widget</span>' in html
    assert "kubectl get widget.example.com/w -o yaml" in html
    assert (
        browser.get(f"/objects/{kind}/default/w/yaml").get_data(as_text=True).startswith("apiVersion: example.com/v1")
    )


def test_of_two_that_are_called_alike_each_opens(browser: Browser) -> None:
    own = browser.get("/objects/Service/default/web/yaml").get_data(as_text=True)
    other = browser.get("/objects/Service.example.com/default/web/yaml").get_data(as_text=True)
    assert own.startswith("apiVersion: v1\n")
    assert other.startswith("apiVersion: example.com/v1\n")


def test_what_one_does_to_it_is_said_as_kubectl_and_people_say_it(browser: Browser) -> None:
    fields = {"kind": WIDGET, "namespace": "default", "name": "w"}
    answer = browser.post("/commands/label", {**fields, "label": "a", "value": "b"}).get_json()
    assert answer["message"] == "widget.example.com/w labeled"
    step = browser.room.cluster.trace.get(answer["step"])
    assert step is not None
    assert isinstance(step.record, Commanded)
    assert captions.caption(step, Words()).text == "You label Widget w: a=b."
    assert browser.post("/commands/delete", fields).get_json()["message"] == 'widget.example.com "w" deleted'
