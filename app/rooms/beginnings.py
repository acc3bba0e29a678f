"""How the rooms of a lesson begin: as copies of one cluster that has lived through its beginning.

`Rooms` asks for every new or reset room. A beginning is lived through again when it is a minute old: clients reckon
ages by their own clock, so a room should begin at about now.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from app.api import times
from app.cluster import DEFAULT_EPOCH_MS, INSTALLS, Cluster
from app.commands import Apply, Command, TakeTurns, command_from_json
from app.engine.trace import Commanded
from app.rooms.frames import Pace
from app.rooms.slicing import STRIDE, slices
from app.scenarios import Scenario

FRESH_S = 60
HEAD_START_S = 60
SEED = 1  # the same names in every room, so that a talk can be rehearsed


class Beginning(NamedTuple):
    scenario: Scenario
    cluster: Cluster
    lived_at: float  # by `clock`


class Beginnings:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: dict[str, Beginning] = {}
        self._locks: dict[str, threading.Lock] = {}

    def of(self, scenario: Scenario) -> Cluster:
        """A cluster as that lesson begins. Of many who ask at once one lives through it, and the others wait."""
        with self._locks.setdefault(scenario.id, threading.Lock()):
            kept = self._kept.get(scenario.id)
            if kept is None or kept.scenario is not scenario or self._clock() >= kept.lived_at + FRESH_S:
                # Clients reckon ages by their own clock: let it be about now when the first of them looks.
                began_ms = (int(time.time()) - HEAD_START_S) * 1000
                kept = self._kept[scenario.id] = Beginning(scenario, prepared(scenario, began_ms), self._clock())
            return kept.cluster.copy()


def pace_of(scenario: Scenario, pace: Pace | None = None, before: Scenario | None = None) -> Pace:
    """How a room goes that begins this lesson: as it did, but that some lessons go by the clock, and others after them
    do not."""
    if scenario.clock:
        return Pace("clock", float(scenario.clock))
    return Pace() if pace is None or (before is not None and before.clock) else pace


def prepared(scenario: Scenario, began_ms: int = DEFAULT_EPOCH_MS) -> Cluster:
    """A cluster as the lesson begins: its manifests applied, and quiet or as far as `settle_ms` lets it come."""
    machines: dict[str, Any] = {"zones": scenario.zones, "cpu": scenario.cpu, "memory": scenario.memory}
    began_ms = began_ms if scenario.hour is None else times.latest(scenario.hour, began_ms)
    cluster = Cluster(seed=SEED, epoch_ms=began_ms, nodes=scenario.nodes, **machines)
    _settle(cluster, scenario.settle_ms)
    for operator in scenario.operators:
        _begin(cluster, scenario, Apply(INSTALLS[operator]))
        _settle(cluster, scenario.settle_ms)
    if scenario.manifests:
        _begin(cluster, scenario, Apply(scenario.manifests))
        _settle(cluster, scenario.settle_ms)
    if scenario.clock:
        _begin(cluster, scenario, TakeTurns(on=False))
    for command in scenario.begin:
        _begin(cluster, scenario, command_from_json(dict(command)))
        _settle(cluster, scenario.settle_ms)
    return cluster


def _begin(cluster: Cluster, scenario: Scenario, command: Command) -> None:
    step = cluster.submit(command)
    assert isinstance(step.record, Commanded)
    assert not step.record.error, f"scenario {scenario.id}: {step.record.error}"


def _settle(cluster: Cluster, limit_ms: int) -> None:
    """`cluster.run()`, letting others have the process in between."""
    latest = cluster.now_ms + limit_ms
    for _ in slices():
        if cluster.run(limit_ms=latest - cluster.now_ms, limit_steps=STRIDE).steps < STRIDE:
            return
