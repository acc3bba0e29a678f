"""What is done to one loop, to see what it is made of: it dies between two writes, its cache stands still, an event is
lost unnoticed, two copies of it run.

All patch the ControlPlane object (app/api/control_plane.py), and the engine follows it. What strikes once, and what
lasts its time, is over by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.api import errors
from app.api.control_plane import ANY_KIND, is_second
from app.api.kinds import bare_kind
from app.api.messages import N_, Message, message
from app.commands.base import Done, Physical, within
from app.commands.hands import Hands
from app.commands.processes import patch_actor

_MAX_STALE_MS = 600_000


@dataclass(frozen=True, slots=True)
class CrashMidway(Physical):
    """The process dies in its next reconcile that writes anything: right after the first write, or right before it if
    there is only one. It starts again at once."""

    do = "crash-midway"
    actor: str
    on: bool = True  # False: it need not die any more

    def perform(self, hands: Hands) -> None:
        patch_actor(hands, "crashMidway", self.actor, self.on)

    def said(self, done: Iterable[Done]) -> str:
        return f"{self.actor} will {'' if self.on else 'not '}die between two writes"

    def sentence(self, count: int) -> Message:
        if self.on:
            return message(N_("You will crash %(loop)s between two writes of its next turn."), loop=self.actor)
        return message(N_("You let %(loop)s finish its turns again."), loop=self.actor)


@dataclass(frozen=True, slots=True)
class StaleCache(Physical):
    """Its caches stand still: every change of what it makes wakes it, and it looks at what was there before. Of the
    objects that it reconciles it knows the newest, and it does not wait to see its own writes."""

    do = "stale-cache"
    actor: str
    for_ms: int = 5_000  # 0: they go on now

    def perform(self, hands: Hands) -> None:
        for_ms = within("for_ms", self.for_ms, 0, _MAX_STALE_MS)
        patch_actor(hands, "staleUntilMs", self.actor, hands.now_ms + for_ms if for_ms else None)

    def said(self, done: Iterable[Done]) -> str:
        return f"the caches of {self.actor} are stale for {self.for_ms} ms"

    def sentence(self, count: int) -> Message:
        if not self.for_ms:
            return message(N_("You let the caches of %(loop)s go on."), loop=self.actor)
        text = N_("For %(time)s %(loop)s is woken, and sees what was there before.")
        return message(text, loop=self.actor, time=f"{self.for_ms / 1000:g} s")


@dataclass(frozen=True, slots=True)
class DropNextEvent(Physical):
    """The next event of its watches is lost, and nothing notices it: there is no other list and watch."""

    do = "drop-next-event"
    actor: str
    kind: str = ""  # of which kind that it watches; "": of any
    on: bool = True

    def perform(self, hands: Hands) -> None:
        kind = hands.kind_watched(self.actor, self.kind) if self.kind else ANY_KIND
        patch_actor(hands, "dropNext", self.actor, kind if self.on else None)

    def said(self, done: Iterable[Done]) -> str:
        return f"{self.actor} " + (f"loses the next event{self._of}" if self.on else "loses no event")

    @property
    def _of(self) -> str:
        return f" of a {bare_kind(self.kind)}" if self.kind else ""

    def sentence(self, count: int) -> Message:
        if not self.on:
            return message(N_("You let %(loop)s hear of the next change again."), loop=self.actor)
        if not self.kind:
            return message(N_("You let %(loop)s lose the next event, unnoticed."), loop=self.actor)
        text = N_("You let %(loop)s lose the next event of a %(kind)s, unnoticed.")
        return message(text, loop=self.actor, kind=bare_kind(self.kind))


@dataclass(frozen=True, slots=True)
class TwoCopies(Physical):
    """Two copies of a loop run, with caches of their own, and nobody elects a leader; or one of them again."""

    do = "two-copies"
    actor: str
    on: bool = True

    def perform(self, hands: Hands) -> None:
        if self.on and (is_second(self.actor) or any("/" in actor for actor in hands.actors(self.actor))):
            raise errors.BadRequest(
                f"there cannot be a second {self.actor}: only loops of the control plane are copied"
            )
        patch_actor(hands, "doubled", self.actor, self.on)

    def said(self, done: Iterable[Done]) -> str:
        return f"{'two copies' if self.on else 'one copy'} of {self.actor}"

    def sentence(self, count: int) -> Message:
        if self.on:
            return message(N_("You start a second copy of %(loop)s: neither is the leader."), loop=self.actor)
        return message(N_("You end the second copy of %(loop)s."), loop=self.actor)
