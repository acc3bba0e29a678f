"""A step of the room's lesson is pressed: `POST /rooms/ROOM/script/N`, counted from 0, with a plain form.

It answers as commands do, and tells how the text of Desired changes. A refusal that the lesson wants is marked as
expected; its status code is the API server's all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, render_template

from app.api import errors
from app.engine.trace import Commanded, Step
from app.rooms import Pressed, Room
from app.scenarios.desired import Edited
from app.web import language, security
from app.web.commands import form, row, with_warning
from app.web.pages import rooms
from app.web.present.clock import elapsed
from app.web.problems import wants_json

blueprint = Blueprint("script", __name__, url_prefix="/rooms/<id>/script")
blueprint.before_request(security.guard)


@blueprint.post("/<int:index>")
def press(id: str, index: int) -> Response:
    """The field `name` may say which pod somebody has picked, where the lesson takes any."""
    values = form()
    if unknown := set(values) - {"name"}:
        raise errors.BadRequest(f'unknown field "{min(unknown)[:40]}" of a step')
    room = rooms().get(id)
    return answer(room, rooms().press(room, index, values.get("name", "")))


def answer(room: Room, pressed: Pressed) -> Response:
    if pressed.refusal is not None and not pressed.expected:
        raise pressed.refusal
    results = [result for record in _records(pressed.steps) for result in record.results]
    code = pressed.refusal.code if pressed.refusal else 201 if any(each.code == 201 for each in results) else 200
    said = [*(record.command.said(record.results) for record in _records(pressed.steps) if not record.refusal)]
    message = with_warning(room, "\n".join((*said, *((pressed.refusal.message,) if pressed.refusal else ()))))
    if wants_json():
        response = jsonify(
            ok=not pressed.refusal, code=code, message=message, expected_refusal=pressed.expected,
            step=pressed.steps[-1].number if pressed.steps else None, prepared_ms=pressed.prepared_ms,
            results=[row(each) for each in results], edits=[_edit(each) for each in pressed.edits],
        )  # fmt: skip
    else:
        response = make_response(_drawn(pressed, message))
    response.status_code = code
    return response


def _drawn(pressed: Pressed, message: str) -> str:
    commands = [record.command for record in _records(pressed.steps)]
    return render_template(
        "_pressed.html",
        message=message,
        expected=pressed.expected,
        prepared=elapsed(pressed.prepared_ms) if pressed.prepared_ms else "",
        edits=pressed.edits,
        texts=pressed.texts,
        kubectl=[(command.kubectl(), command.whole()) for command in commands if command.kubectl()],
        _=language.here(),
    )


def _records(steps: Sequence[Step]) -> list[Commanded]:
    return [step.record for step in steps if isinstance(step.record, Commanded)]


def _edit(edited: Edited) -> dict[str, Any]:
    kind, namespace, name = edited.ref
    changes = [change._asdict() for change in edited.changes]
    return {"kind": kind, "namespace": namespace, "name": name, "text": edited.text, "changes": changes}
