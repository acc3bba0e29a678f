"""Websockets of this face: the protocols that a client may name, and what a message looks like in each.

exec and attach have numbered channels: 0 stdin, 1 stdout, 2 stderr, 3 how it ended, 4 the size of the terminal. Only v5
knows of 255, a channel that the client closes. A log goes as it is; a watch has a text for each event. Models
kubernetes/streaming `pkg/httpstream/wsstream` and kubernetes/cri-streaming `pkg/streaming/remotecommand`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Iterable, MutableMapping
from typing import Any, NamedTuple, Protocol

from app.api import errors
from app.rooms import guard
from app.web.live import Wire

STDIN, STDOUT, STDERR, ERROR, CLOSE = 0, 1, 2, 3, 255
V5 = "v5.channel.k8s.io"
CHANNELS = (V5, "v4.channel.k8s.io", "channel.k8s.io", "v4.base64.channel.k8s.io", "base64.channel.k8s.io")
STREAMS = ("binary.k8s.io", "base64.binary.k8s.io")
PROTOCOLS = (*CHANNELS, *STREAMS)
_HEADER = "HTTP_SEC_WEBSOCKET_PROTOCOL"


class Connection(Protocol):
    def send(self, data: bytes | str) -> None: ...

    def receive(self, timeout: float | None = None) -> bytes | str | None: ...


def agree(environ: MutableMapping[str, Any], known: tuple[str, ...]) -> None:
    """Leaves in the request the first of its protocols that is known; none is one too. Raises Forbidden."""
    named = [each.strip() for each in environ.get(_HEADER, "").split(",") if each.strip()]
    found = next((each for each in named if each in known), None)
    if named and found is None:
        raise errors.Forbidden(
            f"requested protocol(s) are not supported: [{' '.join(named)}]; supports [{' '.join(known)}]"
        )
    if found is not None:
        environ[_HEADER] = found


def agreed(environ: MutableMapping[str, Any]) -> str:
    """The protocol that is spoken; "" where the client named none."""
    found: str = environ.get(_HEADER, "")
    return found


def prepare(environ: MutableMapping[str, Any]) -> None:
    """Before the handshake: kubectl pings while we write, so one writer at a time; and nothing is compressed."""
    environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
    for name in ("gunicorn.socket", "werkzeug.socket"):
        if name in environ:
            environ[name] = Wire(environ[name], lambda: None)


class Message(NamedTuple):
    channel: int
    data: bytes


class Channels:
    """The numbered channels of one connection. What a client did not ask for is not sent: `outputs` are those that it
    did, of stdout and stderr."""

    def __init__(self, ws: Connection, protocol: str, outputs: Collection[int]) -> None:
        self._ws = ws
        self._written = (*sorted(outputs), ERROR)
        self._is_text = "base64" in protocol
        self._tells_status = protocol.startswith(("v4.", "v5."))

    def open(self) -> None:
        """Says so, on the lowest channel."""
        self.send(self._written[0], b"")

    def send(self, channel: int, data: bytes) -> None:
        if channel not in self._written:
            return
        if self._is_text:
            self._ws.send(f"{channel}{base64.b64encode(data).decode()}")
        else:
            self._ws.send(bytes([channel]) + data)

    def receive(self, timeout: float | None = None) -> Message | None:
        """None after the timeout, and when nothing more will come."""
        message = self._ws.receive(timeout)
        if message is None:
            return None
        data = message if isinstance(message, bytes) else message.encode()
        if not data:
            return Message(STDIN, b"")
        if not self._is_text:
            return Message(data[0], data[1:])
        try:
            return Message(data[0] - ord("0"), base64.b64decode(data[1:], validate=True))
        except binascii.Error:
            return None

    def end(self, status: dict[str, Any]) -> None:
        """The last message. Old protocols are told in plain text, and only what went wrong."""
        if self._tells_status:
            self.send(ERROR, json.dumps(status).encode())
        elif status["status"] == "Failure":
            self.send(ERROR, status["message"].encode())


def forward(ws: Connection, pieces: Iterable[bytes], protocol: str) -> None:
    """A log, after an empty message that says that it is open."""
    is_text = protocol.startswith("base64.")
    ws.send("" if is_text else b"")
    for piece in pieces:
        guard.renew()
        if piece:
            ws.send(base64.b64encode(piece).decode() if is_text else piece)


def forward_events(ws: Connection, pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        guard.renew()
        for line in piece.splitlines(keepends=True):
            ws.send(line.decode())
