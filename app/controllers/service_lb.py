"""The cloud's service controller: gives a Service of type LoadBalancer an address outside the cluster.

Until it has, `kubectl get service` shows `<pending>`. First it puts its finalizer on the Service, so that no load
balancer is left behind when that is deleted; then it asks the cloud, which takes a few seconds, and writes the address
into the status. Where the load balancer sends what comes is the business of app/nodes/network/kube_proxy.py.
Models the service controller of kubernetes/staging/src/k8s.io/cloud-provider (controllers/service/controller.go); the
cloud is simulated: 5 seconds, addresses from 203.0.113.0/24 (which RFC 5737 keeps for documentation).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from app.api import names
from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, get_path, is_terminating, name_of, ref_of, uid_of
from app.reconcile import (
    BACKGROUND,
    Action,
    Announce,
    Cache,
    Controller,
    Difference,
    Patch,
    Reader,
    Remember,
    RequeueAfter,
    itself,
)

FINALIZER = "service.kubernetes.io/load-balancer-cleanup"
CLOUD_MS = 5_000
AGAIN_MS = 300_000
_NETWORK, _FIRST, _LAST = "203.0.113", 10, 250


@dataclass(frozen=True, slots=True)
class LoadBalancerSeen:
    service: Obj
    taken: Collection[str]  # addresses that other Services have
    asked_ms: int | None  # when the cloud was asked
    now_ms: int


class ServiceLoadBalancers(Controller[LoadBalancerSeen]):
    name = "service-lb-controller"
    title = N_("Cloud LB")
    subject = N_("The cloud’s service controller")
    lane = 130
    component = "service-controller"
    reconciles = "Service"
    concurrency = 1
    says = {
        "LoadBalancerMissing": Saying(N_("It wants a load balancer: none was asked for yet."), N_("no address yet")),
        "LoadBalancerPending": Saying(
            N_("The cloud is still making its load balancer."), N_("pending"), needs=N_("The cloud must have made it.")
        ),
        "LoadBalancerReady": Saying(
            N_("The load balancer is there: its address is %(desired)s."),
            N_("an address"),
            {"Service": N_("It writes the address into Service %(name)s.")},
        ),
        "LoadBalancerRefused": Saying(
            N_("The cloud cannot give it the address %(desired)s, which it asks for."),
            N_("address refused"),
            needs=N_("spec.loadBalancerIP must be one that the cloud has, or none."),
        ),
        "LoadBalancerUnneeded": Saying(N_("It needs no load balancer any more."), N_("not needed")),
    }

    def __init__(self) -> None:
        self.wakes = (itself("Service", when=_concerns),)
        self.reads = (Cache("Service", sees=_differs, totals={"address": _address_of}),)

    def observe(self, key: Ref, reader: Reader) -> LoadBalancerSeen | None:
        service = reader.get(key)
        if service is None:
            return None
        own = address_of(service)
        taken = frozenset(str(each) for each in reader.totals("Service", "address") if each != own)
        return LoadBalancerSeen(service, taken, reader.remembered(), reader.now_ms)

    @staticmethod
    def saw(seen: LoadBalancerSeen) -> Message:
        text = N_("%(who)s looks at Service %(name)s; its address: %(address)s.")
        if address := address_of(seen.service):
            return message(text, name=name_of(seen.service), address=address)
        return message(N_("%(who)s sees Service %(name)s, without an address."), name=name_of(seen.service))

    def diff(self, seen: LoadBalancerSeen) -> Iterable[Difference]:
        service = seen.service
        held = FINALIZER in (service["metadata"].get("finalizers") or ())
        if not _wants(service):
            return _clean_up(seen) if held else ()
        if address_of(service):
            return ()
        return _ensure(seen, held)


def _ensure(seen: LoadBalancerSeen, held: bool) -> Iterator[Difference]:
    service = seen.service
    ref = ref_of(service)
    if not held or seen.asked_ms is None:
        ensuring = Announce(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer")
        finalizers = [*(service["metadata"].get("finalizers") or ()), FINALIZER]
        mark = Patch(ref, {"metadata": {"finalizers": finalizers}}, uid=uid_of(service), announce=ensuring)
        first: Action = ensuring if held else mark
        actions = (first, Remember(seen.now_ms), RequeueAfter(CLOUD_MS, "the cloud makes a load balancer"))
        yield Difference(ref, "status.loadBalancer", "an address", "none", "LoadBalancerMissing", actions)
    elif seen.now_ms < seen.asked_ms + CLOUD_MS:
        wait = RequeueAfter(seen.asked_ms + CLOUD_MS - seen.now_ms, "the cloud makes a load balancer")
        yield Difference(ref, "status.loadBalancer", "an address", "none", "LoadBalancerPending", (wait,))
    elif (wrong := _refusal(seen)) is not None:
        told = Announce(service, "Warning", "SyncLoadBalancerFailed", f"Error syncing load balancer: {wrong}")
        actions = (told, Remember(None), RequeueAfter(AGAIN_MS, "asks the cloud again"))
        wanted = service["spec"]["loadBalancerIP"]
        yield Difference(
            ref, "status.loadBalancer", wanted, "none", "LoadBalancerRefused", actions, pace=BACKGROUND
        )  # fmt: skip
    else:
        address = _new_address(seen)
        ensured = Announce(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer")
        write = Patch(ref, _status(address), uid=uid_of(service), subresource="status", announce=ensured)
        yield Difference(
            ref, "status.loadBalancer", address, "none", "LoadBalancerReady", (write, Remember(None))
        )  # fmt: skip


def _clean_up(seen: LoadBalancerSeen) -> Iterator[Difference]:
    """It is to be deleted, or is of another type now: the load balancer goes, then the finalizer."""
    service = seen.service
    ref = ref_of(service)
    deleting = Announce(service, "Normal", "DeletingLoadBalancer", "Deleting load balancer")
    deleted = Announce(service, "Normal", "DeletedLoadBalancer", "Deleted load balancer")
    actions: list[Action] = [deleting]
    if address_of(service):
        actions.append(Patch(ref, {"status": {"loadBalancer": {"ingress": None}}}, subresource="status"))
    rest = [each for each in service["metadata"]["finalizers"] if each != FINALIZER]
    actions.append(Patch(ref, {"metadata": {"finalizers": rest or None}}, announce=deleted))
    yield Difference(ref, "metadata.finalizers", rest, [*rest, FINALIZER], "LoadBalancerUnneeded", (*actions,))


def address_of(service: Obj) -> str:
    given = get_path(service, "status.loadBalancer.ingress") or [{}]
    return str(given[0].get("ip") or "")


def _status(address: str) -> dict[str, Any]:
    return {"status": {"loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]}}}


def _refusal(seen: LoadBalancerSeen) -> str | None:
    """Why the cloud does not give the address that the Service asks for, if it asks for one."""
    wanted = seen.service["spec"].get("loadBalancerIP")
    if not wanted:
        return None
    try:
        ipaddress.ip_address(wanted)
    except ValueError:
        return f'failed to ensure load balancer: "{wanted}" is no IP address'
    return f"failed to ensure load balancer: {wanted} is in use" if wanted in seen.taken else None


def _new_address(seen: LoadBalancerSeen) -> str:
    """The one that it asks for, else the next that nobody has, counted from where its uid falls."""
    wanted = seen.service["spec"].get("loadBalancerIP")
    if wanted:
        return str(wanted)
    span = _LAST - _FIRST + 1
    start = names.fnv32a(uid_of(seen.service).encode()) % span
    addresses = [f"{_NETWORK}.{_FIRST + (start + step) % span}" for step in range(span)]
    return next((each for each in addresses if each not in seen.taken), addresses[0])


# ------------------------------------------------------------------------------------------ what it watches


def _wants(service: Obj) -> bool:
    spec = service["spec"]
    return spec.get("type") == "LoadBalancer" and not spec.get("loadBalancerClass") and not is_terminating(service)


def _concerns(old: Obj | None, new: Obj | None) -> bool:
    """Only Services that have, had or want a load balancer."""
    return any(
        _wants(each) or FINALIZER in (each["metadata"].get("finalizers") or ())
        for each in (old, new)
        if each is not None
    )


def _differs(old: Obj, new: Obj) -> bool:
    return _facts(old) != _facts(new)


def _facts(service: Obj) -> tuple[Any, ...]:
    meta = service["metadata"]
    wanted = service["spec"].get("loadBalancerIP")
    return _wants(service), wanted, meta.get("finalizers"), "deletionTimestamp" in meta, address_of(service)


def _address_of(service: Obj) -> tuple[str, tuple[int]] | None:
    address = address_of(service)
    return (address, (1,)) if address else None
