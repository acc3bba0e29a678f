"""Volumes: plugins that are gone, paths of which one hides another, sizes with a fraction of a byte.

Models kubernetes `pkg/api/pod/warnings.go`, `pkg/api/persistentvolume/util.go` and
`pkg/api/persistentvolumeclaim/util.go`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from app.api import quantities
from app.api.objects import Obj, annotations_of
from app.registry.warnings import labels

_GONE = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11, and disabled by default in v1.33+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
_GONE_OF_VOLUMES = ("cephfs", "photonPersistentDisk", "scaleIO", "storageos", "glusterfs", "rbd")
_SAID_AS = {"storageos": "storageOS"}
_CLASS = "volume.beta.kubernetes.io/storage-class"
_OLD_NOTES = {
    _CLASS: 'deprecated since v1.8; use "storageClassName" attribute instead',
    "volume.beta.kubernetes.io/mount-options": 'deprecated since v1.31; use "mountOptions" attribute instead',
}
_RECYCLE = (
    "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. "
    "Instead, the recommended approach is to use dynamic provisioning."
)


def of_pod(volumes: list[Obj], field: str, budget: Iterator[int]) -> Iterator[str]:
    """`budget`: so many pairs of paths are compared."""
    for index, volume in enumerate(volumes):
        at = f"{field}[{index}]"
        yield from (f"{at}.{_SAID_AS.get(name, name)}: {why}" for name, why in _GONE.items() if name in volume)
        template = (volume.get("ephemeral") or {}).get("volumeClaimTemplate") or {}
        yield from of_claim_spec(template.get("spec") or {}, f"{at}.ephemeral.volumeClaimTemplate.spec")
    for volume in volumes:
        yield from _overlaps(volume, budget)


def of_claim(obj: Obj) -> Iterator[str]:
    if _CLASS in annotations_of(obj):
        yield f"metadata.annotations[{_CLASS}]: {_OLD_NOTES[_CLASS]}"
    yield from of_claim_spec(obj.get("spec") or {}, "spec")


def of_claim_spec(spec: Obj, field: str) -> Iterator[str]:
    for part in ("requests", "limits"):
        yield from fractions((spec.get("resources") or {}).get(part) or {}, ("storage",), f"{field}.resources.{part}")


def of_volume(obj: Obj) -> Iterator[str]:
    """A PersistentVolume."""
    spec, notes = obj.get("spec") or {}, annotations_of(obj)
    yield from (f"metadata.annotations[{key}]: {why}" for key, why in _OLD_NOTES.items() if key in notes)
    if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        yield _RECYCLE
    terms = ((spec.get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or ()
    for index, term in enumerate(terms):
        yield from labels.of_term(term, f"spec.nodeAffinity.required.nodeSelectorTerms[{index}]")
    yield from (f"spec.{_SAID_AS.get(name, name)}: {_GONE[name]}" for name in _GONE_OF_VOLUMES if name in spec)


def fractions(amounts: Obj, names: Iterable[str], field: str) -> Iterator[str]:
    """Of bytes there are no halves: `memory: 100m` is a tenth of one."""
    for name in names:
        if name in amounts and quantities.milli(amounts[name]) % 1000:
            amount = quantities.canonical(str(amounts[name]))
            yield f'{field}[{name}]: fractional byte value "{amount}" is invalid, must be an integer'


# --------------------------------------------------------------------------------------------------- paths


class _Path(NamedTuple):
    """Where a file of a volume lies, and which source of a projected volume puts it there."""

    path: str
    source: str = ""

    def __str__(self) -> str:
        return f'"{self.path}" ({self.source})' if self.source else f'"{self.path}"'

    def meets(self, other: _Path) -> bool:
        mine, others = f"{self.path}/", f"{other.path}/"
        return bool(self.path and other.path) and (mine.startswith(others) or others.startswith(mine))


def _overlaps(volume: Obj, budget: Iterator[int]) -> Iterator[str]:
    name = volume.get("name", "")
    for title, paths in _mapped(volume):
        for (earlier, later), _ in zip(_pairs(paths), budget, strict=False):
            if later.meets(earlier):
                yield f'volume "{name}" ({title}): overlapping paths: {later} with {earlier}'
    for source in (volume.get("projected") or {}).get("sources") or ():
        if not source:
            yield f'volume "{name}" (Projected) has no sources provided'


def _pairs(paths: list[_Path]) -> Iterator[tuple[_Path, _Path]]:
    """Each path with all before it."""
    return ((earlier, later) for index, later in enumerate(paths) for earlier in itertools.islice(paths, index))


def _mapped(volume: Obj) -> Iterator[tuple[str, list[_Path]]]:
    for kind, title, key in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")):
        if source := volume.get(kind):
            yield f'{title} "{source.get(key, "")}"', _items(source)
    if source := volume.get("downwardAPI"):
        yield "DownwardAPI", _items(source)
    sources = (volume.get("projected") or {}).get("sources") or ()
    yield "Projected", [path for each in sources for path in _projected(each)]


def _items(source: Obj, name: str = "") -> list[_Path]:
    return [_Path(item.get("path", "").rstrip("/"), name) for item in source.get("items") or ()]


def _projected(source: dict[str, Any]) -> list[_Path]:
    """What one source of a projected volume puts there; of several the first that upstream looks at."""
    for kind, title in (("configMap", "ConfigMap"), ("secret", "Secret")):
        if (source.get(kind) or {}).get("items"):
            return _items(source[kind], f'{title} "{source[kind].get("name", "")}"')
    if (source.get("downwardAPI") or {}).get("items"):
        return _items(source["downwardAPI"], "DownwardAPI")
    if token := source.get("serviceAccountToken"):
        return [_Path(token.get("path", "").rstrip("/"), "ServiceAccountToken")]
    return []
