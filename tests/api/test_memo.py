from __future__ import annotations

from app.api import memo


def test_a_part_is_worked_out_once_per_argument():
    calls = []

    @memo.by_identity
    def size(part, factor):
        calls.append(part)
        return len(part) * factor

    part = {"a": 1}
    assert (size(part, 2), size(part, 2), size(part, 3)) == (2, 2, 3)
    assert len(calls) == 2


def test_an_equal_part_is_another_part():
    calls = []
    size = memo.by_identity(lambda part: calls.append(part) or len(part))
    assert (size({"a": 1}), size({"a": 1})) == (1, 1)
    assert len(calls) == 2


def test_the_memory_is_bounded_and_never_mistakes_a_new_part_for_one_that_is_gone(monkeypatch):
    monkeypatch.setattr(memo, "_KEPT", 3)
    value = memo.by_identity(lambda part: part["n"])
    assert [value({"n": n}) for n in range(100)] == list(range(100))


def test_of_columns_only_rows_are_worked_out_in_which_something_is_another_thing():
    calls = []

    @memo.by_place
    def pair(left, right):
        calls.append(left["n"])
        return left["n"], right

    one, two, three = ({"n": n} for n in (1, 2, 3))
    assert pair((one, two, three), "abc") == ((1, "a"), (2, "b"), (3, "c"))
    assert pair((one, {"n": 7}, three), "abd") == ((1, "a"), (7, "b"), (3, "d"))
    assert sorted(calls) == [1, 2, 3, 3, 7]
    assert pair((one, two), "ab") == ((1, "a"), (2, "b"))
    assert pair((), "") == ()


def test_columns_may_have_no_rows_at_first():
    assert memo.by_place(lambda left, right: left)((), ()) == ()
