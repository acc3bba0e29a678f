"""Random clusters that are used while everything breaks: the books of the traffic balance, and a replay agrees."""

from __future__ import annotations

import random

import pytest

from app.api.losses import FAILURES
from app.api.objects import Ref
from app.cluster import Cluster
from app.commands import ApiServerDown, Command, CrashController, CutNetwork, PowerNode, SetTraffic, SlowNode
from tests.support.random_world import MANIFEST, random_command
from tests.support.world import Apply

SERVICE = Ref("Service", "default", "web")
LOAD = Ref("Load", "default", "web")


def random_trouble(rng: random.Random) -> Command:
    node = f"node-{rng.randrange(1, 4)}"
    return rng.choice(
        [
            SetTraffic(SERVICE, rng.choice([0, 1, 50, 300]), rng.choice(["steady", "ramp", "spike"])),
            SetTraffic(SERVICE, rng.choice([20, 200]), path=rng.choice(["node-port", "direct"])),
            PowerNode(node, rng.random() < 0.6),
            CutNetwork(node, rng.random() < 0.4),
            SlowNode(node, rng.randrange(1, 6)),
            ApiServerDown(rng.random() < 0.4),
            CrashController(rng.choice(["traffic", "kube-proxy", "load-balancer", "endpointslice-controller"])),
        ]
    )


def used_and_broken(seed: int) -> Cluster:
    rng = random.Random(seed)
    cluster = Cluster(seed=seed, latencies=rng.choice(["realistic", "stormy", "textbook"]))
    cluster.submit(Apply(MANIFEST))
    cluster.submit(SetTraffic(SERVICE, 100))
    for _ in range(30):
        cluster.advance(cluster.now_ms + rng.choice([0, 300, 2_000, 12_000]))
        books_balance(cluster)
        command = random_trouble(rng) if rng.random() < 0.5 else random_command(rng, cluster)
        if command is not None:
            cluster.submit(command)
    return cluster


def books_balance(cluster: Cluster) -> None:
    load = cluster.get(LOAD)
    status = (load or {}).get("status")
    if not status:
        return
    window = status["window"]
    for told in (window, status["total"]):
        assert told["sent"] == told["ok"] + sum(told["failed"].values())
        assert set(told["failed"]) <= set(FAILURES)
    assert window["toMs"] - window["fromMs"] == 1_000
    assert window["toMs"] <= cluster.now_ms
    assert sum(each["requests"] for each in status["nodes"].values()) <= window["sent"]
    assert all(each["failed"] <= each["requests"] for each in status["pods"].values())


@pytest.mark.parametrize("seed", [*range(7), 35])  # 6 and 35: what was under way to a process that had stopped
def test_the_books_balance_whatever_breaks_and_a_replay_agrees(seed: int) -> None:
    cluster = used_and_broken(seed)
    replayed = Cluster.replay(cluster.seed, cluster.epoch_ms, cluster.journal, to_step=cluster.trace.count)
    assert replayed.get(LOAD) == cluster.get(LOAD)
    assert replayed.trace.count == cluster.trace.count
