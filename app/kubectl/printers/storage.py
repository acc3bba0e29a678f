"""Volumes, claims and classes of storage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.api import quantities
from app.api.objects import Obj, annotations_of, is_terminating, name_of
from app.kubectl.printers.printing import NONE, UNSET, Cells, Printer, age_of, columns

_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _access_modes(modes: Iterable[str] | None) -> str:
    given = set(modes or ())
    return ",".join(short for mode, short in _MODES.items() if mode in given)


def _storage_of(capacity: Mapping[str, Any] | None) -> str:
    amount = (capacity or {}).get("storage")
    return "" if amount is None else quantities.canonical(str(amount))


def _volume_phase(obj: Obj) -> str:
    return "Terminating" if is_terminating(obj) else str((obj.get("status") or {}).get("phase", ""))


def _persistent_volume(volume: Obj, now_ms: int) -> Cells:
    spec = volume["spec"]
    claim = spec.get("claimRef")
    return (
        name_of(volume),
        _storage_of(spec.get("capacity")),
        _access_modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        _volume_phase(volume),
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or UNSET,
        (volume.get("status") or {}).get("reason", ""),
        age_of(volume, now_ms),
        spec.get("volumeMode") or UNSET,
    )


def _persistent_volume_claim(claim: Obj, now_ms: int) -> Cells:
    spec, status = claim["spec"], claim.get("status") or {}
    bound = spec.get("volumeName", "")
    return (
        name_of(claim),
        _volume_phase(claim),
        bound,
        _storage_of(status.get("capacity")) if bound else "",
        _access_modes(status.get("accessModes")) if bound else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or UNSET,
        age_of(claim, now_ms),
        spec.get("volumeMode") or UNSET,
    )


def _storage_class(storage_class: Obj, now_ms: int) -> Cells:
    default = annotations_of(storage_class).get("storageclass.kubernetes.io/is-default-class") == "true"
    return (
        f"{name_of(storage_class)} (default)" if default else name_of(storage_class),
        storage_class["provisioner"],
        storage_class.get("reclaimPolicy", "Delete"),
        storage_class.get("volumeBindingMode", "Immediate"),
        bool(storage_class.get("allowVolumeExpansion")),
        age_of(storage_class, now_ms),
    )


def _csi_driver(driver: Obj, now_ms: int) -> Cells:
    spec = driver["spec"]
    requests = spec.get("tokenRequests")
    return (
        name_of(driver),
        bool(spec.get("attachRequired", True)),
        bool(spec.get("podInfoOnMount")),
        bool(spec.get("storageCapacity")),
        UNSET if requests is None else ",".join(each.get("audience", "") for each in requests),
        bool(spec.get("requiresRepublish")),
        ",".join(spec.get("volumeLifecycleModes") or ()) or NONE,
        age_of(driver, now_ms),
    )


def _volume_attachment(attachment: Obj, now_ms: int) -> Cells:
    spec = attachment["spec"]
    return (
        name_of(attachment),
        spec["attacher"],
        spec["source"].get("persistentVolumeName", ""),
        spec["nodeName"],
        bool((attachment.get("status") or {}).get("attached")),
        age_of(attachment, now_ms),
    )


_VOLUME = "StorageClass, VolumeAttributesClass"
PRINTERS = {
    "PersistentVolume": Printer(
        columns(f"Name, Capacity, Access Modes, Reclaim Policy, Status, Claim, {_VOLUME}, Reason, Age, *VolumeMode"),
        _persistent_volume,
    ),
    "PersistentVolumeClaim": Printer(
        columns(f"Name, Status, Volume, Capacity, Access Modes, {_VOLUME}, Age, *VolumeMode"), _persistent_volume_claim
    ),
    "StorageClass": Printer(
        columns("Name, Provisioner, ReclaimPolicy, VolumeBindingMode, AllowVolumeExpansion, Age"), _storage_class
    ),
    "CSIDriver": Printer(
        columns(
            "Name, AttachRequired:boolean, PodInfoOnMount:boolean, StorageCapacity:boolean, TokenRequests, "
            "RequiresRepublish:boolean, Modes, Age"
        ),
        _csi_driver,
    ),
    "CSINode": Printer(
        columns("Name, Drivers:integer, Age"),
        lambda node, now_ms: (name_of(node), len(node["spec"].get("drivers") or ()), age_of(node, now_ms)),
    ),
    "CSIStorageCapacity": Printer(
        columns("Name, StorageClassName, Capacity"),
        lambda each, now_ms: (name_of(each), each["storageClassName"], each.get("capacity", UNSET)),
    ),
    "VolumeAttachment": Printer(columns("Name, Attacher, PV, Node, Attached:boolean, Age"), _volume_attachment),
    "VolumeAttributesClass": Printer(
        columns("Name, DriverName, Age"),
        lambda each, now_ms: (name_of(each), each["driverName"], age_of(each, now_ms)),
    ),
}
