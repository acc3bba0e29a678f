"""The endpoints controller decides: pods that a Service selects -> one object of kind Endpoints."""

from __future__ import annotations

from typing import Any

from app.api import objects
from app.api.objects import Obj
from app.controllers.endpointslice.endpoint import EndpointsController, EndpointsSeen
from app.reconcile import Create, Delete, Difference, Update
from tests.support.builders import pod, service

MANAGED = {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}


def diff(svc: Obj | None, pods: list[Obj], held: Obj | None = None) -> list[Difference]:
    return list(EndpointsController().diff(EndpointsSeen(svc, tuple(pods), held)))


def written(svc: Obj, pods: list[Obj], held: Obj | None = None) -> Obj:
    """What is written; a second look finds nothing more to do."""
    (gap,) = diff(svc, pods, held)
    (action,) = gap.actions
    assert isinstance(action, Create | Update)
    assert diff(svc, pods, action.obj) == []
    return action.obj


def ips(held: Obj, part: str = "addresses") -> list[str]:
    return [address["ip"] for subset in held.get("subsets", ()) for address in subset.get(part, ())]


def noted(held: Obj, name: str) -> Any:
    return objects.annotations_of(held).get(f"endpoints.kubernetes.io/{name}")


def test_a_service_without_pods_has_endpoints_without_subsets() -> None:
    svc = service()
    found = written(svc, [])
    assert (found["kind"], objects.name_of(found), objects.labels_of(found)) == ("Endpoints", "web", MANAGED)
    assert "subsets" not in found
    assert noted(found, "last-change-trigger-time") == svc["metadata"]["creationTimestamp"]


def test_addresses_are_in_order_and_say_whose_they_are() -> None:
    two = [pod("web-2", ip="10.244.2.5", node="node-2"), pod("web-1", ip="10.244.1.5", node="node-1")]
    (subset,) = written(service(), two)["subsets"]
    assert subset["ports"] == [{"name": "http", "port": 80, "protocol": "TCP"}]
    assert [address["nodeName"] for address in subset["addresses"]] == ["node-1", "node-2"]
    about = subset["addresses"][0]["targetRef"]
    assert (about["kind"], about["namespace"], about["name"]) == ("Pod", "default", "web-1")


def test_who_is_not_ready_is_listed_apart_and_who_is_to_go_not_at_all() -> None:
    found = written(
        service(),
        [pod("a", ip="10.0.0.1"), pod("b", ip="10.0.0.2", ready=False), pod("c", ip="10.0.0.3", deleting=True)],
    )
    assert (ips(found), ips(found, "notReadyAddresses")) == (["10.0.0.1"], ["10.0.0.2"])


def test_a_service_may_want_to_know_of_everybody() -> None:
    svc = service()
    svc = {**svc, "spec": {**svc["spec"], "publishNotReadyAddresses": True}}
    found = written(svc, [pod("b", ip="10.0.0.2", ready=False), pod("c", ip="10.0.0.3", deleting=True)])
    assert ips(found) == ["10.0.0.2", "10.0.0.3"]


def test_ports_are_in_one_order_however_they_are_declared() -> None:
    svc = service()
    ports = [{"name": name, "port": number, "protocol": "TCP"} for name, number in (("http", 80), ("metrics", 9090))]
    orders = [
        written({**svc, "spec": {**svc["spec"], "ports": declared}}, [pod("a", ip="10.0.0.1")])["subsets"][0]["ports"]
        for declared in (ports, ports[::-1])
    ]
    assert orders[0] == orders[1]


def test_the_time_is_that_of_the_change_and_a_departure_has_none() -> None:
    svc, one, two = service(), pod("a", ip="10.0.0.1"), pod("b", ip="10.0.0.2")
    held = written(svc, [one])
    more = written(svc, [one, two], held)
    (condition,) = (each for each in two["status"]["conditions"] if each["type"] == "Ready")
    assert noted(more, "last-change-trigger-time") == condition["lastTransitionTime"]
    assert noted(written(svc, [one], more), "last-change-trigger-time") is None


def test_labels_follow_the_service_and_a_headless_one_is_marked() -> None:
    svc = service()
    svc = {**objects.with_metadata(svc, labels={"a": "b"}), "spec": {**svc["spec"], "clusterIP": "None"}}
    assert objects.labels_of(written(svc, [])) == {"a": "b", "service.kubernetes.io/headless": "", **MANAGED}


def test_one_object_takes_a_thousand_addresses_those_that_are_ready_first() -> None:
    pods = [pod(f"web-{n}", ip=f"10.{n // 250}.1.{n % 250}", ready=n % 2 == 0) for n in range(1_500)]
    found = written(service(), pods)
    assert noted(found, "over-capacity") == "truncated"
    assert (len(ips(found)), len(ips(found, "notReadyAddresses"))) == (750, 250)
    assert noted(written(service(), pods[:3], found), "over-capacity") is None


def test_without_a_service_they_go() -> None:
    held = written(service(), [])
    (gap,) = diff(None, [], held)
    assert gap.actions == (Delete(objects.ref_of(held)),)
