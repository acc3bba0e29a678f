"""Pods that end though nobody deleted them."""

from __future__ import annotations

import pytest

from app.api import times
from app.api.objects import Obj
from tests.support.world import World

SIDECAR = """
apiVersion: batch/v1
kind: Job
metadata: {name: work}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      initContainers: [{name: log, image: nginx, restartPolicy: Always}]
      containers: [{name: main, image: busybox, command: [sh, -c, "sleep 5; exit %d"]}]
"""
DEADLINE = """
apiVersion: v1
kind: Pod
metadata: {name: late}
spec:
  activeDeadlineSeconds: 20
  containers: [{name: c, image: nginx}]
"""


def happened(world: World, reason: str) -> list[str]:
    return [each["message"] for each in world.objects("Event") if each["reason"] == reason]


def the_pod(text: str) -> tuple[World, Obj]:
    world = World()
    world.apply(text)
    world.settle()
    (pod,) = world.pods()
    return world, pod


@pytest.mark.parametrize(("code", "phase"), [(0, "Succeeded"), (1, "Failed")])
def test_sidecars_end_with_the_work(code: int, phase: str) -> None:
    world, pod = the_pod(SIDECAR % code)
    (log,) = pod["status"]["initContainerStatuses"]
    assert pod["status"]["phase"] == phase
    assert (log["ready"], log["restartCount"], log["state"]["terminated"]["reason"]) == (False, 0, "Completed")
    assert happened(world, "Killing") == ["Stopping container log"]
    assert [each["type"] for each in world.objects("Job")[0]["status"]["conditions"]][-1] == (
        "Complete" if code == 0 else "Failed"
    )


def test_a_pod_past_its_deadline_fails_and_is_not_started_again() -> None:
    world, pod = the_pod(DEADLINE)
    status = pod["status"]
    assert (status["phase"], status["reason"], status["message"]) == (
        "Failed", "DeadlineExceeded", "Pod was active on the node longer than the specified deadline",
    )  # fmt: skip
    (ended,) = (each["state"]["terminated"] for each in status["containerStatuses"])
    assert times.parse(ended["finishedAt"]) - times.parse(status["startTime"]) == 21_000
    assert status["containerStatuses"][0]["restartCount"] == 0
    assert happened(world, "DeadlineExceeded") == ["Pod was active on the node longer than the specified deadline"]
    assert happened(world, "Killing") == ["Stopping container c"]


WRITER = """
apiVersion: v1
kind: Pod
metadata: {name: writer}
spec:
  volumes: [{name: data, emptyDir: {%s}}]
  containers:
  - name: c
    image: busybox
    command: [sh, -c, "sleep 5; %s; sleep 1d"]
    volumeMounts: [{name: data, mountPath: /data}]
    resources: {limits: {ephemeral-storage: %s}}
  - {name: other, image: nginx%s}
"""
OTHERS_LIMIT = ", resources: {limits: {ephemeral-storage: 4Gi}}"
OWN = 'Container c exceeded its local ephemeral storage limit "1Gi". '
VOLUME = 'Usage of EmptyDir volume "data" exceeds the limit "2Gi". '
WHOLE = "Pod ephemeral local storage usage exceeds the total limit of containers "


@pytest.mark.parametrize(
    ("command", "limit", "others", "volume", "message"),
    [
        ("dd if=/dev/zero of=/tmp/big bs=1M count=2048", "1Gi", "", "", WHOLE + "1Gi. "),
        ("fallocate -l 3G /data/big", "1Gi", "", "", WHOLE + "1Gi. "),
        ("fallocate -l 3G /data/big", "8Gi", "", "sizeLimit: 2Gi", VOLUME),
        ("dd if=/dev/zero of=/tmp/big", "1Gi", OTHERS_LIMIT, "", OWN),
        ("fallocate -l 900M /tmp/a; fallocate -l 900M /tmp/b", "1Gi", "", "", WHOLE + "1Gi. "),
    ],
)  # fmt: skip
def test_who_writes_more_than_allowed_is_evicted(
    command: str, limit: str, others: str, volume: str, message: str
) -> None:
    world, pod = the_pod(WRITER % (volume, command, limit, others))
    status = pod["status"]
    assert (status["phase"], status["reason"], status["message"]) == ("Failed", "Evicted", message)
    assert happened(world, "Evicted") == [message]
    assert {each["restartCount"] for each in status["containerStatuses"]} == {0}


@pytest.mark.parametrize(
    ("command", "volume"),
    [
        ("dd if=/dev/zero of=/tmp/big bs=1M count=1000", ""),
        ("fallocate -l 3G /data/big", "medium: Memory"),
        ("dd if=/dev/zero of=/dev/null bs=1M count=9000", ""),
    ],
)
def test_who_stays_within_the_limit_runs_on(command: str, volume: str) -> None:
    _, pod = the_pod(WRITER % (volume, command, "1Gi", ""))
    assert pod["status"]["phase"] == "Running"
