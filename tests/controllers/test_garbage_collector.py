"""The garbage collector decides: an object, its owners, its dependents -> what goes. And whom a change wakes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from app.api import objects
from app.api.kinds import Kind
from app.api.objects import Obj, Ref, ref_of
from app.controllers.garbage_collector import FOREGROUND, ORPHAN, GarbageCollector, OwnershipObservation
from app.reconcile import Announce, Delete, Difference, Patch, Wake
from tests.support.builders import deployment, namespace, pod, replica_set, with_status
from tests.support.kinds import KINDS, SCHEME

WEB = deployment()
RS = replica_set("web-a", owner=WEB)
POD = pod("web-a-1", owner=RS)
RS_REF, WEB_REF, POD_REF = ref_of(RS), ref_of(WEB), ref_of(POD)


def finishing(obj: Obj, finalizer: str) -> Obj:
    return objects.with_metadata(obj, deletionTimestamp="2026-01-01T09:00:00Z", finalizers=[finalizer])


def diff(
    obj: Obj,
    solid: tuple[Ref, ...] = (),
    absent: tuple[Ref, ...] = (),
    waiting: tuple[Ref, ...] = (),
    dependents: tuple[Obj, ...] = (),
) -> list[Difference]:
    return list(GarbageCollector().diff(OwnershipObservation(obj, solid, absent, waiting, dependents)))


def background(obj: Obj) -> Delete:
    return Delete(ref_of(obj), uid=objects.uid_of(obj), propagation="Background")


@pytest.mark.parametrize(
    ("facts", "reason", "action"),
    [
        pytest.param({"absent": (RS_REF,)}, "OwnerAbsent", background(POD), id="its owner is gone: it goes"),
        pytest.param({"waiting": (RS_REF,)}, "OwnerWaitsForDependents", background(POD), id="its owner waits: it goes"),
        pytest.param(
            {"waiting": (RS_REF,), "dependents": (pod("x"),)},
            "OwnerWaitsForDependents",
            Delete(POD_REF, uid="pod-web-a-1", propagation="Foreground"),
            id="its owner waits and it has dependents itself: those go before it",
        ),
    ],
)
def test_without_an_owner(facts: dict[str, Any], reason: str, action: Delete) -> None:
    (gap,) = diff(POD, **facts)
    assert (gap.reason, gap.actions) == (reason, (action,))


@pytest.mark.parametrize(
    ("obj", "facts"),
    [
        pytest.param(POD, {"solid": (RS_REF,)}, id="its owner is there"),
        pytest.param(pod("bare"), {}, id="it never had an owner"),
        pytest.param(pod("going", owner=RS, deleting=True), {"absent": (RS_REF,)}, id="it is being deleted already"),
    ],
)
def test_what_stays(obj: Obj, facts: dict[str, Any]) -> None:
    assert diff(obj, **facts) == []


def test_one_owner_of_two_is_gone_only_its_reference_goes() -> None:
    other = replica_set("web-b")
    shared = pod("shared", metadata={"ownerReferences": [objects.owner_reference(RS), objects.owner_reference(other)]})
    (gap,) = diff(shared, solid=(ref_of(other),), absent=(RS_REF,))
    patch = {"metadata": {"ownerReferences": [objects.owner_reference(other)]}}
    assert (gap.reason, gap.actions) == ("OwnerReferenceDangles", (Patch(ref_of(shared), patch, uid="pod-shared"),))


def test_foreground_waits_for_dependents_that_block() -> None:
    going = finishing(RS, FOREGROUND)
    (gap,) = diff(going, solid=(WEB_REF,), dependents=(POD,))
    assert (gap.reason, gap.observed, gap.actions) == ("WaitingForDependents", 1, ())


@pytest.mark.parametrize(
    "dependents",
    [
        pytest.param((), id="none is left"),
        pytest.param(
            (pod("x", metadata={"ownerReferences": [{**objects.owner_reference(RS), "blockOwnerDeletion": False}]}),),
            id="those that are left do not block",
        ),
    ],
)
def test_foreground_ends_when_no_dependent_blocks(dependents: tuple[Obj, ...]) -> None:
    going = finishing(RS, FOREGROUND)
    (gap,) = diff(going, solid=(WEB_REF,), dependents=dependents)
    patch = {"metadata": {"finalizers": None}}
    assert (gap.reason, gap.actions) == ("DependentsGone", (Patch(RS_REF, patch, uid="replicaset-web-a"),))


def test_orphan_makes_the_dependents_forget_their_owner_and_then_lets_it_go() -> None:
    going = finishing(RS, ORPHAN)
    (gap,) = diff(going, dependents=(POD,))
    patch = {"metadata": {"ownerReferences": None}}
    assert (gap.reason, gap.actions) == ("OwnerOrphansDependents", (Patch(POD_REF, patch, uid="pod-web-a-1"),))
    (last,) = diff(going)
    assert last.reason == "DependentsOrphaned"


# ------------------------------------------------------------------------------------------ whom a change wakes


class Cache:
    """A reader over some objects, the way an informer shows them; `hidden` are at the API server only."""

    def __init__(self, *cached: Obj, hidden: tuple[Obj, ...] = ()) -> None:
        self.cached = {ref_of(obj): obj for obj in cached}
        self.hidden = hidden

    def get(self, ref: Ref) -> Obj | None:
        return self.cached.get(ref)

    def by(self, kind: str, index: str, uid: Any) -> list[Obj]:
        return [
            o for r, o in self.cached.items() if r.kind == kind and uid in [x["uid"] for x in objects.owner_refs(o)]
        ]

    def kinds(self) -> tuple[Kind, ...]:
        return SCHEME.kinds()

    def kind(self, key: str) -> Kind | None:
        return SCHEME.find(key)

    def live(self, kind: str, namespace: str) -> list[Obj]:
        found = (*self.cached.values(), *self.hidden)
        return [o for o in found if o["kind"] == kind and objects.namespace_of(o) == namespace]

    def list(self, kind: str) -> Sequence[Obj]:
        return [o for o in self.cached.values() if o["kind"] == kind]


def woken(old: Obj | None, new: Obj | None, *cached: Obj) -> set[Ref]:
    reader: Any = Cache(*cached)
    obj = new or old
    assert obj is not None
    wake, _ = GarbageCollector().follows(KINDS[obj["kind"]])
    assert isinstance(wake, Wake)
    assert wake.when is not None
    if not wake.when(old, new):
        return set()
    return {key for each in (old, new) if each is not None for key in wake.keys(each, reader)}


@pytest.mark.parametrize(
    ("old", "new", "cached", "keys"),
    [
        pytest.param(None, POD, (RS, POD), set(), id="an owned pod appears: nobody"),
        pytest.param(POD, with_status(POD, phase="Failed"), (RS, POD), set(), id="a status changes: nobody"),
        pytest.param(POD, None, (RS,), set(), id="a pod of a living owner is gone: nobody"),
        pytest.param(None, POD, (POD,), {POD_REF}, id="a pod of an unknown owner appears: the pod"),
        pytest.param(RS, None, (WEB, POD), {POD_REF}, id="an owner is gone: its dependents"),
        pytest.param(RS, finishing(RS, FOREGROUND), (WEB, finishing(RS, FOREGROUND), POD), {RS_REF, POD_REF},
                     id="an owner begins to wait: itself and its dependents"),
        pytest.param(finishing(RS, FOREGROUND), with_status(finishing(RS, FOREGROUND), replicas=1),
                     (WEB, finishing(RS, FOREGROUND), POD), set(), id="an owner that waits changes its status: nobody"),
        pytest.param(RS, finishing(RS, ORPHAN), (WEB, finishing(RS, ORPHAN), POD), {RS_REF},
                     id="an owner is to orphan its dependents: itself"),
        pytest.param(POD, None, (WEB, finishing(RS, FOREGROUND)), {RS_REF}, id="a dependent is gone: its owner waits"),
        pytest.param(None, POD, (WEB, finishing(RS, FOREGROUND), POD), {RS_REF, POD_REF},
                     id="a dependent comes while its owner waits: both"),
        pytest.param(POD, objects.with_metadata(POD, ownerReferences=None), (finishing(RS, ORPHAN), pod("web-a-1")),
                     {RS_REF}, id="a dependent was orphaned: the owner that waits"),
        pytest.param(None, POD, (objects.with_metadata(RS, uid="another"), POD), {POD_REF},
                     id="the owner's name is there with another uid: the pod"),
    ],
)  # fmt: skip
def test_whom_a_change_wakes(old: Obj | None, new: Obj | None, cached: tuple[Obj, ...], keys: set[Ref]) -> None:
    assert woken(old, new, *cached) == keys


@pytest.mark.parametrize(
    ("reader", "facts"),
    [
        pytest.param(Cache(POD, RS), ((RS_REF,), (), ()), id="the owner is in the cache"),
        pytest.param(
            Cache(POD, hidden=(RS,)), ((RS_REF,), (), ()), id="the cache lags, the API server knows the owner"
        ),
        pytest.param(Cache(POD), ((), (RS_REF,), ()), id="nobody knows the owner"),
        pytest.param(Cache(POD, finishing(RS, FOREGROUND)), ((), (), (RS_REF,)), id="the owner waits"),
    ],
)
def test_owners_are_observed(reader: Any, facts: tuple[tuple[Ref, ...], ...]) -> None:
    seen = GarbageCollector().observe(POD_REF, reader)
    assert seen is not None
    assert (seen.solid_owners, seen.absent_owners, seen.waiting_owners) == facts


def test_an_owner_of_an_unknown_kind_is_left_alone() -> None:
    strange = pod("x", metadata={"ownerReferences": [{**objects.owner_reference(RS), "kind": "Rollout"}]})
    reader: Any = Cache(strange)
    seen = GarbageCollector().observe(ref_of(strange), reader)
    assert seen is not None
    assert seen.solid_owners == (Ref("Rollout", "default", "web-a"),)
    assert list(GarbageCollector().diff(seen)) == []


def test_an_owner_in_another_namespace_is_none_and_that_is_told() -> None:
    elsewhere = objects.with_metadata(RS, namespace="shop")
    reader: Any = Cache(POD, elsewhere)
    seen = GarbageCollector().observe(POD_REF, reader)
    assert seen is not None
    told, gone = GarbageCollector().diff(seen)
    (event,) = told.actions
    assert isinstance(event, Announce)
    assert (event.reason, event.message) == (
        "OwnerRefInvalidNamespace",
        "ownerRef [apps/v1/ReplicaSet, namespace: default, name: web-a, uid: replicaset-web-a] "
        'does not exist in namespace "default"',
    )
    assert gone.reason == "OwnerAbsent"


def test_what_belongs_to_the_whole_cluster_is_kept_whatever_its_owner_in_a_namespace_does() -> None:
    wide = objects.with_metadata(namespace("wide"), ownerReferences=[objects.owner_reference(RS)])
    reader: Any = Cache(wide)
    seen = GarbageCollector().observe(ref_of(wide), reader)
    assert seen is not None
    assert list(GarbageCollector().diff(seen)) == []


def test_two_that_own_each_other_do_not_wait_for_each_other() -> None:
    (gap,) = diff(RS, waiting=(WEB_REF,), dependents=(finishing(WEB, FOREGROUND),))
    unblocked, gone = gap.actions
    assert isinstance(unblocked, Patch)
    assert [each["blockOwnerDeletion"] for each in unblocked.patch["metadata"]["ownerReferences"]] == [False]
    assert isinstance(gone, Delete)
    assert gone.propagation == "Foreground"
