"""Containers that get another size while they run, and containers that are added to look inside a pod."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.api.conditions import find
from app.api.objects import Obj, Ref
from app.commands import PatchObject
from tests.support.world import World

POD = """
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  nodeName: node-1
  containers:
  - name: c
    image: nginx:1.27
    resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 200m, memory: 128Mi}}
    resizePolicy: [{resourceName: memory, restartPolicy: RestartContainer}]
"""
REF = Ref("Pod", "default", "p")


def patch(part: str, *containers: dict[str, Any], through: str) -> PatchObject:
    return PatchObject(REF, "strategic", json.dumps({"spec": {part: list(containers)}}), through)


def resize(**resources: dict[str, str]) -> PatchObject:
    return patch("containers", {"name": "c", "resources": resources}, through="resize")


def debug(**container: Any) -> PatchObject:
    return patch("ephemeralContainers", {"name": "debugger", **container}, through="ephemeralcontainers")


def started(text: str = POD, **options: Any) -> World:
    world = World(**options)
    world.apply(text)
    world.settle()
    return world


def pod(world: World) -> Obj:
    found = world.get(REF)
    assert found is not None
    return found


def container(world: World) -> dict[str, Any]:
    status: dict[str, Any] = pod(world)["status"]["containerStatuses"][0]
    return status


def condition(world: World, type_: str) -> dict[str, Any] | None:
    return find(pod(world)["status"]["conditions"], type_)


# -------------------------------------------------------------------------------------------------- resize


def test_the_status_says_how_large_a_container_is() -> None:
    status = container(started())
    assert status["allocatedResources"] == {"cpu": "100m", "memory": "64Mi"}
    assert status["resources"]["limits"] == {"cpu": "200m", "memory": "128Mi"}


def test_more_cpu_is_given_without_a_restart() -> None:
    world = started()
    world.do(resize(requests={"cpu": "150m"}))
    seen = set()
    while world.step() is not None:
        granted, has = container(world)["allocatedResources"]["cpu"], container(world)["resources"]["requests"]["cpu"]
        seen.add((granted, has, condition(world, "PodResizeInProgress") is not None))
        if seen >= {("150m", "150m", False)}:
            break
    assert seen == {("100m", "100m", False), ("150m", "100m", True), ("150m", "150m", False)}
    assert (container(world)["restartCount"], pod(world)["status"]["observedGeneration"]) == (0, 2)
    world.settle()
    told = {each["reason"]: each["message"] for each in world.objects("Event") if "resize" in each["message"]}
    summary = (
        '{"containers":[{"name":"c","resources":{"limits":{"cpu":"200m","memory":"128Mi"},'
        '"requests":{"cpu":"150m","memory":"64Mi"}}}],"generation":2}'
    )
    assert told == {
        "ResizeStarted": f"Pod resize started: {summary}",
        "ResizeCompleted": f"Pod resize completed: {summary}",
    }


def test_a_policy_may_want_the_container_to_start_anew() -> None:
    world = started()
    world.do(resize(limits={"memory": "256Mi"}))
    world.settle()
    status = container(world)
    assert (status["restartCount"], status["ready"]) == (1, True)
    assert status["resources"]["limits"] == {"cpu": "200m", "memory": "256Mi"}
    assert "Container c resize requires restart" in [each["message"] for each in world.objects("Event")]


def test_what_is_larger_than_the_node_is_refused() -> None:
    world = started()
    said = world.refused(resize(requests={"cpu": "100"}, limits={"cpu": "100"}))
    assert said == (
        'pods "p" is forbidden: node didn\'t have enough allocatable resources: cpu, requested: 100000, '
        "allocatable: 4000"
    )


def test_where_there_is_no_room_the_pod_waits_until_another_leaves() -> None:
    world = started()
    other = POD.replace("name: p", "name: other").replace("cpu: 100m", "cpu: 3500m").replace("cpu: 200m", "cpu: 3500m")
    world.apply(other)
    world.settle()
    world.do(resize(requests={"cpu": "800m"}, limits={"cpu": "800m"}))
    world.settle()
    pending = condition(world, "PodResizePending")
    assert pending is not None
    assert (pending["status"], pending["reason"], pending["observedGeneration"]) == ("True", "Deferred", 2)
    why = "Node didn't have enough resource: cpu, requested: 800, used: 3500, capacity: 4000"
    assert pending["message"] == why
    assert container(world)["allocatedResources"]["cpu"] == "100m"
    (event,) = (each for each in world.objects("Event") if each["reason"] == "ResizeDeferred")
    assert event["message"].startswith('Pod resize Deferred: {"containers":')
    assert event["message"].endswith(f',"generation":2,"error":"{why}"}}')
    world.kill("other")
    world.settle()
    assert condition(world, "PodResizePending") is None
    assert container(world)["resources"]["requests"]["cpu"] == "800m"


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (
            {"limits": {"memory": None}},
            "spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed",
        ),
        (
            {"requests": {"cpu": "200m", "memory": "128Mi"}},
            'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
        ),
        ({"requests": {"ephemeral-storage": "1Gi"}}, "spec: Forbidden: only cpu and memory resources are mutable"),
    ],
)  # fmt: skip
def test_a_resize_that_is_none_is_refused(asked: dict[str, Any], why: str) -> None:
    assert started().refused(resize(**asked)) == f'Pod "p" is invalid: {why}'


def test_nothing_else_goes_through_resize() -> None:
    world = started()
    world.do(patch("containers", {"name": "c", "image": "nginx:1.28"}, through="resize"))
    assert pod(world)["metadata"]["generation"] == 1
    said = world.refused(patch("containers", {"name": "d", "image": "x"}, through="resize"))
    assert "spec.containers: Forbidden: containers may not be added or removed on resize" in said


def test_a_pod_that_shrinks_makes_room_for_one_that_waits() -> None:
    world = started()
    for node in ("node-2", "node-3"):
        world.cordon(node)
    world.do(resize(requests={"cpu": "3900m"}, limits={"cpu": "3900m"}))
    world.apply(POD.replace("name: p", "name: next").replace("  nodeName: node-1\n", "").replace("100m", "150m"))
    world.settle()
    assert world.statuses() == ["Pending", "Running"]
    world.do(resize(requests={"cpu": "100m"}))
    world.settle()
    assert world.statuses() == ["Running", "Running"]


# ------------------------------------------------------------------------------------- ephemeral containers


def test_a_container_is_added_to_look_inside() -> None:
    world = started()
    world.do(debug(image="nginx:1.28", targetContainerName="c"))
    world.settle()
    (added,) = pod(world)["status"]["ephemeralContainerStatuses"]
    assert (added["name"], added["image"], list(added["state"])) == ("debugger", "nginx:1.28", ["running"])
    assert (added["ready"], "started" in added) == (False, False)
    assert (pod(world)["metadata"]["generation"], pod(world)["status"]["observedGeneration"]) == (2, 2)
    assert pod(world)["spec"]["ephemeralContainers"][0]["terminationMessagePolicy"] == "File"
    paths = {each["involvedObject"].get("fieldPath") for each in world.objects("Event") if each["reason"] == "Started"}
    assert paths == {"spec.containers{c}", "spec.ephemeralContainers{debugger}"}
    world.kill("p")
    world.settle()
    assert world.pods() == []


def test_it_is_not_started_again() -> None:
    world = started()
    world.do(debug(image="busybox", command=["sh", "-c", "exit 3"]))
    world.settle()
    (added,) = pod(world)["status"]["ephemeralContainerStatuses"]
    assert (added["state"]["terminated"]["exitCode"], added["restartCount"]) == (3, 0)
    assert pod(world)["status"]["phase"] == "Running"


@pytest.mark.parametrize(
    ("container", "why"),
    [
        (
            {"image": "x", "ports": [{"containerPort": 80}]},
            "ports: Forbidden: cannot be set for an Ephemeral Container",
        ),
        ({"image": "x", "targetContainerName": "d"}, 'targetContainerName: Not found: "d"'),
        ({"name": "c", "image": "x"}, 'name: Duplicate value: "c"'),
    ],
)  # fmt: skip
def test_what_is_wrong_with_one_is_told(container: dict[str, Any], why: str) -> None:
    assert started().refused(debug(**container)) == f'Pod "p" is invalid: spec.ephemeralContainers[0].{why}'


def test_one_that_is_there_stays_as_it_is() -> None:
    world = started()
    world.do(debug(image="nginx:1.28"))
    said = world.refused(debug(image="nginx:1.29"))
    assert said.startswith(
        'Pod "p" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers "debugger" may not be '
        "changed\n"
    )
    removed = PatchObject(REF, "merge", '{"spec":{"ephemeralContainers":[]}}', "ephemeralcontainers")
    said = world.refused(removed)
    assert 'existing ephemeral containers "debugger" may not be removed' in said


def test_none_comes_with_a_new_pod() -> None:
    said = World().refused_apply(POD + "  ephemeralContainers: [{name: d, image: x}]\n")
    assert "spec.ephemeralContainers: Forbidden: cannot be set on create" in said
