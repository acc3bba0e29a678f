"""What the server takes: seconds to the first page, bytes, milliseconds to a thousand viewers, memory, idle CPU.

    python -m benchmarks.server            # all of it, about two minutes
    python -m benchmarks.server fanout     # one of: start, fanout, rooms, pods

Prints a Markdown table. Every server is a real one (`loopscope serve`) in a process of its own; viewers are sockets in
this process; all traffic is on loopback. On two cores the viewers' own work is in the times too.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
import selectors
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from app.web import folder
from tests.support.server import Server, Visitor

VIEWERS = 1_000
SLEEPERS = 20
BUSY_ROOMS = 20
IDLE_ROOMS = 300
KILLS = 20
PODS = 1_000
IDLE_S = 10.0
SETTLE_S = 1.5
HANDSHAKE = (
    "GET /rooms/{room}/live?lang=en&frame={frame}&epoch={epoch} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
_BIG_LESSON = """
title: {{en: Big, ja: Big}}
promise: {{en: Many pods, ja: Many pods}}
nodes: {nodes}
{more}manifests: |
  apiVersion: apps/v1
  kind: Deployment
  metadata: {{name: web}}
  spec:
    replicas: {pods}
    selector: {{matchLabels: {{app: web}}}}
    template:
      metadata: {{labels: {{app: web}}}}
      spec: {{containers: [{{name: nginx, image: "nginx:1.27"}}]}}
"""


class Row(NamedTuple):
    what: str
    measured: str
    aim: str


def main(names: list[str]) -> None:
    parts: dict[str, Callable[[], Iterator[Row]]] = {"start": start, "fanout": fanout, "rooms": rooms, "pods": pods}
    print(f"`{' '.join(('python -m benchmarks.server', *names))}`, {machine()}\n")
    print("| what | measured | aim |\n|---|---|---|", flush=True)
    for name in names or parts:
        for row in parts[name]():
            print(f"| {row.what} | {row.measured} | {row.aim} |", flush=True)


def big_lesson(pods: int, nodes: int = 50, more: str = "") -> str:
    """A lesson with one Deployment. `more` of its fields, a line each."""
    return _BIG_LESSON.format(pods=pods, nodes=nodes, more=more)


def machine() -> str:
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), ""
    )
    today = datetime.date.today().isoformat()
    return f"{os.cpu_count()} cores {model}, Python {platform.python_version()}, {today}"


# ------------------------------------------------------------------------------------------------- parts


def start() -> Iterator[Row]:
    """From the command to the first page in somebody's hands; and what that page weighs."""
    times = []
    for _ in range(5):
        started = time.monotonic()
        with Server() as server:
            assert 'data-kind="Pod"' in server.get("/")
            times.append(time.monotonic() - started)
            sizes = _first_load(server)
    yield Row("start to first page", f"{min(times):.2f} s (best of 5; median {statistics.median(times):.2f} s)", "1 s")
    detail = ", ".join(f"{name} {size / 1000:.0f}" for name, size in sizes.items())
    yield Row("first load over the wire", f"{sum(sizes.values()) / 1000:.0f} kB ({detail})", "250 kB")


def _first_load(server: Server) -> dict[str, int]:
    """Compressed bytes of the page and of everything it loads, the editor included."""
    page = server.get("/")
    found = re.search(r"/static/(\w+)/", page)
    assert found
    base, root = f"/static/{found[1]}/", folder("static")
    linked = set(re.findall(rf'{base}([\w./-]+)"', page))
    sizes = {"page": server.weight("/rooms/" + server.room()), "js": 0, "css": 0, "vendor": 0, "img": 0}
    for name in sorted(linked | _imported(root / "js", {"main.js"})):
        sizes[name.partition("/")[0]] += server.weight(base + name)
    return sizes


def _imported(folder: Path, modules: set[str]) -> set[str]:
    """Those and what they import; what is imported only when it is needed is no part of a first load."""
    found = {
        name for module in modules for name in re.findall(r'from "\./([\w-]+\.js)"', (folder / module).read_text())
    }
    return {f"js/{name}" for name in modules} if found <= modules else _imported(folder, modules | found)


def fanout() -> Iterator[Row]:
    with Server("--unlimited") as server:
        room = server.room()
        _warm(server, room)
        before = rss(server)
        with Viewers(server, room, VIEWERS) as viewers:
            used = (rss(server) - before) / VIEWERS / 1024
            yield fanout_row(f"pod killed, until each of {VIEWERS:,} viewers has the frame", server, room, viewers)
            yield Row("memory per viewer", f"{used:.0f} kB", "50 kB")
            with Viewers(server, room, SLEEPERS, reading=False):
                what = f"the same with {SLEEPERS} further viewers that never read"
                yield fanout_row(what, server, room, viewers)
            with busy(server, BUSY_ROOMS):
                yield fanout_row(f"the same while {BUSY_ROOMS} other rooms are busy", server, room, viewers)


def rooms() -> Iterator[Row]:
    with Server("--unlimited") as server:
        _warm(server, server.room())
        before = rss(server)
        for _ in range(IDLE_ROOMS):
            server.stranger().get("/")
        used = (rss(server) - before) / IDLE_ROOMS / 1024 / 1024
        yield Row(f"{IDLE_ROOMS} rooms: memory per idle room", f"{used:.2f} MB", "1.5 MB")
        time.sleep(31)  # a room goes on for a while after a command
        spent, started = cpu(server), time.monotonic()
        time.sleep(IDLE_S)
        share = (cpu(server) - spent) / (time.monotonic() - started)
        yield Row(f"{IDLE_ROOMS} rooms: CPU when nobody watches", f"{share:.2%}", "0")


def pods() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as lessons:
        (Path(lessons) / "big.yaml").write_text(big_lesson(PODS))
        with Server("--unlimited", "--lessons", lessons) as server:
            room = server.room()
            started = time.monotonic()
            server.post(f"/rooms/{room}/scenario", {"scenario": "big"})
            took = time.monotonic() - started
            page = server.get(f"/rooms/{room}")
            yield Row(f"server with one room of {PODS:,} pods: RSS", f"{rss(server) / 2**20:.0f} MB", "120 MB")
            yield Row(f"making that room of {PODS:,} pods", f"{took:.2f} s", "")
            size = server.weight(f"/rooms/{room}")
            yield Row("its page", f"{len(page) / 1000:.0f} kB, {size / 1000:.0f} kB compressed", "")


# ----------------------------------------------------------------------------------------------- viewers


class Viewers:
    """Sockets that watch a room. Readers are read as they get something; the others never."""

    def __init__(self, server: Server, room: str, count: int, reading: bool = True) -> None:
        self.server, self.room = server, room
        self._selector = selectors.DefaultSelector()
        state = state_of(server, room)
        hello = HANDSHAKE.format(room=room, frame=state["frame"], epoch=state["epoch"], host=server.host)
        self.sockets = [self._connect(hello, reading) for _ in range(count)]
        if reading:
            self.drain()

    def __enter__(self) -> Viewers:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.sockets:
            each.close()
        self._selector.close()
        time.sleep(SETTLE_S)

    def _connect(self, hello: str, reading: bool) -> socket.socket:
        connection = connected(self.server, hello, 0 if reading else 4096)
        if reading:
            connection.setblocking(False)
            self._selector.register(connection, selectors.EVENT_READ)
        return connection

    def drain(self, silence_s: float = 0.7) -> None:
        """Until nothing has come for a while."""
        last = time.monotonic()
        while time.monotonic() - last < silence_s:
            for key, _events in self._selector.select(0.05):
                assert key.fileobj.recv(1 << 20), "the server hung up"  # type: ignore[union-attr]
                last = time.monotonic()

    def until_each_has_something(self, since: float) -> list[float]:
        """Seconds from `since` until each viewer had its first bytes."""
        waiting = set(self.sockets)
        seconds = []
        while waiting:
            ready = self._selector.select(10)
            assert ready, f"{len(waiting)} viewers got nothing"
            now = time.monotonic() - since
            for key, _events in ready:
                key.fileobj.recv(1 << 16)  # type: ignore[union-attr]
                if key.fileobj in waiting:
                    waiting.discard(key.fileobj)  # type: ignore[arg-type]
                    seconds.append(now)
        return seconds


def connected(server: Server, hello: str, buffer: int = 0) -> socket.socket:
    """An open socket of a page; with so small a buffer, if one is named."""
    connection = socket.socket()
    if buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.connect((server.host, server.port))
    connection.sendall(hello.encode())
    assert connection.recv(160).startswith(b"HTTP/1.1 101")
    return connection


def fanout_row(what: str, server: Server, room: str, viewers: Viewers) -> Row:
    """Percentiles over the viewers of one kill; of these the median and the worst over all kills."""
    p50, p99, last = [], [], []
    for _ in range(KILLS):
        server.post(f"/rooms/{room}/quiet", {})
        viewers.drain()
        pod = pods_of(server, room)[0]
        post = server.prepared_post(f"/rooms/{room}/commands/delete", {"kind": "Pod", "name": pod})
        started = time.monotonic()
        post()
        seconds = sorted(viewers.until_each_has_something(started))
        p50.append(1000 * seconds[len(seconds) // 2])
        p99.append(1000 * seconds[len(seconds) * 99 // 100])
        last.append(1000 * seconds[-1])
    middle = statistics.median
    text = f"p50 {middle(p50):.0f} ms, p99 {middle(p99):.0f} ms, the last one {middle(last):.0f} ms"
    return Row(what, f"{text} (median of {KILLS} kills; worst p99 {max(p99):.0f} ms)", "p99 50 ms")


@contextmanager
def busy(server: Server, count: int) -> Iterator[None]:
    """Rooms that are watched and never quiet: crash loops, twenty times as fast as the clock."""
    watched = []
    for _ in range(count):
        visitor = server.stranger()
        room = visitor.room()
        visitor.post(f"/rooms/{room}/pace", {"mode": "clock", "speed": "20"})
        visitor.post(f"/rooms/{room}/commands/image", {"kind": "Deployment", "name": "web", "image": "nginx:crash"})
        watched.append(Viewers(server, room, 1, reading=False))
    try:
        yield
    finally:
        for viewers in watched:
            viewers.__exit__()


# ----------------------------------------------------------------------------------------------- looking


def state_of(server: Visitor, room: str) -> dict[str, Any]:
    found = re.search(r'<div id="frame"[^>]*>(.*?)</div>', server.get(f"/rooms/{room}/snapshot"), re.DOTALL)
    assert found
    state: dict[str, Any] = json.loads(found[1].replace("&#34;", '"'))
    return state


def pods_of(server: Server, room: str) -> list[str]:
    html = server.get(f"/rooms/{room}/snapshot")
    return re.findall(r'data-kind="Pod" data-namespace="default" data-name="([\w-]+)"', html)


def _warm(server: Server, room: str) -> None:
    """Nothing is measured that happens only once."""
    with Viewers(server, room, 5):
        server.post(f"/rooms/{room}/commands/delete", {"kind": "Pod", "name": pods_of(server, room)[0]})
        time.sleep(2)


def _worker(server: Server) -> str:
    """Gunicorn's worker, the only child."""
    pid = server.process.pid
    return _lines(f"/proc/{pid}/task/{pid}/children")[0].split()[0]


def rss(server: Server) -> int:
    """Bytes of the process that serves."""
    line = next(line for line in _lines(f"/proc/{_worker(server)}/status") if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def cpu(server: Server) -> float:
    """Seconds used by the processes that serve."""
    stats = (_lines(f"/proc/{pid}/stat")[0].rpartition(")")[2].split() for pid in server.workers())
    return sum(int(fields[11]) + int(fields[12]) for fields in stats) / os.sysconf("SC_CLK_TCK")


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


if __name__ == "__main__":
    main(sys.argv[1:])
