"""Services. Models kubernetes `pkg/apis/core/validation` ValidateServiceCreate and ValidateServiceUpdate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.api.errors import Cause
from app.api.objects import Obj, annotations_of
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, metadata, service_addresses
from app.registry.validation.causes import Verbatim
from app.registry.validation.service_addresses import is_headless

_MAX_AFFINITY_SECONDS = 86400
_DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
_OLD_HINTS, _HINTS = "service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode"
_SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
_OF_LOAD_BALANCERS = "may only be used when `type` is 'LoadBalancer'"
_IS_FOR_HEALTH = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"


def check(obj: Obj) -> Iterator[Cause]:
    spec, notes = obj.get("spec", {}), annotations_of(obj)
    kind, ports = spec.get("type"), spec.get("ports", [])
    if _HINTS in notes and notes.get(_OLD_HINTS, notes[_HINTS]) != notes[_HINTS]:
        why = f"must match annotations[{_OLD_HINTS}] when both are specified"
        yield causes.invalid(f"metadata.annotations[{_HINTS}]", notes[_HINTS], why)
    if not ports and not is_headless(spec) and kind != "ExternalName":
        yield causes.required("spec.ports")
    yield from _check_type(spec)
    yield from _check_ports(ports)
    yield from metadata.check_labels(spec.get("selector"), "spec.selector")
    yield from _check_affinity(spec)
    yield from service_addresses.check(spec)
    for index, ip in enumerate(spec.get("externalIPs", ())):
        yield from causes.endpoint_address(f"spec.externalIPs[{index}]", ip)
    yield from causes.supported("spec.type", kind, named_values("ServiceType"))
    yield from _check_repeated_ports(ports, kind)
    yield from _check_source_ranges(spec, notes)
    yield from _check_load_balancer(spec)
    yield from _check_traffic(spec)


def check_update(new: Obj, old: Obj) -> Iterator[Cause]:
    before, after = old.get("spec", {}), new.get("spec", {})
    yield from service_addresses.check_update(after, before)
    if before.get("type") == after.get("type") == "LoadBalancer":
        name = after.get("loadBalancerClass")
        if name != before.get("loadBalancerClass"):
            yield causes.invalid("spec.loadBalancerClass", name, service_addresses.FIXED)
    yield from _check_class(after)
    same_port = after.get("healthCheckNodePort") == before.get("healthCheckNodePort")
    if needs_health_check(before) and needs_health_check(after) and not same_port:
        yield causes.forbidden("spec.healthCheckNodePort", causes.IMMUTABLE)


def needs_health_check(spec: Obj) -> bool:
    """Does a load balancer have to ask each machine whether it has endpoints?"""
    return spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def _check_type(spec: Obj) -> Iterator[Cause]:
    kind = spec.get("type")
    if kind in ("LoadBalancer", "NodePort") and is_headless(spec):
        yield causes.invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {kind} services")
    if kind != "ExternalName":
        return
    for name in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if spec.get(name):
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
            yield from causes.each(f"{field}.name", name, metadata.is_label(name))
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


def _check_source_ranges(spec: Obj, notes: Obj) -> Iterator[Cause]:
    """They stand in the spec or, as long ago, in an annotation."""
    ranges = spec.get("loadBalancerSourceRanges") or ()
    places = [f"spec.LoadBalancerSourceRanges[{index}]" for index in range(len(ranges))]
    field = "spec.LoadBalancerSourceRanges"
    if not ranges and _SOURCE_RANGES in notes:
        field = f"metadata.annotations[{_SOURCE_RANGES}]"
        ranges = notes[_SOURCE_RANGES].strip().split(",") if notes[_SOURCE_RANGES].strip() else ()
        places = [field] * len(ranges)
    elif not ranges:
        return
    if spec.get("type") != "LoadBalancer":
        yield causes.forbidden(field, _OF_LOAD_BALANCERS)
    for place, network in zip(places, ranges, strict=True):
        yield from causes.network(place, network.strip())


def _check_load_balancer(spec: Obj) -> Iterator[Cause]:
    if "allocateLoadBalancerNodePorts" in spec and spec.get("type") != "LoadBalancer":
        yield causes.forbidden("spec.allocateLoadBalancerNodePorts", _OF_LOAD_BALANCERS)
    yield from _check_class(spec)


def _check_class(spec: Obj) -> Iterator[Cause]:
    if "loadBalancerClass" not in spec:
        return
    if spec.get("type") == "LoadBalancer":
        yield from metadata.label_key(spec["loadBalancerClass"], "spec.loadBalancerClass")
    else:
        yield causes.forbidden("spec.loadBalancerClass", _OF_LOAD_BALANCERS)


def _check_traffic(spec: Obj) -> Iterator[Cause]:
    kind, policy = spec.get("type"), spec.get("externalTrafficPolicy")
    if kind in ("LoadBalancer", "NodePort") or (kind == "ClusterIP" and spec.get("externalIPs")):
        yield from causes.supported("spec.externalTrafficPolicy", policy, named_values("ServiceExternalTrafficPolicy"))
    elif policy:
        why = "may only be set for externally-accessible services"
        yield causes.invalid("spec.externalTrafficPolicy", policy, why)
    if health := spec.get("healthCheckNodePort"):  # that there is one is seen to when it is given out
        if needs_health_check(spec):
            yield from causes.port_number("spec.healthCheckNodePort", health)
        else:
            yield causes.invalid("spec.healthCheckNodePort", health, _IS_FOR_HEALTH)
    if "internalTrafficPolicy" in spec:
        field, values = "spec.internalTrafficPolicy", named_values("ServiceInternalTrafficPolicy")
        yield from causes.among(field, spec["internalTrafficPolicy"], values)
    if "trafficDistribution" in spec:
        yield from causes.among("spec.trafficDistribution", spec["trafficDistribution"], _DISTRIBUTIONS)
