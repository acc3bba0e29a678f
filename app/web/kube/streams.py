"""Answers that go on for a while: watches and followed logs, one chunk after another.

The server writes each chunk from the greenlet (or thread) of the request. A stream waits to be woken by the room, says
what is new at most every `PAUSE_S`, and looks while it waits whether the client is still there: nobody else would
notice one that went away while nothing happens.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from flask import Response

from app.rooms import SLICE_S, Room, Watch, pause

SHARE = 5  # all streams of a room together take at most a fifth of the process, however much happens there
PAUSE_S = 0.05  # what happens within it goes out in one piece
LOOK_S = 1.0  # how often an idle stream looks whether its client is there
UNREAD_MS = 60_000  # a client that takes nothing for so long is gone


class News(Protocol):
    def take(self) -> bytes:
        """What is new, as bytes; b"" if nothing is."""

    def ended(self) -> bool:
        """Nothing more will come."""


class Stream:
    """An iterator for WSGI, which calls `close` whatever happens."""

    def __init__(self, room: Room, watch: Watch, news: News, ends_in_s: float, environ: Mapping[str, Any]) -> None:
        self._room = room
        self._watch = watch
        self._news = news
        self._ends_at = time.monotonic() + ends_in_s
        self._sock: socket.socket | None = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
        self._begun = False
        self._said_at = 0.0
        self._spent_s = 0.0  # on the last piece
        if self._sock is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
            with contextlib.suppress(OSError):
                self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self._begun:
            self._begun = True
            return b""  # headers go out at once, though nothing may happen for long
        pause_s = max(PAUSE_S, SHARE * self._watch.fellows * self._spent_s)
        time.sleep(max(0.0, min(self._said_at + pause_s, self._ends_at) - time.monotonic()))
        while True:
            if time.monotonic() >= self._ends_at and self._said_at:
                raise StopIteration  # though there may be more
            pause()  # all of a room are woken together, and take turns
            self._watch.wake.clear()
            began = time.thread_time()
            data = self._news.take()
            self._spent_s = min(time.thread_time() - began, SLICE_S)
            if data:
                self._said_at = time.monotonic()
                return data
            left = self._ends_at - time.monotonic()
            if left <= 0 or self._news.ended():
                raise StopIteration
            if not self._watch.wake.wait(min(left, LOOK_S)) and self._is_gone():
                raise StopIteration

    def close(self) -> None:
        self._room.close_watch(self._watch)

    def _is_gone(self) -> bool:
        """Has the client closed its end? Asked without waiting, and without taking anything from the socket."""
        sock = self._sock
        if sock is None:
            return False
        waits = sock.gettimeout()
        try:
            sock.settimeout(0)
            return sock.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            with contextlib.suppress(OSError):
                sock.settimeout(waits)


def respond(stream: Stream, mimetype: str) -> Response:
    response = Response(stream, mimetype=mimetype)
    response.headers["X-Accel-Buffering"] = "no"  # proxies would wait for the end
    return response
