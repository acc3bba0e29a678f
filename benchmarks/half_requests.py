"""Who begins requests and never ends them: 8,200 half requests to a real server, while others come in.

`python -m benchmarks.half_requests` prints a row for README. Needs as many open files: `ulimit -n 10000`.
"""

from __future__ import annotations

import resource
import socket
import statistics
import time

from tests.support.server import Server

HALVES, BETWEEN, AFTER_S = 8_200, 200, 30.0
HEAD = b"POST /rooms/x/commands/scale HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nabc"
PIECES = HEAD, HEAD[:30]  # the body is owed, or the head


def enters_ms(server: Server) -> float:
    """Until somebody new has a room."""
    began = time.perf_counter()
    server.stranger().room()
    return 1000 * (time.perf_counter() - began)


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    halves: list[socket.socket] = []
    took: list[float] = []
    with Server("--unlimited") as server:
        for number in range(HALVES):
            half = socket.create_connection((server.host, server.port), timeout=10)
            half.send(PIECES[number % 2])
            halves.append(half)
            if number % BETWEEN == 0:
                took.append(enters_ms(server))
        until = time.monotonic() + AFTER_S
        while time.monotonic() < until:
            took.append(enters_ms(server))
            time.sleep(0.05)
    cuts = statistics.quantiles(took, n=100)
    print(
        f"| {HALVES:,} half requests: meanwhile and after them {len(took)} visitors enter | all get in, "
        f"p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms, longest {max(took):.0f} ms |"
    )


if __name__ == "__main__":
    main()
