"""The volume protection: a volume that is deleted stays for as long as it is bound to a claim.

Every volume has a finalizer, since it was created. The engine runs this for a volume that is to go, or that lost its
finalizer. Models kubernetes/pkg/controller/volume/pvprotection/pv_protection_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, name_of
from app.component_helpers import claims
from app.controllers.volume import finalizers
from app.reconcile import Cache, Controller, Difference, Reader, itself

VOLUME, _CONCERNS = "PersistentVolume", finalizers.concerns(claims.VOLUME_PROTECTION)


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
        "VolumeInUse": Saying(
            N_("%(about)s is bound to a claim: it stays."),
            N_("still bound"),
            needs=N_("The claim that it is bound to must be gone: %(observed)s."),
        ),
        "VolumeUnused": Saying(
            N_("%(about)s is bound to no claim any more: it may go."),
            N_("not bound"),
            {VOLUME: N_("It takes its finalizer off %(name)s.")},
        ),
        "ProtectionMissing": Saying(N_("Nothing protects %(about)s."), N_("not protected")),
    }

    def __init__(self) -> None:
        self.wakes = (itself(VOLUME, when=_CONCERNS),)
        self.reads = (Cache(VOLUME, sees=_CONCERNS),)

    def observe(self, key: Ref, reader: Reader) -> VolumeUsed | None:
        volume = reader.get(key)
        return VolumeUsed(volume) if volume is not None else None

    @staticmethod
    def saw(seen: VolumeUsed) -> Message:
        return message(N_("%(who)s looks whether %(name)s is bound."), name=name_of(seen.volume))

    def diff(self, seen: VolumeUsed) -> Iterable[Difference]:
        users = "Bound" if seen.is_bound else ""
        return finalizers.kept(seen.volume, claims.VOLUME_PROTECTION, users, "VolumeInUse", "VolumeUnused")
