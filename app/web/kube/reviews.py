"""Who am I, whose token is this, and may they? Whoever knows the room's name may do everything there, unless its owner
has protected it; whoever has its viewer key may read.

`kubectl auth can-i` and `auth whoami` post these; nothing is stored. Models kubernetes/pkg/registry/authorization,
pkg/registry/authentication and pkg/apis/authorization/validation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from flask import Response, request

from app.api import errors, users
from app.api.errors import Cause
from app.api.kinds import Kind
from app.api.objects import Obj
from app.apimachinery.openapi import discovery
from app.apimachinery.scheme import schema
from app.apimachinery.scheme.shapes import struct_of
from app.registry.validation import causes
from app.rooms import Room
from app.web import access
from app.web.kube import accept, bodies, tokens
from app.web.kube.calls import answer

_ALLOWED = {"allowed": True, "reason": "whoever knows the name of a room may do everything in it"}
_LOOKS = {"allowed": True, "reason": "whoever looks on may read everything"}
_DENIED = {
    "allowed": False,
    "reason": "whoever only looks changes nothing",
}
_READS = ["get", "list", "watch"]


class Asked(NamedTuple):
    """A review that somebody posts. `namespace`: that of the address."""

    row: Kind
    namespace: str = ""


def find(path: str) -> Asked | None:
    """The review that a POST to `path` asks for, if it is one."""
    match path.split("/"):
        case ["apis", group, version, "namespaces", namespace, plural]:
            return _asked(group, version, plural, namespace)
        case ["apis", group, version, plural]:
            return _asked(group, version, plural, "")
    return None


def _asked(group: str, version: str, plural: str, namespace: str) -> Asked | None:
    for row in discovery.REVIEWS:
        if (row.group, row.version, row.plural, row.namespaced) == (group, version, plural, bool(namespace)):
            return Asked(row, namespace)
    return None


def review(asked: Asked, room: Room) -> Response:
    """Raises NotAcceptable for a table, BadRequest or Invalid for what cannot be asked."""
    row = asked.row
    accept.form(request.headers.get("Accept", ""), (accept.OBJECT,))
    document = bodies.parsed(request.get_data(), request.content_type or "", row.kind)[0]
    if not isinstance(document, dict):
        schema.type_meta(document)
    document = {"apiVersion": row.api_version, "kind": row.kind, **document}
    given, _ = schema.decoded(document, struct_of(row.api_version, row.kind))
    if wrong := list(_wrong(asked, given)):
        raise errors.invalid(row.kind, "", wrong, row.group)
    return answer({**given, "status": _STATUSES[row.kind](given, room)}, 201)


def _wrong(asked: Asked, given: Obj) -> Iterator[Cause]:
    """Raises BadRequest for a namespace that is not the one of the address."""
    if not asked.row.kind.endswith("AccessReview"):
        return
    spec: Mapping[str, Any] = given.get("spec") or {}
    attributes, other = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if attributes is not None and other is not None:
        why = "cannot be specified in combination with resourceAttributes"
        yield causes.invalid("spec.nonResourceAttributes", other, why)
    if attributes is None and other is None:
        why = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        yield causes.invalid("spec.resourceAttributes", None, why)
    if asked.row.kind != "SelfSubjectAccessReview" and not spec.get("user") and not spec.get("groups"):
        yield causes.invalid("spec.user", "", "at least one of user or group must be specified")
    if asked.row.namespaced:
        yield from _elsewhere(asked.namespace, given["metadata"].get("namespace", ""), attributes, other)


def _elsewhere(namespace: str, stated: str, attributes: Mapping[str, Any] | None, other: Any) -> Iterator[Cause]:
    """What a review of one namespace may not ask. Raises BadRequest."""
    if attributes is not None and attributes.get("namespace", "") != stated:
        why = "must match metadata.namespace"
        yield causes.invalid("spec.resourceAttributes.namespace", attributes.get("namespace", ""), why)
    if other is not None:
        yield causes.invalid("spec.nonResourceAttributes", other, "disallowed on this kind of request")
    if stated != namespace:
        raise errors.BadRequest(f"spec.resourceAttributes.namespace must match namespace: {namespace}")


def _token(given: Obj, room: Room) -> dict[str, Any]:
    """Whose token that is. Raises BadRequest without one."""
    token = (given.get("spec") or {}).get("token")
    if not token:
        raise errors.BadRequest("token is required for TokenReview in authentication")
    bearer = tokens.bearer(token, room)
    wanted = given["spec"].get("audiences") or [tokens.ISSUER]
    audiences = [each for each in wanted if bearer is not None and each in bearer.audiences]
    if bearer is None or not audiences:
        return {"user": {}, "error": "invalid bearer token"}
    return {"authenticated": True, "user": bearer.user, "audiences": audiences}


def _access(given: Obj, room: Room) -> dict[str, Any]:
    """Of whomever it asks about: in a room all are one."""
    if not access.why_not():
        return _ALLOWED
    spec: Mapping[str, Any] = given.get("spec") or {}
    asked = spec.get("resourceAttributes") or spec.get("nonResourceAttributes") or {}
    is_read = asked.get("verb") in _READS and asked.get("subresource") not in ("exec", "attach", "portforward", "proxy")
    return _LOOKS if is_read else _DENIED


def _rules(given: Obj, room: Room) -> dict[str, Any]:
    verbs = _READS if access.why_not() else ["*"]
    return {
        "resourceRules": [{"verbs": verbs, "apiGroups": ["*"], "resources": ["*"]}],
        "nonResourceRules": [{"verbs": verbs, "nonResourceURLs": ["*"]}],
        "incomplete": False,
    }


_STATUSES: dict[str, Callable[[Obj, Room], dict[str, Any]]] = {
    "SelfSubjectReview": lambda given, room: {"userInfo": users.YOU},
    "TokenReview": _token,
    "SelfSubjectRulesReview": _rules,
    **dict.fromkeys(("LocalSubjectAccessReview", "SelfSubjectAccessReview", "SubjectAccessReview"), _access),
}
