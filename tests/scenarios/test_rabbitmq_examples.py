"""RabbitmqClusters as people write them: with nothing in them, and with a good deal."""

from __future__ import annotations

import pytest

from app.api.objects import Ref
from app.commands import SetQueue
from tests.support.rabbitmq import INSTALL, R
from tests.support.world import World

SSD = "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: ssd}, provisioner: example.com/disks}"
PLAIN = "{apiVersion: rabbitmq.com/v1beta1, kind: RabbitmqCluster, metadata: {name: r}}"
RICH = """
apiVersion: rabbitmq.com/v1beta1
kind: RabbitmqCluster
metadata: {name: r}
spec:
  replicas: 3
  resources: {requests: {cpu: 4000m, memory: 10Gi}, limits: {cpu: 4000m, memory: 10Gi}}
  rabbitmq: {additionalConfig: "disk_free_limit.relative = 1.0\\n"}
  persistence: {storageClassName: ssd, storage: 500Gi}
  affinity:
    podAntiAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
      - labelSelector: {matchLabels: {app.kubernetes.io/name: r}}
        topologyKey: kubernetes.io/hostname
  override:
    statefulSet:
      spec:
        template:
          spec:
            containers: []
            topologySpreadConstraints:
            - maxSkew: 1
              topologyKey: topology.kubernetes.io/zone
              whenUnsatisfiable: DoNotSchedule
              labelSelector: {matchLabels: {app.kubernetes.io/name: r}}
"""


def installed(text: str) -> World:
    world = World(cpu="8", memory="32Gi", zones=3)
    world.apply(INSTALL)
    world.settle()
    world.apply(SSD)
    world.apply(text)
    world.settle()
    return world


@pytest.mark.parametrize(("text", "servers"), [(PLAIN, 1), (RICH, 3)], ids=["plain", "rich"])
def test_it_converges(text: str, servers: int) -> None:
    world = installed(text)
    assert world.statuses() == ["Running"] * servers
    found = world.get(R)
    assert found is not None
    assert {each["type"]: each["status"] for each in found["status"]["conditions"]} == dict.fromkeys(
        ("AllReplicasReady", "ClusterAvailable", "NoWarnings", "ReconcileSuccess"), "True"
    )
    before = world.revision
    world.wait(120)
    assert not [each for each in world.changes_since(before) if each.ref.kind not in ("Lease", "Node")]


def test_the_pods_stand_apart_as_they_were_told() -> None:
    world = installed(RICH)
    assert len({pod["spec"]["nodeName"] for pod in world.pods()}) == 3


def test_servers_for_which_there_is_no_room_wait_and_the_others_do_not_start_without_them() -> None:
    world = World(cpu="4", memory="3Gi", nodes=2)
    world.apply(INSTALL)
    world.settle()
    world.apply("{apiVersion: rabbitmq.com/v1beta1, kind: RabbitmqCluster, metadata: {name: r}, spec: {replicas: 3}}")
    world.wait(120)
    assert sorted(world.statuses()) == ["Pending", "Running", "Running"]
    found = world.get(R)
    assert found is not None
    ready = next(each for each in found["status"]["conditions"] if each["type"] == "AllReplicasReady")
    assert (ready["status"], ready["message"]) == ("False", "0/3 Pods ready")


REFUSED = {
    "no such cluster": SetQueue(Ref(R.kind, "default", "none")),
    "no cluster at all": SetQueue(Ref("Deployment", "default", "web")),
    "too many servers": SetQueue(R, size=10),
    "too many messages": SetQueue(R, per_second=1_000),
    "a name that is none": SetQueue(R, queue="Orders!"),
}


@pytest.mark.parametrize("command", REFUSED.values(), ids=REFUSED)
def test_a_queue_that_cannot_be(command: SetQueue) -> None:
    world = World()
    world.apply(INSTALL)
    world.settle()
    world.apply(PLAIN)
    assert world.refused(command)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("{replicas: -1}", "spec.replicas"),
        ("{service: {type: Anything}}", "spec.service.type"),
        ("{rabbitmq: {additionalPlugins: ['no spaces please']}}", "spec.rabbitmq.additionalPlugins[0]"),
    ],
)
def test_a_cluster_that_cannot_be(spec: str, said: str) -> None:
    world = World()
    world.apply(INSTALL)
    world.settle()
    text = f"{{apiVersion: rabbitmq.com/v1beta1, kind: RabbitmqCluster, metadata: {{name: r}}, spec: {spec}}}"
    assert said in world.refused_apply(text)
