"""preStop hooks: how long one takes, and whether it waits for its program."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj, with_metadata
from app.nodes import sandbox
from app.nodes.kubelet import hooks
from tests.support.builders import NOW_MS
from tests.support.machines import a_sandbox, after, asked_of_runtime, deleted, diff, known, new_pod, wanted

WAITS = "rabbitmq-upgrade await_online_quorum_plus_one -t 604800 && rabbitmq-upgrade drain -t 604800"
GUARD = 'if [ ! -z "$(cat /etc/pod-info/skipPreStopChecks)" ]; then exit 0; fi; '
INFO = {
    "name": "info",
    "downwardAPI": {"items": [{"path": "skipPreStopChecks", "fieldRef": {"fieldPath": "metadata.labels['skip']"}}]},
}


def container(script: str) -> dict[str, Any]:
    hook = {"preStop": {"exec": {"command": ["/bin/bash", "-c", script]}}}
    return {"name": "nginx", "lifecycle": hook, "volumeMounts": [{"name": "info", "mountPath": "/etc/pod-info/"}]}


def pod(script: str, label: str = "") -> Obj:
    made = new_pod()
    spec = made["spec"]
    first = {**spec["containers"][0], **container(script)}
    made = {
        **made,
        "spec": {**spec, "containers": [first], "volumes": [INFO], "terminationGracePeriodSeconds": 604_800},
    }
    return with_metadata(made, labels={"skip": label} if label else None)


@pytest.mark.parametrize(
    ("script", "label", "asks"),
    [
        pytest.param("sleep 5", "", False, id="it only sleeps"),
        pytest.param(WAITS, "", True, id="it asks"),
        pytest.param(GUARD + WAITS, "", True, id="it asks, for the file is empty"),
        pytest.param(GUARD + WAITS, "true", False, id="the file holds something: it leaves at once"),
    ],
)
def test_a_hook_asks_its_program(script: str, label: str, asks: bool) -> None:
    assert hooks.asks_its_program(pod(script, label), container(script)) == asks


def test_a_container_that_asks_is_stopped_when_its_program_says_so_and_not_before() -> None:
    made = pod(WAITS)
    created = after(made, diff(made))
    running = after(created, diff(created, a_sandbox(made, did={"nginx": known("running")})))
    (first,) = diff(deleted(running, grace=604_800), a_sandbox(made, did={"nginx": known("running")}))
    stop = asked_of_runtime([first])["stop"]
    assert stop == {
        "atMs": NOW_MS + 604_800_000, "killAtMs": NOW_MS + 604_800_000, "graceSeconds": 604_800, "asks": True,
    }  # fmt: skip
    asked = a_sandbox(made, {"nginx": wanted(stop=stop)}, {"nginx": known("running")})
    later = NOW_MS + 3_600_000
    assert diff(deleted(running, grace=604_800), asked, now_ms=later) == []
    told = {"nginx": {"attempt": known("running")["attempt"], "mayGo": True}}
    allowed = {**asked, "status": {**asked["status"], "told": told}}
    (second,) = diff(deleted(running, grace=604_800), allowed, now_ms=later)
    assert second.reason == "PreStopHookEnded"
    assert asked_of_runtime([second]) == {"stop": {"atMs": later}}


def test_what_an_earlier_container_said_does_not_count() -> None:
    made = pod(WAITS)
    box = a_sandbox(made, did={"nginx": known("running")})
    box = {**box, "status": {**box["status"], "told": {"nginx": {"attempt": 99, "mayGo": True}}}}
    assert sandbox.told(box, "nginx") == {}
