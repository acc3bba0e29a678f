"""The Job loop's decisions; whole stories are in tests/scenarios/test_jobs.py."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import times
from app.api.objects import Obj, Ref, uid_of
from app.controllers.batch import failures, indexes, jobs
from app.controllers.batch.failures import Setbacks
from app.controllers.batch.indexes import Indexes
from app.controllers.batch.job import JobController, JobObservation
from app.reconcile import Create, Delete, Difference, Patch, Remember, RequeueAfter, UpdateStatus
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


def decided(
    of: Obj | None,
    *found: Obj,
    left: tuple[Obj, ...] = (),
    orphans: tuple[Obj, ...] = (),
    setbacks: Setbacks = failures.NONE,
) -> dict[str, Difference]:
    seen = JobObservation(of, found, left, NOW_MS, orphans, setbacks)
    return {each.reason: each for each in JobController().diff(seen)}


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
    last = of_job("last", "Failed", ended_s=ended_s)
    before = Setbacks(failures - 1, NOW_MS - 60_000)
    found = decided(job({**STARTED, "failed": failures - 1}, backoffLimit=20), last, setbacks=before)
    assert found["PodBackOff"].actions == (RequeueAfter(1000 * waits_s, "back-off after a failure"),)
    assert found["StatusOutdated"].actions[-1] == Remember(Setbacks(failures, NOW_MS - 1000 * ended_s))


def test_a_success_in_between_forgives() -> None:
    success = of_job("s", "Succeeded", ended_s=3)
    forgiven = failures.setbacks_after(Setbacks(4, NOW_MS), [success], [of_job("f", "Failed", ended_s=9)])
    assert failures.waits_ms(forgiven, NOW_MS) == 0
    assert failures.setbacks_after(Setbacks(4, NOW_MS), [success], [of_job("f", "Failed", ended_s=1)]).failures == 1


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


@pytest.mark.parametrize(("numbers", "text"), [([], ""), ([0], "0"), ([0, 1], "0,1"), ([0, 1, 2, 5], "0-2,5")])
def test_indexes_as_text(numbers: list[int], text: str) -> None:
    runs = indexes.of(numbers)
    assert indexes.written(runs) == text
    assert indexes.parse(text, 6) == runs
    assert indexes.total(runs) == len(numbers)


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
def test_what_a_client_wrote_as_indexes(text: str, runs: Indexes) -> None:
    assert indexes.parse(text, MOST) == runs


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
        assert [type(action) for action in gap.actions] == [Patch, Delete] * 500, (
            "first its finalizer: it is not counted"
        )
        assert status_of(found)["active"] == 100


def test_its_keys_are_named_by_its_pods() -> None:
    (_, wake), (_, pods) = JobController().wakes, JobController().reads
    assert pods.selects is not None
    assert pods.selects(of_job("a"))
    assert pods.selects(pod()), "an orphan may be adopted"
    assert not pods.selects(pod(owner={**job(), "kind": "ReplicaSet"}))
    assert list(wake.keys(of_job("a"), None)) == [Ref("Job", "default", "work")]  # type: ignore[arg-type]


# --------------------------------------------------------------------------------------------- whose pods they are


def matching(name: str, phase: str = "Running", **options: Any) -> Obj:
    made = of_job(name, phase, **options)
    return {**made, "metadata": {**made["metadata"], "labels": {"job-name": "work"}}}


def orphaned(made: Obj) -> Obj:
    return {**made, "metadata": {key: value for key, value in made["metadata"].items() if key != "ownerReferences"}}


SELECTS = {"matchLabels": {"job-name": "work"}}


def test_an_orphan_is_adopted_and_counts_at_once() -> None:
    found = decided(job(STARTED, selector=SELECTS), orphans=(orphaned(matching("a", finalizer=False)), pod(name="b")))
    assert set(found) == {"OrphanMatches", "StatusOutdated"}
    (adoption,) = found["OrphanMatches"].actions
    assert isinstance(adoption, Patch)
    assert adoption.patch["metadata"]["finalizers"] == [jobs.FINALIZER]
    assert [each["kind"] for each in adoption.patch["metadata"]["ownerReferences"]] == ["Job"]
    assert status_of(found)["active"] == 1


def test_a_pod_that_no_longer_matches_is_let_go_with_its_finalizer() -> None:
    found = decided(job(STARTED, selector=SELECTS), of_job("a"))
    (release,) = found["OwnedPodNoLongerMatches"].actions
    assert isinstance(release, Patch)
    assert release.patch == {"metadata": {"ownerReferences": None, "finalizers": None}}
    assert "TooFewActivePods" in found


def test_a_job_of_another_controller_is_not_touched() -> None:
    assert decided(job(STARTED, managedBy="example.com/mine"), of_job("a", "Succeeded"), left=(of_job("b"),)) == {}
    assert decided(job(STARTED, managedBy="kubernetes.io/job-controller"))


# ------------------------------------------------------------------------------------------------- replacements


def test_a_terminating_pod_counts_as_failed_or_holds_its_place_by_policy() -> None:
    going = of_job("a", deleting=True)
    counted = decided(job(STARTED), going)
    assert status_of(counted)["uncountedTerminatedPods"] == {"failed": [uid_of(going)]}
    assert "PodBackOff" in counted, "its replacement waits as after any failure"
    held = decided(job(STARTED, podReplacementPolicy="Failed"), going)
    assert set(held) == {"StatusOutdated"}
    assert (status_of(held)["terminating"], status_of(held)["uncountedTerminatedPods"]) == (1, {})


def test_what_runs_when_a_job_fails_has_failed_too() -> None:
    running = of_job("a")
    found = decided(job({**STARTED, "failed": 3}, backoffLimit=2, completions=9), running)
    assert status_of(found)["uncountedTerminatedPods"] == {"failed": [uid_of(running)]}


def exited(name: str, code: int, *, index: int | None = None, failures: int = 0, container: str = "c") -> Obj:
    made = of_job(name, "Failed")
    ended = {"exitCode": code, "finishedAt": times.rfc3339(NOW_MS)}
    statuses = [{"name": container, "restartCount": 0, "ready": False, "state": {"terminated": ended}}]
    notes = {} if index is None else {jobs.INDEX: str(index), jobs.INDEX_FAILURES: str(failures)}
    meta = {**made["metadata"], "annotations": notes}
    return {**made, "metadata": meta, "status": {**made["status"], "containerStatuses": statuses}}


def policy(action: str, **rule: Any) -> dict[str, Any]:
    return {"podFailurePolicy": {"rules": [{"action": action, **rule}]}, "podReplacementPolicy": "Failed"}


ON_42 = {"onExitCodes": {"operator": "In", "values": [42]}}


def test_a_rule_may_fail_the_job_at_once() -> None:
    found = decided(job(STARTED, **policy("FailJob", **ON_42)), exited("a", 42))
    (aimed,) = status_of(found)["conditions"]
    assert (aimed["type"], aimed["reason"]) == ("FailureTarget", "PodFailurePolicy")
    assert aimed["message"] == "Container c for pod default/a failed with exit code 42 matching FailJob rule at index 0"
    assert "conditions" not in status_of(decided(job(STARTED, **policy("FailJob", **ON_42)), exited("a", 1)))


def test_a_rule_may_look_at_conditions() -> None:
    disrupted = exited("a", 137)
    held = [{"type": "DisruptionTarget", "status": "True"}]
    disrupted = {**disrupted, "status": {**disrupted["status"], "conditions": held}}
    rule = {"onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    ignored = decided(job({**STARTED, "active": 1}, backoffLimit=0, **policy("Ignore", **rule)), disrupted)
    assert status_of(ignored)["uncountedTerminatedPods"] == {}
    assert "PodCounted" in ignored, "it is let go, uncounted"
    failed = decided(job(STARTED, **policy("FailJob", **rule)), disrupted)
    (aimed,) = status_of(failed)["conditions"]
    assert aimed["message"] == "Pod default/a has condition DisruptionTarget matching FailJob rule at index 0"


PER_INDEX = {"completionMode": "Indexed", "completions": 2, "parallelism": 2, "backoffLimitPerIndex": 1}


def test_an_index_has_a_limit_and_a_back_off_of_its_own() -> None:
    first = exited("a", 1, index=0)
    found = decided(job(STARTED, **PER_INDEX), first)
    made = [
        each.obj["metadata"]["annotations"] for each in found["TooFewActivePods"].actions if isinstance(each, Create)
    ]
    assert made == [{jobs.INDEX: "1", jobs.INDEX_FAILURES: "0"}], "index 0 waits for ten seconds"
    assert (status_of(found)["failedIndexes"], status_of(found)["uncountedTerminatedPods"]) == ("", {})
    again = {
        **first,
        "status": {
            **first["status"],
            "containerStatuses": of_job("a", "Failed", ended_s=11)["status"]["containerStatuses"],
        },
    }
    found = decided(job(STARTED, **PER_INDEX), again)
    made = [
        each.obj["metadata"]["annotations"] for each in found["TooFewActivePods"].actions if isinstance(each, Create)
    ]
    assert made[0] == {jobs.INDEX: "0", jobs.INDEX_FAILURES: "1"}, "its replacement inherits the count"


def test_an_index_that_failed_too_often_is_given_up_and_at_the_end_fails_the_job() -> None:
    found = decided(job(STARTED, **PER_INDEX), exited("a", 1, index=0, failures=1))
    assert status_of(found)["failedIndexes"] == "0"
    assert "conditions" not in status_of(found), "index 1 is still to be tried"
    done = {**STARTED, "completedIndexes": "1", "succeeded": 1}
    (aimed,) = status_of(decided(job(done, **PER_INDEX), exited("a", 1, index=0, failures=1)))["conditions"]
    assert (aimed["reason"], aimed["message"]) == ("FailedIndexes", "Job has failed indexes")
    (aimed,) = status_of(decided(job(STARTED, maxFailedIndexes=0, **PER_INDEX), exited("a", 1, index=0, failures=1)))[
        "conditions"
    ]
    assert aimed["reason"] == "MaxFailedIndexesExceeded"


def test_a_rule_may_give_up_an_index() -> None:
    found = decided(job(STARTED, **PER_INDEX, **policy("FailIndex", **ON_42)), exited("a", 42, index=0))
    assert status_of(found)["failedIndexes"] == "0"


@pytest.mark.parametrize(
    ("rule", "met"),
    [
        ({"succeededIndexes": "0"}, True),
        ({"succeededIndexes": "0,2"}, False),
        ({"succeededIndexes": "0-3", "succeededCount": 2}, True),
        ({"succeededCount": 3}, False),
    ],
)
def test_a_success_policy_ends_the_job_and_counts_none_of_the_rest(rule: dict[str, Any], *, met: bool) -> None:
    running = exited("d", 0, index=3)
    running = {**running, "status": {"phase": "Running"}}
    spec = {"completionMode": "Indexed", "completions": 5, "parallelism": 1, "successPolicy": {"rules": [rule]}}
    found = decided(job({**STARTED, "completedIndexes": "0,1", "succeeded": 2, "active": 1}, **spec), running)
    assert ("NoMorePodsWanted" in found) == met
    if met:
        (aimed,) = status_of(found)["conditions"]
        assert [aimed[key] for key in ("type", "reason", "message")] == [
            "SuccessCriteriaMet", "SuccessPolicy", "Matched rules at index 0",
        ]  # fmt: skip
        assert status_of(found)["uncountedTerminatedPods"] == {}


def test_of_two_pods_with_one_index_one_goes() -> None:
    first, second = exited("a", 0, index=0), exited("b", 0, index=0)
    twins = [{**each, "status": {"phase": phase}} for each, phase in ((first, "Running"), (second, "Pending"))]
    found = decided(job(STARTED, completionMode="Indexed", completions=3, parallelism=3), *twins)
    kills = [each.ref.name for each in found["TooManyActivePods"].actions if isinstance(each, Delete)]
    assert kills == ["b"]
