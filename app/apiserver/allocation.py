"""What the API server gives out to Services: cluster IPs, node ports, and the port of their health checks.

Called on what is to be stored before anything else of it is checked. Models kubernetes
`pkg/registry/core/service/storage` (storage.go, alloc.go) and `strategy.go` beside it, with the default ranges
10.96.0.0/16 and 30000-32767 and addresses of one family. A range that is used up is the asker's to know, though the
original answers with an internal error.
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Sequence
from typing import Any

from app.api import errors
from app.api.objects import Obj, name_of
from app.apiserver.store import Store
from app.registry.validation import causes, service_addresses, services

_NODE_PORTS = (30000, 32767)
_CLUSTER_IPS = 256 * 253
_SERVICES = ipaddress.ip_network("10.96.0.0/16")
_FAMILY, _OTHER_FAMILY = "IPv4", "IPv6"
_EXPOSED = ("NodePort", "LoadBalancer")
_OF_CLUSTER_IPS = (("clusterIP", "clusterIPs"), ("ipFamilies",), ("ipFamilyPolicy",))
_OF_LOAD_BALANCERS = (("allocateLoadBalancerNodePorts",), ("loadBalancerClass",))
_POLICY = "spec.ipFamilyPolicy"

Spec = dict[str, Any]


def allocate_service(service: Obj, store: Store, rng: random.Random, old: Obj | None = None) -> Obj:
    """`service` with what it needs, in the place of `old`, whose it keeps. Raises Invalid if what it asks for is taken
    or not to be had here."""
    before: Spec = old["spec"] if old else {}
    spec = _normalized(_kept(service.get("spec") or {}, before), before)
    if spec.get("type") != "ExternalName":
        spec = _with_families(service, spec, before)
        if not before or before.get("type") == "ExternalName":
            spec = _with_cluster_ip(service, spec, {each.get("clusterIP") for each in _others(service, store)}, rng)
    if spec.get("type") in _EXPOSED:
        taken = {port for each in _others(service, store) for port in _node_ports(each)}
        spec = _with_node_ports(service, spec, taken, before, rng)
        if services.needs_health_check(spec) and not services.needs_health_check(before):
            spec = _with_health_check(service, spec, taken, rng)
    return {**service, "spec": spec}


def _others(service: Obj, store: Store) -> list[Spec]:
    uid = service["metadata"]["uid"]
    return [each["spec"] for each in store.objects("Service") if each["metadata"]["uid"] != uid]


def _kept(spec: Spec, before: Spec) -> Spec:
    """An update that does not name its cluster IP and node ports keeps those it has."""
    kept: Spec = {}
    if before and "ExternalName" not in (spec.get("type"), before.get("type")):
        kept = {name: before[name] for name in ("clusterIP", "clusterIPs") if not spec.get(name) and name in before}
    if _wants_node_ports(spec) and _wants_node_ports(before):
        used = _numbers(spec) & _numbers(before)
        held = {port.get("name", ""): port.get("nodePort") for port in _ports(before)}
        kept["ports"] = [
            {**port, "nodePort": number}
            if not port.get("nodePort") and (number := held.get(port.get("name", ""))) and number not in used
            else port
            for port in _ports(spec)
        ]
    if services.needs_health_check(before) and services.needs_health_check(spec):
        kept["healthCheckNodePort"] = spec.get("healthCheckNodePort") or before.get("healthCheckNodePort")
    return {**spec, **kept}


def _normalized(spec: Spec, before: Spec) -> Spec:
    """Who names one of `clusterIP` and `clusterIPs` means both."""
    one, several = spec.get("clusterIP"), spec.get("clusterIPs")
    if not before:
        return {**spec, "clusterIPs": [one]} if one and not several else spec
    if one == before.get("clusterIP") or several != before.get("clusterIPs"):
        return spec
    return {**spec, "clusterIPs": [one]} if one else _without(spec, ("clusterIPs",))


# ------------------------------------------------------------------------------------------ addresses


def _with_families(service: Obj, spec: Spec, before: Spec) -> Spec:
    """The families that its addresses are of, as it says or as they are here."""
    free = spec.get("clusterIP") == "None" and not spec.get("selector")  # somebody else fills it in
    policy = spec.get("ipFamilyPolicy") or before.get("ipFamilyPolicy")
    spec = {**spec, "ipFamilyPolicy": policy or ("RequireDualStack" if free else "SingleStack")}
    _refuse(service, list(service_addresses.check(spec)))
    wrong: list[errors.Cause] = []
    if before:
        spec = _reduced(spec, before, wrong)
    ips, families, policy = spec.get("clusterIPs") or [], [*(spec.get("ipFamilies") or ())], spec["ipFamilyPolicy"]
    if policy == "SingleStack":
        for items, what in ((ips, "cluster IPs"), (families, "IP families")):
            if len(items) == 2:
                why = f"must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified"
                wrong.append(causes.invalid(_POLICY, policy, why))
    for index in range(len(families), 0 if ips == ["None"] else len(ips)):
        if (family := service_addresses.family(ips[index])) == _FAMILY:
            families.append(family)
        else:
            wrong.append(
                causes.invalid(f"spec.clusterIPs[{index}]", ips, f"{family} is not configured on this cluster")
            )
    _refuse(service, wrong)
    if free:
        families = families or [_FAMILY]
        if len(families) == 1 and policy != "SingleStack":
            families.append(_OTHER_FAMILY if families[0] == _FAMILY else _FAMILY)
        return {**spec, "ipFamilies": families}
    if policy == "RequireDualStack":
        wrong.append(causes.invalid(_POLICY, policy, "this cluster is not configured for dual-stack services"))
    for index, family in enumerate(families):
        if family != _FAMILY:
            wrong.append(causes.invalid(f"spec.ipFamilies[{index}]", family, "not configured on this cluster"))
    _refuse(service, wrong)
    return {**spec, "ipFamilies": families or [_FAMILY]}


def _reduced(spec: Spec, before: Spec, wrong: list[errors.Cause]) -> Spec:
    """One of two families goes with the policy SingleStack, and only so."""
    families, had = spec.get("ipFamilies") or [], before.get("ipFamilies") or []
    if spec["ipFamilyPolicy"] == "SingleStack":
        return {**spec, "ipFamilies": families[:1]} if families == had and len(families) > 1 else spec
    if len(families) == 1 and len(had) == 2 and families[0] == had[0]:
        why = "must be 'SingleStack' to release the secondary IP family"
        wrong.append(causes.invalid(_POLICY, spec["ipFamilyPolicy"], why))
    return spec


def _with_cluster_ip(service: Obj, spec: Spec, taken: set[Any], rng: random.Random) -> Spec:
    wanted = spec.get("clusterIP")
    if wanted == "None":
        return spec
    if wanted and (why := _not_given(wanted, taken)):
        why = f"failed to allocate IP {wanted}: {why}"
        _refuse(service, [causes.invalid("spec.clusterIPs", spec["clusterIPs"], why)])
    if not wanted and len(taken) >= _CLUSTER_IPS:
        _refuse(service, [causes.invalid("spec.clusterIPs", [], "failed to allocate a serviceIP: range is full")])
    while not wanted or (wanted in taken and wanted != spec.get("clusterIP")):
        wanted = f"10.96.{rng.randrange(256)}.{rng.randrange(2, 255)}"
    return {**spec, "clusterIP": wanted, "clusterIPs": [wanted]}


def _not_given(address: str, taken: set[Any]) -> str:
    """Why nobody gets this cluster IP; "" if somebody may."""
    ip = ipaddress.ip_address(address)
    if ip not in _SERVICES or ip in (_SERVICES[0], _SERVICES[-1]):
        return "the provided network does not match the current range"
    return "provided IP is already allocated" if address in taken else ""


# ------------------------------------------------------------------------------------------ node ports


def _with_node_ports(service: Obj, spec: Spec, taken: set[int], before: Spec, rng: random.Random) -> Spec:
    """Each port with its number, also `taken` from now on. Ports of one number, as those of TCP and UDP, share theirs
    when they are new."""
    held, shared, ports = _numbers(before) if before.get("type") in _EXPOSED else set(), dict[int, int](), []
    for index, port in enumerate(_ports(spec)):
        number, field = port.get("nodePort") or 0, f"spec.ports[{index}].nodePort"
        if not number and not _wants_node_ports(spec):
            ports.append(port)
            continue
        if not before:
            number = number or shared.get(_port(port)) or _asked_for(spec, _port(port))
        if not number:
            number = _next_port(service, field, taken, rng)
        elif number not in held and number not in (shared.values() if before else [shared.get(_port(port))]):
            _refuse(service, [causes.invalid(field, number, why) for why in _not_free(number, taken)])
        if before and any((number, _protocol(port)) == (each["nodePort"], _protocol(each)) for each in ports):
            raise errors.Unexplained(f"duplicate nodePort: {{{_protocol(port)} {number}}}")
        shared.setdefault(_port(port), number)
        taken.add(number)
        ports.append({**port, "nodePort": number})
    return {**spec, "ports": ports}


def _wants_node_ports(spec: Spec) -> bool:
    kind = spec.get("type")
    return kind == "NodePort" or (kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts", True))


def _asked_for(spec: Spec, port: int) -> int:
    """The node port that any of its ports of this number names; 0 if none does."""
    return next((each["nodePort"] for each in _ports(spec) if _port(each) == port and each.get("nodePort")), 0)


def _next_port(service: Obj, field: str, taken: set[int], rng: random.Random) -> int:
    if len(taken) > _NODE_PORTS[1] - _NODE_PORTS[0]:
        _refuse(service, [causes.invalid(field, 0, "failed to allocate a nodePort: range is full")])
    while (number := rng.randint(*_NODE_PORTS)) in taken:
        pass
    return number


def _not_free(number: int, taken: set[int]) -> list[str]:
    if not _NODE_PORTS[0] <= number <= _NODE_PORTS[1]:
        allowed = f"The range of valid ports is {_NODE_PORTS[0]}-{_NODE_PORTS[1]}"
        return [f"provided port is not in the valid range. {allowed}"]
    return ["provided port is already allocated"] if number in taken else []


def _with_health_check(service: Obj, spec: Spec, taken: set[int], rng: random.Random) -> Spec:
    number = spec.get("healthCheckNodePort") or 0
    if number and (why := _not_free(number, taken)):
        raise errors.Unexplained(f"failed to allocate requested HealthCheck NodePort {number}: {why[0]}")
    number = number or _next_port(service, "spec.healthCheckNodePort", taken, rng)
    return {**spec, "healthCheckNodePort": number}


# ------------------------------------------------------------------------------------------ changes of type


def without_other_types_fields(new: Obj, old: Obj) -> Obj:
    """A change of `type` drops what only the old type has, unless the update names another value for it.

    Models dropTypeDependentFields of kubernetes/pkg/registry/core/service/strategy.go."""
    spec, before = new.get("spec") or {}, old["spec"]
    to, was = spec.get("type"), before.get("type")
    groups: list[tuple[str, ...]] = []
    if to == "ExternalName" != was:
        groups += _OF_CLUSTER_IPS
    if was in _EXPOSED and to not in _EXPOSED:
        groups.append(("externalTrafficPolicy",))
        if _numbers(spec) <= _numbers(before):
            bare = [_without(port, ("nodePort",)) for port in _ports(spec)]
            spec = {**spec, "ports": bare} if bare else spec
    if was == "LoadBalancer" != to:
        groups += _OF_LOAD_BALANCERS
    if services.needs_health_check(before) and not services.needs_health_check(spec):
        groups.append(("healthCheckNodePort",))
    for group in groups:
        if all(spec.get(field) == before.get(field) for field in group):
            spec = _without(spec, group)
    return {**new, "spec": spec}


def _numbers(spec: Spec) -> set[int]:
    return {port["nodePort"] for port in _ports(spec) if port.get("nodePort")}


def _node_ports(spec: Spec) -> set[int]:
    return _numbers(spec) | ({spec["healthCheckNodePort"]} if spec.get("healthCheckNodePort") else set())


def _port(port: Spec) -> int:
    number: int = port.get("port") or 0  # it was not looked at yet
    return number


def _protocol(port: Spec) -> str:
    protocol: str = port.get("protocol", "TCP")
    return protocol


def _ports(spec: Spec) -> list[Spec]:
    return spec.get("ports") or []


def _without(fields: Spec, names: Sequence[str]) -> Spec:
    return {key: value for key, value in fields.items() if key not in names}


def _refuse(service: Obj, wrong: list[errors.Cause]) -> None:
    if wrong:
        raise errors.invalid("Service", name_of(service), wrong)
