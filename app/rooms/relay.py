"""Frames to viewers at other processes, over Redis: many people may watch one room, which lives in one process.

A process where somebody watches a room that it has not has a Mirror of it, in one language: a Fanout as the room has,
filled with what comes over Redis. It says now and then that it is there, and for how many. The process that has the
room answers with an Outlet: a viewer like any other, but that it writes what it takes, which was encoded once, to
Redis, once for all mirrors. A mirror that misses a frame, or hears nothing, tells its viewers to take a snapshot, and
that they ask for by HTTP, of whoever has the room. Nothing is kept in Redis.
"""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.api import limits
from app.api.errors import TooManyRequests
from app.rooms import files
from app.rooms.fanout import Fanout, Viewer
from app.rooms.shares import is_viewer_key, viewer_key

if TYPE_CHECKING:
    import redis

    from app.rooms.room import Room

BEAT_S = 1.0  # between two words of a mirror
LOST_S = 3 * BEAT_S  # after which nobody is at the other end
TIMEOUT_S = 3.0  # of Redis
_VIEWERS = "loopscope:viewers"

log = logging.getLogger(__name__)


def check(url: str) -> None:
    """Raises files.Unusable if no Redis is there."""
    try:
        import redis

        redis.Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S).ping()
    except ImportError as error:
        raise files.Unusable(f"{error}: pip install 'loopscope[redis]'") from error
    except (redis.RedisError, ValueError) as error:
        raise files.Unusable(f"that Redis cannot be used: {error}") from error


class Relay:
    """`find` knows the rooms that this process has in memory. Raises ImportError without redis."""

    def __init__(self, url: str, find: Callable[[str], Room | None], viewers: int = limits.VIEWERS_OF_ROOM) -> None:
        import redis

        self.errors = redis.RedisError
        self.client: Any = redis.Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
        self.limit = viewers
        self.is_reached = True
        self._find = find
        self._lock = threading.Lock()
        self._mirrors: dict[tuple[str, str], Mirror] = {}
        self._outlets: dict[tuple[str, str], Outlet] = {}
        self._is_over = False
        threading.Thread(target=self._listen, name="relay", daemon=True).start()

    def attach(self, id: str, lang: str, epoch: int, frame: int, wake: threading.Event) -> tuple[Mirror, Viewer]:
        """Somebody has the page as of that frame, and the room is not here. `id` may be its viewer key, by which all
        mirrors call it. Raises TooManyRequests."""
        id = id if is_viewer_key(id) else viewer_key(id)
        with self._lock:
            mirror = self._mirrors.get((id, lang))
            if mirror is None or mirror.is_over:
                mirror = self._mirrors[id, lang] = Mirror(self, id, lang)
            return mirror, mirror.attach(epoch, frame, wake)

    def end(self, mirror: Mirror) -> bool:
        """Nobody watches there any more."""
        with self._lock:
            if len(mirror.fanout) and not self._is_over:
                return False
            mirror.is_over = True
            if self._mirrors.get((mirror.room, mirror.lang)) is mirror:
                del self._mirrors[mirror.room, mirror.lang]
            return True

    def leave(self) -> None:
        """The process is about to end: its viewers go."""
        self._is_over = True
        for mirror in list(self._mirrors.values()):
            mirror.fanout.dismiss()

    def tell(self, channel: str, said: dict[str, Any], data: bytes = b"") -> None:
        """Nobody waits for Redis: what does not come through is missed, and that is noticed."""
        try:
            self.client.publish(channel, json.dumps(said).encode() + b"\n" + data)
        except self.errors as error:
            log.debug("not told to Redis: %s", error)

    def _listen(self) -> None:
        """To the mirrors of all processes."""
        while not self._is_over:
            try:
                self._listen_on()
            except self.errors as error:
                if self.is_reached:
                    log.warning("Redis cannot be reached", extra={"why": str(error)})
                self.is_reached = False
                time.sleep(BEAT_S / 2)

    def _listen_on(self) -> None:
        with self.client.pubsub() as pubsub:
            pubsub.subscribe(_VIEWERS)
            while not self._is_over:
                message = pubsub.get_message(timeout=BEAT_S)
                self.is_reached = True
                if message and message["type"] == "message":
                    with contextlib.suppress(TooManyRequests):  # the room has its limit of viewers
                        self._hear(*_read(message["data"]))

    def _hear(self, said: dict[str, Any], _: bytes) -> None:
        room = self._find(said["room"])
        if room is None:
            return
        key = said["room"], said["lang"]
        outlet = self._outlets.get(key)
        if outlet is None or outlet.room is not room or outlet.is_over:
            outlet = self._outlets[key] = Outlet(self, room, said["lang"])
        outlet.hear(said["from"], said["people"])
        outlet.begin()

    def forget(self, outlet: Outlet) -> None:
        key = viewer_key(outlet.room.id), outlet.lang
        if self._outlets.get(key) is outlet:
            del self._outlets[key]


class Mirror:
    """Of a room, where its viewers are."""

    def __init__(self, relay: Relay, room: str, lang: str) -> None:
        self.room, self.lang = room, lang
        self.fanout = Fanout(_unknown(), relay.limit)
        self.is_over = False
        self._relay = relay
        self._name = secrets.token_hex(8)
        self._is_followed = False  # the room answers
        self._heard_at = time.monotonic()
        threading.Thread(target=self._run, name="mirror", daemon=True).start()

    def attach(self, epoch: int, frame: int, wake: threading.Event) -> Viewer:
        return self.fanout.add(self.lang, epoch, frame, wake)

    def take(self, viewer: Viewer) -> list[bytes] | None:
        """As of a room; nothing as long as that has not answered, or what the viewer has comes here only now."""
        is_ahead = viewer.epoch == self.fanout.epoch and viewer.cursor > self.fanout.newest
        return self.fanout.take(viewer) if self._is_followed and not is_ahead else []

    def detach(self, viewer: Viewer) -> None:
        self.fanout.drop(viewer)

    def _run(self) -> None:
        while not self._relay.end(self):
            with contextlib.suppress(self._relay.errors), self._relay.client.pubsub() as pubsub:
                pubsub.subscribe(_channel(self.room, self.lang))
                self._follow(pubsub)
            self._look()
            time.sleep(BEAT_S / 10)

    def _follow(self, pubsub: redis.client.PubSub) -> None:
        due = time.monotonic() + BEAT_S
        while len(self.fanout):
            message = pubsub.get_message(timeout=max(0.0, due - time.monotonic()))
            if message and message["type"] == "message":
                self._hear(*_read(message["data"]))
            if time.monotonic() >= due or (message and message["type"] == "subscribe"):
                due = time.monotonic() + BEAT_S
                said = {"room": self.room, "lang": self.lang, "from": self._name, "people": len(self.fanout)}
                self._relay.tell(_VIEWERS, said)
            self._look()

    def _hear(self, said: dict[str, Any], data: bytes) -> None:
        self._heard_at, self._is_followed = time.monotonic(), True
        epoch, number, sizes = said["epoch"], said["number"], said["sizes"]
        before = number - len(sizes)
        if (self.fanout.epoch, self.fanout.newest) != (epoch, before):
            self.fanout.restart(epoch, before)
        start = 0
        for each, size in enumerate(sizes, start=before + 1):
            self.fanout.publish(each, {self.lang: data[start : start + size]})
            start += size

    def _look(self) -> None:
        """Is nobody at the other end? Who asks for a snapshot then wakes the room, wherever it is."""
        if time.monotonic() > self._heard_at + LOST_S:
            self._heard_at, self._is_followed = time.monotonic(), True
            self.fanout.restart(_unknown())


class Outlet:
    """Of a room, for all its mirrors in one language."""

    def __init__(self, relay: Relay, room: Room, lang: str) -> None:
        self.room, self.lang = room, lang
        self.is_over = False
        self._relay = relay
        self._mirrors: dict[str, tuple[int, float]] = {}  # how many watch there, and as of when
        self._is_asked = False
        self._wake = threading.Event()
        self._viewer = room.attach(lang, room.epoch, room.frame, self._wake)
        self._thread = threading.Thread(target=self._run, name="outlet", daemon=True)

    def begin(self) -> None:
        """Once somebody has been heard; once is enough."""
        if self._thread.ident is None:
            self._thread.start()

    def hear(self, name: str, people: int) -> None:
        self._mirrors[name] = people, time.monotonic()
        self._is_asked = True
        self._wake.set()

    def _run(self) -> None:
        try:
            while not self._viewer.dismissed and self._count():
                self._wake.wait(BEAT_S)
                self._wake.clear()
                self._pass_on()
        finally:
            self.is_over = True
            self._relay.forget(self)
            self.room.detach(self._viewer)

    def _pass_on(self) -> None:
        frames = self.room.take(self._viewer)
        if frames or frames is None or self._is_asked:
            self._is_asked = False
            frames = frames or []
            said = {"epoch": self._viewer.epoch, "number": self._viewer.cursor, "sizes": [len(each) for each in frames]}
            self._relay.tell(_channel(viewer_key(self.room.id), self.lang), said, b"".join(frames))

    def _count(self) -> int:
        """How many watch at all mirrors."""
        since = time.monotonic() - LOST_S
        self._mirrors = {name: seen for name, seen in self._mirrors.items() if seen[1] > since}
        people = sum(count for count, _ in self._mirrors.values())
        if people not in (0, self._viewer.people):
            before, cursor = self._viewer, (self._viewer.epoch, self._viewer.cursor)
            self._viewer = self.room.attach(self.lang, *cursor, self._wake)
            self._viewer.people = people
            self.room.detach(before)
        return people


def _channel(room: str, lang: str) -> str:
    return f"loopscope:frames:{room}:{lang}"


def _read(message: bytes) -> tuple[dict[str, Any], bytes]:
    said, _, data = message.partition(b"\n")
    found: dict[str, Any] = json.loads(said)
    return found, data


def _unknown() -> int:
    """An epoch that no room has."""
    return -secrets.randbits(31) - 1
