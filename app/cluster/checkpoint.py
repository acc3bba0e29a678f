"""A cluster written out, in the middle of whatever goes on, and taken up again: it goes on as if nothing had been.

    text = b"".join(checkpoint.written(cluster))
    cluster = checkpoint.resumed(text.splitlines(), journal)

The form is plain.py's: lines of JSON. The past is not in it: no log, no trace, and of the journal, which is kept beside
it, only which manifests were taken. What another version of us wrote may speak of records that are none any more:
`revived` takes the objects from it, and every loop starts with an empty memory, as after an upgrade of a real control
plane.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from app.api.control_plane import CONTROL_PLANE
from app.api.objects import ref_of
from app.api.own_controllers import OWN_CONTROLLER
from app.api.parts import Part
from app.apiserver import customkinds
from app.apiserver.store import ADDED, Change, Store
from app.cluster import plain
from app.cluster.cluster import Cluster, Entry
from app.cluster.loops import choice, loops, modules
from app.cluster.plain import Unreadable as Unreadable
from app.cluster.plain import Unwritable as Unwritable
from app.engine.engine import Engine
from app.registry import bootstrap

_PLACES = (
    "api",
    "apiserver",
    "engine",
    "reconcile",
    "component_helpers",
    "controllers",
    "scheduler",
    "nodes",
    "operators",
)
_NOT_REPLAYED = ("look", "kubectl", "scenarios", "rooms", "web", "cli", "options.py")


@cache
def records() -> plain.Records:
    """Of what may be in flight: what loops observe, name and remember."""
    inside = tuple(f"app.{place}" for place in _PLACES)
    ours = [module for name, module in sorted(sys.modules.items()) if name.startswith(inside)]
    return plain.records_of([*ours, *modules()])


@cache
def version() -> str:
    """Of all code that decides what a cluster does next: where it is the same, so is the trace."""
    folder = Path(__file__).parent.parent
    digest = hashlib.sha256(f"{sys.version} {metadata.version('starlark-pyo3')} {choice()}".encode())
    for path in sorted(folder.rglob("*.py")):
        place = path.relative_to(folder)
        if place.parts[0] not in _NOT_REPLAYED:
            digest.update(f"{place}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


# ----------------------------------------------------------------------------------------------- writing


def written(cluster: Cluster) -> Iterator[bytes]:
    """The text, in pieces that take a few milliseconds each. The cluster may not move meanwhile: let it be a copy.

    Raises Unwritable."""
    writer = plain.Writer(records())
    whole: dict[str, Any] = {}
    for kind in cluster.store.kinds():
        yield from writer.adding(cluster.store.objects(kind))
    for name, part in _parts(cluster):
        whole[name] = part
        for held in part.values() if isinstance(part, dict) else ():
            if isinstance(held, (dict, list)):  # what may be long
                yield from writer.adding(held)
            if isinstance(held, dict):
                yield from writer.adding(held.values())
        writer.add(part)
        yield from writer.taken()
    writer.add(whole)
    yield from writer.taken()


def _parts(cluster: Cluster) -> Iterator[tuple[str, Any]]:
    engine = cluster.engine
    yield "store", cluster.store.held()
    yield from engine.processes.held()
    for name, part in _small_parts(engine).items():
        yield name, part.held()
    yield (
        "cluster",
        {
            "seed": cluster.seed,
            "epoch_ms": cluster.epoch_ms,
            "steps": cluster.trace.count,
            "now_ms": cluster.now_ms,
            "latencies": cluster.latencies,
            "turns": engine.turns.wanted,
            "kinds": customkinds.keys(engine.server.scheme),
            "taken_bytes": engine.server.taken_bytes,
            "random": cluster.random_state(),
            "commands": len(cluster.journal),
            "applied": _places(cluster.journal, cluster.applied),
        },
    )


def _small_parts(engine: Engine) -> dict[str, Part]:
    return {
        "agenda": engine.agenda,
        "faults": engine.faults,
        "turns": engine.turns,
        "on call": engine.on_call,
        "recorder": engine.recorder,
    }


def _places(journal: Sequence[Entry], applied: Sequence[str]) -> list[int]:
    """Where in the journal the manifests stand that were not refused."""
    places: list[int] = []
    for number, entry in enumerate(journal):
        if len(places) < len(applied) and _manifest(entry) == applied[len(places)]:
            places.append(number)
    return places


def _manifest(entry: Entry) -> str:
    return str(entry.command.get("text", "")) if entry.command.get("do") == "apply" and not entry.left_out else ""


# ----------------------------------------------------------------------------------------------- reading


def resumed(lines: Iterable[str | bytes], journal: Sequence[Entry]) -> Cluster:
    """The cluster as it was, with the first entries of `journal`, which it has performed. Raises Unreadable."""
    whole = plain.read(lines, records(), bootstrap.shared)
    try:
        cluster = _begun(whole, journal)
        for name, part in _small_parts(cluster.engine).items():
            part.take(whole[name])
        cluster.engine.processes.resume(whole, {loop.actor: loop for loop in (each() for each in loops())})
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from None
    return cluster


def revived(lines: Iterable[str | bytes], journal: Sequence[Entry]) -> Cluster:
    """Its objects, and loops that know nothing yet. Raises Unreadable."""
    whole = plain.read(lines, records(), bootstrap.shared)
    try:
        cluster = _begun(whole, journal)
        engine = cluster.engine
        engine.turns.wanted = bool(whole["cluster"]["turns"])
        if "recorder" in whole:
            engine.recorder.take(whole["recorder"])
        _complete(cluster)
        _start(cluster)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from None
    return cluster


def _begun(whole: Mapping[str, Any], journal: Sequence[Entry]) -> Cluster:
    """With its objects, and nothing that runs."""
    own, store = whole["cluster"], Store()
    store.take(whole["store"])
    if len(journal) < own["commands"]:
        raise ValueError("the journal is shorter than it was")
    performed = journal[: own["commands"]]
    return Cluster.of(own, store, performed, [_manifest(performed[place]) for place in own["applied"]])


def _complete(cluster: Cluster) -> None:
    """What every cluster has, and an older version of us did not know."""
    for ref, obj in bootstrap.objects(cluster.epoch_ms).items():
        if cluster.store.get(ref) is None:
            cluster.store.put(obj)


def _start(cluster: Cluster) -> None:
    """Every process that should run there starts, and lists what there is."""
    store, processes = cluster.store, cluster.engine.processes
    plane = store.get(CONTROL_PLANE)
    if plane is not None:
        processes.follow(Change(store.revision, ADDED, CONTROL_PLANE, None, plane), 0)
    for rank, loop in enumerate(loops(), start=2):
        processes.start(loop(), rank)
    for definition in store.objects(OWN_CONTROLLER):
        processes.follow(Change(store.revision, ADDED, ref_of(definition), None, definition), 0)
    for machine in store.objects("Machine"):
        processes.follow(Change(store.revision, ADDED, ref_of(machine), None, machine), 0)
