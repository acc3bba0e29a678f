"""The page knows a custom kind as soon as it is served: it draws it, explains it, and sees what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flask import Flask

from app.api.objects import Obj, Ref
from app.apimachinery.yamltext import dump
from app.commands import Apply, Scale
from app.kubectl import manifests
from app.reconcile import Controller, Difference, Reader, UpdateStatus, itself
from app.web.present import board
from app.web.present.inspector import inspector
from app.web.present.words import ENGLISH
from tests.support.clients import Api
from tests.support.crds import SCALE, WEBSITE, define, schema, website, with_schema

HOME = Ref(WEBSITE, "default", "home")


@pytest.fixture
def api(app: Flask) -> Api:
    return Api(app)


@pytest.fixture
def served(api: Api) -> Api:
    define(api.cluster)
    return api


def chips(api: Api) -> dict[str, board.ChipView]:
    return {view.chip.name: view for view in board.chips(api.cluster)}


def test_an_object_of_it_is_a_chip_with_its_columns(served: Api) -> None:
    served.cluster.submit(Apply(dump(website(replicas=3, tier="paid"))))
    assert (chips(served)["home"].facts, chips(served)["home"].title) == (
        "example.org · 3 · paid",
        "Host example.org, Replicas 3, Tier paid",
    )
    assert chips(served)["websites.example.com"].facts == ""


class Builder(Controller[Obj]):
    name = "website-builder"
    reconciles = WEBSITE
    wakes = (itself(WEBSITE),)

    def observe(self, key: Ref, reader: Reader) -> Obj | None:
        return reader.get(key)

    def diff(self, seen: Obj) -> Iterator[Difference]:
        if not seen.get("status"):
            yield Difference(HOME, "status", {}, None, "NotBuilt", (UpdateStatus(seen, {"phase": "Built"}),))


def test_a_loop_may_look_after_it_and_then_it_is_not_merely_stored(api: Api) -> None:
    """It may begin before there is such a kind."""
    api.cluster.engine.start(Builder(), 90)
    define(api.cluster)
    api.cluster.submit(Apply(dump(website())))
    assert chips(api)["home"].stored is False
    api.cluster.run()
    built = api.cluster.get(HOME)
    assert built is not None
    assert built["status"] == {"phase": "Built"}


def test_without_columns_its_status_speaks(api: Api) -> None:
    define(api.cluster, with_schema(schema(), "Thing", subresources={"status": {}}))
    api.cluster.submit(Apply(dump(website("t", "Thing"))))
    ref = Ref("Thing.example.com", "default", "t")
    assert chips(api)["t"].facts == ""
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}, "nonsense"]}
    api.cluster.engine.server.patch(ref, lambda obj: {**obj, "status": status}, subresource="")
    stored = api.cluster.get(ref)
    assert stored is not None
    served = board.chip(api.cluster, {**stored, "status": status}, frozenset())
    assert served.facts == "Running · True"


def test_the_inspector_has_its_columns_its_yaml_and_a_button_that_deletes_it(served: Api) -> None:
    served.cluster.submit(Apply(dump(website())))
    view = inspector(served.cluster, HOME, ENGLISH)
    assert [each.name for each in view["columns"]] == ["Host", "Replicas", "Tier"]
    assert view["kubectl"] == "kubectl get website.example.com/home -o yaml"
    (delete,) = [action for action in view["actions"] if action.command == "delete"]
    assert delete.kubectl == "kubectl delete website.example.com home"
    page = served.client.get(f"/rooms/{served.room.id}/objects/{WEBSITE}/default/home").get_data(as_text=True)
    assert "example.org" in page


def explained(api: Api, kind: str, path: str) -> dict[str, object]:
    answer = api.client.get(
        f"/rooms/{api.room.id}/explain?kind={kind}&path={path}", headers={"Accept": "application/json"}
    )
    found: dict[str, object] = json.loads(answer.data)
    return found


def test_the_editor_explains_its_fields_and_asks_again(served: Api) -> None:
    host = explained(served, "Website", "spec.host")
    assert (host["type"], host["description"], host["required"], host["lasting"]) == (
        "string",
        "Its address.",
        True,
        False,
    )
    tier = explained(served, "Website", "spec.tier")
    assert tier["enum"] == ["free", "paid"]
    names = [field["name"] for field in explained(served, "Website", "spec")["fields"]]  # type: ignore[attr-defined]
    assert {"host", "pages", "extra"} <= set(names)
    assert explained(served, "Pod", "spec.nodeName")["lasting"] is True


def test_the_editor_sees_what_is_wrong_where_it_stands(served: Api) -> None:
    head = "apiVersion: example.com/v1\nkind: Website\nmetadata:\n  name: home\n"
    text = f"{head}spec:\n  hosts: example.org\n  replicas: 11\n"
    problems = manifests.check(served.cluster.scheme, text)
    assert [(each.line, each.message) for each in problems] == [
        (5, "spec.host: Required value"),
        (6, 'unknown field "spec.hosts"'),
        (7, "spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10"),
    ]
    assert problems[1].fix == 'Did you mean "host"?'
    assert 'no matches for kind "Website"' in manifests.check(Api(served.app).cluster.scheme, text)[0].message


def test_the_editor_sees_what_is_wrong_with_a_definition(api: Api) -> None:
    wrong = with_schema({"type": "object", "properties": {"list": {"type": "array"}}})
    text = dump(wrong)
    (problem,) = manifests.check(api.cluster.scheme, text)
    assert problem.message.endswith("properties[list].items: Required value: must be specified")
    assert text.split("\n")[problem.line - 1].strip() == "list:"


def test_the_past_and_the_frames_draw_it_too(served: Api) -> None:
    served.cluster.submit(Apply(dump(website())))
    served.cluster.run()
    then = served.cluster.at(served.cluster.trace.count)
    assert "example.org" in next(view for view in board.chips(then) if view.chip.name == "home").facts


def test_the_editor_begins_with_the_smallest_object_of_any_kind(served: Api) -> None:
    base = f"/rooms/{served.room.id}"
    kinds = served.client.get(f"{base}/kinds").get_json()
    assert {"CronJob", "Deployment", "Website"} <= set(kinds)
    assert not {"Event", "PodMetrics", "Machine", "OwnController"} & set(kinds)
    text = served.client.get(f"{base}/blank?kind=website").get_data(as_text=True)
    assert text.startswith("apiVersion: example.com/v1\nkind: Website\nmetadata:\n  name: example\nspec:\n")
    assert manifests.check(served.cluster.scheme, text) == []
    for kind in ("nothing", "Machine", ""):
        refused = served.client.get(f"{base}/blank?kind={kind}", headers={"Accept": "application/json"})
        assert (refused.status_code, refused.get_json()["message"]) == (
            404, f'the server doesn\'t have a resource type "{kind}"',
        )  # fmt: skip


def test_the_inspector_scales_it_where_its_kind_says(api: Api) -> None:
    sized = {**SCALE, "specReplicasPath": ".spec.wanted.size"}
    wanted = {"type": "object", "properties": {"size": {"type": "integer"}}}
    spec = {"type": "object", "properties": {"host": {"type": "string"}, "wanted": wanted}}
    define(api.cluster, with_schema(schema(spec), "Website", subresources={"scale": sized}))
    api.cluster.submit(Apply(dump(website(wanted={"size": 2}))))
    scale = inspector(api.cluster, HOME, ENGLISH)["actions"][0]
    assert (scale.label, scale.inputs) == ("Scale", (("replicas", "replicas", "2", "number"),))
    assert scale.pattern == "kubectl scale website.example.com/home --replicas={replicas}"
    step = api.cluster.submit(Scale(HOME, 5))
    assert (step.record.error, step.record.command.said(step.record.results)) == (  # type: ignore[union-attr]
        "", "website.example.com/home scaled",
    )  # fmt: skip
    home = api.cluster.get(HOME)
    assert home is not None
    assert home["spec"]["wanted"] == {"size": 5}


def test_one_that_cannot_be_scaled_has_no_such_button(api: Api) -> None:
    define(api.cluster, with_schema(schema(), "Website"))
    api.cluster.submit(Apply(dump(website())))
    assert "Scale" not in [action.label for action in inspector(api.cluster, HOME, ENGLISH)["actions"]]
