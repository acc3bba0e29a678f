"""StatefulSets and DaemonSets under random commands: no identity lives twice, and all ends as declared."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest

from app.api.objects import Ref, name_of
from app.cluster import Cluster
from app.commands import (
    AddNode,
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
from tests.simulation import test_truth
from tests.support.random_world import one_controller_owner, runs

DB, AGENT = Ref("StatefulSet", "default", "db"), Ref("DaemonSet", "default", "agent")
MANIFEST = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 3
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: main, image: "mysql:8.4"}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: main, image: "fluentd:1"}]}
"""
IMAGES = ("mysql:8.4", "mysql:9.0", "nginx:broken", "nginx:crash", "nginx:unready")


def random_command(rng: random.Random, cluster: Cluster) -> Command | None:
    names = [Ref("Pod", "default", name_of(pod)) for pod in cluster.objects("Pod", "default")]
    started = [Ref("Pod", "default", name_of(pod)) for pod in cluster.objects("Pod", "default") if runs(pod)]
    either = rng.choice([DB, AGENT])
    choices: list[Callable[[], Command | None]] = [
        lambda: Scale(DB, rng.randrange(0, 6)),
        lambda: SetImage(either, rng.choice(IMAGES)),
        lambda: RolloutRestart(either),
        lambda: RolloutUndo(either),
        lambda: Cordon(f"node-{rng.randrange(1, 4)}", rng.random() < 0.4),
        lambda: AddNode() if len(cluster.objects("Node")) < 6 else None,
        lambda: Apply(MANIFEST),
        lambda: DeleteObject(rng.choice(names)) if names else None,
        lambda: CrashContainer(rng.choice(started)) if started else None,
        lambda: SetLabel(rng.choice(names), "app", rng.choice(["db", "agent", "other"])) if names else None,
        lambda: DeleteObject(either, None, rng.choice([None, "Foreground", "Orphan"])) if rng.random() < 0.2 else None,
        lambda: SetLatencies(rng.choice(["realistic", "stormy", "zero", "textbook"])),
    ]
    return rng.choice(choices)()


def no_identity_lives_twice(cluster: Cluster) -> None:
    """On no two machines, nor twice on one, are there running processes of pods with one name."""
    alive = Counter(
        name_of(sandbox).rpartition(".")[0]
        for sandbox in cluster.objects("PodSandbox")
        if any(each["state"] == "running" for each in (sandbox["status"].get("containers") or {}).values())
    )
    assert not [name for name, count in alive.items() if count > 1]


def random_sets(seed: int) -> Cluster:
    """A cluster after thirty random commands, safe after every step in between."""
    rng = random.Random(seed)
    cluster = Cluster(seed=seed, latencies=rng.choice(["realistic", "stormy", "textbook"]))
    cluster.submit(Apply(MANIFEST))
    for _ in range(30):
        for _ in range(rng.choice([0, 3, 30, 200])):
            if cluster.quiet:
                break
            cluster.step()
            one_controller_owner(cluster)
            no_identity_lives_twice(cluster)
        command = random_command(rng, cluster)
        if command is not None:
            cluster.submit(command)
    return cluster


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_it_ends_as_declared(seed: int) -> None:
    cluster = random_sets(seed)
    _calm_down(cluster)
    assert cluster.quiet
    _is_as_declared(cluster)


@pytest.mark.parametrize("seed", range(100, 104))
def test_the_trace_keeps_its_promises_for_sets_too(seed: int) -> None:
    cluster = random_sets(seed)
    test_truth.test_every_object_in_an_observation_was_read_in_that_step(cluster)
    test_truth.test_diff_of_the_recorded_observation_gives_the_recorded_differences(cluster)
    test_truth.test_what_was_acted_is_what_was_decided_up_to_a_failure(cluster)
    test_truth.test_every_change_of_the_store_is_named_by_exactly_one_step(cluster)
    test_truth.test_a_journal_replays_the_same_cluster(cluster)


def _calm_down(cluster: Cluster) -> None:
    """Good images again, every node open, strays and what is stuck in a broken update gone: the person's part."""
    cluster.submit(SetLatencies("realistic"))
    cluster.run(limit_ms=120_000)
    for node in cluster.objects("Node"):
        cluster.submit(Cordon(name_of(node), False))
    cluster.submit(Apply(MANIFEST))
    cluster.run(limit_ms=120_000)
    for pod in cluster.objects("Pod", "default"):
        cluster.submit(DeleteObject(Ref("Pod", "default", name_of(pod))))
    cluster.run(limit_ms=3_600_000)


def _is_as_declared(cluster: Cluster) -> None:
    pods = [(name_of(pod), pod["spec"]["nodeName"]) for pod in cluster.objects("Pod", "default")]
    assert [name for name, _ in pods if name.startswith("db-")] == ["db-0", "db-1", "db-2"]
    nodes = [name_of(node) for node in cluster.objects("Node")]
    assert sorted(node for name, node in pods if name.startswith("agent-")) == nodes
    claims = {name_of(claim) for claim in cluster.objects("PersistentVolumeClaim", "default")}
    assert {"data-db-0", "data-db-1", "data-db-2"} <= claims
    for ref, field, count in ((DB, "availableReplicas", 3), (AGENT, "numberAvailable", len(nodes))):
        found = cluster.get(ref)
        assert found is not None
        assert found["status"][field] == count
    for ref in (DB, AGENT):
        kept = [each for each in cluster.objects("ControllerRevision", "default") if name_of(each).startswith(ref.name)]
        numbers = [each["revision"] for each in kept]
        assert len(numbers) == len(set(numbers)) > 0
