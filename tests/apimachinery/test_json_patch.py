from __future__ import annotations

import contextlib
import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.errors import BadRequest, Invalid, TooLarge
from app.apimachinery.patch.json_patch import json_patch, same

DOC = {"a": {"b": [1, 2, 3]}, "c": "d", "e/f": {"~": 0}}


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        pytest.param([], DOC, id="no operation changes nothing"),
        pytest.param([{"op": "add", "path": "/x", "value": 1}], DOC | {"x": 1}, id="add a field"),
        pytest.param([{"op": "add", "path": "/c", "value": 1}], DOC | {"c": 1}, id="add over a field"),
        pytest.param([{"op": "add", "path": "/a/b/1", "value": 9}], DOC | {"a": {"b": [1, 9, 2, 3]}}, id="insert"),
        pytest.param([{"op": "add", "path": "/a/b/-", "value": 9}], DOC | {"a": {"b": [1, 2, 3, 9]}}, id="append"),
        pytest.param([{"op": "remove", "path": "/a/b/0"}], DOC | {"a": {"b": [2, 3]}}, id="remove an item"),
        pytest.param([{"op": "remove", "path": "/c"}], {"a": DOC["a"], "e/f": DOC["e/f"]}, id="remove a field"),
        pytest.param([{"op": "replace", "path": "/a/b/2", "value": 7}], DOC | {"a": {"b": [1, 2, 7]}}, id="replace"),
        pytest.param([{"op": "replace", "path": "/e~1f/~0", "value": 7}], DOC | {"e/f": {"~": 7}}, id="escaped names"),
        pytest.param([{"op": "replace", "path": "", "value": {}}], {}, id="replace the whole"),
        pytest.param(
            [{"op": "move", "from": "/c", "path": "/x"}], {"a": DOC["a"], "e/f": DOC["e/f"], "x": "d"}, id="move"
        ),
        pytest.param([{"op": "move", "from": "/c", "path": "/c"}], DOC, id="move to itself"),
        pytest.param([{"op": "copy", "from": "/c", "path": "/x"}], DOC | {"x": "d"}, id="copy"),
        pytest.param(
            [{"op": "test", "path": "/c", "value": "d"}, {"op": "replace", "path": "/c", "value": "e"}],
            DOC | {"c": "e"},
            id="a test that holds lets the next go on",
        ),
    ],
)
def test_an_operation(operations, expected):
    before = copy.deepcopy(DOC)
    assert json_patch(DOC, operations) == expected
    assert before == DOC


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param({"op": "replace", "path": "/spec/nope", "value": 1}, id="no such field to replace"),
        pytest.param({"op": "remove", "path": "/nope"}, id="no such field to remove"),
        pytest.param({"op": "remove", "path": ""}, id="the whole cannot be removed"),
        pytest.param({"op": "add", "path": "/x/y", "value": 1}, id="no parent to add to"),
        pytest.param({"op": "add", "path": "/a/b/4", "value": 1}, id="beyond the end"),
        pytest.param({"op": "add", "path": "/a/b/01", "value": 1}, id="not an index"),
        pytest.param({"op": "replace", "path": "/a/b/-", "value": 1}, id="past the end is no item"),
        pytest.param({"op": "remove", "path": "/a/b/" + "9" * 5000}, id="an absurd index"),
        pytest.param({"op": "add", "path": "/c/x", "value": 1}, id="text has no fields"),
        pytest.param({"op": "add", "path": "c", "value": 1}, id="a path begins with a slash"),
        pytest.param({"op": "add", "path": "/c"}, id="no value"),
        pytest.param({"op": "add", "value": 1}, id="no path"),
        pytest.param({"op": "jump", "path": "/c"}, id="no such operation"),
        pytest.param({"path": "/c"}, id="no operation"),
        pytest.param({"op": "move", "from": "/a", "path": "/a/b"}, id="a part cannot move into itself"),
        pytest.param({"op": "test", "path": "/c", "value": "x"}, id="the test fails"),
        pytest.param({"op": "test", "path": "/a/b/0", "value": True}, id="1 is not true"),
    ],
)
def test_an_operation_that_does_not_fit_is_refused_without_saying_where(operation):
    with pytest.raises(Invalid) as refused:
        json_patch(DOC, [operation])
    assert refused.value.message == "the server rejected our request due to an error in our request"
    assert refused.value.code == 422


@pytest.mark.parametrize("operations", [None, {}, "x", [1], [[]]])
def test_what_is_no_list_of_operations_is_a_bad_request(operations):
    with pytest.raises(BadRequest):
        json_patch(DOC, operations)


def test_ten_thousand_operations_are_enough():
    operation = {"op": "test", "path": "/c", "value": "d"}
    assert json_patch(DOC, [operation] * 10_000) is DOC
    with pytest.raises(TooLarge):
        json_patch(DOC, [operation] * 10_001)


@pytest.mark.parametrize(
    ("operations", "why"),
    [
        pytest.param(
            [{"op": "copy", "from": "", "path": f"/x{n}"} for n in range(60)],
            "Unable to complete the copy, the accumulated size increase is 3964743, exceeding the limit 3145728",
            id="a copy of the whole doubles it each time",
        ),
        pytest.param(
            [{"op": "add", "path": "/x", "value": [0] * 50_000}] + [{"op": "add", "path": "/x/0", "value": 0}] * 500,
            "members, exceeding the limit 20000000",
            id="each insertion into a long list moves all of it",
        ),
        pytest.param(
            [{"op": "copy", "from": "/a", "path": "/a" * 2**n + "/a"} for n in range(14)],
            "exceeded max depth",
            id="a copy into itself doubles the depth",
        ),
    ],
)
def test_a_patch_that_grows_without_end_is_refused(operations, why):
    with pytest.raises(Invalid) as refused:
        json_patch({"a": {}, "b": "x" * 100}, operations)
    assert refused.value.code == 422
    assert why in refused.value.causes[0].message


def test_what_was_not_touched_is_shared():
    assert json_patch(DOC, [{"op": "replace", "path": "/c", "value": "e"}])["a"] is DOC["a"]
    assert json_patch(DOC, [{"op": "replace", "path": "/c", "value": "d"}]) is DOC


def test_equal_as_json():
    assert same({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]})
    assert same(1, 1.0)
    assert not same([1], [True])
    assert not same({"a": None}, {})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab-0/"), inner, max_size=3),
    max_leaves=8,
)
POINTER = st.lists(st.sampled_from(["a", "b", "0", "1", "-", "~1"]), max_size=3).map(
    lambda parts: "".join(f"/{p}" for p in parts)
)


@given(
    JSON,
    st.lists(
        st.fixed_dictionaries(
            {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]), "path": POINTER},
            optional={"value": JSON, "from": POINTER},
        ),
        max_size=4,
    ),
)
def test_any_patch_gives_a_document_or_a_refusal_and_leaves_its_input_alone(doc, operations):
    before = copy.deepcopy(doc)
    with contextlib.suppress(Invalid):
        json_patch(doc, operations)
    assert doc == before
