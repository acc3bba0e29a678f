"""The recorded scenarios, done again here: the same manifests and commands, in the words of tests/world.py."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from app.api import conditions
from app.api.objects import Obj, Ref, ref_of
from app.commands import (
    AddNode,
    Command,
    Cordon,
    DeleteObject,
    EvictPod,
    PatchObject,
    PowerNode,
    RemoveNode,
    RolloutRestart,
    RolloutUndo,
    RunNow,
    Scale,
    SetImage,
    SetLabel,
)
from app.engine.trace import Acted, Commanded
from tests.conformance.facts import KINDS, History
from tests.conformance.manifests import (
    BUDGET,
    CRON_JOB,
    DAEMON_SET,
    DEPLOYMENT,
    HPA,
    JOB,
    LONELY,
    SERVICE,
    STATEFUL_SET,
    TOLERATES_5S,
    TOLERATES_UNREACHABLE,
)
from tests.support.world import World

WEB, DB, AGENT = (
    Ref("Deployment", "default", "web"),
    Ref("StatefulSet", "default", "db"),
    Ref("DaemonSet", "default", "agent"),
)


class Replay(World):
    def __init__(self) -> None:
        super().__init__(seed=7)
        self.began = self.trace.count
        self.before = [obj for kind in KINDS for obj in self.objects(kind)]
        self.reads: Iterator[Iterable[str]] = iter(())  # what kubectl is asked, each time the recording asks
        self.ask: Callable[[str], list[str]] | None = None
        self.printed: list[dict[str, list[str]]] = []

    def stock(self, *images: str) -> None:
        """Every machine has these images, as there."""
        for machine in self.objects("Machine"):
            stocked = {**machine, "status": {**machine.get("status", {}), "images": dict.fromkeys(images, 50_000_000)}}
            self.engine.publish(self.engine.server.patch(ref_of(machine), lambda _, new=stocked: new).changes, 0)

    def read(self) -> None:
        """Here the recording has a look with kubectl."""
        if self.ask is not None:
            self.printed.append({command: self.ask(command) for command in next(self.reads)})

    def patch(self, ref: Ref, patch: dict[str, Any]) -> None:
        self.do(PatchObject(ref, "strategic", json.dumps(patch)))

    def doing(self, *commands: Command) -> None:
        """One after the other, each when the one before has come to its end."""
        for command in commands:
            self.do(command)
            self.settle()

    def is_ready(self, node: str) -> bool:
        return conditions.is_true(self.object(Ref("Node", "", node))["status"]["conditions"], "Ready")

    def object(self, ref: Ref) -> Obj:
        obj = self.get(ref)
        assert obj is not None
        return obj

    def one_pod(self, **labels: str) -> Ref:
        pods = [p for p in self.pods() if labels.items() <= p["metadata"]["labels"].items()]
        return Ref("Pod", "default", pods[0]["metadata"]["name"])

    def pods_on(self, node: str, owned: bool = True) -> Iterator[Ref]:
        for pod in self.pods():
            if pod["spec"].get("nodeName") == node and (not owned or "ownerReferences" in pod["metadata"]):
                yield Ref("Pod", "default", pod["metadata"]["name"])


def a(world: Replay) -> None:
    world.stock("nginx:1.27")
    world.apply(DEPLOYMENT + SERVICE)
    world.settle()
    for command in (DeleteObject(world.one_pod()), Scale(WEB, 5), Scale(WEB, 2)):
        world.read()
        world.doing(command)


def b(world: Replay) -> None:
    world.stock("nginx:1.27", "nginx:1.28", "nginx:1.29")
    world.apply(DEPLOYMENT.replace("replicas: 3", "replicas: 4\n  progressDeadlineSeconds: 15") + SERVICE)
    world.settle()
    world.wait(2)
    world.doing(SetImage(WEB, "nginx:1.28"))
    world.patch(WEB, {"metadata": {"annotations": {"kubernetes.io/change-cause": "nginx 1.28"}}})
    world.settle()
    world.read()
    world.doing(RolloutUndo(WEB))
    world.read()
    world.do(SetImage(WEB, "nginx:broken"))
    world.wait(20)
    world.read()
    world.doing(RolloutUndo(WEB), RolloutRestart(WEB))
    world.patch(WEB, {"spec": {"paused": True}})
    world.wait(0.1)
    world.doing(SetImage(WEB, "nginx:1.29"))
    world.read()
    world.patch(WEB, {"spec": {"paused": None}})


def c(world: Replay) -> None:
    world.stock("nginx:1.27", "nginx:1.28")
    world.apply(DEPLOYMENT.replace("replicas: 3", "replicas: 3\n  strategy: {type: Recreate}"))
    world.settle()
    world.doing(SetImage(WEB, "nginx:1.28"))


def e(world: Replay) -> None:
    world.stock("mysql:8.4", "mysql:9.0")
    world.apply(
        SERVICE.replace("web", "db")
        .replace("http, port: 80, targetPort: 80", "sql, port: 3306")
        .replace("spec:", "spec:\n  clusterIP: None")
        + STATEFUL_SET
    )
    world.settle()
    world.read()
    world.doing(DeleteObject(Ref("Pod", "default", "db-1")))
    world.read()
    world.doing(Scale(DB, 1), Scale(DB, 3), SetImage(DB, "mysql:9.0"))
    world.read()


def f(world: Replay) -> None:
    world.stock("fluentd:1", "fluentd:2")
    world.apply(DAEMON_SET)
    world.settle()
    world.read()
    world.do(AddNode())
    world.stock("fluentd:1", "fluentd:2")
    world.wait(10)
    world.read()
    on_third = next(world.pods_on("node-3"))
    world.doing(DeleteObject(on_third), SetImage(AGENT, "fluentd:2"))
    world.do(RemoveNode("node-4"))
    world.do(DeleteObject(Ref("Node", "", "node-4")))
    world.wait(35)
    world.read()
    world.patch(AGENT, {"spec": {"template": {"spec": {"nodeSelector": {"disk": "ssd"}}}}})
    world.settle()
    world.read()
    world.doing(SetLabel(Ref("Node", "", "node-1"), "disk", "ssd"))
    world.read()
    world.doing(SetLabel(Ref("Node", "", "node-1"), "disk", None))


def g(world: Replay) -> None:
    world.stock("busybox:1")
    world.apply(CRON_JOB)
    world.read()
    for name, spec, command in (
        ("good", "completions: 5, parallelism: 2", "sleep 2"),
        ("bad", "backoffLimit: 2, completions: 1", "sleep 2; exit 1"),
        ("indexed", "completions: 3, parallelism: 3, completionMode: Indexed", "sleep 2"),
        ("dead", "activeDeadlineSeconds: 3", "sleep 60"),
        ("ttl", "ttlSecondsAfterFinished: 3", "sleep 2"),
        ("susp", "suspend: true", "sleep 2"),
    ):
        world.apply(JOB % (name, spec.replace(", ", "\n  "), "Never", command))
        world.wait({"good": 10, "bad": 40, "dead": 35, "susp": 1}.get(name, 7))
        if name in ("good", "bad", "susp"):
            world.read()
    world.patch(Ref("Job", "default", "susp"), {"spec": {"suspend": False}})
    world.wait(4)
    world.do(RunNow(Ref("CronJob", "default", "tick"), "manual"))
    world.wait(4)


def h(world: Replay) -> None:
    world.stock("nginx:1.27", "mysql:8.4", "fluentd:1")
    world.apply(DEPLOYMENT.replace("replicas: 3", "replicas: 4").replace("    spec:", TOLERATES_5S) + SERVICE)
    world.apply(DEPLOYMENT.replace("web", "plain"))
    world.settle()
    plain = STATEFUL_SET.replace("mysql, image", "db, image").replace(", ports: [{containerPort: 3306}]", "")
    world.apply(plain.replace("    spec:", TOLERATES_UNREACHABLE) + "---" + DAEMON_SET)
    world.wait(60)
    world.read()
    world.do(PowerNode("node-2"))
    while world.is_ready("node-2"):
        world.wait(1)
    world.read()
    world.wait(25)
    world.read()
    world.do(PowerNode("node-2", True))
    world.wait(5)
    world.read()
    world.wait(55)
    world.read()
    world.do(PowerNode("node-3"))
    while len(world.object(Ref("Node", "", "node-3"))["spec"].get("taints", ())) < 2:
        world.wait(0.1)
    world.do(RemoveNode("node-3"))
    if world.get(Ref("Node", "", "node-3")) is not None:
        world.do(DeleteObject(Ref("Node", "", "node-3")))
    world.wait(41)
    world.read()
    world.wait(49)
    world.do(AddNode())
    world.stock("nginx:1.27", "mysql:8.4", "fluentd:1")
    world.wait(15)


def i(world: Replay) -> None:
    world.stock("nginx:1.27", "busybox:1")
    world.apply(DEPLOYMENT + SERVICE)
    world.wait(0.1)
    world.apply(BUDGET)
    world.settle()
    world.read()
    world.doing(Cordon("node-3"))
    world.read()
    for pod in world.pods_on("node-3"):
        world.refused(EvictPod(pod))
    world.patch(Ref("PodDisruptionBudget", "default", "web"), {"spec": {"minAvailable": 2}})
    world.settle()
    world.read()
    for pod in [*world.pods_on("node-3")]:
        world.doing(EvictPod(pod))
    world.read()
    world.apply(LONELY)
    world.settle()
    # There the scheduler drew the node of two web pods for the bare pod as well; all three were evicted.
    fuller = max(("node-1", "node-2"), key=lambda node: len([*world.pods_on(node)]))
    world.do(Cordon(fuller))
    for pod in [*world.pods_on(fuller), Ref("Pod", "default", "lonely")]:
        world.doing(EvictPod(pod))
    world.doing(Cordon("node-3", False), Cordon(fuller, False))
    world.read()


def l(world: Replay) -> None:  # noqa: E743 - the scenario's name in the recordings
    world.stock("nginx:1.27")
    world.apply(
        DEPLOYMENT.replace("replicas: 3", "replicas: 2").replace(
            "ports: [{containerPort: 80}]", "ports: [{containerPort: 80}]\n        resources: {requests: {cpu: 100m}}"
        )
    )
    world.settle()
    for _ in range(40):
        use(world, 50)
        world.wait(1)
    world.apply(HPA)
    for milli, seconds in ((50, 32), (200, 50), (20, 115)):
        for _ in range(seconds):
            use(world, milli)
            world.wait(1)
        if milli != 20:
            world.read()


def use(world: Replay, milli: int) -> None:
    """Each pod needs so much CPU, whatever their number, as there. One of it is its idle share."""
    ref, server = Ref("Load", "default", "web"), world.engine.server
    if world.get(ref) is None:
        load = {
            "apiVersion": "loopscope.internal/v1",
            "kind": "Load",
            "metadata": {"name": "web", "namespace": "default"},
        }
        world.engine.publish(server.create({**load, "spec": {"service": "web"}}).changes, 0)
    pods = {pod: {"cpuMilli": milli - 1, "requestsPerSecond": 1} for pod in world.pod_names()}
    status = {"pods": pods, "window": {"toMs": world.now_ms}}
    world.engine.publish(server.patch(ref, lambda old: {**old, "status": status}).changes, 0)


SCENARIOS: dict[str, Callable[[Replay], None]] = {
    "a": a, "b": b, "c": c, "e": e, "f": f, "g": g, "h": h, "i": i, "l": l,
}  # fmt: skip
TITLES = {
    "a": "Deployment and Service: delete a pod, scale", "b": "rolling update, undo, bad image, restart, pause",
    "c": "Recreate", "e": "StatefulSet", "f": "DaemonSet", "g": "Jobs and a CronJob", "h": "node failure",
    "i": "budget, eviction, drain", "l": "autoscaling",
}  # fmt: skip


def replay(scenario: str) -> Replay:
    return live(Replay(), scenario)


def live(world: Replay, scenario: str) -> Replay:
    SCENARIOS[scenario](world)
    world.run(limit_ms=3_000 if scenario == "g" else 30_000)
    world.wait(3)
    world.read()
    return world


def history(world: Replay) -> History:
    """As somebody sees it who begins to watch when the scenario begins."""
    found: History = [("ADDED", obj) for obj in world.before if obj["kind"] != "Event"]
    for step in world.trace.since(world.began):
        if isinstance(step.record, Acted):
            results = (step.record.result,)
        elif isinstance(step.record, Commanded):
            results = step.record.results
        else:
            continue
        found += [(change.type, change.obj) for result in results for change in result.changes]
    return [(type_, obj) for type_, obj in found if obj["metadata"].get("namespace", "default") == "default"]
