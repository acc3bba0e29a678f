"""Figures of the queue as a service: random faults by many seeds, what elections take, and what a cluster costs.

`make bench` runs it; more seeds: `python -m benchmarks.queues 1000`. CPU seconds are this process' own.
"""

from __future__ import annotations

import statistics
import sys
import time

from app.commands import CutNetwork
from app.operators.rabbitmq import ranges
from tests.support.queues import random_run
from tests.support.rabbitmq import RabbitWorld

SEEDS = 100


def faults(seeds: int) -> None:
    published = confirmed = redelivered = lost = doubled = 0
    began = time.process_time()
    for seed in range(seeds):
        book = random_run(seed)
        published, confirmed = published + book.published, confirmed + ranges.count(book.confirmed)
        redelivered, lost, doubled = redelivered + book.redelivered, lost + book.lost, doubled + book.doubled
    print("| seeds | attempted | confirmed | redelivered with the mark | lost | doubled without it | CPU s |")
    print("|---|---|---|---|---|---|---|")
    took = time.process_time() - began
    print(f"| {seeds} | {published:,} | {confirmed:,} | {redelivered:,} | {lost} | {doubled} | {took:.0f} |\n")


def elections(times: int) -> None:
    """How long nobody leads, after a crash and after a cut, in virtual seconds."""
    crashed, cut = [], []
    for seed in range(times):
        world = RabbitWorld(3, seed=seed)
        world.queue(10, consume=True)
        world.wait(5)
        world.crash(world.leader)
        world.wait(30)
        crashed.append(world.election_ms / 1000)
        world.do(CutNetwork(world.machine_of(world.leader)))
        world.wait(20)
        cut.append(world.election_ms / 1000)
    print("| the leader | elections | least s | median s | most s |")
    print("|---|---|---|---|---|")
    for what, took in (("crashed", crashed), ("cut off", cut)):
        print(f"| {what} | {len(took)} | {min(took):.2f} | {statistics.median(took):.2f} | {max(took):.2f} |")
    print()


def cost() -> None:
    print("| a minute of a cluster of 3 servers | steps | CPU ms |")
    print("|---|---|---|")
    world = RabbitWorld(3)
    for what, per_second in (("without a queue", 0), ("10 messages a second", 10), ("20 messages a second", 20)):
        if per_second:
            world.queue(per_second, consume=True)
            world.wait(5)
        before, began = world.trace.count, time.process_time()
        world.wait(60)
        took = time.process_time() - began
        print(f"| {what} | {world.trace.count - before:,} | {took * 1000:.0f} |")


if __name__ == "__main__":
    faults(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS)
    elections(30)
    cost()
