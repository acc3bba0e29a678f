"""What drivers of storage say of themselves, volumes on machines, and classes of volumes' attributes.

Models kubernetes `pkg/apis/storage/validation`. No loop here acts on any of it: such
objects are kept and served for programs from outside, as a kube-scheduler that lists them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.api import quantities
from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, metadata

_LONGEST_DRIVER_NAME, _LONGEST_NODE_ID, _LONGEST_PARAMETERS = 63, 256, 256 * 1024
_MOST_PARAMETERS = 512
_FS_GROUP_POLICIES = ("File", "None", "ReadWriteOnceWithFSType")
_LIFECYCLES = ("Persistent", "Ephemeral")
_LEAST_TOKEN_S, _LONGEST_TOKEN_S = 600, 1 << 32


def check_driver_name(name: str, field: str) -> Iterator[Cause]:
    if not name:
        yield causes.required(field)
        return
    if len(name) > _LONGEST_DRIVER_NAME:
        yield causes.too_long(field, _LONGEST_DRIVER_NAME)
    yield from (causes.invalid(field, name, problem) for problem in metadata.is_subdomain(name.lower()))


def immutable(new: Obj, old: Obj, *names: str) -> Iterator[Cause]:
    """One for each of these fields that is not what it was."""
    for name in names:
        if new.get(name) != old.get(name):
            yield causes.invalid(name, new.get(name), causes.IMMUTABLE)


# ------------------------------------------------------------------------------------------ CSI


def check_csi_driver(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    yield from causes.among("spec.fsGroupPolicy", spec.get("fsGroupPolicy"), _FS_GROUP_POLICIES)
    yield from _check_token_requests(spec.get("tokenRequests", ()))
    for mode in spec.get("volumeLifecycleModes", ()):
        yield from causes.among("spec.volumeLifecycleModes", mode, _LIFECYCLES)
    period = spec.get("nodeAllocatableUpdatePeriodSeconds")
    if period is not None and period < 10:
        field = "spec.nodeAllocatableUpdatePeriodSeconds"
        yield causes.invalid(field, period, "must be greater than or equal to 10 seconds")
    if "serviceAccountTokenInSecrets" in spec and not spec.get("tokenRequests"):
        why = "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
        yield causes.invalid("spec.serviceAccountTokenInSecrets", spec["serviceAccountTokenInSecrets"], why)


def _check_token_requests(requests: Any) -> Iterator[Cause]:
    audiences = set()
    for index, request in enumerate(requests):
        field, audience = f"spec.tokenRequests[{index}]", request.get("audience", "")
        if audience in audiences:
            yield causes.duplicate(f"{field}.audience", audience)
            continue
        audiences.add(audience)
        seconds = request.get("expirationSeconds")
        if seconds is not None and seconds < _LEAST_TOKEN_S:
            why = "may not specify a duration less than 10 minutes"
            yield causes.invalid(f"{field}.expirationSeconds", seconds, why)
        if seconds is not None and seconds > _LONGEST_TOKEN_S:
            why = "may not specify a duration larger than 2^32 seconds"
            yield causes.invalid(f"{field}.expirationSeconds", seconds, why)


def check_csi_driver_update(new: Obj, old: Obj) -> Iterator[Cause]:
    after, before = new.get("spec", {}), old.get("spec", {})
    for name, field in (("attachRequired", "attachedRequired"), ("volumeLifecycleModes", "volumeLifecycleModes")):
        if after.get(name) != before.get(name):
            yield causes.invalid(f"spec.{field}", after.get(name), causes.IMMUTABLE)


def check_csi_node(obj: Obj) -> Iterator[Cause]:
    names: set[str] = set()
    for index, driver in enumerate(obj.get("spec", {}).get("drivers", ())):
        field, name = f"spec.drivers[{index}]", driver.get("name", "")
        yield from check_driver_name(name, f"{field}.name")
        node_id = driver.get("nodeID", "")
        if not node_id:
            yield causes.required(f"{field}.nodeID")
        if len(node_id) > _LONGEST_NODE_ID:
            yield causes.invalid(f"{field}.nodeID", node_id, f"must be {_LONGEST_NODE_ID} characters or less")
        yield from causes.not_negative(driver.get("allocatable") or {}, f"{field}.allocatable", "count")
        if name in names:
            yield causes.duplicate(f"{field}.name", name)
        names.add(name)
        yield from _check_topology_keys(driver.get("topologyKeys", ()), field)


def _check_topology_keys(keys: Any, field: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for key in keys:
        if not key:
            yield causes.required(field)
        if key in seen:
            yield causes.duplicate(field, key)
        seen.add(key)
        yield from metadata.label_key(key, field)


def check_csi_node_update(new: Obj, old: Obj) -> Iterator[Cause]:
    """A driver that stays says what it said, but for how many volumes a machine takes."""
    before = {driver["name"]: _without_allocatable(driver) for driver in old.get("spec", {}).get("drivers", ())}
    for driver in map(_without_allocatable, new.get("spec", {}).get("drivers", ())):
        if before.get(driver.get("name", ""), driver) != driver:
            printed = causes.struct(driver, "Name", "NodeID", "TopologyKeys", "Allocatable")
            yield causes.invalid("spec.drivers", printed, causes.IMMUTABLE)


def _without_allocatable(driver: Obj) -> Obj:
    return {key: value for key, value in driver.items() if key != "allocatable"}


def check_csi_storage_capacity(obj: Obj) -> Iterator[Cause]:
    yield from metadata.check_selector(obj.get("nodeTopology", {}), "nodeTopology")
    name, capacity = obj.get("storageClassName", ""), obj.get("capacity")
    yield from causes.each("storageClassName", name, metadata.is_subdomain(name))
    if capacity is not None and quantities.parse(capacity) < 0:
        yield causes.invalid("capacity", capacity, "must be greater than or equal to 0")


def check_csi_storage_capacity_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from immutable(new, old, "nodeTopology", "storageClassName")


# ------------------------------------------------------------------------------------------ volumes


def check_spec_unchanged(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from immutable(new, old, "spec")


def check_volume_attributes_class(obj: Obj) -> Iterator[Cause]:
    parameters = obj.get("parameters", {})
    yield from check_provisioner(obj.get("driverName", ""), "driverName")
    yield from check_parameters(parameters)
    if not parameters:
        yield causes.required("parameters", "must contain at least one key/value pair")


def check_provisioner(name: str, field: str) -> Iterator[Cause]:
    if not name:
        yield causes.required(field)
    else:
        yield from metadata.label_key(name.lower(), field)


def check_parameters(parameters: dict[str, str]) -> Iterator[Cause]:
    if len(parameters) > _MOST_PARAMETERS:
        yield causes.too_long("parameters", _MOST_PARAMETERS)
        return
    if "" in parameters:
        yield causes.invalid("parameters", "", "field can not be empty.")
    if sum(len(key.encode()) + len(value.encode()) for key, value in parameters.items()) > _LONGEST_PARAMETERS:
        yield causes.too_long("parameters", _LONGEST_PARAMETERS)


def check_volume_attributes_class_update(new: Obj, old: Obj) -> Iterator[Cause]:
    for name in ("driverName", "parameters"):
        if new.get(name) != old.get(name):
            yield causes.forbidden(name, f"updates to {name} are forbidden.")
