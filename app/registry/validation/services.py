"""Services and EndpointSlices.

Models kubernetes `pkg/apis/core/validation` ValidateService, ValidateServiceUpdate and `pkg/apis/discovery/validation`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.api.errors import Cause
from app.api.objects import Obj
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, metadata
from app.registry.validation.causes import Verbatim

_MAX_ENDPOINTS = 1000
_MAX_ADDRESSES = 100
_MAX_AFFINITY_SECONDS = 86400


def check(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    kind, ports = spec.get("type"), spec.get("ports", [])
    if not ports and not _headless(spec) and kind != "ExternalName":
        yield causes.required("spec.ports")
    yield from _check_type(spec)
    yield from _check_ports(ports)
    yield from metadata.check_labels(spec.get("selector"), "spec.selector")
    yield from _check_affinity(spec)
    yield from _check_addresses(spec)
    yield from causes.supported("spec.type", kind, named_values("ServiceType"))
    yield from _check_repeated_ports(ports, kind)
    yield from _check_traffic(spec)


def check_update(new: Obj, old: Obj) -> Iterator[Cause]:
    before, after = old.get("spec", {}), new.get("spec", {})
    if "ExternalName" in (before.get("type"), after.get("type")) or (_headless(before) and _headless(after)):
        return
    old_ips, new_ips = _cluster_ips(before), _cluster_ips(after)
    if old_ips and after.get("clusterIP") not in (None, old_ips[0]):
        new_ips = [after["clusterIP"], *new_ips[1:]]
    if old_ips and not new_ips:
        yield causes.invalid("spec.clusterIPs[0]", None, "primary clusterIP can not be unset")
    for index, (was, now) in enumerate(zip(old_ips, new_ips, strict=False)):
        if was != now:
            yield causes.invalid(f"spec.clusterIPs[{index}]", new_ips, "may not change once set")


def _cluster_ips(spec: Obj) -> list[str]:
    ips: list[str] = spec.get("clusterIPs") or ([spec["clusterIP"]] if spec.get("clusterIP") else [])
    return ips


def _headless(spec: Obj) -> bool:
    return _cluster_ips(spec) == ["None"]


def _check_type(spec: Obj) -> Iterator[Cause]:
    kind = spec.get("type")
    if kind in ("LoadBalancer", "NodePort") and _headless(spec):
        yield causes.invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {kind} services")
    if kind != "ExternalName":
        return
    for name in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if spec.get(name) or (name == "clusterIPs" and spec.get("clusterIP")):
            yield causes.forbidden(f"spec.{name}", "may not be set for ExternalName services")
    name = spec.get("externalName", "").removesuffix(".")
    if not name:
        yield causes.required("spec.externalName")
    for problem in metadata.is_subdomain(name) if name else ():
        yield causes.invalid("spec.externalName", name, problem)


def _check_ports(ports: list[Obj]) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, port in enumerate(ports):
        field, name = f"spec.ports[{index}]", port.get("name", "")
        if name:
            yield from (causes.invalid(f"{field}.name", name, problem) for problem in metadata.is_label(name))
            if name in seen:
                yield causes.duplicate(f"{field}.name", name)
            seen.add(name)
        elif len(ports) > 1:
            yield causes.required(f"{field}.name")
        yield from causes.port_number(f"{field}.port", port.get("port", 0))
        yield from causes.supported(f"{field}.protocol", port.get("protocol"), named_values("Protocol"))
        yield from causes.port_number_or_name(f"{field}.targetPort", port.get("targetPort", 0))
        if "appProtocol" in port:
            yield from metadata.label_key(port["appProtocol"], f"{field}.appProtocol")


def _check_repeated_ports(ports: list[Obj], kind: str | None) -> Iterator[Cause]:
    node_ports, numbers = set(), set()
    for index, port in enumerate(ports):
        if port.get("nodePort") and kind == "ClusterIP":
            yield causes.forbidden(f"spec.ports[{index}].nodePort", "may not be used when `type` is 'ClusterIP'")
    for index, port in enumerate(ports):
        key = (port.get("protocol"), port.get("nodePort"))
        if key[1] and key in node_ports:
            yield causes.duplicate(f"spec.ports[{index}].nodePort", key[1])
        node_ports.add(key)
    for index, port in enumerate(ports):
        key = (port.get("protocol"), port.get("port", 0))
        if key in numbers:
            yield causes.duplicate(f"spec.ports[{index}]", Verbatim(_port_in_go(*key)))
        numbers.add(key)


def _port_in_go(protocol: str | None, number: int | None) -> str:
    port: dict[str, Any] = {"Name": "", "Protocol": protocol or "", "AppProtocol": None, "Port": number}
    return causes.printed({**port, "TargetPort": 0, "NodePort": 0})


def _check_affinity(spec: Obj) -> Iterator[Cause]:
    affinity = spec.get("sessionAffinity")
    yield from causes.supported("spec.sessionAffinity", affinity, named_values("ServiceAffinity"))
    if affinity == "ClientIP":
        seconds = spec.get("sessionAffinityConfig", {}).get("clientIP", {}).get("timeoutSeconds", 0)
        if not 0 < seconds <= _MAX_AFFINITY_SECONDS:
            field = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
            yield causes.invalid(field, seconds, f"must be greater than 0 and less than {_MAX_AFFINITY_SECONDS}")


def _check_addresses(spec: Obj) -> Iterator[Cause]:
    for index, ip in enumerate(_cluster_ips(spec)):
        if ip != "None":
            yield from causes.ip_address(f"spec.clusterIPs[{index}]", ip)
    for index, family in enumerate(spec.get("ipFamilies", ())):
        yield from causes.supported(f"spec.ipFamilies[{index}]", family, named_values("IPFamily"))
    if "ipFamilyPolicy" in spec:
        yield from causes.supported("spec.ipFamilyPolicy", spec["ipFamilyPolicy"], named_values("IPFamilyPolicy"))
    for index, ip in enumerate(spec.get("externalIPs", ())):
        yield from causes.ip_address(f"spec.externalIPs[{index}]", ip)
    ranges = spec.get("loadBalancerSourceRanges") or ()
    if ranges and spec.get("type") != "LoadBalancer":
        yield causes.forbidden("spec.LoadBalancerSourceRanges", "may only be used when `type` is 'LoadBalancer'")
    for index, network in enumerate(ranges):
        yield from causes.network(f"spec.LoadBalancerSourceRanges[{index}]", network.strip())


def _check_traffic(spec: Obj) -> Iterator[Cause]:
    kind = spec.get("type")
    if kind != "LoadBalancer":
        for name in ("allocateLoadBalancerNodePorts", "loadBalancerClass"):
            if name in spec:
                yield causes.forbidden(f"spec.{name}", "may only be used when `type` is 'LoadBalancer'")
    external = kind in ("LoadBalancer", "NodePort") or (kind == "ClusterIP" and spec.get("externalIPs"))
    policy = spec.get("externalTrafficPolicy")
    if external:
        yield from causes.supported("spec.externalTrafficPolicy", policy, named_values("ServiceExternalTrafficPolicy"))
    elif policy:
        why = "may only be set for externally-accessible services"
        yield causes.invalid("spec.externalTrafficPolicy", policy, why)
    if "internalTrafficPolicy" in spec:
        values = named_values("ServiceInternalTrafficPolicy")
        yield from causes.supported("spec.internalTrafficPolicy", spec["internalTrafficPolicy"], values)


# ------------------------------------------------------------------------------------------ endpoint slices


def check_endpoint_slice(obj: Obj) -> Iterator[Cause]:
    kind, endpoints = obj.get("addressType"), obj.get("endpoints") or []
    if len(endpoints) > _MAX_ENDPOINTS:
        yield Cause(
            "endpoints", "FieldValueTooMany", f"Too many: {len(endpoints)}: must have at most {_MAX_ENDPOINTS} items"
        )
    for index, endpoint in enumerate(endpoints):
        field, addresses = f"endpoints[{index}].addresses", endpoint.get("addresses", [])
        if not addresses:
            yield causes.required(field, "must contain at least 1 address")
        if len(addresses) > _MAX_ADDRESSES:
            why = f"Too many: {len(addresses)}: must have at most {_MAX_ADDRESSES} items"
            yield Cause(field, "FieldValueTooMany", why)
        for position, address in enumerate(addresses):
            if kind in ("IPv4", "IPv6"):
                yield from causes.ip_address(f"{field}[{position}]", address)
    yield from causes.supported("addressType", kind, named_values("AddressType"))
    seen = set()
    for index, port in enumerate(obj.get("ports") or ()):
        name = port.get("name", "")
        if name in seen:
            yield causes.duplicate(f"ports[{index}].name", name)
        seen.add(name)
        yield from causes.supported(f"ports[{index}].protocol", port.get("protocol"), named_values("Protocol"))


def check_endpoint_slice_update(new: Obj, old: Obj) -> Iterator[Cause]:
    if new.get("addressType") != old.get("addressType"):
        yield causes.invalid("addressType", new.get("addressType"), causes.IMMUTABLE)
