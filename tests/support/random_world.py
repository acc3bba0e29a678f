"""Random clusters from a seed: random commands and latencies, checked after every step, then left alone to settle."""

from __future__ import annotations

import random
from collections.abc import Callable

from app.api.objects import Obj, Ref, controller_of, is_terminating
from app.cluster import Cluster
from app.commands import (
    Apply,
    Command,
    Cordon,
    CrashContainer,
    DeleteObject,
    RolloutRestart,
    RolloutUndo,
    Scale,
    SetImage,
    SetLabel,
    SetLatencies,
)

WEB = Ref("Deployment", "default", "web")
MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: nginx, image: nginx:1.27, resources: {requests: {cpu: 500m, memory: 256Mi}}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""
GOOD_IMAGES = ("nginx:1.27", "nginx:1.28", "redis:7")
BAD_IMAGES = ("nginx:broken", "nginx:crash", "nginx:unready")


def random_command(rng: random.Random, cluster: Cluster) -> Command | None:
    """One thing that a lively person might do next; None where there is nothing to do it to."""
    pods = [Ref("Pod", "default", pod["metadata"]["name"]) for pod in cluster.objects("Pod", "default")]
    started = [Ref("Pod", "default", pod["metadata"]["name"]) for pod in cluster.objects("Pod", "default") if runs(pod)]
    choices: list[Callable[[], Command | None]] = [
        lambda: Scale(WEB, rng.randrange(0, 9)),
        lambda: SetImage(WEB, rng.choice(GOOD_IMAGES + BAD_IMAGES)),
        lambda: RolloutRestart(WEB),
        lambda: RolloutUndo(WEB),
        lambda: Cordon(f"node-{rng.randrange(1, 4)}", rng.random() < 0.4),
        lambda: Apply(MANIFEST),
        lambda: DeleteObject(rng.choice(pods), rng.choice([None, None, 0, 5])) if pods else None,
        lambda: CrashContainer(rng.choice(started)) if started else None,
        lambda: SetLabel(rng.choice(pods), "app", rng.choice(["web", "other", None])) if pods else None,
        lambda: DeleteObject(WEB, None, rng.choice([None, "Foreground", "Orphan"])) if rng.random() < 0.2 else None,
        lambda: SetLatencies(rng.choice(["realistic", "stormy", "zero", "textbook"])),
    ]
    return rng.choice(choices)()


def runs(pod: Obj) -> bool:
    return any("running" in status["state"] for status in pod["status"].get("containerStatuses", ()))


def random_world(seed: int, commands: int = 25, after_step: Callable[[Cluster], None] | None = None) -> Cluster:
    """A cluster after `commands` random commands with a random number of steps in between."""
    rng = random.Random(seed)
    cluster = Cluster(seed=seed, latencies=rng.choice(["realistic", "stormy", "textbook"]))
    cluster.submit(Apply(MANIFEST))
    for _ in range(commands):
        for _ in range(rng.choice([0, 3, 30, 200])):
            if cluster.quiet:
                break
            cluster.step()
            if after_step:
                after_step(cluster)
        command = random_command(rng, cluster)
        if command is not None:
            cluster.submit(command)
    return cluster


def calm_down(cluster: Cluster) -> None:
    """Faults off: orderly latencies, every node open, strays gone, and a last declaration that can be met."""
    cluster.submit(SetLatencies("realistic"))
    for node in cluster.objects("Node"):
        cluster.submit(Cordon(node["metadata"]["name"], False))
    cluster.run(limit_ms=120_000)  # a deletion in the foreground comes to its end before anything is declared anew
    for pod in cluster.objects("Pod", "default"):
        if controller_of(pod) is None:
            cluster.submit(DeleteObject(Ref("Pod", "default", pod["metadata"]["name"])))
    cluster.submit(Apply(MANIFEST))
    cluster.run(limit_ms=3_600_000)


def one_controller_owner(cluster: Cluster) -> None:
    for pod in cluster.objects("Pod"):
        owners = [owner for owner in pod["metadata"].get("ownerReferences", ()) if owner.get("controller")]
        assert len(owners) <= 1


def no_node_beyond_its_capacity(cluster: Cluster) -> None:
    for node in cluster.objects("Node"):
        name = node["metadata"]["name"]
        running = [
            pod
            for pod in cluster.objects("Pod")
            if pod["spec"].get("nodeName") == name and pod["status"].get("phase") not in ("Succeeded", "Failed")
        ]
        assert len(running) * 500 <= 4000, f"{name} runs {len(running)} pods of 500m on 4 CPUs"


def active_pods_of_web(cluster: Cluster) -> list[str]:
    sets = {rs["metadata"]["uid"] for rs in cluster.objects("ReplicaSet")}
    return [
        pod["metadata"]["name"]
        for pod in cluster.objects("Pod", "default")
        if not is_terminating(pod) and (controller_of(pod) or {}).get("uid") in sets
    ]
