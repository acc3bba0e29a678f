"""Figures of the traffic: requests worked out per CPU second, and what a minute under load costs a cluster.

`make bench` runs it. CPU seconds are this process' own for the work measured.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from app.api.loads import DIRECT, NODE_PORT
from app.api.objects import Ref
from app.cluster import Cluster
from app.commands import Apply, SetTraffic
from app.nodes.network.capacity import Capacity
from app.nodes.network.requests import Endpoint, PodAt, Rules, Span, Window, simulate
from benchmarks.engine import DEPLOYMENT

SECONDS = 2.0
PER_WINDOW = 500


def per_cpu_second(path: str, cpu_milli: int = 0) -> float:
    """Requests, spread over three pods on three machines."""
    places = [Endpoint(f"web-{number}", f"node-{number}", 80) for number in range(3)]
    capacity = Capacity(concurrency=16, cpu_milli=cpu_milli)
    pods = {(each.pod, each.node): PodAt(each.node, (Span(0, None, None),), (80,), capacity) for each in places}
    nodes = [each.node for each in places]
    rules = dict.fromkeys((*nodes, ""), (Rules(0, places),))
    sent, began = 0, time.process_time()
    while (took := time.process_time() - began) < SECONDS:
        window = Window(60_000, 61_000, PER_WINDOW, path, f"bench/{sent}", nodes, rules, pods, {})
        sent += simulate(window).sent
    return sent / took


def minute(nodes: int, pods: int, rps: int) -> tuple[float, float]:
    """CPU seconds of a virtual minute in a quiet cluster: without traffic, and under load."""
    cluster = Cluster(latencies="realistic", nodes=nodes)
    cluster.submit(Apply(DEPLOYMENT % pods))
    cluster.run()
    idle = _minute(cluster)
    cluster.submit(SetTraffic(Ref("Service", "default", "web"), rps))
    cluster.run()
    _minute(cluster)
    return idle, _minute(cluster)


def _minute(cluster: Cluster) -> float:
    began = time.process_time()
    cluster.advance(cluster.now_ms + 60_000)
    return time.process_time() - began


def rows() -> Iterator[tuple[str, str]]:
    yield "requests per CPU second, through node ports", f"{per_cpu_second(NODE_PORT):,.0f}"
    yield "requests per CPU second, straight to the pod", f"{per_cpu_second(DIRECT):,.0f}"
    yield "requests per CPU second, pods with a CPU limit", f"{per_cpu_second(NODE_PORT, 8_000):,.0f}"
    for nodes, pods, rps in ((3, 3, 120), (50, 200, 120), (50, 200, 1_000)):
        idle, busy = minute(nodes, pods, rps)
        name = f"a virtual minute, {nodes} nodes, {pods} pods, {rps:,} req/s"
        yield name, f"CPU {busy:.2f} s (without traffic {idle:.2f} s)"


def main() -> None:
    for name, figure in rows():
        print(f"| {name} | {figure} |", flush=True)


if __name__ == "__main__":
    main()
