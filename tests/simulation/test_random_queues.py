"""A queue under random faults of pods and machines: what was confirmed is delivered, and twice only with the mark."""

from __future__ import annotations

import random

import pytest

from app.api.objects import Ref
from app.commands import CrashContainer, CutNetwork, DeleteObject, PowerNode
from tests.support.rabbitmq import RabbitWorld

NODES = ("node-1", "node-2", "node-3", "node-4")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_confirmed_is_lost(seed: int) -> None:
    lots = random.Random(seed)
    world = RabbitWorld(3, seed=seed)
    world.queue(5, consume=True)
    world.wait(5)
    for _ in range(6):
        pod, node = Ref("Pod", "default", lots.choice(world.pod_names())), lots.choice(NODES)
        power, cut = PowerNode(node, on=lots.random() < 0.5), CutNetwork(node, cut=lots.random() < 0.5)
        world.submit(lots.choice([CrashContainer(pod), DeleteObject(pod), DeleteObject(pod, 0), power, cut]))
        world.wait(lots.uniform(0, 15))
    for node in NODES:
        world.submit(PowerNode(node, on=True))
        world.submit(CutNetwork(node, cut=False))
    world.wait(240)
    assert world.statuses() == ["Running"] * 3
    world.queue(0, consume=True)
    world.wait(30)
    book = world.orders["book"]
    assert (book["lost"], book["doubled"]) == (0, 0)
    delivered = {number for low, high in book["delivered"] for number in range(low, high + 1)}
    confirmed = {number for low, high in book["confirmed"] for number in range(low, high + 1)}
    assert confirmed
    assert confirmed <= delivered
