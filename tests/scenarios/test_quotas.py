"""What a namespace may use, and what its pods are given and forbidden."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Ref
from app.commands import DeleteObject
from tests.support.world import World

QUOTA = """
apiVersion: v1
kind: ResourceQuota
metadata: {name: team}
spec: {hard: %s}
"""
LIMITS = """
apiVersion: v1
kind: LimitRange
metadata: {name: sizes}
spec:
  limits:
  - type: Container
    default: {cpu: 500m, memory: 256Mi}
    defaultRequest: {cpu: 100m}
    max: {cpu: "1"}
    min: {cpu: 50m}
    maxLimitRequestRatio: {cpu: "10"}
  - type: Pod
    max: {memory: 1Gi}
  - type: PersistentVolumeClaim
    min: {storage: 1Gi}
    max: {storage: 4Gi}
"""
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: %s}}}
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: %s}
spec: {containers: [{name: c, image: "nginx:1.27", resources: %s}]}
"""


def used(world: World) -> dict[str, Any]:
    found = world.get(Ref("ResourceQuota", "default", "team"))
    assert found is not None
    amounts: dict[str, Any] = found["status"]["used"]
    return amounts


def limited(hard: str) -> World:
    world = World()
    world.apply(QUOTA % hard)
    world.settle()
    return world


def test_a_deployment_gets_as_many_pods_as_the_quota_has_room_for() -> None:
    world = limited("{pods: 2}")
    assert used(world) == {"pods": "0"}
    world.web(4)
    world.run(limit_ms=30_000)
    assert len(world.pods()) == 2
    assert used(world) == {"pods": "2"}
    failure = world.condition("ReplicaFailure")
    assert failure["reason"] == "FailedCreate"
    assert "exceeded quota: team, requested: pods=1, used: pods=2, limited: pods=2" in failure["message"]


def test_what_is_deleted_is_free_again() -> None:
    world = limited("{pods: 2}")
    world.web(4)
    world.run(limit_ms=30_000)
    world.scale("web", 1)
    world.settle()
    assert used(world) == {"pods": "1"}


def test_where_cpu_is_limited_pods_have_to_say_what_they_need() -> None:
    world = limited('{requests.cpu: "1", limits.memory: 1Gi}')
    said = world.refused_apply(POD % ("silent", "{}"))
    assert said == (
        'pods "silent" is forbidden: failed quota: team: must specify limits.memory for: c; requests.cpu for: c'
    )
    world.apply(POD % ("first", "{requests: {cpu: 600m}, limits: {memory: 256Mi}}"))
    assert used(world) == {"limits.memory": "256Mi", "requests.cpu": "600m"}
    said = world.refused_apply(POD % ("second", "{requests: {cpu: 600m}, limits: {memory: 256Mi}}"))
    assert said == (
        'pods "second" is forbidden: exceeded quota: team, requested: requests.cpu=600m, used: requests.cpu=600m, '
        "limited: requests.cpu=1"
    )


def test_objects_are_counted_by_name() -> None:
    world = limited("{count/deployments.apps: 1, services.nodeports: 0, configmaps: 1}")
    world.web(1)
    assert used(world)["count/deployments.apps"] == "1"
    said = world.refused_apply(
        "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: NodePort, ports: [{port: 80}]}}"
    )
    assert "requested: services.nodeports=1, used: services.nodeports=0, limited: services.nodeports=0" in said


def test_containers_that_say_nothing_are_given_what_the_range_says() -> None:
    world = World()
    world.apply(LIMITS)
    world.apply(POD % ("plain", "{}"))
    (pod,) = world.pods()
    assert pod["spec"]["containers"][0]["resources"] == {
        "requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"},
    }  # fmt: skip
    note = pod["metadata"]["annotations"]["kubernetes.io/limit-ranger"]
    assert note.startswith("LimitRanger plugin set: cpu")


@pytest.mark.parametrize(
    ("resources", "why"),
    [
        ("{limits: {cpu: '2'}}", "maximum cpu usage per Container is 1, but limit is 2"),
        ("{requests: {cpu: 10m}, limits: {cpu: 50m}}", "minimum cpu usage per Container is 50m, but request is 10m"),
        (
            "{requests: {cpu: 10m}, limits: {cpu: 200m}}",
            "[minimum cpu usage per Container is 50m, but request is 10m, "
            "cpu max limit to request ratio per Container is 10, but provided ratio is 20.000000]",
        ),
        (
            "{requests: {cpu: 50m}, limits: {cpu: '1'}}",
            "cpu max limit to request ratio per Container is 10, but provided ratio is 20.000000",
        ),
    ],
)
def test_what_is_out_of_the_range_is_refused(resources: str, why: str) -> None:
    world = World()
    world.apply(LIMITS)
    assert world.refused_apply(POD % ("odd", resources)) == f'pods "odd" is forbidden: {why}'


@pytest.mark.parametrize(
    ("storage", "why"),
    [
        ("8Gi", "maximum storage usage per PersistentVolumeClaim is 4Gi, but request is 8Gi"),
        ("1Mi", "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi"),
    ],
)
def test_claims_have_a_range_too(storage: str, why: str) -> None:
    world = World()
    world.apply(LIMITS)
    assert world.refused_apply(CLAIM % storage) == f'persistentvolumeclaims "data" is forbidden: {why}'


def test_a_pod_is_measured_as_a_whole() -> None:
    world = World()
    world.apply(LIMITS)
    said = world.refused_apply(POD % ("large", "{limits: {memory: 2Gi}}"))
    assert said == 'pods "large" is forbidden: maximum memory usage per Pod is 1Gi, but limit is 2Gi'


def test_init_containers_have_to_say_too() -> None:
    world = limited('{requests.cpu: "1"}')
    said = world.refused_apply(
        "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: b, image: 'nginx:1.27'}], "
        "initContainers: [{name: a, image: 'nginx:1.27'}]}}"
    )
    assert said == 'pods "p" is forbidden: failed quota: team: must specify requests.cpu for: a,b'


def test_a_quota_limits_from_when_it_was_counted() -> None:
    world = World()
    world.apply(QUOTA % "{secrets: 0}")
    world.apply("{apiVersion: v1, kind: Secret, metadata: {name: early}}")
    world.settle()
    assert used(world) == {"secrets": "1"}
    said = world.refused_apply("{apiVersion: v1, kind: Secret, metadata: {name: late}}")
    assert said == (
        'secrets "late" is forbidden: exceeded quota: team, requested: secrets=1, used: secrets=1, limited: secrets=0'
    )


def test_a_service_that_comes_to_want_a_node_port_is_charged_and_gives_it_back() -> None:
    world = limited("{services.nodeports: 1}")
    service = "{apiVersion: v1, kind: Service, metadata: {name: %s}, spec: {type: %s, ports: [{port: 80}]}}"
    for name in ("a", "b"):
        world.apply(service % (name, "ClusterIP"))
    world.apply(service % ("a", "NodePort"))
    assert used(world) == {"services.nodeports": "1"}
    said = world.refused_apply(service % ("b", "NodePort"))
    assert said == (
        'services "b" is forbidden: exceeded quota: team, requested: services.nodeports=1, '
        "used: services.nodeports=1, limited: services.nodeports=1"
    )
    world.apply(service % ("a", "ClusterIP"))
    world.settle()
    assert used(world) == {"services.nodeports": "0"}


def test_jobs_that_are_deleted_are_free_again() -> None:
    world = limited("{count/jobs.batch: 1}")
    world.apply(
        "{apiVersion: batch/v1, kind: Job, metadata: {name: once}, spec: {suspend: true, template: {spec: "
        "{restartPolicy: Never, containers: [{name: c, image: 'nginx:1.27'}]}}}}"
    )
    assert used(world) == {"count/jobs.batch": "1"}
    world.do(DeleteObject(Ref("Job", "default", "once")))
    world.settle()
    assert used(world) == {"count/jobs.batch": "0"}
