"""gunicorn's gevent worker, with an end to waiting: who owes the rest of a request keeps nobody else out.

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
from gunicorn import util
from gunicorn.workers.ggevent import GeventWorker

from app.api import limits

_PIECE = 64 * limits.KIB
_LATE = (408, "Request Timeout", "the body of the request did not come in time")
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
        """The head is there. Read the body, and ask the app."""
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
