"""What is wrong with the status of a pod that a client writes, and with what it makes of the one before.

Models kubernetes `pkg/apis/core/validation` ValidatePodStatusUpdate.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from app.api.errors import Cause
from app.api.objects import Obj, find_named
from app.registry.validation import causes, metadata, notes

_OWN_CONDITIONS = frozenset({"PodScheduled", "Ready", "Initialized"})
_LAST_ID = 2**31 - 1
_HEALTH = ("Healthy", "Unhealthy", "Unknown")
_LONGEST_MESSAGE = 1024
_STATUSES = {
    "containerStatuses": "containers",
    "initContainerStatuses": "initContainers",
    "ephemeralContainerStatuses": "ephemeralContainers",
}
"""Where there are statuses of containers, and of which."""


def check(new: Obj, old: Obj) -> Iterator[Cause]:
    spec, status, before = new["spec"], new.get("status") or {}, old.get("status") or {}
    told, had = ((obj["metadata"].get("annotations") or {}) for obj in (new, old))
    if told != had:
        yield from notes.check_change(told, had, "metadata.annotations")
        yield from notes.check(told, spec, "metadata.annotations")
    yield from _check_conditions(status.get("conditions") or ())
    yield from _check_nomination(status.get("nominatedNodeName"), before.get("nominatedNodeName"), spec)
    yield from _not_negative(status, "status")
    service, was = status.get("qosClass"), before.get("qosClass")
    if service and service != was:
        yield causes.invalid("status.qosClass", service, causes.IMMUTABLE)
    for name, part in _STATUSES.items():
        if status.get(name) is not before.get(name):
            yield from _check_endings(status.get(name) or (), before.get(name) or (), spec, f"status.{name}", part)
    yield from _check_claims(status.get("resourceClaimStatuses") or (), spec)
    if "extendedResourceClaimStatus" in status:
        yield from _check_extended(status["extendedResourceClaimStatus"], spec)
    yield from _check_addresses(status, before)
    for name, part in _STATUSES.items():
        for index, each in enumerate(status.get(name) or ()):
            yield from _check_container(each, f"status.{name}[{index}]", spec, part)


def _check_conditions(conditions: Any) -> Iterator[Cause]:
    for index, condition in enumerate(conditions):
        field, kind = f"status.conditions[{index}]", condition.get("type", "")
        yield from _not_negative(condition, field)
        if kind not in _OWN_CONDITIONS:
            yield from metadata.label_key(kind, f"{field}.Type")


def _not_negative(part: Obj, field: str) -> Iterator[Cause]:
    if (generation := part.get("observedGeneration", 0)) < 0:
        yield causes.invalid(f"{field}.observedGeneration", generation, "must be a non-negative integer")


def _check_nomination(node: str | None, before: str | None, spec: Obj) -> Iterator[Cause]:
    field = "status.nominatedNodeName"
    if node and node != before:
        yield from causes.each(field, node, metadata.is_subdomain(node))
        if spec.get("nodeName"):
            yield causes.forbidden(field, "may not be set on pods that are already bound to a node")


# ------------------------------------------------------------------------------------------------ containers


def _check_endings(new: Any, old: Any, spec: Obj, field: str, part: str) -> Iterator[Cause]:
    """A container that has ended and is not to be started again stays so."""
    for index, was in enumerate(old):
        ended = (was.get("state") or {}).get("terminated")
        now = find_named(new, was.get("name", ""))
        if not ended or not now or "terminated" in (now.get("state") or {}):
            continue
        if not _may_start_again(was.get("name", ""), ended.get("exitCode", 0), spec, part):
            yield causes.forbidden(f"{field}[{index}].state", "may not be transitioned to non-terminated state")


def _may_start_again(name: str, code: int, spec: Obj, part: str) -> bool:
    container = find_named(spec.get(part) or (), name)
    if part == "ephemeralContainers":
        return False
    if _all_may_start_again(spec):
        return True
    if container is None:
        return False
    policy = container.get("restartPolicy")
    if policy and any(_is_met(rule, code) for rule in container.get("restartPolicyRules") or ()):
        return True
    policy = policy or spec.get("restartPolicy", "Always")
    return bool(policy == "Always" or (policy == "OnFailure" and code))


def _all_may_start_again(spec: Obj) -> bool:
    containers = (each for part in ("initContainers", "containers") for each in spec.get(part) or ())
    rules = (rule for each in containers for rule in each.get("restartPolicyRules") or ())
    return any(rule.get("action") == "RestartAllContainers" for rule in rules)


def _is_met(rule: Obj, code: int) -> bool:
    codes = rule.get("exitCodes") or {}
    listed = code in (codes.get("values") or ())
    return listed if codes.get("operator") == "In" else not listed and codes.get("operator") == "NotIn"


def _check_container(status: Obj, field: str, spec: Obj, part: str) -> Iterator[Cause]:
    user = (status.get("user") or {}).get("linux")
    if user is not None and (spec.get("os") or {}).get("name") == "windows":
        yield causes.forbidden(f"{field}.user.linux", "cannot be set for a windows pod")
    elif user is not None:
        for name in ("uid", "gid"):
            yield from causes.between(f"{field}.user.linux.{name}", user.get(name, 0), 0, _LAST_ID)
        for index, group in enumerate(user.get("supplementalGroups") or ()):
            yield from causes.between(f"{field}.user.linux.supplementalGroups[{index}]", group, 0, _LAST_ID)
    allocated = status.get("allocatedResourcesStatus") or ()
    if part == "ephemeralContainers":
        if allocated:
            yield causes.forbidden(f"{field}.allocatedResourcesStatus", "must not be specified in container status")
        return
    container = find_named(spec.get(part) or (), status.get("name", ""))
    for index, each in enumerate(allocated):
        yield from _check_allocated(each, f"{field}.allocatedResourcesStatus[{index}]", container)


def _check_allocated(allocated: Obj, field: str, container: Obj | None) -> Iterator[Cause]:
    name, resources = allocated.get("name", ""), (container or {}).get("resources") or {}
    claims = (
        f"claim:{claim.get('name', '')}" + (f"/{claim['request']}" if claim.get("request") else "")
        for claim in resources.get("claims") or ()
    )
    if name.startswith("claim:"):
        known, why = set(claims), "resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if "
        why += "request is empty"
    else:
        known, why = set(resources.get("requests") or ()), "resource requests"
    if container is not None and name not in known:
        yield causes.invalid(f"{field}.name", name, f"must match one of the container's {why}")
    seen: set[str] = set()
    for index, each in enumerate(allocated.get("resources") or ()):
        at, message, own = f"{field}.resources[{index}]", each.get("message"), each.get("resourceID", "")
        yield from causes.among(f"{at}.health", each.get("health", ""), _HEALTH)
        if message == "":
            yield causes.required(f"{at}.message", "must be non-empty if specified")
        elif message and len(message.encode()) > _LONGEST_MESSAGE:
            yield causes.too_long(f"{at}.message", _LONGEST_MESSAGE)
        if own in seen:
            yield causes.duplicate(f"{at}.resourceID", own)
        seen.add(own)


# ------------------------------------------------------------------------------------- claims and addresses


def _check_claims(statuses: Any, spec: Obj) -> Iterator[Cause]:
    known = {claim.get("name") for claim in spec.get("resourceClaims") or ()}
    seen: set[str] = set()
    for index, status in enumerate(statuses):
        field, name = f"status.resourceClaimStatuses[{index}]", status.get("name", "")
        if name not in known:
            yield causes.invalid(f"{field}.name", name, "must match the name of an entry in `spec.resourceClaims`")
        if name in seen:
            yield causes.duplicate(f"{field}.name", name)
        seen.add(name)
        if (claim := status.get("resourceClaimName")) is not None:
            yield from causes.each(f"{field}.resourceClaimName", claim, metadata.is_subdomain(claim))


def _check_extended(status: Obj, spec: Obj) -> Iterator[Cause]:
    field, mappings = "status.extendedResourceClaimStatus", status.get("requestMappings") or ()
    containers = {each["name"]: each for part in ("initContainers", "containers") for each in spec.get(part) or ()}
    if not mappings:
        yield causes.required(f"{field}.requestMappings", "at least one request mapping is required")
    seen: set[tuple[str, ...]] = set()
    names = ("containerName", "resourceName", "requestName")
    for index, mapping in enumerate(mappings):
        at = f"{field}.requestMappings[{index}]"
        container, resource, request = given = tuple(mapping.get(name, "") for name in names)
        if container not in containers:
            why = "must match the name of an entry in spec.initContainers.name or spec.containers.name"
            yield causes.invalid(f"{at}.containerName", container, why)
        elif resource not in ((containers[container].get("resources") or {}).get("requests") or ()):
            why = "must match the extended resource name of an entry in spec.initContainers.resources.requests or "
            yield causes.invalid(f"{at}.resourceName", resource, f"{why}spec.containers.resources.requests")
        yield from causes.each(f"{field}.requestName", request, metadata.is_label(request))
        if given in seen:
            yield from (causes.duplicate(f"{at}.{name}", value) for name, value in zip(names, given, strict=True))
        seen.add(given)
    if claim := status.get("resourceClaimName"):
        yield from causes.each(f"{field}.resourceClaimName", claim, metadata.is_subdomain(claim))
    else:
        yield causes.required(f"{field}.resourceClaimName")


def _check_addresses(status: Obj, before: Obj) -> Iterator[Cause]:
    """Those that were there already may stay what they are."""
    for name in ("podIPs", "hostIPs"):
        given = status.get(name) or ()
        if not given or given == before.get(name):
            continue
        field, held = f"status.{name}", [each.get("ip", "") for each in before.get(name) or ()]
        addresses = [each.get("ip", "") for each in given]
        if name == "hostIPs" and status.get("hostIP", "") != addresses[0]:
            yield causes.invalid(f"{field}[0].ip", addresses[0], "must be equal to `hostIP`")
        for index, address in enumerate(addresses):
            yield from causes.ip_address(f"{field}[{index}]", address) if address not in held else ()
        if len(addresses) > 1 and not _is_pair(addresses):
            why = "may specify no more than one IP for each IP family"
            yield causes.invalid(field, [{"IP": address} for address in addresses], why)


def _is_pair(addresses: list[str]) -> bool:
    try:
        return sorted(ipaddress.ip_address(address).version for address in addresses) == [4, 6]
    except ValueError:
        return False
