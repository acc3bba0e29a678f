"""Ingresses, IngressClasses and NetworkPolicies. Models kubernetes `pkg/apis/networking/validation`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj, annotations_of
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, metadata
from app.registry.validation.causes import Network

_WILDCARD = re.compile(r"\*(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+")
_WILDCARD_FORMAT = (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
    "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', "
    "regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_ODD_IN_PATHS = ("//", "/./", "/../", "%2f", "%2F")
_ODD_AT_THE_END = ("/..", "/.")
_CLASS = "kubernetes.io/ingress.class"
_DIRECTIONS, _PROTOCOLS = ("Ingress", "Egress"), ("TCP", "UDP", "SCTP")


def check_ingress(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    if not spec.get("rules") and "defaultBackend" not in spec:
        why = "either `defaultBackend` or `rules` must be specified"
        yield causes.invalid("spec", spec.get("rules"), why)
    if "defaultBackend" in spec:
        yield from _check_backend(spec["defaultBackend"], "spec.defaultBackend")
    for index, rule in enumerate(spec.get("rules", ())):
        yield from _check_rule(rule, f"spec.rules[{index}]")
    for index, tls in enumerate(spec.get("tls", ())):
        for position, host in enumerate(tls.get("hosts", ())):
            yield from _check_host(host, f"spec.tls[{index}].hosts[{position}]")
        name = tls.get("secretName", "")
        yield from causes.each(f"spec.tls[{index}].secretName", name, metadata.is_subdomain(name) if name else ())
    if (name := spec.get("ingressClassName")) is not None:
        yield from causes.each("spec.ingressClassName", name, metadata.is_subdomain(name))


def check_new_ingress(obj: Obj) -> Iterator[Cause]:
    """The class may be named in the annotation of old, but not another one."""
    old, name = annotations_of(obj).get(_CLASS), obj.get("spec", {}).get("ingressClassName")
    if old is not None and name is not None and old != name:
        yield causes.invalid(f"annotations.{_CLASS}", old, "must match `ingressClassName` when both are specified")


def _check_rule(rule: Obj, field: str) -> Iterator[Cause]:
    host, paths = rule.get("host", ""), (rule.get("http") or {}).get("paths", ())
    if causes.is_address(host):
        yield causes.invalid(f"{field}.host", host, "must be a DNS name, not an IP address")
    yield from _check_host(host, f"{field}.host") if host else ()
    if "http" in rule and not paths:
        yield causes.required(f"{field}.http.paths")
    for index, path in enumerate(paths):
        yield from _check_path(path, f"{field}.http.paths[{index}]")


def _check_host(host: str, field: str) -> Iterator[Cause]:
    if "*" not in host:
        yield from causes.each(field, host, metadata.is_subdomain(host))
        return
    if len(host) > 253:
        yield causes.invalid(field, host, "must be no more than 253 characters")
    if not _WILDCARD.fullmatch(host):
        yield causes.invalid(field, host, _WILDCARD_FORMAT)


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
    elif "resource" in backend:
        yield from _check_reference(backend["resource"], f"{field}.resource")
    elif "service" in backend:
        yield from _check_service(backend["service"], field)
    else:
        yield causes.invalid(field, "", "resource or service backend is required")


def _check_service(service: Obj, field: str) -> Iterator[Cause]:
    name, port = service.get("name", ""), service.get("port", {})
    yield from causes.needed(service, f"{field}.service", "name")
    yield from causes.each(f"{field}.service.name", name, metadata.is_label(name) if name else ())
    if port.get("name") and port.get("number"):
        yield causes.invalid(field, "", "cannot set both port name & port number")
    elif port.get("name"):
        yield from causes.port_name(f"{field}.service.port.name", port["name"])
    elif port.get("number"):
        yield from causes.port_number(f"{field}.service.port.number", port["number"])
    else:
        yield causes.required(field, "port name or number is required")


def _check_reference(reference: Obj, field: str) -> Iterator[Cause]:
    """To an object that takes requests, or that says how they are handled."""
    if (group := reference.get("apiGroup")) is not None:
        yield from causes.each(f"{field}.apiGroup", group, metadata.is_subdomain(group))
    for name in ("kind", "name"):
        yield from causes.needed(reference, field, name)
        value = reference.get(name, "")
        yield from causes.each(f"{field}.{name}", value, metadata.is_path_segment(value))


def check_ingress_class(obj: Obj) -> Iterator[Cause]:
    controller, parameters = obj.get("spec", {}).get("controller", ""), obj.get("spec", {}).get("parameters")
    if len(controller) > 250:
        yield causes.too_long("spec.controller", 250)
    yield from metadata.check_prefixed_path(controller, "spec.controller")
    if parameters is not None:
        yield from _check_reference(parameters, "spec.parameters")
        yield from _check_scope(parameters, "spec.parameters")


def _check_scope(parameters: Obj, field: str) -> Iterator[Cause]:
    scope, namespace = parameters.get("scope"), parameters.get("namespace")
    yield from causes.among(f"{field}.scope", scope, ("Cluster", "Namespace"))
    if scope == "Namespace" and namespace is None:
        yield causes.required(f"{field}.namespace", "`parameters.scope` is set to 'Namespace'")
    elif scope == "Namespace" and namespace is not None:
        yield from causes.each(f"{field}.namespace", namespace, metadata.is_label(namespace))
    elif scope == "Cluster" and namespace is not None:
        yield causes.forbidden(f"{field}.namespace", "`parameters.scope` is set to 'Cluster'")


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
    if len(types) > len(_DIRECTIONS):
        yield causes.invalid("spec.policyTypes", types, "may not specify more than two policyTypes")
        return
    for index, kind in enumerate(types):
        yield from causes.among(f"spec.policyTypes[{index}]", kind, _DIRECTIONS)


def _check_policy_port(port: Obj, field: str) -> Iterator[Cause]:
    number, last = port.get("port"), port.get("endPort")
    yield from causes.among(f"{field}.protocol", port.get("protocol"), _PROTOCOLS)
    if isinstance(number, int):
        yield from causes.port_number(f"{field}.port", number)
        if last is not None and last < number:
            yield causes.invalid(f"{field}.endPort", number, "must be greater than or equal to `port`")
        yield from causes.port_number(f"{field}.endPort", last) if last is not None else ()
        return
    if last is not None:
        missing = "not specified" if number is None else "non-numeric"
        yield causes.invalid(f"{field}.endPort", last, f"may not be specified when `port` is {missing}")
    if number is not None:
        yield from causes.port_name(f"{field}.port", number)


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
    yield from causes.network(f"{field}.cidr", cidr)
    whole = causes.network_of(cidr)
    for index, excluded in enumerate(block.get("except", ()) if whole else ()):
        at, part = f"{field}.except[{index}]", causes.network_of(excluded)
        yield from causes.network(at, excluded)
        if part and whole and not _is_inside(part, whole):
            yield causes.invalid(at, excluded, "must be a strict subset of `cidr`")


def _is_inside(part: Network, whole: Network) -> bool:
    return part.version == whole.version and part.prefixlen > whole.prefixlen and part.network_address in whole
