"""StatefulSets in a whole cluster, against what a real Kubernetes 1.36 did with the same manifest and commands."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj, Ref, is_terminating, name_of
from app.cluster import Cluster
from app.commands import DeleteObject, PowerNode, RolloutRestart, RolloutUndo, Scale, SetImage
from tests.support.world import World

DB = """
apiVersion: v1
kind: Service
metadata: {name: db}
spec:
  clusterIP: None
  selector: {app: db}
  ports: [{name: sql, port: 3306}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 3
%s  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: mysql, image: "mysql:8.4", ports: [{containerPort: 3306}]}]
"""
SET = Ref("StatefulSet", "default", "db")
FIRST, SECOND = "db-66b694ddbb", "db-65b4595d9c"
FIELDS = ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")


def ready(pod: Obj) -> bool:
    said = pod.get("status", {}).get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in said)


class Watched(World):
    """A world whose changes since the last look can be asked for."""

    def __init__(self, extra: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.seen = self.store.revision
        self.apply(DB % extra)
        self.settle()

    def counts(self) -> list[tuple[int, ...]]:
        """The status of the set as it was written, one tuple each: FIELDS."""
        changes = [each for each in self.store.changes_since(self.seen) if each.ref == SET and each.new]
        states = [(each.new or {})["status"] for each in changes if each.old is not None]
        before = [(each.old or {}).get("status") for each in changes if each.old is not None]
        return [
            tuple(state.get(field, 0) for field in FIELDS)
            for state, old in zip(states, before, strict=True)
            if state != old
        ]

    def pods_moved(self) -> list[str]:
        """`+db-0` made, `-db-0` marked for deletion, `.db-0` gone."""
        moves = []
        for change in self.store.changes_since(self.seen):
            if change.ref.kind != "Pod":
                continue
            if change.old is None:
                moves.append(f"+{change.ref.name}")
            elif change.new is None:
                moves.append(f".{change.ref.name}")
            elif is_terminating(change.new) and not is_terminating(change.old):
                moves.append(f"-{change.ref.name}")
        return moves

    def then(self, command: Any) -> None:
        self.seen = self.store.revision
        self.do(command)
        self.settle()

    def status(self) -> dict[str, Any]:
        found = self.get(SET)
        assert found is not None
        status: dict[str, Any] = found["status"]
        return status

    def images(self) -> list[str]:
        return [pod["spec"]["containers"][0]["image"] for pod in self.pods()]

    def history(self) -> dict[str, int]:
        return {name_of(each): each["revision"] for each in self.objects("ControllerRevision", "default")}


@pytest.fixture
def db() -> Watched:
    return Watched()


def test_the_start_is_recorded(db: Watched) -> None:
    assert db.pods_moved() == ["+db-0", "+db-1", "+db-2"]
    assert db.counts() == [
        (0, 0, 0, 0, 0),
        (1, 0, 1, 1, 0),
        (1, 1, 1, 1, 1),
        (2, 1, 2, 2, 1),
        (2, 2, 2, 2, 2),
        (3, 2, 3, 3, 2),
        (3, 3, 3, 3, 3),
    ]
    assert db.status() == {
        "observedGeneration": 1,
        "replicas": 3,
        "readyReplicas": 3,
        "currentReplicas": 3,
        "updatedReplicas": 3,
        "currentRevision": FIRST,
        "updateRevision": FIRST,
        "collisionCount": 0,
        "availableReplicas": 3,
    }
    assert db.history() == {FIRST: 1}


def test_a_pod_follows_only_one_that_is_ready() -> None:
    world = World()
    world.apply(DB % "")

    def in_order(cluster: Cluster) -> bool:
        pods = cluster.objects("Pod", "default")
        assert all(map(ready, pods[:-1]))
        return cluster.quiet

    world.run(until=in_order)
    assert world.pod_names() == ["db-0", "db-1", "db-2"]


def test_a_deleted_pod_returns_under_its_name_when_it_is_gone(db: Watched) -> None:
    before = {name_of(pod): pod["metadata"]["uid"] for pod in db.pods()}
    db.then(DeleteObject(Ref("Pod", "default", "db-1")))
    assert db.pods_moved() == ["-db-1", ".db-1", "+db-1"]
    after = {name_of(pod): pod["metadata"]["uid"] for pod in db.pods()}
    assert [name for name in after if after[name] != before[name]] == ["db-1"]
    assert db.counts() == [
        (3, 3, 2, 2, 3),
        (3, 2, 2, 2, 2),
        (2, 2, 2, 2, 2),
        (3, 2, 3, 3, 2),
        (3, 3, 3, 3, 3),
    ]


def test_scaling_goes_down_from_the_top_and_up_from_the_bottom_one_at_a_time(db: Watched) -> None:
    db.then(Scale(SET, 1))
    assert db.pods_moved() == ["-db-2", ".db-2", "-db-1", ".db-1"]
    db.then(Scale(SET, 3))
    assert db.pods_moved() == ["+db-1", "+db-2"]


def test_an_update_goes_from_the_highest_down(db: Watched) -> None:
    db.then(SetImage(SET, "mysql:9.0", "mysql"))
    steps = [f"{sign}db-{number}" for number in (2, 1, 0) for sign in "-.+"]
    assert db.pods_moved() == steps
    assert db.images() == ["mysql:9.0"] * 3
    assert db.history() == {FIRST: 1, SECOND: 2}
    assert (db.status()["currentRevision"], db.status()["updateRevision"]) == (SECOND, SECOND)
    assert db.counts()[:4] == [(3, 3, 2, 0, 3), (3, 2, 2, 0, 2), (2, 2, 2, 0, 2), (3, 2, 2, 1, 2)]
    assert db.counts()[-3:] == [(2, 2, 0, 2, 2), (3, 2, 0, 3, 2), (3, 3, 3, 3, 3)]


def test_events_in_its_own_words(db: Watched) -> None:
    db.then(Scale(SET, 2))
    events = [each for each in db.objects("Event") if each["involvedObject"]["kind"] == "StatefulSet"]
    assert [(each["type"], each["reason"], each["message"]) for each in events] == [
        *(("Normal", "SuccessfulCreate", f"Create Pod db-{n} in StatefulSet db successful") for n in range(3)),
        ("Normal", "SuccessfulDelete", "Delete Pod db-2 in StatefulSet db successful"),
    ]
    assert {each["source"]["component"] for each in events} == {"statefulset-controller"}


def test_a_broken_update_stays_where_it_is_and_is_turned_back_by_hand(db: Watched) -> None:
    db.do(SetImage(SET, "mysql:broken", "mysql"))
    db.wait(120)
    assert db.images() == ["mysql:8.4", "mysql:8.4", "mysql:broken"]
    db.do(RolloutUndo(SET))
    db.wait(120)
    assert db.images() == ["mysql:8.4", "mysql:8.4", "mysql:broken"]  # as in Kubernetes: the pod must go first
    assert db.history()[FIRST] == 3
    db.then(DeleteObject(Ref("Pod", "default", "db-2")))
    assert db.images() == ["mysql:8.4"] * 3
    assert db.statuses() == ["Running"] * 3


def test_a_partition_keeps_the_lower_ones() -> None:
    world = Watched("  updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 2}}\n")
    world.then(SetImage(SET, "mysql:9.0", "mysql"))
    assert world.images() == ["mysql:8.4", "mysql:8.4", "mysql:9.0"]
    world.then(DeleteObject(Ref("Pod", "default", "db-0")))
    assert world.images() == ["mysql:8.4", "mysql:8.4", "mysql:9.0"]
    assert (world.status()["currentReplicas"], world.status()["updatedReplicas"]) == (2, 1)


def test_on_delete_waits_for_somebody_to_delete() -> None:
    world = Watched("  updateStrategy: {type: OnDelete}\n")
    world.then(SetImage(SET, "mysql:9.0", "mysql"))
    assert world.images() == ["mysql:8.4"] * 3
    world.then(DeleteObject(Ref("Pod", "default", "db-1")))
    assert world.images() == ["mysql:8.4", "mysql:9.0", "mysql:8.4"]


def test_parallel_starts_all_at_once() -> None:
    world = Watched("  podManagementPolicy: Parallel\n")
    assert world.counts()[:2] == [(0, 0, 0, 0, 0), (3, 0, 3, 3, 0)]
    world.then(Scale(SET, 0))
    assert world.pods_moved()[:3] == ["-db-2", "-db-1", "-db-0"]


def test_a_restart_exchanges_every_pod(db: Watched) -> None:
    before = {pod["metadata"]["uid"] for pod in db.pods()}
    db.then(RolloutRestart(SET))
    assert not before & {pod["metadata"]["uid"] for pod in db.pods()}
    assert len(db.history()) == 2


def test_a_pod_on_a_dead_machine_is_not_replaced_and_returns_with_the_machine(db: Watched) -> None:
    (pod,) = [each for each in db.pods() if name_of(each) == "db-1"]
    node, uid = pod["spec"]["nodeName"], pod["metadata"]["uid"]
    db.do(PowerNode(node, False))
    db.do(DeleteObject(Ref("Pod", "default", "db-1")))
    db.wait(600)
    (left,) = [each for each in db.pods() if name_of(each) == "db-1"]
    assert (left["metadata"]["uid"], is_terminating(left)) == (uid, True)
    db.do(PowerNode(node, True))
    db.wait(120)
    (back,) = [each for each in db.pods() if name_of(each) == "db-1"]
    assert back["metadata"]["uid"] != uid
    assert ready(back)


CLAIMS = """\
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


@pytest.mark.parametrize(
    ("policy", "after_scaling", "after_deletion"),
    [
        ("", ["data-db-0", "data-db-1", "data-db-2"], ["data-db-0", "data-db-1", "data-db-2"]),
        ("{whenScaled: Delete, whenDeleted: Retain}", ["data-db-0"], ["data-db-0"]),
        ("{whenScaled: Delete, whenDeleted: Delete}", ["data-db-0"], []),
    ],
)
def test_claims_outlive_pods_unless_the_policy_says_otherwise(
    policy: str, after_scaling: list[str], after_deletion: list[str]
) -> None:
    retention = f"  persistentVolumeClaimRetentionPolicy: {policy}\n" if policy else ""
    world = Watched(CLAIMS + retention)
    claims = ["data-db-0", "data-db-1", "data-db-2"]
    assert [name_of(each) for each in world.objects("PersistentVolumeClaim", "default")] == claims
    world.then(Scale(SET, 1))
    assert [name_of(each) for each in world.objects("PersistentVolumeClaim", "default")] == after_scaling
    world.then(DeleteObject(SET))
    assert [name_of(each) for each in world.objects("PersistentVolumeClaim", "default")] == after_deletion
    assert world.objects("ControllerRevision", "default") == []
    assert world.pods() == []


def test_pods_left_behind_are_adopted_by_a_set_of_the_same_name(db: Watched) -> None:
    before = {pod["metadata"]["uid"] for pod in db.pods()}
    db.then(DeleteObject(SET, None, "Orphan"))
    assert {db.owner(name) for name in db.pod_names()} == {None}
    db.apply(DB % "")
    db.settle()
    assert {pod["metadata"]["uid"] for pod in db.pods()} == before
    assert {db.owner(name) for name in db.pod_names()} == {"db"}
    assert db.history() == {FIRST: 1}
