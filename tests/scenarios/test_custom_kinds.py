"""A kind that appears in a living cluster: counted, collected, deleted with its namespace, and gone again."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import errors
from app.api.objects import Obj, Ref, controller_of, owner_reference, uid_of
from app.apimachinery.yamltext import dump
from app.cluster import Cluster
from app.commands import StopController
from app.engine.trace import Failed
from tests.support.custom import WIDGET, define, definition, widget, withdraw
from tests.support.world import World

QUOTA = """
apiVersion: v1
kind: ResourceQuota
metadata: {name: few}
spec: {hard: {count/widgets.example.com: "2", services: "5"}}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""
W = Ref(WIDGET, "default", "w")


@pytest.fixture
def world() -> World:
    world = World()
    define(world)
    world.settle()
    return world


def made(world: World, obj: Obj) -> Obj:
    """As it is stored."""
    world.apply(dump(obj))
    world.settle()
    meta = obj["metadata"]
    found = world.get(Ref(f"{obj['kind']}.example.com" if "." in obj["apiVersion"] else obj["kind"],
                          meta.get("namespace", "default"), meta["name"]))  # fmt: skip
    assert found is not None
    return found


def owned_by(owner: Obj) -> dict[str, Any]:
    return {"ownerReferences": [owner_reference(owner)]}


def config(name: str, **metadata: Any) -> Obj:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": {"a": "b"}}


def names(world: Cluster, kind: str) -> list[str]:
    return [obj["metadata"]["name"] for obj in world.objects(kind, "default")]


def test_nobody_knows_a_kind_before_it_is_there_nor_in_another_cluster(world: World) -> None:
    other = World()
    assert 'no matches for kind "Widget" in version "example.com/v1"' in other.refused_apply(dump(widget()))
    made(world, widget())
    assert world.count(WIDGET) == 1


def test_an_object_of_it_is_decoded_by_its_own_type(world: World) -> None:
    stored = made(world, widget(spec={"size": 3, "parts": [{"name": "a", "weight": 1}]}))
    assert (stored["metadata"]["generation"], stored["spec"]["size"], "status" in stored) == (1, 3, False)
    assert 'unknown field "spec.color"' in world.refused_apply(dump(widget("x", spec={"color": "red"})))
    assert "cannot unmarshal string" in world.refused_apply(dump(widget("x", spec={"size": "big"})))
    assert "must consist of lower case" in world.refused_apply(dump(widget("X")))


def test_its_generation_counts_what_is_desired_and_not_its_status(world: World) -> None:
    stored = made(world, widget())
    assert world.engine.server.update({**stored, "status": {"made": 2}}, subresource="status").obj["status"]
    grown = made(world, widget(spec={"size": 5}))
    assert (grown["metadata"]["generation"], grown["status"]) == (2, {"made": 2})


@pytest.mark.parametrize("propagation", ["Background", "Foreground"])
def test_what_it_owns_goes_with_it_through_every_generation(world: World, propagation: str) -> None:
    top = made(world, widget())
    child = made(world, widget("child", metadata=owned_by(top)))
    made(world, config("grandchild", **owned_by(child)))
    made(world, config("stranger"))
    world.delete(WIDGET, "w", propagation)
    world.settle()
    assert names(world, WIDGET) == []
    assert names(world, "ConfigMap") == ["stranger"]


def test_orphans_of_it_stay_and_forget_it(world: World) -> None:
    made(world, config("child", **owned_by(made(world, widget()))))
    world.delete(WIDGET, "w", "Orphan")
    world.settle()
    assert (names(world, WIDGET), names(world, "ConfigMap")) == ([], ["child"])
    child = world.get(Ref("ConfigMap", "default", "child"))
    assert child is not None
    assert controller_of(child) is None


def test_it_goes_with_its_owner(world: World) -> None:
    owner = made(world, config("owner"))
    made(world, widget(metadata=owned_by(owner)))
    made(world, widget("free"))
    world.delete("ConfigMap", "owner")
    world.settle()
    assert names(world, WIDGET) == ["free"]


def test_a_quota_counts_it_and_gives_back_what_is_free_again(world: World) -> None:
    world.apply(QUOTA)
    world.settle()
    made(world, widget("a"))
    made(world, widget("b"))
    refusal = world.refused_apply(dump(widget("c")))
    assert refusal.startswith('widgets.example.com "c" is forbidden: exceeded quota: few')
    assert "requested: count/widgets.example.com=1, used: count/widgets.example.com=2" in refusal
    world.delete(WIDGET, "a")
    world.settle()
    made(world, widget("c"))
    quota = world.get(Ref("ResourceQuota", "default", "few"))
    assert quota is not None
    assert quota["status"]["used"]["count/widgets.example.com"] == "2"


def test_a_quota_that_is_older_than_the_kind_counts_it_too() -> None:
    world = World()
    world.apply(QUOTA)
    world.settle()
    define(world)
    made(world, widget("a"))
    world.delete(WIDGET, "a")
    world.settle()
    quota = world.get(Ref("ResourceQuota", "default", "few"))
    assert quota is not None
    assert quota["status"]["used"]["count/widgets.example.com"] == "0"


def test_it_goes_with_its_namespace_which_says_what_holds_it(world: World) -> None:
    world.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")
    made(world, widget(metadata={"namespace": "shop"}))
    made(world, widget("held", metadata={"namespace": "shop", "finalizers": ["example.com/hold"]}))
    world.delete_namespace("shop")
    world.run(until=lambda cluster: cluster.count(WIDGET) == 1)
    world.wait(30)
    shop = world.get(Ref("Namespace", "", "shop"))
    assert shop is not None
    told = {each["type"]: each["message"] for each in shop["status"]["conditions"]}
    assert told["NamespaceContentRemaining"] == (
        "Some resources are remaining: widgets.example.com has 1 resource instances"
    )
    world.engine.publish(
        world.engine.server.patch(Ref(WIDGET, "shop", "held"), {"metadata": {"finalizers": None}}).changes, 0
    )
    world.settle()
    assert world.get(Ref("Namespace", "", "shop")) is None


BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: guard}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: made}}}
"""


def test_a_budget_knows_from_its_scale_how_many_pods_there_should_be(world: World) -> None:
    owner = made(world, widget(spec={"size": 3}))
    spec = {"containers": [{"name": "c", "image": "nginx:1.27"}]}
    for name in ("a", "b"):
        meta = {"name": name, "labels": {"app": "made"}, **owned_by(owner)}
        world.apply(dump({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}))
    world.apply(BUDGET)
    world.settle()
    budget = world.get(Ref("PodDisruptionBudget", "default", "guard"))
    assert budget is not None
    counts = {name: budget["status"][name] for name in ("expectedPods", "currentHealthy", "disruptionsAllowed")}
    assert counts == {"expectedPods": 3, "currentHealthy": 2, "disruptionsAllowed": 0}


# -------------------------------------------------------------------------------- of one name with another


@pytest.fixture
def services() -> World:
    """Two kinds named Service, with an object named web of each."""
    world = World()
    define(world, definition("Service"))
    world.apply(SERVICE)
    made(world, widget("web", "Service"))
    return world


def test_a_service_of_another_group_is_no_service(services: World) -> None:
    own, other = (
        services.get(Ref("Service", "default", "web")),
        services.get(Ref("Service.example.com", "default", "web")),
    )
    assert own is not None
    assert other is not None
    assert own["spec"]["clusterIP"]
    assert other["spec"] == {"size": 2}, "no address was given to it, and nothing filled in"
    assert uid_of(own) != uid_of(other)
    slices = services.objects("EndpointSlice", "default")
    assert {owner["kind"] for each in slices if (owner := controller_of(each))} == {"Service"}
    assert len(slices) == 1


def test_each_is_found_by_its_group_and_the_plain_name_is_kubernetes(services: World) -> None:
    for name, key in (("svc", "Service"), ("services", "Service"), ("services.example.com", "Service.example.com")):
        row = services.scheme.lookup(name)
        assert row is not None
        assert row.key == key


def test_the_death_of_one_is_not_that_of_the_other(services: World) -> None:
    made(services, config("child", **owned_by(made(services, widget("web", "Service")))))
    services.delete("Service", "web")
    services.settle()
    assert (names(services, "Service"), names(services, "Service.example.com")) == ([], ["web"])
    assert names(services, "ConfigMap") == ["child"], "its owner has the name of one that is gone, and another group"
    services.delete("Service.example.com", "web")
    services.settle()
    assert names(services, "ConfigMap") == []


def test_a_quota_of_services_does_not_count_the_other(services: World) -> None:
    services.apply(QUOTA)
    services.settle()
    quota = services.get(Ref("ResourceQuota", "default", "few"))
    assert quota is not None
    assert quota["status"]["used"]["services"] == "2", "the Service kubernetes too"


def test_a_pod_of_another_group_is_no_pod() -> None:
    world = World()
    define(world, definition("Pod"))
    made(world, widget("web", "Pod"))
    world.delete("Pod.example.com", "web")
    world.settle()
    assert (world.count("Pod"), world.count("Pod.example.com")) == (0, 0)


# ------------------------------------------------------------------------------------------- coming and going


def test_with_its_kind_it_is_gone_and_nothing_remembers_it(world: World) -> None:
    made(world, config("child", **owned_by(made(world, widget()))))
    withdraw(world)
    world.settle()
    assert not any(isinstance(step.record, Failed) for step in world.trace)
    assert 'no matches for kind "Widget"' in world.refused_apply(dump(widget()))
    assert WIDGET not in world.kinds()
    assert not any(WIDGET in worker.informers for worker in world.engine.workers.values())
    assert names(world, "ConfigMap") == ["child"], "of a kind that nobody knows nothing can be said"


def test_it_may_come_back(world: World) -> None:
    made(world, widget())
    withdraw(world)
    define(world)
    world.settle()
    top = made(world, widget())
    made(world, config("child", **owned_by(top)))
    world.delete(WIDGET, "w")
    world.settle()
    assert (names(world, WIDGET), names(world, "ConfigMap")) == ([], [])


@pytest.mark.parametrize("propagation", ["Background", "Orphan"])
def test_a_kind_leaves_while_a_loop_is_about_to_write_one_of_its_objects(world: World, propagation: str) -> None:
    made(world, widget("child", metadata=owned_by(made(world, widget()))))
    world.delete(WIDGET, "w", propagation)
    worker = world.engine.workers["garbage-collector"]
    assert world.run(until=lambda _: bool(worker.in_flight)).reason == "condition"
    withdraw(world)
    world.settle()
    assert not any(isinstance(step.record, Failed) for step in world.trace)


def test_objects_go_before_their_kind(world: World) -> None:
    made(world, widget())
    world.scheme.remove(WIDGET)
    with pytest.raises(AssertionError):
        world.engine.follow_kinds()


def test_a_loop_that_stood_still_sees_it_when_it_starts_again() -> None:
    world = World()
    world.do(StopController("garbage-collector"))
    define(world)
    made(world, widget("child", metadata=owned_by(made(world, widget()))))
    world.delete(WIDGET, "w")
    world.settle()
    assert names(world, WIDGET) == ["child"]
    world.do(StopController("garbage-collector", stopped=False))
    world.settle()
    assert names(world, WIDGET) == []


def test_a_copy_has_the_kind_and_goes_its_own_way(world: World) -> None:
    made(world, widget())
    copied = world.copy()
    define(copied, definition("Gadget"))
    withdraw(world)
    world.settle()
    copied.run()
    assert copied.get(W) is not None
    assert world.scheme.find("Gadget.example.com") is None
    with pytest.raises(errors.NotFound):
        world.scheme.kind(WIDGET)
    assert copied.scheme.kind(WIDGET).plural == "widgets"
