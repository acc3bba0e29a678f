"""What is done to processes: a container crashes; a loop stops, crashes, lags, loses events; the API server is down;
chaos.

Nobody is asked. All but a crash patch the ControlPlane object, which says how things are (app/api/control_plane.py);
the engine follows it. An `actor` is one loop: "deployment-controller", "kubelet/node-1", or "kubelet" for those of
every machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.api.control_plane import CONTROL_PLANE
from app.api.errors import BadRequest
from app.api.messages import N_, Message, counted, many, message
from app.api.objects import Ref
from app.api.own_controllers import own_controller_ref
from app.commands import lines
from app.commands.base import Done, Physical, within
from app.commands.hands import Hands

_MAX_DELAY_MS, _MAX_EVERY, _MAX_CHAOS = 600_000, 1_000, 600


@dataclass(frozen=True, slots=True)
class CrashContainer(Physical):
    """The process of a container exits, as if it had a bug. The pod stays."""

    do = "crash"
    ref: Ref
    container: str = ""  # the first one
    exit_code: int = 1

    def perform(self, hands: Hands) -> None:
        hands.crash_container(self.ref, self.container, self.exit_code)

    def kubectl(self) -> str:
        container = f" -c {self.container}" if self.container else ""
        return f"kubectl exec {self.ref.name}{container}{lines.flag(self.ref.namespace)} -- kill 1"

    def said(self, done: Iterable[Done]) -> str:
        return f"pod/{self.ref.name} crashed"

    def sentence(self, count: int) -> Message:
        ends = N_("You leave the shell of %(what)s.")
        return message(ends if self.exit_code == 0 else N_("You crash a container of %(what)s."), what=self.ref)


@dataclass(frozen=True, slots=True)
class TakeTurns(Physical):
    """Loops work one at a time, where the latencies ask for it; or all at once."""

    do = "turns"
    on: bool = True

    def perform(self, hands: Hands) -> None:
        hands.set_turns(on=self.on)

    def said(self, done: Iterable[Done]) -> str:
        return "loops take turns" if self.on else "loops work all at once"

    def sentence(self, count: int) -> Message:
        if self.on:
            return message(N_("You let the loops work one at a time."))
        return message(N_("You let all loops work at once."))


@dataclass(frozen=True, slots=True)
class ApiServerDown(Physical):
    do = "api-server"
    down: bool = True

    def perform(self, hands: Hands) -> None:
        _patch(hands, apiServer="down" if self.down else "up")

    def said(self, done: Iterable[Done]) -> str:
        return f"api server {'down' if self.down else 'up'}"

    def sentence(self, count: int) -> Message:
        if self.down:
            return message(N_("You stop the API server: no loop can see or act."))
        return message(N_("You start the API server: all loops look anew."))


@dataclass(frozen=True, slots=True)
class StopController(Physical):
    do = "stop-controller"
    actor: str
    stopped: bool = True

    def perform(self, hands: Hands) -> None:
        patch_actor(hands, "stopped", self.actor, self.stopped)

    def said(self, done: Iterable[Done]) -> str:
        return f"{self.actor} {'stopped' if self.stopped else 'started'}"

    def sentence(self, count: int) -> Message:
        if self.stopped:
            return message(N_("You stop %(loop)s: its work stays undone."), loop=self.actor)
        return message(N_("You start %(loop)s: it lists what is there."), loop=self.actor)


@dataclass(frozen=True, slots=True)
class CrashController(Physical):
    """The process dies and starts again at once: queue, caches, memory and what it was in the middle of are lost."""

    do = "crash-controller"
    actor: str

    def perform(self, hands: Hands) -> None:
        for actor in hands.actors(self.actor):
            hands.crash_loop(actor)

    def said(self, done: Iterable[Done]) -> str:
        return f"{self.actor} crashed"

    def sentence(self, count: int) -> Message:
        text = N_("You crash %(loop)s: it forgets all, and lists anew.")
        return message(text, loop=self.actor)


@dataclass(frozen=True, slots=True)
class DelayWatch(Physical):
    do = "delay-watch"
    actor: str
    delay_ms: int = 0  # beside the usual latency; 0: as usual

    def perform(self, hands: Hands) -> None:
        patch_actor(hands, "watchDelayMs", self.actor, within("delay_ms", self.delay_ms, 0, _MAX_DELAY_MS))

    def said(self, done: Iterable[Done]) -> str:
        return f"{self.actor} hears of changes {self.delay_ms} ms late"

    def sentence(self, count: int) -> Message:
        if not self.delay_ms:
            return message(N_("You let %(loop)s hear of changes at once again."), loop=self.actor)
        delay = f"{self.delay_ms / 1000:g} s"
        return message(N_("You let %(loop)s hear of changes %(delay)s late."), loop=self.actor, delay=delay)


@dataclass(frozen=True, slots=True)
class DropEvents(Physical):
    do = "drop-events"
    actor: str
    every: int = 0  # the n-th event of its watches is lost; 0: none

    def perform(self, hands: Hands) -> None:
        patch_actor(hands, "dropEvery", self.actor, within("every", self.every, 0, _MAX_EVERY))

    def said(self, done: Iterable[Done]) -> str:
        return f"{self.actor} loses " + (f"one event in {self.every}" if self.every else "no events")

    def sentence(self, count: int) -> Message:
        if not self.every:
            return message(N_("You let %(loop)s hear of every change again."), loop=self.actor)
        if self.every == 1:
            return message(N_("You let %(loop)s lose every event."), loop=self.actor)
        text = N_("You let %(loop)s lose one event in %(n)s.")
        return message(text, loop=self.actor, n=self.every)


@dataclass(frozen=True, slots=True)
class EdgeTriggered(Physical):
    """The loop goes by the events it gets alone, and does not notice when one is lost. One that people wrote with
    `on_change` cannot do otherwise."""

    do = "edge"
    actor: str
    on: bool = True

    def perform(self, hands: Hands) -> None:
        written = hands.find(own_controller_ref(self.actor))
        if not self.on and written is not None and written["spec"]["edge"]:
            raise BadRequest(f"{self.actor} goes by events because its text does: write it with sync(parent, children)")
        patch_actor(hands, "edge", self.actor, self.on)

    def said(self, done: Iterable[Done]) -> str:
        return f"{self.actor} {'edge' if self.on else 'level'}-triggered"

    def sentence(self, count: int) -> Message:
        if self.on:
            return message(N_("You let %(loop)s go by events alone (edge-triggered)."), loop=self.actor)
        return message(N_("You let %(loop)s compare again (level-triggered)."), loop=self.actor)


@dataclass(frozen=True, slots=True)
class Chaos(Physical):
    """Something random breaks so often; 0: no more."""

    do = "chaos"
    per_minute: int = 0

    def perform(self, hands: Hands) -> None:
        _patch(hands, chaosPerMinute=within("per_minute", self.per_minute, 0, _MAX_CHAOS))

    def said(self, done: Iterable[Done]) -> str:
        return f"chaos {self.per_minute} times a minute" if self.per_minute else "chaos off"

    def sentence(self, count: int) -> Message:
        if not self.per_minute:
            return message(N_("You end the chaos."))
        text = many("You let chaos in: about one kill a minute.", "You let chaos in: about %(n)s kills a minute.")
        return counted(text, self.per_minute)


def patch_actor(hands: Hands, fault: str, actor: str, value: Any) -> None:
    """What is false or 0 is taken away. Raises NotFound for a loop that there is not."""
    hands.actors(actor)
    _patch(hands, **{fault: {actor: value or None}})


def _patch(hands: Hands, **spec: Any) -> None:
    hands.patch(CONTROL_PLANE, {"spec": spec})
