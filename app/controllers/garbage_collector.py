"""The garbage collector: removes what nobody owns any more, and finishes deletions that wait for dependents.

The engine runs it for an object of any kind, and only when something may have to go: one of its owners is absent or
is being deleted in the foreground, or it is itself being deleted with the finalizer `foregroundDeletion` or `orphan`.
Ordinary changes wake nobody. An owner is known by its uid: another object of the same name is a stranger.
Models kubernetes/pkg/controller/garbagecollector: garbagecollector.go, graph_builder.go, operations.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.api import objects
from app.api.kinds import Kind
from app.api.messages import N_, Message, Saying, many, message
from app.api.objects import Obj, Ref, kind_of, ref_of
from app.reconcile import Action, Announce, Cache, Controller, Delete, Difference, Patch, Reader, Wake, metadata_differs

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


@dataclass(frozen=True, slots=True)
class OwnershipObservation:
    obj: Obj
    solid_owners: tuple[Ref, ...]  # there, and not waiting for dependents to go
    absent_owners: tuple[Ref, ...]
    waiting_owners: tuple[Ref, ...]  # being deleted in the foreground: they go after their dependents
    dependents: tuple[Obj, ...]  # objects that name this one as an owner; read where it may matter
    strangers: tuple[Obj, ...] = ()  # references to an owner that lives in another namespace


_OWNER_OFF = N_("It takes the owner off %(name)s.")


class GarbageCollector(Controller[OwnershipObservation]):
    name = "garbage-collector"
    component = "garbage-collector-controller"
    title = N_("Garbage")
    subject = N_("The garbage collector")
    lane = 220
    reconciles = "*"
    concurrency = 20
    wakes = ()
    says = {
        "OwnerAbsent": Saying(N_("Its owner, %(observed)s, is gone."), N_("the owner is gone")),
        "OwnerWaitsForDependents": Saying(
            N_("Its owner, %(observed)s, is being deleted: %(about)s goes first."), N_("the owner waits")
        ),
        "OwnerRefInvalidNamespace": Saying(
            N_("%(about)s names an owner that lives in another namespace."), N_("an owner elsewhere")
        ),
        "OwnerReferenceDangles": Saying(
            N_("%(about)s names an owner that is gone or going."), N_("an owner less"), {"*": _OWNER_OFF}
        ),
        "OwnerOrphansDependents": Saying(
            N_("%(about)s must stay, without its owner."), N_("left as an orphan"), {"*": _OWNER_OFF}
        ),
        "DependentsOrphaned": Saying(
            N_("Nothing names %(about)s as its owner any more."), N_("left by all"), {"*": N_("It lets %(name)s go.")}
        ),
        "WaitingForDependents": Saying(
            many(
                "%(n)s object that belongs to %(about)s must go first.",
                "%(n)s objects that belong to %(about)s must go first.",
            ),
            N_("dependents first"),
            needs=N_("What belongs to it and blocks its deletion must be gone; left: %(observed)s."),
        ),
        "DependentsGone": Saying(
            N_("Nothing holds %(about)s any more: it may go."), N_("held no more"), {"*": N_("It lets %(name)s go.")}
        ),
    }

    def follows(self, row: Kind) -> Iterable[Cache | Wake]:
        if _is_collected(row):
            yield Wake(row.key, _concerned, when=_may_matter)
            yield Cache(row.key, sees=metadata_differs, indexes={"owner": _owners})

    def observe(self, key: Ref, reader: Reader) -> OwnershipObservation | None:
        obj = reader.get(key) if reader.kind(key.kind) else None
        if obj is None:
            return None
        solid, absent, waiting, strangers = [], [], [], []
        for reference in objects.owner_refs(obj):
            owner_ref = _ref_of_owner(obj, reference, reader)
            owner = _owner(owner_ref, reference["uid"], reader)
            if owner is None and _lives_elsewhere(owner_ref, reference["uid"], reader):
                strangers.append(reference)
            if owner is None and _cannot_be(obj, owner_ref, reader):
                solid.append(owner_ref)
            elif owner is None:
                absent.append(owner_ref)
            elif _deletes_in(owner, FOREGROUND):
                waiting.append(owner_ref)
            else:
                solid.append(owner_ref)
        dependents = tuple(_dependents(obj, reader)) if waiting or _is_finishing(obj) else ()
        return OwnershipObservation(obj, tuple(solid), tuple(absent), tuple(waiting), dependents, tuple(strangers))

    @staticmethod
    def saw(seen: OwnershipObservation) -> Message:
        what = ref_of(seen.obj)
        if objects.is_terminating(seen.obj):
            text = N_("%(who)s sees %(what)s go; objects that name it as owner: %(n)s.")
            return message(text, what=what, n=len(seen.dependents))
        if seen.waiting_owners and not seen.solid_owners:
            return message(N_("%(who)s sees the owner of %(what)s being deleted."), what=what)
        if seen.absent_owners and not seen.solid_owners:
            return message(N_("%(who)s finds no owner of %(what)s."), what=what)
        return message(N_("%(who)s looks for the owners of %(what)s."), what=what)

    def diff(self, seen: OwnershipObservation) -> Iterable[Difference]:
        if _deletes_in(seen.obj, ORPHAN):
            yield from _orphan(seen)
        elif _deletes_in(seen.obj, FOREGROUND):
            yield from _finish(seen)
        elif not objects.is_terminating(seen.obj):
            yield from _as_a_dependent(seen)


# ----------------------------------------------------------------------------------------- as a dependent


def _as_a_dependent(seen: OwnershipObservation) -> Iterator[Difference]:
    for reference in seen.strangers:
        yield _misplaced(seen.obj, reference)
    if seen.solid_owners:
        yield from _forget_owners(seen)
    elif seen.absent_owners or seen.waiting_owners:
        yield _collect(seen)


def _collect(seen: OwnershipObservation) -> Difference:
    """Nobody owns it any more. If an owner waits for it and it has dependents itself, those go before it too; where one
    of those waits as well, the two may own each other: it no longer blocks its owners then."""
    ref, finalizers = ref_of(seen.obj), seen.obj["metadata"].get("finalizers") or ()
    if seen.waiting_owners and seen.dependents:
        propagation = "Foreground"
    else:
        propagation = "Orphan" if ORPHAN in finalizers else "Foreground" if FOREGROUND in finalizers else "Background"
    reason = "OwnerWaitsForDependents" if seen.waiting_owners else "OwnerAbsent"
    owner = (*seen.waiting_owners, *seen.absent_owners)[0]
    actions: tuple[Action, ...] = (Delete(ref, uid=objects.uid_of(seen.obj), propagation=propagation),)
    if seen.waiting_owners and any(_deletes_in(each, FOREGROUND) for each in seen.dependents):
        freed = [{**each, "blockOwnerDeletion": False} for each in objects.owner_refs(seen.obj)]
        actions = (_with_owners(seen.obj, freed), *actions)
    return Difference(ref, "metadata.ownerReferences", None, owner, reason, actions)


def _misplaced(obj: Obj, reference: Obj) -> Difference:
    """An owner must live in the namespace of its dependent."""
    here = objects.namespace_of(obj)
    named = f"{reference['apiVersion']}/{reference['kind']}, namespace: {here}, name: {reference['name']}"
    text = f'ownerRef [{named}, uid: {reference["uid"]}] does not exist in namespace "{here}"'
    told = (Announce(obj, "Warning", "OwnerRefInvalidNamespace", text),)
    owner = Ref(kind_of(reference), here, reference["name"])
    return Difference(ref_of(obj), "metadata.ownerReferences", None, owner, "OwnerRefInvalidNamespace", told)


def _forget_owners(seen: OwnershipObservation) -> Iterator[Difference]:
    """It still has an owner: only the references to those that are gone, or are waiting to be, go."""
    gone = {(ref.kind, ref.name) for ref in (*seen.absent_owners, *seen.waiting_owners)}
    if not gone:
        return
    kept = [each for each in objects.owner_refs(seen.obj) if (kind_of(each), each["name"]) not in gone]
    owners = seen.solid_owners, (*seen.solid_owners, *seen.absent_owners, *seen.waiting_owners)
    yield Difference(
        ref_of(seen.obj), "metadata.ownerReferences", *owners, "OwnerReferenceDangles", (_with_owners(seen.obj, kept),)
    )


# -------------------------------------------------------------------------------------------- as an owner


def _orphan(seen: OwnershipObservation) -> Iterator[Difference]:
    """Deleted with `--cascade=orphan`: the dependents forget it and stay."""
    uid = objects.uid_of(seen.obj)
    for dependent in seen.dependents:
        kept = [reference for reference in objects.owner_refs(dependent) if reference["uid"] != uid]
        yield Difference(
            ref_of(dependent),
            "metadata.ownerReferences",
            None,
            ref_of(seen.obj),
            "OwnerOrphansDependents",
            (_with_owners(dependent, kept),),
        )
    if not seen.dependents:
        yield _without_finalizer(seen.obj, ORPHAN, "DependentsOrphaned")


def _finish(seen: OwnershipObservation) -> Iterator[Difference]:
    """Deleted with `--cascade=foreground`: it goes when no dependent that blocks it is left."""
    uid = objects.uid_of(seen.obj)
    blocking = [each for each in seen.dependents if _blocks(each, uid)]
    if blocking:
        yield Difference(ref_of(seen.obj), "dependents", 0, len(blocking), "WaitingForDependents")
    else:
        yield _without_finalizer(seen.obj, FOREGROUND, "DependentsGone")


def _without_finalizer(obj: Obj, finalizer: str, reason: str) -> Difference:
    held = obj["metadata"].get("finalizers") or []
    kept = [each for each in held if each != finalizer]
    actions = (Patch(ref_of(obj), {"metadata": {"finalizers": kept or None}}, uid=objects.uid_of(obj)),)
    return Difference(ref_of(obj), "metadata.finalizers", kept, held, reason, actions)


def _with_owners(obj: Obj, owners: list[Obj]) -> Patch:
    return Patch(ref_of(obj), {"metadata": {"ownerReferences": owners or None}}, uid=objects.uid_of(obj))


# ------------------------------------------------------------------------------------------ waking and looking


def _may_matter(old: Obj | None, new: Obj | None) -> bool:
    """Not for the thousands of changes that leave owners and life alone."""
    if old is None or new is None:
        return True
    before, now = old["metadata"].get("ownerReferences"), new["metadata"].get("ownerReferences")
    return (before is not now and before != now) or (_is_finishing(new) and not _is_finishing(old))


def _concerned(obj: Obj, reader: Reader) -> Iterator[Ref]:
    """The object itself if an owner of it is missing or waits for it, or it is finishing its deletion; owners that wait
    for it; and, if it is gone or waits for them, its dependents."""
    ref = ref_of(obj)
    here = reader.get(ref)
    alive = here is not None and objects.uid_of(here) == objects.uid_of(obj)
    if alive and _is_finishing(obj):
        yield ref
    for reference in objects.owner_refs(obj):
        owner_ref = _ref_of_owner(obj, reference, reader)
        owner = reader.get(owner_ref) if _is_collected(reader.kind(owner_ref.kind)) else None
        if owner is None or objects.uid_of(owner) != reference["uid"]:
            if alive:
                yield ref
        elif _is_finishing(owner):
            yield owner_ref
            if alive and not objects.is_terminating(obj) and _deletes_in(owner, FOREGROUND):
                yield ref  # made while its owner was already waiting
    if not alive or _deletes_in(obj, FOREGROUND):
        yield from map(ref_of, _dependents(obj, reader))


def _owner(ref: Ref, uid: str, reader: Reader) -> Obj | None:
    """The owner by its uid. Before it counts as absent the API server is asked, for the cache may lag behind.

    A kind that is not known here cannot be looked up: its reference counts as that of an owner that is there.
    """
    if not _is_collected(reader.kind(ref.kind)):
        return {"metadata": {"uid": uid}}
    cached = reader.get(ref)
    if cached is not None and objects.uid_of(cached) == uid:
        return cached
    return next((each for each in reader.live(ref.kind, ref.namespace) if objects.uid_of(each) == uid), None)


def _lives_elsewhere(ref: Ref, uid: str, reader: Reader) -> bool:
    return any(
        objects.uid_of(each) == uid for each in reader.list(ref.kind) if objects.namespace_of(each) != ref.namespace
    )


def _cannot_be(obj: Obj, owner: Ref, reader: Reader) -> bool:
    """What belongs to the whole cluster cannot have an owner in a namespace: nobody can tell whether that is gone."""
    row = reader.kind(owner.kind)
    return row is not None and row.namespaced and not objects.namespace_of(obj)


def _dependents(obj: Obj, reader: Reader) -> Iterator[Obj]:
    uid = objects.uid_of(obj)
    for row in reader.kinds():
        if _is_collected(row):
            yield from reader.by(row.key, "owner", uid)


def _owners(obj: Obj) -> Sequence[str]:
    return [reference["uid"] for reference in objects.owner_refs(obj)]


def _is_collected(row: Kind | None) -> bool:
    """Whether objects of the kind may own and be owned."""
    return row is not None and not row.is_local and row.key != "Event"


def _ref_of_owner(obj: Obj, reference: Obj, reader: Reader) -> Ref:
    """An owner lives in the namespace of its dependent, unless its kind knows no namespaces."""
    kind = kind_of(reference)
    row = reader.kind(kind)
    namespace = objects.namespace_of(obj) if row is None or row.namespaced else ""
    return Ref(kind, namespace, reference["name"])


def _is_finishing(obj: Obj) -> bool:
    return _deletes_in(obj, FOREGROUND) or _deletes_in(obj, ORPHAN)


def _deletes_in(obj: Obj, finalizer: str) -> bool:
    meta = obj["metadata"]
    return "deletionTimestamp" in meta and finalizer in (meta.get("finalizers") or ())


def _blocks(dependent: Obj, uid: str) -> bool:
    return any(each["uid"] == uid and each.get("blockOwnerDeletion") for each in objects.owner_refs(dependent))
