"""What somebody who may only look may ask of the API server, and how it refuses the rest, in the words of RBAC.

Models kubernetes/apiserver `pkg/endpoints/handlers/responsewriters/errors.go`.
"""

from __future__ import annotations

from flask import request

from app.api import errors, users
from app.apimachinery.scheme.scheme import Scheme
from app.web.kube import paths, reviews

_VERBS = {"GET": "create", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_SESSIONS = ("exec", "attach")


def looks() -> bool:
    """Whether this request changes nothing: a read, or a question; a session in a container may do anything there."""
    path = str((request.view_args or {}).get("path", "")).strip("/")
    if request.url_rule is not None and request.url_rule.websocket:
        return path.rpartition("/")[2] not in _SESSIONS
    return request.method in ("GET", "HEAD", "OPTIONS") or (request.method == "POST" and reviews.find(path) is not None)


def forbidden(scheme: Scheme, why: str) -> errors.Forbidden:
    """This request is."""
    path = str((request.view_args or {}).get("path", "")).strip("/")
    who = users.YOU["username"]
    try:
        target = paths.parse(scheme, path)
    except (paths.NoSuchPage, errors.NotFound):
        return errors.Forbidden(f'forbidden: User "{who}" cannot {request.method.lower()} path "/{path}": {why}')
    kind, verb = target.kind, _VERBS[request.method]
    verb = "deletecollection" if verb == "delete" and not target.name else verb
    resource = f"{kind.plural}/{target.subresource}" if target.subresource else kind.plural
    qualified = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
    place = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
    about = f'{qualified} "{target.name}"' if target.name else qualified
    message = (
        f'{about} is forbidden: User "{who}" cannot {verb}'
        f' resource "{resource}" in API group "{kind.group}" {place}: {why}'
    )
    named = {"name": target.name} if target.name else {}
    group = {"group": kind.group} if kind.group else {}
    return errors.Forbidden(message, details={**named, **group, "kind": kind.plural})
