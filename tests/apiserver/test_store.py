from __future__ import annotations

import random

import pytest

from app.api import errors
from app.api.objects import Ref, ref_of
from app.apiserver.store import Store


def config(name: str, value: str = "", namespace: str = "default") -> dict:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": {"value": value},
    }


def test_every_write_takes_the_next_revision_and_says_so_in_the_object() -> None:
    store = Store()
    first = store.put(config("a"))
    second = store.put(config("a", "new"))
    assert (first.revision, first.type, second.revision, second.type) == (1, "ADDED", 2, "MODIFIED")
    assert second.new["metadata"]["resourceVersion"] == "2"
    assert second.old is first.new


def test_writing_leaves_the_value_that_was_passed_in_as_it_was() -> None:
    store, obj = Store(), config("a")
    store.put(obj)
    assert obj == config("a")


def test_objects_are_listed_in_order_of_namespace_and_name() -> None:
    store = Store()
    for name, namespace in (("b", "y"), ("a", "z"), ("a", "y")):
        store.put(config(name, namespace=namespace))
    listed = [(o["metadata"]["namespace"], o["metadata"]["name"]) for o in store.objects("ConfigMap")]
    assert listed == [("y", "a"), ("y", "b"), ("z", "a")]
    assert len(store.objects("ConfigMap", "y")) == 2


def test_the_order_holds_whatever_comes_and_goes_between_two_lists() -> None:
    rng, store, there = random.Random(1), Store(), set()
    for number in range(300):
        name = (rng.choice(("y", "y-z", "z")), rng.choice("abcdefgh"))
        if name in there and rng.random() < 0.5:
            store.remove(Ref("ConfigMap", *name))
            there.discard(name)
        else:
            store.put(config(name[1], str(number), name[0]))
            there.add(name)
        if rng.random() < 0.4:
            assert [ref_of(obj)[1:] for obj in store.objects("ConfigMap")] == sorted(there)
            assert {ref_of(obj).namespace for obj in store.objects("ConfigMap", "y")} <= {"y"}
            assert len(store.objects("ConfigMap", "y")) == sum(namespace == "y" for namespace, _name in there)
    assert store.objects("ConfigMap", "nowhere") == []


def test_the_pods_of_a_node_are_found_also_in_a_copy_and_after_all_was_read_from_the_disk() -> None:
    rng, store = random.Random(3), Store()
    for _ in range(300):
        name, node = rng.choice("abcdefgh"), rng.choice(["", "n1", "n2"])
        if rng.random() < 0.3 and store.get(Ref("Pod", "default", name)):
            store.remove(Ref("Pod", "default", name))
        else:
            meta = {"name": name, "namespace": "default"}
            store.put({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"nodeName": node} if node else {}})
        read = Store()
        read.take(store.held())
        for each in (store, store.copy(), read):
            for place in ("n1", "n2", "n3"):
                expected = [pod for pod in store.objects("Pod") if pod["spec"].get("nodeName") == place]
                assert each.pods_on(place) == expected


def test_a_watch_reads_on_from_its_revision() -> None:
    store = Store()
    for value in "abc":
        store.put(config("a", value))
    assert [change.revision for change in store.changes_since(1)] == [2, 3]
    assert store.changes_since(3) == []


def test_a_watch_that_fell_behind_the_log_is_told_to_list_again() -> None:
    store = Store(log_limit=4)
    for value in range(20):
        store.put(config("a", str(value)))
    assert store.changes_since(17)
    with pytest.raises(errors.Gone) as refused:
        store.changes_since(3)
    assert (refused.value.code, refused.value.reason) == (410, "Expired")


def test_the_past_can_be_looked_at_through_the_log() -> None:
    store = Store()
    store.put(config("a", "old"))
    store.put(config("b"))
    store.put(config("a", "new"))
    store.remove(Ref("ConfigMap", "default", "b"))
    then = store.at(2)
    assert then[Ref("ConfigMap", "default", "a")]["data"]["value"] == "old"
    assert Ref("ConfigMap", "default", "b") in then
    assert Ref("ConfigMap", "default", "b") not in store.at(4)
    assert store.at(0) == {}


def test_an_overlay_is_written_to_without_a_trace_in_the_store() -> None:
    store = Store()
    store.put(config("a"))
    overlay = store.copy()
    overlay.put(config("b"))
    overlay.remove(Ref("ConfigMap", "default", "a"))
    assert [o["metadata"]["name"] for o in store.objects("ConfigMap")] == ["a"]
    assert store.revision == 1


def test_a_full_cluster_says_what_to_do_and_stays_as_it_was() -> None:
    store = Store(object_limit=2)
    store.put(config("a"))
    store.put(config("b"))
    with pytest.raises(errors.Forbidden, match="limit of 2 objects: delete some first"):
        store.put(config("c"))
    assert store.revision == 2
    store.put(config("a", "still writable"))
