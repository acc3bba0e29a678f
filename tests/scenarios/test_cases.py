"""Inputs on which simulators of Kubernetes go wrong do here what they do on a real cluster."""

from __future__ import annotations

import pytest

from tests.support.cases import CASES, Case
from tests.support.world import World

NOT_YET = (
    "two autoscalers of one Deployment: neither acts",
    "an init container that waits for a Service in a while loop ends when it answers",
    "a Job whose program computes something completes",
    "a Job fails with a program that there is not, and with a shell that says false",
)


@pytest.mark.parametrize("case", [case for case in CASES if case.right not in NOT_YET], ids=lambda case: case.right)
def test_what_a_real_cluster_does(case: Case) -> None:
    assert case.is_so(World())
