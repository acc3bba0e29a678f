"""Two rooms with a common past side by side: `GET /rooms/ROOM/beside/OTHER`, a page of its own that only looks.

    /axis   where one can stop, as JSON
    /at     both at one virtual time since they parted, as a piece of the page: `at` milliseconds; or, exactly, the
            steps `a` and `b`, and those that were told there last, `told_a` and `told_b`

`GET /rooms/ROOM/beside` leads there: beside the room whose link is in `with`, or the one that this browser forked it
from.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from app.api import errors
from app.rooms import NOT_KEPT, NotComparable, Parting, Room, parting
from app.web import access, language, present, security
from app.web.numbers import number_of
from app.web.pages import ORIGIN, rooms
from app.web.present import Words, beside

LINK = re.compile(r"(?:.*/rooms/)?([0-9A-Za-z_-]{8,80})(?:[/?#].*)?", re.DOTALL)
SIDES = ("a", "b")
IDS = re.compile(r'\s(id|for|aria-controls|aria-labelledby|aria-describedby)="')

blueprint = Blueprint("beside", __name__, url_prefix="/rooms/<id>/beside")


@blueprint.get("")
def choose(id: str) -> AnyResponse:
    security.allow("look")
    rooms().get(id)
    link = request.args.get("with", "").strip()
    found = LINK.fullmatch(link or request.cookies.get(ORIGIN, ""))
    if found is None:
        _ = language.here()
        return _instead(id, _("That is no link of a room.") if link else "", 404 if link else 200)
    if link:
        return redirect(url_for("beside.page", id=id, other=found[1], lang=request.args.get("lang")))
    return redirect(url_for("beside.page", id=found[1], other=id, lang=request.args.get("lang")))


@blueprint.get("/<other>")
def page(id: str, other: str) -> Response:
    security.allow("look")
    _ = language.here()
    try:
        both = _pair(id, other)
        since = parting(*both)
    except NotComparable as refusal:
        return _instead(id, _(str(refusal.why.text)), 409)
    except errors.NotFound:
        return _instead(_known(id, other), _("One of the two rooms is gone: it was given up, or never was."), 404)
    try:
        at = _moment(both, since, None, _)
    except errors.NotFound:
        return _instead(id, _(NOT_KEPT), 404)
    context = {
        "found": _axis(both, since, _),
        "since": since,
        "parted": present.virtual(since.at_ms - both[0].cluster.epoch_ms),
        "title": both[0].scenario.title[_.lang],
        "words": beside.words(_),
        "why_not": [_(why) if why else "" for why in (access.why_not(), access.why_not(other))],
        **at,
    }
    return make_response(render_template("beside.html", id=id, other=other, **context))


@blueprint.get("/<other>/axis")
def axis(id: str, other: str) -> Response:
    security.allow("past")
    both = _pair(id, other)
    return jsonify(_axis(both, _parted(both), language.here()))


@blueprint.get("/<other>/at")
def at(id: str, other: str) -> Response:
    security.allow("past")
    both = _pair(id, other)
    context = _moment(both, _parted(both), _number("at"), language.here())
    return make_response(render_template("_beside_moment.html", is_piece=True, **context))


# ------------------------------------------------------------------------------------------------- the two


def _pair(id: str, other: str) -> tuple[Room, Room]:
    return rooms().get(id), rooms().get(other)


def _parted(both: tuple[Room, Room]) -> Parting:
    """Raises NotComparable, said in the language of who asks."""
    try:
        return parting(*both)
    except NotComparable as refusal:
        refusal.message = language.here()(str(refusal.why.text))
        raise


def _axis(both: tuple[Room, Room], since: Parting, _: Words) -> dict[str, object]:
    one, other = both
    mine = one.drawn(lambda: beside.life(one.look, since, (one.journal, other.journal), _))
    theirs = other.drawn(lambda: beside.life(other.look, since, (other.journal, one.journal), _))
    found = beside.axis((mine, theirs), since)
    for side, room in zip(found["sides"], both, strict=True):
        side["busy"] = not room.is_told
        side["until"] = room.cluster.now_ms - room.cluster.epoch_ms
    return found


def _moment(both: tuple[Room, Room], since: Parting, at_ms: int | None, _: Words) -> dict[str, Any]:
    """Context of the template; None: as they parted, before what was done in that very millisecond."""
    one, other = (_side(name, room, since, at_ms, _) for name, room in zip(SIDES, both, strict=True))
    came = [max(0, room.cluster.now_ms - since.at_ms) for room in both]
    found = beside.moment((one, other), both[0].cluster.scheme, since, at_ms or 0, (came[0], came[1]), _)
    return {"room": both[0], "apart": _apart, **found}


def _side(name: str, room: Room, since: Parting, at_ms: int | None, _: Words) -> beside.Side:
    step = since.step if at_ms is None else _number(name)
    step = step or room.drawn(lambda: beside.step_at(room.look, since.at_ms + (at_ms or 0)))
    step = min(max(step, since.step), room.cluster.trace.count)
    told = min(_number(f"told_{name}"), step)
    return rooms().hindsight.look(room, step, lambda look: beside.side(name, look, since, told, _))


def _number(name: str) -> int:
    """Raises BadRequest."""
    return number_of(request.args.get(name, "0"), f'"{name}" must be a number')


def _apart(html: str, name: str) -> Markup:
    """A piece of a page whose ids are its own; an `"` in a text is escaped."""
    return Markup(IDS.sub(rf' \1="{name}-', str(html)))


def _known(*ids: str) -> str:
    """The first of them that there is; "": none."""
    for id in ids:
        try:
            rooms().get(id)
            return id
        except errors.ApiError:
            continue
    return ""


def _instead(id: str, problem: str, code: int) -> Response:
    """Where they cannot be compared: why, and the field for another link."""
    _ = language.here()
    response = make_response(render_template("beside_none.html", id=id, problem=problem, lang=_.lang, _=_))
    response.status_code = code
    return response
