"""The rules of a custom kind at the REST face: those that make no sense, those that are broken, and transitions."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj
from tests.support.clients import Api
from tests.support.crds import schema, with_schema

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
THINGS = "/apis/example.com/v1/namespaces/default/things"
AT = "spec.versions[0].schema.openAPIV3Schema"
MERGE = "application/merge-patch+json"


def rule(text: str, **facts: Any) -> Obj:
    return {"rule": text, **facts}


def spec(*rules: Obj, **properties: Obj) -> Obj:
    fields: Obj = {
        "size": {"type": "integer"},
        "most": {"type": "integer"},
        "name": {"type": "string", "maxLength": 20},
        "parts": {
            "type": "array",
            "maxItems": 20,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string", "maxLength": 20}, "weight": {"type": "integer"}},
                "x-kubernetes-validations": [rule("!has(oldSelf.weight) || self.weight >= oldSelf.weight")],
            },
        },
        **properties,
    }
    return {"type": "object", "properties": fields, "x-kubernetes-validations": [*rules]}


def definition(*rules: Obj, **properties: Obj) -> Obj:
    return with_schema(schema(spec(*rules, **properties)))


def thing(name: str = "t", **fields: Any) -> Obj:
    return {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": name}, "spec": fields}


def served(api: Api, *rules: Obj, **properties: Obj) -> None:
    api.ok("POST", CRDS, definition(*rules, **properties))
    api.cluster.run()


def refused(api: Api, **fields: Any) -> list[str]:
    status = api.status("POST", THINGS, thing(**fields))
    assert status["code"] == 422
    return [f"{cause['field']}: {cause['message']}" for cause in status["details"]["causes"]]


def test_a_broken_rule_is_told_in_its_own_words(api: Api) -> None:
    served(
        api,
        rule("self.size <= self.most"),
        rule("self.size != 13", message="not that one"),
        rule("self.size < 100", messageExpression="'%d is 100 or more'.format([self.size])"),
        rule("self.size != 7", message="needs a name", reason="FieldValueRequired", fieldPath=".name"),
        rule("self.size != 8", messageExpression="string(1 / 0)", message="the other message"),
    )
    api.ok("POST", THINGS, thing("good", size=1, most=2))
    assert refused(api, size=2, most=1) == ["spec: Invalid value: failed rule: self.size <= self.most"]
    assert refused(api, size=13, most=20) == ["spec: Invalid value: not that one"]
    assert refused(api, size=200, most=200) == ["spec: Invalid value: 200 is 100 or more"]
    assert refused(api, size=7, most=7) == ["spec.name: Required value: needs a name"]
    assert refused(api, size=8, most=8) == ["spec: Invalid value: the other message"]


def test_a_rule_that_cannot_be_worked_out_is_an_error(api: Api) -> None:
    served(api, rule("self.size <= self.most", message="too large"))
    assert refused(api, size=1) == ['spec: Invalid value: "object": no such key: most evaluating rule: too large']


def test_rules_are_not_asked_of_what_is_no_object_of_the_kind(api: Api) -> None:
    served(api, rule("self.size <= self.most"))
    assert refused(api, size="x", most=1)[-1].startswith("<nil>: Invalid value: null: some validation rules were not")


def test_what_may_change_and_what_not(api: Api) -> None:
    served(
        api,
        rule("self.most == oldSelf.most", message="most is immutable"),
        rule("self.size > 0 || !oldSelf.hasValue()", optionalOldSelf=True, message="only at first"),
    )
    api.ok("POST", THINGS, thing(size=0, most=1, parts=[{"name": "a", "weight": 5}]))
    changed = api.status("PATCH", f"{THINGS}/t", {"spec": {"most": 2, "size": 1}}, Content_Type=MERGE)
    assert changed["message"] == 'Thing.example.com "t" is invalid: spec: Invalid value: most is immutable'
    late = api.status("PATCH", f"{THINGS}/t", {"spec": {"name": "x"}}, Content_Type=MERGE)
    assert "only at first" in late["message"]
    parts = [{"name": "b", "weight": 1}, {"name": "a", "weight": 4}]
    lighter = api.status("PATCH", f"{THINGS}/t", {"spec": {"size": 1, "parts": parts}}, Content_Type=MERGE)
    assert "spec.parts[1]: Invalid value: failed rule" in lighter["message"]


def test_a_new_rule_lets_be_what_was_there_before(api: Api) -> None:
    served(api)
    api.ok("POST", THINGS, thing(size=5, most=1))
    stored = api.get(f"{CRDS}/things.example.com")
    positive = {"type": "integer", "x-kubernetes-validations": [rule("self < 3")]}
    stored["spec"]["versions"] = definition(size=positive)["spec"]["versions"]
    api.ok("PUT", f"{CRDS}/things.example.com", stored)
    api.cluster.run()
    assert api.ok("PATCH", f"{THINGS}/t", {"spec": {"most": 2}}, Content_Type=MERGE)["spec"]["size"] == 5
    wrong = api.status("PATCH", f"{THINGS}/t", {"spec": {"size": 6}}, Content_Type=MERGE)
    assert "spec.size: Invalid value: 6: failed rule: self < 3" in wrong["message"]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (rule("self.nope > 1"), "compilation failed: ERROR: <input>:1:5: undefined field 'nope'"),
        (rule("self.size"), "cel expression must evaluate to a bool"),
        (rule("true", messageExpression="self.size"), "messageExpression must evaluate to a string"),
        (rule(" "), "rule: Required value: rule is not specified"),
        (rule("true", message=" "), "message: Invalid value"),
        (rule("true\n&& true"), "message must be specified if rule contains line breaks"),
        (rule("true", reason="Because"), 'reason: Unsupported value: "Because"'),
        (rule("true", fieldPath=".nope"), 'fieldPath: Invalid value: ".nope": must be a valid path'),
        (rule("true", optionalOldSelf=True), "may not be set if oldSelf is not used in rule"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_its_kind(api: Api, bad: Obj, why: str) -> None:
    status = api.status("POST", CRDS, definition(bad))
    assert status["code"] == 422
    assert why in status["message"]
    assert f"{AT}.properties[spec].x-kubernetes-validations[0]." in status["message"]


def test_a_rule_that_could_cost_too_much_is_refused(api: Api) -> None:
    numbers = {"type": "array", "items": {"type": "integer"}}
    dear = rule("self.numbers.all(x, self.numbers.all(y, x == y))")
    message = api.status("POST", CRDS, definition(dear, numbers=numbers))["message"]
    assert "rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x (try simplifying" in message
    served(api, dear, numbers={**numbers, "maxItems": 100})


def test_old_values_that_cannot_be_told_apart_are_refused(api: Api) -> None:
    item = {"type": "object", "properties": {"n": {"type": "integer"}}}
    item["x-kubernetes-validations"] = [rule("self.n == oldSelf.n")]
    message = api.status("POST", CRDS, definition(things={"type": "array", "maxItems": 5, "items": item}))["message"]
    assert "oldSelf cannot be used on the uncorrelatable portion of the schema within" in message


def test_what_costs_too_much_after_all_is_refused_and_the_room_lives(api: Api) -> None:
    many = {"type": "array", "maxItems": 600, "items": {"type": "integer"}}
    served(api, rule("self.numbers.all(x, self.numbers.all(y, x + y > 0))"), numbers=many)
    (told,) = refused(api, numbers=list(range(1, 601)))
    assert "actual cost limit exceeded': no further validation rules will be run" in told
    api.ok("POST", THINGS, thing("small", numbers=[1, 2]))
