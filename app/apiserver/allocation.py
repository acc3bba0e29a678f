"""What the API server gives out from a pool: cluster IPs and node ports.

Models kubernetes/pkg/registry/core/service/storage/alloc.go with the default ranges 10.96.0.0/16 and 30000-32767. A
range that is used up is the asker's to know, though the original answers with an internal error.
"""

from __future__ import annotations

import ipaddress
import random
from typing import Any

from app.api import errors
from app.api.objects import Obj, name_of
from app.apiserver.store import Store

_NODE_PORTS = (30000, 32767)
_CLUSTER_IPS = 256 * 253
_SERVICES = ipaddress.ip_network("10.96.0.0/16")
_EXPOSED = ("NodePort", "LoadBalancer")
_OF_CLUSTER_IPS = (("clusterIP", "clusterIPs"), ("ipFamilies",), ("ipFamilyPolicy",))
_OF_LOAD_BALANCERS = (("allocateLoadBalancerNodePorts",), ("loadBalancerClass",))


def allocate_service(service: Obj, store: Store, rng: random.Random) -> Obj:
    """`service` with clusterIP, clusterIPs and nodePorts. Raises Invalid if one that it asks for is taken."""
    spec = service["spec"]
    if spec.get("type") == "ExternalName":
        return service
    _check_families(service, spec)
    others = [each for each in store.objects("Service") if each["metadata"]["uid"] != service["metadata"]["uid"]]
    spec = _with_cluster_ip(service, spec, {s["spec"].get("clusterIP") for s in others}, rng)
    if spec.get("type") in _EXPOSED:
        taken = {p["nodePort"] for s in others for p in s["spec"].get("ports", ()) if p.get("nodePort")}
        spec = _with_node_ports(service, spec, taken, rng)
    return {**service, "spec": spec}


def _check_families(service: Obj, spec: dict[str, Any]) -> None:
    """This cluster knows IPv4 only. A Service that somebody else fills in may say what it likes. Raises Invalid."""
    if spec.get("clusterIP") == "None" and not spec.get("selector"):
        return
    policy, families = spec.get("ipFamilyPolicy"), spec.get("ipFamilies") or ()
    wrong: list[tuple[str, str, str]] = []
    if policy == "SingleStack" and len(families) > 1:
        why = "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"
        wrong.append(("spec.ipFamilyPolicy", policy, why))
    if policy == "RequireDualStack":
        wrong.append(("spec.ipFamilyPolicy", policy, "this cluster is not configured for dual-stack services"))
    for index, family in enumerate(families):
        if family != "IPv4":
            wrong.append((f"spec.ipFamilies[{index}]", family, "not configured on this cluster"))
    if wrong:
        causes = [errors.Cause(at, "FieldValueInvalid", f'Invalid value: "{it}": {why}') for at, it, why in wrong]
        raise errors.invalid("Service", name_of(service), causes)


def _not_given(address: str, taken: set[Any]) -> str:
    """Why nobody gets this cluster IP; "" if somebody may."""
    ip = ipaddress.ip_address(address)
    if ip not in _SERVICES or ip in (_SERVICES[0], _SERVICES[-1]):
        return "the provided network does not match the current range"
    return "provided IP is already allocated" if address in taken else ""


def kept_allocations(new: Obj, old: Obj) -> Obj:
    """An update that does not name its cluster IP and node ports keeps those it has. `new` is not validated yet."""
    spec, before = new.get("spec") or {}, old["spec"]
    if spec.get("type") == "ExternalName" or before.get("type") == "ExternalName":
        return new
    kept = {field: before[field] for field in ("clusterIP", "clusterIPs") if not spec.get(field) and field in before}
    if spec.get("type") in _EXPOSED:
        held = {_key(port): port["nodePort"] for port in _ports(before) if "nodePort" in port}
        kept["ports"] = [
            {**port, "nodePort": held[_key(port)]} if not port.get("nodePort") and _key(port) in held else port
            for port in _ports(spec)
        ]
    return {**new, "spec": {**spec, **kept}}


def without_other_types_fields(new: Obj, old: Obj) -> Obj:
    """A change of `type` drops what only the old type has, unless the update names another value for it.

    Models dropTypeDependentFields of kubernetes/pkg/registry/core/service/strategy.go."""
    spec, before = new.get("spec") or {}, old["spec"]
    to, was = spec.get("type"), before.get("type")
    if to == was:
        return new
    groups: list[tuple[str, ...]] = []
    if to == "ExternalName":
        groups += _OF_CLUSTER_IPS
    if was in _EXPOSED and to not in _EXPOSED:
        groups.append(("externalTrafficPolicy",))
        if _node_ports(spec) == _node_ports(before):
            bare = [{key: value for key, value in port.items() if key != "nodePort"} for port in _ports(spec)]
            spec = {**spec, "ports": bare} if bare else spec
    if was == "LoadBalancer":
        groups += (*_OF_LOAD_BALANCERS, ("healthCheckNodePort",))
    for group in groups:
        if all(spec.get(field) == before.get(field) for field in group):
            spec = {field: value for field, value in spec.items() if field not in group}
    return {**new, "spec": spec}


def _node_ports(spec: dict[str, Any]) -> set[Any]:
    return {port.get("nodePort") for port in _ports(spec)}


def _key(port: dict[str, Any]) -> tuple[Any, str]:
    return port.get("port"), port.get("protocol", "TCP")


def _ports(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return spec.get("ports") or []


def _with_cluster_ip(service: Obj, spec: dict[str, Any], taken: set[Any], rng: random.Random) -> dict[str, Any]:
    wanted = spec.get("clusterIP")
    if wanted and wanted != "None" and (why := _not_given(wanted, taken)):
        text = f'Invalid value: ["{wanted}"]: failed to allocate IP {wanted}: {why}'
        cause = errors.Cause("spec.clusterIPs", "FieldValueInvalid", text)
        raise errors.invalid("Service", name_of(service), [cause])
    if not wanted and len(taken) >= _CLUSTER_IPS:
        raise _used_up(service, "spec.clusterIPs", "[]", "failed to allocate a serviceIP")
    while not wanted or (wanted in taken and wanted != "None"):
        wanted = f"10.96.{rng.randrange(256)}.{rng.randrange(2, 255)}"
    return {**spec, "clusterIP": wanted, "clusterIPs": [wanted]}


def _with_node_ports(service: Obj, spec: dict[str, Any], taken: set[int], rng: random.Random) -> dict[str, Any]:
    ports = []
    for index, port in enumerate(spec.get("ports", ())):
        wanted = port.get("nodePort")
        if wanted:
            field = f"spec.ports[{index}].nodePort"
            if not _NODE_PORTS[0] <= wanted <= _NODE_PORTS[1]:
                allowed = f"The range of valid ports is {_NODE_PORTS[0]}-{_NODE_PORTS[1]}"
                text = f"Invalid value: {wanted}: provided port is not in the valid range. {allowed}"
                raise errors.invalid("Service", name_of(service), [errors.Cause(field, "FieldValueInvalid", text)])
            if wanted in taken:
                text = f"Invalid value: {wanted}: provided port is already allocated"
                raise errors.invalid("Service", name_of(service), [errors.Cause(field, "FieldValueInvalid", text)])
        elif len(taken) > _NODE_PORTS[1] - _NODE_PORTS[0]:
            raise _used_up(service, f"spec.ports[{index}].nodePort", "0", "failed to allocate a nodePort")
        while not wanted or (wanted in taken and not port.get("nodePort")):
            wanted = rng.randint(*_NODE_PORTS)
        taken.add(wanted)
        ports.append({**port, "nodePort": wanted})
    return {**spec, "ports": ports}


def _used_up(service: Obj, field: str, value: str, what: str) -> errors.ApiError:
    text = f"Invalid value: {value}: {what}: range is full"
    return errors.invalid("Service", name_of(service), [errors.Cause(field, "FieldValueInvalid", text)])
