"""DaemonSets in a whole cluster, against what a real Kubernetes 1.36 did with the same manifest and commands."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.api.objects import Obj, Ref, is_terminating, labels_of, name_of
from app.cluster import Cluster
from app.commands import AddNode, Cordon, DeleteObject, PatchObject, RolloutUndo, SetImage, SetLabel
from tests.support.world import World

AGENT = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
%s  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      containers: [{name: agent, image: "fluentd:1"}]
"""
SET = Ref("DaemonSet", "default", "agent")
FIRST, SECOND, THIRD = "agent-6595fdb8c5", "agent-6f545fc976", "agent-68d7967958"
FIELDS = (
    "currentNumberScheduled",
    "numberMisscheduled",
    "desiredNumberScheduled",
    "numberReady",
    "updatedNumberScheduled",
    "numberAvailable",
    "numberUnavailable",
)


class Daemons(World):
    """Three nodes with a DaemonSet on them."""

    def __init__(self, extra: str = "") -> None:
        super().__init__()
        self.seen = self.store.revision
        self.apply(AGENT % extra)
        self.settle()

    def then(self, command: Any) -> None:
        self.seen = self.store.revision
        self.do(command)
        self.settle()

    def by_node(self) -> dict[str, str]:
        """Node -> image of the pod there."""
        return {pod["spec"]["nodeName"]: pod["spec"]["containers"][0]["image"] for pod in self.pods()}

    def counts(self) -> list[tuple[int, ...]]:
        """The status as it was written, one tuple each: FIELDS."""
        changes = [each for each in self.store.changes_since(self.seen) if each.ref == SET]
        pairs = [((each.old or {}).get("status"), (each.new or {}).get("status") or {}) for each in changes]
        return [tuple(new.get(field, 0) for field in FIELDS) for old, new in pairs if old is not None and new != old]

    def status(self) -> dict[str, Any]:
        found = self.get(SET)
        assert found is not None
        status: dict[str, Any] = found["status"]
        return status

    def history(self) -> dict[str, int]:
        return {name_of(each): each["revision"] for each in self.objects("ControllerRevision", "default")}

    def events(self) -> list[tuple[str, str]]:
        found = [each for each in self.objects("Event") if each["involvedObject"]["kind"] == "DaemonSet"]
        return [(each["reason"], each["message"].split(":")[0]) for each in found]


def patched(**spec: Any) -> PatchObject:
    return PatchObject(SET, "strategic", json.dumps({"spec": spec}))


@pytest.fixture
def agent() -> Daemons:
    return Daemons()


def test_every_node_has_one(agent: Daemons) -> None:
    assert agent.by_node() == {f"node-{number}": "fluentd:1" for number in (1, 2, 3)}
    counts = agent.counts()
    assert counts[0] == (0, 0, 3, 0, 0, 0, 3)
    assert counts[1] == (3, 0, 3, 0, 3, 0, 3)
    assert counts[-1] == (3, 0, 3, 3, 3, 3, 0)
    assert agent.status() == {
        "currentNumberScheduled": 3,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": 3,
        "numberReady": 3,
        "observedGeneration": 1,
        "updatedNumberScheduled": 3,
        "numberAvailable": 3,
    }
    assert agent.history() == {FIRST: 1}
    assert agent.events() == [("SuccessfulCreate", "Created pod")] * 3
    pod = agent.pods()[0]
    assert labels_of(pod) == {"app": "agent", "controller-revision-hash": "6595fdb8c5", "pod-template-generation": "1"}


def test_a_node_that_comes_gets_its_own(agent: Daemons) -> None:
    agent.then(AddNode())
    assert agent.by_node()["node-4"] == "fluentd:1"
    assert agent.counts() == [(3, 0, 4, 3, 3, 3, 1), (4, 0, 4, 3, 4, 3, 1), (4, 0, 4, 4, 4, 4, 0)]


def test_a_deleted_pod_is_replaced_on_its_node_when_it_has_ended(agent: Daemons) -> None:
    (pod,) = [each for each in agent.pods() if each["spec"]["nodeName"] == "node-2"]
    agent.then(DeleteObject(Ref("Pod", "default", name_of(pod))))
    assert len(agent.pods()) == 3
    assert "node-2" in agent.by_node()
    assert agent.counts() == [
        (2, 0, 3, 2, 2, 2, 1),
        (3, 0, 3, 2, 3, 2, 1),
        (3, 0, 3, 3, 3, 3, 0),
    ]


def serving(cluster: Cluster) -> int:
    return sum(map(_ready, cluster.objects("Pod", "default")))


def _ready(pod: Obj) -> bool:
    said = pod.get("status", {}).get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in said)


def test_an_update_exchanges_one_node_at_a_time(agent: Daemons) -> None:
    agent.seen = agent.store.revision
    agent.do(SetImage(SET, "fluentd:2", "agent"))

    def at_most_one_without(cluster: Cluster) -> bool:
        assert serving(cluster) >= 2
        return cluster.quiet

    agent.run(until=at_most_one_without)
    assert agent.by_node() == {f"node-{number}": "fluentd:2" for number in (1, 2, 3)}
    assert agent.history() == {FIRST: 1, SECOND: 2}
    assert agent.counts()[:4] == [
        (3, 0, 3, 3, 0, 3, 0),
        (2, 0, 3, 2, 0, 2, 1),
        (3, 0, 3, 2, 1, 2, 1),
        (3, 0, 3, 3, 1, 3, 0),
    ]
    assert [reason for reason, _ in agent.events()].count("SuccessfulDelete") == 3


def test_with_surge_no_node_is_ever_without() -> None:
    world = Daemons("  updateStrategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}\n")
    world.do(SetImage(SET, "fluentd:2", "agent"))

    def all_the_time(cluster: Cluster) -> bool:
        active = [pod for pod in cluster.objects("Pod", "default") if not is_terminating(pod)]
        assert sum(map(_ready, active)) >= 3
        assert len(active) <= 4
        return cluster.quiet

    world.run(until=all_the_time)
    assert world.by_node() == {f"node-{number}": "fluentd:2" for number in (1, 2, 3)}
    assert len(world.pods()) == 3


def test_a_broken_update_stops_at_one_node_and_is_turned_back(agent: Daemons) -> None:
    agent.do(SetImage(SET, "fluentd:broken", "agent"))
    agent.wait(120)
    assert sorted(agent.by_node().values()) == ["fluentd:1", "fluentd:1", "fluentd:broken"]
    agent.then(RolloutUndo(SET))
    assert agent.by_node() == {f"node-{number}": "fluentd:1" for number in (1, 2, 3)}
    assert agent.history()[FIRST] == 3
    assert agent.status()["updatedNumberScheduled"] == 3


def test_on_delete_waits_for_somebody_to_delete() -> None:
    world = Daemons("  updateStrategy: {type: OnDelete}\n")
    world.then(SetImage(SET, "fluentd:2", "agent"))
    assert set(world.by_node().values()) == {"fluentd:1"}
    world.then(DeleteObject(Ref("Pod", "default", world.pod_names()[0])))
    assert sorted(world.by_node().values()) == ["fluentd:1", "fluentd:1", "fluentd:2"]


def test_the_selector_and_the_labels_of_nodes_decide(agent: Daemons) -> None:
    agent.then(SetImage(SET, "fluentd:2", "agent"))
    agent.then(patched(template={"spec": {"nodeSelector": {"disk": "ssd"}}}))
    assert agent.pods() == []
    assert agent.counts()[0] == (0, 3, 0, 0, 0, 0, 0)
    assert agent.counts()[-1] == (0, 0, 0, 0, 0, 0, 0)
    assert agent.history() == {FIRST: 1, SECOND: 2, THIRD: 3}
    agent.then(SetLabel(Ref("Node", "", "node-1"), "disk", "ssd"))
    assert list(agent.by_node()) == ["node-1"]
    assert labels_of(agent.pods()[0])["pod-template-generation"] == "3"
    agent.then(SetLabel(Ref("Node", "", "node-1"), "disk", None))
    assert agent.pods() == []


def test_a_cordoned_node_keeps_its_own_and_gets_another(agent: Daemons) -> None:
    agent.then(Cordon("node-1"))
    (pod,) = [each for each in agent.pods() if each["spec"]["nodeName"] == "node-1"]
    agent.then(DeleteObject(Ref("Pod", "default", name_of(pod))))
    assert "node-1" in agent.by_node()


def test_it_goes_with_its_pods_and_its_history(agent: Daemons) -> None:
    agent.then(DeleteObject(SET))
    assert agent.pods() == []
    assert agent.objects("ControllerRevision", "default") == []
