"""What a text may return, and what is said of everything else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.api import limits
from app.api.objects import Ref, controller_of
from app.operators.own import wanted
from app.operators.own.wanted import Wanted
from app.reconcile import TextMistake
from tests.support import builders

PARENT = builders.deployment("web")
KINDS = {"ConfigMap": "v1", "Deployment": "apps/v1", "Node": "v1"}


def read(value: Any, parent: Any = PARENT, *, has_status: bool = True) -> Wanted:
    return wanted.read(value, parent, KINDS, ("Node",), has_status=has_status)


def config(name: Any = "a", **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}}


def test_a_child_gets_the_namespace_and_the_owner_of_its_parent_and_no_status() -> None:
    want = read(
        {"status": {"n": 1}, "children": [{**config(labels={"a": "b"}), "status": {}}], "resyncAfterSeconds": 2}
    )
    child = want.children[Ref("ConfigMap", "default", "a")]
    assert (want.status, want.again_ms) == ({"n": 1}, 2_000)
    assert child["metadata"]["namespace"] == "default"
    assert child["metadata"]["labels"] == {"a": "b"}
    owner = controller_of(child)
    assert owner is not None
    assert owner["uid"] == PARENT["metadata"]["uid"]
    assert "status" not in child


def test_all_of_it_may_be_left_out() -> None:
    assert read({}) == Wanted(None, {}, None)
    assert read({"status": {}}, has_status=False).status is None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "sync returned nothing, not a dict with status, children, resyncAfterSeconds"),
        ([], "sync returned a list, not a dict"),
        ({"childs": []}, 'sync returned the key "childs"'),
        ({"status": 3}, "status is 3, not a dict"),
        ({"children": {}}, "children is a dict, not a list"),
        ({"children": ["x"]}, "children[0] is x, not an object"),
        ({"children": [{"kind": "ConfigMap"}]}, "children[0] has no apiVersion"),
        ({"children": [{"apiVersion": "v1"}]}, "children[0] has no kind"),
        ({"children": [config(), config(None)]}, "children[1], a ConfigMap, has no metadata.name"),
        ({"children": [config(), config()]}, "children[1] is configmap/a once more"),
        ({"children": [config("x" * 254)]}, "the name of children[0] has more than 253 characters"),
        ({"children": [{**config(), "kind": "Secret"}]}, "children[0] is a Secret (v1), and the children of"),
        ({"children": [config(namespace="shop")]}, 'children[0] is in the namespace "shop"'),
        ({"children": [config(namespace=3)]}, "children[0].metadata.namespace is 3, not a string"),
        ({"children": [config(labels={"a": 1})]}, "children[0].metadata.labels is not a dict of strings"),
        ({"children": [config(ownerReferences=[{"uid": "other"}])]}, "children[0] names another owner"),
        ({"children": [{**config(), "kind": "Node"}]}, "children[0] is in no namespace"),
        ({"children": [config(f"a{n}") for n in range(limits.OWN_CHILDREN + 1)]}, "501 children are more than 500"),
        ({"resyncAfterSeconds": "soon"}, "resyncAfterSeconds is soon, not a number"),
        ({"resyncAfterSeconds": -1}, "resyncAfterSeconds is -1, not a number"),
    ],
)
def test_nonsense_is_named(value: Any, said: str) -> None:
    with pytest.raises(TextMistake) as caught:
        read(value)
    assert str(caught.value).startswith(said)


def test_a_kind_without_a_status_gets_none() -> None:
    with pytest.raises(TextMistake, match="a Deployment has no status that could be written"):
        read({"status": {"n": 1}}, has_status=False)


def test_a_parent_in_no_namespace_says_where_its_children_are() -> None:
    with pytest.raises(TextMistake, match=r"needs a metadata\.namespace"):
        read({"children": [config()]}, builders.node())
    assert list(read({"children": [config(namespace="shop")]}, builders.node()).children) == [
        Ref("ConfigMap", "shop", "a")
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
CHILD = st.fixed_dictionaries(
    {},
    optional={
        "apiVersion": JSON | st.sampled_from(["v1", "apps/v1"]),
        "kind": JSON | st.sampled_from(["ConfigMap", "Deployment", "Node"]),
        "metadata": JSON
        | st.fixed_dictionaries(
            {},
            optional=dict.fromkeys(("name", "namespace", "labels", "annotations", "ownerReferences"), JSON),
        ),
        "spec": JSON,
    },
)
ANSWER = st.fixed_dictionaries(
    {}, optional={"status": JSON, "children": JSON | st.lists(CHILD, max_size=3), "resyncAfterSeconds": JSON}
)


@given(JSON | ANSWER)
@example({"children": [config(), config("b", namespace="default")]})
@pytest.mark.long
def test_whatever_is_returned_is_taken_or_named(value: Any) -> None:
    try:
        children = read(value).children
    except TextMistake:
        children = {}
    assert all(child["metadata"]["namespace"] == "default" for child in children.values())
