"""The claim protection decides: a claim and the pods that use it -> whether its finalizer stays."""

from __future__ import annotations

import pytest

from app.api.objects import Obj, Ref
from app.controllers.volume.claim_protection import ClaimProtection, ClaimUsed
from app.reconcile import Difference, Patch
from tests.support.builders import pod
from tests.support.reading import reader

VOLUMES = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
KEY = Ref("PersistentVolumeClaim", "default", "data")


def claim(*finalizers: str, deleting: bool = False) -> Obj:
    meta = {"name": "data", "namespace": "default", "uid": "claim", "finalizers": [*finalizers]}
    meta |= {"deletionTimestamp": "2026-01-01T00:00:00Z"} if deleting else {}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": {}}


GOING = claim("example.com/mine", "kubernetes.io/pvc-protection", deleting=True)


def diff(of: Obj, *users: Obj) -> list[Difference]:
    return list(ClaimProtection().diff(ClaimUsed(of, users)))


def finalizers(found: list[Difference]) -> object:
    (gap,) = found
    (patch,) = gap.actions
    assert isinstance(patch, Patch)
    return patch.patch["metadata"]["finalizers"]


def test_one_that_is_used_stays() -> None:
    (gap,) = diff(GOING, pod("db"))
    assert (gap.reason, gap.observed, gap.actions) == ("ClaimInUse", ["db"], ())


def test_one_that_nobody_uses_is_let_go_but_for_the_finalizers_of_others() -> None:
    assert finalizers(diff(GOING)) == ["example.com/mine"]
    assert finalizers(diff(claim("kubernetes.io/pvc-protection", deleting=True))) is None


def test_one_that_lost_its_finalizer_gets_it_again_unless_it_is_to_go() -> None:
    assert finalizers(diff(claim())) == ["kubernetes.io/pvc-protection"]
    assert diff(claim("kubernetes.io/pvc-protection")) == []
    assert diff(claim(deleting=True)) == []


@pytest.mark.parametrize(
    ("of", "uses"),
    [
        (pod("db", volumes=VOLUMES), True),
        (pod("db", volumes=VOLUMES, phase="Succeeded"), False),
        (pod("db", volumes=VOLUMES, node=""), False),
        (pod("db"), False),
    ],
)
def test_who_uses_it(of: Obj, uses: bool) -> None:
    seen = ClaimProtection().observe(KEY, reader(ClaimProtection(), GOING, of))
    assert seen is not None
    assert bool(seen.users) is uses


def test_a_pod_that_ends_or_is_gone_wakes_its_claims() -> None:
    _, wake = ClaimProtection().wakes
    used = pod("db", volumes=VOLUMES)
    assert wake.when is not None
    assert [wake.when(used, None), wake.when(used, {**used, "status": {"phase": "Failed"}})] == [True, True]
    assert not wake.when(None, used)
    assert list(wake.keys(used, reader(ClaimProtection(), used))) == [KEY]
