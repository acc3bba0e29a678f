"""Figures of the whole control plane: a large cluster, a tenth of its machines lost, autoscaling for an hour.

    python -m benchmarks.control_plane

Each figure is taken in a process of its own; CPU seconds and peak memory are of that process. `make bench` runs it.
"""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import time

from app.api.objects import Ref
from app.cluster import Cluster
from app.commands import Apply, PowerNode, SetTraffic
from benchmarks.engine import DEPLOYMENT, ready

NODES, PODS, LOST = 500, 10_000, 50
AUTOSCALED, HOUR_S = 100, 3_600
LOADED = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-%(n)d}
spec:
  replicas: 2
  selector: {matchLabels: {app: web-%(n)d}}
  template:
    metadata: {labels: {app: web-%(n)d}}
    spec: {containers: [{name: nginx, image: "nginx:1.27", resources: {requests: {cpu: 100m}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web-%(n)d}
spec: {selector: {app: web-%(n)d}, ports: [{port: 80}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web-%(n)d}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web-%(n)d}
  minReplicas: 2
  maxReplicas: 10
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
"""


def large() -> Cluster:
    gc.set_threshold(50_000, 50, 100)
    cluster = Cluster(latencies="zero", nodes=NODES, cpu="64", memory="256Gi")
    cluster.run()
    gc.freeze()
    return cluster


def up(cluster: Cluster) -> None:
    cluster.submit(Apply(DEPLOYMENT % PODS))
    outcome = cluster.run(limit_steps=50_000_000)
    assert outcome.reason == "quiet"
    assert ready(cluster) == PODS


def from_zero() -> dict[str, float]:
    cluster = large()
    steps, began = cluster.trace.count, time.process_time()
    up(cluster)
    return {"cpu_s": time.process_time() - began, "steps": cluster.trace.count - steps, "peak_mb": peak_mb()}


def machines_lost() -> dict[str, float]:
    """Power fails for a tenth of the machines: until every pod is replaced and all is quiet."""
    cluster = large()
    up(cluster)
    at_ms, steps, began = cluster.now_ms, cluster.trace.count, time.process_time()
    for number in range(1, LOST + 1):
        cluster.submit(PowerNode(f"node-{number}"))
    outcome = cluster.run(limit_ms=3_600_000, limit_steps=50_000_000)
    assert outcome.reason == "quiet", outcome
    assert ready(cluster) == PODS
    return {
        "cpu_s": time.process_time() - began,
        "steps": cluster.trace.count - steps,
        "virtual_minutes": (cluster.now_ms - at_ms) / 60_000,
        "peak_mb": peak_mb(),
    }


def autoscaled() -> dict[str, float]:
    """An hour of ten minutes much load, ten minutes little, in turn, on every one of the Services."""
    cluster = Cluster(latencies="realistic", nodes=50, cpu="16", memory="64Gi")
    cluster.run()
    for number in range(AUTOSCALED):
        cluster.submit(Apply(LOADED % {"n": number}))
    cluster.run(limit_steps=50_000_000)
    events, began = 0, time.process_time()
    for third in range(6):
        for number in range(AUTOSCALED):
            cluster.submit(SetTraffic(Ref("Service", "default", f"web-{number}"), 10 if third % 2 else 30))
        while cluster.advance(cluster.now_ms + HOUR_S * 1000 // 6, 50_000_000) >= 50_000_000:
            pass
    seconds = time.process_time() - began
    for each in cluster.objects("Event"):
        events += each["count"] if each["reason"] == "SuccessfulRescale" else 0
    return {"cpu_s": seconds, "rescales": events, "pods": len(cluster.objects("Pod", "default")), "peak_mb": peak_mb()}


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


MEASURES = {
    f"{PODS:,} pods on {NODES} nodes, zero to Ready and quiet": from_zero,
    f"{LOST} of {NODES} machines lost, with {PODS:,} pods, until all are replaced": machines_lost,
    f"{AUTOSCALED} autoscalers under changing load, one virtual hour": autoscaled,
}


def main() -> None:
    if len(sys.argv) == 3 and sys.argv[1] == "--one":
        print(json.dumps(MEASURES[sys.argv[2]]()))
        return
    for name in MEASURES:
        command = [sys.executable, "-m", "benchmarks.control_plane", "--one", name]
        out = subprocess.run(command, capture_output=True, text=True, check=True)
        text = ", ".join(f"{key} {value:,.1f}" for key, value in json.loads(out.stdout).items())
        print(f"| {name} | {text} |", flush=True)


if __name__ == "__main__":
    main()
