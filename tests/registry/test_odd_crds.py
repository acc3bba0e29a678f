"""Definitions that something is odd about: refused as they should be, or they define a kind that works."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.api.errors import ApiError
from app.api.objects import Obj, with_metadata
from app.apimachinery.openapi import discovery, gnostic, openapi
from app.apimachinery.scheme.scalars import Problems
from app.apimachinery.scheme.scheme import Scheme
from app.kubectl.printers import printers
from app.registry import scales, validation
from app.registry.builtin import built_in
from app.registry.customresources import definitions
from tests.registry.test_bad_input import mutated
from tests.support import published_crds
from tests.support.crds import crd, website

CRDS = [
    crd(),
    published_crds.monitoring(),
    published_crds.certificates(),
    published_crds.databases(),
    published_crds.brokers(),
]
DEFINITION = built_in().definition("CustomResourceDefinition")
odd = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def odd_definitions(draw: Any) -> Any:
    doc: Any = draw(st.sampled_from(CRDS))
    for _ in range(draw(st.integers(1, 3))):
        doc = mutated(doc, draw)
    return doc


@st.composite
def odd_websites(draw: Any) -> Any:
    doc: Any = website(pages=[{"path": "/"}], owners=["a"], port="http", extra={"a": 1})
    for _ in range(draw(st.integers(1, 3))):
        doc = mutated(doc, draw)
    return doc


def decoded(scheme: Scheme, doc: Any) -> Obj | None:
    """None if it is refused by an error of the client's making."""
    code = 400
    try:
        return scheme.decode(doc, strict=False)
    except ApiError as error:
        code = error.code
    assert 400 <= code < 500
    return None


def accepted(doc: Any) -> Obj | None:
    found = decoded(built_in(), doc)
    if found is None:
        return None
    obj = DEFINITION.default(found)
    if obj["kind"] != "CustomResourceDefinition" or validation.validate(DEFINITION, obj):
        return None
    return obj


@odd
@given(odd_definitions(), odd_definitions())
@pytest.mark.long
def test_an_odd_definition_is_refused_or_defines_a_kind(doc: Any, other: Any) -> None:
    obj, before = accepted(doc), accepted(other)
    if obj is None:
        return
    if before is not None:
        tuple(validation.validate_update(DEFINITION, obj, before))
    scheme = built_in()
    defined = definitions.definition(obj)
    scheme.register(defined)
    assert discovery.aggregated(scheme, "/apis")["items"]
    for version in discovery.group_versions(scheme):
        if version.startswith(f"{defined.row.group}/"):
            json.dumps(openapi.openapi_v3(scheme, version))
    gnostic.openapi_v2_protobuf(scheme)
    made = {"apiVersion": defined.row.api_version, "kind": defined.row.kind, "metadata": {"name": "x"}, "spec": {}}
    instance = defined.default(defined.shape.decode(made, None, Problems()))
    tuple(validation.validate(defined, instance))
    printers.table(defined.row.key, [instance], 0, defined.columns)
    if "scale" in defined.row.subresources:
        scales.scale_of(defined.row, scales.with_replicas(defined.row, instance, 3))


@odd
@given(odd_websites(), odd_websites())
@pytest.mark.long
def test_an_odd_object_is_judged(doc: Any, other: Any) -> None:
    scheme = built_in()
    obj = accepted(crd())
    assert obj is not None
    defined = definitions.definition(obj)
    scheme.register(defined)
    seen = []
    for each in (doc, other):
        made = decoded(scheme, each)
        if made is None or made["kind"] != "Website":
            return
        filled = defined.default(made)
        assert defined.default(filled) is filled
        filled = with_metadata(filled, name="x", creationTimestamp=None)
        seen.append(filled)
        tuple(validation.validate(defined, filled))
        printers.table(defined.row.key, [filled], 0, defined.columns)
        scales.scale_of(defined.row, filled)
    tuple(validation.validate_update(defined, *seen))
