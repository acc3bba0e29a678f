"""The form of a checkpoint: all that a cluster holds is in it, and nothing that is no checkpoint does any harm."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator

import pytest

from app.api.objects import Ref
from app.api.parts import Part
from app.apiserver.events import EventRecorder
from app.apiserver.store import Store
from app.cluster import Cluster, Entry, checkpoint, plain
from app.cluster.checkpoint import Unreadable
from app.commands import Apply, DeleteObject, PowerNode, Scale
from app.engine.agenda import Agenda
from app.engine.faults import Faults
from app.engine.informer import Informer
from app.engine.oncall import OnCall
from app.engine.trace import WokenBy
from app.engine.turns import Turns
from app.engine.worker import Worker
from app.engine.workqueue import WorkQueue
from tests.support.random_world import MANIFEST, WEB, random_world

pytestmark = pytest.mark.long

# What a part does not write down: it works it out anew, or it is how the parts know each other.
WORKED_OUT = {
    Store: {"_kinds", "_listed", "_names", "_on_node", "listeners", "log"},
    EventRecorder: {"_server"},
    Agenda: set(),
    Faults: set(),
    Turns: set(),
    OnCall: set(),
    WorkQueue: {"_urgency"},
    Informer: {*Informer._FIXED, "_indexes", "_listed", "_order", "objects"},
    Worker: {*Worker.PARTS, "_client", "_obstacle", "_server", "actor", "controller", "rank", "view"},
}


def parts_of(cluster: Cluster) -> Iterator[Part]:
    engine = cluster.engine
    yield from (cluster.store, engine.agenda, engine.faults, engine.turns, engine.on_call, engine.recorder)
    for worker in engine.workers.values():
        yield from (worker, worker.queue, *worker.informers.values())


def attributes(part: Part) -> set[str]:
    slots = {name for kind in type(part).__mro__ for name in getattr(kind, "__slots__", ())}
    return slots | set(getattr(part, "__dict__", ()))


def text_of(cluster: Cluster) -> list[bytes]:
    return b"".join(checkpoint.written(cluster)).splitlines()


def busy() -> Cluster:
    cluster = Cluster(seed=3)
    cluster.submit(Apply(MANIFEST))
    while cluster.trace.count < 130 or not any(each.in_flight for each in cluster.engine.workers.values()):
        cluster.step()
    return cluster


def test_nothing_that_a_part_holds_is_forgotten() -> None:
    cluster = Cluster()
    assert {type(part) for part in parts_of(cluster)} == set(WORKED_OUT)
    for part in parts_of(cluster):
        assert attributes(part) == {*part.STATE, *WORKED_OUT[type(part)]}


def test_nor_what_stands_around_them() -> None:
    """Who gains an attribute here is to be written down in checkpoint.py, or to be worked out anew there."""
    cluster = Cluster()
    around = (cluster, cluster.engine, cluster.engine.processes, cluster.engine.server)
    assert {type(each).__name__: " ".join(sorted(vars(each))) for each in around} == {
        "Cluster": "_rng applied begun engine epoch_ms journal on_alarm on_begin seed store trace",
        "Engine": "_makers _rng agenda faults housed latencies now_ms on_alarm on_call on_strike processes recorder "
        "server store trace turns",
        "Processes": "_agenda _client_of _faults _homes _housed _loop_of _loops_of_machine _now_ms _on_machine _server "
        "_subscriptions workers",
        "ApiServer": "_is_dry _policies now_ms rng scheme store taken_bytes user",
    }


def test_objects_that_caches_share_are_one_again() -> None:
    shared = shared_by(checkpoint.resumed(text_of(busy()), busy().journal))
    assert shared == shared_by(busy())
    assert max(shared.values()) > 1


def shared_by(cluster: Cluster) -> dict[Ref, int]:
    """How many caches hold the very object that the store holds."""
    informers = (informer for worker in cluster.engine.workers.values() for informer in worker.informers.values())
    held = ((ref, obj) for informer in informers for ref, obj in informer.objects.items())
    return Counter(ref for ref, obj in held if cluster.get(ref) is obj)


def test_it_is_text_of_plain_data() -> None:
    for line in text_of(busy()):
        value = json.loads(line)
        assert isinstance(value, (dict, list))


def test_what_is_no_plain_data_is_not_written() -> None:
    with pytest.raises(plain.Unwritable):
        plain.Writer({}).add([lambda: None])
    with pytest.raises(plain.Unwritable):
        plain.Writer({}).add({"kind": "Pod", "metadata": {"name": object()}})


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["nonsense"],
        ["1"],
        ["[]"],
        ['["os.system","true"]'],
        ['["dict","a"]'],
        ['["list",[0]]'],
        ['["list",[-1]]'],
        ['["list",[1]]', '["list"]'],
        ['["list",{"a":1}]'],
        ['["Ref","Pod",1,"web"]'],
        ['{"kind":"Pod"}'],
        ["[" * 100_000],
    ],
)
def test_what_is_no_checkpoint_is_unreadable(lines: list[str]) -> None:
    with pytest.raises(Unreadable):
        checkpoint.resumed(lines, [])


def test_a_damaged_checkpoint_is_unreadable_or_another_cluster_and_nothing_worse() -> None:
    cluster, rng = busy(), random.Random(1)
    lines = text_of(cluster)
    unreadable = 0
    for _ in range(60):
        place = rng.randrange(len(lines))
        damaged = rng.choice(
            [lines[:place], lines[:place] + lines[place + 1 :], [*lines[:place], b"[]", *lines[place + 1 :]]]
        )
        try:
            checkpoint.resumed(damaged, cluster.journal)
        except Unreadable:
            unreadable += 1
    assert unreadable > 50


def test_a_journal_that_is_too_short_is_of_another_room() -> None:
    cluster = busy()
    with pytest.raises(Unreadable):
        checkpoint.resumed(text_of(cluster), cluster.journal[:1])


def test_manifests_are_found_again_in_the_journal() -> None:
    cluster = busy()
    cluster.submit(Apply("kind: Nonsense"))
    cluster.submit(Apply(MANIFEST))
    again = checkpoint.resumed(text_of(cluster), [*cluster.journal, Entry(9_999, 0, {"do": "apply", "text": "later"})])
    assert again.applied == cluster.applied == [MANIFEST, MANIFEST]
    assert again.journal == cluster.journal


@pytest.mark.parametrize("seed", range(4))
def test_what_another_version_wrote_keeps_its_objects_and_goes_on(seed: int) -> None:
    """Its records have other names: only what every version knows can be read."""
    cluster = random_world(seed, commands=8)
    cluster.submit(PowerNode("node-2", False))
    lines = [line.replace(b'["controllers.', b'["bygone.') for line in text_of(cluster)]
    again = checkpoint.revived(lines, cluster.journal)
    assert again.store.held() == cluster.store.held()
    assert (again.now_ms, again.trace.count, again.revision) == (cluster.now_ms, cluster.trace.count, cluster.revision)
    assert again.actors.keys() == cluster.actors.keys()
    assert [name for name, each in again.engine.workers.items() if each.frozen] == [
        name for name, each in cluster.engine.workers.items() if each.frozen
    ]
    again.submit(PowerNode("node-2", True))
    again.submit(DeleteObject(WEB))
    again.run()
    again.submit(Apply(MANIFEST))
    again.submit(Scale(WEB, 2))
    again.run()
    deployment = again.get(WEB)
    assert deployment is not None
    assert deployment["status"]["availableReplicas"] == 2


def test_records_are_data_and_nothing_else() -> None:
    assert checkpoint.records()["engine.trace.WokenBy"] is WokenBy
    assert all(kind.__module__.startswith("app.") for kind in checkpoint.records().values())
    assert len(checkpoint.version()) == 16
