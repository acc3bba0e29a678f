"""The agents of 2018, beside each MySQL server: decisions."""

from __future__ import annotations

from app.api.mysql_groups import mysql_group
from app.operators.mysql.agents import PERIOD_MS, AgentsSeen, MySQLAgents
from app.reconcile import Difference
from tests.support.builders import NOW_MS


def found(last_ms: int) -> list[Difference]:
    group = mysql_group("default", "old")
    return list(MySQLAgents().diff(AgentsSeen(group, [], [], [], last_ms, NOW_MS)))


def test_between_two_looks_they_only_wait() -> None:
    (wait,) = found(NOW_MS - 5_000)
    assert (wait.reason, wait.background) == ("LookAgain", True)
    assert [action.delay_ms for action in wait.actions if hasattr(action, "delay_ms")] == [PERIOD_MS - 5_000]


def test_with_no_server_there_is_nothing_to_do_but_to_look_again() -> None:
    assert [each.reason for each in found(0)] == ["LookAgain"]
