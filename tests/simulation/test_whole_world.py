"""Every kind of workload under every fault, a few seeds of them: `make soak` runs as many as one likes."""

from __future__ import annotations

import os

import pytest

from app.api.objects import Ref
from app.apiserver.store import Change
from tests.support.invariants import no_eviction_beyond_the_budget
from tests.support.whole_world import whole_life

FIRST, COUNT = int(os.environ.get("SEED", "1")), int(os.environ.get("SEEDS", "4"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_safe_at_every_step_and_as_declared_in_the_end(seed: int) -> None:
    assert whole_life(seed) > 1000


def test_the_watchman_notices_an_eviction_beyond_the_budget() -> None:
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    pod = {"kind": "Pod", "metadata": {"name": "a", "labels": {"app": "web"}}, "spec": {}, "status": ready}
    gone = {**pod, "metadata": {**pod["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    budget = {"status": {"disruptionsAllowed": 0}}
    changes = (
        Change(1, "MODIFIED", Ref("PodDisruptionBudget", "default", "web"), budget, budget),
        Change(2, "MODIFIED", Ref("Pod", "default", "a"), pod, gone),
    )
    with pytest.raises(AssertionError, match="beyond the budget"):
        no_eviction_beyond_the_budget(changes)
