"""Calls functions of texts that people wrote, in a process apart (evaluator.py) that all rooms of a server share.

A call is pure: what comes of it follows from the text and what it is given alone, and so does where an endless loop
ends, for its turns are counted. Time and memory are no such thing: who was ended by them is `Struck`, and the cluster
writes that into its journal (app/commands/own_controllers.py: StrikeController).
"""

from __future__ import annotations

import atexit
import hashlib
import json
import signal
import socket
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

from app.api import limits, times
from app.reconcile import Struck, TextMistake

_KEPT = 64  # answers: whoever looks ahead, and then acts, asks twice
_PATIENCE_S = 60  # until it has started, or answered: that a machine is busy is no fault of a text
_IDLE = 2  # processes that are kept for the next call
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY_S = 86_400


class Returned(NamedTuple):
    value: Any
    printed: tuple[str, ...]


class Slip(NamedTuple):
    """What is wrong with a text before it is called. `line` and `column` from 1; 0: nowhere in particular."""

    line: int
    column: int
    problem: str
    is_error: bool


class _Gone(Exception):
    """The process ended before it had answered."""


def call(name: str, text: str, function: str, arguments: tuple[Any, ...], now_ms: int) -> Returned:
    """What `function` of `text` returns for `arguments`, plain JSON both. Raises TextMistake, or Struck."""
    line = _line({**_request(name, text, function, now_ms), "arguments": arguments})
    if len(line) > limits.OWN_ARGUMENT_BYTES:
        most = limits.OWN_ARGUMENT_BYTES // limits.MIB
        raise TextMistake(f"what {function} would be given is larger than {most} MiB")
    return _returned(name, function, _answer(line))


def slips(name: str, text: str, function: str) -> tuple[Slip, ...]:
    """What is wrong with `text`, in which there should be that function; it is not called. Raises Struck."""
    answer = _answer(_line(_request(name, text, function, 0)))
    if "limit" in answer:
        raise Struck(answer["limit"])
    return tuple(Slip(*slip) for slip in answer["slips"])


def _request(name: str, text: str, function: str, now_ms: int) -> dict[str, Any]:
    return {
        "name": name,
        "text": text,
        "function": function,
        "now": clock(now_ms),
        "operations": limits.OWN_OPERATIONS,
        "depth": limits.MANIFEST_DEPTH,
        "cpu_s": limits.OWN_CPU_S,
        "lines": limits.OWN_LINES_PRINTED,
        "line": limits.OWN_LINE_LENGTH,
    }


def _line(request: dict[str, Any]) -> bytes:
    return json.dumps(request, separators=(",", ":")).encode() + b"\n"


def clock(now_ms: int) -> dict[str, Any]:
    """`now` of a text: virtual time, UTC, in whole seconds."""
    unix = now_ms // 1000
    days, seconds = divmod(unix, _DAY_S)
    return {
        "unix": unix,
        "hour": seconds // 3600,
        "minute": seconds // 60 % 60,
        "weekday": _WEEKDAYS[(days + 3) % 7],
        "text": times.rfc3339(now_ms),
    }


def _returned(name: str, function: str, answer: dict[str, Any]) -> Returned:
    if "limit" in answer:
        raise Struck(answer["limit"])
    if "error" in answer:
        line, printed = answer["line"], tuple(answer["printed"])
        raise TextMistake(answer["error"], f"{name}, line {line}" if line else f"{name}, {function}", printed)
    return Returned(answer["value"], tuple(answer["printed"]))


# ------------------------------------------------------------------------------------------- the process


class _Process:
    """It ends by itself when this one does: its input ends."""

    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair()
        with theirs:
            script = Path(__file__).with_name("evaluator.py")
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(script), str(limits.OWN_MEMORY_BYTES)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"RUST_BACKTRACE": "0"},
            )
        self._channel.settimeout(_PATIENCE_S)
        self._lines = self._channel.makefile("rb")
        if self._lines.readline() != b"ready\n":
            self.end()
            raise RuntimeError("the process that evaluates controllers does not start")

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, line: bytes) -> dict[str, Any]:
        """Raises _Gone."""
        try:
            self._channel.sendall(line)
            answer = self._lines.readline(limits.OWN_RESULT_BYTES)
        except TimeoutError:
            return {"limit": "time"}
        except OSError as error:
            raise _Gone from error
        if not answer and self._process.wait() == -signal.SIGPROF:
            return {"limit": "time"}
        if not answer:
            raise _Gone
        if not answer.endswith(b"\n"):
            return {"limit": "memory"}
        answered: dict[str, Any] = json.loads(answer)
        return answered

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._lines.close()
        self._channel.close()


_idle: list[_Process] = []
_known: OrderedDict[bytes, dict[str, Any]] = OrderedDict()


def _answer(line: bytes) -> dict[str, Any]:
    key = hashlib.sha256(line).digest()
    found = _known.get(key)
    if found is not None and "limit" in found:
        del _known[key]  # who asks once more wants it tried again
    if found is None:
        _known[key] = found = _asked(line)
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return found


def _asked(line: bytes) -> dict[str, Any]:
    """Of a process that nobody else asks meanwhile. Where one is gone that waited, this call did not end it."""
    try:
        if _idle:
            return _asked_of(_idle.pop(), line)
    except _Gone:
        pass
    try:
        return _asked_of(_Process(), line)
    except _Gone:
        return {"limit": "memory"}


def _asked_of(process: _Process, line: bytes) -> dict[str, Any]:
    """A process that is at fault, or is left in the middle, is ended. Raises _Gone."""
    is_well = False
    try:
        answer = process.ask(line)
        is_well = "limit" not in answer
        return answer
    finally:
        if is_well and len(_idle) < _IDLE:
            _idle.append(process)
        else:
            process.end()


def waiting() -> tuple[int, ...]:
    """The processes that wait for the next call, by their ids."""
    return tuple(process.pid for process in _idle)


@atexit.register
def close() -> None:
    """End the processes that wait for the next call."""
    while _idle:
        _idle.pop().end()
