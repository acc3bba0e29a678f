"""The volumes of a pod: their names, and what is wrong with them in this pod only.

Models kubernetes `pkg/apis/core/validation` ValidateVolumes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, metadata, volume_sources


def check(volumes: Any) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, volume in enumerate(volumes):
        field, name = f"volumes[{index}]", volume.get("name", "")
        yield from volume_sources.check(volume, field)
        if not name:
            yield causes.required(f"{field}.name")
        yield from causes.each(f"{field}.name", name, metadata.is_label(name) if name else ())
        if name in seen:
            yield causes.duplicate(f"{field}.name", name)
        seen.add(name)


def check_in_pod(pod: Obj) -> Iterator[Cause]:
    """What depends on the name of the pod, and what a template may leave open."""
    spec, pod_name = pod.get("spec", {}), pod["metadata"].get("name", "")
    volumes = spec.get("volumes") or ()
    made = {f"{pod_name}-{volume.get('name', '')}" for volume in volumes if "ephemeral" in volume}
    for index, volume in enumerate(volumes):
        field, name = f"spec.volumes[{index}]", volume.get("name", "")
        claim = f"{pod_name}-{name}"
        for problem in metadata.is_subdomain(claim) if "ephemeral" in volume and pod_name and name else ():
            yield causes.invalid(f"{field}.name", name, f"PVC name {causes.printed(claim)}: {problem}")
        if "image" in volume and not volume["image"].get("reference"):
            yield causes.required(f"{field}.image.reference")
        if (used := (volume.get("persistentVolumeClaim") or {}).get("claimName")) in made:
            why = "must not reference a PVC that gets created for an ephemeral volume"
            yield causes.invalid(f"{field}.persistentVolumeClaim.claimName", used, why)
