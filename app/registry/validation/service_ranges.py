"""Ranges of Service addresses, and the addresses in them: ServiceCIDRs and IPAddresses, which no loop here reads.

Models kubernetes `pkg/apis/networking/validation`.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, metadata

_FIELD = "spec.cidrs"
_ONE_OF_EACH = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
_PARENT = ("Group", "Resource", "Namespace", "Name")


def check_new_range(obj: Obj) -> Iterator[Cause]:
    """What is there already is looked at only where a second range comes to it."""
    cidrs = obj.get("spec", {}).get("cidrs") or []
    if not cidrs:
        yield causes.required(_FIELD, "at least one CIDR required")
    elif len(cidrs) > 2:
        yield causes.invalid(_FIELD, {"CIDRs": cidrs}, "may only hold up to 2 values")
    else:
        for index, cidr in enumerate(cidrs):
            yield from causes.canonical_network(f"{_FIELD}[{index}]", cidr)
        networks = [network for cidr in cidrs if (network := causes.network_of(cidr))]
        if len({network.version for network in networks}) < len(networks):
            yield causes.invalid(_FIELD, cidrs, _ONE_OF_EACH)


def check_range_update(new: Obj, old: Obj) -> Iterator[Cause]:
    after, before = (obj.get("spec", {}).get("cidrs") or [] for obj in (new, old))
    if len(after) != len(before) and (len(before), len(after)) != (1, 2):
        yield causes.invalid(_FIELD, after, causes.IMMUTABLE)
        return
    for index, (now, was) in enumerate(zip(after, before, strict=False)):
        if now != was:
            yield causes.invalid(f"{_FIELD}[{index}]", now, causes.IMMUTABLE)
    if len(after) > len(before):
        yield from check_new_range(new)


def is_canonical_address(name: str) -> tuple[str, ...]:
    """What is wrong with the name of an IPAddress; () if nothing."""
    found = (cause.message.partition(f"{causes.printed(name)}: ")[2] for cause in causes.canonical_address("", name))
    return tuple(found)


def check_address(obj: Obj) -> Iterator[Cause]:
    parent, field = obj.get("spec", {}).get("parentRef"), "spec.parentRef"
    if parent is None:
        yield causes.required(field)
        return
    group = parent.get("group", "")
    yield from causes.each(f"{field}.group", group, metadata.is_subdomain(group) if group else ())
    for name in ("resource", "name", "namespace"):
        yield from causes.needed(parent, field, name) if name != "namespace" else ()
        value = parent.get(name, "")
        yield from causes.each(f"{field}.{name}", value, metadata.is_path_segment(value))


def check_address_update(new: Obj, old: Obj) -> Iterator[Cause]:
    parent = new.get("spec", {}).get("parentRef")
    if parent != old.get("spec", {}).get("parentRef"):
        empty = dict.fromkeys(("group", "resource", "namespace", "name"), "")
        printed = causes.struct({**empty, **parent}, *_PARENT) if parent is not None else None
        yield causes.invalid("spec.parentRef", printed, causes.IMMUTABLE)
