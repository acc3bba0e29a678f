"""Get and list. Models apiserver `pkg/endpoints/handlers/get.go` and the semantics of resourceVersion in lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flask import Response

from app.api import errors
from app.api.breath import breathing
from app.api.objects import Obj, name_of, namespace_of
from app.look import Look
from app.registry import scales
from app.rooms import sliced
from app.web.kube import accept, encoding, options, tables
from app.web.kube.calls import Call, answer
from app.web.kube.options import Listing, Selection


def get(call: Call) -> Response:
    obj, now_ms = found(call)
    if call.target.subresource == "scale":
        obj = scales.scale_of(call.target.kind, obj)
    return answer(drawn(call, obj, now_ms))


def found(call: Call) -> tuple[Obj, int]:
    """The object that the address names, and the virtual time. Raises NotFound."""
    kind, ref = call.target.kind, call.target.ref
    obj, now_ms = call.room.read(lambda cluster: (cluster.get(ref), cluster.now_ms))
    if obj is None:
        raise errors.not_found(kind.plural, ref.name, kind.group)
    return obj, now_ms


def drawn(call: Call, obj: Obj, now_ms: int) -> bytes:
    """One object in the form that the client wants."""
    if call.form == accept.TABLE:
        meta = {"resourceVersion": obj["metadata"]["resourceVersion"]}
        return tables.table(call, [obj], now_ms, meta)
    return encoding.metadata(obj) if call.form == accept.METADATA else call.whole(obj)


class Page(NamedTuple):
    objects: Sequence[Obj]
    revision: int
    now_ms: int
    rest: int  # objects that come after this page


def list_(call: Call) -> Response:
    kind, namespace = call.target.kind, call.target.namespace
    wanted = options.listing(call.query)
    selection = options.selection(call.query, kind)
    page = _page(call.room.read(lambda cluster: _found(cluster, kind.key, namespace, wanted)), wanted, selection)
    return answer(drawn_list(call, page.objects, _meta(page, selection), page.now_ms))


def drawn_list(call: Call, objects: Sequence[Obj], meta: Mapping[str, Any], now_ms: int) -> bytes:
    kind = call.target.kind
    if call.form == accept.TABLE:
        return tables.table(call, objects, now_ms, meta)
    if call.form == accept.METADATA:
        items = [encoding.metadata(obj) for obj in sliced(objects)]
        return encoding.listed("PartialObjectMetadataList", "meta.k8s.io/v1", meta, items)
    items = [call.item(obj) for obj in sliced(objects)]
    return encoding.listed(f"{kind.kind}List", kind.api_version, meta, items)


def _meta(page: Page, selection: Selection) -> dict[str, Any]:
    meta: dict[str, Any] = {"resourceVersion": str(page.revision)}
    if page.rest:
        last = page.objects[-1]
        meta["continue"] = options.continue_token(page.revision, (namespace_of(last), name_of(last)))
        if selection.everything:
            meta["remainingItemCount"] = page.rest
    return meta


def _found(cluster: Look, kind: str, namespace: str, wanted: Listing) -> Page:
    """All of them. They are looked through later, while the room goes on."""
    revision = cluster.revision
    if wanted.revision is not None and wanted.revision > revision:
        raise too_new(wanted.revision, revision)
    if wanted.exact and wanted.revision is not None and wanted.revision < revision:
        revision = wanted.revision
        try:
            objects = _as_of(cluster, revision, kind, namespace)
        except errors.Gone:
            raise _expired(wanted) from None
    else:
        objects = cluster.objects(kind, namespace or None)
    return Page(objects, revision, cluster.now_ms, 0)


def _page(found: Page, wanted: Listing, selection: Selection) -> Page:
    objects = found.objects
    if not selection.everything:
        objects = [obj for obj in breathing(objects) if selection.matches(obj)]
    if wanted.after is not None:
        objects = [obj for obj in breathing(objects) if (namespace_of(obj), name_of(obj)) > wanted.after]
    kept = objects[: wanted.limit] if wanted.limit > 0 else objects
    return found._replace(objects=kept, rest=len(objects) - len(kept))


def _as_of(cluster: Look, revision: int, kind: str, namespace: str) -> list[Obj]:
    """Raises Gone if the log does not reach back so far."""
    state = cluster.as_of(revision)
    refs = sorted(ref for ref in breathing(state) if ref.kind == kind and namespace in ("", ref.namespace))
    return [state[ref] for ref in refs]


_EXPIRED = "The resourceVersion for the provided list is too old."
_CONTINUE_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


def _expired(wanted: Listing) -> errors.Gone:
    """With the token of a list that goes on from there as it is now."""
    if wanted.after is None:
        return errors.Gone(_EXPIRED)
    return errors.Gone(_CONTINUE_EXPIRED, continue_token=options.continue_token(None, wanted.after))


def too_new(asked: int, current: int) -> errors.Timeout:
    cause = errors.Cause("", "ResourceVersionTooLarge", "Too large resource version")
    message = f"Timeout: Too large resource version: {asked}, current: {current}"
    return errors.Timeout(message, details={"retryAfterSeconds": 1}, causes=[cause])
