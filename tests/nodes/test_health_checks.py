"""A load balancer finds out for itself: three checks, eight seconds apart."""

from __future__ import annotations

from app.nodes.network.health_checks import Target, checked, in_use


def run(answers: dict[int, bool], until_s: int) -> list[bool]:
    """Whether the target counts as healthy, second by second; `answers` says from which second on it answers."""
    known: dict[str, Target] = {}
    healthy, now = [], True
    for second in range(until_s):
        now = answers.get(second, now)
        known = checked(known, {"n": now}, second * 1000, second * 1000)
        healthy.append(known["n"].healthy)
    return healthy


def test_a_target_that_stops_answering_is_left_out_after_three_checks() -> None:
    healthy = run({10: False}, 60)
    # Checks at 16, 24 and 32 s fail, the last one a second later.
    assert healthy.index(False) == 33


def test_one_success_brings_it_back() -> None:
    healthy = run({1: False, 41: True}, 60)
    assert healthy.index(False) == 25
    assert healthy.index(True, 25) == 48


def test_a_short_failure_is_not_noticed() -> None:
    assert all(run({1: False, 12: True}, 40))


def test_if_none_is_healthy_all_are_tried() -> None:
    good, bad = Target(True, 0, True), Target(False, 0, False)
    assert in_use({"a": good, "b": bad}) == ["a"]
    assert in_use({"a": bad, "b": bad}) == ["a", "b"]
