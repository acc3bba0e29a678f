"""The links to a room: `GET /rooms/ROOM/share`, and behind one of them `/rooms/KEY/copy`. A room as a file:
`GET /rooms/ROOM/export` sends it, `POST /import` makes a new room of one, `POST /rooms/ROOM/fork` another with the same
past. And what is declared in it, as manifests for another cluster: `GET /rooms/ROOM/manifests`, with `?nodes=kwok` its
nodes too.

The file comes in the form of the page `/import`, as an upload or as text, or is the body itself.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.api import errors, limits
from app.api.breath import breathing
from app.api.messages import Message
from app.api.objects import Obj
from app.kubectl import exported
from app.look import Look
from app.rooms import Room, Sharing, viewer_key
from app.web import access, language, security
from app.web.numbers import number_of
from app.web.pages import ORIGIN, YEAR_S, rooms, title_of
from app.web.problems import wants_json

blueprint = Blueprint("sharing", __name__)


def sharing() -> Sharing:
    found: Sharing = current_app.extensions["sharing"]
    return found


@blueprint.get("/rooms/<id>/files")
def files(id: str) -> Response:
    """The menu of the page."""
    security.allow("look")
    origin = ORIGIN in request.cookies
    return make_response(render_template("_files.html", room=rooms().get(id), origin=origin, _=language.here()))


@blueprint.get("/rooms/<id>/share")
def share(id: str) -> Response:
    """The links to a room that whoever asks may give away; `step` is the moment that they look at."""
    security.allow("look")
    room, step = rooms().get(id), _step(request.args.get("step", "0"))
    role, watching = access.role(room), viewer_key(room.id)
    to = partial(url_for, "pages.room", _external=True)
    links = {"watch": to(id=watching), "moment": to(id=watching, step=step)}
    links["copy"] = url_for("sharing.copy", id=watching, _external=True)
    if role > access.Role.VIEWER:
        links["take_part"] = to(id=room.id)
    if role is access.Role.OWNER:
        links["owner"] = to(id=room.id, owner=room.access.owner)
    owned = {"title": room.access.title, "longest": limits.TITLE_LENGTH, "is_owned": bool(room.access.owner)}
    html = render_template(
        "_share.html", role=role.name.lower(), step=step, protected=room.access.protected, _=language.here(),
        **links, **owned,
    )  # fmt: skip
    return make_response(html)


@blueprint.get("/rooms/<id>/copy")
def copy(id: str) -> Response:
    """What a copy is, and the button that makes one."""
    security.allow("look")
    room, step, _ = rooms().get(id), _step(request.args.get("step", "0")), language.here()
    name = title_of(room, _)
    return make_response(render_template("copy.html", name=name, step=step, lang=_.lang, _=_))


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
    room = sharing().forked(rooms().get(id), _step(request.form.get("step", "0")))
    response: AnyResponse = _made(
        room, beside=url_for("beside.page", id=id, other=room.id), step=room.cluster.trace.count
    )
    if not wants_json():
        response = _to(room)
    # The address of a room is its key: whoever is given that of the fork is not given this one.
    place, secure = url_for("pages.room", id=room.id), request.is_secure
    response.set_cookie(ORIGIN, id, path=place, max_age=YEAR_S, httponly=True, samesite="Lax", secure=secure)
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
        return _to(room)
    said = said_of(room)
    _ = language.here()
    return _made(room, message=_(str(said.text), **said.values) if said else "")


def _to(room: Room) -> AnyResponse:
    """Whoever made it."""
    response = redirect(url_for("pages.room", id=room.id), 303)
    access.own(response, room)
    return response


def _made(room: Room, **said: Any) -> Response:
    """For a program, with the address that makes an owner of a browser."""
    place = url_for("pages.room", id=room.id)
    owner = url_for("pages.room", id=room.id, owner=room.access.owner)
    response = jsonify(ok=True, code=201, room=room.id, url=place, owner=owner, **said)
    response.status_code = 201
    access.own(response, room)
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


def _step(text: str) -> int:
    """Of a step. Raises BadRequest."""
    return number_of(text, 'field "step" must be the number of a step')


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
