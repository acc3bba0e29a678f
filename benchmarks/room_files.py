"""Figures of rooms as files, and of the command line: how large a file is, how long it takes to make it and to live
through it again, and how long `loopscope run` takes.

`make bench` runs it, as CPU seconds of one process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from app import scenarios
from app.rooms.rehearsal import Rehearsal
from app.rooms.roomfile import read, written
from app.rooms.sharing import past_of, relived
from app.rooms.storage import Stored

LESSONS = ("self-healing", "service-database", "large-cluster")


def played(lesson: str) -> Stored:
    """A room in which that lesson was played to its end."""
    rehearsal = Rehearsal(scenarios.get(lesson))
    for _ in rehearsal.play(range(len(rehearsal.script.scenario.steps))):
        pass
    cluster = rehearsal.cluster
    return Stored(
        "bench", lesson, cluster.seed, cluster.epoch_ms, cluster.trace.count, cluster.now_ms, {}, list(cluster.journal),
        rehearsal.script.to_json(),
    )  # fmt: skip


def row(lesson: str) -> str:
    stored = played(lesson)
    began = time.process_time()
    text = written(past_of(stored))
    exported = time.process_time()
    found = relived(read(text))
    imported = time.process_time()
    assert found.is_equal
    size, per_thousand = len(text.encode()) / 1000, len(text.encode()) / stored.steps
    return (
        f"| {lesson}: {stored.steps:,} steps, {len(stored.journal)} commands | {size:.1f} kB, {per_thousand:.2f} kB "
        f"| {exported - began:.2f} s | {imported - exported:.2f} s | {run_s(lesson):.1f} s |"
    )


def run_s(lesson: str) -> float:
    """CPU seconds of `loopscope run`, from its start to its end."""
    command = [sys.executable, "-m", "app.cli", "run", lesson]
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    print("| a room as a file | its size, for each 1,000 steps | written | lived through again | `loopscope run` |")
    print("|---|---|---|---|---|")
    for name in LESSONS:
        print(row(name))
