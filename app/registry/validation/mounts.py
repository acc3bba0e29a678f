"""Where a container finds its volumes: mounted as folders, or as devices.

Models kubernetes `pkg/apis/core/validation` ValidateVolumeMounts and ValidateVolumeDevices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, paths

Volumes = Mapping[str, Obj]
_PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")
_READ_ONLY = ("Disabled", "Enabled", "IfPossible")


def check(container: Obj, field: str, volumes: Volumes) -> Iterator[Cause]:
    mounts, devices = container.get("volumeMounts") or (), container.get("volumeDevices") or ()
    privileged = (container.get("securityContext") or {}).get("privileged", False)
    mounted = {mount.get("name", ""): mount.get("mountPath", "") for mount in mounts}
    plugged = {device.get("name", ""): device.get("devicePath", "") for device in devices}
    seen: set[str] = set()
    for index, mount in enumerate(mounts):
        at, path = f"{field}.volumeMounts[{index}]", mount.get("mountPath", "")
        yield from _check_place(mount, at, volumes)
        if path in seen:
            yield causes.invalid(f"{at}.mountPath", path, "must be unique")
        seen.add(path)
        yield from _check_apart(mount.get("name", ""), path, at, plugged, "mountPath", "volumeDevices")
        yield from _check_part(mount, f"{field}.volumeMounts", at)
        yield from _check_propagation(mount, f"{field}.volumeMounts", privileged=privileged)
    yield from _check_devices(container, f"{field}.volumeDevices", volumes, mounted)


def _check_place(mount: Obj, field: str, volumes: Volumes) -> Iterator[Cause]:
    yield from causes.needed(mount, field, "name")
    if mount.get("name", "") not in volumes:
        yield causes.not_found(f"{field}.name", mount.get("name", ""))
    yield from causes.needed(mount, field, "mountPath")


def _check_apart(name: str, path: str, field: str, others: Mapping[str, str], place: str, part: str) -> Iterator[Cause]:
    """A volume is either a folder or a device."""
    if name in others:
        yield causes.invalid(f"{field}.name", name, f"must not already exist in {part}")
    if path in others.values():
        yield causes.invalid(f"{field}.{place}", path, f"must not already exist as a path in {part}")


def _check_part(mount: Obj, whole: str, field: str) -> Iterator[Cause]:
    """`whole`: where upstream reports most of it, without saying of which mount."""
    path, expression = mount.get("subPath", ""), mount.get("subPathExpr", "")
    yield from paths.check_descending(path, f"{whole}.subPath")
    if path and expression:
        yield causes.invalid(f"{field}.subPathExpr", expression, "subPathExpr and subPath are mutually exclusive")
    yield from paths.check_descending(expression, f"{whole}.subPathExpr")


def _check_propagation(mount: Obj, field: str, *, privileged: bool) -> Iterator[Cause]:
    propagation, read_only = mount.get("mountPropagation"), mount.get("recursiveReadOnly")
    yield from causes.among(f"{field}.mountPropagation", propagation, _PROPAGATIONS)
    if propagation == "Bidirectional" and not privileged:
        why = "Bidirectional mount propagation is available only to privileged containers"
        yield causes.forbidden(f"{field}.mountPropagation", why)
    yield from causes.among(f"{field}.recursiveReadOnly", read_only, _READ_ONLY)
    if read_only in ("Enabled", "IfPossible"):
        if not mount.get("readOnly"):
            yield causes.forbidden(f"{field}.recursiveReadOnly", "may only be specified when readOnly is true")
        if propagation not in (None, "None"):
            why = "may only be specified when mountPropagation is None or not specified"
            yield causes.forbidden(f"{field}.recursiveReadOnly", why)


def _check_devices(container: Obj, field: str, volumes: Volumes, mounted: Mapping[str, str]) -> Iterator[Cause]:
    names: set[str] = set()
    places: set[str] = set()
    for index, device in enumerate(container.get("volumeDevices") or ()):
        at, name, path = f"{field}[{index}]", device.get("name", ""), device.get("devicePath", "")
        yield from causes.needed(device, at, "name")
        if name in names:
            yield causes.invalid(f"{at}.name", name, "must be unique")
        names |= {name} - {""}
        if name not in volumes:
            yield causes.not_found(f"{at}.name", name)
        elif not volumes[name].keys() & {"persistentVolumeClaim", "ephemeral"}:
            why = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
            yield causes.invalid(f"{at}.name", name, why)
        yield from causes.needed(device, at, "devicePath")
        if path in places:
            yield causes.invalid(f"{at}.devicePath", path, "must be unique")
        if ".." in path.split("/"):
            yield causes.invalid(f"{at}.devicePath", path, "can not contain backsteps ('..')")
        else:
            places.add(path)
        yield from _check_apart(name, path, at, mounted, "devicePath", "volumeMounts")
