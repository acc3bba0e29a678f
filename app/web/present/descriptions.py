"""What `kubectl describe` prints for one object of a cluster: the object, what belongs to it, and its Events."""

from __future__ import annotations

from collections.abc import Iterable

from app.api import objects
from app.api.breath import breathing
from app.api.objects import Obj
from app.kubectl.describe import describe
from app.look import Look

RELATED = {
    "Deployment": ("ReplicaSet",),
    "ReplicaSet": ("Pod",),
    "ReplicationController": ("Pod",),
    "StatefulSet": ("Pod",),
    "DaemonSet": ("Pod",),
    "Service": ("EndpointSlice",),
    "Node": ("Pod", "Lease"),
}
"""Which kinds kubectl asks for besides."""


def text(cluster: Look, obj: Obj) -> str:
    """Of a kind that `describe.knows`."""
    kind, namespace = objects.kind_of(obj), objects.namespace_of(obj)
    everywhere = None if kind == "Node" else namespace
    related = [each for other in RELATED.get(kind, ()) for each in cluster.objects(other, everywhere)]
    return describe.describe(obj, cluster.now_ms, events=_events(cluster, obj), related=related)


def _events(cluster: Look, obj: Obj) -> Iterable[Obj]:
    """Those about this very object, not about another that had its name; kubelets name a node as its uid, and what
    they say comes after what others do in the same second, as kubectl asks for it last."""
    name, uids = objects.name_of(obj), {objects.uid_of(obj)}
    kind = objects.kind_of(obj)
    if kind == "Node":
        uids.add(name)
    found = []
    for event in breathing(cluster.objects("Event", objects.namespace_of(obj) or "default")):
        involved = event.get("involvedObject") or {}
        if (objects.kind_of(involved), involved.get("name")) == (kind, name) and involved.get("uid") in uids:
            found.append(event)
    return sorted(found, key=lambda event: event["involvedObject"]["uid"] == name)
