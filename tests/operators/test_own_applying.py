"""A child as it is wanted, laid over the child as it is."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import annotations_of
from app.operators.own.applying import LAST_APPLIED, applied, changes, declared


def child(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, **fields}


def paths(old: Any, new: Any) -> list[str]:
    return [change.path for change in changes(old, new)]


def test_what_was_made_as_declared_is_as_it_should_be() -> None:
    made = declared(child(data={"a": "1"}))
    assert applied({**made, "status": {"x": 1}}, child(data={"a": "1"})) == {**made, "status": {"x": 1}}


@pytest.mark.parametrize(
    ("was", "there", "wanted", "becomes"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, {"a": 3}, {"a": 3, "b": 2}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3}, {"a": 1}, {"a": 1, "c": 3}),
        ({"a": 1}, {"a": 9}, {"a": 1}, {"a": 1}),
        ({}, {"list": [1, 2]}, {"list": [2]}, {"list": [2]}),
        (
            {"list": [{"name": "x", "v": 1}, {"name": "y"}]},
            {"list": [{"name": "x", "v": 1, "d": 5}, {"name": "y"}, {"name": "z"}]},
            {"list": [{"name": "new"}, {"name": "x", "v": 2}]},
            {"list": [{"name": "x", "v": 2, "d": 5}, {"name": "z"}, {"name": "new"}]},
        ),
        ({}, {"list": [{"name": "x"}]}, {"list": [{"key": "y"}]}, {"list": [{"key": "y"}]}),
        ({"a": {"b": 1}}, {"a": {"b": 1}}, {"a": "text"}, {"a": "text"}),
    ],
    ids=["others' fields stay", "no more declared", "drifted", "plain list", "keyed list", "no key", "another type"],
)
def test_only_what_is_declared_counts(was: Any, there: Any, wanted: Any, becomes: Any) -> None:
    made = declared(child(spec=was))
    new = applied({**made, "spec": there}, child(spec=wanted))
    assert new["spec"] == becomes
    assert annotations_of(new)[LAST_APPLIED] == annotations_of(declared(child(spec=wanted)))[LAST_APPLIED]


def test_a_null_is_not_declared() -> None:
    assert declared(child(data={"a": None, "b": "c"}))["data"] == {"b": "c"}


def test_an_annotation_that_is_none_of_ours_makes_no_difference() -> None:
    made = {**declared(child(data={"a": "1"})), "metadata": {"name": "a", "annotations": {LAST_APPLIED: "{"}}}
    assert applied(made, child(data={"b": "2"}))["data"] == {"a": "1", "b": "2"}


def test_a_change_is_named_by_its_path_and_the_annotation_last() -> None:
    old, new = declared(child(data={"a": "1", "b": "2"})), declared(child(data={"a": "1", "b": "3"}))
    assert paths(old, new) == ["data.b", f"metadata.annotations.{LAST_APPLIED}"]
    assert paths({"a": [1]}, {"a": [2], "b": {}}) == ["a", "b"]
