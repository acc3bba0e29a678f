"""The binder decides: which volume a claim gets, and what becomes of a volume whose claim is gone."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import objects
from app.api.objects import Obj, Ref
from app.controllers.volume import volumes
from app.controllers.volume.persistentvolumeclaim import ClaimObservation, PersistentVolumeBinder, VolumeObservation
from app.reconcile import Announce, Create, Delete, Difference, Patch, Update, UpdateStatus

COMPLETED = {"pv.kubernetes.io/bind-completed": "yes"}


def obj(kind: str, name: str, spec: dict[str, Any], phase: str, **meta: Any) -> Obj:
    namespace = {"namespace": "shop"} if kind == "PersistentVolumeClaim" else {}
    meta = {"name": name, **namespace, "uid": f"uid-{name}", "resourceVersion": "7", **meta}
    return {"apiVersion": "v1", "kind": kind, "metadata": meta, "spec": spec, "status": {"phase": phase}}


def claim(size: str = "3Gi", phase: str = "Pending", annotations: dict[str, str] | None = None, **spec: Any) -> Obj:
    body = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}
    meta = {"annotations": annotations} if annotations else {}
    return obj("PersistentVolumeClaim", "data", {"volumeMode": "Filesystem", **body}, phase, **meta)


def volume(
    name: str = "disk", size: str = "5Gi", *, of: Obj | None = None, phase: str = "Available",
    labels: dict[str, str] | None = None, policy: str = "Retain", **spec: Any,
) -> Obj:  # fmt: skip
    given = {"claimRef": volumes.claim_reference(of)} if of else {}
    body = {"capacity": {"storage": size}, "accessModes": ["ReadWriteOnce", "ReadOnlyMany"], **given, **spec}
    body |= {"persistentVolumeReclaimPolicy": policy, "volumeMode": "Filesystem"}
    return obj("PersistentVolume", name, body, phase, **({"labels": labels} if labels else {}))


def for_claim(of: Obj, held: Obj | None = None, *free: Obj, storage_class: Obj | None = None) -> list[Difference]:
    return list(PersistentVolumeBinder().diff(ClaimObservation(of, held, free, storage_class)))


def for_volume(of: Obj, held: Obj | None = None) -> list[Difference]:
    return list(PersistentVolumeBinder().diff(VolumeObservation(of, held)))


# ------------------------------------------------------------------------------------------------- claims


def test_a_volume_is_made_for_a_claim_that_no_volume_fits() -> None:
    (gap,) = for_claim(claim(storageClassName="fast"))
    (create,) = gap.actions
    assert isinstance(create, Create)
    spec = create.obj["spec"]
    assert (gap.reason, gap.desired, create.obj["metadata"]["name"]) == (
        "VolumeMissing",
        "pvc-uid-data",
        "pvc-uid-data",
    )
    assert (spec["capacity"], spec["storageClassName"]) == ({"storage": "3Gi"}, "fast")
    assert (spec["claimRef"]["uid"], spec["persistentVolumeReclaimPolicy"]) == ("uid-data", "Delete")
    assert create.announce is not None
    assert create.announce.message == "Successfully provisioned volume pvc-uid-data"


def test_the_class_says_what_becomes_of_its_volumes() -> None:
    keep = {"kind": "StorageClass", "reclaimPolicy": "Retain"}
    (create,) = for_claim(claim(storageClassName="safe"), storage_class=keep)[0].actions
    assert isinstance(create, Create)
    assert create.obj["spec"]["persistentVolumeReclaimPolicy"] == "Retain"


def test_the_smallest_volume_that_fits_is_taken_the_volume_first() -> None:
    (gap,) = for_claim(claim(), None, volume("big", "9Gi"), volume("fits", "4Gi"), volume("small", "1Gi"))
    give, name = gap.actions
    assert isinstance(give, Update)
    assert isinstance(name, Patch)
    assert give.obj["metadata"]["name"] == gap.desired == "fits"
    assert give.obj["metadata"]["resourceVersion"] == "7", "two claims may meet here: the later one is refused"
    assert give.obj["spec"]["claimRef"]["uid"] == "uid-data"
    assert name.patch["spec"] == {"volumeName": "fits"}
    assert set(name.patch["metadata"]["annotations"]) == {
        "pv.kubernetes.io/bind-completed",
        "pv.kubernetes.io/bound-by-controller",
    }


@pytest.mark.parametrize(
    "unfit",
    [
        pytest.param(volume(size="2Gi"), id="too small"),
        pytest.param(volume(storageClassName="slow"), id="of another class"),
        pytest.param(volume(accessModes=["ReadOnlyMany"]), id="without the access mode"),
        pytest.param(volume(of=obj("PersistentVolumeClaim", "other", {}, "Bound")), id="somebody else's"),
        pytest.param(objects.with_metadata(volume(), deletionTimestamp="2026-01-01T00:00:00Z"), id="on its way out"),
    ],
)
def test_what_does_not_fit(unfit: Obj) -> None:
    assert volumes.best_match(claim(), [unfit]) is None


def test_a_selector_chooses_among_volumes() -> None:
    wanted = claim(selector={"matchLabels": {"tier": "fast"}})
    assert volumes.best_match(wanted, [volume("a"), volume("b", labels={"tier": "fast"})]) == volume(
        "b", labels={"tier": "fast"}
    )


def test_a_volume_reserved_by_name_is_taken_before_smaller_ones() -> None:
    reserved = volume("kept", "9Gi", claimRef={"namespace": "shop", "name": "data"})
    assert volumes.best_match(claim(), [volume("small", "4Gi"), reserved]) is reserved


def test_a_claim_with_the_empty_class_waits_for_somebody_to_make_a_volume() -> None:
    (gap,) = for_claim(claim(storageClassName=""))
    (told,) = gap.actions
    assert isinstance(told, Announce)
    assert (gap.reason, told.reason) == ("WaitingForVolume", "FailedBinding")
    assert told.message == "no persistent volumes available for this claim and no storage class is set"


def test_a_bound_claim_tells_what_it_got() -> None:
    bound = claim(volumeName="disk", annotations=COMPLETED)
    (gap,) = for_claim(bound, volume(of=bound))
    (action,) = gap.actions
    assert isinstance(action, UpdateStatus)
    modes = ["ReadWriteOnce", "ReadOnlyMany"]
    assert action.status == {"phase": "Bound", "accessModes": modes, "capacity": {"storage": "5Gi"}}
    assert for_claim({**bound, "status": action.status}, volume(of=bound)) == []


def test_a_volume_that_a_person_named_is_given_to_the_claim() -> None:
    (gap,) = for_claim(claim(volumeName="disk"), volume())
    assert [type(action) for action in gap.actions] == [Update, Patch]
    assert gap.actions[1].patch["metadata"]["annotations"] == COMPLETED  # type: ignore[union-attr]
    assert for_claim(claim(volumeName="disk"))[0].reason == "WaitingForVolume"


def test_a_half_made_binding_is_completed() -> None:
    mine = claim()
    (gap,) = for_claim(mine, volume(of=mine))
    assert [type(action) for action in gap.actions] == [Patch]


def test_a_claim_that_lost_its_volume_says_so() -> None:
    (gap,) = for_claim(claim(phase="Bound", volumeName="disk", annotations=COMPLETED))
    (action,) = gap.actions
    assert isinstance(action, UpdateStatus)
    assert action.status == {"phase": "Lost"}
    assert action.announce is not None
    assert (action.announce.type, action.announce.reason) == ("Warning", "ClaimLost")


def test_a_claim_that_is_being_deleted_is_left_alone() -> None:
    assert for_claim(objects.with_metadata(claim(), deletionTimestamp="2026-01-01T00:00:00Z")) == []


# ------------------------------------------------------------------------------------------------ volumes


@pytest.mark.parametrize(
    ("held", "of", "phase"),
    [
        pytest.param(volume(phase="Pending"), None, "Available", id="nobody's"),
        pytest.param(
            volume(phase="Pending", claimRef={"namespace": "shop", "name": "data"}), None, "Available", id="reserved"
        ),
        pytest.param(volume(of=claim()), claim(volumeName="disk"), "Bound", id="its claim names it"),
        pytest.param(volume(of=claim(), phase="Bound"), None, "Released", id="its claim is gone"),
        pytest.param(
            volume(of=claim(), phase="Bound"), objects.with_metadata(claim(), uid="another"), "Released",
            id="another claim of that name came",
        ),
    ],
)  # fmt: skip
def test_the_phase_of_a_volume(held: Obj, of: Obj | None, phase: str) -> None:
    (gap,) = for_volume(held, of)
    (action,) = gap.actions
    assert isinstance(action, UpdateStatus)
    assert action.status == {"phase": phase}


def test_a_volume_that_its_claim_does_not_name_yet_waits() -> None:
    assert for_volume(volume(of=claim(), phase="Pending"), claim()) == []


@pytest.mark.parametrize(("policy", "goes"), [("Delete", True), ("Retain", False)])
def test_a_released_volume_goes_if_its_policy_says_so(policy: str, goes: bool) -> None:
    held = volume(of=claim(), phase="Released", policy=policy)
    gaps = for_volume(held)
    assert [gap.actions for gap in gaps] == (
        [(Delete(Ref("PersistentVolume", "", "disk"), uid="uid-disk"),)] if goes else []
    )
