"""`kubectl apply` of documents: what it would do, and doing it. Called by Cluster for the editor and the command.

The plan is a server-side dry run of every document on an overlay of the store, so a text is applied as a whole or not
at all.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from app.api import errors
from app.api.objects import Obj, Ref, annotations_of, kind_of
from app.apimachinery import documents
from app.apimachinery.patch.strategic import FieldChange, apply_manifest, field_changes
from app.apiserver.requests import warned, weighed
from app.apiserver.server import ApiServer
from app.apiserver.store import Written


class Planned(NamedTuple):
    """What applying one document would do."""

    ref: Ref
    operation: str  # "created", "configured" or "unchanged", as kubectl says it
    changes: tuple[FieldChange, ...]
    obj: Obj  # as the server would store it
    document: documents.Document
    wanted: Obj  # the document, decoded


def plan(server: ApiServer, text: str, namespace: str) -> tuple[Planned, ...]:
    """What applying `text` would do, document by document.

    Raises ManifestError or another ApiError; its `document` is the one that was refused, if it is one's fault.
    """
    overlay = server.overlay(random.Random(0))
    planned = []
    for document in documents.parse(text):
        try:
            planned.append(_planned(overlay, document, namespace))
        except errors.ApiError as error:
            error.document = document
            raise
    return tuple(planned)


def apply(server: ApiServer, planned: Iterable[Planned]) -> Iterator[Written]:
    for each in planned:
        yield _apply(server, each.wanted, each.ref)


def _planned(server: ApiServer, document: documents.Document, namespace: str) -> Planned:
    wanted, ref = _wanted(server, document, namespace)
    before = server.store.get(ref)
    written = _apply(server, wanted, ref)
    operation = "created" if before is None else "configured" if written.changes else "unchanged"
    changes = field_changes(_shown(before), _shown(written.obj), server.scheme.definition(ref.kind).shape)
    return Planned(ref, operation, changes, written.obj, document, wanted)


def _apply(server: ApiServer, wanted: Obj, ref: Ref) -> Written:
    """`kubectl apply` of one document: create it, or merge what its author changed since the last apply."""
    current = server.store.get(ref)
    applied = apply_manifest(current, _in_namespace(wanted, ref), server.scheme.definition(ref.kind).shape)
    if current is None:
        return warned(server, server.create(weighed(server, applied)))
    return warned(server, server.patch(ref, lambda _: weighed(server, server.scheme.decode(applied))), current)


def _wanted(server: ApiServer, document: documents.Document, namespace: str) -> tuple[Obj, Ref]:
    """A document decoded, and what it is about: an object of `namespace` where it names none."""
    wanted = server.scheme.decode(document.obj)
    kind, meta = server.scheme.kind(kind_of(wanted)), wanted.get("metadata") or {}
    if meta.get("generateName") and not meta.get("name"):
        raise errors.BadRequest(f"from {meta['generateName']}: cannot use generate name with apply")
    placed = (meta.get("namespace") or namespace) if kind.namespaced else ""
    return wanted, Ref(kind.key, placed, meta.get("name", ""))


def _in_namespace(obj: Obj, ref: Ref) -> Obj:
    meta = obj.get("metadata") or {}
    return {**obj, "metadata": {**meta, "namespace": ref.namespace} if ref.namespace else meta}


def _shown(obj: Obj | None) -> Obj:
    """What a person may change: without status and without what only the server writes."""
    if obj is None:
        return {}
    kept = ("name", "namespace", "labels", "annotations", "finalizers", "ownerReferences")
    meta = {key: value for key, value in obj["metadata"].items() if key in kept}
    notes = {k: v for k, v in annotations_of(obj).items() if k != "kubectl.kubernetes.io/last-applied-configuration"}
    meta = {**meta, "annotations": notes} if notes else {k: v for k, v in meta.items() if k != "annotations"}
    return {**{key: value for key, value in obj.items() if key != "status"}, "metadata": meta}
