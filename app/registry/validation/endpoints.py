"""Endpoints and EndpointSlices.

Models kubernetes `pkg/apis/core/validation` ValidateEndpoints and `pkg/apis/discovery/validation`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, metadata

_MAX_ENDPOINTS, _MAX_ADDRESSES, _MAX_PORTS, _MAX_TOPOLOGY, _MAX_HINTS = 1000, 100, 20_000, 16, 8
_FEW_SEGMENTS = "should be a domain with at least two segments separated by dots"


def check_endpoints(obj: Obj) -> Iterator[Cause]:
    for index, subset in enumerate(obj.get("subsets", ())):
        field, ports = f"subsets[{index}]", subset.get("ports", ())
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            yield causes.required(field, "must specify `addresses` or `notReadyAddresses`")
        for part in ("addresses", "notReadyAddresses"):
            for position, address in enumerate(subset.get(part, ())):
                yield from _check_address(address, f"{field}.{part}[{position}]")
        for position, port in enumerate(ports):
            at = f"{field}.ports[{position}]"
            if len(ports) > 1 and not port.get("name"):
                yield causes.required(f"{at}.name")
            yield from _check_port_name(port, at)
            yield from causes.port_number(f"{at}.port", port.get("port", 0))
            yield from _check_protocols(port, at)


def _check_address(address: Obj, field: str) -> Iterator[Cause]:
    ip = address.get("ip", "")
    yield from causes.ip_address(f"{field}.ip", ip)
    yield from _check_host_and_node(address, field, ("hostname", "nodeName"))
    yield from causes.reachable(f"{field}.ip", ip)


def _check_host_and_node(item: Obj, field: str, order: tuple[str, str]) -> Iterator[Cause]:
    rules = {"hostname": metadata.is_label, "nodeName": metadata.is_subdomain}
    for name in order:
        if (value := item.get(name)) is not None and (value or name == "nodeName"):
            yield from (causes.invalid(f"{field}.{name}", value, why) for why in rules[name](value))


def _check_port_name(port: Obj, field: str) -> Iterator[Cause]:
    if name := port.get("name"):
        yield from causes.each(f"{field}.name", name, metadata.is_label(name))


def _check_protocols(port: Obj, field: str) -> Iterator[Cause]:
    yield from causes.supported(f"{field}.protocol", port.get("protocol"), named_values("Protocol"))
    if "appProtocol" in port:
        yield from metadata.label_key(port["appProtocol"], f"{field}.appProtocol")


# ------------------------------------------------------------------------------------------ endpoint slices


def check_slice(obj: Obj) -> Iterator[Cause]:
    kind, ports, endpoints = obj.get("addressType"), obj.get("ports") or [], obj.get("endpoints") or []
    yield from causes.supported("addressType", kind, named_values("AddressType"))
    too_many = list(causes.too_many("ports", ports, _MAX_PORTS))
    yield from too_many or _check_slice_ports(ports)
    too_many = list(causes.too_many("endpoints", endpoints, _MAX_ENDPOINTS))
    yield from too_many
    for index, endpoint in enumerate(() if too_many else endpoints):
        yield from _check_endpoint(endpoint, kind, f"endpoints[{index}]")


def _check_slice_ports(ports: list[Obj]) -> Iterator[Cause]:
    seen = set()
    for index, port in enumerate(ports):
        field, name = f"ports[{index}]", port.get("name", "")
        yield from _check_port_name(port, field)
        if name in seen:
            yield causes.duplicate(f"{field}.name", name)
        seen.add(name)
        yield from _check_protocols(port, field)


def _check_endpoint(endpoint: Obj, kind: str | None, field: str) -> Iterator[Cause]:
    addresses = endpoint.get("addresses", [])
    if not addresses:
        yield causes.required(f"{field}.addresses", "must contain at least 1 address")
    yield from causes.too_many(f"{field}.addresses", addresses, _MAX_ADDRESSES)
    for index, address in enumerate(addresses):
        yield from _check_slice_address(address, kind, f"{field}.addresses", index)
    yield from _check_host_and_node(endpoint, field, ("nodeName", "hostname"))
    topology = endpoint.get("deprecatedTopology", {})
    yield from causes.too_many(f"{field}.deprecatedTopology", topology, _MAX_TOPOLOGY)
    yield from metadata.check_labels(topology, f"{field}.deprecatedTopology")
    yield from _check_hints(endpoint.get("hints", {}), f"{field}.hints")


def _check_slice_address(address: str, kind: str | None, field: str, index: int) -> Iterator[Cause]:
    at = f"{field}[{index}]"
    if kind == "FQDN":
        yield from _check_domain(address, at)
    if kind not in ("IPv4", "IPv6"):
        return
    wrong = list(causes.ip_address(at, address) if kind == "IPv4" else causes.canonical_address(at, address))
    yield from wrong
    if wrong:
        return
    if ipaddress.ip_address(address).version != int(kind[-1]):
        yield causes.invalid(field, address, f"must be an {kind} address")
    yield from causes.reachable(at, address)


def _check_domain(name: str, field: str) -> Iterator[Cause]:
    bare = name.removesuffix(".")
    if not name:
        yield causes.required(field)
    elif problems := metadata.is_subdomain(bare):
        yield causes.invalid(field, bare, ",".join(problems))
    elif "." not in bare:
        yield causes.invalid(field, bare, _FEW_SEGMENTS)
    elif long := [part for part in bare.split(".") if metadata.is_label(part)]:
        yield causes.invalid(field, long[0], ",".join(metadata.is_label(long[0])))


def _check_hints(hints: Obj, field: str) -> Iterator[Cause]:
    rules = (("forZones", metadata.label_value_problems), ("forNodes", metadata.is_subdomain))
    for part, problems in rules:
        items = hints.get(part, ())
        too_many = list(causes.too_many(f"{field}.{part}", items, _MAX_HINTS))
        yield from too_many
        if too_many:
            return
        seen = set()
        for index, item in enumerate(items):
            at, name = f"{field}.{part}[{index}].name", item.get("name", "")
            if name in seen:
                yield causes.duplicate(at, name)
            seen.add(name)
            yield from (causes.invalid(at, name, why) for why in problems(name))


def check_slice_update(new: Obj, old: Obj) -> Iterator[Cause]:
    if new.get("addressType") != old.get("addressType"):
        yield causes.invalid("addressType", new.get("addressType"), causes.IMMUTABLE)
