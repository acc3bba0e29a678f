"""A room as a file: `GET /rooms/ROOM/export` sends it, `POST /import` makes a new room of one, `POST /rooms/ROOM/fork`
another with the same past. And what is declared in it, as manifests for another cluster: `GET /rooms/ROOM/manifests`,
with `?nodes=kwok` its nodes too.

The file comes in the form of the page `/import`, as an upload or as text, or is the body itself.
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.api import errors
from app.api.breath import breathing
from app.api.messages import Message
from app.api.objects import Obj
from app.kubectl import exported
from app.look import Look
from app.rooms import Room, Sharing
from app.web import language, security
from app.web.pages import ORIGIN, YEAR_S, rooms
from app.web.problems import wants_json

LONGEST_STEP = 12  # digits

blueprint = Blueprint("sharing", __name__)


def sharing() -> Sharing:
    found: Sharing = current_app.extensions["sharing"]
    return found


@blueprint.get("/rooms/<id>/files")
def files(id: str) -> Response:
    """The menu of the page."""
    security.allow("look")
    origin = ORIGIN in request.cookies
    return make_response(render_template("_files.html", id=rooms().get(id).id, origin=origin, _=language.here()))


@blueprint.get("/rooms/<id>/export")
def export(id: str) -> Response:
    security.allow("file")
    room = rooms().get(id)
    response = Response(sharing().exported(room), mimetype="text/yaml")
    response.headers["Content-Disposition"] = f'attachment; filename="loopscope-{room.scenario.id}.yaml"'
    return response


@blueprint.post("/rooms/<id>/fork")
def fork(id: str) -> AnyResponse:
    """What if? To a new room with the same past, up to the step of the form or to now."""
    security.guard()
    security.allow("room")
    room = sharing().forked(rooms().get(id), _step())
    place = url_for("pages.room", id=room.id)
    if not wants_json():
        response: AnyResponse = redirect(place, 303)
    else:
        both = url_for("beside.page", id=id, other=room.id)
        response = jsonify(ok=True, code=201, room=room.id, url=place, beside=both, step=room.cluster.trace.count)
        response.status_code = 201
    # The address of a room is its key: whoever is given that of the fork is not given this one.
    response.set_cookie(ORIGIN, id, path=place, max_age=YEAR_S, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


@blueprint.get("/rooms/<id>/manifests")
def manifests(id: str) -> Response:
    security.allow("look")
    room, nodes = rooms().get(id), request.args.get("nodes", "")
    if nodes not in ("", "kwok"):
        raise errors.BadRequest(f'unknown nodes "{nodes[:40]}": one of kwok')
    scheme, objects = room.drawn(lambda: (room.look.scheme.copy(), _objects(room.look)))
    text = exported.manifests(scheme, objects, [obj for obj in objects if obj["kind"] == "Node"] if nodes else ())
    response = Response(text, mimetype="text/yaml")
    response.headers["Content-Disposition"] = 'attachment; filename="manifests.yaml"'
    return response


def _objects(look: Look) -> list[Obj]:
    kinds = (row.key for row in look.scheme.kinds() if not row.is_local)
    return [obj for kind in kinds for obj in breathing(look.objects(kind))]


@blueprint.get("/import")
def form() -> Response:
    security.allow("look")
    return _form()


@blueprint.post("/import")
def take_in() -> AnyResponse:
    """To the new room; or the form again, with what is wrong."""
    text = ""
    try:
        text = _sent()
        security.guard()
        security.allow("file")
        security.allow("room")
        room = sharing().take_in(text)
    except errors.ApiError as refusal:
        if wants_json():
            raise
        return _form(text, refusal)
    if not wants_json():
        return redirect(url_for("pages.room", id=room.id), 303)
    said = said_of(room)
    _ = language.here()
    told = _(str(said.text), **said.values) if said else ""
    response = jsonify(ok=True, code=201, message=told, room=room.id, url=url_for("pages.room", id=room.id))
    response.status_code = 201
    return response


def said_of(room: Room) -> Message | None:
    """How a room came in, for its page."""
    return sharing().said_of(room)


def _form(text: str = "", refusal: errors.ApiError | None = None) -> Response:
    _ = language.here()
    problem = refusal.message if refusal else ""
    response = make_response(render_template("import.html", text=text, problem=problem, lang=_.lang, _=_))
    response.status_code = refusal.code if refusal else 200
    if refusal and (wait := refusal.details.get("retryAfterSeconds")):
        response.headers["Retry-After"] = str(wait)
    return response


def _step() -> int:
    """Raises BadRequest."""
    text = request.form.get("step", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_STEP):
        raise errors.BadRequest('field "step" must be the number of a step')
    return int(text)


def _sent() -> str:
    """Raises BadRequest."""
    if request.mimetype not in ("multipart/form-data", "application/x-www-form-urlencoded"):
        return _decoded(request.get_data())
    if unknown := {*request.files, *request.form} - {"file", "text", "csrf_token"}:
        raise errors.BadRequest(f'unknown field "{min(unknown)[:40]}" of an import: send "file" or "text"')
    upload = request.files.get("file")
    data = upload.read() if upload is not None else b""
    return _decoded(data) if data else request.form.get("text", "").replace("\r\n", "\n")


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise errors.BadRequest(f"the file is no text in UTF-8: byte {error.start} is none") from None
