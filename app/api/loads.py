"""Load: people out there who use a Service. An internal kind: no API client sees it.

Made by the command that sets traffic, one for a Service and of its name; the loops of app/nodes/network live as long as
there is one. What is in its spec and status: app/nodes/network/traffic.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from app.api.kinds import INTERNAL_V1
from app.api.objects import Obj, Ref

NODE_PORT, DIRECT = "node-port", "direct"
"""The way of a request: to any machine, whose kube-proxy sends it on, or straight to a pod."""

PATTERNS, PATHS = ("steady", "ramp", "spike"), (NODE_PORT, DIRECT)


class Sample(NamedTuple):
    """A request of a window, for the eye: when in it, to which machine and pod, how long it took, what came of it."""

    at_ms: int
    node: str
    pod: str  # "" if it came to none
    took_ms: int
    outcome: str


def packed(samples: Iterable[Sample]) -> str:
    """As the Load keeps them, `137,node-1,web-x,22,Ok;...`: one word, for a room has thousands in its trace."""
    return ";".join(",".join(map(str, sample)) for sample in samples)


def unpacked(text: str) -> list[Sample]:
    parts = (each.split(",") for each in text.split(";") if each)
    return [Sample(int(at_ms), node, pod, int(took_ms), outcome) for at_ms, node, pod, took_ms, outcome in parts]


def load(ref: Ref, spec: dict[str, Any]) -> Obj:
    """The Load object `ref`."""
    return {
        "apiVersion": INTERNAL_V1,
        "kind": "Load",
        "metadata": {"name": ref.name, "namespace": ref.namespace},
        "spec": spec,
    }
