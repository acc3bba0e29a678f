"""The Job loop's decisions; whole stories are in tests/scenarios/test_jobs.py."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import times
from app.api.objects import Obj, Ref, uid_of
from app.controllers.batch import jobs
from app.controllers.batch.job import JobController, JobObservation
from app.reconcile import Create, Delete, Difference, Patch, RequeueAfter, UpdateStatus
from tests.support.builders import NOW_MS, pod

MOST = 2**31 - 1
STARTED = {"startTime": times.rfc3339(NOW_MS - 60_000), "terminating": 0, "uncountedTerminatedPods": {}, "ready": 0}


def job(status: dict[str, Any] | None = None, *, deleting: bool = False, **spec: Any) -> Obj:
    meta: dict[str, Any] = {"name": "work", "namespace": "default", "uid": "job", "resourceVersion": "1"}
    if deleting:
        meta["deletionTimestamp"] = times.rfc3339(NOW_MS)
    pod_spec = {"restartPolicy": "Never", "containers": [{"name": "c"}]}
    template = {"metadata": {"labels": {"job-name": "work"}}, "spec": pod_spec}
    whole = {"parallelism": 1, "completions": 1, "backoffLimit": 6, "template": template, **spec}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": whole, "status": status or {}}


def of_job(name: str, phase: str = "Running", *, ended_s: int = 1, finalizer: bool = True, **options: Any) -> Obj:
    meta: dict[str, Any] = {"finalizers": [jobs.FINALIZER] if finalizer else []}
    made = pod(name=name, owner=job(), phase=phase, metadata=meta, **options)
    if phase not in ("Succeeded", "Failed"):
        return made
    ended = {"exitCode": int(phase == "Failed"), "finishedAt": times.rfc3339(NOW_MS - 1000 * ended_s)}
    statuses = [{"name": "c", "restartCount": 0, "ready": False, "state": {"terminated": ended}}]
    return {**made, "status": {**made["status"], "containerStatuses": statuses}}


def decided(of: Obj | None, *found: Obj, left: tuple[Obj, ...] = ()) -> dict[str, Difference]:
    return {each.reason: each for each in JobController().diff(JobObservation(of, found, left, NOW_MS))}


def status_of(found: dict[str, Difference]) -> dict[str, Any]:
    update = found["StatusOutdated"].actions[0]
    assert isinstance(update, UpdateStatus)
    return update.status


def test_it_makes_as_many_pods_as_may_run_side_by_side() -> None:
    found = decided(job(parallelism=2, completions=5))
    creations = found["TooFewActivePods"].actions
    assert len(creations) == 2
    assert all(isinstance(action, Create) for action in creations)
    assert status_of(found)["active"] == 2


def test_no_more_than_are_left_to_do() -> None:
    found = decided(job({**STARTED, "succeeded": 4}, parallelism=3, completions=5))
    assert len(found["TooFewActivePods"].actions) == 1


def test_what_ended_is_noted_and_released_and_counted_only_then() -> None:
    done = of_job("a", "Succeeded")
    first = decided(job(STARTED), done)
    assert status_of(first)["uncountedTerminatedPods"] == {"succeeded": [uid_of(done)]}
    noted = job({**STARTED, "uncountedTerminatedPods": {"succeeded": [uid_of(done)]}})
    (release,) = decided(noted, done)["PodCounted"].actions
    assert isinstance(release, Patch)
    assert release.patch == {"metadata": {"finalizers": None}}
    after = status_of(decided(noted, of_job("a", "Succeeded", finalizer=False)))
    assert (after["succeeded"], after["uncountedTerminatedPods"]) == (1, {})


@pytest.mark.parametrize(("failures", "ended_s", "waits_s"), [(1, 4, 6), (2, 5, 15), (3, 5, 35), (9, 0, 600)])
def test_each_failure_doubles_the_wait(failures: int, ended_s: int, waits_s: int) -> None:
    ends = [of_job(f"f{n}", "Failed", ended_s=ended_s + 60 * n, finalizer=False) for n in range(failures)]
    found = decided(job({**STARTED, "failed": failures}, backoffLimit=20), *ends)
    assert found["PodBackOff"].actions == (RequeueAfter(1000 * waits_s, "back-off after a failure"),)


def test_a_success_in_between_forgives() -> None:
    found = [of_job("f", "Failed", ended_s=9, finalizer=False), of_job("s", "Succeeded", ended_s=3, finalizer=False)]
    assert jobs.backoff_ms(found, NOW_MS) == 0


def test_beyond_the_limit_it_stops_what_runs() -> None:
    found = decided(job({**STARTED, "failed": 3}, backoffLimit=2, parallelism=2, completions=9), of_job("a"))
    (kill,) = found["NoMorePodsWanted"].actions
    assert isinstance(kill, Delete)
    assert status_of(found)["conditions"][0]["reason"] == "BackoffLimitExceeded"


def test_the_verdict_waits_until_every_pod_is_gone() -> None:
    aimed = {"type": "FailureTarget", "status": "True", "reason": "DeadlineExceeded", "message": "m"}
    going = of_job("a", deleting=True, finalizer=False)
    held = {**STARTED, "conditions": [aimed], "terminating": 1, "failed": 1}
    assert "StatusOutdated" not in decided(job(held), going)
    types = [each["type"] for each in status_of(decided(job(held)))["conditions"]]
    assert types == ["FailureTarget", "Failed"]


def test_pods_of_a_job_that_is_gone_are_released() -> None:
    assert list(decided(None, left=(of_job("a"),))) == ["JobIsGone"]
    assert "JobIsGone" in decided(job(deleting=True), of_job("a"))


def test_a_job_that_has_ended_is_left_alone() -> None:
    ended = {"conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": times.rfc3339(NOW_MS)}]}
    assert decided(job(ended), of_job("a", "Succeeded", finalizer=False)) == {}


def test_indexes_are_given_from_the_lowest_that_is_free() -> None:
    running = of_job("a")
    running = {**running, "metadata": {**running["metadata"], "annotations": {jobs.INDEX: "1"}}}
    status = {**STARTED, "completedIndexes": "0", "succeeded": 1}
    indexed = job(status, completionMode="Indexed", completions=4, parallelism=3)
    creations = decided(indexed, running)["TooFewActivePods"].actions
    made = [action.obj["metadata"]["annotations"][jobs.INDEX] for action in creations if isinstance(action, Create)]
    assert made == ["2", "3"]


@pytest.mark.parametrize(("indexes", "text"), [([], ""), ([0], "0"), ([0, 1], "0,1"), ([0, 1, 2, 5], "0-2,5")])
def test_indexes_as_text(indexes: list[int], text: str) -> None:
    runs = jobs.merged((each, each) for each in indexes)
    assert jobs.format_indexes(runs) == text
    assert jobs.parse_indexes(text, 6) == runs
    assert jobs.total(runs) == len(indexes)


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("0-2147483647", ((0, MOST - 1),)),
        ("3,1-2,2-5", ((1, 5),)),
        ("5-1,-3,a,1-,٣,7-8-9", ((1, 1),)),
        ("9" * 5_000, ()),
        ("2147483647,2147483646", ((MOST - 1, MOST - 1),)),
    ],
)
def test_what_a_client_wrote_as_indexes(text: str, runs: jobs.Indexes) -> None:
    assert jobs.parse_indexes(text, MOST) == runs


def test_a_job_of_thousands_of_millions_is_counted_and_never_listed() -> None:
    huge = decided(job(parallelism=MOST, completions=MOST))
    assert len(huge["TooFewActivePods"].actions) == 500
    assert status_of(huge)["active"] == 500
    status = {**STARTED, "completedIndexes": f"0-9,20-{MOST - 101}", "succeeded": 5}
    indexed = decided(job(status, completionMode="Indexed", completions=MOST, parallelism=10_000))
    creations = indexed["TooFewActivePods"].actions
    made = [action.obj["metadata"]["annotations"][jobs.INDEX] for action in creations if isinstance(action, Create)]
    assert made == [*map(str, range(10, 20)), *map(str, range(MOST - 100, MOST))]
    assert status_of(indexed)["succeeded"] == MOST - 110


def test_it_deletes_so_many_at_a_time() -> None:
    crowd = [of_job(f"p{number}") for number in range(600)]
    for spec in ({"suspend": True}, {"parallelism": 50}):
        found = decided(job(STARTED, **{"parallelism": 600, "completions": 600, **spec}), *crowd)
        (gap,) = [each for reason, each in found.items() if reason in ("NoMorePodsWanted", "TooManyActivePods")]
        assert len(gap.actions) == 500
        assert status_of(found)["active"] == 100


def test_its_keys_are_named_by_its_pods() -> None:
    watch = JobController().watches[1]
    assert watch.only is not None
    assert watch.only(of_job("a"))
    assert not watch.only(pod())
    assert list(watch.keys(of_job("a"), None)) == [Ref("Job", "default", "work")]  # type: ignore[arg-type]
