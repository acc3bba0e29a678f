"""Kubernetes objects as plain dicts, and the few questions every loop asks of them.

An object is a `dict` in Kubernetes' own camelCase. It is never mutated: whoever wants another value
builds a new dict that shares what did not change (`{**obj, "status": status}`). Everything above this
module relies on that: caches hand out the stored dict itself, and two revisions of an object share
their unchanged parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from app.api import kinds
from app.api.kinds import OWN_VERSIONS, key_of

Obj = dict[str, Any]


class Ref(NamedTuple):
    """Names one object. `kind` is the kind's key (`kinds.key_of`): "Pod", or "Widget.example.com" for a kind that is
    not Kubernetes' own. `namespace` is "" for cluster-scoped kinds."""

    kind: str
    namespace: str
    name: str

    @property
    def bare_kind(self) -> str:
        """As people read it: "Widget"."""
        return kinds.bare_kind(self.kind)

    def __str__(self) -> str:
        return f"{self.kind.lower()}/{self.name}"


def ref_of(obj: Mapping[str, Any]) -> Ref:
    """Runs for every object in every list, so it looks the version up itself and makes the tuple without Ref's own
    constructor, which costs as much again."""
    meta, version, kind = obj["metadata"], obj["apiVersion"], obj["kind"]
    key = kind if version in OWN_VERSIONS else key_of(version, kind)
    return tuple.__new__(Ref, (key, meta.get("namespace", ""), meta["name"]))


def kind_of(thing: Mapping[str, Any]) -> str:
    """The key of the kind that an object is of, or that a reference to one names."""
    version, kind = thing.get("apiVersion", ""), thing.get("kind", "")
    return kind if version in OWN_VERSIONS else key_of(version, kind)


def is_of(thing: Mapping[str, Any] | None, kind: str) -> bool:
    """Whether an object, or what a reference names, is of that kind."""
    return thing is not None and kind_of(thing) == kind


def name_of(obj: Mapping[str, Any]) -> str:
    name: str = obj["metadata"]["name"]
    return name


def namespace_of(obj: Mapping[str, Any]) -> str:
    namespace: str = obj["metadata"].get("namespace", "")
    return namespace


def uid_of(obj: Mapping[str, Any]) -> str:
    uid: str = obj["metadata"].get("uid", "")
    return uid


def labels_of(obj: Mapping[str, Any]) -> dict[str, str]:
    return obj["metadata"].get("labels") or {}


def annotations_of(obj: Mapping[str, Any]) -> dict[str, str]:
    return obj["metadata"].get("annotations") or {}


def is_terminating(obj: Mapping[str, Any]) -> bool:
    """Marked for deletion; the object stays until its finalizers and its grace period are over."""
    return "deletionTimestamp" in obj["metadata"]


def owner_refs(obj: Mapping[str, Any]) -> list[dict[str, Any]]:
    return obj["metadata"].get("ownerReferences") or []


def controller_of(obj: Mapping[str, Any]) -> dict[str, Any] | None:
    """The owner reference that says `controller: true`, if there is one."""
    for reference in owner_refs(obj):
        if reference.get("controller"):
            return reference
    return None


def controller_uid(obj: Mapping[str, Any]) -> str:
    reference = controller_of(obj)
    return reference["uid"] if reference else ""


def owner_reference(owner: Mapping[str, Any]) -> dict[str, Any]:
    """A reference that makes `owner` the managing controller, as `metav1.NewControllerRef` builds it."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def owned(owner: Obj, api_version: str, kind: str, name: str, labels: Mapping[str, str], **parts: Any) -> Obj:
    """An object to be made beside `owner`, which manages it."""
    meta = {
        "name": name,
        "namespace": namespace_of(owner),
        "labels": dict(labels),
        "ownerReferences": [owner_reference(owner)],
    }
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, **parts}


def with_metadata(obj: Obj, **fields: Any) -> Obj:
    """A copy whose metadata has `fields` set; a value of None removes the field."""
    meta = {**obj["metadata"], **fields}
    return {**obj, "metadata": {key: value for key, value in meta.items() if value is not None}}


def get_path(obj: Any, path: str, default: Any = None) -> Any:
    """`get_path(pod, "spec.nodeName")`; `default` where a part is missing."""
    for part in path.split("."):
        if not isinstance(obj, Mapping) or part not in obj:
            return default
        obj = obj[part]
    return obj


def find_named(items: Iterable[Mapping[str, Any]] | None, name: str) -> dict[str, Any] | None:
    """The item of a list of maps whose `name` is `name`."""
    for item in items or ():
        if item.get("name") == name:
            return dict(item) if not isinstance(item, dict) else item
    return None
