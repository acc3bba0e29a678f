"""Devices that drivers offer.

Models kubernetes `pkg/apis/resource/validation`, but for attributes, capacities and counters,
which nobody here reads. No loop here acts on any of it: such objects are kept and served for programs
from outside, as a kube-scheduler that lists them.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, metadata
from app.registry.validation.device_claims import check_set
from app.registry.validation.drivers import check_driver_name

_PLACES = ("nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection")
_ONE_PLACE = f"exactly one of {', '.join(f'`{name}`' for name in _PLACES)} is required"
_LONGEST_POOL_NAME, _MOST = 253, 128


def check_slice(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    yield from check_driver_name(spec.get("driver", ""), "spec.driver")
    yield from _check_pool(spec.get("pool", {}))
    if spec.get("nodeName"):
        yield from (
            causes.invalid("spec.nodeName", spec["nodeName"], why) for why in metadata.is_subdomain(spec["nodeName"])
        )
    elif "nodeName" in spec:
        yield causes.invalid("spec.nodeName", "", "must be either unset or set to a non-empty string")
    for name in ("allNodes", "perDeviceNodeSelection"):
        if spec.get(name) is False:
            yield causes.invalid(f"spec.{name}", False, "must be either unset or set to true")
    given = [name for name in _PLACES if spec.get(name)]
    if not given:
        yield causes.required("spec", _ONE_PLACE)
    elif len(given) > 1:
        named = f"{{{', '.join(f'`{name}`' for name in given)}}}"
        yield causes.invalid("spec", named, f"{_ONE_PLACE}, but multiple fields are set")
    if "sharedCounters" in spec and "devices" in spec:
        yield causes.invalid("spec", "", "only one of `sharedCounters` or `devices` is allowed")
    devices = spec.get("devices", ())
    yield from check_set(devices, "spec.devices", _check_device, lambda device: str(device.get("name", "")), _MOST)


def _check_pool(pool: Obj) -> Iterator[Cause]:
    name, count, generation = pool.get("name", ""), pool.get("resourceSliceCount", 0), pool.get("generation", 0)
    if not name:
        yield causes.required("spec.pool.name")
    else:
        if len(name) > _LONGEST_POOL_NAME:
            yield causes.too_long("spec.pool.name", _LONGEST_POOL_NAME)
        parts = ((part, why) for part in name.split("/") for why in metadata.is_subdomain(part))
        yield from (causes.invalid("spec.pool.name", part, why) for part, why in parts)
    if count <= 0:
        yield causes.invalid("spec.pool.resourceSliceCount", count, "must be greater than zero")
    if generation < 0:
        yield causes.invalid("spec.pool.generation", generation, "must be greater than or equal to zero")


def check_slice_update(new: Obj, old: Obj) -> Iterator[Cause]:
    after, before = new.get("spec", {}), old.get("spec", {})
    pools = after.get("pool", {}).get("name"), before.get("pool", {}).get("name")
    changed = {"pool.name": pools, **{name: (after.get(name), before.get(name)) for name in ("driver", "nodeName")}}
    for name, (value, was) in changed.items():
        if value != was:
            yield causes.invalid(f"spec.{name}", value, causes.IMMUTABLE)


def _check_device(device: Obj, field: str) -> Iterator[Cause]:
    name = device.get("name", "")
    yield from causes.each(f"{field}.name", name, metadata.is_label(name))
