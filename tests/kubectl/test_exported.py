"""A cluster as manifests: applied elsewhere they are the same once more, and nothing in them is of the old cluster."""

from __future__ import annotations

from typing import Any

import pytest

from app import scenarios
from app.api.objects import Obj
from app.apimachinery import yamltext
from app.cluster import Cluster
from app.commands import Apply
from app.kubectl.exported import LEFT_OUT, MOST_VALUES, manifests, without_defaults
from app.rooms.rehearsal import Rehearsal
from tests.support.every_kind import documents


def exported(cluster: Cluster, *, nodes: bool = False) -> str:
    objects = [
        obj for row in cluster.scheme.kinds() if not row.is_local for obj in cluster.objects(row.key)
    ]  # fmt: skip
    return manifests(cluster.scheme, objects, cluster.objects("Node") if nodes else ())


def applied(text: str) -> Cluster:
    """To a fresh cluster, as kubectl does, which sends one object after another: definitions first."""
    cluster = Cluster()
    first = [part for part in text.split("---\n") if "kind: CustomResourceDefinition\n" in part]
    for part in ("---\n".join(first), text):
        error = cluster.submit(Apply(part)).record.error if part else ""  # type: ignore[union-attr]
        assert not error, error
        cluster.run(limit_steps=30_000)
    return cluster


def made_of(*texts: str) -> Cluster:
    cluster = Cluster()
    for text in texts:
        error = cluster.submit(Apply(text)).record.error  # type: ignore[union-attr]
        assert not error, error
    cluster.run(limit_steps=30_000)
    return cluster


def read(text: str) -> list[dict[str, Any]]:
    return [each.value for each in yamltext.read(text) if each.value]


def specs(cluster: Cluster, kind: str) -> list[Any]:
    return [(obj["metadata"]["name"], obj.get("spec")) for obj in cluster.objects(kind)]


def test_every_kind_is_the_same_once_more() -> None:
    cluster = made_of(*(yamltext.dump(document) for document in documents()))
    text = exported(cluster)
    again = applied(text)
    assert exported(again) == text
    assert len(read(text)) == sum(document["kind"] not in LEFT_OUT for document in documents())
    for kind in ("StatefulSet", "DaemonSet", "CronJob", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Ingress"):
        assert specs(again, kind) == specs(cluster, kind), "with all that a server fills in"


@pytest.mark.long
@pytest.mark.parametrize(
    "lesson", ["traffic", "stateful-set", "daemon-set", "quota", "own-website", "service-database", "service-queue"]
)
def test_a_lesson_that_was_played_is_the_same_once_more(lesson: str) -> None:
    rehearsal = Rehearsal(scenarios.get(lesson))
    for _ in rehearsal.play(range(len(rehearsal.script.scenario.steps))):
        pass
    text = exported(rehearsal.cluster)
    again = applied(text)
    assert exported(again) == text
    for kind in ("Deployment", "StatefulSet", "DaemonSet"):
        declared = [obj for obj in rehearsal.cluster.objects(kind) if not obj["metadata"].get("ownerReferences")]
        theirs = {obj["metadata"]["name"]: obj["spec"] for obj in again.objects(kind)}
        assert [theirs[obj["metadata"]["name"]] for obj in declared] == [obj["spec"] for obj in declared]


def test_it_is_what_people_wrote() -> None:
    written = read(scenarios.get("rolling-update").manifests)
    found = read(exported(made_of(scenarios.get("rolling-update").manifests)))
    assert sorted(doc["kind"] for doc in found) == sorted(doc["kind"] for doc in written)
    deployment = next(doc for doc in found if doc["kind"] == "Deployment")
    assert set(deployment["spec"]) <= {"replicas", "selector", "template", "strategy"}
    assert set(deployment["metadata"]) == {"name", "namespace"}
    assert "status" not in deployment


STRANGE = """\
apiVersion: v1
kind: Service
metadata: {name: outside}
spec: {type: NodePort, selector: {app: a}, ports: [{port: 80, nodePort: 30080}]}
---
apiVersion: v1
kind: Service
metadata: {name: headless, annotations: {team: blue}, finalizers: [example.com/mine]}
spec: {clusterIP: None, selector: {app: a}, ports: [{port: 80}]}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: blue}}}
---
apiVersion: v1
kind: Pod
metadata: {name: alone, namespace: shop}
spec:
  containers: [{name: a, image: nginx}]
  tolerations: [{key: gpu, operator: Exists}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: once, labels: {team: blue}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: busybox}]}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: disk}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


def test_nothing_that_was_assigned_comes_along() -> None:
    cluster = made_of(STRANGE)
    found: dict[str, Obj] = {doc["metadata"]["name"]: doc for doc in read(exported(cluster))}
    assert set(found) == {"shop", "disk", "headless", "outside", "once", "alone"}
    assert found["outside"]["spec"]["ports"] == [{"port": 80}]
    assert found["headless"]["spec"]["clusterIP"] == "None"
    assert found["headless"]["metadata"] == {
        "name": "headless",
        "namespace": "default",
        "annotations": {"team": "blue"},
    }
    assert found["shop"] == {
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "blue"}},
    }  # fmt: skip
    pods = cluster.objects("Pod", "shop")
    assert pods[0]["spec"]["nodeName"], "it has a node here"
    assert found["alone"]["spec"] == {
        "containers": [{"name": "a", "image": "nginx"}],
        "tolerations": [{"key": "gpu", "operator": "Exists"}],
    }
    assert set(found["once"]["spec"]) == {"template"}
    assert found["once"]["metadata"]["labels"] == {"team": "blue"}
    assert "volumeName" not in found["disk"]["spec"]
    assert exported(applied(exported(cluster))) == exported(cluster)


def test_what_stands_on_others_comes_after_them() -> None:
    kinds = [doc["kind"] for doc in read(exported(made_of(STRANGE)))]
    assert kinds == ["Namespace", "PersistentVolumeClaim", "Service", "Service", "Job", "Pod"]
    rehearsal = Rehearsal(scenarios.get("service-database"))
    rehearsal.press(0)
    kinds = [doc["kind"] for doc in read(exported(rehearsal.cluster))]
    assert kinds.index("CustomResourceDefinition") < kinds.index("ServiceAccount") < kinds.index("Deployment")
    assert kinds[-1] == "InnoDBCluster"


def test_nodes_come_along_for_kwok() -> None:
    cluster = made_of("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}")
    nodes = [doc for doc in read(exported(cluster, nodes=True)) if doc["kind"] == "Node"]
    assert [node["metadata"]["name"] for node in nodes] == ["node-1", "node-2", "node-3"]
    assert nodes[0]["metadata"]["annotations"] == {"kwok.x-k8s.io/node": "fake"}
    assert nodes[0]["status"]["allocatable"]["cpu"] == "4"
    assert "conditions" not in nodes[0]["status"]
    assert "Node" not in exported(cluster)


def test_an_empty_room_is_no_manifest() -> None:
    assert read(exported(made_of())) == []


def test_defaults_are_not_looked_for_in_endless_objects() -> None:
    def default(obj: Obj) -> Obj:
        return {**obj, "spec": {"usual": 1, **obj.get("spec", {})}}

    small: Obj = {"kind": "A", "spec": {"usual": 1, "mine": 2}}
    assert without_defaults(small, default) == {"kind": "A", "spec": {"mine": 2}}
    large: Obj = {"kind": "A", "spec": {"usual": 1, "list": [1] * MOST_VALUES}}
    assert without_defaults(large, default) is large
