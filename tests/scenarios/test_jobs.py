"""Jobs and CronJobs on a whole cluster: the recorded scenario g, restated."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from app.api import times
from app.api.objects import Obj, Ref
from app.cluster import Cluster
from app.commands import DeleteObject, StopController
from tests.support.world import World

JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: work}
spec:
  %s
  template:
    spec:
      restartPolicy: %s
      containers: [{name: work, image: "busybox:1", command: [sh, -c, "sleep 2; exit %d"]}]
"""
CRON = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: "* * * * *"
  %s
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers: [{name: work, image: "busybox:1", command: [sh, -c, "sleep %d"]}]
"""


def job(world: Cluster, name: str = "work") -> dict[str, Any]:
    found = world.get(Ref("Job", "default", name))
    assert found is not None
    return found


def statuses(world: World, name: str = "work") -> list[dict[str, Any]]:
    """Every status the Job ever had, in order."""
    ref = Ref("Job", "default", name)
    seen = [
        change.new["status"]
        for change in world.store.changes_since(world.store.known_from)
        if change.ref == ref and change.new
    ]
    return [status for n, status in enumerate(seen) if n == 0 or status != seen[n - 1]]


def events(world: World, kind: str = "Job") -> list[str]:
    found = [e for e in world.objects("Event") if e["involvedObject"]["kind"] == kind]
    return [f"{e['type']} {e['reason']} {e['message']}" for e in sorted(found, key=lambda e: e["metadata"]["name"])]


def run(spec: str, *, policy: str = "Never", code: int = 0) -> World:
    world = World()
    world.apply(JOB % (spec, policy, code))
    world.settle()
    return world


def conditions(status: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each["type"], each["status"], each["reason"]) for each in status.get("conditions", ())]


REACHED = [("SuccessCriteriaMet", "True", "CompletionsReached"), ("Complete", "True", "CompletionsReached")]


def test_five_completions_two_at_a_time() -> None:
    world = run("completions: 5\n  parallelism: 2")
    status = job(world)["status"]
    assert conditions(status) == REACHED
    assert (status["succeeded"], status["ready"], status["terminating"]) == (5, 0, 0)
    assert status["uncountedTerminatedPods"] == {}
    assert "active" not in status
    assert status["completionTime"]
    assert max(each.get("active", 0) for each in statuses(world)) == 2
    assert len(world.pods()) == 5
    assert not any(pod["metadata"].get("finalizers") for pod in world.pods())
    assert [line for line in events(world) if "Created pod" not in line] == ["Normal Completed Job completed"]


def test_a_pod_that_ended_is_noted_then_released_then_counted() -> None:
    world = run("completions: 1")
    seen = statuses(world)
    (pod,) = world.pods()
    noted = next(n for n, status in enumerate(seen) if status.get("uncountedTerminatedPods"))
    assert seen[noted]["uncountedTerminatedPods"] == {"succeeded": [pod["metadata"]["uid"]]}
    assert "succeeded" not in seen[noted]
    assert conditions(seen[noted]) == REACHED[:1]
    assert (seen[noted + 1]["succeeded"], seen[noted + 1]["uncountedTerminatedPods"]) == (1, {})


def test_failures_back_off_ten_then_twenty_seconds_and_end_at_the_limit() -> None:
    world = run("backoffLimit: 2\n  completions: 1", code=1)
    status = job(world)["status"]
    assert conditions(status) == [
        ("FailureTarget", "True", "BackoffLimitExceeded"), ("Failed", "True", "BackoffLimitExceeded"),
    ]  # fmt: skip
    assert status["failed"] == 3
    began = sorted(times.parse(pod["metadata"]["creationTimestamp"]) for pod in world.pods())
    gaps = [(later - sooner) / 1000 for sooner, later in itertools.pairwise(began)]
    assert 12 <= gaps[0] <= 15, "two seconds of work, then ten of back-off"
    assert 22 <= gaps[1] <= 25
    assert events(world)[-1] == "Warning BackoffLimitExceeded Job has reached the specified backoff limit"
    assert world.statuses() == ["Error"] * 3


def test_an_indexed_job_gives_each_pod_its_number() -> None:
    world = run("completions: 3\n  parallelism: 3\n  completionMode: Indexed")
    status = job(world)["status"]
    assert (status["completedIndexes"], status["succeeded"]) == ("0-2", 3)
    assert not any(each["uncountedTerminatedPods"] for each in statuses(world) if each)
    (pod,) = [pod for pod in world.pods() if pod["metadata"]["name"].startswith("work-1-")]
    index = "batch.kubernetes.io/job-completion-index"
    assert (pod["metadata"]["labels"][index], pod["metadata"]["annotations"][index]) == ("1", "1")
    assert pod["spec"]["hostname"] == "work-1"
    assert pod["spec"]["containers"][0]["env"][0]["name"] == "JOB_COMPLETION_INDEX"


def test_on_failure_restarts_the_container_in_its_pod_until_that_is_too_often() -> None:
    world = run("backoffLimit: 2", policy="OnFailure", code=1)
    assert conditions(job(world)["status"])[-1] == ("Failed", "True", "BackoffLimitExceeded")
    assert len([e for e in events(world) if "Created pod" in e]) == 1


def test_a_deadline_stops_it() -> None:
    world = World()
    world.apply((JOB % ("activeDeadlineSeconds: 5", "Never", 0)).replace("sleep 2", "sleep 600"))
    world.settle()
    status = job(world)["status"]
    assert conditions(status)[-1] == ("Failed", "True", "DeadlineExceeded")
    assert events(world)[-1] == "Warning DeadlineExceeded Job was active longer than specified deadline"
    assert status["failed"] == 1
    assert world.pods() == []


def test_what_has_finished_goes_after_its_time_to_live() -> None:
    world = run("ttlSecondsAfterFinished: 30")
    assert world.get(Ref("Job", "default", "work")) is not None, "quiet, though it has yet to go"
    world.wait(40)
    assert world.get(Ref("Job", "default", "work")) is None
    assert world.pods() == []


def test_suspended_it_has_no_pods_and_resumed_it_begins() -> None:
    world = run("suspend: true")
    assert conditions(job(world)["status"]) == [("Suspended", "True", "JobSuspended")]
    assert world.pods() == []
    world.apply(JOB % ("suspend: false", "Never", 0))
    world.settle()
    assert conditions(job(world)["status"]) == [("Suspended", "False", "JobResumed"), *REACHED]
    assert "Normal Resumed Job resumed" in events(world)


LONG = JOB.replace("sleep 2", "sleep 60")


def test_pods_deleted_for_suspension_or_less_parallelism_count_as_nothing() -> None:
    world = World()
    world.apply(LONG % ("parallelism: 3\n  completions: 3", "Never", 0))
    world.wait(5)
    assert job(world)["status"]["active"] == 3
    world.apply(LONG % ("parallelism: 1\n  completions: 3", "Never", 0))
    world.wait(40)
    assert job(world)["status"]["active"] == 1
    world.apply(LONG % ("parallelism: 1\n  completions: 3\n  suspend: true", "Never", 0))
    world.settle()
    status = job(world)["status"]
    assert (status["terminating"], "active" in status, "failed" in status) == (0, False, False)
    assert not any(each["uncountedTerminatedPods"] for each in statuses(world) if each)


def test_a_pod_that_somebody_deletes_has_failed_and_its_place_is_taken_after_ten_seconds() -> None:
    world = World()
    world.apply(LONG % ("completions: 1", "Never", 0))
    world.wait(5)
    (first,) = world.pods()
    world.delete("Pod", first["metadata"]["name"])
    world.wait(7)
    assert job(world)["status"]["failed"] == 1
    world.wait(8)
    assert job(world)["status"]["active"] == 1


def test_orphans_of_a_deleted_job_lose_their_finalizer_and_a_new_job_adopts_them() -> None:
    world = World()
    manual = "completions: 1\n  manualSelector: true\n  selector: {matchLabels: {run: it}}"
    text = (LONG % (manual, "Never", 0)).replace("template:", "template:\n    metadata: {labels: {run: it}}")
    world.apply(text)
    world.wait(5)
    world.delete("Job", "work", "Orphan")
    world.wait(5)
    (left,) = world.pods()
    assert not left["metadata"].get("ownerReferences")
    assert not left["metadata"].get("finalizers")
    world.apply(text)
    world.settle()
    (same,) = world.pods()
    assert same["metadata"]["uid"] == left["metadata"]["uid"]
    assert job(world)["status"]["succeeded"] == 1


def test_a_job_that_is_deleted_lets_its_pods_go() -> None:
    world = run("completions: 2")
    world.delete("Job", "work")
    world.settle()
    assert world.pods() == []


# ------------------------------------------------------------------------------------------------- schedules


def ticking(options: str = "", seconds: int = 5) -> World:
    world = World()
    world.apply(CRON % (options, seconds))
    world.settle()
    return world


def names(world: World) -> list[str]:
    return [obj["metadata"]["name"] for obj in world.objects("Job", "default")]


def cron_job(world: World) -> Obj:
    found = world.get(Ref("CronJob", "default", "tick"))
    assert found is not None
    return found


def test_every_minute_a_job_named_after_it() -> None:
    world = ticking()
    assert world.quiet
    world.wait(62)
    (name,) = names(world)
    minute = times.parse("2026-01-01T00:01:00Z") // 60_000
    assert name == f"tick-{minute}"
    made = job(world, name)
    scheduled = made["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"]
    status = cron_job(world)["status"]
    assert status["lastScheduleTime"] == scheduled == "2026-01-01T00:01:00Z"
    assert [(each["kind"], each["name"]) for each in status["active"]] == [("Job", name)]
    world.wait(30)
    status = cron_job(world)["status"]
    assert "active" not in status
    assert status["lastSuccessfulTime"] == job(world, name)["status"]["completionTime"]
    assert events(world, "CronJob") == [
        f"Normal SuccessfulCreate Created job {name}",
        f"Normal SawCompletedJob Saw completed job: {name}, condition: Complete",
    ]


def test_of_those_that_have_ended_three_are_kept() -> None:
    world = ticking()
    world.wait(6 * 60 + 30)
    assert len(names(world)) == 3


@pytest.mark.parametrize(("policy", "running"), [("Allow", 3), ("Forbid", 1), ("Replace", 1)])
def test_what_still_runs_decides_whether_another_may_start(policy: str, running: int) -> None:
    world = ticking(f"concurrencyPolicy: {policy}", seconds=600)
    world.wait(3 * 60 + 35)
    active = [name for name in names(world) if job(world, name)["status"].get("active")]
    assert len(active) == running
    latest = times.parse("2026-01-01T00:03:00Z") // 60_000
    assert (f"tick-{latest}" in active) == (policy != "Forbid")


def test_a_time_to_live_of_its_jobs_keeps_nobody_awake() -> None:
    world = World()
    world.apply(
        (CRON % ("", 2)).replace(
            "jobTemplate:\n    spec:", "jobTemplate:\n    spec:\n      ttlSecondsAfterFinished: 100"
        )
    )
    world.settle()
    world.wait(5 * 60 + 30)
    world.settle()
    assert len(names(world)) == 2


def test_suspended_it_rests() -> None:
    world = ticking("suspend: true")
    world.wait(200)
    assert names(world) == []


def test_deleting_it_deletes_its_jobs() -> None:
    world = ticking()
    world.wait(70)
    world.delete("CronJob", "tick")
    world.settle()
    assert names(world) == []
    assert world.pods() == []


def test_pods_of_a_job_that_went_while_its_controller_was_down_are_let_go() -> None:
    world = World()
    world.apply(JOB % ("backoffLimit: 0", "Never", 0))
    world.run(until=lambda cluster: bool(cluster.objects("Pod")))
    world.do(StopController("job-controller"))
    world.do(DeleteObject(Ref("Job", "default", "work"), propagation="Background"))
    world.wait(60)
    assert all(pod["metadata"].get("deletionTimestamp") for pod in world.pods())
    assert world.pods(), "its finalizer holds it"
    world.do(StopController("job-controller", stopped=False))
    world.wait(10)
    assert world.pods() == []
