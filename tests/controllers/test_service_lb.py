"""The cloud's service controller: <pending>, then an address; on deletion the load balancer goes first."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj, Ref
from app.commands import DeleteObject, PatchObject
from app.controllers.service_lb import CLOUD_MS, FINALIZER, LoadBalancerSeen, ServiceLoadBalancers, address_of
from app.kubectl.printers.network import external_ip
from app.reconcile import Announce, Difference, Patch, Remember, RequeueAfter
from tests.support import builders
from tests.support.world import SERVICE, WEB, World

REF = Ref("Service", "default", "web")


def service(*finalizers: str, address: str = "", **spec: Any) -> Obj:
    made = builders.service(metadata={"finalizers": [*finalizers]} if finalizers else {}, type="LoadBalancer", **spec)
    return {**made, "status": {"loadBalancer": {"ingress": [{"ip": address}]}}} if address else made


def decided(
    obj: Obj, asked_ms: int | None = None, now_ms: int = 60_000, taken: tuple[str, ...] = ()
) -> list[Difference]:
    return list(ServiceLoadBalancers().diff(LoadBalancerSeen(obj, taken, asked_ms, now_ms)))


def test_first_it_sees_to_it_that_nothing_is_left_behind_and_asks_the_cloud() -> None:
    (gap,) = decided(service("other"))
    mark, asked, wait = gap.actions
    assert isinstance(mark, Patch)
    assert mark.patch == {"metadata": {"finalizers": ["other", FINALIZER]}}
    assert mark.announce is not None
    assert (mark.announce.reason, mark.announce.message) == ("EnsuringLoadBalancer", "Ensuring load balancer")
    assert (asked, wait) == (Remember(60_000), RequeueAfter(CLOUD_MS, "the cloud makes a load balancer"))


def test_while_the_cloud_is_at_it_the_address_is_pending() -> None:
    (gap,) = decided(service(FINALIZER), asked_ms=58_000)
    assert gap.actions == (RequeueAfter(3_000, "the cloud makes a load balancer"),)


def test_then_it_writes_an_address_that_nobody_else_has() -> None:
    (gap,) = decided(service(FINALIZER), asked_ms=50_000)
    patch, forgotten = gap.actions
    assert isinstance(patch, Patch)
    (ingress,) = patch.patch["status"]["loadBalancer"]["ingress"]
    assert ingress == {"ip": gap.desired, "ipMode": "VIP"}
    assert patch.announce is not None
    assert patch.announce.reason == "EnsuredLoadBalancer"
    assert forgotten == Remember(None)
    (other,) = decided(service(FINALIZER), asked_ms=50_000, taken=(gap.desired,))
    assert other.desired != gap.desired
    (asked,) = decided(service(FINALIZER, loadBalancerIP="198.51.100.7"), asked_ms=50_000)
    assert asked.desired == "198.51.100.7"


@pytest.mark.parametrize(
    ("wanted", "why"),
    [("203.0.113.999", '"203.0.113.999" is no IP address'), ("203.0.113.9", "203.0.113.9 is in use")],
)
def test_a_wrong_address_is_none_and_is_asked_for_again_later(wanted: str, why: str) -> None:
    (gap,) = decided(service(FINALIZER, loadBalancerIP=wanted), asked_ms=50_000, taken=("203.0.113.9",))
    told, forgotten, wait = gap.actions
    assert isinstance(told, Announce)
    assert (told.type, told.reason) == ("Warning", "SyncLoadBalancerFailed")
    assert told.message == f"Error syncing load balancer: failed to ensure load balancer: {why}"
    assert (forgotten, wait) == (Remember(None), RequeueAfter(300_000, "asks the cloud again"))


def test_one_with_an_address_and_one_of_another_class_are_left_alone() -> None:
    assert decided(service(FINALIZER, address="203.0.113.9")) == []
    assert decided(service(loadBalancerClass="example.com/metal")) == []
    assert decided(builders.service()) == []


def test_a_service_that_is_no_load_balancer_any_more_loses_address_and_finalizer() -> None:
    changed = {
        **builders.service(metadata={"finalizers": [FINALIZER]}),
        "status": service(address="203.0.113.9")["status"],
    }
    (gap,) = decided(changed)
    announce, clear, release = gap.actions
    assert announce.reason == "DeletingLoadBalancer"  # type: ignore[union-attr]
    assert isinstance(clear, Patch)
    assert clear.patch == {"status": {"loadBalancer": {"ingress": None}}}
    assert isinstance(release, Patch)
    assert release.patch == {"metadata": {"finalizers": None}}


def test_pending_then_an_address_then_gone_with_its_service() -> None:
    world = World()
    world.apply(WEB % (1, "nginx:1.27") + SERVICE.replace("spec:\n", "spec:\n  type: LoadBalancer\n"))
    world.wait(2)
    pending = world.get(REF)
    assert pending is not None
    assert external_ip(pending) == "<pending>"
    world.settle()
    made = world.get(REF)
    assert made is not None
    assert address_of(made).startswith("203.0.113.")
    assert made["status"]["loadBalancer"]["ingress"][0]["ipMode"] == "VIP"
    reasons = [event["reason"] for event in world.objects("Event") if event["involvedObject"]["kind"] == "Service"]
    assert reasons == ["EnsuringLoadBalancer", "EnsuredLoadBalancer"]
    world.do(DeleteObject(REF))
    world.settle()
    assert world.get(REF) is None


def test_back_to_a_cluster_ip_the_address_goes() -> None:
    world = World()
    world.apply(WEB % (1, "nginx:1.27") + SERVICE.replace("spec:\n", "spec:\n  type: LoadBalancer\n"))
    world.settle()
    world.do(PatchObject(REF, "merge", '{"spec": {"type": "ClusterIP"}}'))
    world.settle()
    now = world.get(REF)
    assert now is not None
    assert (address_of(now), now["metadata"].get("finalizers") or []) == ("", [])
