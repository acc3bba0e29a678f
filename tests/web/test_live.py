"""The live socket: with a fake socket for what must never happen, and over a real one that it does."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simple_websocket import Client, ConnectionClosed
from wsproto import ConnectionType, WSConnection
from wsproto.events import Ping, TextMessage

from app.api.objects import Ref
from app.commands import Scale
from app.engine.trace import Differed
from app.rooms import Room
from app.web import language, present
from app.web.live import CHATTER, HEARTBEAT, RESNAPSHOT, SEND_BUFFER, UNREAD_MS, Drawing, Wire, encoded, serve
from tests.support.browser import Browser, make_app
from tests.support.patience import PATIENCE_S
from tests.support.rooms import live, make_room
from tests.support.server import Server

pytestmark = pytest.mark.long

WEB = Ref("Deployment", "default", "web")


# ------------------------------------------------------------------------------------------ fake socket


class FakeSocket:
    """Plays flask-sock's connection and the wire at once. `room` is told to go on after each write."""

    def __init__(self, hang_up_after: int) -> None:
        self.connected = True
        self.written: list[bytes] = []
        self._left = hang_up_after

    def send(self, data: bytes) -> int:
        self.written.append(data)
        self._left -= 1
        self.connected = self._left > 0
        return len(data)


def watch(room: Room, ws: FakeSocket, frame: int | None = None, heartbeat_s: float = 0.01) -> list[tuple[int, int]]:
    """What was counted."""
    counted: list[tuple[int, int]] = []
    viewer = room.attach("en", room.epoch, room.frame if frame is None else frame)
    serve(ws, ws, room, viewer, heartbeat_s, lambda frames, size: counted.append((frames, size)))
    room.detach(viewer)
    return counted


def test_a_quiet_room_sends_only_heartbeats() -> None:
    room, _script, _clock = make_room()
    ws = FakeSocket(hang_up_after=3)
    watch(room, ws)
    assert ws.written == [HEARTBEAT] * 3
    assert room.viewers == 0


def test_what_came_since_the_page_was_made_is_sent_in_one_write() -> None:
    room, _script, clock = make_room()
    other = room.attach("en", room.epoch, room.frame)
    for replicas in (4, 5, 6):
        room.submit(Scale(WEB, replicas))
        live(room, clock, 0.2)
    frames = room.take(other)
    assert frames is not None
    assert len(frames) >= 3
    ws = FakeSocket(hang_up_after=1)
    assert watch(room, ws, frame=0) == [(len(frames), len(b"".join(frames)))]
    assert ws.written == [b"".join(frames)]


def test_a_page_that_is_too_old_is_told_to_take_a_snapshot() -> None:
    room, _script, _clock = make_room()
    ws = FakeSocket(hang_up_after=1)
    watch(room, ws, frame=-1)
    assert ws.written == [RESNAPSHOT]


def test_when_the_server_stops_its_viewers_go() -> None:
    room, _script, _clock = make_room()
    ws = FakeSocket(hang_up_after=1_000_000)
    threading.Timer(0.05, room.dismiss).start()
    watch(room, ws, heartbeat_s=5)
    assert room.viewers == 0


def test_a_message_on_the_wire_is_one_text_frame() -> None:
    for text in ("", "short", "ä" * 200, "x" * 70_000):
        connection = WSConnection(ConnectionType.CLIENT)
        receiver = _established(connection)
        receiver.receive_data(encoded(text))
        events = [event for event in receiver.events() if isinstance(event, TextMessage)]
        assert "".join(event.data for event in events) == text


def _established(connection: WSConnection) -> Any:
    """A client's frame parser after the handshake."""
    from wsproto.connection import Connection

    return Connection(ConnectionType.CLIENT)


# ------------------------------------------------------------------------------------------------ wire


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    listener = socket.create_server(("127.0.0.1", 0))
    ours = socket.create_connection(listener.getsockname())
    theirs, _ = listener.accept()
    yield ours, theirs
    for each in (ours, theirs, listener):
        each.close()


def test_the_send_buffer_is_small(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, _theirs = pair
    Wire(ours, lambda: None)
    assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * SEND_BUFFER


def test_one_write_is_never_inside_another(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    wire = Wire(ours, lambda: None)
    size, writers = 400_000, (b"a", b"b", b"c")
    threads = [threading.Thread(target=wire.send, args=(letter * size,)) for letter in writers]
    for thread in threads:
        thread.start()
    received = b""
    while len(received) < size * len(writers):
        received += theirs.recv(65_536)
    for thread in threads:
        thread.join()
    assert re.fullmatch(rb"(a+|b+|c+){3}", received)
    assert [received.count(letter) for letter in writers] == [size] * len(writers)


def test_a_viewer_who_talks_too_much_is_hung_up_on(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    gone = threading.Event()
    wire = Wire(ours, gone.set)
    theirs.sendall(b"x" * (CHATTER + 4096))
    heard = 0
    while data := wire.recv(4096):
        heard += len(data)
    assert gone.is_set()
    assert heard <= CHATTER


def test_a_viewer_who_leaves_is_noticed_at_once(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    gone = threading.Event()
    wire = Wire(ours, gone.set)
    theirs.close()
    assert wire.recv(4096) == b""
    assert gone.is_set()


# ---------------------------------------------------------------------------------------- before the handshake


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 400),
        ({"Upgrade": "websocket", "Connection": "Upgrade", "Origin": "https://evil.example"}, 403),
    ],
)
def test_no_socket_for_strangers(browser: Browser, headers: dict[str, str], code: int) -> None:
    response = browser.get("/live?lang=en", headers=headers)
    assert response.status_code == code


def test_no_socket_into_a_room_there_is_not(browser: Browser) -> None:
    headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
    assert browser.client.get("/rooms/nope/live", headers=headers).status_code == 404


# ------------------------------------------------------------------------------------------ real sockets

HANDSHAKE = (
    b"GET /rooms/%s/live?lang=en HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@pytest.fixture(scope="module", params=["gunicorn", "threads"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server("--debug-threads" if request.param == "threads" else None) as server:
        yield server


class Page:
    """A page and its socket, as a browser holds them."""

    def __init__(self, server: Server, lang: str = "en", headers: dict[str, str] | None = None) -> None:
        self.server = server
        self.html = server.get(f"/?lang={lang}")
        found = re.search(r'data-room="(\w+)"', self.html)
        assert found
        self.room = found[1]
        self.state = json.loads(_frame(self.html))
        self.open(lang, headers)

    def open(self, lang: str = "en", headers: dict[str, str] | None = None) -> None:
        query = f"lang={lang}&frame={self.state['frame']}&epoch={self.state['epoch']}"
        self.ws = Client.connect(f"{self.server.ws}/rooms/{self.room}/live?{query}", headers=headers or {})
        self.ping()  # this client looks at a frame that came with the handshake only when more comes

    def ping(self) -> None:
        self.ws.sock.send(self.ws.ws.send(Ping()))

    def next(self) -> dict[str, Any]:
        while (message := self.ws.receive(timeout=PATIENCE_S)) == " ":
            pass
        assert message is not None, "nothing came"
        if message == '{"resnapshot": true}':  # something happened before the socket was open: as a browser does
            message = self.server.get(f"/rooms/{self.room}/snapshot?lang=en")
        return json.loads(_frame(message)) | {"html": message}  # type: ignore[no-any-return]


def _frame(html: str) -> str:
    found = re.search(r'<div id="frame"[^>]*>(.*?)</div>', html, re.DOTALL)
    assert found, html[:200]
    return found[1].replace("&#34;", '"')


def test_a_command_is_seen_by_every_page(server: Server) -> None:
    first = Page(server)
    first.next()  # somebody came
    server.post(f"/rooms/{first.room}/commands/scale", {"kind": "Deployment", "name": "web", "replicas": "4"})
    seen: list[dict[str, Any]] = []
    while not any(row[2] == "deployment" or "deployment" in row[2] for frame in seen for row in frame["steps"]):
        seen.append(first.next())
    numbers = [frame["frame"] for frame in seen]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert 'id="o-Deployment-default-web"' in "".join(frame["html"] for frame in seen)
    first.ws.close()


def test_compression_is_refused(server: Server) -> None:
    page = Page(server, headers={"Sec-WebSocket-Extensions": "permessage-deflate"})
    assert page.next()["frame"] > 0
    page.ws.close()


def test_a_viewer_who_leaves_is_no_longer_counted(server: Server) -> None:
    first = Page(server)
    second = Page(server)
    second.ws.close()
    second.room, second.state = first.room, first.state
    second.open()
    while first.next()["viewers"] != 2:
        pass
    second.ws.close()
    while first.next()["viewers"] != 1:
        pass
    first.ws.close()


def test_foreign_pages_get_no_socket(server: Server) -> None:
    room = server.room().encode()
    with socket.create_connection((server.host, server.port), timeout=PATIENCE_S) as raw:
        raw.sendall((HANDSHAKE % room).replace(b"Upgrade: web", b"Origin: https://evil.example\r\nUpgrade: web"))
        assert b" 403 " in raw.recv(4096).splitlines()[0]


def test_pings_are_answered_between_frames(server: Server) -> None:
    page = Page(server)
    for _ in range(50):
        page.ping()
    server.post(f"/rooms/{page.room}/commands/scale", {"kind": "Deployment", "name": "web", "replicas": "4"})
    assert page.next()["frame"] > 0
    page.ws.close()


@pytest.mark.parametrize("message", ["hello", b"\x00\xff", "x" * 10_000, '{"resnapshot": true}'])
def test_whatever_a_viewer_says_the_room_goes_on(server: Server, message: str | bytes) -> None:
    page, witness = Page(server), Page(server)
    try:
        for _ in range(5):
            page.ws.send(message)
    except (ConnectionClosed, OSError):
        pass  # too large: the server hung up, politely
    server.post(f"/rooms/{witness.room}/commands/scale", {"kind": "Deployment", "name": "web", "replicas": "4"})
    assert witness.next()["frame"] > 0
    witness.ws.close()
    assert "Traceback" not in server.log()


@settings(max_examples=40, deadline=None)
@given(garbage=st.lists(st.binary(max_size=200), max_size=4))
def test_no_bytes_are_a_mistake_of_ours(server: Server, garbage: list[bytes]) -> None:
    room = server.room()
    with socket.create_connection((server.host, server.port), timeout=PATIENCE_S) as raw:
        raw.sendall(HANDSHAKE % room.encode())
        assert raw.recv(4096).startswith(b"HTTP/1.1 101")
        try:
            for data in garbage:
                raw.sendall(data)
        except OSError:
            pass
    assert json.loads(server.get("/healthz"))["status"] == "ok"
    assert "Traceback" not in server.log()


def test_a_handshake_that_is_none(server: Server) -> None:
    room = server.room().encode()
    for broken in (b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b"Sec-WebSocket-Version: 13\r\n"):
        with socket.create_connection((server.host, server.port), timeout=PATIENCE_S) as raw:
            raw.sendall((HANDSHAKE % room).replace(broken, b""))
            assert b" 400 " in raw.recv(4096).splitlines()[0]
    assert "Traceback" not in server.log()


def test_a_phone_that_sleeps_holds_up_nobody(server: Server) -> None:
    room = server.room()
    sleepers = []
    for _ in range(5):
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect((server.host, server.port))
        raw.sendall(HANDSHAKE % room.encode())
        sleepers.append(raw)
    awake = Page(server)
    awake.ws.close()
    awake.room = room
    awake.state = json.loads(_frame(server.get(f"/rooms/{room}")))
    awake.open()
    server.post(f"/rooms/{room}/pace", {"speed": "100"})
    for replicas in (30, 3, 30, 3):
        server.post(f"/rooms/{room}/commands/scale", {"kind": "Deployment", "name": "web", "replicas": str(replicas)})
        started = time.monotonic()
        while not awake.next()["steps"]:
            pass
        assert time.monotonic() - started < UNREAD_MS / 2_000
    awake.ws.close()
    for raw in sleepers:
        raw.close()


def test_the_app_closes_cleanly() -> None:
    app = make_app()
    Browser(app)
    app.extensions["rooms"].close()


def test_a_sentence_stands_for_what_the_loop_itself_says() -> None:
    """Not for what is said of a loop that has no words of its own."""
    browser = Browser(make_app())
    room = browser.room
    room.attach("en", room.epoch, room.frame)
    browser.post("/commands/delete", {"kind": "Pod", "namespace": "default", "name": browser.pods()[0]})
    found = None
    while found is None and (step := room.cluster.step()) is not None:
        found = step if step.actor == "replicaset-controller" and isinstance(step.record, Differed) else None
    assert found is not None
    drawing = Drawing(browser.app)
    with browser.app.test_request_context():
        text = present.caption(found, language.words("en").among(room.look.voices)).text
        assert drawing.reading_ms(room, found, ["en"]) == present.reading_ms(text, "en")
        assert text != present.caption(found, language.words("en")).text
