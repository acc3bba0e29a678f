"""Ingresses, IngressClasses and NetworkPolicies. Models kubernetes `pkg/apis/networking/validation`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, metadata

_WILDCARD = re.compile(r"\*(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+")
_WILDCARD_FORMAT = (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
    "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', "
    "regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_ODD_IN_PATHS = ("//", "/./", "/../", "%2f", "%2F")
_ODD_AT_THE_END = ("/..", "/.")


def check_ingress(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    if not spec.get("rules") and "defaultBackend" not in spec:
        why = "either `defaultBackend` or `rules` must be specified"
        yield causes.invalid("spec", spec.get("rules", []), why)
    if "defaultBackend" in spec:
        yield from _check_backend(spec["defaultBackend"], "spec.defaultBackend")
    for index, rule in enumerate(spec.get("rules", ())):
        yield from _check_rule(rule, f"spec.rules[{index}]")
    for index, tls in enumerate(spec.get("tls", ())):
        for position, host in enumerate(tls.get("hosts", ())):
            yield from _check_host(host, f"spec.tls[{index}].hosts[{position}]")
    name = spec.get("ingressClassName")
    for problem in metadata.is_subdomain(name) if name is not None else ():
        yield causes.invalid("spec.ingressClassName", name, problem)


def _check_rule(rule: Obj, field: str) -> Iterator[Cause]:
    host, paths = rule.get("host", ""), rule.get("http", {}).get("paths", ())
    if host and _is_address(host):
        yield causes.invalid(f"{field}.host", host, "must be a DNS name, not an IP address")
    elif host:
        yield from _check_host(host, f"{field}.host")
    if "http" in rule and not paths:
        yield causes.required(f"{field}.http.paths")
    for index, path in enumerate(paths):
        yield from _check_path(path, f"{field}.http.paths[{index}]")


def _check_host(host: str, field: str) -> Iterator[Cause]:
    if "*" in host:
        if not _WILDCARD.fullmatch(host):
            yield causes.invalid(field, host, _WILDCARD_FORMAT)
    else:
        yield from causes.each(field, host, metadata.is_subdomain(host))


def _check_path(path: Obj, field: str) -> Iterator[Cause]:
    kind, route = path.get("pathType"), path.get("path", "")
    if kind is None:
        yield causes.required(f"{field}.pathType", "pathType must be specified")
    elif kind in ("Exact", "Prefix"):
        if not route.startswith("/"):
            yield causes.invalid(f"{field}.path", route, "must be an absolute path")
        for odd in _ODD_IN_PATHS:
            if odd in route:
                yield causes.invalid(f"{field}.path", route, f"must not contain '{odd}'")
        for odd in _ODD_AT_THE_END:
            if route.endswith(odd):
                yield causes.invalid(f"{field}.path", route, f"cannot end with '{odd}'")
    elif kind == "ImplementationSpecific":
        if route and not route.startswith("/"):
            yield causes.invalid(f"{field}.path", route, "must be an absolute path")
    else:
        yield causes.not_supported(f"{field}.pathType", kind, named_values("PathType"))
    yield from _check_backend(path.get("backend", {}), f"{field}.backend")


def _check_backend(backend: Obj, field: str) -> Iterator[Cause]:
    if "resource" in backend and "service" in backend:
        yield causes.invalid(field, "", "cannot set both resource and service backends")
    elif "service" in backend:
        yield from _check_service(backend["service"], field)
    elif "resource" not in backend:
        yield causes.invalid(field, "", "resource or service backend is required")


def _check_service(service: Obj, field: str) -> Iterator[Cause]:
    name, port = service.get("name", ""), service.get("port", {})
    if not name:
        yield causes.required(f"{field}.service.name")
    for problem in metadata.is_label(name) if name else ():
        yield causes.invalid(f"{field}.service.name", name, problem)
    if port.get("name") and port.get("number"):
        yield causes.invalid(field, "", "cannot set both port name & port number")
    elif port.get("name"):
        yield from causes.port_name(f"{field}.service.port.name", port["name"])
    elif "number" in port:
        yield from causes.port_number(f"{field}.service.port.number", port["number"])
    else:
        yield causes.required(field, "port name or number is required")


def check_ingress_class(obj: Obj) -> Iterator[Cause]:
    controller = obj.get("spec", {}).get("controller", "")
    if len(controller) > 250:
        yield causes.too_long("spec.controller", 250)
    domain, slash, path = controller.partition("/")
    if not controller:
        yield causes.required("spec.controller")
    elif not slash or not path or metadata.is_subdomain(domain):
        why = 'must be a domain-prefixed path (such as "acme.io/foo")'
        yield causes.invalid("spec.controller", controller, why)


def check_ingress_class_update(new: Obj, old: Obj) -> Iterator[Cause]:
    controller = new.get("spec", {}).get("controller")
    if controller != old.get("spec", {}).get("controller"):
        yield causes.invalid("spec.controller", controller, causes.IMMUTABLE)


# --------------------------------------------------------------------------------------- network policies


def check_network_policy(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    yield from metadata.check_selector(spec.get("podSelector", {}), "spec.podSelector")
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(direction, ())):
            field = f"spec.{direction}[{index}]"
            for position, port in enumerate(rule.get("ports", ())):
                yield from _check_policy_port(port, f"{field}.ports[{position}]")
            for position, peer in enumerate(rule.get(peers, ())):
                yield from _check_peer(peer, f"{field}.{peers}[{position}]")
    types = spec.get("policyTypes", ())
    if len(types) > 2:
        yield causes.invalid("spec.policyTypes", types, "may not specify more than two policyTypes")
        return
    for index, kind in enumerate(types):
        yield from causes.supported(f"spec.policyTypes[{index}]", kind, named_values("PolicyType"))


def _check_policy_port(port: Obj, field: str) -> Iterator[Cause]:
    protocol, number, last = port.get("protocol"), port.get("port"), port.get("endPort")
    if protocol is not None and protocol not in named_values("Protocol"):
        yield causes.not_supported(f"{field}.protocol", protocol, named_values("Protocol"))
    if number is not None:
        yield from causes.port_number_or_name(f"{field}.port", number)
    if last is None:
        return
    if isinstance(number, int):
        if last < number:
            yield causes.invalid(f"{field}.endPort", last, "must be greater than or equal to `port`")
        yield from causes.port_number(f"{field}.endPort", last)
    elif number is None:
        yield causes.required(f"{field}.port", "must be specified when `endPort` is specified")
    else:
        why = "may not be specified when `port` is non-numeric"
        yield causes.invalid(f"{field}.endPort", last, why)


def _check_peer(peer: Obj, field: str) -> Iterator[Cause]:
    selectors = [name for name in ("podSelector", "namespaceSelector") if name in peer]
    for name in selectors:
        yield from metadata.check_selector(peer[name], f"{field}.{name}")
    if "ipBlock" in peer:
        yield from _check_block(peer["ipBlock"], f"{field}.ipBlock")
        if selectors:
            yield causes.forbidden(field, "may not specify both ipBlock and another peer")
    elif not selectors:
        yield causes.required(field, "must specify a peer")


def _check_block(block: Obj, field: str) -> Iterator[Cause]:
    cidr = block.get("cidr", "")
    if not cidr:
        yield causes.required(f"{field}.cidr")
        return
    problems = tuple(causes.network(f"{field}.cidr", cidr))
    yield from problems
    for index, excluded in enumerate(block.get("except", ())):
        at = f"{field}.except[{index}]"
        odd = tuple(causes.network(at, excluded))
        yield from odd
        if not problems and not odd and not _is_inside(excluded, cidr):
            yield causes.invalid(at, excluded, "must be a strict subset of `cidr`")


def _is_inside(part: str, whole: str) -> bool:
    one, other = ipaddress.ip_network(part), ipaddress.ip_network(whole)
    return one.version == other.version and one.prefixlen > other.prefixlen and one.network_address in other


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
