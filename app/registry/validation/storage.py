"""Claims on volumes, and StorageClasses.

Models kubernetes `pkg/apis/core/validation` ValidatePersistentVolumeClaim and its companions, and
`pkg/apis/storage/validation`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.api import quantities
from app.api.errors import Cause
from app.api.objects import Obj, annotations_of
from app.registry.validation import causes, claims, metadata, resource_names
from app.registry.validation.drivers import check_parameters, check_provisioner, immutable

_CLAIM_IS_FIXED = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
)
_CLASS = "volume.beta.kubernetes.io/storage-class"
_STORAGE, _ATTRIBUTES = "spec.resources.requests.storage", "spec.volumeAttributesClassName"
_RESIZES = (
    "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible",
    "NodeResizePending",
)  # fmt: skip


def check_claim(obj: Obj) -> Iterator[Cause]:
    return claims.check_spec(obj.get("spec", {}), "spec")


def check_claim_update(new: Obj, old: Obj) -> Iterator[Cause]:
    """A volume may be named once, a class too; a bound claim may ask for more."""
    before, after, status = old.get("spec", {}), new.get("spec", {}), old.get("status") or {}
    was, now = (annotations_of(obj).get(_CLASS) for obj in (old, new))
    forgiven = [] if before.get("volumeName") else ["volumeName"]
    if "storageClassName" not in before and was in (None, after.get("storageClassName")):
        forgiven.append("storageClassName")
    if (now or "") != (was or "") and not _becomes_a_field(was, now, before, after):
        yield causes.invalid(f"metadata.annotations.{_CLASS}", now or "", causes.IMMUTABLE)
    kept = dict(after)
    if status.get("phase") == "Bound":
        forgiven.append("volumeAttributesClassName")
        kept["resources"] = _with_request(after, before)
    undone = {key: value for key, value in kept.items() if key not in forgiven}
    undone |= {key: before[key] for key in forgiven if key in before}
    if difference := causes.unified(before, undone):
        yield causes.forbidden("spec", f"{_CLAIM_IS_FIXED}\n{difference}")
    if _shrinks(after, before, status.get("capacity", {}).get("storage", "0")):
        yield causes.forbidden(_STORAGE, "field can not be less than status.capacity")
    if after.get("volumeMode") != before.get("volumeMode"):
        yield causes.invalid("volumeMode", after.get("volumeMode"), causes.IMMUTABLE)
    name = after.get("volumeAttributesClassName")
    if "currentVolumeAttributesClassName" in status and name != before.get("volumeAttributesClassName") and not name:
        what = "nil" if name is None else "empty string"
        why = f"update to {what} is forbidden when status.currentVolumeAttributesClassName is not nil"
        yield causes.forbidden(_ATTRIBUTES, why)


def _becomes_a_field(was: str | None, now: str | None, before: Obj, after: Obj) -> bool:
    """The class that stood in the annotation of old stands in the field instead."""
    moved = was is not None and "storageClassName" not in before and after.get("storageClassName") == was
    return moved and now in (None, was)


def _with_request(after: Obj, before: Obj) -> Obj:
    """The resources that it asks for now, but as much storage as before."""
    resources = after.get("resources", {})
    asked, had = resources.get("requests"), before.get("resources", {}).get("requests", {}).get("storage")
    return {**resources, "requests": {**asked, "storage": had}} if asked else resources


def _shrinks(after: Obj, before: Obj, capacity: str) -> bool:
    """Does it ask for less than before, and no more than it has?"""
    asked, had = (spec.get("resources", {}).get("requests", {}).get("storage", "0") for spec in (after, before))
    return quantities.parse(asked) < quantities.parse(had) and quantities.parse(asked) <= quantities.parse(capacity)


def check_claim_status(new: Obj, old: Obj) -> Iterator[Cause]:
    status = new.get("status") or {}
    for name, quantity in (status.get("capacity") or {}).items():
        yield from causes.basic_resource(f"status.capacity[{name}]", quantity)
    field = "status.allocatedResourceStatuses"
    for name, state in (status.get("allocatedResourceStatuses") or {}).items():
        yield from _check_allocated(name, field)
        if state not in _RESIZES:
            yield causes.not_supported(field, name, sorted(_RESIZES))
    for name, quantity in (status.get("allocatedResources") or {}).items():
        at, wrong = f"status.allocatedResources[{name}]", list(_check_allocated(name, "status.allocatedResources"))
        yield from wrong
        if not wrong:
            yield from list(causes.basic_resource(at, quantity)) or resource_names.check_amount("storage", quantity, at)


def _check_allocated(name: str, field: str) -> Iterator[Cause]:
    wrong = list(metadata.label_key(name, field))
    yield from wrong
    if not wrong and resource_names.is_native(name) and name != "storage":
        yield causes.not_supported(field, name, ("storage",))


# ------------------------------------------------------------------------------------------ storage classes


def check_storage_class(obj: Obj) -> Iterator[Cause]:
    yield from check_provisioner(obj.get("provisioner", ""), "provisioner")
    yield from check_parameters(obj.get("parameters", {}))
    yield from causes.among("reclaimPolicy", obj.get("reclaimPolicy"), ("Delete", "Retain"))
    modes = ("Immediate", "WaitForFirstConsumer")
    yield from causes.supported("volumeBindingMode", obj.get("volumeBindingMode"), modes)
    terms: list[dict[str, set[str]]] = []
    for index, term in enumerate(obj.get("allowedTopologies") or ()):
        field = f"allowedTopologies[{index}].matchLabelExpressions"
        yield from _check_topology(term.get("matchLabelExpressions") or (), field)
        found = {each.get("key", ""): {*each.get("values", ())} for each in term.get("matchLabelExpressions") or ()}
        if found in terms:
            yield causes.duplicate(field, "")
        terms.append(found)


def _check_topology(expressions: Any, field: str) -> Iterator[Cause]:
    keys: set[str] = set()
    for index, expression in enumerate(expressions):
        at, key, values = f"{field}[{index}]", expression.get("key", ""), expression.get("values") or []
        yield from causes.needed(expression, at, "values")
        for position, value in enumerate(values):
            if value in values[:position]:
                yield causes.duplicate(f"{at}.values[{position}]", value)
        yield from metadata.label_key(key, f"{at}.key")
        if key in keys:
            yield causes.duplicate(f"{at}.key", key)
        keys.add(key)


def check_storage_class_update(new: Obj, old: Obj) -> Iterator[Cause]:
    return immutable(new, old, "parameters", "provisioner", "reclaimPolicy", "volumeBindingMode")
