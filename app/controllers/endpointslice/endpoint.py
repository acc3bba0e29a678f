"""The endpoints controller: writes down who is behind a Service in the way of old, as one object of kind Endpoints.

The engine runs it for a Service when the Service or an endpoint-relevant fact of a pod that it selects changed, and
when its Endpoints are gone. Whoever still reads Endpoints is served; nothing here does, so it is never told. Models
kubernetes/pkg/controller/endpoint/endpoints_controller.go.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.api import memo, objects
from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, is_terminating, name_of, namespace_of, ref_of, uid_of
from app.component_helpers import managed_endpoints, pods
from app.controllers.endpointslice import endpoints, selection, subsets
from app.controllers.endpointslice.subsets import Offer, Subset
from app.reconcile import BACKGROUND, Announce, Controller, Create, Delete, Difference, Reader, Update, Wake, went

_HEADLESS = "service.kubernetes.io/headless"
_TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"
_OVER_CAPACITY, _TRUNCATED = "endpoints.kubernetes.io/over-capacity", "truncated"
_CAPACITY = 1_000


@dataclass(frozen=True, slots=True)
class EndpointsSeen:
    service: Obj | None  # None: it is gone, its Endpoints are not
    pods: Sequence[Obj]  # those that its selector selects
    held: Obj | None  # its Endpoints


class EndpointsController(Controller[EndpointsSeen]):
    name = "endpoints-controller"
    component = managed_endpoints.MANAGER
    title = N_("Endpoints (v1)")
    subject = N_("The endpoints controller")
    lane = 122
    reconciles = "Service"
    concurrency = 5
    pace = BACKGROUND
    says = {
        "EndpointsMissing": Saying(N_("The Endpoints of %(about)s are missing."), N_("no Endpoints yet")),
        "EndpointsOutdated": Saying(N_("The Endpoints of %(about)s are out of date."), N_("endpoints changed")),
        "ServiceGone": Saying(N_("The Service %(about)s is gone: its Endpoints go too."), N_("not needed")),
    }

    def __init__(self) -> None:
        self.wakes = (*selection.WAKES, Wake("Endpoints", _service_of, when=went))
        self.reads = selection.READS

    def observe(self, key: Ref, reader: Reader) -> EndpointsSeen | None:
        service, held = reader.get(key), reader.get(Ref("Endpoints", key.namespace, key.name))
        if service is None:
            return EndpointsSeen(None, (), held) if held is not None else None
        if not service["spec"].get("selector") or service["spec"].get("type") == "ExternalName":
            return None
        return EndpointsSeen(service, tuple(selection.selected(service, reader)), held)

    @staticmethod
    def saw(seen: EndpointsSeen) -> Message:
        about = seen.service or seen.held
        assert about is not None
        return message(N_("%(who)s counts the pods of %(name)s: %(n)s."), name=name_of(about), n=len(seen.pods))

    def diff(self, seen: EndpointsSeen) -> Iterable[Difference]:
        service, held = seen.service, seen.held
        if service is None:
            assert held is not None
            yield Difference(ref_of(held), "exists", False, True, "ServiceGone", (Delete(ref_of(held)),))
            return
        new = _wanted(seen, service)
        if held is not None and new == _noted(held, _TRIGGER_TIME, ""):
            return
        new = _noted(new, _TRIGGER_TIME, _changed_at(seen, service))
        after, where = _addresses(new), f"{namespace_of(service)}/{name_of(service)}"
        if held is None:
            sorry = f"Failed to create endpoint for service {where}: {{error}}"
            create = Create(new, on_error=Announce(new, "Warning", "FailedToCreateEndpoint", sorry))
            yield Difference(ref_of(service), "subsets", after, None, "EndpointsMissing", (create,))
        else:
            sorry = f"Failed to update endpoint {where}: {{error}}"
            update = Update(new, on_error=Announce(new, "Warning", "FailedToUpdateEndpoint", sorry))
            yield Difference(ref_of(held), "subsets", after, _addresses(held), "EndpointsOutdated", (update,))


# --------------------------------------------------------------------------------------------- what to write


class Standing(NamedTuple):
    """What counts of a pod."""

    address: dict[str, Any] | None  # None: it cannot be reached, or has finished
    is_going: bool
    is_ready: bool
    since: str  # when its readiness changed
    uid: str
    hostname: str
    subdomain: str


@memo.by_identity
def _standing(pod: Obj) -> Standing:
    meta, spec, ready = pod["metadata"], pod["spec"], pods.ready_condition(pod)
    address = None
    if endpoints.belongs(pod):
        about = {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}
        address = {"ip": pod["status"]["podIP"], "nodeName": spec.get("nodeName", ""), "targetRef": about}
    return Standing(
        address=address,
        is_going=is_terminating(pod),
        is_ready=pods.is_ready(pod),
        since=str((ready or {}).get("lastTransitionTime") or ""),
        uid=uid_of(pod),
        hostname=spec.get("hostname") or "",
        subdomain=spec.get("subdomain") or "",
    )


def _offers(seen: EndpointsSeen, service: Obj) -> Iterator[Offer]:
    """Each pod that may get traffic, once for each port that it has. Unlike in a slice, who is to go is not listed any
    more, unless the Service wants to know of everybody."""
    spec = service["spec"]
    everybody, headless = bool(spec.get("publishNotReadyAddresses")), spec.get("clusterIP") == "None"
    same, common = endpoints.same_for_all(service), None
    for pod in seen.pods:
        address, is_going, is_ready, _since, _uid, hostname, subdomain = _standing(pod)
        if address is None or (is_going and not everybody):
            continue
        if hostname and subdomain == name_of(service):
            address = {"ip": address["ip"], "hostname": hostname, **address}
        if common is None or not same:
            common = [
                (name, n or 0, protocol, app or None) for name, n, protocol, app in endpoints.ports_of(pod, service)
            ]
        for port in common:
            yield Offer(address, port, everybody or is_ready)
        if headless and not spec.get("ports"):
            yield Offer(address, None, everybody or is_ready)


def _wanted(seen: EndpointsSeen, service: Obj) -> Obj:
    """As they should be, but for the time at which they came to be so."""
    held, found = seen.held, subsets.packed(_offers(seen, service))
    labels = {key: value for key, value in objects.labels_of(service).items() if key != _HEADLESS}
    labels |= {_HEADLESS: ""} if service["spec"].get("clusterIP") in (None, "", "None") else {}
    labels[managed_endpoints.MANAGED_BY] = managed_endpoints.MANAGER
    if held is None:
        held = {"apiVersion": "v1", "kind": "Endpoints"}
        held["metadata"] = {"name": name_of(service), "namespace": namespace_of(service)}
    too_many = _size(found) > _CAPACITY
    held = objects.with_metadata(_noted(held, _TRIGGER_TIME, ""), labels=labels)
    new = {key: value for key, value in held.items() if key != "subsets"}
    new = _noted(new, _OVER_CAPACITY, _TRUNCATED if too_many else "")
    return {**new, "subsets": _truncated(found) if too_many else found} if found else new


def _noted(held: Obj, name: str, value: str) -> Obj:
    """With that annotation; "": without it."""
    notes = {key: text for key, text in objects.annotations_of(held).items() if key != name}
    return objects.with_metadata(held, annotations={**notes, name: value} if value else notes or None)


def _changed_at(seen: EndpointsSeen, service: Obj) -> str:
    """When the earliest change happened that the Endpoints do not show yet; "" if no moment is known."""
    if seen.held is None:
        return str(service["metadata"]["creationTimestamp"])
    known = {
        (offer.address.get("targetRef") or {}).get("uid"): offer.is_ready for offer in subsets.offers_of(seen.held)
    }
    times = []
    for pod in seen.pods:
        stands = _standing(pod)
        listed = known.get(stands.uid)
        if listed != stands.is_ready and (listed is not None or (stands.address is not None and not stands.is_going)):
            times.append(stands.since)
    return min(filter(None, times), default="")


def _addresses(held: Obj) -> list[str]:
    return [address["ip"] for subset in held.get("subsets") or () for address in subset.get("addresses") or ()]


# ----------------------------------------------------------------------------------------------- too many


def _size(found: Iterable[Subset], *parts: str) -> int:
    return sum(len(subset.get(part, ())) for subset in found for part in parts or ("addresses", "notReadyAddresses"))


def _truncated(found: list[Subset]) -> list[Subset]:
    """As many as one object takes, from each subset its share: those that are ready first."""
    ready = _size(found, "addresses")
    part, room = ("addresses", _CAPACITY) if ready > _CAPACITY else ("notReadyAddresses", _CAPACITY - ready)
    total, left, kept = _size(found, part), room, []
    for subset in found:
        here = subset.get(part, [])
        share = min(math.ceil(len(here) / total * room), left)
        left -= min(share, len(here))
        cut = {**subset, part: here[:share]}
        if part == "addresses":
            cut.pop("notReadyAddresses", None)
        kept.append({name: value for name, value in cut.items() if value})
    return [subset for subset in kept if subset.get("addresses") or subset.get("notReadyAddresses")]


def _service_of(held: Obj, _: Reader) -> tuple[Ref]:
    return (Ref("Service", namespace_of(held), name_of(held)),)
