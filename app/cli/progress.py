"""How far long work is: a bar on stderr, where that is a terminal."""

from __future__ import annotations

import sys
import time
from types import TracebackType

WIDTH = 24
EVERY_S = 0.1


class Bar:
    """`with Bar("replaying", 5_000) as bar: bar(1_200)`. It leaves nothing behind."""

    def __init__(self, what: str, total: int) -> None:
        self._what = what
        self._total = max(1, total)
        self._due = 0.0
        self._is_shown = sys.stderr.isatty()

    def __call__(self, done: int) -> None:
        if not self._is_shown or time.monotonic() < self._due:
            return
        self._due = time.monotonic() + EVERY_S
        share = min(1.0, done / self._total)
        filled = round(share * WIDTH)
        bar = "█" * filled + "░" * (WIDTH - filled)
        print(f"\r{self._what} {bar} {share:4.0%}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Make place for other lines."""
        if self._is_shown and self._due:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()
