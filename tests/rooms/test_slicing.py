"""Nothing holds the process: long work pauses, and who does much of it waits for his turn."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator

import pytest

from app.api import breath
from app.apiserver import requests
from app.cluster import Cluster, checkpoint
from app.commands import Apply, DeleteCollection
from app.engine.informer import Informer
from app.engine.trace import Step
from app.rooms import Broken, Room, Rooms, guard, memory, slicing
from tests.rooms.test_rooms import make_rooms

PODS = 300
MANY = f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: many}}
spec:
  replicas: {PODS}
  selector: {{matchLabels: {{app: many}}}}
  template:
    metadata: {{labels: {{app: many}}}}
    spec: {{containers: [{{name: c, image: nginx}}]}}
"""


@pytest.fixture
def breaths() -> Iterator[list[int]]:
    """One for each time that others could have gone first."""
    taken: list[int] = []
    breath.breathe_by(lambda: taken.append(len(taken)))
    yield taken
    breath.breathe_by(breath.not_at_all)


@pytest.fixture(scope="module")
def large() -> Cluster:
    cluster = Cluster()
    cluster.submit(Apply(MANY))
    cluster.run()
    assert cluster.count("Pod") == PODS
    return cluster


def test_things_are_gone_through_with_a_breath_now_and_then(breaths: list[int]) -> None:
    assert list(breath.breathing(range(3 * breath.EVERY))) == list(range(3 * breath.EVERY))
    assert len(breaths) == 3


@pytest.mark.parametrize(
    "work",
    [
        lambda cluster: cluster.copy(),
        lambda cluster: list(checkpoint.written(cluster)),
        lambda cluster: cluster.as_of(cluster.revision),
        lambda cluster: cluster.copy().submit(DeleteCollection("Pod", "default")),
        lambda cluster: requests.delete_collection(cluster.copy().engine.server, "Pod", "default", "app=none"),
    ],
    ids=["a copy", "a checkpoint", "the past", "all pods are deleted", "none of many is deleted"],
)
def test_what_takes_long_in_a_large_cluster_is_done_in_pieces(
    large: Cluster, breaths: list[int], work: Callable[[Cluster], object]
) -> None:
    work(large)
    assert len(breaths) >= PODS // breath.EVERY


def test_who_needs_few_slices_never_queues_with_those_who_need_many(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    class Queue:
        def __enter__(self) -> None:
            said.append("queues")

        def __exit__(self, *error: object) -> None: ...

    monkeypatch.setattr(slicing, "_queue", Queue())
    monkeypatch.setattr(slicing, "SLICE_S", -1.0)
    monkeypatch.setattr(slicing, "BREATH_S", 0.0)
    with guard.watched():
        for _ in range(slicing.FEW):
            slicing.pause()
        assert said == []
        slicing.pause()
        assert said == ["queues"]
        with guard.watched():
            slicing.pause()
        slicing.rest()
        assert said == ["queues"]
    slicing.pause()
    assert said == ["queues"] * 2, "what nobody watches has no end in sight"


def test_a_slice_that_is_not_used_up_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(slicing, "SLICE_S", 1e9)
    monkeypatch.setattr("time.sleep", slept.append)
    for _, _ in zip(range(1000), slicing.slices(), strict=False):
        slicing.pause()
    assert slept == []


@pytest.mark.long
def test_the_objects_of_a_room_that_is_put_away_or_reset_go_without_the_collector() -> None:
    rooms = make_rooms(rooms_in_memory=1)
    evicted = rooms.create()
    gc.collect()
    others = _known()
    _fill(evicted, rooms)
    gc.collect()
    gc.disable()
    try:
        assert _known() >= others + 10 * PODS
        reset = rooms.create()
        assert _known() <= others + PODS
        _fill(reset, rooms)
        rooms.reset(reset)
        assert _known() <= others + PODS
    finally:
        gc.enable()


def test_whoever_still_has_a_room_in_hand_that_was_put_away_is_told_so() -> None:
    rooms = make_rooms(rooms_in_memory=1)
    room = rooms.create()
    rooms.create()
    with pytest.raises(Broken, match="put away"):
        rooms.submit(room, Apply(MANY))
    assert rooms.submit(rooms.get(room.id), Apply(MANY)).record.error == ""  # type: ignore[union-attr]


def _fill(room: Room, rooms: Rooms) -> None:
    rooms.submit(room, Apply(MANY))
    room.cluster.run()


def _known() -> int:
    """How many objects all loops in memory know, and steps."""
    found = gc.get_objects()
    steps = sum(type(each) is Step for each in found)
    return steps + sum(len(each.objects) for each in found if type(each) is Informer)


def test_a_full_collection_is_made_where_it_is_quick_or_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr("gc.collect", lambda: made.append("looks at everything"))
    monkeypatch.setattr("sys.getallocatedblocks", lambda: memory.QUICK - 1)
    memory.collect(is_alone=False)
    assert len(made) == 1
    monkeypatch.setattr("sys.getallocatedblocks", lambda: memory.QUICK)
    memory.collect(is_alone=False)
    assert len(made) == 1
    memory.collect(is_alone=True)
    assert len(made) == 2
