"""A stranger sends what strangers send, through every door: no answer is 5xx, no room stops, no loop of ours stumbles.

The same seeds in each run; `make soak` tries others for as long as one likes.
"""

from __future__ import annotations

import pytest

from tests.fuzz.trial import Trial

pytestmark = [pytest.mark.long, pytest.mark.mistakes]

INPUTS = 60
LEAST_ACCEPTED, LEAST_LOOPS = 0.4, 10


@pytest.mark.parametrize("seed", range(1, 7))
def test_what_strangers_send_hurts_nobody(seed: int) -> None:
    trial = Trial(seed)
    trial.live(INPUTS)
    trial.look_around()
    report = trial.report
    assert not report.wrong, "\n".join(report.wrong)
    assert sum(report.accepted.values()) >= LEAST_ACCEPTED * INPUTS
    assert len(report.loops) >= LEAST_LOOPS
