"""Pods and pod templates: the spec as a whole.

`check_spec` is asked once per spec: its causes bear paths relative to the spec, and each caller puts its own in front.
Models kubernetes `pkg/apis/core/validation` ValidatePodCreate, ValidatePodTemplateSpec; what of a pod may change is in
`pod_updates.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.api.errors import Cause
from app.api.memo import by_identity
from app.api.objects import Obj
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import (
    causes,
    containers,
    environment,
    metadata,
    notes,
    placement,
    resource_names,
    resources,
    security,
    systems,
    volumes,
    windows,
)

_MAX_INT32 = 2**31 - 1
_MOST_SERVERS, _MOST_SEARCHES, _LONGEST_SEARCHES = 3, 32, 2048
_LONGEST_HOSTNAME = 64
_NOWHERE = "[]"  # upstream's path without a name


def check(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    told = obj["metadata"].get("annotations")
    yield from notes.check(told, spec, "metadata.annotations") if told else ()
    yield from _in_front("spec", _spec_causes(spec))
    if spec.get("volumes"):
        yield from volumes.check_in_pod(obj)
    if "resourceClaims" in spec and notes.MIRROR in (told or {}):
        yield causes.forbidden(_NOWHERE, "static pods do not support resource claims")
    for part in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(part) or ()):
            yield from containers.check_image(container, f"spec.{part}[{index}]")


def check_new(obj: Obj) -> Iterator[Cause]:
    """What a pod can come to have later only."""
    spec, told = obj.get("spec", {}), obj["metadata"].get("annotations")
    if spec.get("ephemeralContainers"):
        yield causes.forbidden("spec.ephemeralContainers", "cannot be set on create")
    if spec.get("nodeName") and spec.get("schedulingGates"):
        yield causes.forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared")
    yield from notes.check_profiles(told, spec, "spec") if told else ()


def check_pod_template(obj: Obj) -> Iterator[Cause]:
    return check_template(obj.get("template", {}), "template")


def check_template(template: Obj, field: str) -> Iterator[Cause]:
    """Labels and annotations are reported without `metadata`, as upstream does."""
    meta, spec = template.get("metadata", {}), template.get("spec", {})
    told = meta.get("annotations")
    yield from metadata.check_labels(meta.get("labels"), f"{field}.labels")
    yield from metadata.check_annotations(told, f"{field}.annotations")
    yield from notes.check(told, spec, f"{field}.annotations") if told else ()
    yield from _in_front(f"{field}.spec", _spec_causes(spec))
    yield from notes.check_profiles(told, spec, f"{field}.spec") if told else ()
    if spec.get("ephemeralContainers"):
        yield causes.forbidden(f"{field}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template")


# -------------------------------------------------------------------------------------------------- the spec


def check_spec(spec: Mapping[str, Any]) -> Iterator[Cause]:
    pod_spec = dict(spec)
    yield from volumes.check(spec.get("volumes") or ())
    yield from _check_claims(spec.get("resourceClaims") or ())
    yield from containers.check_containers(pod_spec)
    yield from containers.check_init_containers(pod_spec)
    yield from containers.check_ephemeral_containers(pod_spec)
    yield from resources.check_pod(pod_spec)
    yield from _check_host_ports(pod_spec)
    yield from causes.supported("restartPolicy", spec.get("restartPolicy"), named_values("RestartPolicy"))
    yield from causes.supported("dnsPolicy", spec.get("dnsPolicy"), named_values("DNSPolicy"))
    yield from metadata.check_labels(spec.get("nodeSelector"), "nodeSelector")
    yield from security.check_pod(pod_spec)
    yield from placement.check_affinity(spec.get("affinity") or {})
    yield from _check_names_of_servers(pod_spec)
    yield from _check_gates(pod_spec)
    yield from placement.check_spread(spec.get("topologySpreadConstraints") or ())
    yield from windows.check_host_processes(pod_spec)
    yield from systems.check_users(pod_spec)
    yield from _check_hostname(pod_spec)
    yield from _check_names(pod_spec)
    yield from causes.between("activeDeadlineSeconds", spec.get("activeDeadlineSeconds"), 1, _MAX_INT32)
    yield from placement.check_tolerations(spec.get("tolerations") or (), "tolerations")
    yield from _check_host_aliases(spec.get("hostAliases") or ())
    if "preemptionPolicy" in spec:
        policy = spec["preemptionPolicy"]
        yield from causes.supported("preemptionPolicy", policy, ("PreemptLowerPriority", "Never"))
    if "overhead" in spec:
        yield from resources.check({"limits": spec["overhead"]}, "overhead", resource_names.check_of_container)
    if "os" in spec:
        yield from systems.check(pod_spec)
    yield from environment.check_files(pod_spec)


@by_identity
def _spec_causes(spec: Mapping[str, Any]) -> tuple[Cause, ...]:
    return tuple(check_spec(spec))


def _in_front(field: str, found: tuple[Cause, ...]) -> Iterator[Cause]:
    return (cause._replace(field=f"{field}.{cause.field}".rstrip(".")) for cause in found)


def _check_names(spec: Obj) -> Iterator[Cause]:
    checks = {
        "serviceAccountName": metadata.is_subdomain,
        "nodeName": metadata.is_subdomain,
        "hostname": metadata.is_label,
        "subdomain": metadata.is_label,
        "priorityClassName": metadata.is_subdomain,
    }
    for name, problems_of in checks.items():
        if given := spec.get(name):
            yield from causes.each(name, given, problems_of(given))
    if (runtime := spec.get("runtimeClassName")) is not None:
        yield from causes.each("runtimeClassName", runtime, metadata.is_subdomain(runtime))


def _check_claims(claims: Any) -> Iterator[Cause]:
    """On devices."""
    seen: set[str] = set()
    for index, claim in enumerate(claims):
        at, name = f"resourceClaims[{index}]", claim.get("name", "")
        if not name:
            yield causes.required(f"{at}.name")
        elif name in seen:
            yield causes.duplicate(f"{at}.name", name)
        else:
            yield from causes.each(f"{at}.name", name, metadata.is_label(name))
        seen.add(name)
        sources = [each for each in ("resourceClaimName", "resourceClaimTemplateName") if each in claim]
        told = causes.struct(claim, "Name", "ResourceClaimName", "ResourceClaimTemplateName")
        if len(sources) == 2:
            why = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            yield causes.invalid(at, told, why)
        if not sources:
            why = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            yield causes.invalid(at, told, why)
        for source in sources:
            yield from causes.each(f"{at}.{source}", claim[source], metadata.is_subdomain(claim[source]))


def _check_hostname(spec: Obj) -> Iterator[Cause]:
    name, field = spec.get("hostnameOverride"), "hostnameOverride"
    if name is None:
        return
    for other in ("setHostnameAsFQDN", "hostNetwork"):
        if spec.get(other):
            yield causes.forbidden(field, f"may not be specified when {other} is true")
    if len(name) > _LONGEST_HOSTNAME:
        yield causes.too_long(field, _LONGEST_HOSTNAME)
    yield from causes.each(field, name, metadata.is_subdomain(name))


def _check_host_ports(spec: Obj) -> Iterator[Cause]:
    """Of a pod they have been filled in, a template may leave them out."""
    for index, container in enumerate(spec.get("containers") or () if spec.get("hostNetwork") else ()):
        for position, port in enumerate(container.get("ports") or ()):
            if (number := port.get("hostPort") or 0) and number != port.get("containerPort"):
                why = "must match `containerPort` when `hostNetwork` is true"
                yield causes.invalid(f"containers[{index}].ports[{position}].hostPort", number, why)


def _check_names_of_servers(spec: Obj) -> Iterator[Cause]:
    config, policy = spec.get("dnsConfig"), spec.get("dnsPolicy")
    servers, searches = ((config or {}).get(name) or [] for name in ("nameservers", "searches"))
    if policy == "None" and config is None:
        yield causes.required("dnsConfig", "must provide `dnsConfig` when `dnsPolicy` is None")
        return
    if policy == "None" and not servers:
        why = "must provide at least one DNS nameserver when `dnsPolicy` is None"
        yield causes.required("dnsConfig.nameservers", why)
        return
    if len(servers) > _MOST_SERVERS:
        why = f"must not have more than {_MOST_SERVERS} nameservers"
        yield causes.invalid("dnsConfig.nameservers", servers, why)
    for index, server in enumerate(servers):
        yield from causes.ip_address(f"dnsConfig.nameservers[{index}]", server)
    if len(searches) > _MOST_SEARCHES:
        yield causes.invalid("dnsConfig.searches", searches, f"must not have more than {_MOST_SEARCHES} search paths")
    if len(" ".join(searches)) > _LONGEST_SEARCHES:
        why = f"must not have more than {_LONGEST_SEARCHES} characters (including spaces) in the search list"
        yield causes.invalid("dnsConfig.searches", searches, why)
    for index, search in enumerate(searches):
        name = search.removesuffix(".")
        if search != ".":
            yield from causes.each(f"dnsConfig.searches[{index}]", name, metadata.is_host_search(name))
    for index, option in enumerate((config or {}).get("options") or ()):
        if not option.get("name"):
            yield causes.required(f"dnsConfig.options[{index}]", "must not be empty")


def _check_gates(spec: Obj) -> Iterator[Cause]:
    for index, gate in enumerate(spec.get("readinessGates") or ()):
        yield from metadata.label_key(gate.get("conditionType", ""), f"readinessGates[{index}].conditionType")
    seen: set[str] = set()
    for index, gate in enumerate(spec.get("schedulingGates") or ()):
        name = gate.get("name", "")
        yield from metadata.label_key(name, f"schedulingGates[{index}]")
        if name in seen:
            yield causes.duplicate(f"schedulingGates[{index}]", name)
        seen.add(name)


def _check_host_aliases(aliases: Any) -> Iterator[Cause]:
    for index, alias in enumerate(aliases):
        yield from causes.ip_address(f"hostAliases[{index}].ip", alias.get("ip", ""))
        for position, name in enumerate(alias.get("hostnames") or ()):
            for problem in metadata.is_subdomain(name):
                yield causes.invalid(f"hostAliases[{index}].hostnames[{position}]", name, problem)
