"""gunicorn's gevent worker, with an end to waiting: who owes the rest of a request keeps nobody else out. And a request
for a room of another worker goes there, with its connection (app/web/siblings.py).

gunicorn gives the head of a request `keepalive` seconds, and its body as long as it takes. Here the whole body is read
before the app is asked, within a deadline; of connections that owe something only so many are kept, the newest; and
who takes nothing of an answer is dropped by the kernel. `app/web/serve.py` names this class; the numbers are in
app/api/limits.py.
"""

from __future__ import annotations

import contextlib
import io
import socket
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import gevent
import gevent.pool
import gevent.socket
from gunicorn import util
from gunicorn.workers.ggevent import GeventWorker

from app.api import limits
from app.web.siblings import Doors, Siblings, head_of

_LOCAL = ("127.0.0.1", 0)
_LEAVING_S = 1.0
_PIECE = 64 * limits.KIB
_LATE = (408, "Request Timeout", "the body of the request did not come in time")
_LARGE = (431, "Request Header Fields Too Large", "the head of the request is too large")
_FULL = (503, "Service Unavailable", "too much is on its way to this server: try again in a moment")


def apart(work: Callable[[], None]) -> None:
    """In a thread of the system, while the other greenlets go on. Raises what `work` does."""
    error = gevent.get_hub().threadpool.apply(_error_of, (work,))
    if error is not None:
        raise error


class Worker(GeventWorker):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._owing: OrderedDict[socket.socket, None] = OrderedDict()  # connections; the one that waits longest first
        self._bytes = 0  # of bodies that are on their way
        self.number = 0
        self.doors: Doors | None = None
        self.siblings: Siblings | None = None

    def patch(self) -> None:
        super().patch()
        if self.doors is not None:
            self.siblings = self.doors.of(self.number)

    def run(self) -> None:
        others = gevent.pool.Pool(self.worker_connections)
        if self.siblings is not None:
            gevent.spawn(self._take_over, self.siblings, others)
        super().run()
        others.join(timeout=_LEAVING_S)

    def _take_over(self, siblings: Siblings, pool: Any) -> None:
        for fd, read in siblings.taken_over():
            pool.spawn(self._handle_read, fd, read)

    def _handle_read(self, fd: int, read: bytes) -> None:
        client = _HandedOver(fileno=fd)
        client.before = read
        try:
            address = client.getpeername() or _LOCAL
        except OSError:  # it is gone already
            client.close()
            return
        self.handle(self.sockets[0], client, address)

    def handle(self, listener: Any, client: socket.socket, addr: Any) -> None:
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            with contextlib.suppress(OSError):
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limits.UNREAD_S * 1000)
        self._owes(client)
        try:
            super().handle(listener, client, addr)
        finally:
            self._owing.pop(client, None)

    def handle_request(self, listener_name: Any, req: Any, sock: socket.socket, addr: Any) -> Any:
        """The head is there. Read the body, and ask the app; or let another worker do both."""
        if self.siblings is not None and self._hand_over(self.siblings, req, sock):
            raise StopIteration
        refusal = self._read_body(req, sock)
        if refusal is not None:
            util.write_error(sock, *refusal)
            raise StopIteration
        self._owing.pop(sock, None)
        try:
            return super().handle_request(listener_name, req, sock, addr)
        finally:
            if isinstance(req.body, io.BytesIO):
                req.body.close()
                req.body = io.BytesIO()
            self._owes(sock)

    def _hand_over(self, siblings: Siblings, req: Any, sock: socket.socket) -> bool:
        cookies = "; ".join(value for name, value in req.headers if name == "COOKIE")
        number = siblings.wanted(req.path, cookies, req.peer_addr)
        if number == siblings.share.number:
            return False
        try:
            siblings.hand_over(number, sock, head_of(req) + req.unreader.take_buffered())
        except OSError:
            util.write_error(sock, *_LARGE)
        return True

    def _owes(self, client: socket.socket) -> None:
        self._owing[client] = None
        while len(self._owing) > limits.HALF_REQUESTS:
            longest, _ = self._owing.popitem(last=False)
            with contextlib.suppress(OSError):
                longest.shutdown(socket.SHUT_RDWR)

    def _read_body(self, req: Any, sock: socket.socket) -> tuple[int, str, str] | None:
        """Put the whole body into the request, as far as any address takes one. Returns why not."""
        if not _has_body(req):
            return None
        _let_it_come(req, sock)
        pieces: list[bytes] = []
        size = 0
        try:
            with gevent.Timeout(limits.BODY_S):
                while size <= limits.REQUEST_BYTES and (piece := req.body.read(_PIECE)):
                    pieces.append(piece)
                    size += len(piece)
                    self._bytes += len(piece)
                    if self._bytes > limits.BODIES_BYTES:
                        return _FULL
        except gevent.Timeout:
            return _LATE
        finally:
            self._bytes -= size
        if size > limits.REQUEST_BYTES:
            req.force_close()  # what is left of it is nobody's next request
        req.body = io.BytesIO(b"".join(pieces))
        return None


class _HandedOver(gevent.socket.socket):  # type: ignore[misc]
    """Whose first bytes another worker has read."""

    before = b""

    def recv(self, size: int, *flags: int) -> bytes:
        if not self.before:
            data: bytes = super().recv(size, *flags)
            return data
        read, self.before = self.before[:size], self.before[size:]
        return read


def _error_of(work: Callable[[], None]) -> Exception | None:
    """gevent would print it, whoever handles it."""
    try:
        work()
    except Exception as error:
        return error
    return None


def _has_body(req: Any) -> bool:
    named = {name.upper(): value for name, value in req.headers}
    return named.get("CONTENT-LENGTH", "0") != "0" or "TRANSFER-ENCODING" in named


def _let_it_come(req: Any, sock: socket.socket) -> None:
    """Who asks first whether the body is welcome waits for an answer."""
    if any(name.upper() == "EXPECT" for name, _ in req.headers):
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        req.headers = [(name, value) for name, value in req.headers if name.upper() != "EXPECT"]
