"""Kinds that no loop acts on are accepted, filled in, kept, and go with their namespace."""

from __future__ import annotations

from app.api.objects import Ref
from app.apimachinery.yamltext import dump
from tests.support.every_kind import MANIFESTS, documents
from tests.support.kinds import KINDS
from tests.support.world import World


def test_every_kind_is_stored_and_the_cluster_comes_to_rest() -> None:
    world = World()
    world.apply(MANIFESTS)
    world.settle()
    for document in documents():
        kind = KINDS[document["kind"]]
        ref = Ref(kind.kind, "default" if kind.namespaced else "", document["metadata"]["name"])
        assert world.get(ref) is not None, ref
    owners = {pod["metadata"]["ownerReferences"][0]["kind"] for pod in world.pods()}
    assert owners == {"ReplicationController", "StatefulSet", "DaemonSet", "Job"}


def test_applying_them_again_changes_nothing() -> None:
    world = World()
    world.apply(MANIFESTS)
    world.settle()
    revision = world.store.revision
    world.apply(MANIFESTS)
    world.settle()
    assert world.store.revision == revision


def test_they_go_with_their_namespace() -> None:
    world = World()
    world.apply("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}")
    for document in documents():
        if KINDS[document["kind"]].namespaced:
            world.apply(dump({**document, "metadata": {**document["metadata"], "namespace": "shop"}}))
    world.settle()
    assert world.objects("Secret", "shop")
    world.delete_namespace("shop")
    world.settle()
    left = [obj for kind in KINDS for obj in world.objects(kind, "shop") if kind != "Event"]
    assert left == []
    assert world.get(Ref("Namespace", "", "shop")) is None


def test_a_priority_class_gives_pods_their_priority() -> None:
    pod = "{apiVersion: v1, kind: Pod, metadata: {name: p%d}, spec: {%scontainers: [{name: c, image: nginx}]}}"
    klass = (
        "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: %s}, value: %d, globalDefault: %s}"
    )
    world = World()
    assert 'pods "p0" is forbidden: no PriorityClass with name high was found' in world.refused_apply(
        pod % (0, "priorityClassName: high, ")
    )
    world.apply(klass % ("high", 1000, "false"))
    world.apply(pod % (1, "priorityClassName: high, "))
    world.apply(klass % ("usual", 7, "true"))
    world.apply(pod % (2, ""))
    specs = [each["spec"] for each in world.pods()]
    assert [(spec["priorityClassName"], spec["priority"]) for spec in specs] == [("high", 1000), ("usual", 7)]
