"""The container runtime: what becomes of a container, and what it writes about it."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj, Ref, ref_of
from app.nodes import sandbox
from app.nodes.runtime import images
from app.nodes.runtime.images import REALISTIC, ZERO, program
from app.nodes.runtime.runtime import ContainerRuntime, SandboxSeen, World, advance
from app.reconcile import Difference, Patch, RequeueAfter
from tests.support.builders import NOW_MS
from tests.support.machines import IMAGE, MACHINE, a_sandbox, known, machine, new_pod, wanted
from tests.support.reading import reader, woken

POD = new_pod()
NGINX = program(IMAGE)
PULL_MS = REALISTIC.pull_ms(NGINX, present=False)
LATE_MS = NOW_MS + 60_000


def world(image: str = IMAGE, at_ms: int = NOW_MS, present: bool = False, command: tuple[str, ...] = ()) -> World:
    return World(program(image, command), REALISTIC, present, at_ms)


def diff(box: Obj, on: Obj = MACHINE, now_ms: int = NOW_MS, ip: str = "10.244.1.5") -> list[Difference]:
    return list(ContainerRuntime("node-1").diff(SandboxSeen(box, on, ip, now_ms)))


def written(difference: Difference) -> dict[str, Any]:
    patch = difference.actions[0]
    assert isinstance(patch, Patch)
    status: dict[str, Any] = patch.patch["status"]
    return status


# ------------------------------------------------------------------------------------- a container in time


def test_a_container_is_pulled_created_and_runs() -> None:
    asked = wanted(pull=1)
    pulling, due_ms = advance(None, asked, world())
    assert (pulling, due_ms) == (known("pulling", pull=1), NOW_MS + PULL_MS)
    creating, due_ms = advance(pulling, asked, world(at_ms=NOW_MS + PULL_MS + 7))
    assert creating == known("creating", pull=1, sinceMs=NOW_MS + PULL_MS, pullMs=PULL_MS)
    assert due_ms == NOW_MS + PULL_MS + 600
    running, due_ms = advance(creating, asked, world(at_ms=LATE_MS))
    assert running == known("running", pull=1, pullMs=PULL_MS, startedMs=NOW_MS + PULL_MS + 600)
    assert due_ms is None


def test_an_image_that_another_pod_brought_need_not_come_again() -> None:
    creating, _ = advance(known("pulling", pull=1), wanted(pull=1), world(at_ms=NOW_MS + 400, present=True))
    assert creating == known("creating", pull=1, sinceMs=NOW_MS + 400, pullMs=400)


def test_without_latencies_it_runs_at_once() -> None:
    found = advance(None, wanted(pull=1), World(NGINX, ZERO, False, NOW_MS))
    assert found == (known("running", pull=1, pullMs=0, startedMs=NOW_MS), None)


def test_an_image_that_is_not_there_fails_until_it_is_asked_for_again() -> None:
    asked = wanted(image="nginx:broken", pull=1)
    failed, due_ms = advance(None, asked, world("nginx:broken", LATE_MS))
    assert failed is not None
    assert (failed["state"], due_ms) == ("pulling", LATE_MS + 400)
    failed, due_ms = advance(failed, asked, world("nginx:broken", LATE_MS + 400))
    assert (failed, due_ms) == (
        known("pull-failed", image="nginx:broken", pull=1, sinceMs=LATE_MS + 400), None,
    )  # fmt: skip
    again, _ = advance(failed, {**asked, "pull": 2}, world("nginx:broken", LATE_MS + 500))
    assert again == known("pulling", image="nginx:broken", pull=2, sinceMs=LATE_MS + 500)
    other, _ = advance(failed, wanted(image=IMAGE, pull=1), world(at_ms=LATE_MS + 500))
    assert other == known("pulling", pull=1, sinceMs=LATE_MS + 500)


def test_a_program_ends_by_itself_at_its_own_time() -> None:
    running = known("running", startedMs=NOW_MS)
    assert advance(running, wanted(), world("app:crash")) == (running, NOW_MS + 3_000)
    ended, _ = advance(running, wanted(), world("app:crash", LATE_MS))
    assert ended == known("exited", startedMs=NOW_MS, finishedMs=NOW_MS + 3_000, exitCode=1, reason="Error")


def test_a_restart_remembers_how_the_last_attempt_ended() -> None:
    ended = known("exited", exitCode=2)
    creating, _ = advance(ended, wanted(attempt=1), world())
    last = {"startedMs": NOW_MS - 60_000, "finishedMs": NOW_MS, "exitCode": 2, "reason": "Error", "attempt": 0}
    assert creating == known("creating", attempt=1, last=last)
    running, _ = advance(creating, wanted(attempt=1), world(at_ms=LATE_MS))
    assert running == known("running", attempt=1, last=last, startedMs=NOW_MS + 600)


@pytest.mark.parametrize(
    ("image", "command", "pre_stop_ms", "ends_after_ms", "exit_code"),
    [
        ("nginx", (), 0, 1_000, 0),
        ("nginx", (), 5_000, 6_000, 0),
        ("nginx", (), 29_500, 30_000, 137),
        ("busybox", ("sleep", "3600"), 0, 30_000, 137),
    ],
)
def test_stopping_is_sigterm_and_sigkill_at_the_end_of_the_grace_period(
    image: str, command: tuple[str, ...], pre_stop_ms: int, ends_after_ms: int, exit_code: int
) -> None:
    asked = wanted(stop=sandbox.stop(NOW_MS, 30, pre_stop_ms))
    running = known("running")
    assert advance(running, asked, world(image, command=command)) == (running, NOW_MS + ends_after_ms)
    ended, due_ms = advance(running, asked, world(image, LATE_MS, command=command))
    assert ended is not None
    assert (ended["finishedMs"] - NOW_MS, ended["exitCode"], due_ms) == (ends_after_ms, exit_code, None)


def test_the_grace_period_is_never_shorter_than_two_seconds() -> None:
    assert sandbox.stop(NOW_MS, 1)["killAtMs"] == NOW_MS + 2_000


@pytest.mark.parametrize("state", [None, "pulling", "creating"])
def test_what_is_to_stop_is_not_started_any_more(state: str | None) -> None:
    before = known(state) if state else None
    assert advance(before, wanted(stop=sandbox.stop(NOW_MS, 30)), world(at_ms=LATE_MS)) == (before, None)


# ----------------------------------------------------------------------------------------------- writing


def test_a_new_sandbox_gets_its_address_with_the_first_state_of_its_container() -> None:
    (difference,) = diff(a_sandbox(POD))
    assert (difference.desired, difference.observed, difference.reason) == ("running", "", "ContainerMissing")
    assert written(difference) == {"ip": "10.244.1.5", "containers": {"nginx": known("creating")}}
    assert difference.actions[1:] == (RequeueAfter(600, "container start"),)


def test_from_nothing_to_running_is_one_write_without_latencies() -> None:
    (difference,) = diff(a_sandbox(POD), on=machine(IMAGE, latencies="zero"))
    assert written(difference)["containers"]["nginx"]["state"] == "running"
    assert len(difference.actions) == 1


def test_a_pulled_image_stays_on_the_machine() -> None:
    box = a_sandbox(POD, {"nginx": wanted(pull=1)}, {"nginx": known("pulling", pull=1)})
    (difference,) = diff(box, on=machine(), now_ms=NOW_MS + PULL_MS)
    assert difference.actions[1] == Patch(Ref("Machine", "", "node-1"), {"status": {"images": {IMAGE: 72_223_946}}})
    (difference,) = diff(box, on=machine(IMAGE), now_ms=NOW_MS + PULL_MS)
    assert not [action for action in difference.actions if isinstance(action, Patch) and action.ref.kind == "Machine"]


def test_a_restart_leaves_nothing_of_the_attempt_before_in_the_status() -> None:
    box = a_sandbox(POD, {"nginx": wanted(attempt=1)}, {"nginx": known("exited")})
    (difference,) = diff(box)
    assert difference.reason == "RestartRequested"
    patch = written(difference)["containers"]["nginx"]
    assert {key for key, value in patch.items() if value is None} == {
        *("startedMs", "finishedMs", "exitCode", "reason", "resources"),
    }


def test_a_machine_where_all_is_as_asked_is_left_alone() -> None:
    assert diff(a_sandbox(POD, did={"nginx": known("running")})) == []
    assert diff(a_sandbox(POD, did={"nginx": known("exited")})) == []


def test_a_stop_waits_for_the_program() -> None:
    box = a_sandbox(POD, {"nginx": wanted(stop=sandbox.stop(NOW_MS, 30))}, {"nginx": known("running")})
    (difference,) = diff(box)
    assert (difference.desired, difference.observed, difference.reason) == ("exited", "running", "StopRequested")
    assert difference.actions == (RequeueAfter(1_000, "end of the program"),)


@pytest.mark.parametrize(("seconds", "background"), [(300, False), (3600, True)])
def test_a_program_that_runs_for_long_does_not_keep_the_cluster_from_being_quiet(
    seconds: int, background: bool
) -> None:
    asked = wanted(image="busybox", command=["sleep", str(seconds)])
    box = a_sandbox(POD, {"nginx": asked}, {"nginx": known("running", image="busybox", startedMs=NOW_MS)})
    (difference,) = diff(box)
    assert (difference.background, difference.actions) == (
        background, (RequeueAfter(seconds * 1000, "end of the program"),),
    )  # fmt: skip


def test_containers_are_written_one_by_one() -> None:
    asked = {"a": wanted(), "b": wanted(pull=1)}
    assert [written(each)["containers"].keys() for each in diff(a_sandbox(POD, asked))] == [{"a"}, {"b"}]


# ---------------------------------------------------------------------------------------------- observing


def addressed(name: str, ip: str) -> Obj:
    return a_sandbox(new_pod(name=name), did={"nginx": known("running")}, ip=ip)


@pytest.mark.parametrize(
    ("taken", "ip"),
    [
        ([], "10.244.1.2"),
        (["10.244.1.2"], "10.244.1.3"),
        (["10.244.1.3"], "10.244.1.4"),
        (["10.244.1.2", "10.244.1.4"], "10.244.1.5"),
        ([f"10.244.1.{n}" for n in range(2, 255)], ""),
        ([f"10.244.1.{n}" for n in range(2, 255) if n != 9], "10.244.1.9"),
    ],
)
def test_a_pod_gets_an_address_that_no_other_has(taken: list[str], ip: str) -> None:
    runtime, box = ContainerRuntime("node-1"), a_sandbox(POD)
    others = [addressed(f"other-{n}", address) for n, address in enumerate(taken)]
    found = runtime.observe(Ref("PodSandbox", "default", "web-1.node-1"), reader(runtime, MACHINE, box, *others))
    assert found is not None
    assert found.ip == ip


def test_a_sandbox_keeps_its_address() -> None:
    runtime, box = ContainerRuntime("node-1"), addressed("web-1", "10.244.1.77")
    found = runtime.observe(Ref("PodSandbox", "default", "web-1.node-1"), reader(runtime, MACHINE, box))
    assert found is not None
    assert found.ip == "10.244.1.77"


def test_a_pod_on_the_host_network_has_the_address_of_its_machine() -> None:
    runtime, box = ContainerRuntime("node-1"), a_sandbox(new_pod(hostNetwork=True))
    found = runtime.observe(Ref("PodSandbox", "default", "web-1.node-1"), reader(runtime, MACHINE, box))
    assert found is not None
    assert found.ip == "10.0.0.11"


def test_without_a_free_address_nothing_starts() -> None:
    (difference,) = diff(a_sandbox(POD), ip="")
    assert (difference.reason, difference.actions) == (
        "NoFreeAddress", (RequeueAfter(10_000, "a free address"),),
    )  # fmt: skip


def test_a_sandbox_that_is_gone_is_no_work() -> None:
    runtime = ContainerRuntime("node-1")
    assert runtime.observe(Ref("PodSandbox", "default", "web-1.node-1"), reader(runtime, MACHINE)) is None


def test_only_the_kubelets_wishes_wake_it() -> None:
    runtime, box = ContainerRuntime("node-1"), a_sandbox(POD)
    key = [ref_of(box)]
    assert woken(runtime, None, box) == woken(runtime, box, None) == key
    assert woken(runtime, box, {**box, "status": {"ip": "10.244.1.5"}}) == []
    assert woken(runtime, box, {**box, "spec": {**box["spec"], "containers": {}}}) == key


# ---------------------------------------------------------------------------------------------- crashing


@pytest.mark.parametrize("container", ["nginx", ""])
def test_a_crash_ends_the_container_and_nothing_else(container: str) -> None:
    box = a_sandbox(POD, did={"nginx": known("running")})
    died = sandbox.crashed(box, container, 1, NOW_MS)
    assert died["status"]["containers"] == {"nginx": known("exited")}
    assert died["spec"] is box["spec"]


def test_what_does_not_run_cannot_crash() -> None:
    box = a_sandbox(POD, did={"nginx": known("creating")})
    assert sandbox.crashed(box, "nginx", 1, NOW_MS) is box


def test_durations_follow_the_machine() -> None:
    (fast,) = diff(a_sandbox(POD), on=machine(IMAGE, latencies="textbook"))
    assert fast.actions[1] == RequeueAfter(images.TEXTBOOK.start_ms, "container start")
