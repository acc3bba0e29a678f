"""`GET /rooms/ROOM/story.html`: a stretch of the room's story as a page that plays without a server.

From the last act of a person to now, or `?from=STEP&to=STEP`. It is drawn from a recording, slice by slice, while the
room goes on.
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request

from app.rooms import newest_act, stretches
from app.web import language, security
from app.web.numbers import number_of
from app.web.pages import rooms
from app.web.story import page

blueprint = Blueprint("story", __name__)


@blueprint.get("/rooms/<id>/story.html")
def story(id: str) -> Response:
    security.allow("file")
    room = rooms().get(id)
    first, last = _step("from", newest_act(room.journal)), _step("to", room.cluster.trace.count)
    parts = stretches(rooms().hindsight, room, first, last)
    static = current_app.extensions["assets"].folder
    html = page.page(current_app.jinja_env, static, room.scenario, parts, language.here())
    response = Response(html, mimetype="text/html")
    response.headers["Content-Disposition"] = f'attachment; filename="loopscope-{room.scenario.id}.html"'
    return response


def _step(name: str, otherwise: int) -> int:
    """Raises BadRequest."""
    text = request.args.get(name, "")
    return number_of(text, f'"{name}" must be the number of a step') if text else otherwise
