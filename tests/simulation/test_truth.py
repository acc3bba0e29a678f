"""What the trace promises, on every seed: nothing is narrated, everything is what ran."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.cluster import Cluster
from app.engine.trace import Acted, Commanded, Differed, Observed, Step
from app.reconcile import BACKGROUND
from app.registry import bootstrap
from tests.support.random_world import random_world

SEEDS = range(int(os.environ.get("SEED", "1")), int(os.environ.get("SEED", "1")) + int(os.environ.get("SEEDS", "6")))
APP = Path(__file__).parent.parent.parent / "app"


@pytest.fixture(scope="module", params=SEEDS, ids=lambda seed: f"seed {seed}")
def world(request: pytest.FixtureRequest) -> Cluster:
    return random_world(request.param)


def objects_in(value: Any) -> list[dict[str, Any]]:
    """Every Kubernetes object inside an observation."""
    if isinstance(value, dict):
        if "kind" in value and "metadata" in value and "resourceVersion" in value["metadata"]:
            return [value]
        return [found for item in value.values() for found in objects_in(item)]
    if isinstance(value, (list, tuple)):
        return [found for item in value for found in objects_in(item)]
    if dataclasses.is_dataclass(value):
        return [found for field in dataclasses.fields(value) for found in objects_in(getattr(value, field.name))]
    return []


def records(world: Cluster, kind: type) -> list[tuple[Step, Any]]:
    found = [(step, step.record) for step in world.trace if isinstance(step.record, kind)]
    assert found
    return found


def test_every_object_in_an_observation_was_read_in_that_step(world: Cluster) -> None:
    seen = 0
    for step, observed in records(world, Observed):
        reads = {id(obj) for obj in objects_in(observed.reads)}
        for obj in objects_in(observed.observation):
            seen += 1
            assert id(obj) in reads, f"step {step.number} of {step.actor} shows {obj['kind']} that it did not read"
    assert seen


def test_diff_of_the_recorded_observation_gives_the_recorded_differences(world: Cluster) -> None:
    for step, differed in records(world, Differed):
        controller = world.engine.workers[step.actor].controller
        again = tuple(controller.diff(differed.observation))
        if controller.in_background:
            again = tuple(dataclasses.replace(each, pace=BACKGROUND) for each in again)
        assert again == differed.differences, f"step {step.number} of {step.actor}"


def test_what_was_acted_is_what_was_decided_up_to_a_failure(world: Cluster) -> None:
    decided: dict[tuple[str, Any], list[tuple[int, int]]] = {}
    for step in world.trace:
        flight = (step.actor, step.key)
        if isinstance(step.record, Differed):
            assert not decided.get(flight), "the reconcile before has not ended"
            decided[flight] = [(d, a) for d, x in enumerate(step.record.differences) for a in range(len(x.actions))]
        elif isinstance(step.record, Acted):
            acted = step.record
            assert decided[flight].pop(0) == (acted.difference, acted.index)
            assert acted.action is acted.differences[acted.difference].actions[acted.index]
            if not acted.result.ok and acted.result.code != 404:
                decided[flight] = [todo for todo in decided[flight] if todo[0] != acted.difference]


def test_every_change_of_the_store_is_named_by_exactly_one_step(world: Cluster) -> None:
    named: list[int] = []
    for step in world.trace:
        if isinstance(step.record, Acted):
            named += [change.revision for change in step.record.result.changes]
        elif isinstance(step.record, Commanded):
            named += [change.revision for result in step.record.results for change in result.changes]
    first = len(bootstrap.objects(world.epoch_ms)) + 1  # what was there before any step
    assert sorted(named) == list(range(first, world.store.revision + 1))


def test_steps_are_numbered_without_gaps_in_time_and_caused_by_earlier_ones(world: Cluster) -> None:
    before = 0
    for number, step in enumerate(world.trace, start=1):
        assert step.number == number
        assert step.at_ms >= before
        assert step.cause < step.number
        before = step.at_ms


def test_the_trace_is_appended_to_in_one_line_of_source() -> None:
    lines = [line for path in APP.rglob("*.py") for line in path.read_text().splitlines() if "trace.append(" in line]
    assert len(lines) == 1


def fingerprint(world: Cluster) -> str:
    steps = [(s.number, s.at_ms, s.actor, s.key, s.cause, type(s.record).__name__) for s in world.trace]
    return repr((steps, [world.objects(kind) for kind in sorted(world.store.kinds())]))


def test_the_same_seed_gives_the_same_trace_in_another_process_with_other_hashes(tmp_path: Path) -> None:
    code = (
        "import hashlib; from tests.support.random_world import random_world;"
        "from tests.simulation.test_truth import fingerprint;"
        "print(hashlib.sha256(fingerprint(random_world(3)).encode()).hexdigest())"
    )
    root = str(Path(__file__).parents[2])
    outs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": root, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    assert outs[0] == outs[1]


def test_a_journal_replays_the_same_cluster(world: Cluster) -> None:
    again = Cluster.replay(world.seed, world.epoch_ms, world.journal)
    again.forward(world.trace.count)
    assert fingerprint(again) == fingerprint(world)
