"""A whole hall: many rooms after a restart, many pages that come back at once, thousands of viewers of one room over
several processes.

    python -m benchmarks.hall            # all of it, some minutes
    python -m benchmarks.hall viewers    # one of: restart, reconnect, viewers

Prints a Markdown table. Every server is a real one (`loopscope serve`), with `--workers` where it says so, and a real
Redis beside it; pages are sockets in this process, whose own work is in the times too.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.api import limits
from benchmarks.server import HANDSHAKE, Row, Viewers, connected, cpu, fanout_row, machine, state_of
from tests.support.server import Server
from tests.support.stores import Redis

ROOMS = 300
PAGES = 1_000
VIEWERS = 5_000
WORKERS = 4
AT_ONCE = 200  # threads of this process that ask
SCALE = {"kind": "Deployment", "name": "web"}


def main(names: list[str]) -> None:
    parts: dict[str, Callable[[], Iterator[Row]]] = {"restart": restart, "reconnect": reconnect, "viewers": viewers}
    print(f"`{' '.join(('python -m benchmarks.hall', *names))}`, {machine()}\n")
    print("| what | measured |\n|---|---|", flush=True)
    for name in names or parts:
        for row in parts[name]():
            print(f"| {row.what} | {row.measured} |", flush=True)


def restart() -> Iterator[Row]:
    """All rooms are asked for at once by their people, as soon as somebody answers."""
    for workers in (1, WORKERS):
        with tempfile.TemporaryDirectory() as folder:
            options = ("--data", folder, "--unlimited", "--workers", str(workers))
            with Server(*options) as server:
                rooms = [_worked_in(server, number) for number in range(ROOMS)]
                server.kill()
            began = time.monotonic()
            with Server(*options) as server:

                def answered(room: str) -> float:
                    server.stranger().get(f"/rooms/{room}")
                    return time.monotonic() - began  # noqa: B023

                with ThreadPoolExecutor(AT_ONCE) as people:
                    seconds = sorted(people.map(answered, rooms))
                spent = cpu(server)
        what = f"{ROOMS} rooms after `kill -9`, asked for at once, {workers} worker{'s' * (workers > 1)}"
        first, middle, last = seconds[0], statistics.median(seconds), seconds[-1]
        when = f"first answer {first:.1f} s after the start, half {middle:.1f} s, last {last:.1f} s"
        yield Row(what, f"{when}; CPU {spent:.1f} s with the start", "")


def _worked_in(server: Server, number: int) -> str:
    visitor = server.stranger()
    room = visitor.room()
    visitor.post(f"/rooms/{room}/commands/scale", SCALE | {"replicas": 1 + number % 7})
    return room


def reconnect() -> Iterator[Row]:
    """The pages of one room when its server was killed: each takes a snapshot and opens its socket again."""
    with tempfile.TemporaryDirectory() as folder:
        options = ("--data", folder, "--unlimited")
        with Server(*options) as server:
            room = _worked_in(server, 3)
            server.kill()
        with Server(*options) as server:
            sockets = []
            began, used = time.monotonic(), cpu(server)

            def back(_: int) -> float:
                state = state_of(server.stranger(), room)
                hello = HANDSHAKE.format(room=room, frame=state["frame"], epoch=state["epoch"], host=server.host)
                sockets.append(connected(server, hello))
                return time.monotonic() - began

            with ThreadPoolExecutor(AT_ONCE) as people:
                seconds = sorted(people.map(back, range(PAGES)))
            spent = cpu(server) - used
            for each in sockets:
                each.close()
    what = f"{PAGES:,} pages of one room that come back at once after a restart"
    when = f"half after {statistics.median(seconds):.1f} s, all after {seconds[-1]:.1f} s, none refused"
    yield Row(what, f"{when}; CPU {spent:.1f} s", "")


def viewers() -> Iterator[Row]:
    """Memory is that of all workers, with what they share."""
    with Redis() as redis:
        options = ("--unlimited", "--workers", str(WORKERS), "--redis", redis.url)
        with Server(*options) as server:
            room = server.room()
            with Viewers(server, room, 40):
                time.sleep(2)
            before = _rss(server)
            with Viewers(server, room, VIEWERS) as watching:
                used = (_rss(server) - before) / VIEWERS / 1024
                what = f"pod killed, until each of {VIEWERS:,} viewers over {WORKERS} processes has the frame"
                yield fanout_row(what, server, room, watching)
                together = _rss(server) / limits.MIB
                yield Row("memory per viewer; of all workers together", f"{used:.0f} kB; {together:.0f} MB", "")


def _rss(server: Server) -> int:
    """Bytes of all workers."""
    pages = (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in server.workers())
    return 4096 * sum(pages)


if __name__ == "__main__":
    main(sys.argv[1:])
