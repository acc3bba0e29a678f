"""The one thread that gives rooms their turns."""

from __future__ import annotations

import logging
import threading
import time

import pytest

from app.rooms.pacer import TIDY_S, Pacer


class Counter:
    """Wants `again` more turns, `gap_s` apart."""

    def __init__(self, again: int = 0, gap_s: float = 0.0) -> None:
        self.turns: list[float] = []
        self.again = again
        self.gap_s = gap_s
        self.done = threading.Event()

    def turn(self, now: float) -> float | None:
        self.turns.append(now)
        if len(self.turns) > self.again:
            self.done.set()
            return None
        return now + self.gap_s


def test_a_room_gets_turns_until_it_wants_no_more() -> None:
    pacer = Pacer()
    room = Counter(again=5, gap_s=0.01)
    pacer.wake(room)
    assert room.done.wait(2)
    pacer.stop()
    assert len(room.turns) == 6
    assert room.turns[-1] - room.turns[0] >= 0.05


def test_a_busy_room_does_not_hold_up_the_others() -> None:
    pacer = Pacer()
    busy, calm = Counter(again=1_000_000), Counter(again=3, gap_s=0.02)
    pacer.wake(busy)
    pacer.wake(calm)
    assert calm.done.wait(2)
    pacer.stop()
    assert calm.turns[-1] - calm.turns[0] < 0.5


def test_no_turns_and_no_work_when_nothing_is_to_do() -> None:
    pacer = Pacer()
    room = Counter()
    pacer.wake(room)
    assert room.done.wait(2)
    used = time.thread_time()
    time.sleep(0.1)
    assert time.thread_time() - used < 0.05
    assert len(room.turns) == 1
    pacer.wake(room)
    pacer.forget(room)
    pacer.stop()
    pacer.wake(room)
    assert len(room.turns) <= 2


def test_a_room_whose_turn_fails_costs_the_others_none_of_theirs(caplog: pytest.LogCaptureFixture) -> None:
    class Failing:
        def turn(self, now: float) -> float | None:
            raise RuntimeError("a bug")

    pacer, calm = Pacer(), Counter(again=3)
    with caplog.at_level(logging.CRITICAL, logger="app.rooms.pacer"):
        pacer.wake(Failing())
        pacer.wake(calm)
        assert calm.done.wait(2)
        pacer.stop()


def test_rooms_are_tidied_once_a_minute_be_they_busy_or_not(caplog: pytest.LogCaptureFixture) -> None:
    now, tidied, seen = [0.0], [], threading.Event()

    def tidy(*, at_rest: bool) -> None:
        tidied.append((now[0], at_rest))
        seen.set()
        raise OSError("the disk is full")

    pacer, room = Pacer(lambda: now[0], tidy), Counter(again=3)
    with caplog.at_level(logging.CRITICAL, logger="app.rooms.pacer"):
        pacer.wake(room)
        assert room.done.wait(2)
        now[0] = TIDY_S
        pacer.wake(room)
        assert seen.wait(2)
        seen.clear()
        now[0] = 2 * TIDY_S + 1
        pacer.wake(Counter(again=1, gap_s=3600))
        assert seen.wait(2)
        pacer.stop()
    assert [at for at, _ in tidied] == [TIDY_S, 2 * TIDY_S + 1]
