"""Bytes sent again: what a client's calls were answered, and a server that does nothing but answer the same.

`benchmarks/kube.py` times kubectl against both; the difference is what our server takes.
"""

from __future__ import annotations

import http.client
import threading
import urllib.parse
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, Self

HOP_BY_HOP = ("connection", "transfer-encoding", "content-length", "date", "server", "keep-alive")


class Answer(NamedTuple):
    code: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def raw(self) -> bytes:
        told = (*self.headers, ("Content-Length", str(len(self.body))))
        head = "".join(f"{name}: {value}\r\n" for name, value in told)
        return f"HTTP/1.1 {self.code} {http.client.responses[self.code]}\r\n{head}\r\n".encode() + self.body


Answers = dict[tuple[str, str], Answer]  # by method and address


Answering = Callable[[str, str, dict[str, str], bytes], Answer]  # method, address, headers, body


class Serving:
    """A server in a thread, for as long as the `with` lasts."""

    def __init__(self, answer: Answering) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.wfile.write(answer(self.command, self.path, dict(self.headers), body).raw())

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Recorder(Serving):
    """Passes requests on to `url`, and keeps what comes back."""

    def __init__(self, url: str) -> None:
        super().__init__(self._pass_on)
        self._upstream = urllib.parse.urlsplit(url).netloc
        self.answers: Answers = {}

    def _pass_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        connection = http.client.HTTPConnection(self._upstream, timeout=60)
        passed = {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}
        connection.request(method, path, body or None, passed)
        response = connection.getresponse()
        kept = tuple(pair for pair in response.getheaders() if pair[0].lower() not in HOP_BY_HOP)
        answer = self.answers[method, path] = Answer(response.status, kept, response.read())
        connection.close()
        return answer


class Replayer(Serving):
    def __init__(self, answers: Answers) -> None:
        super().__init__(lambda method, path, _headers, _body: answers[method, path])
