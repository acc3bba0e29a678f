"""What loops that own pods do to them, with the Events they say it with: create, delete, adopt, release.

Used by every controller that makes pods from a template. It only builds actions and Differences; what a pod looks like
and which pods are whose is decided in app/api. Models kubernetes/pkg/controller/controller_utils.go (`RealPodControl`)
and controller_ref_manager.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api import objects, replicas
from app.api.objects import Obj, ref_of
from app.api.replicas import Claims
from app.reconcile import Announce, Create, Delete, Difference, Patch


def creation(owner: Obj, pod: Obj) -> Create:
    return Create(
        pod,
        announce=Announce(owner, "Normal", "SuccessfulCreate", "Created pod: {name}"),
        on_error=Announce(owner, "Warning", "FailedCreate", "Error creating: {error}"),
    )


def deletion(owner: Obj, pod: Obj) -> Delete:
    return Delete(
        ref_of(pod),
        announce=Announce(owner, "Normal", "SuccessfulDelete", "Deleted pod: {name}"),
        on_error=Announce(owner, "Warning", "FailedDelete", "Error deleting: {error}"),
    )


def adopt_and_release(owner: Obj, claims: Claims) -> Iterator[Difference]:
    """Make the owner references of pods agree with what the owner's selector says."""
    name = objects.name_of(owner)
    for pod in claims.adopted:
        yield _owners_differ(pod, name, None, "OrphanMatches", replicas.owners_with(pod, owner))
    for pod in claims.released:
        yield _owners_differ(pod, None, name, "OwnedPodNoLongerMatches", replicas.owners_without(pod, owner))


def _owners_differ(pod: Obj, desired: str | None, observed: str | None, reason: str, owners: list[Obj]) -> Difference:
    patch = {"metadata": {"ownerReferences": owners or None}}
    actions = (Patch(ref_of(pod), patch, uid=objects.uid_of(pod)),)
    return Difference(ref_of(pod), "metadata.ownerReferences", desired, observed, reason, actions)
