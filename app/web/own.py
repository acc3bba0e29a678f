"""Controllers that people write in a room: the editor, what is wrong with a text and what it would do, and files of it.

Nothing here changes a room; `define-controller` (commands.py) does.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, make_response, render_template

from app.api import errors
from app.api.own_controllers import own_controller_ref
from app.commands import DefineController
from app.rooms import Room, as_file, as_hook, controller_templates, observed, slips, tried
from app.web import language, present, security
from app.web.commands import command_of, form
from app.web.pages import rooms

blueprint = Blueprint("own", __name__, url_prefix="/rooms/<id>/controllers")


@blueprint.get("")
def controllers(id: str) -> Response:
    """Those that people wrote in this room, and some to begin with."""
    security.allow("look")
    room = rooms().get(id)
    _ = language.here()
    beginnings = [each._asdict() for each in controller_templates()]
    draw = lambda: render_template("_own.html", room=room, beginnings=beginnings, _=_, **present.own(room.look))  # noqa: E731
    return make_response(room.drawn(draw))


@blueprint.get("/<name>/<form>")
def controller_file(id: str, name: str, form: str) -> Response:
    """As a `file` for `loopscope serve --controller`, or as a `hook` of a Metacontroller."""
    security.allow("look")
    room = rooms().get(id)
    found = room.get(own_controller_ref(name))
    if found is None or form not in ("file", "hook"):
        raise errors.NotFound(f'no controller of yours is called "{name[:80]}"')
    text = as_file(found) if form == "file" else as_hook(found, room.cluster.scheme.kind)
    return Response(text, mimetype="text/x-python")


@blueprint.post("/lint")
def lint(id: str) -> Response:
    """What is wrong with a text, line by line."""
    security.guard()
    draft, _rest = _draft(rooms().get(id))
    found = slips(draft.text, edge=draft.edge)
    severity = {True: "error", False: "warning"}
    return jsonify(
        problems=[
            {"line": each.line, "column": each.column, "message": each.problem, "severity": severity[each.is_error]}
            for each in found
        ]
    )


@blueprint.post("/observation")
def observation(id: str) -> Response:
    """What the loop would see now, of the parent that is `chosen`."""
    security.guard()
    room = rooms().get(id)
    draft, rest = _draft(room)
    found = observed(room, draft, rest.get("chosen", ""))
    choices = present.choices(found, language.here())
    return jsonify(text=found.text, chosen=found.chosen, choices=choices)


@blueprint.post("/try")
def try_it(id: str) -> Response:
    """What the text makes of an `observation`, and what its loop would do about it. Nothing acts."""
    security.guard()
    room = rooms().get(id)
    draft, rest = _draft(room)
    _ = language.here()
    found = tried(room, draft, rest.get("observation", ""))
    return make_response(render_template("_own_tried.html", _=_, **present.tried(found, _)))


def _draft(room: Room) -> tuple[DefineController, dict[str, str]]:
    """The form as the command that it would be, and the other fields. Raises BadRequest."""
    values = form()
    rest: dict[str, str] = {name: values.pop(name) for name in ("chosen", "observation") if name in values}
    draft = command_of(room.cluster.scheme, DefineController.do, values)
    assert isinstance(draft, DefineController)
    return draft, rest
