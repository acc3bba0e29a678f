"""Several worker processes behind one port: a request goes to the worker that has its room.

All of them accept connections. Whoever reads the head of a request for a room of another hands over the connection
itself, with what was read from it, through a socket between the two that outlives either: no byte is copied on the
way, and what is sent to a worker that has just died waits for the one that takes its place. app/web/worker.py asks for
each request, app/web/serve.py makes the sockets before it forks.
"""

from __future__ import annotations

import errno
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from app.api import limits
from app.rooms import Share, owner, spread

ROOM = re.compile(r"/+rooms/+([^/]+)")
COOKIE = re.compile(r"(?:^|;)\s*loopscope_room=\"?(\w+)")
LIVE = "/live"
HEAD_BYTES = 128 * limits.KIB  # of a request that is handed over, with what was read behind it
ANSWER_S = 2.0  # that a sibling has to answer
ANSWER_BYTES = limits.MIB


class Doors:
    """A socket to each worker, made once, before there are any."""

    def __init__(self, count: int, *, spreads: bool = False) -> None:
        """`spreads`: whoever only looks may look on from any worker."""
        self._spreads = spreads
        self._pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(count)]
        for pair in self._pairs:
            for each in pair:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * HEAD_BYTES)

    def __len__(self) -> int:
        return len(self._pairs)

    def of(self, number: int) -> Siblings:
        """For that worker, once it is a process of its own."""
        return Siblings(
            number, self._spreads, [_ours(outside) for outside, _ in self._pairs], _ours(self._pairs[number][1])
        )


class Siblings:
    """The other workers, as one of them sees them."""

    def __init__(self, number: int, spreads: bool, doors: list[socket.socket], own: socket.socket) -> None:
        self.share = Share(number, len(doors))
        self._spreads = spreads
        self._doors = doors
        self._own = own
        self._turns = [threading.Lock() for _ in doors]  # one at a time waits before each

    def wanted(self, path: str, cookies: str, peer: object) -> int:
        """Who is to answer that request, from that address. What is about no room anybody answers."""
        if self._spreads and path.endswith(LIVE):
            return spread(str(peer), self.share.of)
        name = room_of(path, cookies)
        return owner(name, self.share.of) if name else self.share.number

    def hand_over(self, number: int, client: socket.socket, read: bytes) -> None:
        """Raises OSError where too much has been read."""
        if len(read) > HEAD_BYTES:
            raise OSError(errno.EMSGSIZE, "too much was read of this connection")
        with self._turns[number]:
            socket.send_fds(self._doors[number], [read], [client.fileno()])

    def taken_over(self) -> Iterator[tuple[int, bytes]]:
        """Connections from the others, for ever: the descriptor of each, and what was read from it."""
        while True:
            read, fds, _flags, _address = socket.recv_fds(self._own, HEAD_BYTES, 1)
            for fd in fds:
                yield fd, read

    @property
    def others(self) -> list[int]:
        return [number for number in range(self.share.of) if number != self.share.number]

    def ask(self, path: str) -> list[bytes | None]:
        """What each of the others answers to a GET; None: nothing, in time."""
        asked = [(number, *socket.socketpair()) for number in self.others]
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        for number, _, theirs in asked:
            with theirs:
                self.hand_over(number, theirs, head)
        return [_body(ours) for _, ours, _ in asked]


def room_of(path: str, cookies: str) -> str:
    """The room that a request is about: that in its path, or, where the door of the house is asked for, that of the
    cookie."""
    path = unquote(path)
    if found := ROOM.match(path):
        return found[1]
    cookie = COOKIE.search(cookies) if path == "/" else None
    return cookie[1] if cookie else ""


def head_of(request: Any) -> bytes:
    """The head of a request that gunicorn has read, as it is sent."""
    lines = [f"{request.method} {request.uri} HTTP/{request.version[0]}.{request.version[1]}"]
    lines += (f"{name}: {value}" for name, value in request.headers)
    return "\r\n".join((*lines, "", "")).encode("latin-1")


def _ours(inherited: socket.socket) -> socket.socket:
    """With gevent another class has been put in the place of the one that it was made by."""
    return socket.socket(inherited.family, inherited.type, fileno=inherited.detach())


def _body(connection: socket.socket) -> bytes | None:
    """Of an answer of 200."""
    answer = bytearray()
    try:
        with connection:
            connection.settimeout(ANSWER_S)
            while len(answer) < ANSWER_BYTES and (piece := connection.recv(limits.MIB)):
                answer += piece
    except OSError:
        return None
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    return body if b" 200 " in head.partition(b"\r\n")[0] else None
