"""A loop that keeps waking itself: it writes a field, is woken by that, and writes the field again.

Told from what the loop remembers of its own writes: the same field of the same object, again and again within a minute,
while its parent stays as it is. A status is counted only while the children stay as they are too, for who follows what
his children do has something to write.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from app.api.objects import Obj

WINDOW_MS = 60_000
AGAIN = 8  # writes of one field within a minute
_KEPT = 200
_UNREAD = ("managedFields", "resourceVersion")


class Memory(NamedTuple):
    """What a loop remembers of one parent."""

    parent: str  # a digest of all that it does not write itself
    children: str  # a digest
    writes: tuple[tuple[int, str], ...] = ()  # when, and of what
    hot: tuple[str, ...] = ()  # what was written too often: no more before the parent changes

    def __str__(self) -> str:
        """For people: what it has written within a minute."""
        return ", ".join(dict.fromkeys(label for _at_ms, label in self.writes))


def remembered(parent: Obj, children: Sequence[Obj], before: Any, now_ms: int) -> tuple[Memory, bool]:
    """What still counts of what it remembers; and whether all is as it was but for its status."""
    own, theirs = _digest([_without_status(parent)]), _digest(children)
    if not isinstance(before, Memory) or before.parent != own:
        return Memory(own, theirs), False
    recent = tuple(write for write in before.writes if now_ms - write[0] < WINDOW_MS)
    return Memory(own, theirs, recent, before.hot), before.children == theirs


def is_hot(memory: Memory, label: str, often: int = AGAIN) -> bool:
    return label in memory.hot or sum(written == label for _at_ms, written in memory.writes) >= often


def with_writes(memory: Memory, labels: Sequence[str], hot: Sequence[str], now_ms: int) -> Memory:
    writes = (*memory.writes, *((now_ms, label) for label in labels))[-_KEPT:]
    return memory._replace(writes=writes, hot=tuple(dict.fromkeys((*memory.hot, *hot))))


def _without_status(parent: Obj) -> Obj:
    return {key: value for key, value in parent.items() if key != "status"}


def _digest(objects: Sequence[Obj]) -> str:
    read = [
        {**obj, "metadata": {key: value for key, value in obj["metadata"].items() if key not in _UNREAD}}
        for obj in objects
    ]
    return hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()[:16]
