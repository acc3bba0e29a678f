"""The blueprint of the Kubernetes face: from a request to what answers it, and every refusal as a Status."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Blueprint, Response, g, request
from flask_sock import Sock
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.http import HTTP_STATUS_CODES

from app.api import errors, limits
from app.apimachinery.scheme.scheme import Scheme
from app.rooms import Room
from app.web import access, kubeconfig, language, security
from app.web.kube import (
    about,
    accept,
    execs,
    logs,
    options,
    paths,
    reads,
    reviews,
    rights,
    sockets,
    tokens,
    warned,
    watches,
    writes,
)
from app.web.kube.calls import Call, answer, client_name
from app.web.pages import rooms

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_NO_TOKEN = "the provided Authorization header contains extra space before the bearer token, and is ignored"
log = logging.getLogger(__name__)
blueprint = Blueprint("kube", __name__, url_prefix="/rooms/<id>")

Handler = Callable[[Call], Response]


@blueprint.get("/kubeconfig")
def config(id: str) -> Response:
    security.allow("look")
    room = rooms().get(id)
    is_key = room.access.protected and access.role(room) is access.Role.OWNER
    made = kubeconfig.of(id, room.access.owner if is_key else "")
    response = Response(made.text, mimetype="application/yaml")
    response.headers["Content-Disposition"] = f"attachment; filename={made.file}"
    return response


@blueprint.route("/kube", methods=METHODS, strict_slashes=False, endpoint="root")
@blueprint.route("/kube/<path:path>", methods=METHODS)
def face(id: str, path: str = "") -> Response:
    security.check_origin()
    security.allow("kube")
    request.max_content_length = limits.REQUEST_BYTES
    room = rooms().get(id)
    if request.headers.get("Authorization", "").strip().lower().startswith("bearer  "):
        warned.tell([_NO_TOKEN])
    path = path.strip("/")
    scheme = room.cluster.scheme
    if request.method == "GET" and (found := about.page(scheme, path, f"/rooms/{id}/kube")) is not None:
        options.check_timeout(request.args)
        return found
    if request.method == "POST" and (asked := reviews.find(path)) is not None:
        options.check_timeout(request.args)
        return reviews.review(asked, room)
    return resource(room, scheme, path)


@blueprint.before_request
def before_handshake() -> Response | None:
    """What a websocket is refused, or has no use for, is answered as plain HTTP."""
    if request.url_rule is None or not request.url_rule.websocket:
        return None
    given = request.view_args or {}
    security.check_origin()
    room = rooms().get(given["id"])
    g.target = target = paths.parse(room.cluster.scheme, given["path"])
    if target.subresource in _SESSIONS:
        security.allow("kube")
        sockets.agree(request.environ, sockets.CHANNELS)
        reads.found(_call(room, room.cluster.scheme, target))
        execs.check(room, target.ref, target.subresource)
    elif _handler(target) in _STREAMED:
        sockets.agree(request.environ, sockets.STREAMS)
        g.streamed = face(**given)
    else:
        return face(**given)
    sockets.prepare(request.environ)
    return None


def talk(ws: sockets.Connection, id: str, path: str) -> None:
    target, protocol = g.target, sockets.agreed(request.environ)
    if target.subresource in _SESSIONS:
        attach = target.subresource == "attach"
        channels = sockets.Channels(ws, protocol, execs.streams().outputs)
        execs.serve(channels, rooms().get(id), target.ref, attach=attach)
    elif target.subresource == "log":
        sockets.forward(ws, g.streamed.response, protocol)
    else:
        sockets.forward_events(ws, g.streamed.response)


@blueprint.teardown_request
def close_streamed(error: BaseException | None) -> None:
    if (streamed := g.pop("streamed", None)) is not None:
        streamed.close()


sock = Sock()
sock.route("/kube/<path:path>", bp=blueprint)(talk)


def resource(room: Room, scheme: Scheme, path: str) -> Response:
    target = paths.parse(scheme, path)
    handler = _handler(target)
    if handler not in _LASTING:
        options.check_timeout(request.args)
    if target.kind.deprecation:
        warned.tell([target.kind.deprecation])
    return handler(_call(room, scheme, target))


def _call(room: Room, scheme: Scheme, target: paths.Target) -> Call:
    """Raises ServiceUnavailable, NotAcceptable."""
    if room.read(lambda cluster: cluster.api_down):
        raise errors.ServiceUnavailable("the API server of this room is down")
    form = accept.form(request.headers.get("Accept", ""))
    who = client_name(request.headers.get("User-Agent", ""))
    definition = scheme.definition(target.kind.key)
    return Call(room, scheme, definition, target, request.args, form, who, request.environ)


def _handler(target: paths.Target) -> Handler:
    """Raises MethodNotAllowed."""
    subresource = target.subresource
    table = _SUBRESOURCES.get(subresource, {}) if subresource else _OBJECT if target.name else _COLLECTION
    handler = table.get(request.method)
    if handler is None or _is_refused(target) or (target.watched and request.method != "GET"):
        raise errors.MethodNotAllowed("the server does not allow this method on the requested resource", details={})
    if request.method == "GET" and not subresource and (target.watched or options.flag(request.args, "watch")):
        return watches.watch
    return handler


def _is_refused(target: paths.Target) -> bool:
    """A POST or DELETE to /api/v1/pods (in which namespace?), a DELETE of all namespaces, a write of a measurement."""
    if target.kind.measured:
        return request.method != "GET"
    if target.name or request.method not in ("POST", "DELETE"):
        return False
    if request.method == "DELETE" and target.kind.key == "Namespace":
        return True
    return target.kind.namespaced and not target.namespace


_COLLECTION: dict[str, Handler] = {
    "GET": reads.list_,
    "POST": writes.create,
    "DELETE": writes.delete_collection,
}
_OBJECT: dict[str, Handler] = {
    "GET": reads.get,
    "PUT": writes.replace,
    "PATCH": writes.patch,
    "DELETE": writes.delete,
}
_CHANGED: dict[str, Handler] = {"GET": reads.get, "PUT": writes.replace, "PATCH": writes.patch}
_SUBRESOURCES: dict[str, dict[str, Handler]] = {
    "status": _CHANGED,
    "scale": _CHANGED,
    "ephemeralcontainers": _CHANGED,
    "resize": _CHANGED,
    "approval": _CHANGED,
    "finalize": {"PUT": writes.replace},
    "binding": {"POST": writes.bind},
    "eviction": {"POST": writes.evict},
    "log": {"GET": logs.log},
    "token": {"POST": tokens.create},
    **dict.fromkeys(paths.OF_PODS, dict.fromkeys(METHODS, execs.refused)),
}
_STREAMED = (watches.watch, logs.log)
_SESSIONS = ("exec", "attach")
_LASTING = (*_STREAMED, execs.refused)  # go on for as long as they like


blueprint.after_request(warned.write)


@blueprint.after_request
def said_as_go_does(response: Response) -> Response:
    """`409 Conflict`, where ours would shout."""
    response.status = f"{response.status_code} {HTTP_STATUS_CODES.get(response.status_code, '')}"
    return response


# ------------------------------------------------------------------------------------------------- refusals


@blueprint.errorhandler(errors.ApiError)
def refused(error: errors.ApiError) -> Response:
    response = answer(error.status(), error.code)
    wait = error.details.get("retryAfterSeconds")
    # A revision of the future is one of a room that began anew: it never comes, and client-go would ask ten times.
    if wait and error.code != errors.Timeout.code:
        response.headers["Retry-After"] = str(wait)
    return response


@blueprint.errorhandler(access.Refused)
def not_yours(error: access.Refused) -> Response:
    scheme = rooms().get((request.view_args or {})["id"]).cluster.scheme
    return refused(rights.forbidden(scheme, language.here()(str(error.why.text))))


@blueprint.errorhandler(paths.NoSuchPage)
def no_page(error: paths.NoSuchPage) -> Response:
    return Response("404 page not found\n", 404, mimetype="text/plain")


@blueprint.errorhandler(HTTPException)
def http_error(error: HTTPException) -> Response:
    if isinstance(error, RequestEntityTooLarge):
        return refused(errors.TooLarge(f"Request entity too large: limit is {limits.REQUEST_BYTES}"))
    refusal = errors.BadRequest(error.description or "the request is malformed")
    refusal.code = error.code or 400
    return refused(refusal)


@blueprint.errorhandler(Exception)
def mistake(error: Exception) -> Response:
    log.exception("answer failed", extra={"method": request.method, "rule": str(request.url_rule)})
    return refused(errors.ApiError("an error on the server has prevented the request from succeeding"))
