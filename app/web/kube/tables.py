"""`kubectl get`: objects as a `meta.k8s.io/v1` Table, with the columns and the AGE that the server prints.

Models apiserver `pkg/endpoints/handlers/response.go` and kubernetes/pkg/printers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.api import errors, go_json
from app.api.objects import Obj
from app.kubectl.printers import printers
from app.kubectl.printers.printing import Column
from app.rooms import sliced
from app.web.kube import encoding
from app.web.kube.calls import Call

_INCLUDE = ("Metadata", "Object", "None")


def table(call: Call, objects: Sequence[Obj], now_ms: int, meta: Mapping[str, Any], *, columns: bool = True) -> bytes:
    """Of the kind that is asked for. Without `columns`: a later event of a watch. Raises BadRequest."""
    show, declared = shown(call), call.definition.columns_in(call.target.kind.api_version)
    rows = [
        _row(cells, show(obj))
        for obj in sliced(objects)
        for cells in printers.table(_printed_as(call), (obj,), now_ms, declared).rows
    ]
    return _table(rows, meta, _columns(call) if columns else None)


def bookmark(call: Call, meta: Mapping[str, Any], *, columns: bool) -> bytes:
    """How far a watch has come: a row of an object that has nothing but this metadata."""
    known = _columns(call)
    empty = [0 if column.type == "integer" else "" for column in known]
    return _table([_row(empty, encoding.metadata_only({"metadata": meta}))], meta, known if columns else None)


def _columns(call: Call) -> tuple[Column, ...]:
    return printers.table(_printed_as(call), (), 0, call.definition.columns_in(call.target.kind.api_version)).columns


def _printed_as(call: Call) -> str:
    return "Scale" if call.target.subresource == "scale" else call.target.kind.key


def _row(cells: Sequence[Any], obj: bytes) -> bytes:
    return b'{"cells":' + encoding.dumps(cells) + b',"object":' + obj + b"}"


def _table(rows: list[bytes], meta: Mapping[str, Any], columns: tuple[Column, ...] | None) -> bytes:
    definitions = None if columns is None else [column._asdict() for column in columns]
    head = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta, "columnDefinitions": definitions}
    return b"".join((encoding.dumps(head)[:-1], b',"rows":[', b",".join(rows), b"]}"))


def shown(call: Call) -> Callable[[Obj], bytes]:
    """What a row tells of its object beside its cells, as the client wants it. Raises BadRequest."""
    include = call.query.get("includeObject") or "Metadata"
    if include not in _INCLUDE:
        why = "must be 'Metadata', 'Object', 'None', or empty"
        wrong = f"includeObject: Invalid value: {go_json.quoted(include)}: {why}"
        raise errors.BadRequest(f"Unable to convert to Table as requested: {wrong}")
    if include == "Object":
        return call.whole
    return encoding.metadata if include == "Metadata" else lambda _: b"null"
