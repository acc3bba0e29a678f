"""PersistentVolumes and the claims on them: which volume fits, and what a volume made for a claim looks like.

The persistentvolume-binder asks these; nothing here reads or writes.
Models `pkg/volume/util` FindMatchingVolume of component-helpers, and pv_controller.go in
kubernetes/pkg/controller/volume/persistentvolume.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.api import objects, quantities, selectors
from app.api.objects import Obj

PROVISIONER = "simulated.loopscope.dev"
BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"


def belongs(volume: Obj, claim: Obj) -> bool:
    """Is this volume the claim's: by uid, or by name where a person reserved it before the claim was there?"""
    reference = volume["spec"].get("claimRef") or {}
    named = (reference.get("namespace"), reference.get("name"))
    return named == (objects.namespace_of(claim), objects.name_of(claim)) and reference.get("uid", "") in (
        "",
        objects.uid_of(claim),
    )


def best_match(claim: Obj, volumes: Iterable[Obj]) -> Obj | None:
    """The smallest of the volumes that will do; one that is reserved for the claim before all others."""
    fitting = [volume for volume in volumes if fits(volume, claim)]
    return min(fitting, key=lambda volume: (not belongs(volume, claim), _storage(volume), volume["metadata"]["name"]),
               default=None)  # fmt: skip


def fits(volume: Obj, claim: Obj) -> bool:
    """Free or reserved for this claim, of its class and mode, with its access modes and labels, and large enough."""
    spec, wanted = volume["spec"], claim["spec"]
    free = "claimRef" not in spec or belongs(volume, claim)
    return (
        free
        and not objects.is_terminating(volume)
        and spec.get("storageClassName", "") == wanted.get("storageClassName", "")
        and spec.get("volumeMode", "Filesystem") == wanted.get("volumeMode", "Filesystem")
        and set(wanted.get("accessModes") or ()) <= set(spec.get("accessModes") or ())
        and ("selector" not in wanted or selectors.matches(wanted["selector"], objects.labels_of(volume)))
        and _storage(volume) >= quantities.parse(requested(claim))
    )


def requested(claim: Obj) -> str:
    return str(((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "0"))


def _storage(volume: Obj) -> Any:
    return quantities.parse(str((volume["spec"].get("capacity") or {}).get("storage", "0")))


def claim_reference(claim: Obj) -> dict[str, Any]:
    return {
        "kind": claim["kind"],
        "apiVersion": claim["apiVersion"],
        "namespace": objects.namespace_of(claim),
        "name": objects.name_of(claim),
        "uid": objects.uid_of(claim),
        "resourceVersion": claim["metadata"]["resourceVersion"],
    }


def reserved(volume: Obj, claim: Obj) -> Obj:
    """`volume` given to `claim`, as the binder writes it."""
    notes = {**objects.annotations_of(volume), BOUND_BY_CONTROLLER: "yes"}
    spec = {**volume["spec"], "claimRef": claim_reference(claim)}
    return {**objects.with_metadata(volume, annotations=notes), "spec": spec}


def provisioned(claim: Obj, reclaim_policy: str) -> Obj:
    """A volume made for `claim`: just as large as it asks for, and simulated, which its driver says."""
    wanted = claim["spec"]
    name = f"pvc-{objects.uid_of(claim)}"
    optional = {key: wanted[key] for key in ("storageClassName", "volumeMode") if wanted.get(key)}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
        "spec": {
            "capacity": {"storage": requested(claim)},
            "csi": {"driver": PROVISIONER, "volumeHandle": name},
            "accessModes": wanted["accessModes"],
            "claimRef": claim_reference(claim),
            "persistentVolumeReclaimPolicy": reclaim_policy,
            **optional,
        },
    }
