"""What wakes a Deployment, and by what its controller looks ReplicaSets and pods up."""

from __future__ import annotations

from collections.abc import Iterable

from app.api import objects, selectors
from app.api.objects import Obj, Ref, ref_of
from app.component_helpers import pods
from app.controllers.deployment.rollout import is_rolling
from app.reconcile import Reader


def deployments_of(replica_set: Obj, reader: Reader) -> Iterable[Ref]:
    """Its controller; for an orphan the Deployments that would adopt it."""
    owner = objects.controller_of(replica_set)
    namespace = objects.namespace_of(replica_set)
    if owner is not None:
        return (Ref("Deployment", namespace, owner["name"]),) if objects.is_of(owner, "Deployment") else ()
    labels = objects.labels_of(replica_set)
    candidates = reader.by("Deployment", "namespace", namespace)
    return tuple(ref_of(each) for each in candidates if selectors.matches(each["spec"]["selector"], labels))


def waiting_for_pods_to_go(pod: Obj, reader: Reader) -> Iterable[Ref]:
    """The Deployment with strategy Recreate that a pod which is gone belonged to."""
    owner = objects.controller_of(pod)
    if owner is None or not objects.is_of(owner, "ReplicaSet"):
        return ()
    replica_set = reader.get(Ref("ReplicaSet", objects.namespace_of(pod), owner["name"]))
    keys = deployments_of(replica_set, reader) if replica_set else ()
    return tuple(key for key in keys for found in (reader.get(key),) if found and not is_rolling(found))


def running(pod: Obj) -> tuple[str, tuple[int]] | None:
    uid = objects.controller_uid(pod)
    return (uid, (1,)) if uid and not pods.is_terminal(pod) else None


def controller_or_namespace(obj: Obj) -> tuple[str]:
    """Uids and namespaces never coincide, so that one index finds what is owned and what is not."""
    return (objects.controller_uid(obj) or objects.namespace_of(obj),)
