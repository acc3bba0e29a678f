"""A history against a plain list."""

from __future__ import annotations

import random

import pytest

from app.api.history import History


@pytest.mark.parametrize("limit", [None, 1, 300, 1000])
@pytest.mark.parametrize("length", [0, 1, 255, 256, 257, 2000])
def test_it_is_a_list_that_forgets_its_beginning(limit: int | None, length: int) -> None:
    history: History[int] = History(limit)
    for number in range(length):
        history.append(number)
    everything = list(range(length))
    assert history.end == length
    assert list(history) == everything[history.first :]
    assert len(history) == length - history.first
    assert len(history) == (length if limit is None else min(length, limit))
    for number in (-1, 0, history.first - 1, history.first, 255, 256, length - 1, length, length + 600):
        kept = history.first <= number < length
        assert history.get(number) == (number if kept else None)
        assert history.since(number) == everything[max(history.first, number) :]
    kept = everything[history.first :]
    assert history == kept
    assert history != [*kept, 0]
    for place in (slice(None), slice(3, None), slice(-2, None), slice(2, 9), slice(9, 2), slice(0, 300, 7)):
        assert history[place] == kept[place]
    assert [history[place] for place in (0, -1) if kept] == [kept[place] for place in (0, -1) if kept]


def test_a_copy_and_its_original_go_on_apart() -> None:
    rng = random.Random(1)
    for _ in range(50):
        original: History[int] = History(rng.choice([None, 300]))
        for number in range(rng.randrange(1200)):
            original.append(number)
        before = list(original)
        copied = original.copy()
        for number in range(rng.randrange(600)):
            original.append(-number)
        assert list(copied) == before
        ahead = list(original)
        copied.append(7)
        assert list(copied)[-1] == 7
        assert list(original) == ahead


@pytest.mark.parametrize("length", [1, 256, 700])
def test_as_it_was_before_and_what_comes_now_is_not_seen_by_it(length: int) -> None:
    history: History[int] = History(400)
    for number in range(length):
        history.append(number)
    for end in {history.first, 255, 256, length - 1, length} & set(range(history.first, length + 1)):
        past = history.until(end)
        assert list(past) == list(range(past.first, end))
        assert past.first <= history.first
        past.append(-1)
        assert list(past)[-1] == -1
    history.append(length)
    assert list(history)[-1] == length
