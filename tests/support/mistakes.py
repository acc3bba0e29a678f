"""Notices the mistakes that loops make, in a test or in the soak: none of ours may make one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.engine.trace import Failed
from app.engine.worker import Worker


@contextmanager
def noticed() -> Iterator[list[str]]:
    """Each mistake that a loop makes meanwhile, as a line. A request that did not get through is none."""
    made: list[str] = []
    original = Worker.failed

    def failed(self: Worker, *args: Any, **kwargs: Any) -> Failed:
        record = original(self, *args, **kwargs)
        if not record.code:
            made.append(f"{self.actor}, {record.phase}: {record.error} ({record.where})")
        return record

    Worker.failed = failed  # type: ignore[method-assign]
    try:
        yield made
    finally:
        Worker.failed = original  # type: ignore[method-assign]
