"""Several worker processes behind one port: a room is in one of them, and whoever is asked finds it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.rooms import owner, viewer_key
from app.rooms.files import numbers, path_of
from app.web.rates import Buckets, Budget, Rate
from app.web.siblings import room_of
from app.web.tally import WAYS, Tally
from benchmarks.server import HANDSHAKE, state_of
from tests.support.patience import PATIENCE_S
from tests.support.server import Server, Visitor
from tests.web.test_metrics import parsed

WORKERS = 3
SCALE = {"kind": "Deployment", "name": "web", "replicas": "4"}
MANIFEST = "kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: large\ndata:\n  text: "


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[Server]:
    with Server("--data", str(data), "--workers", str(WORKERS)) as running:
        yield running


@pytest.fixture(scope="module")
def rooms(server: Server) -> dict[int, tuple[Visitor, str]]:
    """For each worker a visitor with a room there."""
    found: dict[int, tuple[Visitor, str]] = {}
    while len(found) < WORKERS:
        visitor = server.stranger()
        room = visitor.room()
        found[owner(room, WORKERS)] = visitor, room
    return found


def replicas(visitor: Visitor, room: str) -> int:
    text = visitor.get(f"/rooms/{room}/objects/Deployment/default/web/yaml")
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("  replicas: ")))


@pytest.mark.parametrize(
    ("path", "cookies", "room"),
    [
        ("/rooms/abc", "", "abc"),
        ("/rooms/abc/commands/scale", "loopscope_room=other", "abc"),
        ("/rooms/%61bc/kube/api", "", "abc"),
        ("//rooms//abc", "", "abc"),
        ("/", "x=1; loopscope_room=abc", "abc"),
        ("/", "", ""),
        ("/static/1/app.css", "loopscope_room=abc", ""),
        ("/healthz", "", ""),
    ],
)
def test_which_room_a_request_is_about(path: str, cookies: str, room: str) -> None:
    assert room_of(path, cookies) == room


def test_what_all_workers_count_is_one_budget() -> None:
    tally = Tally()
    budget = {"x": Budget(address=Rate(10, 0.001))}
    buckets = Buckets(budget, tally=tally)
    if (child := os.fork()) == 0:
        for _ in range(6):
            Buckets(budget, tally=tally).take("x", address="hall")
        os._exit(0)
    os.waitpid(child, 0)
    for _ in range(4):
        buckets.take("x", address="hall")
    with tally.alone():
        left, _since = tally.get("x address hall") or (99, 0)
    assert left < 1


def test_of_too_many_names_the_one_heard_of_longest_ago_is_forgotten() -> None:
    tally = Tally(WAYS)
    for number in range(WAYS):
        tally.put(str(number), number, float(number))
    tally.put("0", 7, 50.0)
    tally.put("new", 1, 51.0)
    assert tally.get("0") == (7, 50.0)
    assert tally.get("new") == (1, 51.0)
    assert [name for name in map(str, range(WAYS)) if tally.get(name) is None] == ["1"]


@pytest.mark.long
class TestServer:
    def test_rooms_are_in_all_of_them_and_found_from_each(
        self, server: Server, rooms: dict[int, tuple[Visitor, str]], data: Path
    ) -> None:
        for _visitor, room in rooms.values():
            for _ in range(4):
                assert server.stranger().asked(f"/rooms/{room}")[0] == 200
        assert all(path_of(data, number).exists() for number in range(WORKERS))

    def test_a_viewer_key_leads_to_the_room_from_each(
        self, server: Server, rooms: dict[int, tuple[Visitor, str]]
    ) -> None:
        for _visitor, room in rooms.values():
            key = viewer_key(room)
            for _ in range(4):
                stranger = server.stranger()
                code, page = stranger.asked(f"/rooms/{key}")
                assert (code, room in page) == (200, False)
                assert stranger.asked_to_post(f"/rooms/{key}/commands/scale", SCALE)[0] == 403

    def test_one_connection_for_rooms_of_all_workers(
        self, server: Server, rooms: dict[int, tuple[Visitor, str]]
    ) -> None:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE_S)
        for _ in range(3):
            for _visitor, room in rooms.values():
                connection.request("GET", f"/rooms/{room}/kube/api/v1/namespaces/default")
                answer = connection.getresponse()
                assert answer.status == 200
                assert json.loads(answer.read())["metadata"]["name"] == "default"
        connection.close()

    def test_bodies_and_requests_behind_each_other_come_along(
        self, server: Server, rooms: dict[int, tuple[Visitor, str]]
    ) -> None:
        body = (MANIFEST + "x" * 150_000).encode()
        for _visitor, room in rooms.values():
            path = f"/rooms/{room}/kube/api/v1/namespaces/default/configmaps"
            head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/yaml\r\nContent-Length:"
            with socket.create_connection((server.host, server.port), timeout=PATIENCE_S) as connection:
                connection.sendall(f"{head} {len(body)}\r\n\r\n".encode() + body[:100])
                time.sleep(0.05)
                again = f"GET {path}/large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                connection.sendall(body[100:] + again.encode())
                answers = b"".join(iter(lambda: connection.recv(1 << 16), b""))
            assert answers.startswith(b"HTTP/1.1 201")
            assert b"HTTP/1.1 200" in answers

    def test_a_head_that_nobody_sends_is_refused_and_harms_nobody(
        self, server: Server, rooms: dict[int, tuple[Visitor, str]]
    ) -> None:
        codes = set()
        for _visitor, room in rooms.values():
            for _ in range(4):
                connection = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE_S)
                with contextlib.suppress(OSError, http.client.HTTPException):
                    headers = {f"X-{number}": "x" * 8_000 for number in range(60)}
                    connection.request("GET", f"/rooms/{room}", headers=headers)
                    codes.add(connection.getresponse().status)
                connection.close()
        assert codes <= {200, 431}
        assert server.stranger().asked("/")[0] == 200

    def test_viewers_see_what_is_done_wherever_they_came_in(
        self, server: Server, rooms: dict[int, tuple[Visitor, str]]
    ) -> None:
        visitor, room = rooms[1]
        sockets = []
        for _ in range(6):
            connection = socket.create_connection((server.host, server.port), timeout=PATIENCE_S)
            connection.sendall(HANDSHAKE.format(room=room, frame=-1, epoch=0, host=server.host).encode())
            assert connection.recv(160).startswith(b"HTTP/1.1 101")
            sockets.append(connection)
        visitor.post(f"/rooms/{room}/commands/scale", SCALE)
        for connection in sockets:
            assert connection.recv(1 << 16)
            connection.close()

    def test_rooms_made_are_counted_by_all_together(self, server: Server) -> None:
        codes = []
        for number in range(32):
            connection = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE_S)
            connection.request("GET", "/", headers={"Cookie": "loopscope_visitor=greedy"})
            codes.append(connection.getresponse().status)
            connection.close()
            assert number or codes == [302]
        assert codes == [302] * 30 + [429] * 2

    def test_they_tell_of_themselves_together(self, server: Server, rooms: dict[int, tuple[Visitor, str]]) -> None:
        told = json.loads(server.get("/healthz"))
        assert told["status"] == "ok"
        assert told["workers"] == {"answering": WORKERS, "of": WORKERS}
        samples = parsed(server.get("/metrics"))
        counted = {labels: value for (name, labels), value in samples.items() if name == "loopscope_rooms"}
        assert sorted(counted) == [f'{{worker="{number}"}}' for number in range(WORKERS)]
        assert sum(counted.values()) == told["rooms"]["in_memory"]

    def test_the_death_of_one_takes_its_share_and_gives_it_back(
        self, server: Server, rooms: dict[int, tuple[Visitor, str]]
    ) -> None:
        for number, (visitor, room) in rooms.items():
            visitor.get(f"/rooms/{room}")
            visitor.post(f"/rooms/{room}/commands/scale", SCALE | {"replicas": str(5 + number)})
        before, epochs = server.workers(), epochs_of(rooms)
        os.kill(before[1], signal.SIGKILL)
        for number, (visitor, room) in rooms.items():
            assert replicas(visitor, room) == 5 + number
        assert len(set(server.workers()) - set(before)) == 1
        assert len(epochs & epochs_of(rooms)) == WORKERS - 1


def epochs_of(rooms: dict[int, tuple[Visitor, str]]) -> set[int]:
    """Of each room: one that was restored has begun another."""
    return {state_of(visitor, room)["epoch"] for visitor, room in rooms.values()}


@pytest.mark.long
def test_rooms_are_found_whatever_the_number_of_workers(tmp_path: Path) -> None:
    with Server("--data", str(tmp_path), "--workers", "2") as server:
        room = server.room()
        server.post(f"/rooms/{room}/commands/scale", SCALE)
        server.kill()
    with Server("--data", str(tmp_path)) as server:
        assert replicas(server, room) == 4
        assert server.stop() == 0
        assert "Traceback" not in server.log()
    assert numbers(tmp_path) == [0]
