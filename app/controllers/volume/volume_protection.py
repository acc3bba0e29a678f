"""The volume protection: a volume that is deleted stays for as long as it is bound to a claim.

Every volume has a finalizer, since it was created. The engine runs this for a volume that is to go, or that lost its
finalizer. Models kubernetes/pkg/controller/volume/pvprotection/pv_protection_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, is_terminating, name_of, ref_of, uid_of
from app.component_helpers import claims
from app.reconcile import Controller, Difference, Patch, Reader, itself

VOLUME = "PersistentVolume"


@dataclass(frozen=True, slots=True)
class VolumeUsed:
    volume: Obj

    @property
    def is_bound(self) -> bool:
        return bool((self.volume.get("status") or {}).get("phase") == "Bound")


class VolumeProtection(Controller[VolumeUsed]):
    name = "persistentvolume-protection-controller"
    component = "pv-protection-controller"
    title = N_("Volume protection")
    subject = N_("The volume protection")
    lane = 186
    reconciles = VOLUME
    says = {
        "VolumeInUse": Saying(N_("%(about)s is bound to a claim: it stays."), N_("still bound")),
        "VolumeUnused": Saying(
            N_("%(about)s is bound to no claim any more: it may go."),
            N_("not bound"),
            {VOLUME: N_("It takes its finalizer off %(name)s.")},
        ),
        "ProtectionMissing": Saying(N_("Nothing protects %(about)s."), N_("not protected")),
    }

    def __init__(self) -> None:
        self.watches = (itself(VOLUME, when=_concerns, matters=_concerns),)

    def observe(self, key: Ref, reader: Reader) -> VolumeUsed | None:
        volume = reader.get(key)
        return VolumeUsed(volume) if volume is not None else None

    @staticmethod
    def saw(seen: VolumeUsed) -> Message:
        return message(N_("%(who)s looks whether %(name)s is bound."), name=name_of(seen.volume))

    def diff(self, seen: VolumeUsed) -> Iterable[Difference]:
        volume = seen.volume
        held = volume["metadata"].get("finalizers") or []
        is_held = claims.VOLUME_PROTECTION in held
        if not is_terminating(volume):
            if not is_held:
                yield _finalizers(volume, [*held, claims.VOLUME_PROTECTION], "ProtectionMissing")
        elif is_held and seen.is_bound:
            yield Difference(ref_of(volume), "metadata.finalizers", None, "Bound", "VolumeInUse")
        elif is_held:
            yield _finalizers(volume, [each for each in held if each != claims.VOLUME_PROTECTION], "VolumeUnused")


def _finalizers(volume: Obj, wanted: list[str], reason: str) -> Difference:
    patch = Patch(ref_of(volume), {"metadata": {"finalizers": wanted or None}}, uid=uid_of(volume))
    held = volume["metadata"].get("finalizers")
    return Difference(ref_of(volume), "metadata.finalizers", wanted, held, reason, (patch,))


def _concerns(old: Obj | None, new: Obj | None) -> bool:
    """It is to go, or lost its finalizer."""
    if new is None:
        return False
    return is_terminating(new) == (claims.VOLUME_PROTECTION in (new["metadata"].get("finalizers") or ()))
