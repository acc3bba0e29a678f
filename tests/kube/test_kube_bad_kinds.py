"""Definitions and objects that would break a server: each is refused with a sentence, and the room lives."""

from __future__ import annotations

import json

import pytest

from app.api import limits
from app.api.objects import Obj
from tests.support.clients import Api
from tests.support.crds import crd, define, schema, with_schema

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
THINGS = "/apis/example.com/v1/namespaces/default/things"


def alive(api: Api) -> None:
    define(api.cluster, crd("Witness"))
    assert api.get("/apis/example.com/v1")["resources"]


def definition_of(text: str) -> str:
    """With a schema that is given as JSON."""
    return json.dumps(with_schema({"type": "object", "properties": {"a": "HERE"}})).replace('"HERE"', text)


@pytest.mark.parametrize("levels", [100, 2_000, 10_000])
def test_a_schema_that_is_nested_beyond_reason(api: Api, levels: int) -> None:
    text = '{"type":"array","items":' * levels + '{"type":"string"}' + "}" * levels
    status = api.status("POST", CRDS, definition_of(text))
    assert 400 <= status["code"] < 500
    assert status["message"]
    alive(api)


@pytest.mark.parametrize(
    "text",
    [
        "5",
        "[]",
        '{"type": 5}',
        '{"type": "object", "properties": []}',
        '{"type": "array", "items": "string"}',
        '{"type": "array", "items": {"properties": 7}}',
        '{"type": "object", "additionalProperties": 7}',
        '{"type": "string", "enum": {}}',
        '{"type": "string", "x-kubernetes-validations": "true"}',
        '{"type": "string", "x-kubernetes-validations": [7]}',
        '{"type": "object", "required": "a"}',
        '{"type": "integer", "minimum": "1"}',
    ],
)
def test_a_schema_that_is_none(api: Api, text: str) -> None:
    status = api.status("POST", CRDS, definition_of(text))
    assert (status["code"], "cannot unmarshal" in status["message"]) == (400, True)
    alive(api)


def test_an_enum_of_a_hundred_thousand_values(api: Api) -> None:
    text = json.dumps({"type": "string", "enum": [str(number) for number in range(100_000)]})
    status = api.status("POST", CRDS, definition_of(text))
    assert "schemas and values of enums: this server takes" in status["message"]
    alive(api)


def test_a_pattern_that_would_backtrack_does_not(api: Api) -> None:
    define(
        api.cluster,
        with_schema(schema({"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}})),
    )
    thing = {
        "apiVersion": "example.com/v1",
        "kind": "Thing",
        "metadata": {"name": "t"},
        "spec": {"a": "a" * 5_000 + "!"},
    }
    assert "should match '^(a+)+$'" in api.status("POST", THINGS, thing)["message"]
    alive(api)


def test_an_object_that_takes_too_long_to_check(api: Api) -> None:
    many: Obj = {"type": "array", "items": {"type": "integer", "anyOf": [{"maximum": number} for number in range(500)]}}
    define(api.cluster, with_schema(schema({"type": "object", "properties": {"many": many}})))
    thing = {
        "apiVersion": "example.com/v1",
        "kind": "Thing",
        "metadata": {"name": "t"},
        "spec": {"many": [1_000] * 5_000},
    }
    assert "it takes too long to check so large an object" in api.status("POST", THINGS, thing)["message"]
    alive(api)


def test_an_object_that_is_nested_beyond_reason(api: Api) -> None:
    define(api.cluster, with_schema({"type": "object", "x-kubernetes-preserve-unknown-fields": True}))
    text = (
        '{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"t"},"spec":'
        + '{"a":' * 3_000
        + "1"
        + "}" * 3_001
    )
    status = api.status("POST", THINGS, text)
    assert 400 <= status["code"] < 500
    alive(api)


def test_there_are_so_many_kinds_and_no_more(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CUSTOM_KINDS", 2)
    for kind in ("One", "Two"):
        define(api.cluster, crd(kind, shortNames=[]))
    status = api.status("POST", CRDS, crd("Three"))
    assert (status["code"], "limit of 2 custom kinds" in status["message"]) == (403, True)


def test_a_replacement_by_another_schema_does_not_break_what_is_stored(api: Api) -> None:
    loose = with_schema({"type": "object", "x-kubernetes-preserve-unknown-fields": True})
    define(api.cluster, loose)
    odd = {"spec": [1, {"a": None}], "status": "text", "extra": {"scale": "x"}}
    api.ok("POST", THINGS, {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"}, **odd})
    stored = api.get(f"{CRDS}/things.example.com")
    strict = with_schema(
        schema(),
        subresources={
            "status": {},
            "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"},
        },
    )
    stored["spec"]["versions"] = strict["spec"]["versions"]
    api.ok("PUT", f"{CRDS}/things.example.com", stored)
    api.cluster.run()
    assert api.get(f"{THINGS}/t")["status"] == "text"
    assert api.ask("GET", f"{THINGS}/t/scale").status_code < 500
    merge = "application/merge-patch+json"
    assert api.status("PATCH", f"{THINGS}/t/scale", {"spec": {"replicas": 2}}, Content_Type=merge)["code"] == 422
    assert api.ask("GET", f"{THINGS}?fieldSelector=metadata.name%3Dt").status_code == 200
    api.ok("DELETE", f"{CRDS}/things.example.com")
    api.cluster.run()
    assert api.ask("GET", THINGS).status_code == 404
