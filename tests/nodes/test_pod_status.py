"""A pod's phase and conditions, from what its containers do."""

from __future__ import annotations

from typing import Any

import pytest

from app.nodes.kubelet import pod_status
from app.nodes.kubelet.pod_status import container_status, terminated, waiting
from tests.support.builders import NOW_MS
from tests.support.machines import MACHINE, a_sandbox, condition, known, new_pod

POD = new_pod()
CONTAINER = POD["spec"]["containers"][0]


def status_of(word: str) -> dict[str, Any]:
    ended = {"done": known("exited", exitCode=0, reason="Completed"), "failed": known("exited")}
    match word:
        case "waiting":
            return container_status(POD, CONTAINER, None, waiting("ContainerCreating"))
        case "backoff":
            last = terminated(POD, "nginx", ended["failed"])
            return container_status(POD, CONTAINER, ended["failed"], waiting("CrashLoopBackOff"), last=last)
        case "done" | "failed":
            return container_status(POD, CONTAINER, ended[word], terminated(POD, "nginx", ended[word]), ready=False)
    return container_status(
        POD, CONTAINER, known("running"), pod_status.running(known("running")), ready=word == "ready", started=True
    )


@pytest.mark.parametrize(
    ("policy", "words", "over", "phase"),
    [
        ("Always", ["waiting"], False, "Pending"),
        ("Always", ["ready", "waiting"], False, "Pending"),
        ("Always", ["ready", "backoff"], False, "Running"),
        ("Always", ["running"], False, "Running"),
        ("Always", ["failed"], False, "Running"),
        ("Always", ["backoff"], False, "Running"),
        ("Always", ["done"], False, "Running"),
        ("Always", ["done"], True, "Succeeded"),
        ("Always", ["done", "failed"], True, "Failed"),
        ("OnFailure", ["done"], False, "Succeeded"),
        ("OnFailure", ["failed"], False, "Running"),
        ("Never", ["failed", "done"], True, "Failed"),
        ("Never", ["ready", "done"], False, "Running"),
    ],
)
def test_the_phase_follows_from_all_containers(policy: str, words: list[str], over: bool, phase: str) -> None:
    pod = new_pod(restartPolicy=policy)
    found = pod_status.pod_status(pod, MACHINE, None, [], [status_of(word) for word in words], NOW_MS, over=over)
    assert found["phase"] == phase


def test_conditions_of_a_pod_whose_containers_are_being_created() -> None:
    found = pod_status.pod_status(POD, MACHINE, None, [], [status_of("waiting")], NOW_MS)
    unready = {"reason": "ContainersNotReady", "message": "containers with unready status: [nginx]"}
    now, bound = "2026-01-01T09:00:00Z", "2026-01-01T08:59:59Z"
    assert found["conditions"] == [
        {"type": kind, "observedGeneration": 1, "status": is_so, "lastProbeTime": None, "lastTransitionTime": at, **why}
        for kind, is_so, at, why in (
            ("PodReadyToStartContainers", "False", now, {}),
            ("Initialized", "True", now, {}),
            ("Ready", "False", now, unready),
            ("ContainersReady", "False", now, unready),
            ("PodScheduled", "True", bound, {}),
        )
    ]  # fmt: skip
    assert (found["hostIP"], found["startTime"], "podIP" in found) == ("10.0.0.11", now, False)


def test_a_transition_keeps_the_times_of_what_did_not_change() -> None:
    before = pod_status.pod_status(POD, MACHINE, None, [], [status_of("waiting")], NOW_MS)
    found = pod_status.pod_status(
        {**POD, "status": before}, MACHINE, a_sandbox(POD, did={}), [], [status_of("ready")], NOW_MS + 1_000
    )  # fmt: skip
    assert condition(found, "Ready") == {
        "type": "Ready", "observedGeneration": 1, "status": "True", "lastProbeTime": None,
        "lastTransitionTime": "2026-01-01T09:00:01Z",
    }  # fmt: skip
    assert condition(found, "Initialized")["lastTransitionTime"] == "2026-01-01T09:00:00Z"
    assert (found["podIP"], found["podIPs"]) == ("10.244.1.5", [{"ip": "10.244.1.5"}])
    assert found["startTime"] == "2026-01-01T09:00:00Z"


def test_conditions_that_others_wrote_stay() -> None:
    target = {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}
    pod = {**POD, "status": {**POD["status"], "conditions": [*POD["status"]["conditions"], target]}}
    assert pod_status.pod_status(pod, MACHINE, None, [], [status_of("ready")], NOW_MS)["conditions"][-1] == target


def test_the_generation_of_a_deletion_alone_is_no_news() -> None:
    old = pod_status.pod_status(POD, MACHINE, None, [], [status_of("ready")], NOW_MS)
    meta = {**POD["metadata"], "generation": 2}
    pod = {**POD, "metadata": meta, "status": old}
    assert pod_status.pod_status(pod, MACHINE, None, [], [status_of("ready")], NOW_MS)["observedGeneration"] == 2
    pod = {**pod, "metadata": {**meta, "deletionTimestamp": "2026-01-01T09:00:30Z"}}
    assert pod_status.pod_status(pod, MACHINE, None, [], [status_of("ready")], NOW_MS) == old
    changed = pod_status.pod_status(pod, MACHINE, None, [], [status_of("running")], NOW_MS)
    assert changed["observedGeneration"] == 2
    assert {each["observedGeneration"] for each in changed["conditions"]} == {2}


def test_only_what_changed_is_patched() -> None:
    assert pod_status.changes({"phase": "Pending", "podIP": "1"}, {"phase": "Running", "podIP": "1"}) == {
        "phase": "Running"
    }


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["ready"], "Running 1/1"), (["waiting"], "ContainerCreating 0/1"), (["failed"], "Error 0/1"),
        (["ready", "backoff"], "CrashLoopBackOff 1/2"),
    ],
)  # fmt: skip
def test_the_summary_is_what_a_person_looks_for(words: list[str], text: str) -> None:
    found = pod_status.pod_status(POD, MACHINE, None, [], [status_of(word) for word in words], NOW_MS)
    assert pod_status.summary(found) == text


def test_the_summary_says_that_a_readiness_gate_holds_a_pod_back() -> None:
    found = pod_status.pod_status(POD, MACHINE, None, [], [status_of("ready")], NOW_MS)
    held = [{**each, "status": "False"} if each["type"] == "Ready" else each for each in found["conditions"]]
    assert pod_status.summary({**found, "conditions": held}) == "Running 1/1, not Ready"


def test_a_container_status_is_complete_by_its_schema() -> None:
    fields = {"name", "state", "lastState", "ready", "restartCount", "image", "imageID", "started"}
    assert status_of("waiting").keys() == fields
    assert status_of("waiting")["imageID"] == ""
    assert status_of("ready").keys() == fields | {"containerID"}
    assert status_of("ready")["containerID"].startswith("containerd://")
    assert len(status_of("ready")["imageID"]) == len("sha256:") + 64


@pytest.mark.parametrize(
    ("words", "said", "verdict"),
    [
        pytest.param(
            ["ready"],
            None,
            ("False", 'corresponding condition of pod readiness gate "acme.example/checked" does not exist.'),
            id="nobody said anything of the gate",
        ),
        pytest.param(
            ["ready"],
            "False",
            ("False", 'the status of pod readiness gate "acme.example/checked" is not "True", but False'),
            id="somebody said no",
        ),
        pytest.param(["ready"], "True", ("True", None), id="somebody said yes"),
        pytest.param(
            ["running"],
            "True",
            ("False", "containers with unready status: [nginx]"),
            id="what its containers do comes first",
        ),
    ],
)
def test_a_pod_is_ready_when_its_readiness_gates_are_open(
    words: list[str], said: str | None, verdict: tuple[str, str | None]
) -> None:
    pod = new_pod(readinessGates=[{"conditionType": "acme.example/checked"}])
    if said is not None:
        pod["status"]["conditions"] = [{"type": "acme.example/checked", "status": said}]
    found = pod_status.pod_status(pod, MACHINE, a_sandbox(pod), [], [status_of(word) for word in words], NOW_MS)
    ready = condition(found, "Ready")
    assert (ready["status"], ready.get("message")) == verdict
