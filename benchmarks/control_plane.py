"""Figures of the whole control plane: many nodes, many of them lost, many autoscalers, the soak. `make bench` runs it.

Each figure is taken in a process of its own; CPU seconds are those of that process for the work measured, memory is
its peak. The soak's seeds are per minute of CPU, so of one core.
"""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.api.objects import Ref, is_terminating
from app.cluster import Cluster
from app.commands import Apply, PowerNode, StopController
from benchmarks.engine import DEPLOYMENT, quick, ready
from tests.support.whole_world import whole_life

NODES, PODS, LOST = 500, 10_000, 50
AUTOSCALED, FEW_AUTOSCALED = 100, 5
SEEDS = 40
STEPS = 50_000_000

SCALED = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: %(name)s}
spec:
  replicas: 2
  selector: {matchLabels: {app: %(name)s}}
  template:
    metadata: {labels: {app: %(name)s}}
    spec: {containers: [{name: nginx, image: nginx:1.27, resources: {requests: {cpu: 100m}}}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: %(name)s}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: %(name)s}
  minReplicas: 1
  maxReplicas: 10
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
"""


@contextmanager
def measured(cluster: Cluster, figures: dict[str, float]) -> Iterator[None]:
    steps, at_ms, began = cluster.trace.count, cluster.now_ms, time.process_time()
    yield
    figures["cpu_s"] = time.process_time() - began
    figures["steps"] = cluster.trace.count - steps
    figures["virtual_s"] = (cluster.now_ms - at_ms) / 1000
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def filled(figures: dict[str, float]) -> Cluster:
    cluster = quick(NODES)
    with measured(cluster, figures):
        cluster.submit(Apply(DEPLOYMENT % PODS))
        outcome = cluster.run(limit_steps=STEPS)
    assert outcome.reason == "quiet"
    assert ready(cluster) == PODS
    return cluster


def from_zero() -> dict[str, float]:
    figures: dict[str, float] = {}
    filled(figures)
    return figures


def idle() -> dict[str, float]:
    """What the heartbeats of the nodes cost for ten virtual minutes: part of every other figure here."""
    cluster, figures = filled({}), {}
    with measured(cluster, figures):
        cluster.advance(cluster.now_ms + 600_000, STEPS)
    return figures


def lost() -> dict[str, float]:
    """Nodes lose power at once. They are tainted one in 10 s, and their pods go 300 s after that."""
    cluster, figures = filled({}), {}
    gone = {f"node-{number}" for number in range(1, LOST + 1)}
    bereft = [pod for pod in cluster.objects("Pod", "default") if pod["spec"]["nodeName"] in gone]
    assert len(bereft) > LOST
    with measured(cluster, figures):
        for name in sorted(gone):
            cluster.submit(PowerNode(name))
        while not (_replaced(cluster, len(bereft)) and cluster.quiet):
            cluster.advance(cluster.now_ms + 10_000, STEPS)
            assert cluster.trace.count < STEPS
    return {**figures, "pods_replaced": len(bereft)}


def _replaced(cluster: Cluster, bereft: int) -> bool:
    """The kubelets that could confirm the end of the old pods are dead, so those stay Terminating."""
    return ready(cluster) == PODS and sum(map(is_terminating, cluster.objects("Pod", "default"))) == bereft


def autoscaled(count: int) -> dict[str, float]:
    """One virtual hour. The load's own loop is stopped and its numbers are set every 15 s: each Deployment's load goes
    from 50m to 450m CPU and back in 20 minutes, none in step with another, and its pods share it."""
    cluster, figures = quick(50), {}
    names = [f"web-{number}" for number in range(count)]
    cluster.submit(Apply("---".join(SCALED % {"name": name} for name in names)))
    cluster.run(limit_steps=STEPS)
    cluster.submit(StopController("traffic"))
    for name in names:
        load = {"kind": "Load", "metadata": {"name": name, "namespace": "default"}, "spec": {"service": name}}
        written = cluster.engine.server.create({"apiVersion": "loopscope.internal/v1", **load})
        cluster.engine.publish(written.changes, 0)
    scaled, sizes = 0, dict.fromkeys(names, 2)
    with measured(cluster, figures):
        for tick in range(3600 // 15):
            _set_loads(cluster, names, tick * 15)
            cluster.advance(cluster.now_ms + 15_000, STEPS)
            for name in names:
                deployment = cluster.get(Ref("Deployment", "default", name))
                size = deployment["spec"]["replicas"] if deployment else 0
                scaled, sizes[name] = scaled + (size != sizes[name]), size
    assert scaled > count
    return {**figures, "scalings": scaled}


def _set_loads(cluster: Cluster, names: list[str], second: int) -> None:
    running: dict[str, list[str]] = {name: [] for name in names}
    for pod in cluster.objects("Pod", "default"):
        running[pod["metadata"]["labels"]["app"]].append(pod["metadata"]["name"])
    for number, (name, pods) in enumerate(running.items()):
        total = 250 - 200 * math.cos(2 * math.pi * (second / 1200 + number / len(names)))
        share = {"cpuMilli": int(total) // max(1, len(pods))}
        status = {"pods": dict.fromkeys(pods, share), "window": {"toMs": cluster.now_ms}}
        written = cluster.engine.server.patch(Ref("Load", "default", name), {"status": status})
        cluster.engine.publish(written.changes, 0)


def soaked() -> dict[str, float]:
    """As `make soak`, which does so on every core."""
    began = time.process_time()
    steps = sum(whole_life(seed) for seed in range(1, SEEDS + 1))
    seconds = time.process_time() - began
    return {"seeds_per_cpu_minute": SEEDS * 60 / seconds, "cpu_s": seconds, "steps": steps}


MEASURES = {
    f"{PODS:,} pods Ready from zero, {NODES} nodes": from_zero,
    "the same cluster idle, 10 virtual minutes": idle,
    f"{LOST} of the {NODES} nodes lost at once, until all is replaced and quiet": lost,
    f"HorizontalPodAutoscalers over {AUTOSCALED} Deployments, one virtual hour": lambda: autoscaled(AUTOSCALED),
    f"the same over {FEW_AUTOSCALED} Deployments": lambda: autoscaled(FEW_AUTOSCALED),
    "the soak": soaked,
}


def main() -> None:
    if len(sys.argv) == 3 and sys.argv[1] == "--one":
        print(json.dumps(MEASURES[sys.argv[2]]()))
        return
    for name in MEASURES:
        command = [sys.executable, "-m", "benchmarks.control_plane", "--one", name]
        figures = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
        text = ", ".join(
            f"{key} {value:,.1f}" if value % 1 else f"{key} {value:,.0f}" for key, value in figures.items()
        )
        print(f"| {name} | {text} |", flush=True)


if __name__ == "__main__":
    main()
