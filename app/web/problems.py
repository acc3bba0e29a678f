"""Refusals and mistakes, said in the way the asker reads: JSON, a fragment for htmx, or a page. Never a stack trace."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import BadHost, HTTPException
from wsproto.utilities import RemoteProtocolError

from app.api import errors
from app.rooms import Broken, Closed, Elsewhere, Lost, NotDone
from app.web import access, language
from app.web.present import Words
from app.web.present.words import N_

log = logging.getLogger(__name__)
STOPPED = "Loopscope-Room"  # a header: a page that is open learns by it that there is nothing to follow any more
TITLES = {
    400: N_("That was not understood"),
    403: N_("Not allowed"),
    404: N_("There is nothing here"),
    405: N_("Not in this way"),
    413: N_("Too large"),
    429: N_("Too fast"),
    500: N_("A mistake of ours"),
    503: N_("Full"),
}
SENTENCES = {
    400: N_("The request is malformed."),
    404: N_("This room or page does not exist. Rooms that nobody has opened for long are given up."),
    405: N_("This address does not take such a request."),
    413: N_("What was sent is too large: a manifest may have 256 KiB."),
    500: N_("Something went wrong on the server, and it has been written to its log. Your room is as it was."),
}


def init_app(app: Flask) -> None:
    @app.errorhandler(errors.ApiError)
    def refused(error: errors.ApiError) -> Response:
        _ = language.here()
        if isinstance(error, (access.Refused, Broken, Closed, Elsewhere, Lost, NotDone)):
            error.message = _(str(error.why.text), **error.why.values)
        missing_page = type(error) is errors.NotFound and request.method == "GET" and not wants_json()
        message = _(SENTENCES[404]) if missing_page else error.message
        response = _answer(error.code, message, _, error)
        if isinstance(error, (Broken, Closed)):
            response.headers[STOPPED] = "stopped"
        if wait := error.details.get("retryAfterSeconds"):
            response.headers["Retry-After"] = str(wait)
        return response

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        _ = language.here()
        code = error.code or 500
        if code < 400 and error.response is not None:
            return make_response(error.response)
        response = _answer(code, _(SENTENCES.get(code, SENTENCES[400 if code < 500 else 500])), _)
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers[name] = value
        return response

    @app.errorhandler(RemoteProtocolError)
    def bad_handshake(error: RemoteProtocolError) -> Response:
        _ = language.here()
        return _answer(400, _(SENTENCES[400]), _)

    @app.errorhandler(Exception)
    def mistake(error: Exception) -> Response:
        log.exception("answer failed", extra={"method": request.method, "rule": str(request.url_rule)})
        _ = language.here()
        return _answer(500, _(SENTENCES[500]), _)


def wants_json() -> bool:
    best = request.accept_mimetypes.best_match(("text/html", "application/json"), "text/html")
    return best == "application/json"


def _answer(code: int, message: str, _: Words, error: errors.ApiError | None = None) -> Response:
    if wants_json():
        body: dict[str, Any] = {"ok": False, "code": code, "message": message, "results": []}
        if error is not None:
            body["status"] = error.status()
        return _with_code(jsonify(body), code)
    if isinstance(request.routing_exception, BadHost):  # no address is known that could stand in a page
        return Response(f"{message}\n", code, mimetype="text/plain")
    if "HX-Request" in request.headers or request.method == "POST":
        html = render_template("_answer.html", ok=False, message=message, results=(), lang=_.lang, _=_)
    else:
        title = _(TITLES.get(code, TITLES[400 if code < 500 else 500]))
        title = _("This room has stopped") if isinstance(error, Broken) else title
        title = _("This room is closed") if isinstance(error, Closed) else title
        resets = isinstance(error, Broken) and not access.why_not()
        html = render_template("error.html", code=code, title=title, message=message, resets=resets, lang=_.lang, _=_)
    return _with_code(make_response(html), code)


def _with_code(response: Response, code: int) -> Response:
    response.status_code = code
    return response
