"""The volume protection decides: a volume -> whether its finalizer stays."""

from __future__ import annotations

import pytest

from app.api.objects import Obj
from app.controllers.volume.volume_protection import VolumeProtection, VolumeUsed
from app.reconcile import Patch

HELD = ("kubernetes.io/pv-protection",)


def volume(*finalizers: str, deleting: bool = False, phase: str = "Available") -> Obj:
    meta = {"name": "disk", "uid": "disk", "finalizers": [*finalizers]}
    meta |= {"deletionTimestamp": "2026-01-01T00:00:00Z"} if deleting else {}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta, "spec": {}, "status": {"phase": phase}}


def decided(of: Obj) -> list[tuple[str, object]]:
    return [
        (gap.reason, action.patch["metadata"]["finalizers"] if isinstance(action, Patch) else None)
        for gap in VolumeProtection().diff(VolumeUsed(of))
        for action in gap.actions or (None,)
    ]


@pytest.mark.parametrize(
    ("of", "reasons"),
    [
        (volume(*HELD), []),
        (volume(), [("ProtectionMissing", ["kubernetes.io/pv-protection"])]),
        (volume(*HELD, deleting=True, phase="Bound"), [("VolumeInUse", None)]),
        (volume(*HELD, deleting=True, phase="Released"), [("VolumeUnused", None)]),
        (volume("example.com/mine", *HELD, deleting=True), [("VolumeUnused", ["example.com/mine"])]),
        (volume(deleting=True), []),
    ],
)
def test_whether_it_stays(of: Obj, reasons: list[tuple[str, object]]) -> None:
    assert decided(of) == reasons
