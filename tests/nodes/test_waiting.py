"""What commands say is what happens: programs that wait, end, or are not there."""

from __future__ import annotations

import pytest

from app.api.objects import Obj
from tests.support.world import World

INIT = """
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  initContainers:
  - {name: wait, image: busybox, command: [sh, -c, '%s']}
  containers: [{name: c, image: nginx}]
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {selector: {app: db}, ports: [{port: 5432}]%s}
"""
BACKEND = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: postgres}]}
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: %s
  containers: [{name: c, image: busybox, %s}]
"""


def phase(world: World, name: str = "p") -> str:
    return next(pod["status"]["phase"] for pod in world.pods() if pod["metadata"]["name"] == name)


def a_pod(policy: str, container: str, seconds: int = 5) -> tuple[World, Obj]:
    world = World()
    world.apply(POD % (policy, container))
    world.wait(seconds)
    return world, world.pods()[0]


@pytest.mark.parametrize(
    ("script", "headless", "needs_backend"),
    [
        ("until nslookup db; do sleep 2; done", False, False),
        ("until nslookup db.default.svc.cluster.local; do sleep 2; done", False, False),
        ("until nslookup db; do sleep 2; done", True, True),
        ("until nslookup db-0.db; do sleep 2; done", True, True),
        ("while ! nc -z db 5432; do sleep 1; done", False, True),
        ("until pg_isready -h db.default; do sleep 1; done", False, True),
    ],
)
def test_an_init_container_finds_a_service_when_it_is_there(script: str, headless: bool, needs_backend: bool) -> None:
    world = World()
    world.apply(INIT % script)
    world.wait(60)
    assert phase(world) == "Pending"
    world.apply(SERVICE % (", clusterIP: None" if headless else ""))
    world.wait(10)
    assert phase(world) == ("Pending" if needs_backend else "Running")
    world.apply(BACKEND)
    world.wait(30)
    assert phase(world) == "Running"
    (init,) = world.objects("Pod", "default")[-1]["status"]["initContainerStatuses"]
    assert (init["restartCount"], init["state"]["terminated"]["exitCode"]) == (0, 0)


@pytest.mark.parametrize("script", ["until nc -z db 80; do sleep 1; done", "until nslookup other; do sleep 1; done"])
def test_another_port_or_name_is_not_found(script: str) -> None:
    world = World()
    world.apply(INIT % script)
    world.apply(SERVICE % "")
    world.apply(BACKEND)
    world.wait(60)
    assert phase(world) == "Pending"


def test_names_of_the_world_outside_are_found_at_once() -> None:
    world = World()
    world.apply(INIT % "until nslookup example.com; do sleep 1; done")
    world.settle()
    assert phase(world) == "Running"


def test_a_program_looks_once_a_beat() -> None:
    world = World()
    world.apply(INIT % "until nslookup db; do sleep 7; done")
    world.wait(30)
    world.apply(SERVICE % "")
    world.wait(30)
    (init,) = world.pods()[0]["status"]["initContainerStatuses"]
    ended = next(each for each in world.objects("PodSandbox") if each["spec"]["podName"] == "p")
    known = ended["status"]["containers"]["wait"]
    assert init["state"]["terminated"]["reason"] == "Completed"
    assert (known["foundMs"] - known["startedMs"]) % 7_000 < 10
    assert known["finishedMs"] == known["foundMs"] > known["startedMs"] + 28_000


def test_a_file_is_found_when_another_container_has_made_it() -> None:
    world = World()
    container = "command: [sh, -c, 'until [ -f /work/ready ]; do sleep 1; done']"
    other = "{name: other, image: busybox, command: [sh, -c, 'sleep 20; touch /work/ready']}"
    world.apply((POD % ("Never", container)).replace("}]", "}, " + other + "]"))
    world.wait(15)
    assert phase(world) == "Running"
    world.wait(15)
    assert phase(world) == "Succeeded"


def test_the_environment_says_what_to_wait_for() -> None:
    world = World()
    text = INIT % "until nc -z $DB_HOST $(DB_PORT); do sleep 1; done"
    env = 'env: [{name: DB_HOST, value: db}, {name: DB_PORT, value: "5432"}]'
    world.apply(text.replace("command:", f"{env}, command:", 1))
    world.wait(30)
    assert phase(world) == "Pending"
    world.apply(SERVICE % "")
    world.apply(BACKEND)
    world.wait(30)
    assert phase(world) == "Running"


@pytest.mark.parametrize(
    ("container", "code", "reason"),
    [
        ("command: [nosuchprogram]", 128, "StartError"),
        ("command: [sh, -c, 'false']", 1, "Error"),
        ("command: [sh, -c, nosuchprogram]", 127, "Error"),
        ("command: [sh, -c, 'sleep $(PAUSE); exit 4'], env: [{name: PAUSE, value: \"2\"}]", 4, "Error"),
        ("command: [sh]", 0, "Completed"),
    ],
)
def test_how_a_command_ends(container: str, code: int, reason: str) -> None:
    _, pod = a_pod("Never", container, 20)
    ended = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (code, reason)
    assert pod["status"]["phase"] == ("Failed" if code else "Succeeded")


def test_a_program_that_there_is_not_is_never_started() -> None:
    world, pod = a_pod("Always", "command: [nosuchprogram]", 30)
    (shown,) = pod["status"]["containerStatuses"]
    error = shown["lastState"]["terminated"]["message"]
    assert error.endswith('exec: "nosuchprogram": executable file not found in $PATH')
    assert shown["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    events = {(each["reason"], each["message"]) for each in world.objects("Event") if each["type"] == "Warning"}
    assert ("Failed", f"Error: {error}") in events
    assert "Started" not in {each["reason"] for each in world.objects("Event")}


@pytest.mark.parametrize(
    "container",
    [
        "stdin: true, tty: true, command: [sh]",
        "command: [sh, -c, 'tail -n+1 -F /var/log/app.log']",
        "command: [ping, example.com]",
    ],
)
def test_what_does_not_end_runs(container: str) -> None:
    _, pod = a_pod("Always", container, 60)
    (shown,) = pod["status"]["containerStatuses"]
    assert ("running" in shown["state"], shown["restartCount"]) == (True, 0)


def test_the_work_of_a_job_ends() -> None:
    world = World()
    job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: digits}\nspec:\n  template:\n    spec:\n"
    world.apply(job + "      restartPolicy: Never\n      containers: [{name: c, image: shop-migrations}]\n")
    world.settle()
    assert [each["type"] for each in world.objects("Job")[0]["status"]["conditions"]][-1] == "Complete"
