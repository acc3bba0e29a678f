"""Devices: their classes, what drivers offer, and what pods claim of it.

Models kubernetes `pkg/apis/resource/validation`, but for the expressions that choose a device, its attributes and
capacities, which nobody here reads. No loop here acts on any of it: such objects are kept and served for programs
from outside, as a kube-scheduler that lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, metadata
from app.registry.validation.drivers import check_driver_name

_ONE_OF_TWO = "exactly one of `exactly` or `firstAvailable` is required"
_PLACES = ("nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection")
_ONE_PLACE = f"exactly one of {', '.join(f'`{name}`' for name in _PLACES)} is required"
_LONGEST_POOL_NAME = 253


def check_claim(obj: Obj) -> Iterator[Cause]:
    yield from _check_requests(obj.get("spec", {}), "spec")


def check_claim_template(obj: Obj) -> Iterator[Cause]:
    template = obj.get("spec", {})
    yield from metadata.check_embedded(template.get("metadata", {}), "spec.metadata")
    yield from _check_requests(template.get("spec", {}), "spec.spec")


def _check_requests(spec: Obj, field: str) -> Iterator[Cause]:
    requests = spec.get("devices", {}).get("requests", ())
    yield from _check_all(requests, f"{field}.devices.requests", _check_request)


def _check_request(request: Obj, field: str) -> Iterator[Cause]:
    exactly, several = request.get("exactly"), request.get("firstAvailable")
    if not exactly and not several:
        yield causes.required(field, _ONE_OF_TWO)
    elif exactly and several:
        yield causes.invalid(field, None, f"{_ONE_OF_TWO}, but multiple fields are set")
    elif several:
        yield from _check_all(several, f"{field}.firstAvailable", _check_what)
    elif exactly:
        yield from _check_what(exactly, f"{field}.exactly")


def _check_what(request: Obj, field: str) -> Iterator[Cause]:
    name, count, mode = request.get("deviceClassName", ""), request.get("count", 0), request.get("allocationMode")
    if not name:
        yield causes.required(f"{field}.deviceClassName")
    else:
        yield from causes.each(f"{field}.deviceClassName", name, metadata.is_subdomain(name))
    if mode == "All":
        if count != 0:
            why = "must not be specified when allocationMode is 'All'"
            yield causes.invalid(f"{field}.count", count, why)
    elif mode == "ExactCount":
        if count <= 0:
            yield causes.invalid(f"{field}.count", count, "must be greater than zero")
    else:
        yield causes.not_supported(f"{field}.allocationMode", mode, ["All", "ExactCount"])


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
    yield from _check_all(spec.get("devices", ()), "spec.devices", lambda device, field: ())


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


def _check_all(items: Iterable[Obj], field: str, check: Callable[[Obj, str], Iterable[Cause]]) -> Iterator[Cause]:
    """Each has a name of its own, a DNS label, and what `check` asks."""
    names: set[str] = set()
    for index, item in enumerate(items):
        name, path = item.get("name", ""), f"{field}[{index}]"
        yield from causes.each(f"{path}.name", name, metadata.is_label(name))
        yield from check(item, path)
        if name in names:
            yield causes.duplicate(f"{path}.name", name)
        names.add(name)
