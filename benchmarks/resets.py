"""What a room leaves behind: a room of a real server is filled with large objects and reset, nine times.

`python -m benchmarks.resets` prints a row for README. Memory is that of the process (RSS).
"""

from __future__ import annotations

import json
import os
import time
import urllib.request
from pathlib import Path

from tests.support.server import Server

ROUNDS, CONFIGS, CONFIG_BYTES, PODS = 9, 60, 1_000_000, 200
PAGE = os.sysconf("SC_PAGESIZE")


def worker_of(server: Server) -> int:
    """gunicorn's parent has one child."""
    pid = server.process.pid
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def memory_mb(server: Server) -> float:
    return int(Path(f"/proc/{worker_of(server)}/statm").read_text().split()[1]) * PAGE / 1e6


def fill(server: Server, room: str) -> None:
    base = f"{server.url}/rooms/{room}/kube/api/v1/namespaces/default"
    pod = {"containers": [{"name": "c", "image": "nginx"}]}
    bodies = [
        ("configmaps", {"metadata": {"name": f"c{n}"}, "data": {"a": "x" * CONFIG_BYTES}}) for n in range(CONFIGS)
    ]
    bodies += [("pods", {"metadata": {"name": f"p{n}"}, "spec": pod}) for n in range(PODS)]
    for kind, body in bodies:
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{base}/{kind}", data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 201


def main() -> None:
    most, slowest = 0.0, 0.0
    with Server("--unlimited") as server:
        room = server.room()
        before = memory_mb(server)
        for _ in range(ROUNDS):
            fill(server, room)
            most = max(most, memory_mb(server))
            began = time.perf_counter()
            server.post(f"/rooms/{room}/reset", {})
            slowest = max(slowest, time.perf_counter() - began)
            print(f"  {memory_mb(server):.0f} MB after a reset", flush=True)
        after = memory_mb(server)
    print(
        f"| {CONFIGS} objects of 1 MB and {PODS} pods in a room, reset {ROUNDS} times: memory before, at most, after "
        f"| {before:.0f} MB, {most:.0f} MB, {after:.0f} MB; the slowest reset took {1000 * slowest:.0f} ms |"
    )


if __name__ == "__main__":
    main()
