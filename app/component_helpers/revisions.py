"""ControllerRevisions: what StatefulSets and DaemonSets keep of their former pod templates.

Both loops ask which revision the present template is, and whoever turns a set back (commands) asks for an earlier one.
Nothing here reads or writes. Models kubernetes/pkg/controller/history/controller_history.go and `getPatch` of
kubernetes/pkg/controller/statefulset and daemon, and kubectl/pkg/polymorphichelpers (rollback.go).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from app.api import go_json, memo, names, objects, selectors
from app.api.errors import NotFound
from app.api.objects import Obj

KIND = "ControllerRevision"
POD_LABEL = "controller-revision-hash"
"""On every pod: of a StatefulSet the name of its revision, of a DaemonSet the hash alone. On a DaemonSet's revisions
the hash too."""

HASH_LABEL = "controller.kubernetes.io/hash"
"""On a StatefulSet's revisions."""


class History(NamedTuple):
    """The revisions of a set, the earliest first, and the one that its present template is."""

    revisions: tuple[Obj, ...]
    update: Obj  # as it should be
    exists: bool  # else it is to be created
    held: int  # the number it bears now, 0 if it does not exist


def history(owner: Obj, revisions: Iterable[Obj]) -> History:
    """A template that came back is its former revision, with the highest number again."""
    ordered = tuple(sorted(filter(_is_readable, revisions), key=_order))
    wanted = data_of(owner)
    latest = number_of(ordered[-1]) if ordered else 0
    equal = [each for each in ordered if each.get("data") == wanted]
    if not equal:
        return History(ordered, new_revision(owner, latest + 1), False, 0)
    found = equal[-1]
    held = number_of(found)
    number = held if found is ordered[-1] else latest + 1
    return History(ordered, found if number == held else {**found, "revision": number}, True, held)


def new_revision(owner: Obj, number: int) -> Obj:
    """The ControllerRevision of the present template, with the name that Kubernetes gives it."""
    digest = hash_of(owner)
    labels = (owner["spec"]["template"].get("metadata") or {}).get("labels") or {}
    annotations = objects.annotations_of(owner)
    label = HASH_LABEL if owner["kind"] == "StatefulSet" else POD_LABEL
    return {
        "apiVersion": "apps/v1",
        "kind": KIND,
        "metadata": {
            "name": f"{objects.name_of(owner)[:223]}-{digest}",
            "namespace": objects.namespace_of(owner),
            "labels": {**labels, label: digest},
            **({"annotations": annotations} if annotations else {}),
            "ownerReferences": [objects.owner_reference(owner)],
        },
        "data": data_of(owner),
        "revision": number,
    }


def data_of(owner: Obj) -> Obj:
    return _data(owner["spec"]["template"])


@memo.by_identity
def _data(template: Obj) -> Obj:
    """A strategic merge patch that sets the template. Its keys are sorted, as in a map of Go: by these bytes kubectl
    knows whether there is anything to undo."""
    patch: Obj = json.loads(json.dumps({"spec": {"template": {"$patch": "replace", **template}}}, sort_keys=True))
    return patch


def hash_of(owner: Obj) -> str:
    """A DaemonSet hashes its template as a Deployment does, a StatefulSet the bytes of the patch."""
    template = owner["spec"]["template"]
    if owner["kind"] == "DaemonSet":
        return names.template_hash(template, (owner.get("status") or {}).get("collisionCount"))
    return _patch_hash(template)


@memo.by_identity
def _patch_hash(template: Obj) -> str:
    return names.safe_encode(str(names.fnv32(f"{go_json.dumps(_data(template))}0".encode())))  # 0: collisions so far


def number_of(revision: Obj) -> int:
    return revision.get("revision") or 0


def _is_readable(revision: Obj) -> bool:
    """Whether it keeps a pod template: its data may be anything."""
    data = revision.get("data")
    spec = data.get("spec") if isinstance(data, dict) else None
    template = spec.get("template") if isinstance(spec, dict) else None
    return isinstance(template, dict) and isinstance(template.get("spec"), dict)


def template_of(revision: Obj) -> Obj:
    """The pod template that a revision of a `History` keeps."""
    template = revision["data"]["spec"]["template"]
    return {key: value for key, value in template.items() if key != "$patch"}


def by_owner(revision: Obj) -> tuple[str]:
    """For an index: the uid of its controller, or its namespace if nobody controls it. The two never coincide."""
    return (objects.controller_uid(revision) or objects.namespace_of(revision),)


def orphans_of(owner: Obj, orphans: Iterable[Obj]) -> list[Obj]:
    """Of revisions that nobody controls those the owner takes, since their labels match its selector."""
    if objects.is_terminating(owner):
        return []
    selector = owner["spec"]["selector"]
    return [each for each in orphans if selectors.matches(selector, objects.labels_of(each))]


def surplus(owner: Obj, revisions: Sequence[Obj], live: Collection[str]) -> list[Obj]:
    """Former revisions beyond the history limit, the earliest first. `live` are names of those still in use."""
    former = [each for each in revisions if objects.name_of(each) not in live]
    return former[: max(0, len(former) - owner["spec"].get("revisionHistoryLimit", 10))]


def rollback_template(owner: Obj, revisions: Iterable[Obj], to_revision: int = 0) -> Obj:
    """The template of an earlier revision; 0 is the one before the present. Raises NotFound in kubectl's words."""
    uid = objects.uid_of(owner)
    owned = (each for each in revisions if objects.controller_uid(each) == uid and _is_readable(each))
    ordered = sorted(owned, key=_order)
    if to_revision:
        found = next((each for each in ordered if number_of(each) == to_revision), None)
        if found is None:
            raise NotFound(f"unable to find specified revision {to_revision} in history")
        return template_of(found)
    if len(ordered) < 2:
        raise NotFound("no last revision to roll back to")
    return template_of(ordered[-2])


def _order(revision: Obj) -> tuple[Any, ...]:
    meta = revision["metadata"]
    return number_of(revision), meta.get("creationTimestamp", ""), meta["name"]
