"""The subsets of v1 Endpoints: which addresses offer which ports, in the one form that says so with the fewest words.

The endpoints controller writes them, the mirroring controller reads those that people wrote. Pure.
Models kubernetes/pkg/api/v1/endpoints/util.go (RepackSubsets).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from app.api import go_text
from app.api.objects import Obj

Subset = dict[str, Any]
Port = tuple[str, int, str, str | None]  # name, number, protocol, appProtocol
_Key = tuple[str, str]  # an address and the uid of who has it

_FNV_START, _FNV_PRIME = 0x6C62272E07BB014262B821756295C58D, 0x0000000001000000000000000000013B


class Offer(NamedTuple):
    """An address with one of its ports; None: without any."""

    address: Mapping[str, Any]
    port: Port | None
    is_ready: bool


def packed(offers: Iterable[Offer]) -> list[Subset]:
    """Each set of addresses once, with all ports that just these offer. Not ready at one place is not ready."""
    addresses: dict[_Key, Mapping[str, Any]] = {}
    by_port: dict[Port | None, dict[_Key, bool]] = {}
    for address, port, is_ready in offers:
        key = (address["ip"], (address.get("targetRef") or {}).get("uid", ""))
        addresses.setdefault(key, address)
        offered = by_port.setdefault(port, {})
        offered[key] = is_ready and offered.get(key, True)
    ports_of: dict[tuple[tuple[_Key, bool], ...], list[Port]] = {}
    for port, offered in by_port.items():
        in_order = tuple((key, offered[key]) for key in sorted(offered))
        ports_of.setdefault(in_order, []).extend([port] if port else [])
    found = [_subset(keys, addresses, ports) for keys, ports in ports_of.items()]
    return _in_order("EndpointSubset", found)


def offers_of(endpoints: Obj) -> Iterator[Offer]:
    for subset in endpoints.get("subsets") or ():
        ports: list[Port | None] = [*map(_port, subset.get("ports") or ())] or [None]
        for part, is_ready in (("addresses", True), ("notReadyAddresses", False)):
            for address in subset.get(part) or ():
                yield from (Offer(address, port, is_ready) for port in ports)


def _port(port: Mapping[str, Any]) -> Port:
    return port.get("name", ""), port["port"], port.get("protocol", "TCP"), port.get("appProtocol")


def _subset(keys: Iterable[tuple[_Key, bool]], addresses: Mapping[_Key, Any], ports: Iterable[Port]) -> Subset:
    ready, not_ready = ([addresses[key] for key, is_ready in keys if is_ready == wanted] for wanted in (True, False))
    listed = _in_order("EndpointPort", [_as_dict(port) for port in ports])
    parts = {"addresses": ready, "notReadyAddresses": not_ready, "ports": listed}
    return {name: part for name, part in parts.items() if part}


def _as_dict(port: Port) -> dict[str, Any]:
    name, number, protocol, app = port
    named, spoken = {"name": name} if name else {}, {} if app is None else {"appProtocol": app}
    return {**named, "port": number, "protocol": protocol, **spoken}


def _in_order(type_: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By the hash of what they look like in Go."""
    return sorted(items, key=lambda item: _fnv_128a(go_text.dumped(type_, item))) if len(items) > 1 else items


def _fnv_128a(text: str) -> int:
    value = _FNV_START
    for byte in text.encode():
        value = (value ^ byte) * _FNV_PRIME % (1 << 128)
    return value
