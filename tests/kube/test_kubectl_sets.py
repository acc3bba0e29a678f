"""StatefulSets and DaemonSets with the real kubectl: rollouts, history, undo, restart."""

from __future__ import annotations

import pytest

from tests.support.clients import Kubectl

STATEFUL_SET = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: main, image: "mysql:8.4"}]
"""
DAEMON_SET = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: db}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: main, image: "mysql:8.4"}]
"""
MANIFESTS = {"statefulset": STATEFUL_SET, "daemonset": DAEMON_SET}
DONE = {
    "statefulset": "partitioned roll out complete: 2 new pods have been updated...",
    "daemonset": 'daemon set "db" successfully rolled out',
}


@pytest.fixture(params=list(MANIFESTS))
def kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


def image(kubectl: Kubectl, kind: str) -> str:
    return kubectl("get", kind, "db", "-o", "jsonpath={.spec.template.spec.containers[0].image}")


def revisions(kubectl: Kubectl, kind: str) -> list[str]:
    return [line.split()[0] for line in kubectl("rollout", "history", f"{kind}/db").splitlines()[2:] if line]


def test_status_history_undo_and_restart(kubectl: Kubectl, kind: str) -> None:
    what = f"{kind}/db"
    assert kubectl("apply", "-f", "-", stdin=MANIFESTS[kind]) == f"{kind}.apps/db created\n"
    assert kubectl("rollout", "status", what).splitlines()[-1] == DONE[kind]
    kubectl("set", "image", what, "main=mysql:9.0")
    assert kubectl("rollout", "status", what).splitlines()[-1] == DONE[kind]
    assert revisions(kubectl, kind) == ["1", "2"]
    assert "mysql:8.4" in kubectl("rollout", "history", what, "--revision=1")
    assert kubectl("rollout", "undo", what) == f"{kind}.apps/db rolled back\n"
    assert image(kubectl, kind) == "mysql:8.4"
    kubectl("rollout", "status", what)
    assert revisions(kubectl, kind) == ["2", "3"]
    assert "unable to find specified revision 99" in kubectl.refused("rollout", "undo", what, "--to-revision=99")
    assert kubectl("rollout", "restart", what) == f"{kind}.apps/db restarted\n"
    kubectl("rollout", "status", what)
    assert revisions(kubectl, kind) == ["2", "3", "4"]


@pytest.mark.kubectl(36)  # older ones write times that are null, and newer servers do not
def test_what_is_so_already_is_not_undone(kubectl: Kubectl, kind: str) -> None:
    manifest = MANIFESTS[kind].replace('mysql:8.4"', 'mysql:8.4", args: ["-c", "a && b > c"]')
    kubectl("apply", "-f", "-", stdin=manifest)
    kubectl("rollout", "status", f"{kind}/db")
    said = kubectl("rollout", "undo", f"{kind}/db", "--to-revision=1")
    assert said == f"{kind}.apps/db skipped rollback (current template already matches revision 1)\n"


def test_revisions_are_listed_with_their_controller(kubectl: Kubectl, kind: str) -> None:
    kubectl("apply", "-f", "-", stdin=MANIFESTS[kind])
    kubectl("rollout", "status", f"{kind}/db")
    (_, row) = kubectl.rows("get", "controllerrevisions")
    assert row[0].startswith("db-")
    assert row[1:3] == [f"{kind}.apps/db", "1"]
    assert "$patch: replace" in kubectl("get", "controllerrevision", row[0], "-o", "yaml")


def test_a_stateful_set_is_scaled_and_described(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=STATEFUL_SET)
    kubectl("scale", "sts/db", "--replicas=3")
    kubectl("rollout", "status", "sts/db")
    assert kubectl.rows("get", "sts", "db")[1][:2] == ["db", "3/3"]
    said = kubectl("describe", "sts", "db")
    assert "Replicas:           3 desired | 3 total" in said
    assert "Create Pod db-2 in StatefulSet db successful" in said
    assert "Controlled By:  StatefulSet/db" in kubectl("describe", "pod", "db-0")


def test_a_daemon_set_is_left_alone_by_drain(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=DAEMON_SET)
    kubectl("rollout", "status", "ds/db")
    assert kubectl.rows("get", "ds", "db")[1][1:6] == ["3"] * 5
    assert "cannot delete DaemonSet-managed Pods" in kubectl.refused("drain", "node-1")
    kubectl("drain", "node-1", "--ignore-daemonsets")
    assert len(kubectl.rows("get", "pods", "-l", "app=db")) == 4
    assert "Desired Number of Nodes Scheduled: 3" in kubectl("describe", "ds", "db")
