"""`kubectl logs`: the lines of a container's process, all or some, once or as they come.

With `follow` the answer goes on until the process ends. Models kubernetes/pkg/registry/core/pod (LogLocation).
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response

from app.api import errors, times
from app.registry.validation import log_options
from app.rooms import Line, Process, Room
from app.web.kube import options, streams
from app.web.kube.calls import Call

_LONGEST_S = 4 * 3600


def log(call: Call) -> Response:
    """Raises NotFound, or BadRequest for a container that there is not, or that has not started."""
    ref, previous = call.target.ref, options.flag(call.query, "previous")
    _check(call)
    process = call.room.process(ref, call.query.get("container", ""), previous=previous)
    since_ms, tail = _since_ms(call, process.now_ms), options.number(call.query, "tailLines")
    limit, stamped = options.number(call.query, "limitBytes"), options.flag(call.query, "timestamps")
    lines = [line for line in process.lines if line.at_ms >= since_ms]
    shown = lines[-tail:] if tail else [] if tail == 0 else lines
    text = _text(shown, stamped=stamped)
    if options.flag(call.query, "follow") and process.is_running:
        held = call.room.open_watch()
        news = Following(call.room, process, text, stamped=stamped)
        return streams.respond(streams.Stream(call.room, held, news, _LONGEST_S, call.environ), "text/plain")
    return Response(text[:limit] if limit else text, mimetype="text/plain")


def _check(call: Call) -> None:
    numbers = {name: options.number(call.query, name) for name in ("tailLines", "limitBytes", "sinceSeconds")}
    found = list(log_options.check(numbers, since_time="sinceTime" in call.query, stream="stream" in call.query))
    if found:
        raise errors.invalid("PodLogOptions", call.target.ref.name, found)


class Following:
    """The lines of one process as virtual time passes. See streams.News."""

    def __init__(self, room: Room, process: Process, first: bytes = b"", *, stamped: bool = False) -> None:
        self._room = room
        self._process = process
        self._pending = first
        self._until_ms = process.now_ms
        self._stamped = stamped
        self._over = False

    def ended(self) -> bool:
        return self._over

    def take(self) -> bytes:
        if not self._over:
            lines, self._over, self._until_ms = self._room.printed(self._process, self._until_ms)
            self._pending += _text(lines, stamped=self._stamped)
        pending, self._pending = self._pending, b""
        return pending


def _since_ms(call: Call, now_ms: int) -> int:
    if seconds := options.number(call.query, "sinceSeconds"):
        return now_ms - seconds * 1000
    if text := call.query.get("sinceTime", ""):
        try:
            return times.parse(text)
        except ValueError:
            raise errors.BadRequest(f'parsing time "{text}": cannot parse it as RFC 3339') from None
    return 0


def _text(lines: Iterable[Line], *, stamped: bool) -> bytes:
    texts = (f"{times.rfc3339_micro(line.at_ms)} {line.text}\n" if stamped else f"{line.text}\n" for line in lines)
    return "".join(texts).encode()
