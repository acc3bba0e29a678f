"""A room in a frame of somebody's page: `GET /rooms/ROOM/embed`, with `panels`, `lang`, `theme` and `step`.

It is the page of the room with fewer regions and nothing that changes anything. It needs no cookie, for a frame in
another's page has none. Only this page may be framed by others.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for

from app.api import errors
from app.look import Look
from app.rooms import Room, viewer_key
from app.web import language, pictures, present, security
from app.web.pages import rendered, rooms, title_of

PANELS = ("caption", "loop", "board", "timeline", "desired", "traffic")
USUAL = ("caption", "loop", "board")

blueprint = Blueprint("embedding", __name__)


@blueprint.get("/rooms/<id>/embed")
def embed(id: str) -> Response:
    """Live; with `step` as it was at that step, or the nearest before it that people follow."""
    security.allow("look")
    room, _ = rooms().get(id), language.here()
    theme = request.args.get("theme", "auto")
    about = {"panels": _panels(), "theme": "" if theme == "auto" else pictures.theme_of(theme)}
    number = pictures.step_asked()
    if number:
        security.allow("past")
        html = rooms().hindsight.look(room, number, lambda look: _still(room, look, number, about, _))
    else:
        html = room.drawn(lambda: rendered("room.html", embed=about, **present.page(room, (), _)))
    response = make_response(html)
    response.headers["Content-Security-Policy"] = security.policy(framed=True)
    return response


@blueprint.get("/rooms/<id>/pictures")
def pictures_of(id: str) -> Response:
    """The dialog with what one can take away: a moment, the story, a frame."""
    security.allow("look")
    room, _ = rooms().get(id), language.here()
    title = title_of(room, _)
    address = address_of(room)
    return make_response(
        render_template("_pictures.html", address=address, title=title, panels=PANELS, usual=USUAL, lang=_.lang, _=_)
    )


def address_of(room: Room) -> str:
    """Where others find the room, to look on: its viewer key does not open it for more."""
    return url_for("pages.room", id=viewer_key(room.id), _external=True)


def _still(room: Room, look: Look, number: int, about: dict[str, Any], _: present.Words) -> str:
    still = present.still(room, look, number)
    if still is None:
        raise errors.NotFound(_("Step %(n)s is not kept any more.", n=number))
    return rendered("room.html", embed={**about, "still": True}, **present.page(still, (), _))


def _panels() -> tuple[str, ...]:
    """Each once, in the order of the page. Raises BadRequest."""
    asked = request.args.get("panels")
    if asked is None:
        return USUAL
    names = {name.strip() for name in asked.split(",")} - {""}
    if unknown := names.difference(PANELS):
        raise errors.BadRequest(f'unknown panel "{min(unknown)[:40]}": one of {", ".join(PANELS)}')
    return tuple(name for name in PANELS if name in names) or USUAL
