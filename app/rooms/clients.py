"""Whether somebody works with an API client just now. A Room asks, for a client is not slowed by the story: time goes
by the clock while kubectl waits for a rollout.

Whoever acted last decides, the page or a client. A watch that was open when the page acted only looks on.
"""

from __future__ import annotations

from app.rooms import onlookers
from app.rooms.watches import Watches

PATIENCE_S = 10.0  # after a request: it may be polling


class Clients:
    def __init__(self, watches: Watches) -> None:
        self._watches = watches
        self._asked_at: float | None = None  # None: since the page acted no client has asked for anything
        self._looking_on = 0  # watches that were open then

    def ask(self, now: float) -> None:
        """A client reads, writes or begins to watch. One of somebody who may only look decides nothing."""
        if not onlookers.asks():
            self._asked_at = now

    def page_acts(self) -> None:
        self._asked_at = None
        self._looking_on = len(self._watches)

    def are_at_work(self, now: float) -> bool:
        if self._asked_at is None:
            return False
        return now < self._asked_at + PATIENCE_S or len(self._watches) > self._looking_on
