"""The live socket: frames go out, nothing comes in.

A viewer's own greenlet (or thread) waits to be woken, takes the frames since its cursor and writes the bytes that were
encoded once for everyone. What it must not do: wait for a reader (the send buffer is small, a phone that sleeps blocks
only its own greenlet), compress for each viewer, or share the socket with a second writer. flask-sock would do the
last two: its reader answers pings with a send of its own, and it accepts compression from every browser. So the
extension header is dropped, and the socket is a `Wire`, which lets one write at a time.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from flask import Blueprint, Flask, current_app, request
from flask_sock import Sock
from wsproto.frame_protocol import FrameProtocol

from app.api.breath import breathing
from app.engine.trace import Step
from app.rooms import Frame, Mirror, Relay, Room, Viewer, guard
from app.scenarios import LANGUAGES
from app.web import language, metrics, present, security
from app.web.numbers import is_number
from app.web.pages import rooms

SEND_BUFFER = 48 * 1024
UNREAD_MS = 60_000  # a viewer that takes nothing for so long is gone
CHATTER = 128 * 1024  # bytes a viewer may send in its life, though nobody listens

blueprint = Blueprint("live", __name__)
sock = Sock()
log = logging.getLogger(__name__)


class Connection(Protocol):
    """What is used of flask-sock's: whether the viewer is still there."""

    connected: bool


def encoded(text: str) -> bytes:
    """A text message as it goes over the wire, whatever is in it."""
    sendable = text.encode("utf-8", "replace").decode()
    return bytes(FrameProtocol(client=False, extensions=[]).send_data(sendable, fin=True))


HEARTBEAT = encoded(" ")
RESNAPSHOT = encoded(json.dumps({"resnapshot": True}))


class Drawing:
    """What rooms are lent: see app.rooms.Drawing."""

    def __init__(self, app: Flask) -> None:
        self._template = app.jinja_env.get_or_select_template("frame.html")

    def frame(self, room: Room, frame: Frame, lang: str) -> bytes:
        return encoded("".join(breathing(self._template.generate(present.frame(room, frame, language.words(lang))))))

    def reading_ms(self, room: Room, step: Step, languages: Sequence[str]) -> int:
        voices = room.look.voices
        said = (
            (present.caption(step, language.words(lang).among(voices)).text, lang)
            for lang in languages or LANGUAGES[:1]
        )
        return max(present.reading_ms(text, lang) for text, lang in said)


class Wire:
    """A socket with one writer at a time, that hangs up on a viewer who talks too much."""

    def __init__(self, sock: socket.socket, gone: Callable[[], None]) -> None:
        self._sock = sock
        self._gone = gone
        self._writing = threading.Lock()
        self._heard = 0
        # What the kernel keeps for a slow reader is how far behind it can be.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> int:
        """All of it: flask-sock's reader asks for `send` and forgets to look how much was sent."""
        with self._writing:
            # Nearly always one system call; gevent's `sendall` would ask the kernel about its buffer first.
            sent = self._sock.send(data)
            if sent < len(data):
                self._sock.sendall(data[sent:])
        return len(data)

    def recv(self, size: int) -> bytes:
        try:
            data = self._sock.recv(size)
        except OSError:
            data = b""
        self._heard += len(data)
        if not data or self._heard > CHATTER:
            self._gone()
            return b""
        return data

    def close(self) -> None:
        self._sock.close()
        self._gone()

    def fileno(self) -> int:
        return self._sock.fileno()


@blueprint.before_request
def prepare() -> None:
    """Before the handshake: refuse what must be refused while there still is HTTP, and put the Wire in."""
    security.check_origin()
    security.allow("look")
    if current_app.extensions["relay"] is None:
        rooms().get((request.view_args or {})["id"])
    environ = request.environ
    environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
    woken = threading.Event()
    environ["loopscope.woken"] = woken
    for name in ("gunicorn.socket", "werkzeug.socket"):
        if name in environ:
            environ["loopscope.wire"] = environ[name] = Wire(environ[name], woken.set)


@sock.route("/rooms/<id>/live", bp=blueprint)
def live(ws: Connection, id: str) -> None:
    environ = request.environ
    lang = request.args.get("lang", "")
    lang = lang if lang in LANGUAGES else language.chosen()
    room, viewer = _attached(id, (lang, _number("epoch"), _number("frame"), environ["loopscope.woken"]))
    try:
        serve(ws, environ["loopscope.wire"], room, viewer, current_app.config["HEARTBEAT_S"], metrics.here().sent)
    except OSError:
        log.debug("viewer of room %s is gone", id)
    finally:
        room.detach(viewer)


def _attached(id: str, page: tuple[str, int, int, threading.Event]) -> tuple[Room | Mirror, Viewer]:
    """To the room, or, where it may be in another process, to a mirror of it."""
    relay: Relay | None = current_app.extensions["relay"]
    if relay is not None and rooms().held(id) is None:
        return relay.attach(id, *page)
    room = rooms().get(id)
    return room, room.attach(*page)


def serve(
    ws: Connection, wire: Any, room: Room | Mirror, viewer: Viewer, heartbeat_s: float, sent: Callable[[int, int], None]
) -> None:
    """Write to one viewer until it goes or is told to. `sent` is told of frames and bytes."""
    while ws.connected and not viewer.dismissed:
        news = viewer.wake.wait(heartbeat_s)
        guard.renew()  # people watch for hours
        viewer.wake.clear()
        if not ws.connected or viewer.dismissed:
            return
        frames = room.take(viewer)
        if frames is None:
            wire.send(RESNAPSHOT)
        elif frames:
            sent(len(frames), wire.send(b"".join(frames)))
        elif not news:
            wire.send(HEARTBEAT)


def _number(name: str) -> int:
    """A number of the query; one that is none fits no frame, so that a snapshot is asked for."""
    text = request.args.get(name, "")
    return int(text) if is_number(text) else -1
