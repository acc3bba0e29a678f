"""What loops that own pods do to them, with the Events they say it with: create, delete, adopt, release, keep history.

Used by every controller that makes pods from a template. It only builds actions and Differences; what a pod looks like
and which pods are whose is decided in app/component_helpers. Models kubernetes/pkg/controller/controller_utils.go
(`RealPodControl`) and controller_ref_manager.go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from app.api import objects, selectors
from app.api.messages import N_, Message, Saying, counted, many, message
from app.api.objects import Obj, Ref, ref_of
from app.component_helpers import replicas, revisions
from app.component_helpers.replicas import Claims
from app.component_helpers.revisions import History
from app.reconcile import Announce, Cache, Create, Delete, Difference, KeyFunction, Patch, Reader, Wake


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
        yield owners_differ(pod, name, None, "OrphanMatches", replicas.owners_with(pod, owner))
    for pod in claims.released:
        yield owners_differ(pod, None, name, "OwnedPodNoLongerMatches", replicas.owners_without(pod, owner))


def owners_differ(obj: Obj, desired: str | None, observed: str | None, reason: str, owners: list[Obj]) -> Difference:
    """Of a pod or what else has an owner: who that should be and who it is, by name, and the references that say so."""
    patch = {"metadata": {"ownerReferences": owners or None}}
    actions = (Patch(ref_of(obj), patch, uid=objects.uid_of(obj)),)
    return Difference(ref_of(obj), "metadata.ownerReferences", desired, observed, reason, actions)


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


def woken_by_pods(kind: str) -> Wake:
    """For loops that own pods."""
    return Wake("Pod", owner_or_claimants(kind), when=replicas.matters)


def pods_of_few(kind: str) -> Cache:
    """The pods of a kind that most clusters have no object of: changes of others are not even delivered."""
    return Cache("Pod", sees=replicas.matters_to(kind), indexes={"controller": replicas.controller_or_namespace})


REVISIONS = Cache(revisions.KIND, indexes={"controller": revisions.by_owner})


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
    elif history.held != (number := revisions.number_of(update)):
        renumbered = Patch(ref_of(update), {"revision": number}, uid=objects.uid_of(update))
        yield Difference(ref_of(update), "revision", number, history.held, "TemplateIsBack", (renumbered,))


def shorten_history(owner: Obj, history: History, live: Collection[str]) -> Iterator[Difference]:
    """Former revisions beyond `spec.revisionHistoryLimit` go. `live` are the names of those that pods are of."""
    limit = owner["spec"].get("revisionHistoryLimit", 10)
    for revision in revisions.surplus(owner, history.revisions, live):
        held = len(history.revisions)
        yield Difference(ref_of(revision), "spec.revisionHistoryLimit", limit, held, "HistoryTooLong",
                         (Delete(ref_of(revision)),))  # fmt: skip


def counts_pods(name: str, n: int) -> Message:
    """What a loop saw that counts the pods of an owner."""
    return message(N_("%(who)s counts the pods of %(name)s: %(n)s."), name=name, n=n)


def too_few(gap: Difference) -> Message:
    missing = gap.desired - gap.observed
    if gap.desired == 1:
        return message(N_("One is wanted: it is missing."))
    if missing == 1:
        return message(N_("%(desired)s are wanted: one is missing."), desired=gap.desired)
    return message(N_("%(desired)s are wanted: %(n)s are missing."), desired=gap.desired, n=missing)


def too_many(gap: Difference) -> Message:
    surplus = gap.observed - gap.desired
    if gap.desired == 0:
        return counted(many("No pod is wanted: one must go.", "No pod is wanted: %(n)s must go."), surplus)
    if gap.desired == 1:
        return counted(many("One is wanted: one is too many.", "One is wanted: %(n)s are too many."), surplus)
    if surplus == 1:
        return message(N_("%(desired)s are wanted: one is too many."), desired=gap.desired)
    return message(N_("%(desired)s are wanted: %(n)s are too many."), desired=gap.desired, n=surplus)


SAYS = {
    "OrphanMatches": Saying(
        N_("%(about)s has the right labels and no owner."),
        N_("an orphan to adopt"),
        {"*": N_("It adopts %(name)s.")},
    ),
    "OwnedPodNoLongerMatches": Saying(
        N_("The labels of %(about)s do not match any more."), N_("one to let go"), {"*": N_("It lets %(name)s go.")}
    ),
    "TooFewReplicas": Saying(
        too_few, many("one pod short", "%(n)s pods short"), {"Pod": N_("It creates one: %(name)s.")}
    ),
    "TooManyReplicas": Saying(
        too_many, many("one pod too many", "%(n)s pods too many"), {"Pod": N_("It deletes one: %(name)s.")}
    ),
    "NamespaceTerminating": Saying(
        N_("Pods are missing, but the namespace is being deleted."),
        N_("the namespace goes"),
        needs=N_("Nothing is made in a namespace that goes: it must be made anew."),
    ),
    "MinReadySecondsNotOver": Saying(
        N_("Ready: %(desired)s. Long enough to be available: %(observed)s."),
        N_("ready, not yet available"),
        needs=N_("They must stay ready for minReadySeconds."),
    ),
    "NewRevisionNeeded": Saying(
        N_("Its pod template is new: no revision holds it yet."),
        N_("a new template"),
        {"ControllerRevision": N_("It keeps the template as a revision.")},
    ),
    "TemplateIsBack": Saying(
        N_("An earlier pod template is back: it is revision %(desired)s now."), N_("an old template again")
    ),
    "HistoryTooLong": Saying(
        N_("Old revisions: %(observed)s. To be kept: %(desired)s."),
        N_("too much history"),
        {"ControllerRevision": N_("It deletes the oldest revision.")},
    ),
}
"""What loops that own pods say in the same words, by the reason of the Difference."""
