"""Which claims a pod has, and how a claim comes to its volume. Asked by the scheduler, the volume binder and others.

Models component-helpers `storage/ephemeral` and `storage/volume`.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api.objects import Obj, name_of

PROTECTION, VOLUME_PROTECTION = "kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"
"""Finalizers: of claims that a pod may use, of volumes that a claim may be bound to."""
_NO_PROVISIONER = "kubernetes.io/no-provisioner"


def of_pod(pod: Obj) -> Iterator[tuple[str, bool]]:
    """Name, and whether the claim is the pod's own: made for it, and gone with it."""
    for volume in pod["spec"].get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            yield volume["persistentVolumeClaim"]["claimName"], False
        elif "ephemeral" in volume:
            yield own_name(pod, volume), True


def own_name(pod: Obj, volume: Obj) -> str:
    return f"{name_of(pod)}-{volume['name']}"


def gets_one_made(claim: Obj, storage_class: Obj | None) -> bool:
    """If no volume fits; with the class "", and of a class that makes none, it waits for one."""
    if claim["spec"].get("storageClassName") == "":
        return False
    return storage_class is None or storage_class.get("provisioner") != _NO_PROVISIONER


def waits_for_pod(storage_class: Obj | None) -> bool:
    return storage_class is not None and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
