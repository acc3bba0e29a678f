"""The cards of all kinds of workloads, from objects as their controllers leave them."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj, ref_of
from app.web.present import Words, timeline, workloads
from app.web.present.inspector import actions
from tests.support import builders
from tests.support.kinds import SCHEME
from tests.support.looks import holding

_ = Words()


def obj(kind: str, name: str, spec: dict[str, Any], status: dict[str, Any] | None = None, **meta: Any) -> Obj:
    api = {"Job": "batch/v1", "CronJob": "batch/v1", "HorizontalPodAutoscaler": "autoscaling/v2"}
    return {
        "apiVersion": api.get(kind, "policy/v1" if kind == "PodDisruptionBudget" else "apps/v1"),
        "kind": kind,
        "metadata": {"name": name, "namespace": "default", "uid": f"uid-{name}", **meta},
        "spec": spec,
        "status": status or {},
    }


TEMPLATE: dict[str, Any] = {"spec": {"containers": [{"name": "main", "image": "busybox:1"}]}}
ROLLING = {
    "replicas": 3, "readyReplicas": 2, "updatedReplicas": 1, "currentRevision": "db-1", "updateRevision": "db-2"
}  # fmt: skip
STATEFUL = obj(
    "StatefulSet", "db", {"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 2}}, "template": TEMPLATE},
    ROLLING,
)  # fmt: skip
DAEMONS = obj(
    "DaemonSet", "agent", {"template": TEMPLATE},
    {"desiredNumberScheduled": 3, "currentNumberScheduled": 3, "numberReady": 3, "updatedNumberScheduled": 3,
     "numberMisscheduled": 1},
)  # fmt: skip
JOB = obj("Job", "sums", {"completions": 5, "template": TEMPLATE}, {"succeeded": 2, "active": 1, "failed": 1})
CRON = obj(
    "CronJob", "report", {"schedule": "*/5 * * * *", "jobTemplate": {"spec": {"template": TEMPLATE}}},
    {"lastScheduleTime": "2026-01-01T08:55:00Z", "active": [{"name": "report-1"}]},
)  # fmt: skip
CPU = {
    "type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
}  # fmt: skip
AUTOSCALER = obj(
    "HorizontalPodAutoscaler", "web",
    {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 2, "maxReplicas": 10, "metrics": [CPU]},
    {"currentReplicas": 2, "desiredReplicas": 4,
     "currentMetrics": [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 160}}}]},
)  # fmt: skip
BUDGET = obj(
    "PodDisruptionBudget", "web", {"minAvailable": 2},
    {"desiredHealthy": 2, "currentHealthy": 2, "disruptionsAllowed": 0},
)  # fmt: skip


@pytest.mark.parametrize(
    ("workload", "tally", "settled", "facts"),
    [
        pytest.param(STATEFUL, "2/3", False, ["current 3", "updated 1/3", "partition 2"], id="stateful set rolls"),
        pytest.param(DAEMONS, "3/3", True, ["current 3", "misscheduled 1"], id="daemon set"),
        pytest.param(JOB, "2/5", False, ["active 1", "failed 1"], id="job"),
        pytest.param(CRON, "1", False, ["*/5 * * * *", "last run"], id="cron job"),
        pytest.param(AUTOSCALER, "2/4", False, ["cpu: 160%/80%", "min–max 2–10", "of Deployment/web"], id="autoscaler"),
        pytest.param(BUDGET, "2/2", True, ["allowed disruptions 0", "min available 2"], id="disruption budget"),
    ],
)
def test_each_kind_shows_the_numbers_that_matter(workload: Obj, tally: str, settled: bool, facts: list[str]) -> None:
    view = workloads.workload(SCHEME, workload)
    assert (view.tally, view.settled) == (tally, settled)
    assert [f"{fact.label} {fact.value}".strip() for fact in view.facts] == facts


def test_what_is_wrong_is_marked() -> None:
    assert [fact.label for fact in workloads.workload(SCHEME, JOB).facts if fact.tone == "bad"] == ["failed"]
    assert [fact.label for fact in workloads.workload(SCHEME, BUDGET).facts if fact.tone == "bad"] == [
        "allowed disruptions"
    ]
    over = {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}
    view = workloads.workload(SCHEME, {**JOB, "status": over})
    assert (view.note, view.bad) == ("BackoffLimitExceeded", True)


def test_a_suspended_job_says_so_and_can_be_resumed() -> None:
    suspended = {**JOB, "spec": {**JOB["spec"], "suspend": True}}
    assert "suspended" in [fact.value for fact in workloads.workload(SCHEME, suspended).facts]
    resume = next(action for action in actions(suspended, None, _) if action.command == "suspend")
    assert resume.kubectl == """kubectl patch job/sums -p '{"spec":{"suspend":false}}'"""


def test_jobs_of_a_cron_job_are_rows_of_its_card_newest_first() -> None:
    owner = [{"kind": "CronJob", "name": "report", "uid": "uid-report", "controller": True}]
    jobs = [
        obj(
            "Job", f"report-{n}", {"completions": 1, "template": TEMPLATE},
            {"succeeded": 1, "completionTime": "2026-01-01T08:50:00Z"},
            ownerReferences=owner, creationTimestamp=f"2026-01-01T08:5{n}:00Z",
        )
        for n in range(5)
    ]  # fmt: skip
    cluster = holding(CRON, *jobs, JOB)
    views = workloads.workloads(cluster)
    assert [view.name for view in views] == ["sums", "report"]
    assert [(row.short, row.tally) for row in views[1].rows] == [("4", "1/1"), ("3", "1/1"), ("2", "1/1")]
    assert workloads.root_of(jobs[0]) == ref_of(CRON)


def test_only_kinds_with_replicas_have_a_chart() -> None:
    every = (STATEFUL, DAEMONS, JOB, AUTOSCALER, CRON, BUDGET)
    charted = [workloads.workload(SCHEME, each).charted for each in every]
    assert charted == [True, True, True, True, False, False]
    assert workloads.point(JOB) == (5, 2)
    assert timeline.points((), 0) == {}


def test_what_can_be_done_is_what_kubectl_can_do() -> None:
    done = {kind: [a.command for a in actions(each, None, _)] for kind, each in (("sts", STATEFUL), ("ds", DAEMONS))}
    assert done["sts"][:4] == ["scale", "image", "undo", "restart"]
    assert done["ds"][:3] == ["image", "undo", "restart"]
    run = actions(CRON, None, _)[0]
    assert (run.command, run.kubectl) == ("run-now", "kubectl create job report-now --from=cronjob/report")
    assert "undo" in [action.command for action in actions(builders.deployment(), None, _)]
