"""Figures of controllers that people write: calls a second, reconciles a second, and what the process apart takes.

`make bench` runs it. Wall time, for the work is done in another process.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from app.api.own_controllers import OWN_CONTROLLER
from app.cluster import Cluster
from app.commands import Apply, DefineController
from app.operators.own import calling
from app.operators.own.templates import controller_templates
from app.reconcile import TextMistake

SECONDS = 2.0
PARENTS = 200
ENDLESS = "def sync(parent, children):\n    for i in range(1000000000):\n        pass\n"
HELLO = controller_templates()[0]
PARENT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "bob", "namespace": "default"}}


def calls_a_second(children: int) -> float:
    """Each with another moment, so that no answer is known yet."""
    there = {f"c{n}": {"kind": "ConfigMap", "metadata": {"name": f"c{n}"}, "data": {"a": "b"}} for n in range(children)}
    made, began = 0, time.perf_counter()
    while (took := time.perf_counter() - began) < SECONDS:
        calling.call("bench", HELLO.text, "sync", (PARENT, {"ConfigMap.v1": there}), made * 1_000)
        made += 1
    return made / took


def until_ended() -> float:
    """Milliseconds in which a text without an end is ended."""
    began = time.perf_counter()
    try:
        calling.call("bench", ENDLESS, "sync", (PARENT, {}), 0)
    except TextMistake:
        return 1_000 * (time.perf_counter() - began)
    raise AssertionError("it ended by itself")


def whole() -> tuple[float, int]:
    """Milliseconds and steps until that many parents have their child, in a cluster."""
    cluster = Cluster(latencies="zero")
    cluster.run()
    cluster.submit(DefineController(HELLO.name, HELLO.parent, HELLO.text, HELLO.children))
    texts = (f"apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: p{n}}}\n" for n in range(PARENTS))
    cluster.submit(Apply("---\n".join(texts)))
    before, began = cluster.trace.count, time.perf_counter()
    cluster.run()
    assert cluster.count(OWN_CONTROLLER) == 1
    assert cluster.count("ConfigMap") >= PARENTS
    return 1_000 * (time.perf_counter() - began), cluster.trace.count - before


def memory_mb() -> float:
    """Resident memory of the process apart."""
    calling.call("bench", HELLO.text, "sync", (PARENT, {}), 1)
    status = Path(f"/proc/{calling.waiting()[0]}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def rows() -> Iterator[tuple[str, str]]:
    calling.call("bench", HELLO.text, "sync", (PARENT, {}), -1_000)
    yield "calls of `sync` a second, no children", f"{calls_a_second(0):,.0f}"
    yield "calls of `sync` a second, 100 children", f"{calls_a_second(100):,.0f}"
    yield "a text without an end is ended after", f"{until_ended():,.0f} ms"
    took, steps = whole()
    yield f"{PARENTS} parents get their child in", f"{took:,.0f} ms, {steps:,} steps"
    yield "memory of the process apart", f"{memory_mb():,.0f} MB"


def main() -> None:
    for name, figure in rows():
        print(f"| {name} | {figure} |", flush=True)


if __name__ == "__main__":
    main()
