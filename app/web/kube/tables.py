"""`kubectl get`: objects as a `meta.k8s.io/v1` Table, with the columns and the AGE that the server prints.

Models apiserver `pkg/endpoints/handlers/response.go` and kubernetes/pkg/printers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.api import errors
from app.api.objects import Obj
from app.kubectl.printers import printers
from app.rooms import sliced
from app.web.kube import encoding
from app.web.kube.calls import Call

_INCLUDE = ("Metadata", "Object", "None")


def table(call: Call, objects: Sequence[Obj], now_ms: int, meta: Mapping[str, Any], *, columns: bool = True) -> bytes:
    """Of the kind that is asked for. Without `columns`: a later event of a watch. Raises BadRequest."""
    show = shown(call)
    key, declared = call.target.kind.key, call.definition.columns_in(call.target.kind.api_version)
    printed = printers.table(key, (), now_ms, declared)
    rows = [
        b'{"cells":' + encoding.dumps(cells) + b',"object":' + show(obj) + b"}"
        for obj in sliced(objects)
        for cells in printers.table(key, (obj,), now_ms, declared).rows
    ]
    definitions = [column._asdict() for column in printed.columns] if columns else None
    head = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta, "columnDefinitions": definitions}
    return b"".join((encoding.dumps(head)[:-1], b',"rows":[', b",".join(rows), b"]}"))


def shown(call: Call) -> Callable[[Obj], bytes]:
    """What a row tells of its object beside its cells, as the client wants it. Raises BadRequest."""
    include = call.query.get("includeObject") or "Metadata"
    if include not in _INCLUDE:
        raise errors.BadRequest(f'unrecognized includeObject value: "{include}"')
    if include == "Object":
        return call.whole
    return encoding.metadata if include == "Metadata" else lambda _: b"null"
