"""Load: people out there who use a Service. An internal kind: no API client sees it.

Made by the command that sets traffic, one for a Service and of its name; the loops of app/nodes/network live as long as
there is one. What is in its spec and status: app/nodes/network/traffic.py.
"""

from __future__ import annotations

from typing import Any

from app.api.kinds import INTERNAL_V1
from app.api.objects import Obj, Ref

NODE_PORT, DIRECT = "node-port", "direct"
"""The way of a request: to any machine, whose kube-proxy sends it on, or straight to a pod."""

PATTERNS, PATHS = ("steady", "ramp", "spike"), (NODE_PORT, DIRECT)


def load(ref: Ref, spec: dict[str, Any]) -> Obj:
    """The Load object `ref`."""
    return {
        "apiVersion": INTERNAL_V1,
        "kind": "Load",
        "metadata": {"name": ref.name, "namespace": ref.namespace},
        "spec": spec,
    }
