"""A few of the kills of `make soak`."""

from __future__ import annotations

import pytest

from tests.fuzz.kills import trial

pytestmark = pytest.mark.long


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_that_was_answered_is_lost_by_a_kill(seed: int) -> None:
    answered, lost = trial(seed)
    assert answered
    assert not lost
