"""What one hot room costs another: commands of a quiet room, alone and beside a hot one, over a real server.

`python -m benchmarks.neighbours` prints rows for README: milliseconds until a command of the quiet room is answered,
and the longest CPU time for which one thing held the process (a machine that is busy otherwise does not spoil it).
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.holding import LONG_MS, Held
from tests.support.server import Visitor

COMMANDS, WATCHES, PODS = 100, 100, 2_000
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: many}}
spec:
  replicas: {pods}
  selector: {{matchLabels: {{app: many}}}}
  template:
    metadata: {{labels: {{app: many}}}}
    spec: {{containers: [{{name: c, image: "nginx:1.27"}}]}}
"""


def answered(visitor: Visitor, room: str, server: Held) -> str:
    """p50, p99 and the longest of some commands."""
    times = []
    server.holds()
    for number in range(COMMANDS):
        post = visitor.prepared_post(
            f"/rooms/{room}/commands/cordon", {"node": "node-1", "unschedulable": number % 2 == 0}
        )
        began = time.perf_counter()
        post()
        times.append(1000 * (time.perf_counter() - began))
        time.sleep(0.02)
    cuts = statistics.quantiles(times, n=100)
    longest = next((hold.ms for hold in server.holds()), LONG_MS)
    return f"p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms | {longest:.0f} ms"


@contextmanager
def meanwhile(*works: Callable[[], Any]) -> Iterator[None]:
    """Each of them again and again, in a thread."""
    over = threading.Event()

    def again(work: Callable[[], Any]) -> None:
        while not over.is_set():
            work()

    threads = [threading.Thread(target=again, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    yield
    over.set()
    for thread in threads:
        thread.join(timeout=30)


def watching(server: Held, room: str) -> Callable[[], None]:
    def watch() -> None:
        url = f"{server.url}/rooms/{room}/kube/api/v1/pods?watch=1&timeoutSeconds=5"
        with urllib.request.urlopen(url, timeout=60) as answer:
            while answer.read(65536):
                pass

    return watch


def main() -> None:
    with Held("--unlimited") as server:
        quiet, hot = server.stranger(), server.stranger()
        calm_room, hot_room = quiet.room(), hot.room()

        def show(what: str) -> None:
            print(f"| {what} | {answered(quiet, calm_room, server)} |", flush=True)

        show("a command of a quiet room, alone")
        hot.post(f"/rooms/{hot_room}/commands/apply", {"text": DEPLOYMENT.format(pods=PODS)})
        hot.post(f"/rooms/{hot_room}/pace", {"mode": "clock", "speed": "100"})
        hot.post(f"/rooms/{hot_room}/commands/chaos", {"per_minute": "600"})
        with meanwhile(watching(server, hot_room)):
            time.sleep(2)
            show(f"the same beside a room of {PODS:,} pods at 100x with chaos")
        with meanwhile(*[watching(server, hot_room)] * WATCHES):
            time.sleep(2)
            show(f"the same with {WATCHES} watches open there")
        listing = f"{server.url}/rooms/{hot_room}/kube/api/v1/pods"
        with meanwhile(lambda: urllib.request.urlopen(listing, timeout=60).read()):
            show("the same while its pods are listed")


if __name__ == "__main__":
    sys.exit(main())
