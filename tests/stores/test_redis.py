"""Frames over Redis: a room is in one process, and people watch it from others."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from app.api.objects import Ref
from app.commands import Scale
from app.rooms import Mirror, Relay, Room, Rooms, Viewer, owner
from app.web.live import RESNAPSHOT
from benchmarks.server import HANDSHAKE, state_of
from tests.support.patience import PATIENCE_S
from tests.support.rooms import Script
from tests.support.server import Server
from tests.support.stores import Redis
from tests.web.test_metrics import parsed

WEB = Ref("Deployment", "default", "web")
SCALE = {"kind": "Deployment", "name": "web"}


class Looking:
    """Somebody who watches at a mirror, from the frame that the room has now."""

    def __init__(self, relay: Relay, room: Room, lang: str = "en") -> None:
        self.mirror: Mirror
        self.viewer: Viewer
        self.mirror, self.viewer = relay.attach(room.id, lang, room.epoch, room.frame, threading.Event())
        self._room = room

    def until_it_follows(self) -> None:
        self.until(lambda taken: self.mirror.fanout.epoch == self._room.epoch)

    def until(self, condition: Callable[[list[bytes] | None], bool]) -> list[bytes] | None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            taken = self.mirror.take(self.viewer)
            if condition(taken):
                return taken
            assert time.monotonic() < deadline
            self.viewer.wake.wait(0.1)
            self.viewer.wake.clear()


@pytest.fixture
def rooms() -> Iterator[Rooms]:
    rooms = Rooms(Script())
    yield rooms
    rooms.close()


@pytest.fixture
def here(redis: Redis, rooms: Rooms) -> Iterator[Relay]:
    """Of the process that has the rooms."""
    relay = Relay(redis.url, rooms.held)
    yield relay
    relay.leave()


@pytest.fixture
def there(redis: Redis) -> Iterator[Relay]:
    """Of one that has none."""
    relay = Relay(redis.url, lambda id: None)
    yield relay
    relay.leave()


def test_who_watches_elsewhere_gets_the_frames_that_who_watches_here_gets(
    rooms: Rooms, here: Relay, there: Relay
) -> None:
    room = rooms.create()
    beside = room.attach("en", room.epoch, room.frame)
    looking = [Looking(there, room), Looking(there, room), Looking(there, room, "ja")]
    for each in looking:
        each.until_it_follows()
    room.submit(Scale(WEB, 5))
    found = [each.until(bool) for each in looking[:2]]
    deadline, taken = time.monotonic() + PATIENCE_S, list[bytes]()
    while not all(frames and frames[-1] in taken for frames in found):
        assert time.monotonic() < deadline
        taken += room.take(beside) or []
        time.sleep(0.05)
    assert looking[2].until(lambda taken: taken != []) != []
    assert room.viewers == 1 + len(looking)


def test_who_goes_is_counted_no_more_and_a_mirror_without_viewers_ends(rooms: Rooms, here: Relay, there: Relay) -> None:
    room = rooms.create()
    looking = Looking(there, room)
    looking.until(lambda taken: room.viewers == 1)
    looking.mirror.detach(looking.viewer)
    deadline = time.monotonic() + PATIENCE_S
    while room.viewers or not looking.mirror.is_over:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not there._mirrors
    again = Looking(there, room)
    again.until(lambda taken: room.viewers == 1)


def test_after_a_reset_everybody_is_told_to_take_a_snapshot(rooms: Rooms, here: Relay, there: Relay) -> None:
    room = rooms.create()
    looking = Looking(there, room)
    looking.until_it_follows()
    rooms.reset(room)
    looking.until(lambda taken: taken is None)  # perhaps after a frame that was drawn before
    assert looking.mirror.fanout.epoch == room.epoch


def test_of_a_room_that_nobody_has_a_snapshot_is_asked_for(there: Relay, rooms: Rooms) -> None:
    """Which is what brings it into memory, wherever that is."""
    assert Looking(there, rooms.create()).until(lambda taken: taken != []) is None


@pytest.fixture
def alone(there: Relay, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    """A mirror that hears only what a test says, of a room of which it has heard frame 3 of epoch 7."""
    monkeypatch.setattr("app.rooms.relay.LOST_S", 3600)
    mirror, _ = there.attach("unknown", "en", 7, 3, threading.Event())
    mirror._hear({"epoch": 7, "number": 3, "sizes": []}, b"")
    return mirror


def test_a_viewer_whose_snapshot_is_newer_than_what_came_over_redis_waits_for_it(alone: Mirror) -> None:
    on_time, ahead = (alone.attach(7, frame, threading.Event()) for frame in (3, 5))
    assert alone.take(ahead) == []
    alone._hear({"epoch": 7, "number": 6, "sizes": [1, 2, 1]}, b"abbc")
    assert alone.take(ahead) == [b"c"]
    assert alone.take(on_time) == [b"a", b"bb", b"c"]


def test_what_was_missed_is_noticed(alone: Mirror) -> None:
    viewer = alone.attach(7, 3, threading.Event())
    alone._hear({"epoch": 7, "number": 9, "sizes": [1]}, b"x")
    assert alone.take(viewer) is None
    alone._hear({"epoch": 7, "number": 10, "sizes": [1]}, b"y")
    assert alone.take(viewer) == [b"y"]


def test_another_epoch_is_another_room(alone: Mirror) -> None:
    viewer = alone.attach(7, 3, threading.Event())
    alone._hear({"epoch": 8, "number": 3, "sizes": []}, b"")
    assert alone.take(viewer) is None


def test_redis_may_go_and_come_back(rooms: Rooms, here: Relay, there: Relay, redis: Redis) -> None:
    room = rooms.create()
    looking = Looking(there, room)
    looking.until_it_follows()
    redis.stop()
    try:
        looking.until(lambda taken: taken is None)
        assert not here.is_reached
    finally:
        redis.start()
    looking.until(lambda taken: looking.mirror.fanout.epoch == room.epoch)
    looking.until(lambda taken: taken == [])
    room.submit(Scale(WEB, 5))
    assert looking.until(bool)


# ---------------------------------------------------------------------------------------------- servers


class Page:
    """A socket, and the page that has it: it takes a snapshot when it is told to. The socket may be `at` another server
    than the one that has the room."""

    def __init__(self, server: Server, room: str, at: Server | None = None) -> None:
        self._server, self._room = server, room
        self._heard = b""
        state = state_of(server, room)
        at = at or server
        self._socket = socket.create_connection((at.host, at.port), timeout=PATIENCE_S)
        hello = HANDSHAKE.format(room=room, frame=state["frame"], epoch=state["epoch"], host=server.host)
        self._socket.sendall(hello.encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._socket.recv(4096)
        assert head.startswith(b"HTTP/1.1 101")

    def close(self) -> None:
        self._socket.close()

    def until_a_frame(self) -> None:
        """A heartbeat and the word to take a snapshot are none."""
        while True:
            piece = self._socket.recv(1 << 16)
            assert piece, "the server hung up"
            if RESNAPSHOT in piece:
                state_of(self._server, self._room)
            elif len(piece) > 100:
                return

    def drain(self) -> bool:
        """Whether the server has not hung up."""
        self._socket.settimeout(0.3)
        try:
            while piece := self._socket.recv(1 << 16):
                if RESNAPSHOT in piece:
                    state_of(self._server, self._room)
        except TimeoutError:
            self._socket.settimeout(PATIENCE_S)
            return True
        except OSError:
            return False
        return False


@pytest.mark.long
def test_people_watch_a_room_from_all_workers_and_the_death_of_its_own_interrupts_them_for_a_moment(
    redis: Redis,
) -> None:
    with contextlib.ExitStack() as stack, Server("--workers", "3", "--redis", redis.url, "--unlimited") as server:
        room = server.room()
        pages = [Page(server, room) for _ in range(12)]
        stack.callback(lambda: [page.close() for page in pages])
        deadline = time.monotonic() + PATIENCE_S
        while json.loads(server.get("/healthz"))["rooms"]["viewers"] != len(pages):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        samples = parsed(server.get("/metrics"))
        seen = [value for (name, _), value in samples.items() if name == "loopscope_viewers"]
        assert sorted(seen) == [0, 0, len(pages)], "the worker that has the room counts them"
        for page in pages:
            page.drain()
        server.post(f"/rooms/{room}/commands/scale", SCALE | {"replicas": 5})
        for page in pages:
            page.until_a_frame()


@pytest.mark.long
def test_whose_worker_lives_on_sees_the_room_again_after_the_death_of_its_own(redis: Redis, tmp_path: object) -> None:
    options = ("--workers", "2", "--redis", redis.url, "--unlimited", "--data", str(tmp_path))
    with contextlib.ExitStack() as stack, Server(*options) as server:
        room = server.room()
        pages = [Page(server, room) for _ in range(8)]
        stack.callback(lambda: [page.close() for page in pages])
        for page in pages:
            page.drain()
        os.kill(server.workers()[owner(room, 2)], signal.SIGKILL)
        alive = [page for page in pages if page.drain()]
        assert 0 < len(alive) < len(pages)
        server.get(f"/rooms/{room}")
        for page in alive:
            page.drain()
        server.post(f"/rooms/{room}/commands/scale", SCALE | {"replicas": 5})
        for page in alive:
            page.until_a_frame()
