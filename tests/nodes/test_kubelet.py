"""The kubelet decides: what it saw of a pod -> what it asks of the runtime, reports, announces and remembers."""

from __future__ import annotations

import pytest

from app.api.objects import Obj, Ref, with_metadata
from app.nodes import sandbox
from app.nodes.kubelet.kubelet import Kubelet
from app.nodes.kubelet.restarts import Crash, FailedPull, Memory
from app.reconcile import Create, Delete, Patch, Remember, RequeueAfter
from tests.support.builders import NOW_MS, pod
from tests.support.machines import (
    IMAGE,
    MACHINE,
    a_sandbox,
    after,
    asked_of_runtime,
    condition,
    container_of,
    deleted,
    diff,
    events,
    known,
    machine,
    new_pod,
    only,
    reasons,
    reported,
    wanted,
    with_container,
)
from tests.support.reading import reader, woken

POD = new_pod()
CREATING = after(POD, diff(POD))
RUNNING_BOX = a_sandbox(POD, did={"nginx": known("running")})
RUNNING = after(CREATING, diff(CREATING, RUNNING_BOX))
EXITED_BOX = a_sandbox(POD, did={"nginx": known("exited")})
READINESS = {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 10}
UID = POD["metadata"]["uid"]


# ----------------------------------------------------------------------------------------------- starting


def test_a_new_pod_gets_a_sandbox_and_is_shown_as_being_created() -> None:
    found = diff(POD)
    assert reasons(found) == ["SandboxMissing", "StatusOutdated"]
    create = found[0].actions[0]
    assert isinstance(create, Create)
    assert create.obj["spec"] == {
        "nodeName": "node-1", "podName": "web-1", "podUID": UID, "containers": {"nginx": wanted()},
    }  # fmt: skip
    assert container_of(reported(found)) == {
        "name": "nginx", "state": {"waiting": {"reason": "ContainerCreating"}}, "lastState": {}, "ready": False,
        "restartCount": 0, "image": IMAGE, "imageID": "", "started": False,
    }  # fmt: skip
    assert (found[1].desired, found[1].observed) == ("ContainerCreating 0/1", "Pending")


@pytest.mark.parametrize(
    ("policy", "present", "pull", "event"),
    [
        ("IfNotPresent", True, 0, ("Pulled", f'Container image "{IMAGE}" already present on machine')),
        ("IfNotPresent", False, 1, ("Pulling", f'Pulling image "{IMAGE}"')),
        ("Always", True, 1, ("Pulling", f'Pulling image "{IMAGE}"')),
        ("Never", True, 0, ("Pulled", f'Container image "{IMAGE}" already present on machine')),
    ],
)
def test_the_pull_policy_decides_whether_the_image_is_pulled(
    policy: str, present: bool, pull: int, event: tuple[str, str]
) -> None:
    found = diff(with_container(POD, imagePullPolicy=policy), on=machine(*[IMAGE] * present))
    create = found[0].actions[0]
    assert isinstance(create, Create)
    assert create.obj["spec"]["containers"]["nginx"]["pull"] == pull
    assert events(found) == [event]


def test_an_image_that_may_not_be_pulled_and_is_missing_is_said_so() -> None:
    found = diff(with_container(POD, imagePullPolicy="Never"), on=machine())
    message = f'Container image "{IMAGE}" is not present with pull policy of Never'
    assert events(found) == [("ErrImageNeverPull", message)]
    assert container_of(reported(found))["state"] == {"waiting": {"reason": "ErrImageNeverPull", "message": message}}


@pytest.mark.parametrize("state", ["pulling", "creating"])
def test_while_the_runtime_is_at_it_nothing_is_said(state: str) -> None:
    assert reported(diff(CREATING, a_sandbox(POD, did={"nginx": known(state)}, ip=""))) == {}


def test_a_container_that_runs_makes_the_pod_ready() -> None:
    found = diff(CREATING, RUNNING_BOX)
    status = reported(found)
    assert (status["phase"], status["podIP"]) == ("Running", "10.244.1.5")
    shown = container_of(status)
    assert (shown["ready"], shown["started"], shown["restartCount"]) == (True, True, 0)
    assert shown["state"] == {"running": {"startedAt": "2026-01-01T08:59:00Z"}}
    assert [condition(status, each)["status"] for each in ("Ready", "PodReadyToStartContainers")] == ["True", "True"]
    assert events(found) == [("Created", "Container created"), ("Started", "Container started")]


def test_a_pull_is_announced_with_its_time_and_size() -> None:
    found = diff(CREATING, a_sandbox(POD, did={"nginx": known("running", pullMs=1_200)}))
    took = "in 1.2s (1.2s including waiting). Image size: 72223946 bytes."
    assert events(found)[0] == ("Pulled", f'Successfully pulled image "{IMAGE}" {took}')


def test_a_pod_that_runs_as_it_should_is_left_alone() -> None:
    assert diff(RUNNING, RUNNING_BOX) == []


def test_a_status_that_someone_else_overwrote_is_reported_again() -> None:
    unready = [
        {**each, "status": "False"} if each["type"] == "Ready" else each for each in RUNNING["status"]["conditions"]
    ]
    found = diff({**RUNNING, "status": {**RUNNING["status"], "conditions": unready}}, RUNNING_BOX)
    assert condition(reported(found), "Ready")["status"] == "True"
    assert events(found) == []


# ------------------------------------------------------------------------------------------- crash, restart


def test_the_first_restart_is_immediate_in_the_same_pod() -> None:
    found = diff(RUNNING, EXITED_BOX)
    assert reasons(found) == ["StatusOutdated", "ContainerDied"]
    assert container_of(reported(found))["state"] == {
        "terminated": {
            "exitCode": 1, "reason": "Error", "startedAt": "2026-01-01T08:59:00Z", "finishedAt": "2026-01-01T09:00:00Z",
            "containerID": container_of(RUNNING["status"])["containerID"],
        }
    }  # fmt: skip
    assert asked_of_runtime(found) == wanted(attempt=1, stop=None)
    assert only(found, "ContainerDied").actions[0] == Remember(Memory(crashes={"nginx": Crash(0, NOW_MS, 0)}))
    assert reported(found)["conditions"][2]["reason"] == "ContainersNotReady"


def test_after_the_restart_the_last_state_is_kept() -> None:
    last = {"startedMs": NOW_MS - 60_000, "finishedMs": NOW_MS, "exitCode": 1, "reason": "Error", "attempt": 0}
    died = after(RUNNING, diff(RUNNING, EXITED_BOX))
    again = a_sandbox(
        POD, {"nginx": wanted(attempt=1)}, {"nginx": known("running", attempt=1, startedMs=NOW_MS, last=last)}
    )
    found = diff(died, again)
    shown = container_of(reported(found))
    assert (shown["restartCount"], shown["lastState"]) == (1, container_of(died["status"])["state"])
    assert shown["containerID"] != container_of(RUNNING["status"])["containerID"]
    assert [reason for reason, _ in events(found)] == ["Created", "Started"]


def test_a_container_that_ends_before_anyone_looked_did_start() -> None:
    found = diff(CREATING, EXITED_BOX)
    assert [reason for reason, _ in events(found)] == ["Created", "Started", "Pulled"]


def test_the_next_crash_is_shown_as_an_error_and_then_as_crash_loop_back_off() -> None:
    box = a_sandbox(POD, {"nginx": wanted(attempt=1)}, {"nginx": known("exited", attempt=1)})
    before = Memory(crashes={"nginx": Crash(0, NOW_MS - 60_000, 0)})
    found = diff(RUNNING, box, before)
    memory = Memory(crashes={"nginx": Crash(1, NOW_MS, 10_000)})
    assert container_of(reported(found))["state"]["terminated"]["reason"] == "Error"
    assert only(found, "CrashLoopBackOff").actions == (Remember(memory), RequeueAfter(1_000, "restart back-off"))

    died = after(RUNNING, found)
    found = diff(died, box, memory, NOW_MS + 1_000)
    shown = container_of(reported(found))
    message = f"back-off 10s restarting failed container=nginx pod=web-1_default({UID})"
    assert shown["state"] == {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
    assert (shown["lastState"], shown["restartCount"]) == (container_of(died["status"])["state"], 1)
    assert events(found) == [("BackOff", f"Back-off restarting failed container nginx in pod web-1_default({UID})")]
    assert only(found, "CrashLoopBackOff").actions == (RequeueAfter(9_000, "restart back-off"),)
    assert reported(found).get("phase", died["status"]["phase"]) == "Running"

    waits = after(died, found)
    assert reported(diff(waits, box, memory, NOW_MS + 5_000)) == {}
    found = diff(waits, box, memory, NOW_MS + 10_000)
    assert asked_of_runtime(found) == wanted(attempt=2, stop=None)


@pytest.mark.parametrize(
    ("policy", "exit_code", "phase"), [("Never", 1, "Failed"), ("Never", 0, "Succeeded"), ("OnFailure", 0, "Succeeded")]
)
def test_a_pod_that_is_done_is_not_restarted_and_its_sandbox_goes(policy: str, exit_code: int, phase: str) -> None:
    reason = sandbox.end_reason(exit_code)
    box = a_sandbox(POD, did={"nginx": known("exited", exitCode=exit_code, reason=reason)})
    (found,) = diff({**RUNNING, "spec": {**RUNNING["spec"], "restartPolicy": policy}}, box)
    assert reported([found])["phase"] == phase
    assert found.actions[-1] == Delete(Ref("PodSandbox", "default", "web-1.node-1"))
    assert condition(reported([found]), "PodReadyToStartContainers")["status"] == "False"


def test_a_finished_pod_is_left_alone() -> None:
    assert diff(pod(phase="Succeeded")) == []


def test_another_image_replaces_the_container_in_the_same_pod() -> None:
    changed = with_container(RUNNING, image="nginx:1.28")
    found = diff(changed, RUNNING_BOX)
    assert reported(found) == {}
    assert events(found) == [("Killing", "Container nginx definition changed, will be restarted")]
    assert asked_of_runtime(found) == {"stop": sandbox.stop(NOW_MS, 30)}


# -------------------------------------------------------------------------------------------- image pulls


BROKEN = with_container(CREATING, image="nginx:broken")
FAILED_BOX = a_sandbox(
    BROKEN,
    {"nginx": wanted(image="nginx:broken", pull=1)},
    {"nginx": known("pull-failed", image="nginx:broken", pull=1)},
)
ERROR = (
    'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:broken": failed to '
    'resolve reference "docker.io/library/nginx:broken": docker.io/library/nginx:broken: not found'
)


def test_a_failed_pull_is_shown_as_an_error_and_then_as_back_off() -> None:
    found = diff(BROKEN, FAILED_BOX)
    memory = Memory(pulls={"nginx": FailedPull("nginx:broken", 1, NOW_MS)})
    assert container_of(reported(found))["state"] == {"waiting": {"reason": "ErrImagePull", "message": ERROR}}
    assert events(found) == [
        ("Failed", f'Failed to pull image "nginx:broken": {ERROR}'), ("Failed", "Error: ErrImagePull"),
    ]  # fmt: skip
    assert only(found, "ErrImagePull").actions == (Remember(memory), RequeueAfter(1_000, "image pull back-off"))

    shown = after(BROKEN, found)
    found = diff(shown, FAILED_BOX, memory, NOW_MS + 1_000)
    message = f'Back-off pulling image "nginx:broken": ErrImagePull: {ERROR}'
    assert container_of(reported(found))["state"] == {"waiting": {"reason": "ImagePullBackOff", "message": message}}
    assert events(found) == [
        ("BackOff", 'Back-off pulling image "nginx:broken"'), ("Failed", "Error: ImagePullBackOff"),
    ]  # fmt: skip
    assert only(found, "ImagePullBackOff").actions == (RequeueAfter(9_000, "image pull back-off"),)

    waits = after(shown, found)
    found = diff(waits, FAILED_BOX, memory, NOW_MS + 10_000)
    assert reported(found) == {}
    assert asked_of_runtime(found)["pull"] == 2
    assert events(found) == [("Pulling", 'Pulling image "nginx:broken"')]


def test_while_it_is_pulled_again_the_back_off_stays_on_show_and_then_it_is_an_error_again() -> None:
    memory = Memory(pulls={"nginx": FailedPull("nginx:broken", 1, NOW_MS)})
    waits = after(BROKEN, diff(BROKEN, FAILED_BOX, memory, NOW_MS + 1_000))
    asked = {"nginx": wanted(image="nginx:broken", pull=2)}
    pulling = a_sandbox(BROKEN, asked, {"nginx": known("pulling", image="nginx:broken", pull=2)})
    assert diff(waits, pulling, memory) == []
    failed = a_sandbox(BROKEN, asked, {"nginx": known("pull-failed", image="nginx:broken", pull=2)})
    found = diff(waits, failed, memory, NOW_MS + 11_000)
    assert container_of(reported(found))["state"]["waiting"]["reason"] == "ErrImagePull"


def test_a_corrected_image_is_pulled_at_once() -> None:
    found = diff(with_container(CREATING, image="nginx:1.28"), FAILED_BOX)
    assert asked_of_runtime(found) == wanted(image="nginx:1.28", pull=1)


# ------------------------------------------------------------------------------------------------- probes


def test_an_unready_container_gets_no_traffic_and_fails_in_the_background() -> None:
    unready = with_container(CREATING, image="nginx:unready", readinessProbe=READINESS)
    box = a_sandbox(
        unready, {"nginx": wanted(image="nginx:unready")}, {"nginx": known("running", image="nginx:unready")}
    )  # fmt: skip
    found = diff(unready, box)
    assert condition(reported(found), "Ready")["reason"] == "ContainersNotReady"
    assert reported(found)["phase"] == "Running"
    unhealthy = only(found, "Unhealthy")
    assert unhealthy.background
    assert events([unhealthy]) == [("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")]
    assert isinstance(unhealthy.actions[-1], RequeueAfter)


def test_a_container_that_fails_its_liveness_probe_is_killed_and_forgotten() -> None:
    alive = with_container(CREATING, image="nginx:slow", livenessProbe={**READINESS, "failureThreshold": 1})
    box = a_sandbox(
        alive, {"nginx": wanted(image="nginx:slow")}, {"nginx": known("running", image="nginx:slow", startedMs=NOW_MS)}
    )  # fmt: skip
    found = diff(alive, box)
    assert [reason for reason, _ in events([only(found, "Unhealthy")])] == ["Unhealthy", "Killing"]
    assert events(found)[-1] == ("Killing", "Container nginx failed liveness probe, will be restarted")
    assert asked_of_runtime(found) == {"stop": sandbox.stop(NOW_MS, 30)}


def test_a_ready_container_needs_no_memory_and_no_timer() -> None:
    ready = with_container(CREATING, readinessProbe=READINESS, livenessProbe=READINESS)
    found = diff(ready, RUNNING_BOX)
    assert reasons(found) == ["StatusOutdated"]
    assert diff(after(ready, found), RUNNING_BOX) == []


# ---------------------------------------------------------------------------------------- init containers


INITS = {"initContainers": [{"name": "one", "image": "busybox"}, {"name": "two", "image": "busybox"}]}


def test_init_containers_run_one_after_another_before_the_others() -> None:
    of = new_pod(**INITS)
    found = diff(of)
    create = found[0].actions[0]
    assert isinstance(create, Create)
    assert create.obj["spec"]["containers"].keys() == {"one"}
    waits = reported(found)
    assert container_of(waits)["state"] == {"waiting": {"reason": "PodInitializing"}}
    assert condition(waits, "Initialized")["message"] == "containers with incomplete status: [one two]"

    of = after(of, found)
    done = known("exited", image="busybox", exitCode=0, reason="Completed")
    found = diff(of, a_sandbox(of, {"one": wanted(image="busybox")}, {"one": done}))
    assert [each["ready"] for each in reported(found)["initContainerStatuses"]] == [True, False]
    assert asked_of_runtime(found, "two")["image"] == "busybox"

    both = {"one": wanted(image="busybox"), "two": wanted(image="busybox")}
    found = diff(of, a_sandbox(of, both, {"one": done, "two": done}))
    assert asked_of_runtime(found)["image"] == IMAGE
    assert condition(reported(found), "Initialized")["status"] == "True"


def test_an_init_container_that_fails_is_retried_or_fails_the_pod() -> None:
    of = new_pod(**INITS)
    box = a_sandbox(of, {"one": wanted(image="busybox")}, {"one": known("exited", image="busybox")})
    assert asked_of_runtime(diff(of, box), "one")["attempt"] == 1
    never = {**of, "spec": {**of["spec"], "restartPolicy": "Never"}}
    assert reported(diff(never, box))["phase"] == "Failed"


# ---------------------------------------------------------------------------------------------- observing


def test_it_reads_the_pod_its_sandbox_and_the_machine() -> None:
    kubelet, key = Kubelet("node-1"), Ref("Pod", "default", "web-1")
    found = kubelet.observe(key, reader(kubelet, MACHINE, RUNNING, RUNNING_BOX))
    assert found is not None
    assert found.pod is not None
    assert found.sandbox is not None
    assert (found.pod["metadata"]["name"], found.sandbox["spec"]["podName"]) == ("web-1", "web-1")
    assert found.memory == Memory()
    gone = kubelet.observe(key, reader(kubelet, MACHINE, RUNNING_BOX))
    assert gone is not None
    assert gone.pod is None
    assert kubelet.observe(key, reader(kubelet, MACHINE)) is None
    elsewhere = pod(node="node-2")
    assert kubelet.observe(key, reader(kubelet, MACHINE, elsewhere)) is None


@pytest.mark.parametrize(
    ("old", "new", "wakes"),
    [
        (None, POD, True),
        (RUNNING, None, True),
        (POD, CREATING, False),
        (CREATING, RUNNING, False),
        (RUNNING, deleted(RUNNING), True),
        (deleted(RUNNING), deleted(RUNNING, grace=5), True),
        (RUNNING, with_metadata(RUNNING, labels={"app": "other"}), False),
        (RUNNING, {**RUNNING, "status": {**RUNNING["status"], "conditions": []}}, True),
    ],
)  # fmt: skip
def test_its_own_reports_do_not_wake_it(old: Obj | None, new: Obj | None, wakes: bool) -> None:
    assert bool(woken(Kubelet("node-1"), old, new)) is wakes


@pytest.mark.parametrize(
    ("before", "now", "wakes"),
    [
        ("creating", "running", True),
        ("pulling", "creating", False),
        ("running", "exited", True),
        ("pulling", "pull-failed", True),
        ("running", "running", False),
    ],
)
def test_it_wakes_when_a_container_runs_ended_or_did_not_come(before: str, now: str, wakes: bool) -> None:
    when = Kubelet("node-1").wakes[1].when
    assert when is not None
    old, new = (a_sandbox(POD, did={"nginx": known(state)}) for state in (before, now))
    assert when(old, new) is wakes
    assert when(old, None)
    assert not when(None, a_sandbox(POD))


def test_a_patch_of_the_status_bears_the_uid_of_the_pod_it_is_about() -> None:
    patch = diff(CREATING, RUNNING_BOX)[0].actions[0]
    assert isinstance(patch, Patch)
    assert (patch.subresource, patch.uid) == ("status", UID)


# ------------------------------------------------------------------------------------------- host ports


def with_host_port(of: Obj, number: int) -> Obj:
    containers_ = [{**each, "ports": [{"containerPort": 80, "hostPort": number}]} for each in of["spec"]["containers"]]
    return {**of, "spec": {**of["spec"], "containers": containers_}}


def test_a_pod_whose_host_port_another_one_has_is_not_taken_in() -> None:
    first, second = (with_host_port(new_pod(name=name), 8080) for name in ("a", "b"))
    kubelet = Kubelet("node-1")
    seen = kubelet.observe(Ref("Pod", "default", "b"), reader(kubelet, second, first, a_sandbox(first), MACHINE))
    assert seen is not None
    (rejection,) = kubelet.diff(seen)
    (patch,) = rejection.actions
    assert isinstance(patch, Patch)
    assert patch.announce is not None
    status, why = patch.patch["status"], "node(s) didn't have free ports for the requested pod ports"
    assert (status["phase"], status["reason"]) == ("Failed", "NodePorts")
    assert status["message"] == f"Pod was rejected: Predicate NodePorts failed: {why}"
    assert (patch.announce.type, patch.announce.reason) == ("Warning", "NodePorts")
    other = kubelet.observe(
        Ref("Pod", "default", "b"), reader(kubelet, with_host_port(new_pod(name="b"), 9090), first, MACHINE)
    )
    assert other is not None
    assert next(each.reason for each in kubelet.diff(other)) == "SandboxMissing"
