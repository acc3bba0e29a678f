"""What a claim on storage asks for, on its own or in the template of a pod's volume or of a StatefulSet.

Models kubernetes `pkg/apis/core/validation` ValidatePersistentVolumeClaimSpec.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api import quantities
from app.api.errors import Cause
from app.api.objects import Obj
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, metadata

_PATH = causes.Verbatim("{}")  # upstream gives the path of the field for its value


def check_spec(spec: Obj, field: str) -> Iterator[Cause]:
    modes = spec.get("accessModes") or ()
    if not modes:
        yield causes.required(f"{field}.accessModes", "at least 1 access mode is required")
    yield from metadata.check_selector(spec.get("selector") or {}, f"{field}.selector")
    known = named_values("PersistentVolumeAccessMode")
    for mode in modes:
        yield from causes.among(f"{field}.accessModes", mode, known)
    if "ReadWriteOncePod" in modes and any(mode in known and mode != "ReadWriteOncePod" for mode in modes):
        yield causes.forbidden(f"{field}.accessModes", "may not use ReadWriteOncePod with other access modes")
    size = (spec.get("resources", {}).get("requests") or {}).get("storage")
    if size is None:
        yield causes.required(f"{field}.resources[storage]")
    elif quantities.parse(size) <= 0:
        yield causes.invalid(f"{field}.resources[storage]", size, "must be greater than zero")
    if name := spec.get("storageClassName"):
        yield from causes.each(f"{field}.storageClassName", name, metadata.is_subdomain(name))
    yield from causes.among(f"{field}.volumeMode", spec.get("volumeMode"), named_values("PersistentVolumeMode"))
    yield from _check_data(spec, field)
    if name := spec.get("volumeAttributesClassName"):
        yield from causes.each(f"{field}.volumeAttributesClassName", name, metadata.is_subdomain(name))


def _check_data(spec: Obj, field: str) -> Iterator[Cause]:
    """Where the data comes from that the volume begins with."""
    for name in ("dataSource", "dataSourceRef"):
        if (source := spec.get(name)) is not None:
            yield from _check_source(source, f"{field}.{name}")
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is None or reference is None:
        return
    if reference.get("namespace"):
        yield causes.invalid(field, _PATH, "may not be specified when dataSourceRef.namespace is specified")
    elif any(source.get(name) != reference.get(name) for name in ("apiGroup", "kind", "name")):
        yield causes.invalid(field, _PATH, "must match dataSourceRef")


def _check_source(source: Obj, field: str) -> Iterator[Cause]:
    yield from causes.needed(source, field, "name", "kind")
    kind, group, namespace = source.get("kind", ""), source.get("apiGroup"), source.get("namespace")
    if group:
        yield from causes.each(f"{field}.apiGroup", group, metadata.is_subdomain(group))
    elif kind != "PersistentVolumeClaim":
        yield causes.invalid(field, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup")
    if namespace:
        yield from causes.each(f"{field}.namespace", namespace, metadata.is_label(namespace))
