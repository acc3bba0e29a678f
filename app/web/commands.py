"""What one does: plain form posts. A refusal is an answer with its status code, never a 500, and changes nothing.

The fields of a form are those of the command (app/commands); a Ref is the three fields kind, namespace and name.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.api import errors, limits
from app.api.messages import N_, Advice
from app.api.objects import Ref
from app.apimachinery.scheme.scheme import Scheme
from app.commands import COMMANDS, Command, command_from_json
from app.commands.base import required_by, types_of
from app.engine.trace import Commanded, Written
from app.kubectl import manifests
from app.rooms import Pace, Room
from app.web import language, security
from app.web.pages import rooms
from app.web.present import Words
from app.web.problems import wants_json

ALIASES = {"manifest": "text"}  # what the editor calls it
UNSTORED = N_("The server cannot write this down now: the room goes on, and forgets it when the server ends.")
YES, NO = ("true", "on", "1"), ("false", "off", "0")

blueprint = Blueprint("commands", __name__, url_prefix="/rooms/<id>")
blueprint.before_request(security.guard)


# ---------------------------------------------------------------------------------------------- commands


@blueprint.post("/commands/<do>")
def command(id: str, do: str) -> Response:
    room = rooms().get(id)
    if do not in COMMANDS or not COMMANDS[do].on_forms:
        raise errors.NotFound(f'unknown command "{do}"')
    step = rooms().submit(room, command_of(room.cluster.scheme, do, form()))
    record = step.record
    assert isinstance(record, Commanded)
    if record.refusal is not None:
        raise record.refusal
    said = with_warning(room, record.command.said(record.results))
    return answer(said, step.number, record.results, command=record.command)


def command_of(scheme: Scheme, do: str, values: Mapping[str, str]) -> Command:
    """Raises BadRequest that names the field which is unknown, missing, or not a number."""
    known, required = types_of(COMMANDS[do]), required_by(COMMANDS[do])
    data: dict[str, Any] = {"do": do}
    rest = _renamed(values)
    if "ref" in known:
        missing = [name for name in ("kind", "name") if not rest.get(name)]
        if missing:
            raise errors.BadRequest(f'command "{do}" needs the field "{missing[0]}"')
        data["ref"] = _ref(scheme, rest.pop("kind"), rest.pop("namespace", ""), rest.pop("name"))
    for name, text in rest.items():
        type_ = known.get(name)
        if type_ is None or type_ == "Ref":
            raise errors.BadRequest(f'unknown field "{name}" of command "{do}"')
        if text or type_ == "str" or name in required:
            data[name] = _value(name, type_, text)
    return command_from_json(data)


def _renamed(values: Mapping[str, str]) -> dict[str, str]:
    renamed: dict[str, str] = {}
    for name, value in values.items():
        if renamed.setdefault(ALIASES.get(name, name), value) != value:
            raise errors.BadRequest('fields "manifest" and "text" mean the same, and here they differ')
    return renamed


def form() -> dict[str, str]:
    """The fields of this request, each at most once. Raises BadRequest."""
    values = {}
    for name, texts in request.form.lists():
        if len(texts) > 1:
            raise errors.BadRequest(f'field "{name}" is given {len(texts)} times')
        values[name] = texts[0].replace("\r\n", "\n")
    if request.files:
        raise errors.BadRequest("files are not taken here: put the text into the form")
    values.pop("csrf_token", None)
    return values


def _ref(scheme: Scheme, kind: str, namespace: str, name: str) -> list[str]:
    row = scheme.lookup(kind)
    if row is None:
        raise errors.NotFound(f'the server doesn\'t have a resource type "{kind}"')
    return list(Ref(row.key, (namespace or "default") if row.namespaced else "", name))


def _value(name: str, type_: str, text: str) -> str | int | bool:
    if type_.startswith("int"):
        digits = text.strip().removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
            raise errors.BadRequest(f'field "{name}" must be a whole number, not "{_clipped(text)}"')
        return int(text)
    if type_.startswith("bool"):
        return flag(name, text)
    return text


def flag(name: str, text: str) -> bool:
    if text.lower() not in (*YES, *NO):
        raise errors.BadRequest(f'field "{name}" must be true or false, not "{_clipped(text)}"')
    return text.lower() in YES


def _clipped(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


# ------------------------------------------------------------------------------------------------ answers


def answer(
    message: str,
    step: int | None = None,
    results: tuple[Written, ...] = (),
    command: Command | None = None,
    *,
    is_news: bool = True,
) -> Response:
    """The same in HTML for the page and in JSON for programs. 201 if something was created.

    After a command it names the kubectl command that would have done the same. `is_news`: it cannot be seen on the page
    anyway."""
    code = 201 if any(result.code == 201 for result in results) else 200
    rows = [row(written) for written in results]
    if wants_json():
        response = jsonify(ok=True, code=code, message=message, results=rows, step=step)
    else:
        line, whole = (command.kubectl(), command.whole()) if command else ("", "")
        html = render_template(
            "_answer.html", ok=True, message=message, kubectl=line, whole=whole, is_news=is_news, _=language.here()
        )
        response = make_response(html)
    response.status_code = code
    return response


def with_warning(room: Room, said: str) -> str:
    """It is true, but may not be for long."""
    return said if room.is_stored else f"{said}\n{language.here()(UNSTORED)}"


def row(written: Written) -> dict[str, Any]:
    kind, namespace, name = written.ref
    code, reason = written.code, HTTPStatus(written.code).phrase
    return {"kind": kind, "namespace": namespace, "name": name, "code": code, "reason": reason, "message": ""}


# -------------------------------------------------------------------------------------------------- time


@blueprint.post("/pace")
def pace(id: str) -> Response:
    room = rooms().get(id)
    changed = room.set_pace(**_pace(form()))
    return answer(_pace_said(changed), is_news=False)


def _pace(values: Mapping[str, str]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name, text in values.items():
        match name:
            case "paused":
                changes[name] = flag(name, text)
            case "mode":
                changes[name] = text
            case "speed":
                try:
                    changes[name] = float(text)
                except ValueError:
                    raise errors.BadRequest(f'field "speed" must be a number, not "{_clipped(text)}"') from None
            case _:
                raise errors.BadRequest(f'unknown field "{_clipped(name)}" of pace')
    return changes


def _pace_said(pace: Pace) -> str:
    _ = language.here()
    if pace.paused:
        return _("Paused")
    speed = f"{pace.speed:g}"
    if pace.mode == "story":
        return _("One loop at a time, %(speed)s×", speed=speed)
    return _("All at once, %(speed)s×", speed=speed)


@blueprint.post("/moment")
def moment(id: str) -> Response:
    """Play to the next moment that is told, and wait there."""
    is_due = rooms().get(id).next_moment()
    _ = language.here()
    return answer(_("On to the next moment") if is_due else _("Nothing is due."), is_news=not is_due)


@blueprint.post("/step")
def step(id: str) -> Response:
    made = rooms().get(id).step_phase()
    _ = language.here()
    said = _("One phase further") if made else _("Nothing is due.")
    return answer(said, made and made.number, is_news=made is None)


@blueprint.post("/finish")
def finish(id: str) -> Response:
    rooms().get(id).finish_loop()
    _ = language.here()
    return answer(_("The loop is finished"), is_news=False)


@blueprint.post("/quiet")
def quiet(id: str) -> Response:
    """With `at_least`, virtual milliseconds since the room began, on to that time."""
    values, room = form(), rooms().get(id)
    if unknown := values.keys() - {"at_least"}:
        raise errors.BadRequest(f'unknown field "{_clipped(min(unknown))}" of quiet')
    at_least_ms = int(_value("at_least", "int", values.get("at_least", "0")))
    room.run_until_quiet(room.cluster.epoch_ms + at_least_ms)
    _ = language.here()
    return answer(_("Running until quiet"), is_news=False)


@blueprint.post("/reset")
def reset(id: str) -> AnyResponse:
    rooms().reset(rooms().get(id))
    if not (wants_json() or "HX-Request" in request.headers):
        return redirect(url_for("pages.room", id=id), 303)  # from the page that says that it had stopped
    _ = language.here()
    return answer(_("The room starts again"))


@blueprint.post("/scenario")
def scenario(id: str) -> Response:
    values = form()
    room = rooms().get(id)
    if set(values) != {"scenario"}:
        raise errors.BadRequest('the field "scenario" is needed, and no other')
    rooms().reset(room, values["scenario"])
    return answer(room.scenario.title[language.chosen()])


# -------------------------------------------------------------------------------------------------- plan


@blueprint.post("/plan")
def plan(id: str) -> Response:
    """What applying a text would do, or what is wrong with it, line by line. Changes nothing."""
    values = form()
    unknown = set(values) - {"manifest", "namespace"}
    if unknown:
        raise errors.BadRequest(f'unknown field "{_clipped(min(unknown))}" of plan')
    text = values.get("manifest", "")
    if len(text.encode()) > limits.MANIFEST_BYTES:
        raise errors.TooLarge(f"Request entity too large: limit is {limits.MANIFEST_BYTES}")
    room = rooms().get(id)
    return jsonify(planned(room, text, values.get("namespace") or "default"))


def planned(room: Room, text: str, namespace: str) -> dict[str, Any]:
    scheme = room.cluster.scheme
    problems = manifests.check(scheme, text)
    documents: list[dict[str, Any]] = []
    if not problems:
        try:
            documents = [
                {
                    "kind": item.ref.kind,
                    "namespace": item.ref.namespace,
                    "name": item.ref.name,
                    "operation": item.operation,
                    "changes": [{"path": c.path, "old": c.old, "new": c.new} for c in item.changes],
                }
                for item in room.plan(text, namespace)
            ]
        except errors.ServiceUnavailable as error:  # nobody has looked at the text
            return {"problems": [], "documents": [], "unavailable": error.message}
        except errors.ApiError as error:
            whole = manifests.Problem(1, 1, "", error.message)
            problems = manifests.problems_of(scheme, error.document, error) if error.document else [whole]
    _ = language.here()
    return {"problems": [_problem(problem, _) for problem in problems], "documents": documents}


def _problem(problem: manifests.Problem, _: Words) -> dict[str, Any]:
    return {
        "line": problem.line,
        "column": problem.column,
        "field": problem.field,
        "message": problem.message,
        "fix": _(problem.fix.text, **problem.fix.values) if isinstance(problem.fix, Advice) else problem.fix,
        "severity": "error",
    }
