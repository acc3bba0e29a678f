"""Create, replace, patch, delete, and the subresources that are written to.

Each becomes a command, so it stands in the journal and on the timeline; with `dryRun=All` the same command is performed
on an overlay instead. What cannot even be read (a wrong type, another kind) is refused before there is a command.
Models apiserver `pkg/endpoints/handlers` (create.go, update.go, patch.go, delete.go).
"""

from __future__ import annotations

import json
from typing import Any

from flask import Response, request

from app.api import errors, go_json
from app.api.kinds import Kind
from app.api.objects import Obj, with_metadata
from app.apimachinery.scheme import scalars
from app.commands import (
    BindPod,
    Command,
    CreateObject,
    DeleteCollection,
    DeleteObject,
    EvictPod,
    PatchObject,
    ReplaceObject,
)
from app.engine.trace import Commanded, Written
from app.registry import scales
from app.web.commands import UNSTORED
from app.web.kube import bodies, options, reads
from app.web.kube.calls import Call, answer
from app.web.pages import rooms

PATCH_TYPES = {
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
    "application/apply-patch+yaml": "apply",
}
_NO_STRATEGY = (
    "the body of the request was in an unknown format - accepted media types include: "
    "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
)
# Kinds whose dependents stay when a client does not say what becomes of them, as before there was a garbage collector.
_ORPHANS = ("ReplicationController", "Job")
_PODS_STAY = (
    "child pods are preserved by default when jobs are deleted; "
    "set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning"
)
# Kinds whose deletion answers with the object, not with a Status.
_ANSWERS_OBJECT = ("Pod", "Service", "ServiceAccount", "ResourceQuota", "PersistentVolume", "PersistentVolumeClaim")
_SUCCESS = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
_SCALE = Kind("Scale", "autoscaling", "v1", "scales", "scale")


def create(call: Call) -> Response:
    writing = options.writing(call.query, call.who)
    sent = _decoded(call, writing.validation)
    command = CreateObject(_text(_placed(call, sent.obj)), writing.manager, call.who)
    (result,), now_ms = _done(call, command, writing.dry_run)
    return answer(reads.drawn(call, result.obj, now_ms), 201, (*sent.warnings, *result.warnings))


def replace(call: Call) -> Response:
    target = call.target
    writing = options.writing(call.query, call.who, "UpdateOptions")
    kind = _SCALE if target.subresource == "scale" else target.kind
    if kind is _SCALE:
        document, warnings = bodies.parsed(request.get_data(), request.content_type or "", "Scale")
    else:
        document, warnings = _decoded(call, writing.validation)
        document = _placed(call, document)
        if not document["metadata"].get("name"):
            raise errors.BadRequest(f"the name of the object () does not match the name on the URL ({target.name})")
    command = ReplaceObject(target.ref, _text(document), target.subresource, writing.manager, call.who)
    return _written(call, command, writing.dry_run, warnings)


def patch(call: Call) -> Response:
    """Raises UnsupportedMediaType for a patch type that there is not."""
    media_type = (request.content_type or "").partition(";")[0].strip().lower()
    patch_type = PATCH_TYPES.get(media_type)
    if patch_type is None:
        raise errors.UnsupportedMediaType("415: Unsupported Media Type", details={})
    if patch_type == "strategic" and not call.target.kind.is_own:
        raise errors.UnsupportedMediaType(_NO_STRATEGY)
    writing = options.writing(call.query, "" if patch_type == "apply" else call.who, "PatchOptions")
    if patch_type != "apply" and "force" in call.query:
        cause = errors.Cause("force", "FieldValueForbidden", "Forbidden: may not be specified for non-apply patch")
        raise errors.invalid("PatchOptions", "", [cause], "meta.k8s.io")
    if patch_type == "apply" and not writing.manager:
        cause = errors.Cause("fieldManager", "FieldValueRequired", "Required value: is required for apply patch")
        raise errors.invalid("PatchOptions", "", [cause], "meta.k8s.io")
    text, warnings = _patch_text(patch_type, writing.validation)
    command = PatchObject(
        call.target.ref, patch_type, text, call.target.subresource, writing.manager, writing.force,
        writing.validation, call.who, call.target.older_version,
    )  # fmt: skip
    return _written(call, command, writing.dry_run, warnings)


def delete(call: Call) -> Response:
    asked = options.deletion(call.query, _options_body())
    ref = call.target.ref
    propagation, warnings = _propagation(call.target.kind, asked)
    command = DeleteObject(ref, asked.grace_seconds, propagation, asked.uid, asked.resource_version, call.who)
    (result,), now_ms = _done(call, command, asked.dry_run)
    warnings = (*warnings, *result.warnings)
    is_gone = any(change.type == "DELETED" for change in result.changes)
    if is_gone and ref.kind not in _ANSWERS_OBJECT:
        return answer(_deleted(call, result.obj), warnings=warnings)
    return answer(reads.drawn(call, result.obj, now_ms), warnings=warnings)


def delete_collection(call: Call) -> Response:
    asked = options.deletion(call.query, _options_body())
    kind = call.target.kind
    selection = options.selection(call.query, kind)
    propagation, warnings = _propagation(kind, asked)
    command = DeleteCollection(
        kind.key, call.target.namespace, str(selection.labels), str(selection.fields), asked.grace_seconds,
        propagation, call.who,
    )  # fmt: skip
    results, now_ms = _done(call, command, asked.dry_run)
    revision = call.room.read(lambda cluster: cluster.revision)
    items = [each.obj for each in results]
    warnings = (*warnings, *(warning for each in results for warning in each.warnings))
    return answer(reads.drawn_list(call, items, {"resourceVersion": str(revision)}, now_ms), warnings=warnings)


def _propagation(kind: Kind, asked: options.Deletion) -> tuple[str | None, tuple[str, ...]]:
    """What becomes of the dependents, and a warning where that may surprise."""
    if asked.propagation is not None or kind.key not in _ORPHANS:
        return asked.propagation, ()
    return "Orphan", (_PODS_STAY,) if kind.key == "Job" else ()


def evict(call: Call) -> Response:
    document, _ = bodies.parsed(request.get_data(), request.content_type or "", "Eviction")
    given = document.get("deleteOptions") if isinstance(document, dict) else None
    asked = options.deletion(call.query, given)
    (result,), _ = _done(call, EvictPod(call.target.ref, asked.grace_seconds, asked.uid, call.who), asked.dry_run)
    return answer({**_SUCCESS, "code": 201}, 201, result.warnings)


def bind(call: Call) -> Response:
    document, _ = bodies.parsed(request.get_data(), request.content_type or "", "Binding")
    node = document.get("target") if isinstance(document, dict) else None
    node = node if isinstance(node, dict) else {}
    name, kind = node.get("name"), node.get("kind")
    if kind not in (None, "", "Node"):
        told = f'Unsupported value: {go_json.dumps(kind)}: supported values: "Node", "<empty>"'
        raise errors.Unexplained(f"target.kind: {told}")
    if not isinstance(name, str) or not name:
        raise errors.Unexplained("target.name: Required value")
    meta = document.get("metadata") or {}
    uid = str(meta.get("uid") or "") if isinstance(meta, dict) else ""
    writing = options.writing(call.query, call.who)
    (result,), _ = _done(call, BindPod(call.target.ref, name, uid, call.who), writing.dry_run)
    return answer({**_SUCCESS, "code": 201}, 201, result.warnings)


# ---------------------------------------------------------------------------------------------------- doing


def _done(call: Call, command: Command, dry_run: bool) -> tuple[tuple[Written, ...], int]:
    """What the command wrote, and when. Raises the ApiError with which it was refused."""
    if dry_run:
        return call.room.dry_run(command), call.room.read(lambda cluster: cluster.now_ms)
    step = rooms().submit(call.room, command)
    record = step.record
    assert isinstance(record, Commanded)
    if record.refusal is not None:
        raise record.refusal
    if not call.room.is_stored:
        return tuple(each._replace(warnings=(*each.warnings, UNSTORED)) for each in record.results), step.at_ms
    return record.results, step.at_ms


def _written(call: Call, command: Command, dry_run: bool, warnings: tuple[str, ...]) -> Response:
    (result,), now_ms = _done(call, command, dry_run)
    obj = result.obj
    if call.target.subresource == "scale":
        obj = scales.scale_of(call.target.kind, obj)
    return answer(reads.drawn(call, obj, now_ms), result.code, (*warnings, *result.warnings))


def _decoded(call: Call, validation: str) -> bodies.Decoded:
    return bodies.decoded(call.scheme, request.get_data(), request.content_type or "", call.target.kind, validation)


def _placed(call: Call, obj: Obj) -> Obj:
    """In the namespace of the address. Raises BadRequest if it names another."""
    meta, namespace = obj["metadata"], call.target.namespace
    if namespace and meta.get("namespace", namespace) != namespace:
        raise errors.BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    return with_metadata(obj, namespace=namespace or None)


def _text(obj: Any) -> str:
    return json.dumps(obj, separators=(",", ":"), ensure_ascii=False)


def _patch_text(patch_type: str, validation: str) -> tuple[str, tuple[str, ...]]:
    """A patch as JSON text, and warnings; that of server-side apply may be YAML. Raises BadRequest."""
    data = request.get_data()
    if patch_type == "apply":
        document, warnings = bodies.patch_of(data, validation)
        return _text(document), warnings
    try:
        document, twice = bodies.read_json(data)
        if twice and validation == bodies.STRICT:
            raise errors.invalid_patch(_text(document), "strict decoding error: " + ", ".join(twice))
        return _text(document), twice if validation == bodies.WARN else ()
    except json.JSONDecodeError as error:
        raise errors.BadRequest(f"error decoding patch: {go_json.complaint(error)}") from None
    except (ValueError, RecursionError) as error:
        raise errors.BadRequest(f"error decoding patch: {scalars.clean(error)}") from None


def _options_body() -> Any:
    """The DeleteOptions that came along, if any."""
    data = request.get_data()
    return bodies.parsed(data, request.content_type or "", "DeleteOptions")[0] if data else None


def _deleted(call: Call, obj: Obj) -> dict[str, Any]:
    kind, meta = call.target.kind, obj["metadata"]
    group = {"group": kind.group} if kind.group else {}
    return {**_SUCCESS, "details": {"name": meta["name"], **group, "kind": kind.plural, "uid": meta["uid"]}}
