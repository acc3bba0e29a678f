"""exec and attach: the websocket protocol v5.channel.k8s.io around the simulated shell.

Binary messages whose first byte is the channel: 0 stdin, 1 stdout, 2 stderr, 3 the Status at the end, 4 the size of the
terminal, 255 a channel that the client closes. Who comes with the older SPDY, or wants a port forwarded, gets a
sentence. Models kubernetes/apimachinery `pkg/util/remotecommand` and kubernetes/kubelet `pkg/cri/streaming`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from flask import Response, request

from app.api import errors
from app.api.objects import Ref
from app.commands import CrashContainer
from app.engine.trace import Commanded
from app.rooms import Done, Room, exit_code, guard, is_shell
from app.web.kube import logs
from app.web.kube.calls import Call
from app.web.live import Wire
from app.web.pages import rooms

STDIN, STDOUT, STDERR, ERROR, CLOSE = 0, 1, 2, 3, 255
PROTOCOL = "v5.channel.k8s.io"
PROMPT = "/ # "
ATTACHED_S = 0.2  # between two looks at what the container printed
KILLED = 137
LINE_BYTES = 64 * 1024  # of input that is kept for a command that reads it


class Connection(Protocol):
    def send(self, data: bytes) -> None: ...

    def receive(self, timeout: float | None = None) -> bytes | str | None: ...


def refused(call: Call) -> Response:
    """exec without a websocket, port-forward, proxy: raises BadRequest that says what is possible."""
    if call.target.subresource in ("exec", "attach"):
        raise errors.BadRequest(
            f"exec and attach need a websocket with the protocol {PROTOCOL}: kubectl 1.30 or newer, "
            "or 1.29 with KUBECTL_REMOTE_COMMAND_WEBSOCKETS=true"
        )
    raise errors.BadRequest(
        f"{call.target.subresource} is not possible here: the pods are simulated and nothing listens on their ports"
    )


def prepare() -> None:
    """Before the handshake: kubectl pings while we write, so one writer at a time; and nothing is compressed."""
    environ = request.environ
    environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
    for name in ("gunicorn.socket", "werkzeug.socket"):
        if name in environ:
            environ[name] = Wire(environ[name], lambda: None)


class Place(NamedTuple):
    """The container of a session."""

    room: Room
    ref: Ref
    container: str

    def run(self, words: Sequence[str] | str, stdin: str = "") -> Done:
        """A program, or a line of shell. Raises NotFound, or BadRequest if the container does not run."""
        done = self.room.execute(self.ref, self.container, words, stdin)
        if done.kills:
            record = rooms().submit(self.room, CrashContainer(self.ref, self.container, KILLED)).record
            assert isinstance(record, Commanded)
            if record.refusal is not None:
                raise record.refusal
        return done


def serve(ws: Connection, room: Room, namespace: str, pod: str, *, attach: bool) -> None:
    """One session, to its end: the last message says how it ended."""
    place = Place(room, Ref("Pod", namespace, pod), request.args.get("container", ""))
    try:
        code = _attached(ws, place) if attach else _executed(ws, place)
        status = _ended(code)
    except errors.ApiError as error:
        status = error.status()
    ws.send(bytes([ERROR]) + json.dumps(status).encode())


def _executed(ws: Connection, place: Place) -> int:
    words = request.args.getlist("command")
    if not words:
        raise errors.BadRequest("you must specify at least 1 command for the container")
    reads, tty = request.args.get("stdin") == "true", request.args.get("tty") == "true"
    if is_shell(words) and reads:
        return _interactive(ws, place, tty=tty)
    place.run("true")  # a container that does not run is refused before its input is waited for
    return _print(ws, place.run(words, _all_input(ws) if reads and not tty else ""), tty=tty)


def _attached(ws: Connection, place: Place) -> int:
    """What the container prints from now on, until its process is over or the client is gone."""
    place.run("true")  # refused if it does not run
    news = logs.Following(place.room, place.room.process(place.ref, place.container))
    watch = place.room.open_watch()
    try:
        while not news.ended() and not watch.over:
            guard.renew()
            if data := news.take():
                ws.send(bytes([STDOUT]) + data)
            ws.receive(timeout=ATTACHED_S)
    finally:
        place.room.close_watch(watch)
    return 0


def _interactive(ws: Connection, place: Place, *, tty: bool) -> int:
    place.run("true")
    code = 0
    if tty:
        ws.send(bytes([STDOUT]) + PROMPT.encode())
    for line in _lines(ws, echo=tty):
        time.sleep(0)  # a message may hold thousands of lines: between them others get the process
        words = line.split()
        if words[:1] == ["exit"]:
            return code if (ended := exit_code(words[1:])) is None else ended
        code = _print(ws, place.run(line), tty=tty)
        if words[:1] == ["kill"] and code == 0:
            return KILLED
        if tty:
            ws.send(bytes([STDOUT]) + PROMPT.encode())
    return code


def _print(ws: Connection, done: Done, *, tty: bool) -> int:
    """A terminal has one output, and wants its lines to start at the left."""
    for channel, text in ((STDOUT, done.out), (STDOUT if tty else STDERR, done.err)):
        if text:
            ws.send(bytes([channel]) + (text.replace("\n", "\r\n") if tty else text).encode())
    return done.code


# ---------------------------------------------------------------------------------------------------- input


def _typed(ws: Connection) -> Iterator[str]:
    """What comes over stdin, until the client closes it."""
    while (message := ws.receive()) is not None:
        guard.renew()  # a session may last for hours
        data = message if isinstance(message, bytes) else message.encode()
        if data[:1] == bytes([CLOSE]):
            return
        if data[:1] == bytes([STDIN]):
            yield data[1:].decode("utf-8", "replace")


def _all_input(ws: Connection) -> str:
    text = ""
    for piece in _typed(ws):
        text = (text + piece)[:LINE_BYTES]
    return text


def _lines(ws: Connection, *, echo: bool) -> Iterator[str]:
    """Lines as they are entered. A terminal in raw mode shows only what we send back."""
    line: list[str] = []
    for piece in _typed(ws):
        shown: list[str] = []
        for letter in piece:
            if letter in "\r\n":
                if echo:
                    ws.send(bytes([STDOUT]) + f"{''.join(shown)}\r\n".encode())
                yield "".join(line)
                line, shown = [], []
            elif letter in "\x7f\b":
                shown += ["\b \b"] if line else []
                del line[-1:]
            elif letter == "\x03":
                ws.send(bytes([STDOUT]) + f"^C\r\n{PROMPT}".encode())
                line, shown = [], []
            elif letter == "\x04" and not line:
                return
            elif letter.isprintable() and len(line) < LINE_BYTES:
                line.append(letter)
                shown.append(letter)
        if echo and shown:
            ws.send(bytes([STDOUT]) + "".join(shown).encode())
    if line:
        yield "".join(line)


def _ended(code: int) -> dict[str, Any]:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    causes = [{"reason": "ExitCode", "message": str(code)}]
    message = f"command terminated with non-zero exit code: exit status {code}"
    return {
        "metadata": {}, "status": "Failure", "message": message, "reason": "NonZeroExitCode",
        "details": {"causes": causes},
    }  # fmt: skip
