"""What drivers offer: slices of a pool of devices, with their attributes, capacities, counters and taints.

Models kubernetes `pkg/apis/resource/validation` ValidateResourceSlice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from app.api import quantities
from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, devices, metadata, placement
from app.registry.validation.drivers import check_driver_name

_PLACES = ("nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection")
_ONE_PLACE = f"exactly one of {', '.join(f'`{name}`' for name in _PLACES)} is required"
_OWN_PLACE = (
    "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true "
    "in the ResourceSlice spec"
)
_NO_OWN_PLACE = (
    "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the "
    "ResourceSlice spec"
)
_TRUE_OR_NOT = "must be either unset or set to true"
_MOST_DEVICES, _MOST_ADVANCED_DEVICES, _MOST_COUNTER_SETS, _MOST_COUNTERS = 128, 64, 8, 32
_MOST_CONSUMED_SETS, _MOST_TAINTS, _MOST_FACTS, _MOST_VALUES, _MOST_OPTIONS = 2, 16, 32, 48, 10
_LONGEST_VALUE = 64
_EFFECTS = ("NoExecute", "NoSchedule", "None")
_SCALARS, _LISTS = ("bool", "int", "string", "version"), ("bools", "ints", "strings", "versions")
_NUMBER, _PART = r"(0|[1-9]\d*)", r"(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
_SEMVER = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-{_PART}(\.{_PART})*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?", re.ASCII
)


def check(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    yield from check_driver_name(spec.get("driver", ""), "spec.driver")
    yield from _check_pool(spec.get("pool", {}))
    yield from _check_place(spec)
    offered, counters = spec.get("devices"), spec.get("sharedCounters")
    if offered and counters:
        yield causes.invalid("spec", "", "only one of `sharedCounters` or `devices` is allowed")
    each_apart = bool(spec.get("perDeviceNodeSelection"))
    most = _MOST_ADVANCED_DEVICES if any(map(_is_advanced, offered or ())) else _MOST_DEVICES
    yield from devices.each(
        offered or (), "spec.devices", most, lambda each, at: _check_device(each, at, each_apart), devices.name_of
    )
    yield from devices.each(
        counters or (), "spec.sharedCounters", _MOST_COUNTER_SETS, _check_counter_set, devices.name_of
    )


def _is_advanced(device: Obj) -> bool:
    facts = (device.get("attributes") or {}).values()
    lists = any(name in fact for fact in facts for name in _LISTS)
    return bool(device.get("taints") or device.get("consumesCounters") or lists)


def check_update(new: Obj, old: Obj) -> Iterator[Cause]:
    after, before = new.get("spec", {}), old.get("spec", {})
    pools = after.get("pool", {}).get("name"), before.get("pool", {}).get("name")
    changed = {"pool.name": pools, **{name: (after.get(name), before.get(name)) for name in ("driver", "nodeName")}}
    for name, (value, was) in changed.items():
        if value != was:
            yield causes.invalid(f"spec.{name}", value, causes.IMMUTABLE)


def _check_pool(pool: Obj) -> Iterator[Cause]:
    count, generation = pool.get("resourceSliceCount", 0), pool.get("generation", 0)
    yield from devices.check_pool_name(pool.get("name", ""), "spec.pool.name")
    if count <= 0:
        yield causes.invalid("spec.pool.resourceSliceCount", count, "must be greater than zero")
    if generation < 0:
        yield causes.invalid("spec.pool.generation", generation, "must be greater than or equal to zero")


def _check_place(spec: Obj) -> Iterator[Cause]:
    if (node := spec.get("nodeName")) is not None:
        problems = metadata.is_subdomain(node) if node else ("must be either unset or set to a non-empty string",)
        yield from causes.each("spec.nodeName", node, problems)
    if (selector := spec.get("nodeSelector")) is not None:
        yield from placement.check_node_selector(selector, "spec.nodeSelector")
        terms = selector.get("nodeSelectorTerms") or []
        if len(terms) != 1:
            told = [placement.in_go(term) for term in terms]
            why = "must have exactly one node selector term"
            yield causes.invalid("spec.nodeSelector.nodeSelectorTerms", told, why)
    yield from (causes.invalid(f"spec.{name}", False, _TRUE_OR_NOT) for name in _PLACES[2:] if spec.get(name) is False)
    given = [f"`{name}`" for name in _PLACES if spec.get(name) or (name == "nodeSelector" and name in spec)]
    if not given:
        yield causes.required("spec", _ONE_PLACE)
    elif len(given) > 1:
        yield causes.invalid("spec", f"{{{', '.join(given)}}}", f"{_ONE_PLACE}, but multiple fields are set")


# ------------------------------------------------------------------------------------------------ counters


def _check_counter_set(counters: Obj, field: str) -> Iterator[Cause]:
    name = devices.name_of(counters)
    yield from devices.check_label(name, f"{field}.name") if name else (causes.required(f"{field}.name"),)
    yield from _check_counters(counters, field)


def _check_consumption(consumed: Obj, field: str) -> Iterator[Cause]:
    name, at = consumed.get("counterSet", ""), f"{field}.counterSet"
    yield from devices.check_label(name, at) if name else (causes.required(at),)
    yield from _check_counters(consumed, field)


def _check_counters(part: Obj, field: str) -> Iterator[Cause]:
    counters, field = part.get("counters") or {}, f"{field}.counters"
    if not counters:
        yield causes.required(field)
    yield from _each_of_map(counters, field, _MOST_COUNTERS, devices.check_label, lambda counter, at: iter(()))


def _each_of_map(
    items: Obj, field: str, most: int, check_key: Callable[[str, str], Iterator[Cause]], check_item: devices.Check
) -> Iterator[Cause]:
    if len(items) > most:
        yield from causes.too_many(field, items, most)
        return
    for key, item in items.items():
        yield from check_key(key, field)
        yield from check_item(item, f"{field}[{key}]")


# ------------------------------------------------------------------------------------------------- devices


def _check_device(device: Obj, field: str, each_apart: bool) -> Iterator[Cause]:
    """`each_apart`: each says for itself which nodes reach it."""
    yield from devices.check_label(devices.name_of(device), f"{field}.name")
    facts, capacity = device.get("attributes") or {}, device.get("capacity") or {}
    if (number := len(facts) + len(capacity)) > _MOST_FACTS:
        why = f"the total number of attributes and capacities must not exceed {_MOST_FACTS}"
        yield causes.invalid(field, number, why)
    values = sum(sum(len(fact.get(name) or ()) for name in _LISTS) or 1 for fact in facts.values())
    if values > _MOST_VALUES:
        yield causes.invalid(field, values, f"the total number of attribute values must not exceed {_MOST_VALUES}")
    unlimited = len(facts) + len(capacity)
    yield from _each_of_map(facts, f"{field}.attributes", unlimited, devices.check_qualified, _check_attribute)
    shared = _check_shared_capacity if device.get("allowMultipleAllocations") else _check_capacity
    yield from _each_of_map(capacity, f"{field}.capacity", unlimited, devices.check_qualified, shared)
    yield from devices.each(device.get("taints") or (), f"{field}.taints", _MOST_TAINTS, _check_taint)
    yield from devices.each(
        device.get("consumesCounters") or (), f"{field}.consumesCounters", _MOST_CONSUMED_SETS, _check_consumption,
        lambda each: each.get("counterSet", ""),
    )  # fmt: skip
    yield from _check_own_place(device, field, each_apart)
    yield from devices.check_binding(device, field)


def _check_own_place(device: Obj, field: str, each_apart: bool) -> Iterator[Cause]:
    places = [name for name in _PLACES[:3] if device.get(name) is not None]
    if not each_apart:
        if places:
            yield causes.invalid(field, None, _NO_OWN_PLACE)
        return
    if (node := device.get("nodeName")) is not None:
        yield from causes.each(
            f"{field}.nodeName", node, metadata.is_subdomain(node) if node else ("must not be empty",)
        )
    if (selector := device.get("nodeSelector")) is not None:
        yield from placement.check_node_selector(selector, f"{field}.nodeSelector")
    if device.get("allNodes") is False:
        yield causes.invalid(f"{field}.allNodes", False, _TRUE_OR_NOT)
    given = [f"`{name}`" for name in places if device[name] or name == "nodeSelector"]
    if not given:
        yield causes.required(field, _OWN_PLACE)
    elif len(given) > 1:
        yield causes.invalid(field, f"{{{', '.join(given)}}}", _OWN_PLACE)


def _check_taint(taint: Obj, field: str) -> Iterator[Cause]:
    yield from metadata.label_key(taint.get("key", ""), f"{field}.key")
    yield from metadata.label_value(taint.get("value", ""), f"{field}.value")
    yield from causes.supported(f"{field}.effect", taint.get("effect"), _EFFECTS)


def _check_attribute(attribute: Obj, field: str) -> Iterator[Cause]:
    for name in ("string", "version"):
        if (value := attribute.get(name)) is not None:
            yield from _check_value(name, value, f"{field}.{name}")
        for index, value in enumerate(attribute.get(f"{name}s") or ()):
            yield from _check_value(name, value, f"{field}.{name}s[{index}]")
    given = [name for name in (*_SCALARS, *_LISTS) if attribute.get(name) is not None]
    if len(given) != 1:
        names = ("IntValue", "BoolValue", "StringValue", "VersionValue")
        lists = ("IntValues", "BoolValues", "StringValues", "VersionValues")
        told = {f"{name.removesuffix('s')}Value{'s' * (name in _LISTS)}": attribute[name] for name in given}
        value = causes.struct(told, *names, *lists) if given else ""
        yield causes.invalid(field, value, "exactly one value must be specified")


def _check_value(name: str, value: str, field: str) -> Iterator[Cause]:
    if name == "version" and not _SEMVER.fullmatch(value):
        yield causes.invalid(field, value, "must be a string compatible with semver.org spec 2.0.0")
    if len(value.encode()) > _LONGEST_VALUE:
        yield causes.too_long(field, _LONGEST_VALUE)


# ---------------------------------------------------------------------------------------------- capacities


def _check_capacity(capacity: Obj, field: str) -> Iterator[Cause]:
    if "requestPolicy" in capacity:
        yield causes.forbidden(f"{field}.requestPolicy", "allowMultipleAllocations must be true")


def _check_shared_capacity(capacity: Obj, field: str) -> Iterator[Cause]:
    """How much of it may be asked for."""
    policy, field, most = capacity.get("requestPolicy"), f"{field}.requestPolicy", str(capacity.get("value", "0"))
    if policy is None:
        return
    values, allowed, usual = policy.get("validValues"), policy.get("validRange"), policy.get("default")
    if values and allowed is not None:
        why = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'
        yield causes.forbidden(field, why)
    elif (values or allowed is not None) and usual is None:
        yield causes.required(
            f"{field}.default", f"required when {'validValues' if values else 'validRange'} is defined"
        )
    elif values:
        yield from _check_options(values, usual, most, f"{field}.validValues")
    elif allowed is not None:
        yield from _check_range(allowed, usual, most, f"{field}.validRange")


def _check_options(values: list[str], usual: str, most: str, field: str) -> Iterator[Cause]:
    amounts = [quantities.parse(value) for value in values]
    for index, (one, next_one) in enumerate(pairwise(amounts)):
        if one > next_one:
            yield causes.invalid(f"{field}[{index + 1}]", values[index + 1], "values must be sorted in ascending order")

    def check_option(value: str, at: str) -> Iterator[Cause]:
        if quantities.parse(value) > quantities.parse(most):
            yield causes.invalid(at, value, f"option is larger than capacity value: {most}")

    yield from devices.each(values, field, _MOST_OPTIONS, check_option, lambda value: str(quantities.value(value)))
    if quantities.parse(usual) not in amounts:
        yield causes.invalid(field, usual, "default value is not valid according to the requestPolicy")


def _check_range(allowed: Obj, usual: str, most: str, field: str) -> Iterator[Cause]:
    low, high, step = (allowed.get(name) for name in ("min", "max", "step"))
    if low is None:
        yield causes.required(f"{field}.min", "required when validRange is defined")
        return
    parse = quantities.parse
    if parse(low) > parse(most):
        yield causes.invalid(f"{field}.min", low, f"min is larger than capacity value: {most}")
    if parse(usual) < parse(low):
        yield causes.invalid(f"{field}.min", usual, f"default is less than min: {low}")
    if high is not None:
        if parse(low) > parse(high):
            yield causes.invalid(f"{field}.max", low, f"min is larger than max: {high}")
        if parse(high) > parse(most):
            yield causes.invalid(f"{field}.max", high, f"max is larger than capacity value: {most}")
        if parse(usual) > parse(high):
            yield causes.invalid(f"{field}.max", usual, f"default is more than max: {high}")
    if step is not None:
        yield from _check_steps(low, high, step, usual, most, f"{field}.step")


def _check_steps(low: str, high: str | None, step: str, usual: str, most: str, field: str) -> Iterator[Cause]:
    if quantities.parse(added := quantities.add(low, step)) > quantities.parse(most):
        yield causes.invalid(field, step, f"one step {added} is larger than capacity value: {most}")
    for value in (usual, *(() if high is None else (high,))):
        if (quantities.value(value) - quantities.value(low)) % max(1, quantities.value(step)):
            why = f"value is not a multiple of a given step ({step}) from ({low})"
            yield causes.invalid(field, value, why)
