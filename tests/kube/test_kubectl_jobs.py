"""Jobs and CronJobs with the real kubectl."""

from __future__ import annotations

import pytest

from tests.support.clients import Kubectl
from tests.support.patience import PATIENCE_S

CRON = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: "* * * * *"
  suspend: true
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers: [{name: work, image: "busybox:1", command: [sh, -c, "sleep 2"]}]
"""
FAILS = """
apiVersion: batch/v1
kind: Job
metadata: {name: bad}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: work, image: "busybox:1", command: [sh, -c, "exit 3"]}]
"""


def test_a_job_is_created_waited_for_and_listed(kubectl: Kubectl) -> None:
    made = kubectl("create", "job", "once", "--image=busybox:1", "--", "sh", "-c", "sleep 2")
    assert made == "job.batch/once created\n"
    assert (
        kubectl("wait", "--for=condition=complete", "job/once", f"--timeout={PATIENCE_S}s")
        == "job.batch/once condition met\n"
    )
    head, line = kubectl("get", "jobs").splitlines()
    assert head.split() == ["NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE"]
    assert line.split()[:3] == ["once", "Complete", "1/1"]


@pytest.mark.kubectl(21)
def test_a_job_made_from_a_suspended_cron_job_runs_all_the_same(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=CRON)
    assert kubectl("create", "job", "manual", "--from=cronjob/tick") == "job.batch/manual created\n"
    kubectl("wait", "--for=condition=complete", "job/manual", f"--timeout={PATIENCE_S}s")
    owner = "jsonpath={.metadata.ownerReferences[0].kind}/{.metadata.ownerReferences[0].name}"
    assert kubectl("get", "job", "manual", "-o", owner) == "CronJob/tick"
    assert kubectl("get", "jobs", "-o", "name") == "job.batch/manual\n"


@pytest.mark.kubectl(31)
def test_a_job_that_fails_is_described_with_its_verdict(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=FAILS)
    assert (
        kubectl("wait", "--for=condition=failed", "job/bad", f"--timeout={PATIENCE_S}s")
        == "job.batch/bad condition met\n"
    )
    said = kubectl("describe", "job", "bad")
    assert "0 Active (0 Ready) / 0 Succeeded / 1 Failed" in said
    assert "Job has reached the specified backoff limit" in said
