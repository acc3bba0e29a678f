"""Figures of the engine: pods from zero to Ready, a pod replaced, a rolling update. `make bench` runs it.

Each figure is taken in a process of its own; CPU seconds are those of that process for the work measured, memory is
its peak. Ratios are against the real control plane and the TypeScript port where issue 2 gives their figures.
"""

from __future__ import annotations

import gc
import json
import random
import resource
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable

from app.api.objects import Ref, ref_of
from app.cluster import Cluster
from app.commands import Apply, DeleteObject, SetImage

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: %d
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: nginx:1.27, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""


def quick(nodes: int) -> Cluster:
    gc.set_threshold(50_000, 50, 100)
    cluster = Cluster(latencies="zero", nodes=nodes, cpu="64", memory="256Gi")
    cluster.run()
    gc.freeze()
    return cluster


def ready(cluster: Cluster) -> int:
    deployment = cluster.get(Ref("Deployment", "default", "web"))
    return deployment["status"].get("availableReplicas", 0) if deployment else 0


def spin() -> float:
    """Seconds of CPU for a fixed amount of Python: the yardstick for this machine."""
    began = time.process_time()
    total = 0
    for number in range(5_000_000):
        total += number
    return time.process_time() - began


def from_zero(pods: int, nodes: int = 50) -> dict[str, float]:
    cluster = quick(nodes)
    steps, began = cluster.trace.count, time.process_time()
    cluster.submit(Apply(DEPLOYMENT % pods))
    outcome = cluster.run(limit_steps=50_000_000)
    seconds = time.process_time() - began
    assert outcome.reason == "quiet"
    assert ready(cluster) == pods
    return {
        "cpu_s": seconds,
        "steps": cluster.trace.count - steps,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def replaced(pods: int, kills: int = 25) -> dict[str, float]:
    cluster = quick(50)
    cluster.submit(Apply(DEPLOYMENT % pods))
    cluster.run(limit_steps=50_000_000)
    rng = random.Random(1)
    taken = []
    for _ in range(kills):
        victim = rng.choice(cluster.objects("Pod", "default"))["metadata"]["name"]
        began = time.process_time()
        cluster.submit(DeleteObject(Ref("Pod", "default", victim)))
        cluster.run()
        taken.append((time.process_time() - began) * 1000)
        assert ready(cluster) == pods
    taken.sort()
    return {"median_ms": taken[len(taken) // 2], "worst_ms": taken[-1]}


def rolled(pods: int = 100) -> dict[str, float]:
    cluster = quick(50)
    cluster.submit(Apply(DEPLOYMENT % pods))
    cluster.run(limit_steps=50_000_000)
    began = time.process_time()
    cluster.submit(SetImage(Ref("Deployment", "default", "web"), "nginx:1.28"))
    outcome = cluster.run(limit_steps=50_000_000)
    assert outcome.reason == "quiet"
    assert ready(cluster) == pods
    return {"cpu_s": time.process_time() - began}


def copied(nodes: int, kills: int) -> dict[str, float]:
    """A copy of a cluster with three pods, after so many of them were killed and replaced."""
    cluster = Cluster(nodes=nodes)
    cluster.submit(Apply(DEPLOYMENT % 3))
    cluster.run()
    for _ in range(kills):
        cluster.submit(DeleteObject(ref_of(cluster.objects("Pod", "default")[0])))
        cluster.run()
    times = sorted(timed(cluster.copy) for _ in range(50))
    tracemalloc.start()
    kept = cluster.copy()
    megabytes = tracemalloc.get_traced_memory()[0] / 1e6
    assert kept.trace.count == cluster.trace.count
    return {"median_ms": times[25], "mb": megabytes, "steps_before": cluster.trace.count}


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of CPU."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


MEASURES = {
    "1,000 pods Ready from zero, 50 nodes": (
        lambda: from_zero(1_000),
        {"real, limits lifted": 3.8, "TypeScript port": 50.0},
    ),
    "5,000 pods Ready from zero, 50 nodes": (lambda: from_zero(5_000), {}),
    "delete pod to replacement Ready, 3 pods": (lambda: replaced(3), {"real": 25.0, "TypeScript port": 19.0}),
    "delete pod to replacement Ready, 1,000 pods": (lambda: replaced(1_000), {"real": 25.0, "TypeScript port": 960.0}),
    "rolling update of 100 pods": (lambda: rolled(100), {"real, limits lifted": 0.8}),
    "copy of a cluster, 3 nodes, 3 pods": (lambda: copied(3, 0), {}),
    "copy of the same, 200 kills later": (lambda: copied(3, 200), {}),
    "copy of a cluster, 50 nodes": (lambda: copied(50, 0), {}),
    "the yardstick: 5 million additions": (lambda: {"cpu_s": spin()}, {}),
}


def main() -> None:
    if len(sys.argv) == 3 and sys.argv[1] == "--one":
        print(json.dumps(MEASURES[sys.argv[2]][0]()))
        return
    for name, (_, others) in MEASURES.items():
        out = subprocess.run(
            [sys.executable, "-m", "benchmarks.engine", "--one", name], capture_output=True, text=True, check=True
        )
        figures = json.loads(out.stdout)
        head = next(iter(figures.values()))
        text = ", ".join(
            f"{key} {value:,.3f}" if value < 100 else f"{key} {value:,.0f}" for key, value in figures.items()
        )
        ratios = ", ".join(f"{other / head:.1f}x {who}" for who, other in others.items())
        print(f"| {name} | {text} | {ratios or '-'} |", flush=True)


if __name__ == "__main__":
    main()
