"""What a pod mounts must be there before its containers are made: Secrets and ConfigMaps. Called by the kubelet.

They are asked for when a pod starts and not watched; a kubelet tries again, and pauses twice as long each time. Models
`MountVolume` in kubernetes/pkg/volume/util/operationexecutor and goroutinemap's exponential back-off.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api import times
from app.api.objects import Obj, name_of, namespace_of
from app.reconcile import Reader

_FIRST_PAUSE_MS, _LONGEST_PAUSE_MS = 500, 122_000
_SOURCES = (("secret", "Secret", "secretName"), ("configMap", "ConfigMap", "name"))


def missing(pod: Obj, reader: Reader) -> str:
    """Why the first volume that cannot be mounted cannot be; "": all can."""
    for source, kind, field in _SOURCES:
        wanted = list(_named(pod, source, field))
        there = {name_of(each) for each in reader.live(kind, namespace_of(pod))} if wanted else set()
        for volume, name in wanted:
            if name not in there:
                return f'MountVolume.SetUp failed for volume "{volume}" : {source.lower()} "{name}" not found'
    return ""


def pause_ms(pod: Obj, now_ms: int) -> int:
    """Until the next try: as long as it has tried already."""
    since = (pod.get("status") or {}).get("startTime")
    tried_ms = now_ms - times.parse(since) if since else 0
    return min(max(tried_ms, _FIRST_PAUSE_MS), _LONGEST_PAUSE_MS)


def _named(pod: Obj, source: str, field: str) -> Iterator[tuple[str, str]]:
    for volume in pod["spec"].get("volumes") or ():
        if source in volume and not volume[source].get("optional"):
            yield volume["name"], volume[source].get(field, "")
