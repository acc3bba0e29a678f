"""How long a room of many pods keeps all others waiting: one thing after another is done in it, over a real server.

`python -m benchmarks.large` prints rows for README, about five minutes: of each, how long it took, and the longest time
for which the process was held meanwhile (CPU time, see benchmarks/holding.py). `python -m benchmarks.large 2000` takes
another number of pods.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import simple_websocket

from benchmarks.holding import Held
from benchmarks.neighbours import DEPLOYMENT

PODS = 17_000
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
SETTLES_S, LONGEST_S = 5.0, 600.0
API_PODS, DEPLOYMENTS = "/api/v1/namespaces/default/pods", "/apis/apps/v1/namespaces/default/deployments"
SCALED = {"kind": "Deployment", "name": "many"}


class Large:
    """A room with many pods, and what is done in it."""

    def __init__(self, server: Held, pods: int) -> None:
        self.server = server
        self.pods = pods
        self.room = server.room()

    def kube(self, path: str, method: str = "GET", accept: str = "application/json") -> str:
        url = f"{self.server.url}/rooms/{self.room}/kube{path}"
        request = urllib.request.Request(url, headers={"Accept": accept}, method=method)
        with urllib.request.urlopen(request, timeout=LONGEST_S) as answer:
            text: str = answer.read().decode()
        return text

    def page(self, path: str = "") -> str:
        return self.server.get(f"/rooms/{self.room}{path}")

    def do(self, verb: str, **values: str | int) -> str:
        return self.server.post(f"/rooms/{self.room}/{verb}", values)

    def run(self) -> None:
        """Until nothing is left to do, or for a while."""
        self.do("quiet")
        time.sleep(SETTLES_S)

    def fill(self) -> None:
        self.do("commands/apply", text=DEPLOYMENT.format(pods=self.pods))
        self.do("pace", mode="clock", speed="100")
        until = time.monotonic() + LONGEST_S
        while self._replicas() < self.pods and time.monotonic() < until:
            time.sleep(1)
        self.do("pace", mode="story", speed="1")
        self.run()

    def press(self) -> None:
        """A step of the lesson, which may be refused: it is not made for so many pods."""
        with contextlib.suppress(urllib.error.HTTPError):
            self.do("script/0")
        self.run()

    def _replicas(self) -> int:
        status = json.loads(self.kube(f"{DEPLOYMENTS}/many")).get("status") or {}
        return int(status.get("replicas") or 0)

    def watch_for_a_while(self) -> None:
        """As a page does, with chaos, at ten times the speed."""
        self.do("pace", mode="clock", speed="10")
        self.do("commands/chaos", per_minute="600")
        address = f"{self.server.ws}/rooms/{self.room}/live?lang=en&epoch=0&frame=0"
        socket = simple_websocket.Client.connect(address)
        until = time.monotonic() + SETTLES_S
        while time.monotonic() < until:
            socket.receive(timeout=1)
        socket.close()
        self.do("commands/chaos", per_minute="0")
        self.do("pace", mode="story", speed="1")


def works(large: Large) -> dict[str, Callable[[], object]]:
    return {
        "it is filled": large.fill,
        "its page": large.page,
        "its snapshot": lambda: large.page("/snapshot"),
        "its pods as JSON": lambda: large.kube("/api/v1/pods"),
        "as a table": lambda: large.kube("/api/v1/pods", accept=TABLE),
        "some of them": lambda: large.kube("/api/v1/pods?fieldSelector=status.phase%3DRunning&limit=500"),
        "the first piece of a watch": lambda: large.kube("/api/v1/pods?watch=1&timeoutSeconds=2"),
        "a Deployment described": lambda: large.page("/objects/Deployment/default/many?view=describe"),
        "a page that is open, with chaos": large.watch_for_a_while,
        "a machine loses its power": lambda: (large.do("commands/power", node="node-1", on="false"), large.run()),
        "another image": lambda: (large.do("commands/image", **SCALED, image="nginx:1.28"), large.run()),
        "scaled to 100": lambda: (large.do("commands/scale", **SCALED, replicas=100), large.run()),
        "all pods are deleted, dry": lambda: large.kube(f"{API_PODS}?dryRun=All", "DELETE"),
        "scaled up again": large.fill,
        "all pods are deleted": lambda: (large.kube(API_PODS, "DELETE"), large.run()),
        "a step of its lesson": large.press,
        "reset": lambda: large.do("reset"),
    }


def main(pods: int) -> None:
    with Held("--unlimited") as server:
        large = Large(server, pods)
        server.holds()
        for what, work in works(large).items():
            began = time.perf_counter()
            work()
            took_s = time.perf_counter() - began
            longest = next(iter(server.holds()), None)
            print(f"| {what} | {took_s:.1f} s | {longest.ms if longest else 0:.0f} ms |", flush=True)
            if longest and longest.ms > 50:
                print(f"  {longest.where}", file=sys.stderr)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PODS)
