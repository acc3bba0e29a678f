"""A real server in a process of its own, and visitors to it: for tests of the socket and for benchmarks/server.py."""

from __future__ import annotations

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).parent.parent.parent


class Visitor:
    """Keeps cookies and the token of the page, as a browser does."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), urllib.request.ProxyHandler({})
        )
        self._token = ""

    def get(self, path: str) -> str:
        """The body; the token of a page is kept for posts."""
        with self._opener.open(self.url + path, timeout=PATIENCE_S) as response:
            body: str = response.read().decode()
        if found := re.search(r'name="csrf-token" content="(\w+)"', body):
            self._token = found[1]
        return body

    def asked(self, path: str) -> tuple[int, str]:
        """Status and body, whatever they are."""
        try:
            return 200, self.get(path)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def weight(self, path: str) -> int:
        """Compressed bytes of a body."""
        request = urllib.request.Request(self.url + path, headers={"Accept-Encoding": "gzip"})
        with self._opener.open(request, timeout=PATIENCE_S) as response:
            return len(response.read())

    def room(self) -> str:
        """The name of this visitor's room."""
        found = re.search(r'data-room="(\w+)"', self.get("/"))
        assert found
        return found[1]

    def prepared_post(self, path: str, values: dict[str, Any]) -> Callable[[], str]:
        data = urllib.parse.urlencode(values).encode()
        headers = {"X-CSRF-Token": self._token, "Accept": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers)

        def post() -> str:
            with self._opener.open(request, timeout=PATIENCE_S) as response:
                text: str = response.read().decode()
            return text

        return post

    def post(self, path: str, values: dict[str, Any]) -> str:
        return self.prepared_post(path, values)()

    def asked_to_post(self, path: str, values: dict[str, Any]) -> tuple[int, str]:
        """Status and body, whatever they are."""
        try:
            return 200, self.post(path, values)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


class Server(Visitor):
    """`with Server() as server:`; arguments go to `loopscope serve`. Is a visitor itself."""

    host = "127.0.0.1"
    program: tuple[str, ...] = ("-m", "app.web.serve")

    def __init__(self, *options: str | None) -> None:
        self.options = [option for option in options if option]
        if not {"--data", "--store"} & set(self.options):
            self.options.append("--no-data")
        self.port = _free_port()
        self.ws = f"ws://{self.host}:{self.port}"
        self._output = tempfile.NamedTemporaryFile("w+", suffix=".log")  # noqa: SIM115
        super().__init__(f"http://{self.host}:{self.port}")

    def stranger(self) -> Visitor:
        """Somebody without a cookie."""
        return Visitor(self.url)

    def __enter__(self) -> Server:
        command = [sys.executable, *self.program, "serve", "--port", str(self.port), *self.options]
        env = {**os.environ, "PYTHONPATH": os.getcwd(), "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            command, stdout=self._output, stderr=subprocess.STDOUT, env=env, start_new_session=True
        )
        deadline = time.monotonic() + PATIENCE_S
        while "Loopscope is ready" not in self.log():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.02)
        _until(self._is_up, deadline)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._output.close()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=PATIENCE_S)

    def workers(self) -> list[int]:
        """The processes that serve."""
        pid = self.process.pid
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill(self) -> None:
        """Without a chance to write anything down: gunicorn, its worker and whatever else it started."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=PATIENCE_S)
        _until(lambda: not self._is_up(), time.monotonic() + PATIENCE_S)

    def log(self) -> str:
        return Path(self._output.name).read_text()

    def _is_up(self) -> bool:
        try:
            socket.create_connection((self.host, self.port), timeout=1).close()
        except OSError:
            return False
        return True


def _until(condition: Callable[[], bool], deadline: float) -> None:
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
