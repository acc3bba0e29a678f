"""Requests that once stopped everybody, sent to a real server while somebody else uses a room of it.

    python -m benchmarks.hostile           # all of it, about three minutes
    python -m benchmarks.hostile cron      # those with that word in their name

Prints a Markdown table: what was sent, how it was answered, after how long, what the neighbour's commands and pages
took meanwhile and while the room went on with it as fast as it may, and whether that room is there afterwards. At the
end the server is started again, and every one of these rooms is looked at and reset.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import NamedTuple

import simple_websocket

from benchmarks.server import machine
from tests.support.hostile import CONTAINER, FORM, HOSTILE, Request
from tests.support.server import Server, Visitor

AFTER_S = 4.0  # the neighbour is watched for so long after each
PAUSE_S = 0.02
ERROR = 3  # the channel of the last message of a session
SCALE = {"kind": "Deployment", "name": "web"}
LINES = {"a shell whose variables run each other": 'sh -c "$V0"', "a shell whose variable runs itself": 'sh -c "$A"'}


class Answer(NamedTuple):
    code: int
    text: str


class Row(NamedTuple):
    what: str
    answers: str
    took_ms: float
    others: list[float]  # milliseconds
    room: str  # of the one who sent it, and how it is afterwards


class Neighbour(threading.Thread):
    """Scales a Deployment and looks at the page, over and over."""

    def __init__(self, visitor: Visitor) -> None:
        super().__init__(daemon=True)
        self.took_ms: list[float] = []
        self.failed = 0
        self._visitor, self._room = visitor, visitor.room()
        self._over = threading.Event()

    def run(self) -> None:
        turn = 0
        while not self._over.wait(PAUSE_S):
            turn += 1
            began = time.perf_counter()
            answer = asked(self._ask(turn))
            self.took_ms.append((time.perf_counter() - began) * 1000)
            self.failed += answer.code >= 400

    def _ask(self, turn: int) -> Callable[[], str]:
        if turn % 2:
            return lambda: self._visitor.get(f"/rooms/{self._room}/snapshot")
        values = {**SCALE, "replicas": 2 + turn % 4}
        return lambda: self._visitor.post(f"/rooms/{self._room}/commands/scale", values)

    def end(self) -> None:
        self._over.set()
        self.join()


def main(words: list[str]) -> None:
    names = [name for name in (*HOSTILE, *LINES) if not words or any(word in name for word in words)]
    print(f"`{' '.join(('python -m benchmarks.hostile', *words))}`, {machine()}\n")
    print("| sent | answers | ms | others' p50, ms | others' p99, ms | longest | its room |")
    print("|---|---|---:|---:|---:|---:|---|", flush=True)
    with tempfile.TemporaryDirectory() as data:
        with Server("--data", data, "--unlimited") as server:
            begun = server.log()
            neighbour = Neighbour(server.stranger())
            neighbour.start()
            time.sleep(AFTER_S)
            show(Row("nothing", "", 0, neighbour.took_ms, ""))
            visitors = [tried(server, name, neighbour) for name in names]
            neighbour.end()
            restarted = "Loopscope is ready" in server.log().removeprefix(begun)
            server.stop()
        with Server("--data", data, "--unlimited") as server:
            states = [after_restart(server, *each) for each in visitors]
    print(f"\nThe server's worker was {'ENDED' if restarted else 'never ended'}; {neighbour.failed} of", end=" ")
    print(
        f"{len(neighbour.took_ms)} requests of the neighbour failed; after a restart {states.count('well')} of", end=" "
    )
    print(f"{len(states)} rooms are there and can be reset.")


def tried(server: Server, name: str, neighbour: Neighbour) -> tuple[Visitor, str]:
    visitor = server.stranger()
    room = visitor.room()
    send = (
        (lambda: answers_of(visitor, room, HOSTILE[name])) if name in HOSTILE else line_of(visitor, room, LINES[name])
    )
    seen = len(neighbour.took_ms)
    began = time.perf_counter()
    answers = send()
    took_ms = (time.perf_counter() - began) * 1000
    asked(lambda: visitor.post(f"/rooms/{room}/quiet", {}))
    time.sleep(AFTER_S)
    page = asked(lambda: visitor.get(f"/rooms/{room}"))
    state = "goes on" if page.code == 200 else f"{page.code}"
    asked(lambda: visitor.post(f"/rooms/{room}/pace", {"paused": "true"}))
    show(Row(name, answers, took_ms, neighbour.took_ms[seen:], state))
    return visitor, room


def show(row: Row) -> None:
    others = sorted(row.others)
    shown = (row.took_ms, others[len(others) // 2], others[len(others) * 99 // 100], others[-1])
    cells = (row.what, row.answers, *(f"{took:.0f}" for took in shown))
    print("| " + " | ".join((*cells, row.room)) + " |", flush=True)


def answers_of(visitor: Visitor, room: str, requests: list[Request]) -> str:
    return ", ".join(str(asked(sender(visitor, room, request)).code) for request in requests)


def sender(visitor: Visitor, room: str, request: Request) -> Callable[[], str]:
    path = f"/rooms/{room}{request.path}"
    if request.content_type == FORM:
        return visitor.prepared_post(path, request.body)

    def send() -> str:
        headers = {"Content-Type": request.content_type}
        asking = urllib.request.Request(visitor.url + path, request.data.encode(), headers, method=request.method)
        with urllib.request.urlopen(asking, timeout=60) as response:
            text: str = response.read().decode()
        return text

    return send


def line_of(visitor: Visitor, room: str, line: str) -> Callable[[], str]:
    """In a container that runs by then."""
    pods = "/kube/api/v1/namespaces/default/pods"
    asked(sender(visitor, room, Request("POST", pods, CONTAINER)))
    while '"running"' not in asked(lambda: visitor.get(f"/rooms/{room}{pods}/shell")).text:
        visitor.post(f"/rooms/{room}/quiet", {})
        time.sleep(PAUSE_S)
    query = urllib.parse.urlencode([("command", "sh"), ("command", "-c"), ("command", line), ("stdout", "true")])
    url = f"{visitor.url.replace('http', 'ws')}/rooms/{room}{pods}/shell/exec?{query}"

    def run() -> str:
        socket = simple_websocket.Client.connect(url, subprotocols=["v5.channel.k8s.io"])
        said = b""
        with contextlib.suppress(simple_websocket.ConnectionClosed):
            while (message := socket.receive(timeout=60)) and message[0] != ERROR:
                said += message[1:]
            socket.close()
        return said.decode().strip()

    return run


def after_restart(server: Server, visitor: Visitor, room: str) -> str:
    visitor.url = server.url
    codes = (
        asked(lambda: visitor.get(f"/rooms/{room}")).code,
        asked(lambda: visitor.post(f"/rooms/{room}/reset", {})).code,
        asked(lambda: visitor.post(f"/rooms/{room}/commands/scale", {**SCALE, "replicas": 5})).code,
    )
    return "well" if codes == (200, 200, 200) else str(codes)


def asked(ask: Callable[[], str]) -> Answer:
    try:
        return Answer(200, ask())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return Answer(refusal.code, refusal.read().decode())
    except OSError as lost:
        return Answer(599, str(lost))


if __name__ == "__main__":
    main(sys.argv[1:])
