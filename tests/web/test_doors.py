"""The doors of a real server: who may knock by which name, how long a request may take, whose directory it is."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.api import limits
from tests.support.patience import PATIENCE_S
from tests.support.server import Server

pytestmark = pytest.mark.long

PROGRAM = """\
import sys
from app.api import limits
limits.BODY_S, limits.REQUEST_S, limits.HALF_REQUESTS = 1, 2, 40
from app.web.serve import main
sys.exit(main())
"""


class Hurried(Server):
    """One whose deadlines are short."""

    program = ("-c", PROGRAM)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Hurried("--unlimited", "--data", str(tmp_path_factory.mktemp("data"))) as server:
        yield server


def asked(server: Server, path: str = "/healthz", method: str = "GET", body: bytes = b"", **headers: str) -> int:
    """The status code. Underscores of headers are hyphens."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE_S)
    connection.request(method, path, body or None, {name.replace("_", "-"): value for name, value in headers.items()})
    code = connection.getresponse().status
    connection.close()
    return code


def half(server: Server, text: bytes) -> socket.socket:
    connection = socket.create_connection((server.host, server.port), timeout=PATIENCE_S)
    connection.sendall(text)
    return connection


@pytest.mark.parametrize(
    "text",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n",
        b"POST /rooms/x/reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf",
        b"POST /rooms/x/reset HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha",
    ],
    ids=["head", "body", "chunk"],
)
def test_half_a_request_ends(server: Server, text: bytes) -> None:
    with half(server, text) as connection:
        said = connection.recv(1000)
        assert said == b"" or said.startswith(b"HTTP/1.1 408")


def test_half_requests_keep_nobody_out(server: Server) -> None:
    body = b"POST /rooms/x/reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf"
    waiting = [half(server, body) for _ in range(200)]
    assert asked(server) == 200
    assert waiting[0].recv(1000) == b"", "the one that waits longest has gone"
    for connection in waiting:
        connection.close()


def test_who_asks_whether_a_body_is_welcome_is_told(server: Server) -> None:
    head = b"POST /rooms/x/reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
    with half(server, head) as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(b"x")
        assert connection.recv(1000).startswith(b"HTTP/1.1 ")


def test_a_body_beyond_every_limit_is_refused(server: Server) -> None:
    room = server.room()
    path = f"/rooms/{room}/kube/api/v1/namespaces/default/configmaps"
    assert asked(server, path, "POST", b" " * (limits.REQUEST_BYTES + 1), Content_Type="application/json") == 413
    assert asked(server) == 200


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("localhost", 200), ("127.0.0.1:1", 200), ("[::1]", 200), ("evil.example", 403),
        ("127.0.0.1.evil.example", 403), ("a" * 300, 403), ("[::1", 403),
    ],
)  # fmt: skip
def test_a_name_that_is_not_ours_leads_nowhere(server: Server, host: str, code: int) -> None:
    room = server.room()
    assert asked(server, f"/rooms/{room}", Host=host) == code
    assert asked(server, f"/rooms/{room}/kube/api/v1/pods", Host=host) == code


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://[::1", "https://evil.example"])
def test_a_page_of_others_reaches_no_door(server: Server, origin: str) -> None:
    room = server.room()
    config = json.dumps({"metadata": {"name": "a"}}).encode()
    path = f"/rooms/{room}/kube/api/v1/namespaces/default/configmaps"
    assert asked(server, path, "POST", config, Content_Type="text/plain", Origin=origin) == 403
    assert asked(server, path, Origin=origin) == 403
    assert asked(server, path, Origin=f"http://{server.host}:{server.port}") == 200


def test_a_directory_has_one_server_and_nobody_else_reads_it(tmp_path: Path) -> None:
    data = tmp_path / "rooms"
    with Server("--data", str(data)) as first:
        first.room()
        assert {oct(file.stat().st_mode & 0o777) for file in data.iterdir()} == {"0o600"}
        command = [sys.executable, "-m", "app.web.serve", "serve", "--port", "0", "--data", str(data)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
        assert second.returncode == 1
        assert "another Loopscope keeps its rooms" in second.stderr
        first.stop()
    with Server("--data", str(data)) as third:
        assert third.room()


def test_a_watch_ends_in_time_in_a_busy_room(server: Server) -> None:
    room = server.room()
    base = f"/rooms/{room}"
    server.post(f"{base}/pace", {"mode": "clock", "speed": "100"})
    server.post(f"{base}/commands/chaos", {"per_minute": "600"})
    url = f"{server.url}{base}/kube/api/v1/events?watch=1&timeoutSeconds=2"
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        events = answer.read().count(b"\n")
    server.post(f"{base}/reset", {})
    assert events > 10


def test_every_address_says_whom_it_lets_in() -> None:
    with Server("--host", "0.0.0.0") as server:
        said = server.log()
        assert "whoever reaches this machine" in said
        assert "http://0.0.0.0" not in said
        assert asked(server, "/", Host=socket.gethostname()) in (200, 302)
