"""The EndpointSlice mirroring controller: what people write as Endpoints of a Service without a selector is there as
EndpointSlices too, since those alone are read.

The engine runs it for such Endpoints when they, their Service or a mirrored slice changed. Models
kubernetes/pkg/controller/endpointslicemirroring.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.api import objects
from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, is_terminating, name_of, namespace_of, ref_of
from app.component_helpers import managed_endpoints
from app.component_helpers.slices import SERVICE_NAME, by_service
from app.controllers.endpointslice import subsets
from app.controllers.endpointslice.subsets import Subset
from app.reconcile import (
    BACKGROUND,
    Action,
    Announce,
    Cache,
    Controller,
    Create,
    Delete,
    Difference,
    Reader,
    Update,
    Wake,
    itself,
)

MANAGED_BY, MANAGER = "endpointslice.kubernetes.io/managed-by", "endpointslicemirroring-controller.k8s.io"
_SKIP = "endpointslice.kubernetes.io/skip-mirror"
_LEADER = "control-plane.alpha.kubernetes.io/leader"
_NOT_MIRRORED = (
    "endpoints.kubernetes.io/last-change-trigger-time",
    "kubectl.kubernetes.io/last-applied-configuration",
)
_MOST_OF_SUBSET = 1_000


@dataclass(frozen=True, slots=True)
class MirrorSeen:
    endpoints: Obj | None  # None: there are none, or none that are to be mirrored
    slices: Sequence[Obj]  # those that this controller wrote of them


class EndpointSliceMirroringController(Controller[MirrorSeen]):
    name = "endpointslice-mirroring-controller"
    component = "endpoint-slice-mirroring-controller"
    title = N_("Endpoints mirror")
    subject = N_("The EndpointSlice mirroring controller")
    lane = 124
    reconciles = "Endpoints"
    concurrency = 5
    pace = BACKGROUND
    says = {
        "MirrorMissing": Saying(N_("%(about)s have no EndpointSlice yet."), N_("no EndpointSlice yet")),
        "MirrorOutdated": Saying(N_("The EndpointSlice %(about)s is out of date."), N_("endpoints changed")),
        "MirrorNotNeeded": Saying(N_("The EndpointSlice %(about)s is not needed any more."), N_("not needed")),
    }

    def __init__(self) -> None:
        self.wakes = (
            itself("Endpoints"),
            Wake("Service", _endpoints_of_service),
            Wake("EndpointSlice", _endpoints_of_slice),
        )
        self.reads = (
            Cache("Endpoints", selects=_is_to_be_mirrored),
            Cache("Service", sees=_selects_otherwise),
            Cache("EndpointSlice", selects=_is_mirror, indexes={"service": by_service}),
        )

    def observe(self, key: Ref, reader: Reader) -> MirrorSeen | None:
        found, service = reader.get(key), reader.get(Ref("Service", key.namespace, key.name))
        slices = tuple(reader.by("EndpointSlice", "service", (key.namespace, key.name)))
        if service is None or service["spec"].get("selector"):
            found = None
        return MirrorSeen(found, slices) if found is not None or slices else None

    @staticmethod
    def saw(seen: MirrorSeen) -> Message:
        about = seen.endpoints or seen.slices[0]
        return message(N_("%(who)s compares %(name)s with its slices: %(n)s."), name=name_of(about), n=len(seen.slices))

    def diff(self, seen: MirrorSeen) -> Iterable[Difference]:
        if seen.endpoints is None:
            yield from (_unneeded(each) for each in seen.slices)
            return
        yield from _reconcile(seen.endpoints, seen.slices)


# -------------------------------------------------------------------------------------------------- mirroring


def _reconcile(found: Obj, slices: Sequence[Obj]) -> Iterator[Difference]:
    """One slice for each subset and family of addresses; those that are there are kept, and used again."""
    wanted, left_out = [], 0
    for subset in subsets.packed(subsets.offers_of(found)):
        pieces, skipped = _pieces(found, subset)
        left_out += skipped
        wanted += pieces
    held: dict[str, list[Obj]] = {}
    for each in slices:
        held.setdefault(_group(each), []).append(each)
    pairs = [(new, held[_group(new)].pop(0) if held.get(_group(new)) else None) for new in wanted]
    spare = [each for group in held.values() for each in group]
    told: tuple[Action, ...] = _left_out(found, left_out)
    for new, old in pairs:
        if old is None:
            old = next((each for each in spare if each["addressType"] == new["addressType"]), None)
            spare = [each for each in spare if each is not old]
        if old is None and not is_terminating(found):
            create = (Create(new), *told)
            yield Difference(ref_of(found), "endpoints", _addresses(new), None, "MirrorMissing", create)
            told = ()
        elif old is not None and not _is_same(old, new):
            meta = {**new["metadata"], **{key: old["metadata"][key] for key in ("name", "uid", "resourceVersion")}}
            meta.pop("generateName", None)
            update = (Update({**new, "metadata": meta}), *told)
            yield Difference(ref_of(old), "endpoints", _addresses(new), _addresses(old), "MirrorOutdated", update)
            told = ()
    yield from (_unneeded(each) for each in spare)


def _pieces(found: Obj, subset: Subset) -> tuple[list[Obj], int]:
    """The slices of one subset, and how many of its addresses are in none of them."""
    by_family: dict[str, list[dict[str, Any]]] = {}
    kept = skipped = 0
    for part, is_ready in (("addresses", True), ("notReadyAddresses", False)):
        for address in subset.get(part) or ():
            family = _family(address["ip"])
            if not family or kept >= _MOST_OF_SUBSET:
                skipped += 1
                continue
            kept += 1
            by_family.setdefault(family, []).append(_endpoint(address, is_ready))
    ports = [{**each, "name": each.get("name", "")} for each in subset.get("ports") or ()]
    return [_slice(found, family, each, ports) for family, each in by_family.items()], skipped


def _endpoint(address: Mapping[str, Any], is_ready: bool) -> dict[str, Any]:
    also = {name: address[name] for name in ("hostname", "targetRef", "nodeName") if address.get(name)}
    return {"addresses": [address["ip"]], "conditions": {"ready": is_ready}, **also}


def _family(ip: str) -> str:
    try:
        return f"IPv{ipaddress.ip_address(ip).version}"
    except ValueError:
        return ""


def _slice(found: Obj, family: str, listed: list[dict[str, Any]], ports: list[dict[str, Any]]) -> Obj:
    notes = {key: value for key, value in objects.annotations_of(found).items() if key not in _NOT_MIRRORED}
    labels = {**objects.labels_of(found), SERVICE_NAME: name_of(found), MANAGED_BY: MANAGER}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": f"{name_of(found)}-",
            "namespace": namespace_of(found),
            "labels": labels,
            **({"annotations": notes} if notes else {}),
            "ownerReferences": [objects.owner_reference(found)],
        },
        "addressType": family,
        "endpoints": listed,
        "ports": ports or None,
    }


def _is_same(old: Obj, new: Obj) -> bool:
    def told(each: Obj) -> tuple[Any, ...]:
        owners = [owner["uid"] for owner in each["metadata"].get("ownerReferences") or ()]
        listed = sorted(map(repr, each.get("endpoints") or ()))
        return objects.labels_of(each), objects.annotations_of(each), owners, listed, each.get("ports") or None

    return told(old) == told(new)


def _group(piece: Obj) -> str:
    return f"{piece['addressType']}-{sorted(map(repr, piece.get('ports') or ()))}"


def _left_out(found: Obj, number: int) -> tuple[Action, ...]:
    if not number:
        return ()
    why = f"A max of {_MOST_OF_SUBSET} addresses can be mirrored to EndpointSlices per Endpoints subset. "
    return (Announce(found, "Warning", "TooManyAddressesToMirror", f"{why}{number} addresses were skipped"),)


def _unneeded(piece: Obj) -> Difference:
    return Difference(ref_of(piece), "endpoints", None, _addresses(piece), "MirrorNotNeeded", (Delete(ref_of(piece)),))


def _addresses(piece: Obj) -> list[str]:
    return [address for each in piece.get("endpoints") or () for address in each["addresses"]]


# ------------------------------------------------------------------------------------------- what it watches


def _is_to_be_mirrored(found: Obj) -> bool:
    """Somebody wrote it who wants it so: not a controller, and not a lock."""
    if managed_endpoints.is_managed(found) or objects.labels_of(found).get(_SKIP) == "true":
        return False
    return _LEADER not in objects.annotations_of(found)


def _is_mirror(piece: Obj) -> bool:
    return objects.labels_of(piece).get(MANAGED_BY) == MANAGER


def _selects_otherwise(old: Obj, new: Obj) -> bool:
    return bool(old["spec"].get("selector")) != bool(new["spec"].get("selector"))


def _endpoints_of_service(service: Obj, _: Reader) -> tuple[Ref]:
    return (Ref("Endpoints", namespace_of(service), name_of(service)),)


def _endpoints_of_slice(piece: Obj, _: Reader) -> Iterator[Ref]:
    yield from (Ref("Endpoints", namespace, name) for namespace, name in by_service(piece))
