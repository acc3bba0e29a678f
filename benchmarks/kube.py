"""What the Kubernetes face takes: a table of 1,000 pods, kubectl's apply, creates and events per second, a crowd.

    python -m benchmarks.kube            # all of it, about a minute
    python -m benchmarks.kube lists      # one of: lists, apply, creates, events, crowd

Prints a Markdown table. Every server is a real one (`loopscope serve`) in a process of its own; requests come from this
process, the crowd from another one, all traffic is on loopback. Beside the time on the clock stands the CPU time of the
server's process, which the other load of the machine does not touch.
"""

from __future__ import annotations

import http.client
import json
import os
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.recorded import Recorder, Replayer
from benchmarks.server import Row, Viewers, big_lesson, cpu, machine
from tests.support.server import Server, Visitor
from tools.ensure_kubectl import fetch

PODS = 1_000
LISTS = 30
APPLIES = 15
KUBECTL_MINOR = 36
CREATES = 1_000
CONNECTIONS = 8
WATCHES = 100
VIEWERS = 200
EVENTS = 2_000
COMMANDS = 100
ROUNDS = 5
COMMANDS_PER_S = 20
QUIET_S = 1.0
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
NAMESPACED = "/api/v1/namespaces/default"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {app: shop}}
spec:
  replicas: 0
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: nginx, image: "nginx:1.27", ports: [{containerPort: 80}]}]}
"""


def main(names: list[str]) -> None:
    if names[:1] == ["--crowd"]:
        hold(names[1], names[2], int(names[3]), int(names[4]))
        return
    if names[:1] == ["--create"]:
        create(names[1], names[2], "configmaps", int(names[3]), 1)
        return
    parts: dict[str, Callable[[], Iterator[Row]]] = {
        "lists": lists, "apply": apply, "creates": creates, "events": events, "crowd": crowd,
    }  # fmt: skip
    print(f"`{' '.join(('python -m benchmarks.kube', *names))}`, {machine()}\n")
    print("| what | measured | aim |\n|---|---|---|", flush=True)
    for name in names or parts:
        for row in parts[name]():
            print(f"| {row.what} | {row.measured} | {row.aim} |", flush=True)


class Api:
    """One connection to the Kubernetes face of a room, kept open."""

    def __init__(self, server: Visitor, room: str) -> None:
        self.base = f"/rooms/{room}/kube"
        self._connection = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc, timeout=60)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> bytes:
        data = None if body is None else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, self.base + path, data, named)
        response = self._connection.getresponse()
        answer = response.read()
        assert response.status < 300, answer
        return answer


class Took(NamedTuple):
    wall_s: float
    cpu_s: float  # of the server


@contextmanager
def timed(server: Server, taken: list[Took]) -> Iterator[None]:
    spent, started = cpu(server), time.perf_counter()
    yield
    taken.append(Took(time.perf_counter() - started, cpu(server) - spent))


# ------------------------------------------------------------------------------------------------- parts


def lists() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as lessons:
        (Path(lessons) / "big.yaml").write_text(big_lesson(PODS))
        with Server("--unlimited", "--lessons", lessons) as server:
            room = server.room()
            server.post(f"/rooms/{room}/scenario", {"scenario": "big"})
            server.post(f"/rooms/{room}/pace", {"paused": "1"})
            api = Api(server, room)
            for what, accept, aim in (("as a Table", TABLE, "60 ms"), ("as JSON", "application/json", "")):
                yield _list_row(server, api, what, accept, aim)


def _list_row(server: Server, api: Api, what: str, accept: str, aim: str) -> Row:
    """The first one has every object to encode, the others find most of it done."""
    times, whole = [], []
    size = 0
    with timed(server, whole):
        for _ in range(LISTS):
            started = time.perf_counter()
            size = len(api("GET", f"{NAMESPACED}/pods", Accept=accept))
            times.append(1000 * (time.perf_counter() - started))
    text = f"{statistics.median(times):.0f} ms (first {times[0]:.0f} ms; CPU {1000 * whole[0].cpu_s / LISTS:.0f} ms)"
    return Row(f"list {PODS:,} pods {what}, {size / 1000:,.0f} kB", text, aim)


def apply() -> Iterator[Row]:
    """The same command against this server, and against one that only sends the recorded bytes again."""
    with Server("--unlimited") as server, tempfile.TemporaryDirectory() as folder:
        kubectl = Kubectl(Path(folder))
        room, api, real, bare = server.room(), None, [], []
        api = Api(server, room)
        with Recorder(server.url) as recorder:
            kubectl.apply(recorder.url, room)
        api("DELETE", f"{DEPLOYMENTS}/shop")
        with Replayer(recorder.answers) as replayer:
            for url in (server.url, replayer.url):  # each has its own cache of discovery
                kubectl.apply(url, room)
            used: list[Took] = []
            for _ in range(APPLIES):
                api("DELETE", f"{DEPLOYMENTS}/shop")
                with timed(server, used):
                    real.append(kubectl.apply(server.url, room))
                bare.append(kubectl.apply(replayer.url, room))
        ours, theirs = statistics.median(real), statistics.median(bare)
        text = f"{ours:.0f} ms against {theirs:.0f} ms: {ours / theirs:.2f}x"
        spent = 1000 * sum(each.cpu_s for each in used) / APPLIES
        calls = len(recorder.answers)
        yield Row(f"`kubectl apply` of one Deployment, against recorded bytes ({calls} kinds of calls)", text, "")
        yield Row("of that, CPU of the server", f"{spent:.0f} ms", "")


class Kubectl:
    def __init__(self, folder: Path) -> None:
        self._binary = str(fetch(KUBECTL_MINOR))
        self._folder = folder
        self._file = folder / "shop.yaml"
        self._file.write_text(DEPLOYMENT)
        self._env = {**os.environ, "HOME": str(folder), "KUBECONFIG": os.devnull, "NO_PROXY": "*"}

    def apply(self, url: str, room: str) -> float:
        """Milliseconds."""
        command = [self._binary, "--server", f"{url}/rooms/{room}/kube", "apply", "-f", str(self._file)]
        started = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, env=self._env, timeout=60)
        took = 1000 * (time.perf_counter() - started)
        assert done.stdout == "deployment.apps/shop created\n", done.stdout + done.stderr
        return took


def creates() -> Iterator[Row]:
    with Server("--unlimited") as server:
        for kind, connections in (("configmaps", 1), ("configmaps", CONNECTIONS), ("pods", CONNECTIONS)):
            took: list[Took] = []
            room = server.stranger().room()
            with timed(server, took):
                create(server.url, room, kind, CREATES, connections)
            wall, spent = took[0]
            what = f"{CREATES:,} {kind} created over {connections} connection{'s' * (connections > 1)}"
            what += ", their loops at work" if kind == "pods" else ""
            yield Row(what, f"{CREATES / wall:,.0f} per second (CPU {1000 * spent / CREATES:.1f} ms each)", "")


def create(url: str, room: str, kind: str, count: int, connections: int) -> None:
    """As fast as they are answered, with as little work on this side as can be: bytes over sockets."""
    address = urllib.parse.urlsplit(url)
    hello = f"POST /rooms/{room}/kube{NAMESPACED}/{kind} HTTP/1.1\r\nHost: {address.netloc}\r\n"
    hello += "Content-Type: application/json\r\nContent-Length: "
    bodies = (json.dumps(_body(kind, number)) for number in range(count))
    requests = iter([f"{hello}{len(body)}\r\n\r\n{body}".encode() for body in bodies])
    with selectors.DefaultSelector() as selector:
        for _ in range(connections):
            connection = socket.create_connection((address.hostname, address.port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(next(requests))
            selector.register(connection, selectors.EVENT_READ)
        answered, parts = 0, dict.fromkeys(range(1 << 10), b"")
        while answered < count:
            for key, _events in selector.select(10):
                answering: Any = key.fileobj
                parts[key.fd] += answering.recv(1 << 16)
                if not _is_whole(parts[key.fd]):
                    continue
                assert parts[key.fd].startswith(b"HTTP/1.1 201"), parts[key.fd]
                answered, parts[key.fd] = answered + 1, b""
                if (request := next(requests, None)) is not None:
                    answering.sendall(request)
        for key in list(selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]


def _is_whole(answer: bytes) -> bool:
    head, blank, body = answer.partition(b"\r\n\r\n")
    return bool(blank) and len(body) >= int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])


def _body(kind: str, number: int) -> dict[str, Any]:
    if kind == "pods":
        return {"metadata": {"name": f"p{number}"}, "spec": {"containers": [{"name": "c", "image": "nginx:1.27"}]}}
    return {"metadata": {"name": f"c{number}"}, "data": {"key": "value"}}


def events() -> Iterator[Row]:
    with Server("--unlimited") as server:
        room = server.room()
        watches, took = Watching(server, room, "configmaps", WATCHES), []
        command = [sys.executable, "-m", "benchmarks.kube", "--create", server.url, room, str(EVENTS)]
        with subprocess.Popen(command):
            watches.until_each_has(1)
            with timed(server, took):
                watches.until_each_has(EVENTS)
        wall, spent = took[0]
        told = f"{EVENTS / wall:,.0f} creates at the same time, CPU {spent / wall:.0%}"
        yield Row(f"{WATCHES} watches of one kind", f"{WATCHES * EVENTS / wall:,.0f} events per second ({told})", "")
        watches.close()


class Watching:
    """Raw sockets, each with a watch; counts the lines of each."""

    def __init__(self, server: Visitor, room: str, kind: str, count: int) -> None:
        self._selector = selectors.DefaultSelector()
        address = urllib.parse.urlsplit(server.url)
        query = "watch=true&resourceVersion=&sendInitialEvents=false&resourceVersionMatch=NotOlderThan"
        hello = f"GET /rooms/{room}/kube{NAMESPACED}/{kind}?{query} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n"
        self.seen: dict[socket.socket, int] = {}
        for _ in range(count):
            connection = socket.create_connection((address.hostname, address.port))
            connection.sendall(hello.encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
            connection.setblocking(False)
            self._selector.register(connection, selectors.EVENT_READ)
            self.seen[connection] = 0

    def until_each_has(self, events: int) -> None:
        waiting = {connection for connection, seen in self.seen.items() if seen < events}
        while waiting:
            ready = self._selector.select(10)
            assert ready, f"{len(waiting)} watches got no more"
            for key, _events in ready:
                connection: Any = key.fileobj
                self.seen[connection] += connection.recv(1 << 20).count(b'{"type":"ADDED"')
                if self.seen[connection] >= events:
                    waiting.discard(connection)

    def drain(self, wait_s: float) -> None:
        for key, _events in self._selector.select(wait_s):
            assert key.fileobj.recv(1 << 20), "the server hung up"  # type: ignore[union-attr]

    def close(self) -> None:
        for connection in self.seen:
            connection.close()
        self._selector.close()


def crowd() -> Iterator[Row]:
    """Commands of a person and of a client, while others look on. By turns with and without them: what else the machine
    does is in both."""
    with Server("--unlimited") as server:
        room = server.room()
        server.post(f"/rooms/{room}/pace", {"mode": "clock", "speed": "10"})
        alone, watched = [], []
        for _ in range(ROUNDS):
            alone.append(_round(server, room))
            with _crowd(server, room, WATCHES, VIEWERS):
                watched.append(_round(server, room))
        what = f"{COMMANDS} commands, {COMMANDS_PER_S} per second, on a room at ten times the clock"
        yield Row(f"{what}, nobody else there", _round_text(alone), "")
        yield Row(f"the same, {WATCHES} watches and {VIEWERS} viewers open", _round_text(watched), "p99 50 ms")


class Round(NamedTuple):
    times_ms: list[float]  # of the commands, the quickest first
    cpu: float  # share of a core that the server used meanwhile


def _round(server: Server, room: str) -> Round:
    took: list[Took] = []
    with timed(server, took):
        times = sorted(1000 * seconds for seconds in _commands(server, room))
    return Round(times, took[0].cpu_s / took[0].wall_s)


def _round_text(rounds: list[Round]) -> str:
    def middle(share: float) -> float:
        return statistics.median(each.times_ms[int(share * (COMMANDS - 1))] for each in rounds)

    used = statistics.median(each.cpu for each in rounds)
    text = f"p50 {middle(0.5):.0f} ms, p99 {middle(0.99):.0f} ms, the slowest {middle(1):.0f} ms"
    return f"{text} (median of {ROUNDS} rounds; CPU {used:.0%})"


def _commands(server: Server, room: str) -> Iterator[float]:
    """Seconds of each: by turns a size and a label through the API, an image and a size on the page."""
    api, page = Api(server, room), f"/rooms/{room}/commands"
    web = {"kind": "Deployment", "name": "web"}
    merge = {"Content_Type": "application/merge-patch+json"}
    for number in range(COMMANDS):
        label, size = {"metadata": {"labels": {"number": str(number)}}}, {"spec": {"replicas": 3 + number % 3}}
        commands: tuple[Callable[[], object], ...] = (
            partial(api, "PATCH", f"{DEPLOYMENTS}/web/scale", size, **merge),
            server.prepared_post(f"{page}/image", {**web, "image": f"nginx:1.{20 + number % 9}"}),
            partial(api, "PATCH", f"{DEPLOYMENTS}/web", label, **merge),
            server.prepared_post(f"{page}/scale", {**web, "replicas": 4 + number % 3}),
        )
        started = time.perf_counter()
        commands[number % len(commands)]()
        yield time.perf_counter() - started
        time.sleep(1 / COMMANDS_PER_S)


@contextmanager
def _crowd(server: Server, room: str, watches: int, viewers: int) -> Iterator[None]:
    """Watches and viewers in a process of their own, so that their reading is not in the times."""
    command = [sys.executable, "-m", "benchmarks.kube", "--crowd", server.url, room, str(watches), str(viewers)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as others:
        assert others.stdout is not None
        assert others.stdout.readline() == "ready\n"
        time.sleep(QUIET_S)
        try:
            yield
            assert others.poll() is None, "the crowd went away"
        finally:
            others.terminate()


def hold(url: str, room: str, watches: int, viewers: int) -> None:
    """The crowd: reads whatever comes, until it is ended."""
    address = urllib.parse.urlsplit(url)
    server: Any = Visitor(url)
    server.host, server.port = address.hostname, address.port
    watching = Watching(server, room, "pods", watches)
    with Viewers(server, room, viewers) as looking:
        print("ready", flush=True)
        while True:
            watching.drain(0.02)
            looking.drain(0.02)


if __name__ == "__main__":
    main(sys.argv[1:])
