"""What is wrong with a CustomResourceDefinition, in the words of the API server."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import limits
from app.api.objects import Obj
from app.registry import validation
from app.registry.builtin import built_in
from tests.support.crds import crd, schema, version, with_schema

SCHEME = built_in()
DEFINITION = SCHEME.definition("CustomResourceDefinition")
AT = "spec.versions[0].schema.openAPIV3Schema"


def told(definition: Obj, old: Obj | None = None) -> list[str]:
    obj = DEFINITION.default(SCHEME.decode(definition))
    if old is None:
        return [str(cause) for cause in validation.validate(DEFINITION, obj)]
    before = DEFINITION.default(SCHEME.decode(old))
    return [str(cause) for cause in validation.validate_update(DEFINITION, obj, before)]


def changed(**spec: Any) -> Obj:
    whole = crd()
    return {**whole, "spec": {**whole["spec"], **spec}}


def field(inside: Obj) -> list[str]:
    """Of a schema with one field."""
    found = told(with_schema({"type": "object", "properties": {"a": inside}}))
    return [text.removeprefix(f"{AT}.properties[a]") for text in found]


def test_nothing_is_wrong_with_a_good_one_and_names_are_filled_in() -> None:
    assert told(crd()) == []
    spec = DEFINITION.default(SCHEME.decode(crd()))["spec"]
    assert (spec["names"]["singular"], spec["names"]["listKind"]) == ("website", "WebsiteList")
    assert spec["conversion"] == {"strategy": "None"}


@pytest.mark.parametrize(
    ("definition", "why"),
    [
        (
            {**crd(), "metadata": {"name": "x.example.com"}},
            'metadata.name: Invalid value: "x.example.com": must be spec',
        ),
        (changed(scope="Galaxy"), 'spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"'),
        (
            changed(versions=[version(storage=False)]),
            'spec.versions: Invalid value: ["v1"]: must have exactly one version',
        ),
        (changed(versions=[version(), version()]), 'spec.versions: Invalid value: ["v1","v1"]: must contain unique'),
        (changed(versions=[version(schema=None)]), f"{AT}: Required value"),
        (changed(versions=[version("V1")]), 'spec.versions[0].name: Invalid value: "V1": a DNS-1035 label must'),
        (
            changed(names={"plural": "websites", "kind": "web site"}),
            'spec.names.kind: Invalid value: "web site": may have',
        ),
        (
            crd("Website", listKind="Website"),
            'spec.names.listKind: Invalid value: "Website": kind and listKind may not',
        ),
        (changed(preserveUnknownFields=True), "spec.preserveUnknownFields: Invalid value: true: cannot set to true"),
        (
            changed(conversion={"strategy": "Webhook"}),
            "spec.conversion.strategy: Forbidden: this server calls no webhooks",
        ),
        (
            changed(
                versions=[version(subresources={"scale": {"specReplicasPath": ".status.x", "statusReplicasPath": "x"}})]
            ),
            'spec.versions[0].subresources.scale.specReplicasPath: Invalid value: ".status.x": should be a json path',
        ),
        (
            changed(versions=[version(additionalPrinterColumns=[{"name": "A", "type": "color", "jsonPath": ".x"}])]),
            'spec.versions[0].additionalPrinterColumns[0].type: Invalid value: "color": must be one of boolean,date,',
        ),
        (
            changed(versions=[version(selectableFields=[{"jsonPath": ".spec.pages"}])]),
            'spec.versions[0].selectableFields[0].jsonPath: Invalid value: ".spec.pages": must point to a field of',
        ),
        (
            changed(versions=[version(schema={"openAPIV3Schema": schema(additionalProperties=True)})]),
            f"{AT}: Invalid value: ",
        ),
    ],
)
def test_what_is_wrong_with_the_definition(definition: Obj, why: str) -> None:
    found = told(definition)
    assert any(text.startswith(why) for text in found), found


@pytest.mark.parametrize("group", ["policy", "networking.k8s.io", "gateway.networking.k8s.io", "Example.com"])
def test_groups_that_may_not_be_added_to(group: str) -> None:
    definition = {**changed(group=group), "metadata": {"name": f"websites.{group}"}}
    assert any("spec.group" in text or "protected groups" in text for text in told(definition))
    approved = {"api-approved.kubernetes.io": "https://github.com/kubernetes/kubernetes/pull/1"}
    definition["metadata"]["annotations"] = approved
    assert bool(told(definition)) == (group != "gateway.networking.k8s.io")


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        ({}, ".type: Required value: must not be empty for specified object fields"),
        ({"type": "text"}, '.type: Unsupported value: "text": supported values: "array", "boolean", "integer",'),
        ({"type": "array"}, ".items: Required value: must be specified"),
        ({"type": "array", "items": {}}, ".items.type: Required value: must not be empty for specified array items"),
        (
            {"type": "string", "pattern": "("},
            '.pattern: Invalid value: "(": must be a valid regular expression, but isn',
        ),
        ({"type": "string", "default": 5}, '.default: Invalid value: "integer": spec'),
        (
            {"type": "object", "properties": {}, "default": {"b": 1}},
            '.default: Invalid value: {"b":1}: must not have unknown fields',
        ),
        (
            {"type": "string", "anyOf": [{"type": "string"}]},
            ".anyOf[0].type: Forbidden: must be empty to be structural",
        ),
        (
            {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            ".uniqueItems: Forbidden: uniqueItems cannot",
        ),
        (
            {"type": "object", "properties": {"b": {"type": "string"}}, "additionalProperties": {"type": "string"}},
            ".additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive",
        ),
        ({"type": "string", "$ref": "#/a"}, ".$ref: Forbidden: $ref is not supported"),
        (
            {"type": "array", "x-kubernetes-list-type": "map", "items": {"type": "object"}},
            ".x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map",
        ),
        (
            {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["k"],
                "items": {"type": "object", "properties": {"k": {"type": "string"}}},
            },
            ".items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must",
        ),
        (
            {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "object"}},
            ".items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with",
        ),
        (
            {"x-kubernetes-int-or-string": True, "x-kubernetes-preserve-unknown-fields": True},
            ".x-kubernetes-preserve-unknown-fields: Invalid value: true: must be false if x-kubernetes-int-or-string",
        ),
        (
            {"type": "object", "x-kubernetes-embedded-resource": True},
            ".properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without",
        ),
    ],
)
def test_what_is_wrong_with_a_schema(inside: Obj, why: str) -> None:
    found = field(inside)
    assert any(text.startswith(why) for text in found), found


def test_whatever_is_said_of_values_needs_a_type_outside() -> None:
    (why,) = told(with_schema({"type": "object", "allOf": [{"properties": {"b": {"minimum": 1}}}]}))
    assert why == f"{AT}.properties[b]: Required value: because it is defined in {AT}.allOf[0].properties[b]"


def test_int_or_string_may_say_so_in_an_any_of() -> None:
    either = [{"type": "integer"}, {"type": "string"}]
    assert field({"x-kubernetes-int-or-string": True, "anyOf": either, "pattern": "^a"}) == []
    assert field({"x-kubernetes-int-or-string": True, "allOf": [{"anyOf": either}, {"maximum": 3}]}) == []


def test_the_metadata_of_a_kind_is_no_schemas_business() -> None:
    named = {"metadata": {"type": "object", "properties": {"name": {"type": "string", "pattern": "^a"}}}}
    assert told(with_schema({"type": "object", "properties": named})) == []
    more = {"metadata": {"type": "object", "properties": {"labels": {"type": "object"}}}}
    (why,) = told(with_schema({"type": "object", "properties": more}))
    assert "must not specify anything other than name and generateName" in why


def deep(levels: int) -> Obj:
    inside: Obj = {"type": "string"}
    for _ in range(levels):
        inside = {"type": "array", "items": inside}
    return {"type": "object", "properties": {"a": inside}}


def test_a_schema_may_be_so_deep_and_so_large() -> None:
    assert told(with_schema(deep(limits.SCHEMA_DEPTH - 2))) == []
    (why,) = told(with_schema(deep(limits.SCHEMA_DEPTH)))
    assert (
        why == f"{AT}: Forbidden: it is {limits.SCHEMA_DEPTH + 2} schemas deep: this server takes {limits.SCHEMA_DEPTH}"
    )
    many = {"type": "string", "enum": [f"v{number}" for number in range(limits.SCHEMA_NODES)]}
    (why,) = told(with_schema({"type": "object", "properties": {"a": many}}))
    assert "schemas and values of enums: this server takes" in why


def accepted(definition: Obj, *stored: str) -> Obj:
    status = {"acceptedNames": definition["spec"]["names"], "storedVersions": list(stored)}
    return {**definition, "status": {**status, "conditions": []}}


def test_what_objects_are_stored_and_found_by_stays() -> None:
    old = accepted(crd(), "v1")
    for change, why in (
        ({"scope": "Cluster"}, 'spec.scope: Invalid value: "Cluster": field is immutable'),
        (
            {"names": {**old["spec"]["names"], "kind": "Site"}},
            'spec.names.kind: Invalid value: "Site": field is immutable',
        ),
        (
            {"versions": [version("v2")]},
            'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was',
        ),
    ):
        found = told({**old, "spec": {**old["spec"], **change}}, old)
        assert any(text.startswith(why) for text in found), found
    assert told({**old, "spec": {**old["spec"], "versions": [version("v2"), version(storage=False)]}}, old) == []
