"""One window of traffic, request by request: when it comes, which way it takes, who answers, how long that takes.

Called by the request generator (app/nodes/network/traffic.py) with everything that was physically so during the window.
Pure: what a real network draws by lot is drawn by hash from `seed`, so the same window gives the same answers. Times
are Unix milliseconds at the edges and microseconds inside.

Two ways: "node-port" picks a node, and the rules there pick an endpoint, often on another node; "direct" picks the
endpoint at once. Either way the choice is made per connection, at random, as iptables rules do.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from app.api import losses
from app.api.loads import DIRECT, Sample
from app.api.losses import FAILURE_OF, Loss
from app.nodes.network.capacity import Capacity
from app.nodes.network.queueing import Workers

OK = "Ok"

HOP_US = 1_000  # there and back, between two machines
TIMEOUT_US = 1_000_000
SAMPLES = 24
_REQUEST_BYTES = 256 * 1024  # memory of a request that is in a pod
_DRAW = struct.Struct("<16I")


class Endpoint(NamedTuple):
    pod: str
    node: str
    port: int


class Rules(NamedTuple):
    """What a machine, or the load balancer, does with a connection from `from_ms` on."""

    from_ms: int
    endpoints: Sequence[Endpoint]


class Span(NamedTuple):
    """A time in which a process listens. `until_ms`: no new connection is accepted; `dies_ms`: all are cut."""

    from_ms: int
    until_ms: int | None
    dies_ms: int | None


class PodAt(NamedTuple):
    """A pod as its machine knows it."""

    node: str
    spans: Sequence[Span]
    ports: Sequence[int] | None  # None: it listens on any
    capacity: Capacity
    slow: int = 1
    free: Sequence[int] = ()  # of the window before: see Workers
    starts: Sequence[int] = ()


class Window(NamedTuple):
    from_ms: int
    to_ms: int
    sends: int  # so many requests
    path: str
    seed: str
    targets: Sequence[str]  # of the load balancer: nodes; for the direct way not looked at
    rules: Mapping[str, Sequence[Rules]]  # per machine, oldest first; "" is the load balancer's own list
    pods: Mapping[tuple[str, str], PodAt]  # by name and machine
    dark: Mapping[str, int]  # machines that cannot be reached, and since when
    shunned: frozenset[str] = frozenset()  # pods that fail the load balancer's health check


@dataclass(slots=True)
class Tally:
    """Of a pod or a machine."""

    requests: int = 0
    failed: int = 0
    took_us: int = 0  # of those that were answered


@dataclass(slots=True)
class Outcome:
    sent: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    took_us: list[int] = field(default_factory=list)  # of those that were answered, in order of size at the end
    pods: dict[str, Tally] = field(default_factory=dict)
    nodes: dict[str, Tally] = field(default_factory=dict)
    forwarded: int = 0  # took a second hop, to another machine
    samples: list[Sample] = field(default_factory=list)
    workers: dict[tuple[str, str], Workers] = field(default_factory=dict)
    lost: list[tuple[str, str, str | None]] = field(default_factory=list)  # cause, who, whose rules: see losses.of

    @property
    def ok(self) -> int:
        return len(self.took_us)

    @property
    def losses(self) -> list[Loss]:
        return losses.of(self.lost)


def simulate(window: Window) -> Outcome:
    outcome = Outcome()
    outcome.workers = {
        key: Workers(pod.capacity, pod.slow, pod.free, pod.starts) for key, pod in window.pods.items()
    }  # fmt: skip
    from_us = window.from_ms * 1000
    length_us = (window.to_ms - window.from_ms) * 1000
    drawn = draws(window.seed)
    arrivals = sorted(from_us + (next(drawn) * length_us >> 32) for _ in range(window.sends))
    every = max(1, -(-window.sends // SAMPLES))
    for number, at_us in enumerate(arrivals):
        node, endpoint, hops = _way(window, at_us, next(drawn), next(drawn))
        took_us, cause = _answer(window, outcome, at_us, node, endpoint, hops)
        verdict = FAILURE_OF.get(cause, OK)
        _count(outcome, node, endpoint, took_us, verdict, hops)
        if verdict != OK:
            outcome.lost.append(_lost(window, node, endpoint, cause))
        if number % every == 0:
            pod = endpoint.pod if endpoint else ""
            at_ms = at_us // 1000 - window.from_ms
            outcome.samples.append(Sample(at_ms, node, pod, took_us // 1000, verdict))
    outcome.took_us.sort()
    return outcome


def draws(seed: str) -> Iterator[int]:
    """Numbers below 2**32 that follow from the seed, and from nothing else."""
    number = 0
    while True:
        yield from _DRAW.unpack(hashlib.blake2b(f"{seed}/{number}".encode()).digest())
        number += 1


def percentile_ms(sorted_us: Sequence[int], percent: int) -> float:
    """By nearest rank; 0 of nothing."""
    if not sorted_us:
        return 0.0
    return round(sorted_us[-(-len(sorted_us) * percent // 100) - 1] / 1000, 1)


def memory_bytes(in_flight: int) -> int:
    return in_flight * _REQUEST_BYTES


# ------------------------------------------------------------------------------------------------ its way


def _way(window: Window, at_us: int, first: int, second: int) -> tuple[str, Endpoint | None, int]:
    """The machine it comes to, the endpoint it is for, and how many hops that is."""
    at_ms = at_us // 1000
    if window.path == DIRECT:
        rules = _in_force(window.rules.get("", ()), at_ms)
        able = [each for each in rules if each.pod not in window.shunned] if window.shunned else rules
        endpoint = _pick(able or rules, second)
        return endpoint.node if endpoint else "", endpoint, 1
    if not window.targets:
        return "", None, 0
    node = window.targets[first * len(window.targets) >> 32]
    if _is_dark(window, node, at_ms):
        return node, None, 1
    endpoint = _pick(_in_force(window.rules.get(node, ()), at_ms), second)
    return node, endpoint, 1 if endpoint is None or endpoint.node == node else 2


def _in_force(rules: Sequence[Rules], at_ms: int) -> Sequence[Endpoint]:
    for each in reversed(rules):
        if each.from_ms <= at_ms:
            return each.endpoints
    return rules[0].endpoints if rules else ()


def _pick(endpoints: Sequence[Endpoint], draw: int) -> Endpoint | None:
    return endpoints[draw * len(endpoints) >> 32] if endpoints else None


def _is_dark(window: Window, node: str, at_ms: int) -> bool:
    since = window.dark.get(node)
    return since is not None and since <= at_ms


# --------------------------------------------------------------------------------------------- its answer


def _answer(
    window: Window, outcome: Outcome, at_us: int, node: str, endpoint: Endpoint | None, hops: int
) -> tuple[int, str]:
    """How long it takes until the client knows, and that it was served, or why it was lost."""
    at_ms = at_us // 1000
    if endpoint is None:
        if node and _is_dark(window, node, at_ms):
            return TIMEOUT_US, losses.NODE_DARK
        return HOP_US, losses.NO_RULE if node or window.path == DIRECT else losses.NO_TARGET
    if _is_dark(window, endpoint.node, at_ms):
        return TIMEOUT_US, losses.POD_DARK
    key = endpoint.pod, endpoint.node
    pod = window.pods.get(key)
    span = _listening(pod, endpoint.port, at_ms) if pod is not None else None
    if span is None:
        return hops * HOP_US, _why_nobody_listens(pod, endpoint.port, at_ms)
    done_us = outcome.workers[key].take(at_us)
    if done_us < 0:
        return hops * HOP_US, losses.QUEUE_FULL
    if span.dies_ms is not None and done_us > span.dies_ms * 1000:
        return max(0, span.dies_ms * 1000 - at_us) + hops * HOP_US, losses.POD_DIED
    took_us = done_us - at_us + hops * HOP_US
    return (took_us, OK) if took_us <= TIMEOUT_US else (TIMEOUT_US, losses.TOO_SLOW)


def _listening(pod: PodAt, port: int, at_ms: int) -> Span | None:
    if not _has_port(pod, port):
        return None
    for span in pod.spans:
        if span.from_ms <= at_ms and (span.until_ms is None or at_ms < span.until_ms):
            return span
    return None


def _has_port(pod: PodAt, port: int) -> bool:
    return pod.ports is None or port in pod.ports


def _why_nobody_listens(pod: PodAt | None, port: int, at_ms: int) -> str:
    if pod is None:
        return losses.POD_GONE
    if any(span.from_ms <= at_ms for span in pod.spans):
        return losses.POD_STOPPED if _has_port(pod, port) else losses.PORT_CLOSED
    return losses.POD_STARTING


def _lost(window: Window, node: str, endpoint: Endpoint | None, cause: str) -> tuple[str, str, str | None]:
    """With who it was up to, and whose rules sent it there: see losses.of."""
    rules = None if window.path == DIRECT else node
    if endpoint is None:
        return cause, node if cause == losses.NODE_DARK else "", rules
    return cause, endpoint.node if cause == losses.POD_DARK else endpoint.pod, rules


def _count(
    outcome: Outcome, node: str, endpoint: Endpoint | None, took_us: int, verdict: str, hops: int
) -> None:  # fmt: skip
    outcome.sent += 1
    outcome.forwarded += hops == 2
    tallies = []
    if node:
        tallies.append(outcome.nodes.setdefault(node, Tally()))
    if endpoint is not None:
        tallies.append(outcome.pods.setdefault(endpoint.pod, Tally()))
    for tally in tallies:
        tally.requests += 1
        if verdict == OK:
            tally.took_us += took_us
        else:
            tally.failed += 1
    if verdict == OK:
        outcome.took_us.append(took_us)
    else:
        outcome.failed[verdict] = outcome.failed.get(verdict, 0) + 1
