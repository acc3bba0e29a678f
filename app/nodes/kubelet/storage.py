"""What a pod has written to the disk of its machine, and how much of that it may. Called by endings.py.

What its commands write counts (app/nodes/runtime/commands), to a container's own files or to an emptyDir; other volumes
are not on the machine's disk. Models `localStorageEviction` in kubernetes/pkg/kubelet/eviction/eviction_manager.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from app.api import quantities
from app.api.objects import Obj, find_named, get_path
from app.component_helpers import pods
from app.nodes import sandbox
from app.nodes.runtime.commands.course import File

_RESOURCE = "ephemeral-storage"
_EVERY_MS = 10_000  # between two measurements


class _Written(NamedTuple):
    container: str
    volume: str  # the emptyDir that the file is in; "": none
    file: File
    started_ms: int  # its container


def is_limited(pod: Obj) -> bool:
    return bool(_limits(pod)) or any(get_path(each, "emptyDir.sizeLimit") for each in pod["spec"].get("volumes") or ())


def excess(pod: Obj, found: Obj, now_ms: int) -> str:
    """In the kubelet's words; "" if it stays within its limits."""
    used = [(each, each.file.written(now_ms - each.started_ms)) for each in _files(pod, found)]
    for volume in pod["spec"].get("volumes") or ():
        limit = get_path(volume, "emptyDir.sizeLimit")
        if limit and sum(size for each, size in used if each.volume == volume["name"]) > quantities.value(limit) > 0:
            return f'Usage of EmptyDir volume "{volume["name"]}" exceeds the limit "{quantities.canonical(limit)}". '
    limits, whole = _limits(pod), pods.total(pod, _RESOURCE, "limits")
    if limits and sum(size for _, size in used) > quantities.value(whole):
        return f"Pod ephemeral local storage usage exceeds the total limit of containers {whole}. "
    for name, limit in limits.items():
        own = sum(size for each, size in used if each.container == name and not each.volume)
        if own > quantities.value(limit):
            return f'Container {name} exceeded its local ephemeral storage limit "{quantities.canonical(limit)}". '
    return ""


def next_look_ms(pod: Obj, found: Obj, now_ms: int) -> int | None:
    """When more may be written than now; None: no more will be."""
    times = [
        max(each.started_ms + each.file.begins_ms, now_ms) + _EVERY_MS
        for each in _files(pod, found)
        if each.file.written(now_ms - each.started_ms) < each.file.size
    ]
    return min(times, default=None)


def _limits(pod: Obj) -> Mapping[str, str]:
    found = {each["name"]: get_path(each, "resources.limits", {}).get(_RESOURCE) for each in pod["spec"]["containers"]}
    return {name: limit for name, limit in found.items() if limit is not None}


def _files(pod: Obj, found: Obj) -> Iterator[_Written]:
    """Those that its containers write, and that are on the machine's disk."""
    containers = [*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"]]
    for name, known in sandbox.known_of(found).items():
        container = find_named(containers, name)
        if container is None or "startedMs" not in known:
            continue
        for file in sandbox.program_of(sandbox.wanted_of(found)[name]).files:
            volume = _volume(pod, container, file.path)
            if file.size and (volume is None or _is_on_disk(volume)):
                yield _Written(name, volume["name"] if volume else "", file, known["startedMs"])


def _volume(pod: Obj, container: Mapping[str, Any], path: str) -> Obj | None:
    """The one that holds a path."""
    mounts = [
        each for each in container.get("volumeMounts") or () if path.startswith(each["mountPath"].rstrip("/") + "/")
    ]
    if not mounts:
        return None
    return find_named(pod["spec"].get("volumes"), max(mounts, key=lambda each: len(each["mountPath"]))["name"])


def _is_on_disk(volume: Obj) -> bool:
    return volume.get("emptyDir") is not None and volume["emptyDir"].get("medium") != "Memory"
