"""PersistentVolumes, claims on them, and StorageClasses.

Models kubernetes `pkg/apis/core/validation` ValidatePersistentVolume, ValidatePersistentVolumeClaim and
`pkg/apis/storage/validation`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.api import quantities
from app.api.errors import Cause
from app.api.objects import Obj
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, claims, metadata

_POSITIVE = "must be greater than zero"
_NOT_SOURCES = (
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
)
_CLAIM_IS_FIXED = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
)


def check_claim(obj: Obj) -> Iterator[Cause]:
    return claims.check_spec(obj.get("spec", {}), "spec")


def check_claim_update(new: Obj, old: Obj) -> Iterator[Cause]:
    """A volume may be named once; a bound claim may ask for more."""
    before, after = old.get("spec", {}), new.get("spec", {})
    forgiven = ["volumeAttributesClassName"]
    forgiven += [] if before.get("volumeName") else ["volumeName"]
    if (old.get("status") or {}).get("phase") == "Bound":
        forgiven.append("resources")
    undone = {key: value for key, value in after.items() if key not in forgiven}
    undone |= {key: before[key] for key in forgiven if key in before}
    if difference := causes.unified(before, undone):
        yield causes.forbidden("spec", f"{_CLAIM_IS_FIXED}\n{difference}")
    if _shrinks(after, before, (old.get("status") or {}).get("capacity", {}).get("storage", "0")):
        yield causes.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")


def _shrinks(after: Obj, before: Obj, capacity: str) -> bool:
    """Does it ask for less than before, and no more than it has?"""
    asked, had = (spec.get("resources", {}).get("requests", {}).get("storage", "0") for spec in (after, before))
    return quantities.parse(asked) < quantities.parse(had) and quantities.parse(asked) <= quantities.parse(capacity)


def check_volume(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    if not spec.get("accessModes"):
        yield causes.required("spec.accessModes")
    yield from _check_modes(spec.get("accessModes", ()))
    yield from _check_capacity(spec.get("capacity", {}))
    sources = volume_sources(spec)
    for source in sources[1:]:
        yield causes.forbidden(f"spec.{source}", "may not specify more than 1 volume type")
    if "hostPath" in spec and not spec["hostPath"].get("path"):
        yield causes.required("spec.hostPath.path")
    if "local" in spec and "nodeAffinity" not in spec:
        yield causes.required("spec.nodeAffinity", "Local volume requires node affinity")
    if not sources:
        yield causes.required("spec", "must specify a volume type")
    policy = spec.get("persistentVolumeReclaimPolicy")
    if policy not in named_values("PersistentVolumeReclaimPolicy"):
        values = named_values("PersistentVolumeReclaimPolicy")
        yield causes.not_supported("spec.persistentVolumeReclaimPolicy", policy, values)
    yield from _check_class_and_mode(spec)


def check_volume_update(new: Obj, old: Obj) -> Iterator[Cause]:
    before, after = ({name: obj["spec"][name] for name in volume_sources(obj["spec"])} for obj in (old, new))
    if difference := causes.unified(before, after):
        why = f"spec.persistentvolumesource is immutable after creation\n{difference}"
        yield causes.forbidden("spec.persistentvolumesource", why)
    mode = new["spec"].get("volumeMode")
    if mode != old["spec"].get("volumeMode"):
        yield causes.invalid("spec.volumeMode", mode, causes.IMMUTABLE)


def volume_sources(spec: Obj) -> list[str]:
    """Where a volume's data lies: `hostPath`, `nfs`, `csi`, ... Exactly one of them in a good one."""
    return [name for name in spec if name not in _NOT_SOURCES]


def _check_modes(modes: Any) -> Iterator[Cause]:
    for mode in modes:
        if mode not in named_values("PersistentVolumeAccessMode"):
            yield causes.not_supported("spec.accessModes", mode, named_values("PersistentVolumeAccessMode"))
    if "ReadWriteOncePod" in modes and len(modes) > 1:
        why = "may not use ReadWriteOncePod with other access modes"
        yield causes.forbidden("spec.accessModes", why)


def _check_capacity(capacity: Obj) -> Iterator[Cause]:
    if not capacity:
        yield causes.required("spec.capacity")
    elif "storage" not in capacity or len(capacity) > 1:
        yield causes.not_supported("spec.capacity", capacity, ["storage"])
    for name, quantity in capacity.items():
        yield from _positive(f"spec.capacity[{name}]", quantity)


def _check_class_and_mode(spec: Obj) -> Iterator[Cause]:
    name, mode = spec.get("storageClassName"), spec.get("volumeMode")
    for problem in metadata.is_subdomain(name) if name else ():
        yield causes.invalid("spec.storageClassName", name, problem)
    if mode is not None and mode not in named_values("PersistentVolumeMode"):
        yield causes.not_supported("spec.volumeMode", mode, named_values("PersistentVolumeMode"))


def _positive(field: str, quantity: str) -> Iterator[Cause]:
    if quantities.parse(quantity) <= 0:
        yield causes.invalid(field, quantity, _POSITIVE)


# ------------------------------------------------------------------------------------------ storage classes


def check_storage_class(obj: Obj) -> Iterator[Cause]:
    provisioner = obj.get("provisioner", "")
    if not provisioner:
        yield causes.required("provisioner")
    else:
        yield from metadata.label_key(provisioner.lower(), "provisioner")
    for key in obj.get("parameters", {}):
        if not key:
            yield causes.invalid("parameters", key, "field can not be empty.")
    if obj.get("reclaimPolicy") not in ("Delete", "Retain"):
        yield causes.not_supported("reclaimPolicy", obj.get("reclaimPolicy"), ["Delete", "Retain"])
    modes = ("Immediate", "WaitForFirstConsumer")
    yield from causes.supported("volumeBindingMode", obj.get("volumeBindingMode"), modes)


def check_storage_class_update(new: Obj, old: Obj) -> Iterator[Cause]:
    for name in ("parameters", "provisioner"):
        if new.get(name) != old.get(name):
            yield causes.forbidden(name, f"updates to {name} are forbidden.")
    if new.get("reclaimPolicy") != old.get("reclaimPolicy"):
        yield causes.forbidden("reclaimPolicy", "updates to reclaimPolicy are forbidden.")
    if new.get("volumeBindingMode") != old.get("volumeBindingMode"):
        yield causes.invalid("volumeBindingMode", new.get("volumeBindingMode"), causes.IMMUTABLE)
