"""Which kinds there are: registered, asked for, removed again, each scheme by itself."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.errors import NotFound
from app.api.kinds import Kind
from app.api.objects import Obj, with_metadata
from app.apimachinery.scheme.scheme import Definition, Scheme, Version
from app.apimachinery.scheme.shapes import Field, OwnStruct, Scalar
from app.registry.builtin import built_in
from tests.support.custom import WIDGET, custom, definition, widget


@pytest.fixture
def scheme() -> Scheme:
    return built_in()


def test_a_kind_is_there_from_its_registration_to_its_removal(scheme: Scheme) -> None:
    before, version = scheme.kinds(), scheme.version
    scheme.register(definition())
    assert scheme.kinds() == (*before, scheme.kind(WIDGET))
    assert scheme.version > version
    scheme.remove(WIDGET)
    assert (scheme.kinds(), scheme.find(WIDGET), scheme.lookup("widgets")) == (before, None, None)
    with pytest.raises(NotFound):
        scheme.remove(WIDGET)


def test_a_copy_goes_its_own_way(scheme: Scheme) -> None:
    scheme.register(definition())
    copied = scheme.copy()
    copied.remove(WIDGET)
    scheme.register(definition("Gadget"))
    assert scheme.find(WIDGET) is not None
    assert copied.find("Gadget.example.com") is None


@pytest.mark.parametrize(
    "name", ["widget", "Widgets", "WIDGET", "wi", "widgets.example.com", "widget.example.com", "Widget.example.com"]
)
def test_it_is_found_by_each_of_its_names(scheme: Scheme, name: str) -> None:
    scheme.register(definition())
    found = scheme.lookup(name)
    assert found is not None
    assert found.key == WIDGET


def test_of_two_kinds_with_one_name_the_plain_name_means_the_first(scheme: Scheme) -> None:
    scheme.register(definition("Deployment"))
    for name, key in (("deploy", "Deployment"), ("deployments.example.com", "Deployment.example.com")):
        found = scheme.lookup(name)
        assert found is not None
        assert found.key == key
    assert scheme.kind_of("example.com/v1", "Deployment").group == "example.com"
    assert scheme.kind_of("apps/v1", "Deployment").group == "apps"


def test_two_kinds_of_one_group_cannot_have_the_same_plural(scheme: Scheme) -> None:
    scheme.register(definition())
    twin = definition("Gizmo").row._replace(plural="widgets")
    with pytest.raises(AssertionError):
        scheme.register(Definition(twin, custom("Gizmo", {})))
    assert scheme.find("Gizmo.example.com") is None


def test_what_a_machine_knows_is_a_kind_that_no_client_sees(scheme: Scheme) -> None:
    assert scheme.is_local("Machine")
    assert scheme.is_local("PodMetrics")
    assert not scheme.is_local("Pod")
    assert not scheme.is_local("Nobody")
    assert scheme.lookup("machines") is None
    assert "Machine" not in {row.kind for row in scheme.served()}
    with pytest.raises(NotFound, match='no matches for kind "Machine"'):
        scheme.decode({"apiVersion": "loopscope.internal/v1", "kind": "Machine"})


def test_of_several_versions_one_is_stored_and_each_is_served(scheme: Scheme) -> None:
    number, text = Scalar("int32"), Scalar("string")
    v1 = custom("Widget", {"spec": OwnStruct("WidgetSpec", {"size": Field("size", number)})})
    v2 = custom("Widget", {"spec": OwnStruct("WidgetSpec", {"extent": Field("extent", text)})})
    stored = Kind("Widget", "example.com", "v2", "widgets", "widget")

    def up(obj: Obj) -> Obj:
        return {**obj, "spec": {"extent": str(obj["spec"]["size"])}}

    def down(obj: Obj) -> Obj:
        return {**obj, "spec": {"size": int(obj["spec"]["extent"])}}

    scheme.register(Definition(stored, v2, others=(Version(stored._replace(version="v1"), v1, up, down),)))
    old: dict[str, Any] = widget(spec={"size": 3})
    decoded = scheme.decode(old)
    assert decoded == {**old, "apiVersion": "example.com/v2", "spec": {"extent": "3"}}
    definition_ = scheme.definition(WIDGET)
    assert definition_.to_version(decoded, "example.com/v1") == old
    assert definition_.to_version(decoded, "example.com/v2") is decoded
    assert (definition_.shape_in("example.com/v1"), definition_.shape_in("")) == (v1, v2)
    assert [row.version for row in scheme.served() if row.kind == "Widget"] == ["v2", "v1"]
    assert scheme.resource("example.com", "v1", "widgets") == stored._replace(version="v1")
    assert scheme.kinds()[-1] == stored


def test_an_open_type_keeps_what_it_does_not_name(scheme: Scheme) -> None:
    row = definition().row
    scheme.register(Definition(row, custom("Widget", {}, open=True)))
    free = widget(spec={"a": [1, {"b": None}], "c": "d"})
    assert scheme.decode(free) == free
    labelled = with_metadata(free, labels={"a": 1})
    with pytest.raises(Exception, match="cannot unmarshal number"):
        scheme.decode(labelled)


def test_making_a_scheme_costs_nothing_worth_mentioning() -> None:
    assert built_in().definition("Pod") is built_in().definition("Pod")
