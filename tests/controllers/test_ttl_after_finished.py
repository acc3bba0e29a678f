"""Jobs that have ended, and their time to live."""

from __future__ import annotations

from typing import Any

from app.api import times
from app.api.objects import Obj
from app.controllers.batch.ttl_after_finished import FinishedSeen, TtlAfterFinishedController
from app.reconcile import Action, Delete, RequeueAfter
from tests.support.builders import NOW_MS


def job(ended_s: int | None, ttl: int | None = 30) -> Obj:
    meta = {"name": "work", "namespace": "default", "uid": "job"}
    conditions: list[Any] = []
    if ended_s is not None:
        at = times.rfc3339(NOW_MS - 1000 * ended_s)
        conditions = [{"type": "Complete", "status": "True", "lastTransitionTime": at}]
    spec = {} if ttl is None else {"ttlSecondsAfterFinished": ttl}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": meta,
        "spec": spec,
        "status": {"conditions": conditions},
    }


def actions(of: Obj) -> list[Action]:
    return [action for each in TtlAfterFinishedController().diff(FinishedSeen(of, NOW_MS)) for action in each.actions]


def test_it_waits_for_the_rest_of_the_time() -> None:
    assert actions(job(10)) == [RequeueAfter(20_000, "ttlSecondsAfterFinished")]


def test_then_the_job_goes_its_pods_first() -> None:
    (delete,) = actions(job(30))
    assert isinstance(delete, Delete)
    assert delete.propagation == "Foreground"


def test_a_job_that_runs_or_has_no_limit_stays() -> None:
    assert actions(job(None)) == []
    assert actions(job(999, ttl=None)) == []
