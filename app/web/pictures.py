"""A moment of a room as a picture: `GET /rooms/ROOM/picture.svg`, with `step`, `lang` and `theme`.

It needs nothing besides itself. `drawn` is asked by `loopscope export --svg` too; PNG and GIF are made of it by the
browser (static/js/pictures.js).
"""

from __future__ import annotations

import re
from functools import cache

from flask import Blueprint, Response, request
from jinja2 import Environment, FileSystemLoader

from app.api import errors
from app.look import Look
from app.web import language, palette, present, security
from app.web.numbers import number_of
from app.web.pages import rooms, title_of

blueprint = Blueprint("pictures", __name__)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@blueprint.get("/rooms/<id>/picture.svg")
def picture(id: str) -> Response:
    """Of that step, or of the nearest before it that people follow; without one of what is told."""
    security.allow("past")
    room, _ = rooms().get(id), language.here()
    theme = theme_of(request.args.get("theme", "light"))
    newest = room.told.step.number if room.told else room.cluster.trace.count
    number = step_asked() or newest
    title = title_of(room, _)
    svg = rooms().hindsight.look(room, number, lambda look: drawn(look, number, _, theme, title))
    return Response(svg, mimetype="image/svg+xml")


def drawn(look: Look, number: int, _: present.Words, theme: str = "light", title: str = "") -> str:
    """The picture as text. Raises NotFound, and Gone if that is too long ago."""
    found = present.picture(look, number, _)
    if found is None:
        raise errors.NotFound(_("Step %(n)s is not kept any more.", n=number))
    svg = _environment().get_template("picture.svg").render(title=title, ink=_inks()[theme], **found)
    return _NOT_XML.sub("\ufffd", svg).lstrip()


def theme_of(text: str) -> str:
    """Raises BadRequest."""
    if text not in palette.THEMES:
        raise errors.BadRequest(f'unknown theme "{text[:40]}": one of {", ".join(palette.THEMES)}')
    return text


def step_asked() -> int:
    """0: none was named. Raises BadRequest."""
    return number_of(request.args.get("step") or "0", "step must be the number of a step")


@cache
def _environment() -> Environment:
    from app.web import folder

    loader = FileSystemLoader(folder("templates"))
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)


@cache
def _inks() -> palette.Inks:
    from app.web import folder

    return palette.of(folder("static"))
