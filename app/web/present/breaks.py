"""Which of people's commands break something: on the ruler these have a mark of their own. Called by `moments`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.commands import Command

_BREAKS: Mapping[str, Callable[[Any], bool]] = {
    "power": lambda it: not it.on,
    "cut": lambda it: it.cut,
    "slow": lambda it: it.factor > 1,
    "disk": lambda it: it.full,
    "zone": lambda it: it.failed,
    "remove-node": lambda _it: True,
    "crash": lambda _it: True,
    "crash-controller": lambda _it: True,
    "strike-controller": lambda _it: True,
    "api-server": lambda it: it.down,
    "stop-controller": lambda it: it.stopped,
    "delay-watch": lambda it: it.delay_ms > 0,
    "drop-events": lambda it: it.every > 0,
    "edge": lambda it: it.on,
    "chaos": lambda it: it.per_minute > 0,
    "crash-midway": lambda it: it.on,
    "stale-cache": lambda it: it.for_ms > 0,
    "drop-next-event": lambda it: it.on,
    "two-copies": lambda it: it.on,
    "delete": lambda it: it.ref.kind in ("Pod", "Node"),
}
"""By what the command is called, whether it breaks or mends."""


def breaks(command: Command) -> bool:
    rule = _BREAKS.get(command.do)
    return rule is not None and bool(rule(command))
