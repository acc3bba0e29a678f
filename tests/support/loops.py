"""Small loops made for tests of the engine, and an engine that runs them."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any, NamedTuple

from app.api.objects import Obj, Ref
from app.apiserver.store import Store
from app.engine.engine import Engine
from app.engine.latency import Latencies
from app.engine.trace import Step, Trace
from app.reconcile import Controller, Difference, Reader, Wake, itself
from app.registry.builtin import built_in

SLOW = Latencies(watch_ms=10, api_ms=5, phase_ms=3)
QUICK = Latencies(0, 0, 0)
A = Ref("ConfigMap", "default", "a")


def config(name: str = "a", **data: str) -> Obj:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


class Seen(NamedTuple):
    obj: Obj
    now_ms: int
    memory: Any
    failures: tuple[Any, ...]


class Loop(Controller[Seen]):
    """Does what the function `decide` says about each ConfigMap it sees."""

    name = "loop"
    reconciles = "ConfigMap"

    def __init__(self, decide: Any, **options: Any) -> None:
        self.decide = decide
        self.wakes: tuple[Wake, ...] = (itself("ConfigMap"),)
        for option, value in options.items():
            setattr(self, option, value)

    def observe(self, key: Ref, reader: Reader) -> Seen | None:
        obj = reader.get(key)
        return Seen(obj, reader.now_ms, reader.remembered(), tuple(reader.failures())) if obj else None

    def diff(self, seen: Seen) -> Iterable[Difference]:
        return [
            Difference(A, "data", 1, 0, f"Reason{n}", tuple(actions)) for n, actions in enumerate(self.decide(seen))
        ]


def engine_with(*loops: Loop, latencies: Latencies = SLOW, seed: int = 1) -> Engine:
    engine = Engine(built_in(), Store(), random.Random(seed), 0, latencies, Trace())
    engine.server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    for rank, loop in enumerate(loops, 1):
        engine.start(loop, rank)
    settle(engine)
    return engine


def settle(engine: Engine, limit: int = 10_000) -> list[Step]:
    begin = engine.trace.count
    for _ in range(limit):
        if engine.quiet:
            return list(engine.trace.since(begin))
        engine.step()
    raise AssertionError("never quiet")


def write(engine: Engine, obj: Obj) -> None:
    """Somebody else's write."""
    ref = Ref(obj["kind"], obj["metadata"]["namespace"], obj["metadata"]["name"])
    exists = engine.store.get(ref) is not None
    written = engine.server.update(obj) if exists else engine.server.create(obj)
    engine.publish(written.changes, 0)
