"""What stands in a replay for a command that failed. Nobody can ask for it; Cluster records it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.api.messages import N_, Message, message
from app.commands.base import Done, Physical
from app.commands.hands import Hands


@dataclass(frozen=True, slots=True)
class LeaveOut(Physical):
    """`why`: "killed" if the server ended while it was performed, "slow" if it was ended because it took too long, else
    the name of the mistake."""

    do = "leave-out"
    on_forms = False
    command: str = ""
    why: str = ""

    def perform(self, hands: Hands) -> None:
        """There is nothing to do."""

    def said(self, done: Iterable[Done]) -> str:
        return f"{self.command} left out"

    def sentence(self, count: int) -> Message:
        if self.why == "killed":
            return message(N_("“%(what)s” was left out: the server ended while doing it."), what=self.command)
        if self.why == "slow":
            return message(N_("“%(what)s” was left out: it took too long."), what=self.command)
        return message(N_("“%(what)s” was left out: it failed by a mistake of Loopscope."), what=self.command)
