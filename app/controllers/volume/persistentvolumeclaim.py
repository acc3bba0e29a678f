"""The persistentvolume-binder: gives every claim a volume, and clears up after claims that are gone.

The engine runs it for every PersistentVolumeClaim and for every PersistentVolume. A claim gets the smallest free volume
that fits; if none does, one is made for it at once, whatever its class says (Kubernetes leaves that to the class's
provisioner). Only a claim with the class "", or of a class that makes none, waits for a volume that a person made.
Nothing is stored.
Models kubernetes/pkg/controller/volume/persistentvolume/pv_controller.go: syncClaim and syncVolume.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.api import objects
from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, ref_of
from app.api.status import changed_fields
from app.component_helpers import claims
from app.controllers.volume import volumes
from app.reconcile import (
    Announce,
    Cache,
    Controller,
    Create,
    Delete,
    Difference,
    Patch,
    Reader,
    Update,
    UpdateStatus,
    Wake,
)

CLAIM, VOLUME = "PersistentVolumeClaim", "PersistentVolume"
_FREE = ("", "")


@dataclass(frozen=True, slots=True)
class ClaimObservation:
    claim: Obj
    volume: Obj | None  # the one that it names, or that names it
    free: Sequence[Obj]  # volumes of nobody; read only while the claim has none
    storage_class: Obj | None


@dataclass(frozen=True, slots=True)
class VolumeObservation:
    volume: Obj
    claim: Obj | None  # the one that it is for


def _must_be_there(_gap: Difference, seen: ClaimObservation) -> Iterator[Message]:
    spec, named = seen.claim["spec"], seen.claim["spec"].get("volumeName")
    asked = (spec.get("resources") or {}).get("requests") or {}
    if named:
        yield message(N_("Volume %(name)s must be there, and fit."), name=named)
        return
    if claims.waits_for_pod(seen.storage_class):
        yield message(N_("A pod that uses it must be given a node first."))
    values = {"size": asked.get("storage", "0"), "modes": ", ".join(spec.get("accessModes") or ())}
    text = N_("A volume must be free that has %(size)s or more, %(modes)s and the class %(name)s.")
    yield message(text, **values, name=spec.get("storageClassName") or '""')


class PersistentVolumeBinder(Controller[ClaimObservation | VolumeObservation]):
    name = "persistentvolume-binder"
    title = "Volumes"
    subject = N_("The volume controller")
    lane = 180
    component = "persistentvolume-controller"
    reconciles = "*"
    says = {
        "ClaimUnbound": Saying(
            N_("%(about)s has no volume, and one fits."),
            N_("a volume fits"),
            {
                "PersistentVolume": N_("It reserves volume %(name)s for the claim."),
                "PersistentVolumeClaim": N_("It gives %(name)s its volume."),
            },
        ),
        "WaitingForVolume": Saying(
            N_("No volume fits %(about)s yet: it waits."), N_("no volume fits"), needs=_must_be_there
        ),
        "VolumeMissing": Saying(
            N_("No volume fits %(about)s: one must be made."),
            N_("no volume yet"),
            {"PersistentVolume": N_("It has a volume made: %(name)s.")},
        ),
        "VolumeReclaimed": Saying(N_("Its claim is gone: volume %(about)s may go too."), N_("the claim is gone")),
        "ClaimLost": Saying(N_("The volume of %(about)s is gone, and its data with it."), N_("volume lost")),
        "ClaimGone": Saying(N_("The claim of volume %(about)s is gone."), N_("the claim is gone")),
    }

    def __init__(self) -> None:
        self.wakes = (Wake(CLAIM, _touched_by_claim), Wake(VOLUME, _touched_by_volume))
        self.reads = (
            Cache(CLAIM, indexes={"volume": _volume_of}),
            Cache(VOLUME, indexes={"claim": _claim_of}),
            Cache("StorageClass"),
        )

    def observe(self, key: Ref, reader: Reader) -> ClaimObservation | VolumeObservation | None:
        obj = reader.get(key)
        if obj is None:
            return None
        if key.kind == VOLUME:
            (claim,) = _claim_of(obj)
            return VolumeObservation(obj, reader.get(Ref(CLAIM, *claim)))
        named = obj["spec"].get("volumeName", "")
        if named:
            return ClaimObservation(obj, reader.get(Ref(VOLUME, "", named)), (), None)
        given = reader.by(VOLUME, "claim", (key.namespace, key.name))
        volume = next((each for each in given if volumes.belongs(each, obj)), None)
        storage_class = reader.get(Ref("StorageClass", "", obj["spec"].get("storageClassName", "")))
        return ClaimObservation(obj, volume, () if volume else reader.by(VOLUME, "claim", _FREE), storage_class)

    @staticmethod
    def saw(seen: ClaimObservation | VolumeObservation) -> Message:
        if isinstance(seen, VolumeObservation):
            return message(N_("%(who)s looks for the claim of %(what)s."), what=ref_of(seen.volume))
        name = objects.name_of(seen.claim)
        if seen.volume is None:
            return message(N_("%(who)s sees claim %(name)s, without a volume."), name=name)
        return message(N_("%(who)s sees claim %(name)s and its volume."), name=name)

    def diff(self, seen: ClaimObservation | VolumeObservation) -> Iterable[Difference]:
        if isinstance(seen, VolumeObservation):
            yield from _volume(seen)
        elif not objects.is_terminating(seen.claim):
            yield from _claim(seen)


# ------------------------------------------------------------------------------------------------- claims


def _claim(seen: ClaimObservation) -> Iterator[Difference]:
    claim, volume = seen.claim, seen.volume
    named, completed = claim["spec"].get("volumeName", ""), volumes.BIND_COMPLETED in objects.annotations_of(claim)
    if not named:
        yield _unbound(seen)
    elif volume is None and completed:
        yield from _status(claim, {"phase": "Lost"}, "ClaimLost", _LOST)
    elif volume is None or not (volumes.belongs(volume, claim) or volumes.fits(volume, claim)):
        yield Difference(ref_of(claim), "spec.volumeName", named, None, "WaitingForVolume")
    elif not _is_reserved(volume, claim) or not completed:
        yield Difference(ref_of(claim), "spec.volumeName", named, None, "ClaimUnbound", _binding(volume, claim))
    else:
        spec = volume["spec"]
        facts = {"phase": "Bound", "accessModes": spec.get("accessModes"), "capacity": spec.get("capacity")}
        yield from _status(claim, facts, "StatusOutdated")


_LOST = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
_WAITS_FOR_POD = "waiting for first consumer to be created before binding"
_NO_PLUGIN = "no volume plugin matched name: %s"
_NONE_FITS = "no persistent volumes available for this claim and no storage class is set"


def _unbound(seen: ClaimObservation) -> Difference:
    claim = seen.claim
    chosen = seen.volume or volumes.best_match(claim, seen.free)
    if chosen is not None:
        actions = _binding(chosen, claim)
        return Difference(ref_of(claim), "spec.volumeName", objects.name_of(chosen), None, "ClaimUnbound", actions)
    if not claims.gets_one_made(claim, seen.storage_class):
        told = (_why_it_waits(claim, seen.storage_class),)
        return Difference(ref_of(claim), "spec.volumeName", None, None, "WaitingForVolume", told)
    volume = volumes.provisioned(claim, (seen.storage_class or {}).get("reclaimPolicy", "Delete"))
    name = objects.name_of(volume)
    made = Announce(claim, "Normal", "ProvisioningSucceeded", f"Successfully provisioned volume {name}")
    return Difference(ref_of(claim), "spec.volumeName", name, None, "VolumeMissing", (Create(volume, announce=made),))


def _why_it_waits(claim: Obj, storage_class: Obj | None) -> Announce:
    if claims.waits_for_pod(storage_class):
        return Announce(claim, "Normal", "WaitForFirstConsumer", _WAITS_FOR_POD)
    if storage_class is not None:
        return Announce(claim, "Warning", "ProvisioningFailed", _NO_PLUGIN % storage_class["provisioner"])
    return Announce(claim, "Normal", "FailedBinding", _NONE_FITS)


def _is_reserved(volume: Obj, claim: Obj) -> bool:
    return bool((volume["spec"].get("claimRef") or {}).get("uid") == objects.uid_of(claim))


def _binding(volume: Obj, claim: Obj) -> tuple[Update | Patch, ...]:
    """First the volume, where two claims may meet and one be refused; then the claim."""
    notes = {volumes.BIND_COMPLETED: "yes"}
    if not claim["spec"].get("volumeName"):
        notes[volumes.BOUND_BY_CONTROLLER] = "yes"
    patch = {"metadata": {"annotations": notes}, "spec": {"volumeName": objects.name_of(volume)}}
    binding = Patch(ref_of(claim), patch, uid=objects.uid_of(claim))
    return (binding,) if _is_reserved(volume, claim) else (Update(volumes.reserved(volume, claim)), binding)


# ------------------------------------------------------------------------------------------------ volumes


def _volume(seen: VolumeObservation) -> Iterator[Difference]:
    volume = seen.volume
    reference = volume["spec"].get("claimRef") or {}
    claim = seen.claim if seen.claim and volumes.belongs(volume, seen.claim) else None
    if not reference.get("uid"):
        yield from _status(volume, {"phase": "Available"}, "StatusOutdated")
    elif claim is not None:
        if claim["spec"].get("volumeName") == objects.name_of(volume):
            yield from _status(volume, {"phase": "Bound"}, "StatusOutdated")
    elif (volume.get("status") or {}).get("phase") != "Released":
        yield from _status(volume, {"phase": "Released"}, "ClaimGone")
    elif volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete" and not objects.is_terminating(volume):
        actions = (Delete(ref_of(volume), uid=objects.uid_of(volume)),)
        yield Difference(ref_of(volume), "spec.claimRef", None, reference.get("name"), "VolumeReclaimed", actions)


def _status(obj: Obj, facts: dict[str, Any], reason: str, lost: str = "") -> Iterator[Difference]:
    held = obj.get("status") or {}
    status = {**held, **{name: value for name, value in facts.items() if value}}
    if status != held:
        desired, observed = changed_fields(status, held)
        announce = Announce(obj, "Warning", reason, lost) if lost else None
        actions = (UpdateStatus(obj, status, announce=announce),)
        yield Difference(ref_of(obj), "status", desired, observed, reason, actions)


# ------------------------------------------------------------------------------------------- waking and looking


def _volume_of(claim: Obj) -> tuple[str]:
    return (claim["spec"].get("volumeName", ""),)


def _claim_of(volume: Obj) -> tuple[tuple[str, str]]:
    """(namespace, name) of the claim that it is for."""
    reference = volume["spec"].get("claimRef") or {}
    return ((reference.get("namespace", ""), reference.get("name", "")),)


def _touched_by_claim(claim: Obj, reader: Reader) -> Iterator[Ref]:
    """The claim, and the volumes that are its."""
    yield ref_of(claim)
    yield from map(ref_of, reader.by(VOLUME, "claim", (objects.namespace_of(claim), objects.name_of(claim))))


def _touched_by_volume(volume: Obj, reader: Reader) -> Iterator[Ref]:
    """The volume, the claim that it is for, and those that name it; if it is free, all that have none."""
    yield ref_of(volume)
    (claim,) = _claim_of(volume)
    if claim != _FREE:
        yield Ref(CLAIM, *claim)
    else:
        yield from map(ref_of, reader.by(CLAIM, "volume", ""))
    yield from map(ref_of, reader.by(CLAIM, "volume", objects.name_of(volume)))
