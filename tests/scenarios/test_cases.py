"""Inputs on which simulators of Kubernetes go wrong do here what they do on a real cluster."""

from __future__ import annotations

import pytest

from tests.support.cases import CASES, Case
from tests.support.world import World


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.right)
def test_what_a_real_cluster_does(case: Case) -> None:
    assert case.is_so(World())
