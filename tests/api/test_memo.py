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
