"""What loops that own pods do to them, with the Events they say it with: create, delete, adopt, release, keep history.

Used by every controller that makes pods from a template. It only builds actions and Differences; what a pod looks like
and which pods are whose is decided in app/api. Models kubernetes/pkg/controller/controller_utils.go (`RealPodControl`)
and controller_ref_manager.go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from app.api import objects, selectors
from app.api.messages import N_, Saying, many
from app.api.objects import Obj, Ref, ref_of
from app.component_helpers import replicas, revisions
from app.component_helpers.replicas import Claims
from app.component_helpers.revisions import History
from app.reconcile import Announce, Create, Delete, Difference, KeyFunction, Patch, Reader, Watch


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


# -------------------------------------------------------------------------------------------------- waking


def owner_or_claimants(kind: str) -> KeyFunction:
    """A pod wakes its controller; an orphan all of `kind` that would adopt it (indexed by namespace)."""

    def keys(pod: Obj, reader: Reader) -> Iterable[Ref]:
        owner, namespace = objects.controller_of(pod), objects.namespace_of(pod)
        if owner is not None:
            return (Ref(kind, namespace, owner["name"]),) if objects.is_of(owner, kind) else ()
        labels = objects.labels_of(pod)
        candidates = reader.by(kind, "namespace", namespace) if labels else ()
        return tuple(ref_of(each) for each in candidates if selectors.matches(selectors.of_owner(each), labels))

    return keys


def watch_pods_of_few(kind: str) -> Watch:
    """The pods of a kind that most clusters have no object of: those of others are not even delivered."""
    return Watch(
        "Pod",
        owner_or_claimants(kind),
        when=replicas.matters,
        matters=replicas.matters_to(kind),
        indexes={"controller": replicas.controller_or_namespace},
    )


def watch_revisions() -> Watch:
    return Watch(revisions.KIND, wakes_nobody, indexes={"controller": revisions.by_owner})


def wakes_nobody(obj: Obj, reader: Reader) -> Iterable[Ref]:
    """For a kind that a loop only looks at."""
    return ()


# ----------------------------------------------------------------------------------------------- revisions


def keep_history(owner: Obj, history: History, taken: Iterable[Obj]) -> Iterator[Difference]:
    """The ControllerRevision of the present template exists and bears the highest number; lost ones are adopted."""
    for revision in taken:
        patch = {"metadata": {"ownerReferences": replicas.owners_with(revision, owner)}}
        actions = (Patch(ref_of(revision), patch, uid=objects.uid_of(revision)),)
        yield Difference(
            ref_of(revision), "metadata.ownerReferences", objects.name_of(owner), None, "OrphanMatches", actions
        )
    update = history.update
    if not history.exists:
        name = objects.name_of(update)
        yield Difference(ref_of(owner), "revision", name, None, "NewRevisionNeeded", (Create(update),))
    elif history.held != update["revision"]:
        patch = {"revision": update["revision"]}
        yield Difference(
            ref_of(update),
            "revision",
            update["revision"],
            history.held,
            "TemplateIsBack",
            (Patch(ref_of(update), patch, uid=objects.uid_of(update)),),
        )


def shorten_history(owner: Obj, history: History, live: Collection[str]) -> Iterator[Difference]:
    """Former revisions beyond `spec.revisionHistoryLimit` go. `live` are the names of those that pods are of."""
    limit = owner["spec"].get("revisionHistoryLimit", 10)
    for revision in revisions.surplus(owner, history.revisions, live):
        held = len(history.revisions)
        yield Difference(ref_of(revision), "spec.revisionHistoryLimit", limit, held, "HistoryTooLong",
                         (Delete(ref_of(revision)),))  # fmt: skip


SAYS = {
    "OrphanMatches": Saying(
        N_("%(kind)s %(about)s has the right labels and no owner. %(desired)s adopts it."), N_("an orphan to adopt")
    ),
    "OwnedPodNoLongerMatches": Saying(
        N_("Pod %(about)s lost the labels that made it part of %(observed)s. It is let go."), N_("one to let go")
    ),
    "TooFewReplicas": Saying(
        N_("%(kind)s %(about)s wants %(desired)s pods and counts %(observed)s. It creates what is missing."),
        many("one pod short", "%(n)s pods short"),
    ),
    "TooManyReplicas": Saying(
        N_("%(kind)s %(about)s wants %(desired)s pods and counts %(observed)s. It deletes the surplus."),
        many("one pod too many", "%(n)s pods too many"),
    ),
    "MinReadySecondsNotOver": Saying(
        N_("Pods of %(about)s are ready, but not long enough yet to count as available."),
        N_("ready, not yet available"),
    ),
    "NewRevisionNeeded": Saying(
        N_("The pod template of %(about)s is new. It is kept as revision %(desired)s."), N_("a new template")
    ),
    "TemplateIsBack": Saying(
        N_("An earlier pod template is back: %(about)s becomes revision %(desired)s."), N_("an old template again")
    ),
    "HistoryTooLong": Saying(
        N_("%(desired)s former revisions are kept. %(about)s is beyond that and goes."), N_("too much history")
    ),
}
"""What loops that own pods say in the same words, by the reason of the Difference."""
