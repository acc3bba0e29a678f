"""What the owner of a room does with it: name, protect, close. Who that is says app/web/access.py."""

from __future__ import annotations

from flask import Blueprint, Response

from app.api import errors
from app.rooms import title
from app.web import language, security
from app.web.commands import answer, flag, form, with_warning
from app.web.pages import rooms

blueprint = Blueprint("roles", __name__, url_prefix="/rooms/<id>")
blueprint.before_request(security.guard)


@blueprint.post("/title")
def rename(id: str) -> Response:
    room, _ = rooms().get(id), language.here()
    room.grant(room.access._replace(title=title(_only("title"))))
    said = (
        _("This room is called %(title)s now.", title=room.access.title)
        if room.access.title
        else _("This room has no name now.")
    )
    return answer(with_warning(room, said))


@blueprint.post("/protect")
def protect(id: str) -> Response:
    room, _ = rooms().get(id), language.here()
    room.grant(room.access._replace(protected=flag("protected", _only("protected"))))
    yes, no = _("Protected: only you change this room."), _("Whoever takes part may change this room.")
    said = yes if room.access.protected else no
    return answer(with_warning(room, said))


@blueprint.post("/close")
def close(id: str) -> Response:
    """For good: the form says so, with `sure`."""
    if not flag("sure", _only("sure")):
        raise errors.BadRequest('field "sure" must be true: a room that is closed is gone')
    rooms().close_room(rooms().get(id))
    return answer(language.here()("The room is closed."))


def _only(name: str) -> str:
    values = form()
    if set(values) != {name}:
        raise errors.BadRequest(f'the field "{name}" is needed, and no other')
    return values[name]
