"""A person stands in for a loop: it goes on to observe and to diff, and its acts are left to that person, who does them
by hand, with a button or with kubectl, or lets the loop act again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.api.messages import N_, Message, message
from app.api.objects import Ref
from app.commands import lines
from app.commands.base import Command, Done, Physical
from app.commands.hands import Hands
from app.commands.processes import patch_actor


@dataclass(frozen=True, slots=True)
class GoOnCall(Physical):
    do = "on-call"
    actor: str
    on: bool = True

    def perform(self, hands: Hands) -> None:
        patch_actor(hands, "onCall", self.actor, self.on)

    def said(self, done: Iterable[Done]) -> str:
        return f"{self.actor} is left to you" if self.on else f"{self.actor} acts by itself"

    def sentence(self, count: int) -> Message:
        if self.on:
            return message(N_("You are on call for %(loop)s: it looks and compares, you act."), loop=self.actor)
        return message(N_("You let %(loop)s act by itself again."), loop=self.actor)


@dataclass(frozen=True, slots=True)
class ByHand(Command):
    """The next write that a loop leaves undone, as a request of yours: one at a time."""

    do = "by-hand"
    physical = False
    actor: str
    ref: Ref  # what the loop looked at when it found it

    def perform(self, hands: Hands) -> None:
        hands.do_by_hand(self.actor, self.ref)

    def said(self, done: Iterable[Done]) -> str:
        return "\n".join(_written(each) for each in done)

    def sentence(self, count: int) -> Message:
        return message(N_("You do by hand what %(loop)s would do."), loop=self.actor)


def _written(done: Done) -> str:
    return f"{lines.resource(done.obj)} {'created' if done.code == 201 else 'changed'} by hand"
