"""exec and attach: the simulated shell behind the channels of a websocket.

Who comes with the older SPDY, or wants a port forwarded, gets a sentence. Models kubernetes/apimachinery
`pkg/util/remotecommand` and kubernetes/kubelet `pkg/cri/streaming`.
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from flask import Response, request

from app.api import errors
from app.api.objects import Obj, Ref
from app.commands import CrashContainer
from app.engine.trace import Commanded
from app.rooms import Done, Room, awaits_input, exit_code, guard, is_shell
from app.web.kube import logs, options
from app.web.kube.calls import Call
from app.web.kube.sockets import CLOSE, STDERR, STDIN, STDOUT, V5, Channels
from app.web.pages import rooms

PROMPT = "/ # "
ATTACHED_S = 0.2  # between two looks at what the container printed
KILLED = 137
LINE_BYTES = 64 * 1024  # of input that is kept for a command that reads it


def refused(call: Call) -> Response:
    """exec without a websocket, port-forward, proxy: raises BadRequest that says what is possible. A kubectl whose
    websocket was refused comes here and shall hear why: raises Denied."""
    if call.target.subresource in ("exec", "attach"):
        judge(call.room, call.target.ref, call.target.subresource)
        raise errors.BadRequest(
            f"exec and attach need a websocket with the protocol {V5}: kubectl 1.30 or newer, "
            "or 1.29 with KUBECTL_REMOTE_COMMAND_WEBSOCKETS=true"
        )
    raise errors.BadRequest(
        f"{call.target.subresource} is not possible here: the pods are simulated and nothing listens on their ports"
    )


class Streams(NamedTuple):
    """What a client wants to hear and say."""

    stdin: bool
    stdout: bool
    stderr: bool

    @property
    def outputs(self) -> tuple[int, ...]:
        return tuple(channel for channel, asked in ((STDOUT, self.stdout), (STDERR, self.stderr)) if asked)


def streams() -> Streams:
    """Of the request. A terminal has no second output."""
    stdin, stdout, stderr, tty = (options.flag(request.args, name) for name in ("stdin", "stdout", "stderr", "tty"))
    return Streams(stdin, stdout, stderr and not tty)


def check(room: Room, pod: Ref, subresource: str) -> None:
    """Raises BadRequest if nothing is asked for, and Denied if an admission policy says so."""
    if not any(streams()):
        raise errors.BadRequest("you must specify at least 1 of stdin, stdout, stderr")
    judge(room, pod, subresource)


def judge(room: Room, pod: Ref, subresource: str) -> None:
    """Raises Denied."""
    kind = "PodExecOptions" if subresource == "exec" else "PodAttachOptions"
    asked: Obj = {"kind": kind, "apiVersion": "v1", **streams()._asdict(), "tty": options.flag(request.args, "tty")}
    asked["container"] = request.args.get("container", "")
    if subresource == "exec":
        asked["command"] = request.args.getlist("command")
    room.read(lambda cluster: cluster.judged("CONNECT", pod, subresource, asked))


class Place(NamedTuple):
    """The container of a session."""

    room: Room
    ref: Ref
    container: str

    def run(self, words: Sequence[str] | str, stdin: str = "") -> Done:
        """A program, or a line of shell. Raises NotFound, or BadRequest if the container does not run."""
        done = self.room.execute(self.ref, self.container, words, stdin)
        if done.kills:
            self.end(KILLED)
        return done

    def end(self, code: int) -> None:
        """Its process does."""
        record = rooms().submit(self.room, CrashContainer(self.ref, self.container, code)).record
        assert isinstance(record, Commanded)
        if record.refusal is not None:
            raise record.refusal


def serve(channels: Channels, room: Room, pod: Ref, *, attach: bool) -> None:
    """One session, to its end: the last message says how it ended."""
    place = Place(room, pod, request.args.get("container", ""))
    channels.open()
    try:
        code = _attached(channels, place) if attach else _executed(channels, place)
        status = _ended(code)
    except errors.ApiError as error:
        status = error.status()
    channels.end(status)


def _executed(channels: Channels, place: Place) -> int:
    """Starts at once: who reads nothing is not kept waiting for the end of an input that stays open."""
    words = request.args.getlist("command")
    if not words:
        raise errors.BadRequest("you must specify at least 1 command for the container")
    reads, tty = streams().stdin, options.flag(request.args, "tty")
    place.run("true")  # a container that does not run is refused before its input is waited for
    if is_shell(words) and reads:
        return _interactive(channels, place, tty=tty)
    reads = reads and awaits_input(words)
    if reads and len(words) == 1:
        return _repeated(channels, tty=tty)
    return _print(channels, place.run(words, _all_input(channels) if reads else ""), tty=tty)


def _attached(channels: Channels, place: Place) -> int:
    """What the container prints from now on, until its process is over or the client is gone. A shell does what is
    typed, and ends with its input."""
    place.run("true")  # refused if it does not run
    process = place.room.process(place.ref, place.container)
    if process.is_shell and options.flag(request.args, "stdin"):
        code = _interactive(channels, place, tty=options.flag(request.args, "tty"))
        if process.container.get("stdinOnce") and code != KILLED:
            place.end(code)
        return 0
    news = logs.Following(place.room, process)
    watch = place.room.open_watch()
    try:
        while not news.ended() and not watch.over:
            guard.renew()
            if data := news.take():
                channels.send(STDOUT, data)
            channels.receive(timeout=ATTACHED_S)
    finally:
        place.room.close_watch(watch)
    return 0


def _interactive(channels: Channels, place: Place, *, tty: bool) -> int:
    code = 0
    if tty:
        channels.send(STDOUT, PROMPT.encode())
    for line in _lines(channels, PROMPT if tty else None):
        time.sleep(0)  # a message may hold thousands of lines: between them others get the process
        words = line.split()
        if words[:1] == ["exit"]:
            return code if (ended := exit_code(words[1:])) is None else ended
        code = _print(channels, place.run(line), tty=tty)
        if words[:1] == ["kill"] and code == 0:
            return KILLED
        if tty:
            channels.send(STDOUT, PROMPT.encode())
    return code


def _repeated(channels: Channels, *, tty: bool) -> int:
    """What `cat` prints: piece by piece, at a terminal line by line."""
    if tty:
        for line in _lines(channels, ""):
            channels.send(STDOUT, f"{line}\r\n".encode())
    else:
        for piece in _typed(channels):
            channels.send(STDOUT, piece)
    return 0


def _print(channels: Channels, done: Done, *, tty: bool) -> int:
    """A terminal has one output, and wants its lines to start at the left."""
    for channel, text in ((STDOUT, done.out), (STDOUT if tty else STDERR, done.err)):
        if text:
            channels.send(channel, (text.replace("\n", "\r\n") if tty else text).encode())
    return done.code


# ---------------------------------------------------------------------------------------------------- input


def _typed(channels: Channels) -> Iterator[bytes]:
    """What comes over stdin, until the client closes it."""
    while (message := channels.receive()) is not None:
        guard.renew()  # a session may last for hours
        if message.channel == CLOSE:
            return
        if message.channel == STDIN:
            yield message.data


def _all_input(channels: Channels) -> str:
    text = b""
    for piece in _typed(channels):
        text = (text + piece)[:LINE_BYTES]
    return text.decode("utf-8", "replace")


def _lines(channels: Channels, prompt: str | None) -> Iterator[str]:
    """Lines as they are entered. A terminal in raw mode (it has a prompt) shows only what we send back."""
    line: list[str] = []
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for piece in _typed(channels):
        shown: list[str] = []
        for letter in decoder.decode(piece):
            if letter in "\r\n":
                if prompt is not None:
                    channels.send(STDOUT, f"{''.join(shown)}\r\n".encode())
                yield "".join(line)
                line, shown = [], []
            elif letter in "\x7f\b":
                shown += ["\b \b"] if line else []
                del line[-1:]
            elif letter == "\x03":
                channels.send(STDOUT, f"^C\r\n{prompt or ''}".encode())
                line, shown = [], []
            elif letter == "\x04" and not line:
                return
            elif letter.isprintable() and len(line) < LINE_BYTES:
                line.append(letter)
                shown.append(letter)
        if prompt is not None and shown:
            channels.send(STDOUT, "".join(shown).encode())
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
