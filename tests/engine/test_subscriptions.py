"""Who is told of which change."""

from __future__ import annotations

from app.api.objects import Obj, ref_of
from app.apiserver.store import ADDED, DELETED, MODIFIED, Change
from app.engine.informer import Informer
from app.engine.subscriptions import Subscriptions
from app.reconcile import Cache
from tests.support.builders import pod

CONFIG: Obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "default"}}


def informers(*caches: Cache) -> dict[str, Informer]:
    return {cache.kind: Informer(cache, ()) for cache in caches}


def told(subscriptions: Subscriptions, old: Obj | None, new: Obj | None) -> list[str]:
    type_ = ADDED if old is None else DELETED if new is None else MODIFIED
    change = Change(1, type_, ref_of(new or old or {}), old, new)
    return [actor for actor, _informer in subscriptions.watching(change)]


def of_two_nodes() -> Subscriptions:
    found = Subscriptions()
    found.add("all", informers(Cache("Pod"), Cache("ConfigMap")))
    for node in ("node-1", "node-2"):
        mine = Cache("Pod", field_selector=("spec.nodeName", node))
        found.add(f"kubelet/{node}", informers(mine, Cache("ConfigMap")))
    return found


def test_who_selects_by_a_field_is_told_of_what_had_its_value_and_of_what_has_it_now() -> None:
    one, two = pod(node="node-1"), pod(node="node-2")
    assert told(of_two_nodes(), None, one) == ["all", "kubelet/node-1"]
    assert told(of_two_nodes(), one, one) == ["all", "kubelet/node-1"]
    assert told(of_two_nodes(), one, two) == ["all", "kubelet/node-2", "kubelet/node-1"]
    assert told(of_two_nodes(), two, None) == ["all", "kubelet/node-2"]


def test_a_kind_that_is_watched_no_more_leaves_the_others_and_the_other_actors() -> None:
    found = of_two_nodes()
    found.drop("kubelet/node-1", "Pod")
    found.drop("all", "ConfigMap")
    assert told(found, None, pod(node="node-1")) == ["all"]
    assert told(found, None, pod(node="node-2")) == ["all", "kubelet/node-2"]
    assert told(found, None, CONFIG) == ["kubelet/node-1", "kubelet/node-2"]


def test_who_is_gone_is_told_nothing() -> None:
    found = of_two_nodes()
    found.remove("kubelet/node-1")
    assert told(found, None, pod(node="node-1")) == ["all"]
    assert told(found, None, CONFIG) == ["all", "kubelet/node-2"]
