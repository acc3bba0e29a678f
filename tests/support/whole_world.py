"""A random world with every kind of workload in it and every fault: what may happen, and what must never.

`WholeWorld(seed).live()` submits random commands with a random number of steps in between and checks after each step;
`calm_down()` takes the faults away and declares anew; `check_declared()` says whether the cluster is as declared.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from app.api.objects import Obj, Ref, controller_of, is_terminating, name_of
from app.cluster import Cluster
from app.commands import (
    AddNode,
    ApiServerDown,
    Apply,
    Chaos,
    Command,
    Cordon,
    CrashContainer,
    CrashController,
    CrashMidway,
    CutNetwork,
    DelayWatch,
    DeleteObject,
    Drain,
    DropEvents,
    DropNextEvent,
    EdgeTriggered,
    EvictPod,
    FailZone,
    FillDisk,
    GoOnCall,
    PowerNode,
    RemoveNode,
    RolloutRestart,
    RolloutUndo,
    RunNow,
    Scale,
    SetImage,
    SetLabel,
    SetLatencies,
    SetTraffic,
    SlowNode,
    StaleCache,
    StopController,
    Suspend,
    TwoCopies,
)
from tests.support.declared import DECLARED, JOBS, WORKLOADS
from tests.support.invariants import Watchman

IMAGES = ("nginx:1.27", "nginx:1.28", "redis:7", "nginx:broken", "nginx:crash", "nginx:unready")
WEB = Ref("Deployment", "default", "web")
ZONES = ("zone-a", "zone-b", "zone-c")
SERVICES = ("web", "shop")
LEAST_NODES, MOST_NODES = 3, 6
ALONE = ("default-scheduler", "job-controller")
"""Two of these, or one that does not see what it did, do what must never be: nodes beyond their capacity, and more pods
of a Job at work than it wants. Of Kubernetes' that is as true."""


def pod_ref(pod: Obj) -> Ref:
    return Ref("Pod", "default", name_of(pod))


def is_identity(ref: Ref) -> bool:
    """Of a StatefulSet: whoever deletes it by force, or labels it away, promises that it does not run any more."""
    return ref.name.startswith("db-")


class WholeWorld:
    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        latencies = self.rng.choice(["realistic", "stormy", "textbook"])
        self.cluster = Cluster(seed=seed, latencies=latencies, zones=self.rng.choice([0, 3]))
        self.watchman = Watchman(self.cluster)
        # The page has no buttons for loops whose doings are never told.
        told = {name.partition("/")[0] for name, state in self.cluster.actors.items() if not state.in_background}
        self.actors = sorted(told - {"traffic", "chaos-monkey"})
        self.submit(Apply(DECLARED))

    def submit(self, command: Command) -> None:
        self.watchman.look(self.cluster.submit(command))

    def live(self, commands: int) -> None:
        for _ in range(commands):
            self.pass_time()
            command = (self.a_fault if self.rng.random() < 0.35 else self.a_wish)()
            if command is not None:
                self.submit(command)

    def pass_time(self) -> None:
        """Some steps; now and then minutes, in which what waits for minutes happens."""
        steps, until = self.rng.choice([(0, 0), (5, 60), (50, 60), (300, 60), (400, 400)])
        until_ms = self.cluster.now_ms + until * 1000
        for _ in range(steps):
            if self.cluster.now_ms > until_ms or (step := self.cluster.step()) is None:
                break
            self.watchman.look(step)

    def a_wish(self) -> Command | None:
        """What a lively person might do next; None where there is nothing to do it to."""
        rng, cluster = self.rng, self.cluster
        pods = [pod_ref(pod) for pod in cluster.objects("Pod", "default")]
        started = [pod_ref(pod) for pod in cluster.objects("Pod", "default") if runs(pod)]
        some = [ref for ref in pods if not is_identity(ref)]
        workload = rng.choice(WORKLOADS)
        choices: list[Callable[[], Command | None]] = [
            lambda: Scale(rng.choice([WEB, Ref("StatefulSet", "default", "db")]), rng.randrange(0, 7)),
            lambda: SetImage(workload, rng.choice(IMAGES)),
            lambda: RolloutRestart(workload),
            lambda: RolloutUndo(workload),
            lambda: Cordon(self.a_node(), rng.random() < 0.4),
            lambda: Drain(self.a_node()),
            lambda: Apply(DECLARED),
            lambda: Apply(rng.choice(JOBS)),
            lambda: DeleteObject(Ref("Job", "default", rng.choice(["work", "parts"])), None, "Background"),
            lambda: RunNow(Ref("CronJob", "default", "tick")),
            lambda: Suspend(Ref("CronJob", "default", "tick"), rng.random() < 0.5),
            lambda: DeleteObject(rng.choice(pods), rng.choice([None, 5])) if pods else None,
            lambda: DeleteObject(rng.choice(some), 0) if some else None,
            lambda: EvictPod(rng.choice(pods)) if pods else None,
            lambda: CrashContainer(rng.choice(started)) if started else None,
            lambda: SetLabel(rng.choice(some), "app", rng.choice(["web", "other", None])) if some else None,
            lambda: (
                DeleteObject(workload, None, rng.choice([None, "Foreground", "Orphan"])) if rng.random() < 0.2 else None
            ),
            lambda: SetLatencies(rng.choice(["realistic", "stormy", "zero", "textbook"])),
            lambda: SetTraffic(Ref("Service", "default", rng.choice(SERVICES)), rng.choice([0, 5, 50])),
        ]
        return rng.choice(choices)()

    def a_fault(self) -> Command | None:
        rng = self.rng
        on, actor, node = rng.random() < 0.5, rng.choice(self.actors), self.a_node()
        nodes = len(self.cluster.objects("Machine"))
        choices: list[Callable[[], Command | None]] = [
            lambda: PowerNode(node, on),
            lambda: CutNetwork(node, on),
            lambda: SlowNode(node, rng.choice([1, 3, 10])),
            lambda: FillDisk(node, on),
            lambda: AddNode(rng.choice(ZONES)) if nodes < MOST_NODES else None,
            lambda: RemoveNode(node) if nodes > LEAST_NODES else None,
            lambda: FailZone(rng.choice(ZONES), on),
            lambda: ApiServerDown(on),
            lambda: StopController(actor, on),
            lambda: GoOnCall(actor, on),
            lambda: CrashController(actor),
            lambda: DelayWatch(actor, rng.choice([0, 500, 5000])),
            lambda: DropEvents(actor, rng.choice([0, 3, 10])),
            lambda: EdgeTriggered("replicaset-controller", rng.random() < 0.2),
            lambda: CrashMidway(actor, on),
            lambda: DropNextEvent(actor, "", on),
            lambda: StaleCache(actor, rng.choice([0, 1_000, 5_000])) if actor not in ALONE else None,
            lambda: TwoCopies(actor, on) if actor not in ALONE and "/" not in self.cluster_actor(actor) else None,
            lambda: Chaos(rng.choice([0, 2, 10])),
        ]
        return rng.choice(choices)()

    def cluster_actor(self, role: str) -> str:
        """One of that role: of a machine, or of the cluster."""
        return next(actor for actor in self.cluster.actors if actor.partition("/")[0] == role)

    def a_node(self) -> str:
        return name_of(self.rng.choice(self.cluster.objects("Machine")))

    def calm_down(self) -> None:
        """Faults off, every node open, strays gone, and a last declaration that can be met."""
        for command in self.mending():
            self.submit(command)
        # A deletion in the foreground comes to its end, and lost watches are lists again, before all is declared anew.
        self.rest(700)
        for pod in self.cluster.objects("Pod", "default"):
            if controller_of(pod) is None:
                self.submit(DeleteObject(pod_ref(pod)))
        self.submit(Apply(DECLARED))
        self.rest(120)
        for pod in self.cluster.objects("Pod", "default"):
            self.submit(DeleteObject(pod_ref(pod)))  # a StatefulSet does not replace the pods of a broken update
        self.rest(120)

    def rest(self, seconds: int) -> None:
        """What nobody waits for happens as well: heartbeats, and who looks only every 20 s."""
        self.cluster.advance(self.cluster.now_ms + seconds * 1000)
        self.cluster.run(limit_ms=3_600_000)

    def mending(self) -> list[Command]:
        machines = [name_of(machine) for machine in self.cluster.objects("Machine")]
        found: list[Command] = [ApiServerDown(False), Chaos(0), SetLatencies("realistic")]
        for actor in self.actors:
            found += [GoOnCall(actor, False), StopController(actor, False), DropEvents(actor, 0), DelayWatch(actor, 0)]
            found += [CrashMidway(actor, False), DropNextEvent(actor, on=False), StaleCache(actor, 0)]
            found += [TwoCopies(actor, False)]
        found += [EdgeTriggered("replicaset-controller", False)]
        found += [SetTraffic(Ref("Service", "default", name), 0) for name in SERVICES]
        for machine in machines:
            found += [PowerNode(machine, True), CutNetwork(machine, False), SlowNode(machine, 1)]
            found += [FillDisk(machine, False), Cordon(machine, False)]
        # What had lost events before cannot know: a process that starts anew lists everything.
        found += [CrashController(actor) for actor in self.actors]
        return [*found, Suspend(Ref("CronJob", "default", "tick"))]

    def check_declared(self) -> None:
        assert self.cluster.quiet, "something is still going on an hour later"
        pods = self.cluster.objects("Pod", "default")
        living = [pod for pod in pods if not is_terminating(pod) and pod["status"]["phase"] == "Running"]
        apps = Counter(pod["metadata"].get("labels", {}).get("app") for pod in living)
        nodes = len(self.cluster.objects("Node"))
        assert nodes == len(self.cluster.objects("Machine"))
        assert apps == {"web": 3, "db": 3, "agent": nodes, "shop": 2}, apps
        assert not [name_of(pod) for pod in pods if is_terminating(pod)]
        for ref, field, count in zip(WORKLOADS, ("available", "available", "number"), (3, 3, nodes), strict=True):
            found = self.cluster.get(ref)
            assert found is not None
            name = "numberAvailable" if field == "number" else "availableReplicas"
            assert found["status"].get(name) == count, (ref, found["status"])
        for job in self.cluster.objects("Job", "default"):
            ended = {c["type"] for c in job["status"].get("conditions") or () if c["status"] == "True"}
            assert ended & {"Complete", "Failed"}, (name_of(job), job["status"])
        budget = self.cluster.get(Ref("PodDisruptionBudget", "default", "web"))
        assert budget is not None
        assert budget["status"]["disruptionsAllowed"] == 1, budget["status"]
        for service in SERVICES:
            self.check_endpoints(
                service, [pod for pod in pods if pod["metadata"].get("labels", {}).get("app") == service]
            )

    def check_endpoints(self, service: str, selected: list[Obj]) -> None:
        addresses = [
            address
            for piece in self.cluster.objects("EndpointSlice", "default")
            if piece["metadata"]["labels"]["kubernetes.io/service-name"] == service
            for endpoint in piece["endpoints"] or ()
            if endpoint["conditions"]["ready"]
            for address in endpoint["addresses"]
        ]
        assert sorted(addresses) == sorted(pod["status"]["podIP"] for pod in selected)


def runs(pod: Obj) -> bool:
    return any("running" in status["state"] for status in pod["status"].get("containerStatuses", ()))


def whole_life(seed: int, commands: int = 40) -> int:
    """One seed from beginning to end; how many steps it took. Raises AssertionError where something is wrong."""
    world = WholeWorld(seed)
    world.live(commands)
    world.calm_down()
    world.check_declared()
    return world.cluster.trace.count
