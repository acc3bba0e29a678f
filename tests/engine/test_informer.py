from __future__ import annotations

from app.api.objects import Obj, Ref, labels_of, ref_of
from app.apiserver.store import Store
from app.engine.informer import CacheView, Informer, RecordingReader, informers_of
from app.reconcile import Cache, itself, metadata_differs, nothing
from tests.support.reading import server_over


def config(name: str, uid: str = "1", app: str = "web", value: int = 0) -> Obj:
    meta = {"name": name, "namespace": "default", "uid": uid, "labels": {"app": app}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"value": value}}


CACHE = Cache(
    "ConfigMap",
    indexes={"app": lambda obj: [labels_of(obj).get("app")]},
    totals={"values": lambda obj: (labels_of(obj).get("app"), (1, obj["data"]["value"]))},
)


def informer_and_view(store: Store, cache: Cache = CACHE) -> tuple[Informer, CacheView]:
    informers = informers_of([itself("ConfigMap"), cache])
    return informers["ConfigMap"], CacheView(informers, server_over(store))


def names(found: object) -> list[str]:
    return [obj["metadata"]["name"] for obj in found]  # type: ignore[attr-defined]


def test_a_list_is_of_one_namespace_or_of_all() -> None:
    store = Store()
    informer, view = informer_and_view(store)
    for namespace in ("default", "shop"):
        obj = config("a")
        informer.deliver(store.put({**obj, "metadata": {**obj["metadata"], "namespace": namespace}}), view)
    assert [ref_of(obj).namespace for obj in view.list("ConfigMap")] == ["default", "shop"]
    assert [ref_of(obj).namespace for obj in view.list("ConfigMap", "shop")] == ["shop"]


def test_what_is_no_more_when_it_lists_again_leaves_cache_indexes_and_totals() -> None:
    store = Store()
    informer, view = informer_and_view(store)
    for name in "ab":
        informer.deliver(store.put(config(name, value=3)), view)
    store.remove(Ref("ConfigMap", "default", "a"))
    assert [(type_, ref.name) for type_, ref, _keys in informer.relist(store, view)] == [("DELETED", "a")]
    assert names(view.list("ConfigMap")) == names(view.by("ConfigMap", "app", "web")) == ["b"]
    assert view.totals("ConfigMap", "values")["web"] == (1, 3)


def test_indexes_and_totals_follow_every_change() -> None:
    store = Store()
    informer, view = informer_and_view(store)
    for obj in (config("a", value=2), config("b", value=3), config("c", app="db", value=5)):
        informer.deliver(store.put(obj), view)
    assert names(view.by("ConfigMap", "app", "web")) == ["a", "b"]
    assert view.totals("ConfigMap", "values")["web"] == (2, 5)
    informer.deliver(store.put(config("a", app="db", value=7)), view)
    assert names(view.by("ConfigMap", "app", "db")) == ["c", "a"]
    assert (view.totals("ConfigMap", "values")["web"], view.totals("ConfigMap", "values")["db"]) == ((1, 3), (2, 12))
    informer.deliver(store.remove(Ref("ConfigMap", "default", "b")), view)
    assert view.by("ConfigMap", "app", "web") == ()
    assert "web" not in view.totals("ConfigMap", "values")


def test_a_field_selector_hides_other_objects_and_shows_one_that_comes_to_match() -> None:
    store = Store()
    informer, view = informer_and_view(store, Cache("ConfigMap", field_selector=("metadata.labels.app", "web")))
    informer.deliver(store.put(config("a", app="db")), view)
    assert view.list("ConfigMap") == ()
    delivered = informer.deliver(store.put(config("a", app="web")), view)
    assert (names(view.list("ConfigMap")), len(delivered.queued)) == (["a"], 1)
    informer.deliver(store.put(config("a", app="db")), view)
    assert view.list("ConfigMap") == ()


def test_what_does_not_matter_is_not_delivered() -> None:
    store = Store()
    informer, _ = informer_and_view(store, Cache("ConfigMap", sees=metadata_differs))
    assert informer.concerns(store.put(config("a")))
    assert not informer.concerns(store.put(config("a", value=9)))
    assert informer.concerns(store.put(config("a", app="db")))
    assert informer.concerns(store.remove(Ref("ConfigMap", "default", "a")))


def test_a_change_that_is_not_seen_wakes_nobody_when_it_is_found_by_a_list() -> None:
    store = Store()
    informer, view = informer_and_view(store, Cache("ConfigMap", sees=metadata_differs))
    informer.deliver(store.put(config("a")), view)
    store.put(config("a", value=9))
    assert [keys for _, _, keys in informer.relist(store, view)] == [()]
    assert view.get(Ref("ConfigMap", "default", "a")) is store.get(Ref("ConfigMap", "default", "a"))


def test_coming_to_match_a_selector_matters_whatever_else_changed() -> None:
    store = Store()
    informer, _ = informer_and_view(
        store, Cache("ConfigMap", field_selector=("metadata.labels.app", "web"), sees=nothing)
    )
    store.put(config("a", app="db"))
    assert informer.concerns(store.put(config("a", app="web")))
    assert not informer.concerns(store.put(config("a", app="web", value=1)))
    assert informer.concerns(store.put(config("a", app="db")))


def test_a_relist_wakes_for_what_came_went_and_changed_and_for_nothing_else() -> None:
    store = Store()
    informer, view = informer_and_view(store)
    for name in ("gone", "changed", "same"):
        informer.deliver(store.put(config(name)), view)
    store.remove(Ref("ConfigMap", "default", "gone"))
    store.put(config("changed", value=1))
    store.put(config("new"))
    found = [(type_, ref.name) for type_, ref, _ in informer.relist(store, view)]
    assert found == [("DELETED", "gone"), ("MODIFIED", "changed"), ("ADDED", "new")]
    assert informer.position == store.revision


def test_another_object_under_the_same_name_is_a_deletion_and_an_addition_to_a_relist() -> None:
    store = Store()
    informer, view = informer_and_view(store)
    informer.deliver(store.put(config("a", uid="1")), view)
    store.remove(Ref("ConfigMap", "default", "a"))
    store.put(config("a", uid="2"))
    assert [type_ for type_, _, _ in informer.relist(store, view)] == ["DELETED", "ADDED"]


def test_an_assumed_write_is_seen_at_once_and_not_undone_by_older_deliveries() -> None:
    store = Store()
    informer, view = informer_and_view(store)
    informer.deliver(store.put(config("a")), view)
    older, own = store.put(config("a", value=1)), store.put(config("a", value=2))
    informer.assume(own)
    ref = ref_of(config("a"))
    assert view.get(ref) is own.new
    informer.deliver(older, view)
    assert view.get(ref) is own.new
    informer.deliver(own, view)
    informer.deliver(store.put(config("a", value=3)), view)
    assert view.totals("ConfigMap", "values")["web"] == (1, 3)


def test_a_recording_reader_notes_every_object_it_hands_out() -> None:
    store = Store()
    informer, view = informer_and_view(store)
    for name in ("b", "a"):
        informer.deliver(store.put(config(name)), view)
    reader = RecordingReader({"ConfigMap": informer}, server_over(store), now_ms=7, memory="kept")
    one = reader.get(Ref("ConfigMap", "default", "a"))
    listed = reader.list("ConfigMap", "default")
    assert (names(listed), reader.remembered(), reader.now_ms) == (["a", "b"], "kept", 7)
    assert reader.get(Ref("ConfigMap", "default", "none")) is None
    assert reader.reads == [one, listed]
