"""Hooks: how long one takes, whether it succeeds, and whether it waits for its program."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj, with_metadata
from app.nodes import sandbox
from app.nodes.kubelet import hooks
from tests.support.builders import NOW_MS
from tests.support.machines import a_sandbox, after, asked_of_runtime, deleted, diff, known, new_pod, wanted
from tests.support.world import World

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


# ----------------------------------------------------------------------------------------------- postStart

STARTS = """
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: %s
  terminationGracePeriodSeconds: 40
  containers: [{name: c, image: "%s", ports: [{name: web, containerPort: 80}], lifecycle: {postStart: {%s}}}]
"""


def started(hook: str, seconds: float, image: str = "nginx", policy: str = "Always") -> tuple[World, Obj]:
    world = World()
    world.apply(STARTS % (policy, image, hook))
    world.wait(seconds)
    return world, world.pods()[0]["status"]


def happened(world: World) -> list[tuple[str, str]]:
    return [(each["reason"], each["message"]) for each in world.objects("Event") if each["type"] != "Unknown"]


@pytest.mark.parametrize("hook", ["sleep: {seconds: 30}", 'exec: {command: [sh, -c, "sleep 30; echo ready"]}'])
def test_a_container_runs_once_its_hook_has_ended(hook: str) -> None:
    world, status = started(hook, 20)
    assert (status["phase"], status["containerStatuses"][0]["state"]["waiting"]["reason"]) == (
        "Pending", "ContainerCreating",
    )  # fmt: skip
    world.wait(20)
    (shown,) = world.pods()[0]["status"]["containerStatuses"]
    assert ("running" in shown["state"], shown["ready"], shown["restartCount"]) == (True, True, 0)
    assert [reason for reason, _ in happened(world)].count("Started") == 1


@pytest.mark.parametrize(
    "hook", ["httpGet: {port: web}", "httpGet: {port: 80, path: /warm}", "exec: {command: [warm-up]}"]
)
def test_a_hook_that_succeeds_at_once_delays_nothing(hook: str) -> None:
    _, status = started(hook, 10)
    assert status["containerStatuses"][0]["ready"]


@pytest.mark.parametrize(
    ("hook", "image", "error"),
    [
        (
            'exec: {command: [sh, -c, "sleep 2; exit 3"]}', "nginx",
            "Exec lifecycle hook ([sh -c sleep 2; exit 3]) for Container \"c\" in Pod \"p_default(%s)\" failed - "
            "error: command 'sh -c sleep 2; exit 3' exited with 3: , message: \"\"",
        ),
        (
            "httpGet: {port: 81, path: /warm}", "nginx",
            'HTTP lifecycle hook (/warm) for Container "c" in Pod "p_default(%s)" failed - error: '
            'Get "http://10.244.1.2:81/warm": dial tcp 10.244.1.2:81: connect: connection refused',
        ),
        (
            "httpGet: {port: 80}", "shop:slow",
            'HTTP lifecycle hook (/) for Container "c" in Pod "p_default(%s)" failed - error: '
            'Get "http://10.244.1.2:80/": dial tcp 10.244.1.2:80: connect: connection refused',
        ),
    ],
)  # fmt: skip
def test_a_container_whose_hook_fails_is_killed_and_started_again(hook: str, image: str, error: str) -> None:
    world, status = started(hook, 60, image)
    (shown,) = status["containerStatuses"]
    assert shown["restartCount"] > 0
    assert shown["lastState"]["terminated"]["containerID"]
    assert {("FailedPostStartHook", "PostStartHook failed"), ("Killing", "FailedPostStartHook")} <= set(happened(world))
    shown_once = {
        waiting["message"]
        for step in world.trace
        for change in getattr(getattr(step.record, "result", None), "changes", ())
        if change.ref.kind == "Pod" and change.new is not None
        for each in (change.new.get("status") or {}).get("containerStatuses", ())
        if (waiting := each["state"].get("waiting")) and waiting["reason"] == "PostStartHookError"
    }
    assert shown_once == {error % world.pods()[0]["metadata"]["uid"]}


def test_a_pod_that_is_not_restarted_ends_with_its_hook_as_its_program_does() -> None:
    _, status = started("exec: {command: ['false']}", 30, policy="Never")
    ended = status["containerStatuses"][0]["state"]["terminated"]
    assert (status["phase"], ended["exitCode"]) == ("Succeeded", 0)
