"""The ephemeral volume controller decides: a pod and the claims that it brings along -> those that are missing."""

from __future__ import annotations

from app.api.objects import Obj
from app.controllers.volume.ephemeral import EphemeralSeen, EphemeralVolumeController, brings_claims
from app.reconcile import Announce, Create
from tests.support.builders import pod

SPEC = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
TEMPLATE = {"metadata": {"labels": {"type": "scratch"}}, "spec": SPEC}
COOK = pod("cook", volumes=[{"name": "scratch", "ephemeral": {"volumeClaimTemplate": TEMPLATE}}])


def actions(of: Obj, claim: Obj | None = None) -> list[object]:
    there = {} if claim is None else {"cook-scratch": claim}
    gaps = EphemeralVolumeController().diff(EphemeralSeen(of, there))
    return [action for gap in gaps for action in gap.actions]


def made() -> Obj:
    (create,) = actions(COOK)
    assert isinstance(create, Create)
    return create.obj


def test_a_claim_is_made_from_the_template_as_the_pods_own() -> None:
    claim = made()
    assert (claim["metadata"]["name"], claim["metadata"]["labels"]) == ("cook-scratch", {"type": "scratch"})
    assert claim["spec"] == SPEC
    (owner,) = claim["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["controller"], owner["blockOwnerDeletion"]) == (
        "Pod",
        "cook",
        True,
        True,
    )


def test_one_that_is_there_is_left_alone() -> None:
    assert actions(COOK, made()) == []


def test_that_of_another_is_not_taken() -> None:
    claim = made()
    (told,) = actions(COOK, {**claim, "metadata": {**claim["metadata"], "ownerReferences": []}})
    assert isinstance(told, Announce)
    assert (told.reason, told.message) == (
        "FailedBinding",
        "ephemeral volume scratch: PVC default/cook-scratch was not created for pod default/cook (pod is not owner)",
    )


def test_a_pod_that_goes_gets_none() -> None:
    assert actions({**COOK, "metadata": {**COOK["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}) == []


def test_other_pods_are_not_its_business() -> None:
    assert brings_claims(COOK)
    assert not brings_claims(pod())
