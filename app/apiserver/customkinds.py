"""Custom kinds come and go with their CustomResourceDefinitions: one that is established is served.

The engine calls `follow` for every change that it publishes, and a cluster that is read from a checkpoint begins with
`restored`. Models the handler of apiextensions-apiserver `pkg/apiserver/customresource_handler.go`, and what its store
(`pkg/registry/customresourcedefinition/etcd.go`) does on deletion.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from app.api import conditions, errors, limits, objects
from app.api.kinds import Kind
from app.api.objects import Obj, Ref, ref_of
from app.apimachinery.scheme.scheme import Scheme
from app.apiserver.store import Change, Store
from app.registry.customresources import definitions

CRD = "CustomResourceDefinition"
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
_PENDING = {
    "type": "Terminating",
    "status": "True",
    "reason": "InstanceDeletionPending",
    "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
}


def follow(scheme: Scheme, change: Change) -> bool:
    """Serve what a CustomResourceDefinition defines, or serve it no more. Whether the kinds changed.

    Once served it is known until its definition is gone, for there may be objects of it; of two that somebody made one
    kind of, by writing statuses himself, the first counts."""
    if change.ref.kind != CRD:
        return False
    key = definitions.key_of(change.obj)
    known = scheme.find(key)
    if known is not None and known.resource != change.ref.name:
        return False
    if change.new is None:
        if known is not None:
            scheme.remove(key)
        return known is not None
    if known is None and not definitions.is_established(change.new):
        return False
    if known is not None and change.old is not None and _same(change.old, change.new):
        return False
    scheme.register(definitions.definition(change.new))
    return True


def _same(before: Obj, after: Obj) -> bool:
    one, other = ((each.get("status") or {}).get("acceptedNames") for each in (before, after))
    return before["spec"] == after["spec"] and one == other


def restored(scheme: Scheme, store: Store, order: Sequence[str]) -> None:
    """Register what the objects of the store define, in the `order` in which that happened before, if that is known."""
    served: dict[str, Obj] = {}
    for crd in store.objects(CRD):
        key = definitions.key_of(crd)
        if definitions.is_established(crd) or key in order:
            served.setdefault(key, crd)
    for key in dict.fromkeys((*order, *served)):
        if key in served:
            scheme.register(definitions.definition(served[key]))


def keys(scheme: Scheme) -> list[str]:
    """The custom kinds, in the order of their registration."""
    return [row.key for row in scheme.kinds() if not row.is_own]


def check_create(kind: Kind, store: Store) -> None:
    """Raises MethodNotAllowed: of a kind that goes nothing new is made; and Forbidden: there are enough kinds."""
    if kind.key == CRD and store.count(CRD) >= limits.CUSTOM_KINDS:
        raise errors.Forbidden(f"this cluster has its limit of {limits.CUSTOM_KINDS} custom kinds: delete some first")
    crd = None if kind.is_own else store.get(Ref(CRD, "", kind.resource))
    if crd is not None and objects.is_terminating(crd):
        raise errors.MethodNotAllowed(
            "create not allowed while custom resource definition is terminating", details={"kind": kind.plural}
        )


def removed(store: Store, crd: Obj) -> tuple[Change, ...]:
    """A definition goes. Its objects have gone before, unless somebody took its finalizer off by hand: then they go
    with it, where Kubernetes leaves them in etcd for nobody to see."""
    left = store.objects(definitions.key_of(crd))
    return (*(store.remove(ref_of(obj)) for obj in left), store.remove(ref_of(crd)))


def marked(crd: Obj, now_ms: int) -> Obj:
    """One that is to be deleted: it stays until its objects are gone."""
    finalizers: Iterable[str] = crd["metadata"].get("finalizers") or ()
    status: dict[str, Any] = crd.get("status") or {}
    found = conditions.with_condition(status.get("conditions"), dict(_PENDING), now_ms)
    crd = objects.with_metadata(crd, finalizers=list(dict.fromkeys((*finalizers, CLEANUP))))
    return {**crd, "status": {**status, "conditions": found}}
