"""The kubelet stops a pod: deletion with its grace period, and what is left after a forced one."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Ref, with_metadata
from app.nodes import sandbox
from app.nodes.kubelet.hooks import pre_stop_ms
from app.nodes.kubelet.restarts import Crash, Memory
from app.reconcile import Delete
from tests.support.builders import NOW_MS
from tests.support.machines import (
    a_sandbox,
    after,
    asked_of_runtime,
    condition,
    container_of,
    deleted,
    diff,
    events,
    known,
    new_pod,
    reported,
    wanted,
    with_container,
)

POD = new_pod()
CREATING = after(POD, diff(POD))
RUNNING_BOX = a_sandbox(POD, did={"nginx": known("running")})
RUNNING = after(CREATING, diff(CREATING, RUNNING_BOX))
EXITED_BOX = a_sandbox(POD, did={"nginx": known("exited")})
UID = POD["metadata"]["uid"]


def test_a_deleted_pod_is_stopped_within_its_grace_period() -> None:
    (found,) = diff(deleted(RUNNING), RUNNING_BOX)
    assert found.reason == "PodDeleted"
    assert asked_of_runtime([found]) == {"stop": sandbox.stop(NOW_MS, 30)}
    assert events([found]) == [("Killing", "Stopping container nginx")]


def test_while_it_stops_nothing_is_asked_again_unless_the_grace_period_was_shortened() -> None:
    box = a_sandbox(POD, {"nginx": wanted(stop=sandbox.stop(NOW_MS, 30))}, {"nginx": known("running")})
    assert diff(deleted(RUNNING), box, now_ms=NOW_MS + 5_000) == []
    found = diff(deleted(RUNNING, grace=5), box, now_ms=NOW_MS + 5_000)
    assert asked_of_runtime(found)["stop"]["killAtMs"] == NOW_MS + 10_000
    assert events(found) == []


@pytest.mark.parametrize(
    ("exit_code", "phase", "reason"), [(0, "Succeeded", "PodCompleted"), (137, "Failed", "PodFailed")]
)
def test_a_stopped_pod_is_reported_and_then_gone(exit_code: int, phase: str, reason: str) -> None:
    ended = known("exited", exitCode=exit_code, reason=sandbox.end_reason(exit_code))
    box = a_sandbox(POD, {"nginx": wanted(stop=sandbox.stop(NOW_MS, 30))}, {"nginx": ended})
    (found,) = diff(deleted(RUNNING), box)
    status = reported([found])
    assert (status["phase"], status["observedGeneration"]) == (phase, 2)
    assert condition(status, "Ready")["reason"] == reason
    assert container_of(status)["state"]["terminated"]["exitCode"] == exit_code
    assert found.actions[1:] == (
        Delete(Ref("PodSandbox", "default", "web-1.node-1")),
        Delete(Ref("Pod", "default", "web-1"), uid=UID, grace_seconds=0),
    )


def test_a_pod_deleted_before_its_containers_ran_goes_at_once() -> None:
    (found,) = diff(deleted(CREATING), a_sandbox(POD, did={"nginx": known("pulling")}))
    assert container_of(reported([found]))["state"]["terminated"]["reason"] == "ContainerStatusUnknown"
    assert reported([found])["phase"] == "Failed"
    (found,) = diff(deleted(POD))
    assert found.actions == (Delete(Ref("Pod", "default", "web-1"), uid=UID, grace_seconds=0),)


def test_a_crash_looping_pod_that_is_deleted_keeps_its_last_exit_code() -> None:
    memory = Memory(crashes={"nginx": Crash(0, NOW_MS - 5_000, 10_000)})
    waits = after(RUNNING, diff(RUNNING, EXITED_BOX, memory, NOW_MS + 1_000))
    (found,) = diff(deleted(waits), EXITED_BOX, memory, NOW_MS + 2_000)
    assert container_of(reported([found]))["state"]["terminated"]["exitCode"] == 1


def test_a_pod_held_by_a_finalizer_is_not_deleted_twice() -> None:
    assert diff(deleted(RUNNING, grace=0)) == []


@pytest.mark.parametrize(
    ("hook", "duration_ms"),
    [
        ({"sleep": {"seconds": 5}}, 5_000),
        ({"exec": {"command": ["sh", "-c", "sleep 3 && nginx -s quit"]}}, 3_000),
        ({"httpGet": {"port": 80}}, 0),
    ],
)
def test_a_pre_stop_hook_delays_sigterm(hook: dict[str, Any], duration_ms: int) -> None:
    assert pre_stop_ms({"image": "nginx", "lifecycle": {"preStop": hook}}) == duration_ms
    found = diff(deleted(with_container(RUNNING, lifecycle={"preStop": hook})), RUNNING_BOX)
    assert asked_of_runtime(found)["stop"]["atMs"] == NOW_MS + duration_ms


def test_what_is_left_of_a_pod_deleted_by_force_is_stopped_and_cleared_away() -> None:
    (found,) = diff(None, RUNNING_BOX)
    assert asked_of_runtime([found]) == {"stop": sandbox.stop(NOW_MS, 2)}
    stopping = a_sandbox(POD, {"nginx": wanted(stop=sandbox.stop(NOW_MS, 2))}, {"nginx": known("running")})
    (found,) = diff(None, stopping)
    assert found.actions == ()
    (found,) = diff(None, EXITED_BOX)
    assert found.actions == (Delete(Ref("PodSandbox", "default", "web-1.node-1")),)


def test_a_new_pod_of_the_same_name_waits_until_the_old_one_is_cleared_away() -> None:
    (found,) = diff(with_metadata(POD, uid="another"), RUNNING_BOX)
    assert found.reason == "PodGone"
