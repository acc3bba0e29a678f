"""VolumeAttachments, on which no loop here acts. Models kubernetes `pkg/apis/storage/validation`."""

from __future__ import annotations

from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, metadata, persistent_volumes
from app.registry.validation.drivers import check_driver_name

_ONE_SOURCE = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
_LONGEST_METADATA, _LONGEST_MESSAGE = 256 * 1024, 1024


def check(obj: Obj) -> Iterator[Cause]:
    spec, status, field = obj.get("spec", {}), obj.get("status") or {}, "spec.source"
    yield from check_driver_name(spec.get("attacher", ""), "spec.attacher")
    inline, volume = (spec.get("source", {}).get(name) for name in ("inlineVolumeSpec", "persistentVolumeName"))
    if inline is None and volume is None:
        yield causes.required(field, _ONE_SOURCE)
    elif inline is not None and volume is not None:
        yield causes.forbidden(field, _ONE_SOURCE)
    elif inline is not None:
        yield from persistent_volumes.check_inline(inline, f"{field}.inlineVolumeSpec")
    elif not volume:
        yield causes.required(f"{field}.persistentVolumeName", "must specify non empty persistentVolumeName")
    node = spec.get("nodeName", "")
    yield from causes.each("spec.nodeName", node, metadata.is_subdomain(node))
    kept = status.get("attachmentMetadata") or {}
    if sum(len(key.encode()) + len(value.encode()) for key, value in kept.items()) > _LONGEST_METADATA:
        yield causes.too_long("status.attachmentMetadata", _LONGEST_METADATA)
    for name in ("attachError", "detachError"):
        yield from _check_error(status.get(name) or {}, f"status.{name}")
    if volume is not None:
        yield from causes.each(f"{field}.persistentVolumeName", volume, metadata.is_subdomain(volume))


def _check_error(error: Obj, field: str) -> Iterator[Cause]:
    if len(error.get("message", "").encode()) > _LONGEST_MESSAGE:
        yield causes.too_long(f"{field}.message", _LONGEST_METADATA)  # upstream names the other limit
    if (code := error.get("errorCode", 0)) < 0:
        yield causes.invalid(f"{field}.errorCode", code, "must be between 0 and 2147483647, inclusive")


def check_update(new: Obj, old: Obj) -> Iterator[Cause]:
    spec = new.get("spec", {})
    if spec != old.get("spec", {}):
        source = causes.struct(spec.get("source", {}), "PersistentVolumeName", "InlineVolumeSpec")
        printed = causes.struct({**spec, "source": source}, "Attacher", "Source", "NodeName")
        yield causes.invalid("spec", printed, causes.IMMUTABLE)


def check_status(new: Obj, old: Obj) -> Iterator[Cause]:
    return check(new)
