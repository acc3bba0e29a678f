"""The web: pages, commands and the live socket over the rooms. The only place that imports Flask.

assets     static files under a path that bears their version, compressed once
linebreaks how templates are laid out, and what of that is sent
language   which language a visitor reads, and its Words
security   headers, CSRF, Host, Origin
access     who asks, and what they may do
roles      POST: a room is named, protected, closed; and what there is to share of it
rates      how often one may ask: by visitor, room and address
tally      where that is counted, by all workers together
problems   refusals and mistakes as HTML, fragment or JSON
numbers    those that a request names
pages      GET: room, snapshot, documents, inspector, step, explain
commands   POST: commands, pace, steps, reset, plan
beside     two rooms with a common past, side by side
sharing    a room goes out as a file, and comes in as one
story      GET: a stretch of the story as a page that plays without a server
embedding  the room in a frame of another page, to look on
pictures   a moment as SVG
palette    its colours: those of the page
script     POST: a step of the room's lesson
metrics    what the server counts, and whether it is well
logs       one line an event
live       the socket: frames out, nothing in
kube       the Kubernetes REST face: kubectl and other API clients
present    step -> view model, pure
serve      `loopscope serve`: gunicorn with gevent workers
worker     one of them: requests are read within limits
siblings   several of them: a request goes to the one that has its room
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask.typing import ResponseReturnValue

from app.api import errors, limits
from app.rooms import Limits, Relay, Rooms, Share, Sharing, at_once, guard
from app.web import (
    access,
    assets,
    beside,
    commands,
    compression,
    embedding,
    kube,
    language,
    live,
    metrics,
    own,
    pages,
    pictures,
    problems,
    rates,
    roles,
    script,
    security,
    sharing,
    story,
)
from app.web.linebreaks import LineBreaks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PACKAGE = Path(__file__).parent.parent
DEFAULTS: dict[str, Any] = {
    "APART": at_once,  # how the wait for a disk is spent
    "DATA_DIR": None,  # where rooms outlive a restart; None: in memory
    "LIMITS": Limits(),
    "MAX_CONTENT_LENGTH": limits.BODY_BYTES,
    "MAX_FORM_MEMORY_SIZE": limits.BODY_BYTES,
    "MAX_FORM_PARTS": 32,
    "NAMES": (),  # of this machine, by which people may call it; its addresses are known
    "ORIGINS": (),  # further origins whose pages may send commands, "https://talk.example"
    "RATES": rates.RATES,  # None: as often as one likes
    "REDIS": "",  # where frames go to viewers at other processes
    "SHARE": Share(),  # of the rooms, that of this worker
    "SIBLINGS": None,  # the other workers
    "TALLY": None,  # where what was asked for is counted, if others count there too
    "TRUSTED_PROXIES": (),  # networks of proxies in front, who say in X-Forwarded-For for whom they ask
    "HEARTBEAT_S": 20.0,
    # The live socket offers no protocol, the Kubernetes face does; kubectl sends its input in pieces of 32 KiB.
    "SOCK_SERVER_OPTIONS": {"max_message_size": 40 * 1024, "subprotocols": kube.PROTOCOLS},
}


class App(Flask):
    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """A request that knows its surroundings, and they it, would stay in memory with its body until the collector
        comes."""
        try:
            return super().wsgi_app(environ, start_response)
        finally:
            environ.pop("werkzeug.request", None)

    def dispatch_request(self) -> ResponseReturnValue:
        """No answer computes for ever, whatever it was asked."""
        try:
            with guard.watched():
                return super().dispatch_request()
        except guard.Overrun:
            raise errors.Timeout("Timeout: request did not complete within the allotted timeout") from None


def create_app(given: Mapping[str, Any] | None = None) -> Flask:
    app = App(__name__, static_folder=None, template_folder=str(folder("templates")))
    app.config.update(DEFAULTS)
    app.config.update(given or {})
    app.jinja_env.add_extension(LineBreaks)
    language.init_app(app)
    metrics.init_app(app)
    security.init_app(app)
    access.init_app(app, kube.LOOKS)
    problems.init_app(app)
    assets.init_app(app, folder("static"))
    config = app.config
    app.extensions["rooms"] = Rooms(
        live.Drawing(app), config["DATA_DIR"], limits=config["LIMITS"], apart=config["APART"], share=config["SHARE"]
    )
    app.extensions["sharing"] = Sharing(app.extensions["rooms"])
    app.extensions["relay"] = _relay(app) if config["REDIS"] else None
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(metrics.blueprint)
    app.register_blueprint(commands.blueprint)
    app.register_blueprint(own.blueprint)
    app.register_blueprint(script.blueprint)
    app.register_blueprint(pictures.blueprint)
    app.register_blueprint(embedding.blueprint)
    app.register_blueprint(sharing.blueprint)
    app.register_blueprint(roles.blueprint)
    app.register_blueprint(beside.blueprint)
    app.register_blueprint(story.blueprint)
    app.register_blueprint(live.blueprint)
    app.register_blueprint(kube.blueprint)
    compression.init_app(app)
    return app


def _relay(app: Flask) -> Relay:
    return Relay(app.config["REDIS"], app.extensions["rooms"].held, app.config["LIMITS"].viewers_per_room)


def folder(name: str) -> Path:
    """`templates` and `static` lie beside `app` in a checkout, and inside it once installed."""
    installed = PACKAGE / name
    return installed if installed.is_dir() else PACKAGE.parent / name
