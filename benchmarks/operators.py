"""MySQL as a service: many clusters that lose their primaries at once, and many seeds of random faults. `make bench`.

    python -m benchmarks.operators [CLUSTERS [SEEDS [FIRST]]]

Of the clusters: virtual time until there is a new primary and until all members are back, and what that takes of CPU
time. Of the seeds: writes that were tried, acknowledged and lost; those of clusters whose operator had to force a
quorum, since a majority was gone, stand apart: that is the one thing that may lose what was acknowledged.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import app.operators.mysql
from app.api.mysql_groups import INNODB_CLUSTER, group_ref
from app.api.objects import Ref, is_terminating, labels_of, name_of, namespace_of
from app.cluster import Cluster
from app.commands import Apply, CrashContainer, CutNetwork, DeleteObject, PowerNode, SetWrites
from app.operators.mysql.objects import CLUSTER_LABEL, ROLE_LABEL

CLUSTERS, SEEDS, NODES = 100, 1_000, 3
INSTALL = (Path(app.operators.mysql.__file__).parent / "install.yaml").read_text()
PASSWORDS = """---
apiVersion: v1
kind: Secret
metadata: {name: mypwds}
stringData: {rootUser: root, rootHost: '%', rootPassword: sakila}
"""
DECLARED = """---
apiVersion: mysql.oracle.com/v2
kind: InnoDBCluster
metadata: {name: %s}
spec: {secretName: mypwds, instances: 3, router: {instances: 1}}
"""
DEEDS = ("crash", "crash", "two", "delete", "cut", "power", "wait")


def with_clusters(names: list[str], nodes: int) -> Cluster:
    """All of them up, each with a router."""
    cluster = Cluster(latencies="realistic", nodes=nodes)
    cluster.submit(Apply(INSTALL + PASSWORDS))
    cluster.run()
    cluster.submit(Apply("".join(DECLARED % name for name in names)))
    cluster.run(limit_ms=3_600_000, limit_steps=10_000_000)
    return cluster


def status(cluster: Cluster, name: str) -> dict[str, Any]:
    found = cluster.get(Ref(INNODB_CLUSTER, "default", name)) or {}
    return dict((found.get("status") or {}).get("cluster") or {})


def group(cluster: Cluster, name: str) -> dict[str, Any]:
    found = cluster.get(group_ref("default", name)) or {}
    return dict(found.get("status") or {})


def primaries(cluster: Cluster) -> dict[str, str]:
    pods = [pod for pod in cluster.objects("Pod", "default") if labels_of(pod).get(ROLE_LABEL) == "PRIMARY"]
    return {labels_of(pod)[CLUSTER_LABEL]: name_of(pod) for pod in pods}


# ------------------------------------------------------------------------------------------- many at once


def lose_primaries(count: int) -> None:
    names = [f"db-{number:03d}" for number in range(count)]
    began = time.process_time()
    cluster = with_clusters(names, count // 10 + NODES)
    assert all(status(cluster, name).get("onlineInstances") == 3 for name in names)
    print(f"{count} clusters up: {cluster.trace.count:,} steps, {time.process_time() - began:.1f} s CPU")
    calm = cluster.trace.count
    before, began = primaries(cluster), time.process_time()
    cluster.advance(cluster.now_ms + 60_000)
    ours = ("mysql-operator", "group-replication", "mysql-sidecar")
    steps = sum(step.actor in ours for step in cluster.trace.since(calm))
    print(f"  a calm minute: {steps} steps of theirs, {time.process_time() - began:.2f} s CPU")
    killed_ms, began, first = cluster.now_ms, time.process_time(), cluster.trace.count
    for pod in before.values():
        cluster.submit(CrashContainer(Ref("Pod", "default", pod), "mysql", 137))
    cluster.run(limit_ms=3_600_000, limit_steps=10_000_000)
    cpu = time.process_time() - began
    elected = sorted(elected_ms(cluster, name, before[name]) - killed_ms for name in names)
    whole = sum(status(cluster, name).get("onlineInstances") == 3 for name in names)
    print(f"  primaries killed: {count}; a new one after {elected[0]} to {elected[-1]} ms, {whole} whole again")
    print(f"  {cluster.trace.count - first:,} steps, {cpu:.1f} s CPU, {cpu / count * 1000:.0f} ms a cluster")


def elected_ms(cluster: Cluster, name: str, was: str) -> int:
    decisions = group(cluster, name)["decisions"]
    return int(next(each["at_ms"] for each in decisions if each["was"] == was != each["primary"]))


# -------------------------------------------------------------------------------------------- by seed


class Run(NamedTuple):
    attempted: int
    acknowledged: int
    lost: int
    forced: bool
    healed: bool


def live_through(ready: Cluster, seed: int) -> Run:
    cluster, draw = ready.copy(), random.Random(seed)
    name, first = "mycluster", cluster.trace.count
    cluster.submit(SetWrites(Ref(INNODB_CLUSTER, "default", name), 10))
    for _ in range(4):
        fault(cluster, draw)
        cluster.advance(cluster.now_ms + draw.choice((3, 8, 15, 40)) * 1000)
    for number in range(1, NODES + 1):
        cluster.submit(CutNetwork(f"node-{number}", cut=False))
        cluster.submit(PowerNode(f"node-{number}", on=True))
    cluster.advance(cluster.now_ms + 30_000)
    cluster.submit(SetWrites(Ref(INNODB_CLUSTER, "default", name), 0))
    cluster.run(limit_ms=1_200_000)
    writes = group(cluster, name)["writes"]
    reasons = {event["reason"] for event in cluster.objects("Event", "default")}
    healed = status(cluster, name).get("status") == "ONLINE" and status(cluster, name)["onlineInstances"] == 3
    assert cluster.trace.count > first
    return Run(writes["attempted"], writes["acknowledged"], writes["lost"], "RestoreQuorum" in reasons, healed)


def fault(cluster: Cluster, draw: random.Random) -> None:
    servers = [pod for pod in cluster.objects("Pod", "default") if labels_of(pod).get("component") == "mysqld"]
    pods = [Ref("Pod", namespace_of(pod), name_of(pod)) for pod in servers if not is_terminating(pod)]
    match draw.choice(DEEDS):
        case "crash" if pods:
            cluster.submit(CrashContainer(draw.choice(pods), "mysql", 137))
        case "two":
            for ref in draw.sample(pods, min(2, len(pods))):
                cluster.submit(CrashContainer(ref, "mysql", 137))
        case "delete" if pods:
            cluster.submit(DeleteObject(draw.choice(pods)))
        case "cut":
            cluster.submit(CutNetwork(f"node-{draw.randint(1, NODES)}"))
        case "power":
            cluster.submit(PowerNode(f"node-{draw.randint(1, NODES)}"))


def seeds(count: int, first: int = 0) -> None:
    ready = with_clusters(["mycluster"], NODES)
    began = time.process_time()
    runs = [live_through(ready, seed) for seed in range(first, first + count)]
    for forced in (False, True):
        of = [run for run in runs if run.forced == forced]
        sums = [sum(run[field] for run in of) for field in range(3)]
        what = "a quorum had to be forced" if forced else "never without a quorum for good"
        print(f"  {len(of)} seeds, {what}: {sums[0]:,} writes tried, {sums[1]:,} acknowledged, {sums[2]:,} lost;")
        print(f"    {sum(run.healed for run in of)} whole again without a human")
    print(f"  {(time.process_time() - began) / count:.2f} s CPU a seed")


if __name__ == "__main__":
    wanted = [int(each) for each in sys.argv[1:]]
    clusters, runs = (wanted + [CLUSTERS, SEEDS][len(wanted) :])[:2]
    if clusters:
        lose_primaries(clusters)
    if runs:
        seeds(runs, *wanted[2:3])
