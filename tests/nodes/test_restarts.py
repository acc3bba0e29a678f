"""Back-off: when a container is restarted and an image pulled again."""

from __future__ import annotations

import pytest

from app.nodes.kubelet import restarts
from app.nodes.kubelet.restarts import Crash
from tests.support.machines import known


def test_the_first_restart_is_immediate_then_it_takes_ever_longer_up_to_five_minutes() -> None:
    crash, delays = None, []
    for attempt in range(9):
        ended = known("exited", attempt=attempt, startedMs=0, finishedMs=3_000)
        crash = restarts.crash(crash, ended, 3_100)
        delays.append(crash.delay_ms // 1000)
    assert delays == [0, 10, 20, 40, 80, 160, 300, 300, 300]


@pytest.mark.parametrize(("ran_ms", "delay_ms"), [(599_999, 80_000), (600_000, 0)])
def test_a_run_of_ten_minutes_is_forgiven(ran_ms: int, delay_ms: int) -> None:
    ended = known("exited", attempt=5, startedMs=0, finishedMs=ran_ms)
    assert restarts.crash(Crash(4, 0, 40_000), ended, ran_ms).delay_ms == delay_ms


@pytest.mark.parametrize(
    ("policy", "exit_code", "again"),
    [
        ("Always", 0, True),
        ("Always", 1, True),
        ("OnFailure", 0, False),
        ("OnFailure", 137, True),
        ("Never", 0, False),
        ("Never", 1, False),
    ],
)
def test_restart_policy(policy: str, exit_code: int, again: bool) -> None:
    assert restarts.is_restarted(policy, exit_code) is again


def test_pulls_are_tried_again_after_10_seconds_doubling_to_300() -> None:
    assert [restarts.pull_delay_ms(n) // 1000 for n in range(1, 9)] == [10, 20, 40, 80, 160, 300, 300, 300]


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (0, "0s"), (512, "512ms"), (1_200, "1.2s"), (10_000, "10s"), (80_000, "1m20s"), (300_000, "5m0s"),
        (3_600_000, "1h0m0s"), (61_250, "1m1.25s"),
    ],
)  # fmt: skip
def test_durations_as_go_prints_them(duration_ms: int, text: str) -> None:
    assert restarts.duration_text(duration_ms) == text


@pytest.mark.parametrize(
    ("operator", "exit_code", "again"), [("In", 42, True), ("In", 41, False), ("NotIn", 42, False), ("NotIn", 1, True)]
)
def test_a_rule_of_the_container_goes_by_exit_codes(operator: str, exit_code: int, again: bool) -> None:
    rule = {"action": "Restart", "exitCodes": {"operator": operator, "values": [42]}}
    assert restarts.rule_says({"restartPolicyRules": [rule]}, exit_code) is again
    assert not restarts.rule_says({}, exit_code)
