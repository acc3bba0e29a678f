"""Devices: what is claimed of them, their classes, and which were allocated.

No loop here acts on any of it: such objects are kept and served for programs from outside, as a kube-scheduler that
lists them. Models kubernetes `pkg/apis/resource/validation`, but for the expressions that choose a device, which nobody
here reads; what drivers offer is in `device_slices.py`.
"""

from __future__ import annotations

import ipaddress
import json
import re
import uuid
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from app.api.errors import Cause
from app.api.objects import Obj, is_terminating
from app.registry.validation import causes, metadata, placement, resource_names
from app.registry.validation.conditions import check_conditions
from app.registry.validation.drivers import check_driver_name

Check = Callable[[Any, str], Iterable[Cause]]
Names = dict[str, set[str]]

_ONE_OF_TWO = "exactly one of `exactly` or `firstAvailable` is required"
_MOST_REQUESTS, _MOST_SUBREQUESTS, _MOST, _MOST_CONSUMERS, _MOST_ADDRESSES, _MOST_CONDITIONS = 32, 8, 32, 256, 16, 8
_MOST_BINDING_CONDITIONS = 4
_LONGEST_POOL_NAME, _LONGEST_IDENTIFIER, _LONGEST_BYTES = 253, 32, 10 * 1024
_IDENTIFIER = (
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters "
    "or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')"
)
_NO_REQUEST = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
_NO_UID = (
    "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal "
    "characters"
)
_EFFECTS = ("NoExecute", "NoSchedule", "None")


# ---------------------------------------------------------------------------------------- lists and names


def each(
    items: Sequence[Any], field: str, most: int, check: Check, key: Callable[[Any], Hashable] | None = None
) -> Iterator[Cause]:
    """Not too many of them, each as `check` asks, and none twice that has the same `key`."""
    if many := list(causes.too_many(field, items, most)):
        yield from many
        return
    for index, item in enumerate(items):
        yield from check(item, f"{field}[{index}]")
    seen: set[Hashable] = set()
    for index, item in enumerate(items if key else ()):
        own = key(item) if key else None
        if own in seen:
            yield causes.duplicate(f"{field}[{index}]", own)
        seen.add(own)


def name_of(item: Obj) -> str:
    return str(item.get("name", ""))


def itself(item: str) -> str:
    return item


def check_label(name: str, field: str) -> Iterator[Cause]:
    return causes.each(field, name, metadata.is_label(name))


def check_identifier(name: str, field: str) -> Iterator[Cause]:
    if len(name) > _LONGEST_IDENTIFIER:
        yield causes.too_long(field, _LONGEST_IDENTIFIER)
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        yield causes.invalid(field, name, _IDENTIFIER)


def check_qualified(name: str, field: str) -> Iterator[Cause]:
    """Of an attribute or a capacity: an identifier, perhaps in a domain."""
    parts = name.split("/")
    if len(parts) == 1:
        yield from check_identifier(name, field)
    elif len(parts) == 2:
        domain, own = parts
        yield from (
            check_driver_name(domain, field) if domain else (causes.invalid(field, "", "the domain must not be empty"),)
        )
        yield from check_identifier(own, field) if own else (causes.invalid(field, "", "the name must not be empty"),)


def _check_fully_qualified(name: str, field: str) -> Iterator[Cause]:
    yield from check_qualified(name, field)
    if "/" not in name:
        why = "a fully qualified name must be a domain and a name separated by a slash"
        yield causes.invalid(field, name, why)


def check_pool_name(name: str, field: str) -> Iterator[Cause]:
    if not name:
        yield causes.required(field)
        return
    if len(name) > _LONGEST_POOL_NAME:
        yield causes.too_long(field, _LONGEST_POOL_NAME)
    for part in name.split("/"):
        yield from causes.each(field, part, metadata.is_subdomain(part))


def check_binding(device: Obj, field: str) -> Iterator[Cause]:
    """Conditions that are waited for before a pod is bound, and those that say that it will not be."""
    hopes, failures = (device.get(name) or [] for name in ("bindingConditions", "bindingFailureConditions"))
    at, other = f"{field}.bindingConditions", f"{field}.bindingFailureConditions"
    yield from each(hopes, at, _MOST_BINDING_CONDITIONS, metadata.label_key)
    yield from each(failures, other, _MOST_BINDING_CONDITIONS, metadata.label_key)
    yield from (causes.duplicate(f"{at}[{i}]", name) for i, name in enumerate(hopes) if name in hopes[:i])
    for index, name in enumerate(failures):
        if name in failures[:index]:
            yield causes.duplicate(f"{other}[{index}]", name)
        if name in hopes:
            why = "bindingFailureConditions must not overlap with bindingConditions"
            yield causes.invalid(f"{other}[{index}]", name, why)
    if failures and not hopes:
        why = "bindingConditions are required to use bindingFailureConditions"
        yield causes.invalid(at, device.get("bindingConditions"), why)
    if hopes and not failures:
        why = "bindingFailureConditions are required to use bindingConditions"
        yield causes.invalid(other, device.get("bindingFailureConditions"), why)


# ----------------------------------------------------------------------------------- claims and classes


def check_claim(obj: Obj) -> Iterator[Cause]:
    yield from _check_claim(obj.get("spec", {}), "spec")


def check_claim_template(obj: Obj) -> Iterator[Cause]:
    template = obj.get("spec", {})
    yield from metadata.check_embedded(template.get("metadata", {}), "spec.metadata")
    yield from _check_claim(template.get("spec", {}), "spec.spec")


def check_class(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    yield from each(spec.get("selectors") or (), "spec.selectors", _MOST, _check_selector)
    yield from each(spec.get("config") or (), "spec.config", _MOST, _check_config)
    name = spec.get("extendedResourceName")
    if name is not None and not resource_names.is_extended(name):
        yield causes.invalid("spec.extendedResourceName", name, "must be a valid extended resource name")


def _check_claim(spec: Obj, field: str) -> Iterator[Cause]:
    devices, field = spec.get("devices", {}), f"{field}.devices"
    names = _request_names(devices)
    requests, constraints, configs = (devices.get(name) or () for name in ("requests", "constraints", "config"))
    yield from each(requests, f"{field}.requests", _MOST_REQUESTS, _check_request, name_of)
    yield from each(constraints, f"{field}.constraints", _MOST, partial(_check_constraint, names=names))
    yield from each(configs, f"{field}.config", _MOST, partial(_check_claim_config, names=names))


def _request_names(devices: Obj) -> Names:
    return {
        name_of(request): {name_of(sub) for sub in request.get("firstAvailable") or ()}
        for request in devices.get("requests") or ()
    }


def _check_request(request: Obj, field: str) -> Iterator[Cause]:
    yield from check_label(name_of(request), f"{field}.name")
    exactly, several = request.get("exactly"), request.get("firstAvailable")
    if exactly is None and not several:
        yield causes.required(field, _ONE_OF_TWO)
    elif exactly is not None and several:
        yield causes.invalid(field, None, f"{_ONE_OF_TWO}, but multiple fields are set")
    elif several:
        yield from each(several, f"{field}.firstAvailable", _MOST_SUBREQUESTS, _check_subrequest, name_of)
    elif exactly is not None:
        yield from _check_what(exactly, f"{field}.exactly")


def _check_subrequest(request: Obj, field: str) -> Iterator[Cause]:
    yield from check_label(name_of(request), f"{field}.name")
    yield from _check_what(request, field)


def _check_what(request: Obj, field: str) -> Iterator[Cause]:
    name, count, mode = request.get("deviceClassName", ""), request.get("count", 0), request.get("allocationMode")
    if not name:
        yield causes.required(f"{field}.deviceClassName")
    else:
        yield from causes.each(f"{field}.deviceClassName", name, metadata.is_subdomain(name))
    yield from each(request.get("selectors") or (), f"{field}.selectors", _MOST, _check_selector)
    if mode == "All":
        if count != 0:
            yield causes.invalid(f"{field}.count", count, "must not be specified when allocationMode is 'All'")
    elif mode == "ExactCount":
        if count <= 0:
            yield causes.invalid(f"{field}.count", count, "must be greater than zero")
    else:
        yield causes.not_supported(f"{field}.allocationMode", mode, ("All", "ExactCount"))
    for index, toleration in enumerate(request.get("tolerations") or ()):
        yield from _check_toleration(toleration, f"{field}.tolerations[{index}]")


def _check_selector(selector: Obj, field: str) -> Iterator[Cause]:
    if "cel" not in selector:
        yield causes.required(f"{field}.cel")
    elif len(selector["cel"].get("expression", "").encode()) > _LONGEST_BYTES:
        yield causes.too_long(f"{field}.cel.expression", _LONGEST_BYTES)


def _check_toleration(toleration: Obj, field: str) -> Iterator[Cause]:
    key, value, operator = (toleration.get(name, "") for name in ("key", "value", "operator"))
    yield from metadata.label_key(key, f"{field}.key") if key else ()
    if operator == "Exists":
        if value:
            yield causes.invalid(f"{field}.value", value, "must be empty for operator `Exists`")
    elif operator == "Equal":
        yield from metadata.label_value(value, f"{field}.value")
    else:
        yield from causes.supported(f"{field}.operator", operator, ("Equal", "Exists"))
    yield from causes.among(f"{field}.effect", toleration.get("effect"), _EFFECTS)


def _check_reference(name: str, field: str, names: Names) -> Iterator[Cause]:
    """To a request, or to one of those of which one is taken."""
    parts = name.split("/")
    if len(parts) > 2:
        yield causes.invalid(field, name, _NO_REQUEST)
        return
    for part in parts:
        yield from check_label(part, field)
    if parts[0] not in names or (len(parts) == 2 and parts[1] not in names[parts[0]]):
        yield causes.invalid(field, name, _NO_REQUEST)


def _check_constraint(constraint: Obj, field: str, names: Names) -> Iterator[Cause]:
    refer = partial(_check_reference, names=names)
    yield from each(constraint.get("requests") or (), f"{field}.requests", _MOST_REQUESTS, refer, itself)
    for name in ("matchAttribute", "distinctAttribute"):
        if (attribute := constraint.get(name)) is not None:
            yield from _check_fully_qualified(attribute, f"{field}.{name}")
            return
    why = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
    yield causes.required(field, why)


def _check_claim_config(config: Obj, field: str, names: Names) -> Iterator[Cause]:
    refer = partial(_check_reference, names=names)
    yield from each(config.get("requests") or (), f"{field}.requests", _MOST_REQUESTS, refer, itself)
    yield from _check_config(config, field)


def _check_config(config: Obj, field: str) -> Iterator[Cause]:
    opaque, field = config.get("opaque"), f"{field}.opaque"
    if opaque is None:
        yield causes.required(field)
        return
    yield from check_driver_name(opaque.get("driver", ""), f"{field}.driver")
    yield from _check_raw(opaque.get("parameters"), f"{field}.parameters")


def _check_raw(value: Any, field: str) -> Iterator[Cause]:
    """What only the driver understands: an object."""
    if value is None:
        yield causes.required(field)
    elif len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()) > _LONGEST_BYTES:
        yield causes.too_long(field, _LONGEST_BYTES)
    elif not isinstance(value, dict):
        yield causes.invalid(field, "<value omitted>", "must be a valid JSON object")


# ------------------------------------------------------------------------------------------- allocations


def check_claim_status(new: Obj, old: Obj) -> Iterator[Cause]:
    status, before = new.get("status") or {}, old.get("status") or {}
    names = _request_names(new.get("spec", {}).get("devices", {}))
    allocation, consumers = status.get("allocation"), status.get("reservedFor") or ()
    field = "status.reservedFor"
    yield from each(consumers, field, _MOST_CONSUMERS, _check_consumer, lambda each: each.get("uid", ""))
    results = ((allocation or {}).get("devices") or {}).get("results") or ()
    allocated = {_device_id(result) for result in results}
    for index, device in enumerate(status.get("devices") or ()):
        yield from _check_device(device, f"status.devices[{index}]", allocated)
    if consumers and allocation is None:
        yield causes.forbidden(field, "may not be specified when `allocated` is not set")
    elif is_terminating(new) and any(each not in (before.get("reservedFor") or ()) for each in consumers):
        why = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set"
        yield causes.forbidden(field, why)
    was = before.get("allocation")
    if was is not None and allocation is not None:
        if was != allocation:
            yield causes.invalid("status.allocation", allocation, causes.IMMUTABLE)
    elif allocation is not None:
        yield from _check_allocation(allocation, "status.allocation", names)


def _device_id(device: Obj) -> tuple[str, ...]:
    return tuple(device.get(name) or "" for name in ("driver", "pool", "device", "shareID"))


def _check_consumer(consumer: Obj, field: str) -> Iterator[Cause]:
    return causes.needed(consumer, field, "resource", "name", "uid")


def _check_allocation(allocation: Obj, field: str, names: Names) -> Iterator[Cause]:
    devices = allocation.get("devices") or {}
    results, configs = (devices.get(name) or () for name in ("results", "config"))
    yield from each(results, f"{field}.devices.results", _MOST, partial(_check_result, names=names))
    yield from each(configs, f"{field}.devices.config", 2 * _MOST, partial(_check_allocated_config, names=names))
    if "nodeSelector" in allocation:
        yield from placement.check_node_selector(allocation["nodeSelector"], f"{field}.nodeSelector")


def _check_result(result: Obj, field: str, names: Names) -> Iterator[Cause]:
    yield from _check_reference(result.get("request", ""), f"{field}.request", names)
    yield from _check_place(result, field)
    yield from check_binding(result, field)
    yield from _check_share(result, field)


def _check_place(device: Obj, field: str) -> Iterator[Cause]:
    yield from check_driver_name(device.get("driver", ""), f"{field}.driver")
    yield from check_pool_name(device.get("pool", ""), f"{field}.pool")
    yield from check_label(device.get("device", ""), f"{field}.device")


def _check_share(device: Obj, field: str) -> Iterator[Cause]:
    if (share := device.get("shareID")) is None:
        return
    try:
        normal = str(uuid.UUID(share))
    except ValueError:
        why = f"invalid UUID length: {len(share)}" if len(share) not in (32, 36, 38, 45) else "invalid UUID format"
        yield causes.invalid(f"{field}.shareID", share, f"error validating uid: {why}")
        return
    if share != normal:
        yield causes.invalid(f"{field}.shareID", share, _NO_UID)


def _check_allocated_config(config: Obj, field: str, names: Names) -> Iterator[Cause]:
    yield from causes.supported(f"{field}.source", config.get("source"), ("FromClaim", "FromClass"))
    yield from _check_claim_config(config, field, names)


def _check_device(device: Obj, field: str, allocated: set[tuple[str, ...]]) -> Iterator[Cause]:
    """What a driver says of one that was allocated."""
    yield from _check_place(device, field)
    yield from _check_share(device, field)
    if (own := _device_id(device)) not in allocated:
        yield causes.invalid(field, "/".join(filter(None, own)), "must be an allocated device in the claim")
    yield from causes.too_many(f"{field}.conditions", device.get("conditions") or (), _MOST_CONDITIONS)
    yield from check_conditions(device.get("conditions") or (), f"{field}.conditions")
    yield from _check_raw(device["data"], f"{field}.data") if device.get("data") is not None else ()
    network, field = device.get("networkData") or {}, f"{field}.networkData"
    for name, most in (("interfaceName", 256), ("hardwareAddress", 128)):
        if len(network.get(name, "").encode()) > most:
            yield causes.too_long(f"{field}.{name}", most)
    yield from each(network.get("ips") or (), f"{field}.ips", _MOST_ADDRESSES, _check_interface, itself)


def _check_interface(address: str, field: str) -> Iterator[Cause]:
    try:
        normal = str(ipaddress.ip_interface(address if "/" in address else ""))
    except ValueError:
        why = "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)"
        yield causes.invalid(field, address, why)
        return
    if normal != address:
        yield causes.invalid(field, address, f"must be in canonical form ({causes.printed(normal)})")
