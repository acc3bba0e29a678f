from __future__ import annotations

from app.api.objects import Ref
from app.engine.trace import WokenBy
from app.engine.workqueue import WorkQueue

A, B = Ref("Pod", "default", "a"), Ref("Pod", "default", "b")


def wake(step: int) -> WokenBy:
    return WokenBy("MODIFIED", A, step)


def test_a_key_has_one_place_however_often_it_is_added() -> None:
    queue = WorkQueue()
    queue.add(A, wake(1))
    queue.add(B, wake(2))
    queue.add(A, wake(3))
    assert len(queue) == 2
    key, wakes, _ = queue.get()
    assert (key, [w.step for w in wakes]) == (A, [1, 3])


def test_a_key_added_while_it_is_processed_runs_again_afterwards_and_not_before() -> None:
    queue = WorkQueue()
    queue.add(A, wake(1))
    queue.get()
    queue.add(A, wake(2))
    assert len(queue) == 0
    queue.done(A)
    assert queue.get()[0] == A


def test_a_key_is_background_only_if_nothing_but_heartbeats_woke_it() -> None:
    queue = WorkQueue()
    queue.add(A, wake(1), background=True)
    queue.add(B, wake(2), background=True)
    queue.add(B, wake(3))
    assert [queue.get()[2] for _ in range(2)] == [True, False]


def test_a_key_that_waits_is_hurried_also_where_it_waits_for_its_own_end() -> None:
    queue = WorkQueue()
    for _ in range(2):
        queue.add(A, wake(1), background=True)
        assert queue.hurry(A)
        assert queue.get()[2] is False
        queue.add(A, wake(2), background=True)
        assert queue.hurry(A)
        queue.done(A)
        assert queue.get()[2] is False
        queue.done(A)
        assert not queue.hurry(A)


def test_failures_back_off_from_5_ms_doubling_to_1000_s_and_success_forgets_them() -> None:
    queue = WorkQueue()
    delays = [queue.retry_delay_ms(A) for _ in range(20)]
    assert delays[:4] == [5, 10, 20, 40]
    assert delays[-1] == 1_000_000
    assert queue.retry_delay_ms(B) == 5
    queue.forget(A)
    assert queue.retry_delay_ms(A) == 5


def test_the_most_urgent_goes_first_and_equals_in_the_order_they_came() -> None:
    a, b, c, d = (Ref("Pod", "default", name) for name in "abcd")
    queue = WorkQueue({a: 0, b: 5, c: -1, d: 5}.__getitem__)
    for key in (c, a, b, d):
        queue.add(key, wake(1))
    taken = []
    while queue:
        taken.append(queue.get()[0])
        queue.done(taken[-1])
    assert taken == [b, d, a, c]
