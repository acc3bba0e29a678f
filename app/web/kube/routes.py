"""The blueprint of the Kubernetes face: from a request to what answers it, and every refusal as a Status."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request
from flask_sock import Sock
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from app.api import discovery, errors, gnostic, openapi
from app.rooms import Room
from app.web import kubeconfig, security
from app.web.kube import accept, execs, logs, options, paths, reads, reviews, tokens, watches, writes
from app.web.kube.calls import Call, answer, client_name
from app.web.pages import rooms

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
BODY_BYTES = 3 * 1024 * 1024
DAY_S = 86_400
log = logging.getLogger(__name__)
blueprint = Blueprint("kube", __name__, url_prefix="/rooms/<id>")

Handler = Callable[[Call], Response]


@blueprint.get("/kubeconfig")
def config(id: str) -> Response:
    security.allow("look")
    room = rooms().get(id)
    made = kubeconfig.of(room.id)
    response = Response(made.text, mimetype="application/yaml")
    response.headers["Content-Disposition"] = f"attachment; filename={made.file}"
    return response


@blueprint.route("/kube", methods=METHODS, strict_slashes=False, endpoint="root")
@blueprint.route("/kube/<path:path>", methods=METHODS)
def face(id: str, path: str = "") -> Response:
    security.allow("kube")
    request.max_content_length = BODY_BYTES
    room = rooms().get(id)
    path = path.strip("/")
    if request.method == "GET" and (found := _about(path, f"/rooms/{room.id}/kube")) is not None:
        return found
    if request.method == "POST" and (review := reviews.find(path)) is not None:
        return review()
    return resource(room, path)


@blueprint.before_request
def before_handshake() -> None:
    if request.url_rule is not None and request.url_rule.websocket:
        security.allow("kube")
        security.check_origin()
        rooms().get((request.view_args or {})["id"])
        execs.prepare()


def exec_(ws: execs.Connection, id: str, namespace: str, name: str) -> None:
    execs.serve(ws, rooms().get(id), namespace, name, attach=False)


def attach(ws: execs.Connection, id: str, namespace: str, name: str) -> None:
    execs.serve(ws, rooms().get(id), namespace, name, attach=True)


_POD = "/kube/api/v1/namespaces/<namespace>/pods/<name>"
sock = Sock()
sock.route(f"{_POD}/exec", bp=blueprint)(exec_)
sock.route(f"{_POD}/attach", bp=blueprint)(attach)


def resource(room: Room, path: str) -> Response:
    target = paths.parse(path)
    if room.read(lambda cluster: cluster.api_down):
        raise errors.ServiceUnavailable("the API server of this room is down")
    handler = _handler(target)
    form = accept.form(request.headers.get("Accept", ""))
    who = client_name(request.headers.get("User-Agent", ""))
    return handler(Call(room, target, request.args, form, who, request.environ))


def _handler(target: paths.Target) -> Handler:
    """Raises MethodNotAllowed."""
    subresource = target.subresource
    table = _SUBRESOURCES.get(subresource, {}) if subresource else _OBJECT if target.name else _COLLECTION
    handler = table.get(request.method)
    if handler is None or _is_refused(target):
        raise errors.MethodNotAllowed("the server does not allow this method on the requested resource", details={})
    if request.method == "GET" and not subresource and options.flag(request.args, "watch"):
        return watches.watch
    return handler


def _is_refused(target: paths.Target) -> bool:
    """A POST or DELETE to /api/v1/pods (in which namespace?), a DELETE of all namespaces, a write of a measurement."""
    if target.kind.measured:
        return request.method != "GET"
    if target.name or request.method not in ("POST", "DELETE"):
        return False
    if request.method == "DELETE" and target.kind.kind == "Namespace":
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
    "finalize": {"PUT": writes.replace},
    "binding": {"POST": writes.bind},
    "eviction": {"POST": writes.evict},
    "log": {"GET": logs.log},
    "token": {"POST": tokens.create},
    **dict.fromkeys(paths.OF_PODS, dict.fromkeys(METHODS, execs.refused)),
}


# ------------------------------------------------------------------------------------ discovery, health, schemas


def _about(path: str, base: str) -> Response | None:
    """What the server tells of itself; None for addresses of objects."""
    aggregated = accept.wants_aggregated(request.headers.get("Accept", ""))
    match path.split("/"):
        case [""]:
            return answer({"paths": list(_PATHS)})
        case ["version"]:
            return answer(discovery.version())
        case ["healthz" | "livez" | "readyz", *_]:
            return Response("ok", mimetype="text/plain")
        case ["api" | "apis"] if aggregated:
            response = answer(discovery.aggregated(f"/{path}"))
            response.headers["Content-Type"] = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
            return response
        case ["api"]:
            return answer(discovery.api_versions(request.host))
        case ["apis"]:
            return answer(discovery.api_group_list())
        case ["api", version]:
            return answer(_known(discovery.resource_list, version))
        case ["apis", group]:
            return answer(_known(discovery.api_group, group))
        case ["apis", group, version]:
            return answer(_known(discovery.resource_list, f"{group}/{version}"))
        case ["openapi", *rest]:
            return _openapi(rest, base)
    return None


_PATHS = ("/api", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version")


def _openapi(rest: list[str], base: str) -> Response:
    match rest:
        case ["v2"] if "protobuf" in request.headers.get("Accept", ""):
            return Response(gnostic.openapi_v2_protobuf(), mimetype=_OPENAPI_V2)
        case ["v2"]:
            return answer(gnostic.openapi_v2_json())
        case ["v3"]:
            return answer(openapi.openapi_v3_index(base))
        case ["v3", "api" | "apis", *parts] if parts:
            response = answer(_known(openapi.openapi_v3_json, "/".join(parts)))
            if "hash" in request.args:
                response.cache_control.public = True
                response.cache_control.max_age = DAY_S
            return response
    raise paths.NoSuchPage


_OPENAPI_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"


def _known(describe: Callable[[str], Any], name: str) -> Any:
    """What `describe` says of a group, or of a group and version. Raises NoSuchPage or NoSuchResource."""
    said = describe(name)
    if said is not None:
        return said
    group, slash, _ = name.partition("/")
    raise paths.NoSuchResource if slash and discovery.api_group(group) else paths.NoSuchPage


# ------------------------------------------------------------------------------------------------- refusals


@blueprint.errorhandler(errors.ApiError)
def refused(error: errors.ApiError) -> Response:
    response = answer(error.status(), error.code)
    wait = error.details.get("retryAfterSeconds")
    # A revision of the future is one of a room that began anew: it never comes, and client-go would ask ten times.
    if wait and error.code != errors.Timeout.code:
        response.headers["Retry-After"] = str(wait)
    return response


@blueprint.errorhandler(paths.NoSuchPage)
def no_page(error: paths.NoSuchPage) -> Response:
    return Response("404 page not found\n", 404, mimetype="text/plain")


@blueprint.errorhandler(HTTPException)
def http_error(error: HTTPException) -> Response:
    if isinstance(error, RequestEntityTooLarge):
        return refused(errors.TooLarge(f"Request entity too large: limit is {BODY_BYTES}"))
    refusal = errors.BadRequest(error.description or "the request is malformed")
    refusal.code = error.code or 400
    return refused(refusal)


@blueprint.errorhandler(Exception)
def mistake(error: Exception) -> Response:
    log.exception("%s %s", request.method, request.path)
    return refused(errors.ApiError("an error on the server has prevented the request from succeeding"))
