"""The reason stands on the thing: on a waiting pod, a special one, a node, a silent machine, a budget."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.kinds import INTERNAL_V1
from app.api.objects import Obj, Ref, ref_of
from app.cluster import Cluster
from app.commands import Command, CrashContainer, CutNetwork, Drain, EvictPod, PowerNode, SetLabel
from app.web.language import words
from app.web.present import board, frame, reasons, workloads
from app.web.present.board import BoardView, NodeView
from app.web.present.card import PodView
from tests.support import builders
from tests.support.looks import Stage, frame_since, holding
from tests.support.world import World

ENGLISH, JAPANESE = words("en"), words("ja")
NODES = {"node-1"}


def waiting(reason: str, message: str, **status: Any) -> Obj:
    scheduled = {"type": "PodScheduled", "status": "False", "reason": reason, "message": message}
    return builders.pod(node="", status={"conditions": [scheduled], **status})


PREEMPTION = " no new claims to deallocate, preemption: 0/3 nodes are available: 3 No preemption victims found."


@pytest.mark.parametrize(
    ("pod", "en", "ja"),
    [
        pytest.param(
            waiting("Unschedulable", "0/3 nodes are available: 3 Insufficient cpu." + PREEMPTION),
            "no room: 3 × Insufficient cpu",
            "空きなし: 3 × Insufficient cpu",
            id="no room",
        ),
        pytest.param(
            waiting(
                "Unschedulable",
                "0/5 nodes are available: 1 Too many pods, 1 node(s) were unschedulable, 3 Insufficient memory.",
            ),
            "no node: 3 × Insufficient memory, 1 × Too many pods",
            "ノードなし: 3 × Insufficient memory, 1 × Too many pods",
            id="the reasons of most nodes",
        ),
        pytest.param(
            waiting("Unschedulable", "no nodes available to schedule pods"),
            "no node: no nodes available to schedule pods",
            "ノードなし: no nodes available to schedule pods",
            id="no nodes at all",
        ),
        pytest.param(
            waiting("SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates"),
            "held back by its scheduling gates",
            "スケジューリングゲートで保留中",
            id="gates",
        ),
        pytest.param(
            waiting("Unschedulable", "0/3 nodes are available: 3 Insufficient cpu.", nominatedNodeName="node-2"),
            "others make room on node-2",
            "node-2で場所を空け中",
            id="others go",
        ),
        pytest.param(builders.pod(node=""), "", "", id="nobody has looked yet"),
        pytest.param(builders.pod(), "", "", id="it has a node"),
    ],
)
def test_a_waiting_pod_says_why(pod: Obj, en: str, ja: str) -> None:
    assert (reasons.waiting(pod, ENGLISH), reasons.waiting(pod, JAPANESE)) == (en, ja)


# ------------------------------------------------------------------------------------------------ special pods

MAKER = builders.replica_set("web-abc")


def claim(phase: str) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data-web-1", "namespace": "default"},
        "spec": {"volumeName": "pv-1"},
        "status": {"phase": phase, "capacity": {"storage": "1Gi"}},
    }


def priority_class(value: int) -> Obj:
    meta = {"name": "usual"}
    return {
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": meta, "value": value,
        "globalDefault": True,
    }  # fmt: skip


def killed_for_memory() -> Obj:
    last = {"terminated": {"reason": "OOMKilled", "exitCode": 137}}
    status = {"name": "nginx", "state": {"running": {}}, "lastState": last, "ready": True, "restartCount": 1}
    return builders.pod(owner=MAKER, status={"containerStatuses": [status]})


DISK: Any = [{"name": "data", "persistentVolumeClaim": {"claimName": "data-web-1"}}]
LET_GO = {"generateName": "web-abc-"}


@pytest.mark.parametrize(
    ("pod", "beside", "en", "ja"),
    [
        pytest.param(builders.pod(owner=MAKER), [MAKER], [], [], id="as all others"),
        pytest.param(builders.pod(labels={"app": "debug"}), [MAKER], [], [], id="nobody made it"),
        pytest.param(
            builders.pod(labels={"app": "web", "team": "blue", "pod-template-hash": "1"}, owner=MAKER),
            [MAKER], ["team=blue"], ["team=blue"], id="a label more",
        ),
        pytest.param(
            builders.pod(labels={}, owner=MAKER), [MAKER], ["no label app"], ["ラベル appなし"], id="a label less"
        ),
        pytest.param(
            builders.pod(labels={"app": "debug"}, metadata=LET_GO),
            [MAKER], ["app=debug", "nobody’s"], ["app=debug", "孤立"], id="let go",
        ),
        pytest.param(builders.pod(labels={"app": "debug"}, metadata=LET_GO), [], [], [], id="its maker is gone"),
        pytest.param(builders.pod(priority=1000), [], ["priority 1000"], ["優先度1000"], id="important"),
        pytest.param(builders.pod(priority=7), [priority_class(7)], [], [], id="as important as all"),
        pytest.param(builders.pod(), [priority_class(7)], ["priority 0"], ["優先度0"], id="less important than usual"),
        pytest.param(killed_for_memory(), [MAKER], ["OOMKilled"], ["OOMKilled"], id="took too much memory"),
        pytest.param(
            builders.pod(volumes=DISK), [claim("Bound")], ["disk data"], ["ディスク data"], id="has a disk"
        ),
        pytest.param(
            builders.pod(volumes=DISK), [claim("Pending")],
            ["disk data: Pending"], ["ディスク data: Pending"], id="waits for its disk",
        ),
        pytest.param(
            builders.pod(volumes=DISK), [], ["disk data: missing"], ["ディスク data: なし"], id="its disk is not there"
        ),
    ],
)  # fmt: skip
def test_what_tells_a_pod_from_its_like(pod: Obj, beside: list[Obj], en: list[str], ja: list[str]) -> None:
    cluster = holding(pod, *beside, machine())
    for expected, _ in ((en, ENGLISH), (ja, JAPANESE)):
        view = reasons.pod(cluster, pod, NODES, _)
        assert [mark.text for mark in view.marks] == expected
        assert all(mark.why for mark in view.marks)


def machine(**spec: Any) -> Obj:
    return {"apiVersion": INTERNAL_V1, "kind": "Machine", "metadata": {"name": "node-1"}, "spec": spec}


# ------------------------------------------------------------------------------------------------ memory

LIMITED = {"resources": {"limits": {"memory": "64Mi"}}}


def limited() -> Obj:
    pod = builders.pod()
    return builders.with_spec(pod, containers=[{**pod["spec"]["containers"][0], **LIMITED}])


def container_of(pod: Obj) -> str:
    name: str = pod["spec"]["containers"][0]["name"]
    return name


def box(**container: Any) -> Obj:
    return {
        "apiVersion": INTERNAL_V1,
        "kind": "PodSandbox",
        "metadata": {"name": "web-1.node-1", "namespace": "default"},
        "spec": {"nodeName": "node-1", "podName": "web-1", "podUID": builders.pod()["metadata"]["uid"]},
        "status": {"containers": {container_of(builders.pod()): {"state": "running", "attempt": 0, **container}}},
    }


LOAD: Obj = {
    "apiVersion": INTERNAL_V1, "kind": "Load", "metadata": {"name": "web", "namespace": "default"},
    "spec": {}, "status": {"pods": {"web-1": {"memoryBytes": 48 << 20}}},
}  # fmt: skip
METRICS: Obj = {
    "apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics", "metadata": {"name": "web-1", "namespace": "default"},
    "containers": [{"name": container_of(builders.pod()), "usage": {"cpu": "1n", "memory": "16384Ki"}}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("pod", "beside", "percent", "per_second"),
    [
        pytest.param(limited(), [METRICS], 25, 0, id="measured"),
        pytest.param(limited(), [METRICS, LOAD], 75, 0, id="under load"),
        pytest.param(
            limited(), [box(startedMs=1, memory={"atStart": 16 << 20, "perSecond": 2 << 20})], 25, 3.125, id="it grows"
        ),
        pytest.param(limited(), [], None, None, id="nobody measured it"),
        pytest.param(builders.pod(), [METRICS, LOAD], None, None, id="it has no limit"),
    ],
)
def test_a_bar_of_memory(pod: Obj, beside: list[Obj], percent: int | None, per_second: float | None) -> None:
    memory = reasons.pod(holding(pod, machine(), *beside), pod, NODES, ENGLISH).memory
    assert (memory and memory.percent, memory and memory.per_second) == (percent, per_second)


# ------------------------------------------------------------------------------------------------ nodes


def test_a_node_says_its_zone_and_how_much_of_its_cpu_is_asked_for() -> None:
    node = builders.node(labels={board.ZONE_LABEL: "zone-a"})
    pods = [builders.pod(name, requests={"cpu": "750m"}) for name in ("a", "b")]
    (view,) = board.board(holding(node, machine(), *pods), ENGLISH).nodes
    assert (view.zone, view.cpu, view.cpu_percent) == ("zone-a", "1.5/4", 37)


class Page:
    """A board that is pushed to: it has to show the same as one drawn anew."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.revision, self.step = cluster.revision, cluster.trace.count

    def pushed(self) -> dict[str, Any]:
        context = frame(Stage(self.cluster), frame_since(self.cluster, self.revision, self.step), ENGLISH)
        return {view.id: view for group in ("nodes", "pods", "workloads") for view in context[group]}


def node_of(view: BoardView, name: str) -> NodeView:
    return next(each for each in view.nodes if each.name == name)


def pod_of(view: BoardView, name: str) -> PodView:
    return next(each for there in view.pods.values() for each in there if each.name == name)


@pytest.fixture
def world() -> World:
    world = World(latencies="zero")
    world.web(3)
    world.settle()
    return world


def on_node_1(world: World) -> Obj:
    return next(pod for pod in world.pods() if pod["spec"]["nodeName"] == "node-1")


@pytest.mark.parametrize(
    ("command", "seconds", "believed", "running", "mark"),
    [
        pytest.param(PowerNode("node-1"), 1, 1, 0, "not running", id="dark, and nobody knows yet"),
        pytest.param(CutNetwork("node-1"), 1, 1, 1, "", id="cut off, and all as it was"),
        pytest.param(CutNetwork("node-1"), 400, 1, 1, "still runs", id="cut off, and told to go in vain"),
    ],
)
def test_a_silent_machine_shows_what_is_believed_and_what_runs(
    world: World, command: Command, seconds: int, believed: int, running: int, mark: str
) -> None:
    pod, page = on_node_1(world), Page(world)
    assert node_of(board.board(world, ENGLISH), "node-1").belief is None
    world.do(command)
    world.wait(seconds)
    drawn = board.board(world, ENGLISH)
    node, view = node_of(drawn, "node-1"), pod_of(drawn, pod["metadata"]["name"])
    assert node.belief is not None
    assert (node.belief.believed, node.belief.running) == (believed, running)
    assert [each.text for each in view.marks] == ([mark] if mark else [])
    assert (page.pushed()[node.id], page.pushed()[view.id]) == (node, view)


def test_a_restart_that_nobody_hears_of_stands_on_the_pod(world: World) -> None:
    pod = on_node_1(world)
    world.do(CutNetwork("node-1"))
    world.wait(1)
    page = Page(world)
    world.do(CrashContainer(ref_of(pod)))
    world.wait(5)
    view = pod_of(board.board(world, ENGLISH), pod["metadata"]["name"])
    assert ([mark.text for mark in view.marks], view.restarts) == (["1 restart unseen"], 0)
    assert page.pushed()[view.id] == view
    assert JAPANESE.many("%(n)s restart unseen", "%(n)s restarts unseen", 1) == "再起動1回、未報告"


def test_a_pod_whose_label_was_changed_is_pushed_as_it_is_drawn(world: World) -> None:
    name, page = world.pod_names()[0], Page(world)
    world.do(SetLabel(Ref("Pod", "default", name), "app", "debug"))
    world.settle()
    view = pod_of(board.board(world, ENGLISH), name)
    assert [mark.text for mark in view.marks] == ["app=debug", "nobody’s"]
    assert page.pushed()[view.id] == view


# ------------------------------------------------------------------------------------------------ budgets

BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  minAvailable: 3
  selector: {matchLabels: {app: web}}
"""


@pytest.mark.parametrize("asked", ["drained", "evicted"])
def test_a_budget_shows_the_eviction_it_refused_until_the_pod_may_go(world: World, asked: str) -> None:
    world.apply(BUDGET)
    world.settle()
    pod, page = on_node_1(world), Page(world)
    command = Drain("node-1") if asked == "drained" else EvictPod(ref_of(pod), who="kubectl")
    world.submit(command)
    (view,) = [each for each in workloads.workloads(world, ENGLISH) if each.kind == "PodDisruptionBudget"]
    name = pod["metadata"]["name"]
    assert (view.facts[0].label, view.facts[0].value) == ("refused", f"…{name[-5:]}")
    assert page.pushed()[view.id] == view
    world.kill(name)
    page = Page(world)
    world.settle()
    (view,) = [each for each in workloads.workloads(world, ENGLISH) if each.kind == "PodDisruptionBudget"]
    assert "refused" not in [fact.label for fact in view.facts]
    assert page.pushed()[view.id] == view


def test_drain_asked_again_is_refused_for_the_pods_that_are_left(world: World) -> None:
    world.apply(BUDGET)
    world.settle()
    pod = on_node_1(world)
    world.submit(Drain("node-1"))
    world.refused(Drain("node-1"))
    (view,) = [each for each in workloads.workloads(world, JAPANESE) if each.kind == "PodDisruptionBudget"]
    assert (view.facts[0].label, view.facts[0].value) == ("拒否", f"…{pod['metadata']['name'][-5:]}")


def test_a_full_cluster_says_so_on_the_pod_that_waits(world: World) -> None:
    world.apply(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: big}\n"
        "spec: {containers: [{name: a, image: nginx, resources: {requests: {cpu: '9'}}}]}"
    )
    world.settle()
    assert pod_of(board.board(world, ENGLISH), "big").why == "no room: 3 × Insufficient cpu"
