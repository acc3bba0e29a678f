"""Publishers and consumers of a queue, and the book that is kept of what they were told: nothing is taken on trust.

A publisher with confirms sends a message each so often, a consumer acknowledges each message once it has worked on it.
Both are connected to some server, and go to another when theirs is gone: at once if the connection was closed, after a
heartbeat if it is only silent. `advance` moves them and the servers (simulation.py) on together.
Models AMQP clients with publisher confirms and manual acknowledgements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.operators.rabbitmq import fifo, ranges
from app.operators.rabbitmq.fifo import Command, Handed
from app.operators.rabbitmq.member import server_of
from app.operators.rabbitmq.ranges import Ranges
from app.operators.rabbitmq.simulation import Simulation

HEARTBEAT_MS = 10_000  # until a silent connection is given up
RECONNECT_MS = 1_000
WORK_MS = 20  # on a message
MOST_OPEN, MOST_WAITING = 100, 1_000  # unconfirmed messages; messages that wait: then they pause


@dataclass(slots=True)
class Book:
    """What was seen from outside. Messages are numbered from 1."""

    published: int = 0
    confirmed: Ranges = ()
    delivered: Ranges = ()
    deliveries: int = 0
    redelivered: int = 0  # that bore the mark
    doubled: int = 0  # delivered again, and no mark
    unanswered: int = 0  # their connection went before the confirm came: they may be there or not
    lost: int = 0  # confirmed, not delivered, and not in the queue

    def takes(self, handed: Handed) -> None:
        self.deliveries += 1
        self.redelivered += handed.times > 0
        self.doubled += handed.times == 0 and ranges.has(self.delivered, handed.message)
        self.delivered = ranges.with_number(self.delivered, handed.message)

    def audit(self, simulation: Simulation, queue: str) -> None:
        """Look for what was confirmed; as long as nobody leads nobody knows."""
        leader = simulation.leader(queue)
        if leader is not None and leader.is_settled:
            kept = leader.queue.messages
            outstanding = ranges.numbers(ranges.minus(self.confirmed, self.delivered))
            self.lost = sum(each not in kept for each in outstanding)


@dataclass(slots=True)
class People:
    queue: str
    every_ms: int  # between two messages; 0: nobody publishes
    consume: bool
    book: Book = field(default_factory=Book)
    due_ms: int = 0  # of the next message
    publisher: str = ""  # its channel
    consumer: str = ""
    connect_ms: int = 0  # when who has none tries again
    connections: int = 0
    open: dict[int, int] = field(
        default_factory=dict
    )  # messages that are not confirmed, by the number of their command
    working: list[tuple[int, str, Handed]] = field(default_factory=list)  # until when, on which channel
    silent: dict[str, int] = field(default_factory=dict)  # channels that are given up then

    # ---------------------------------------------------------------------------------------------- time

    def next_ms(self, simulation: Simulation) -> int | None:
        times = [*(due_ms for due_ms, _, _ in self.working), *self.silent.values()]
        if self._lacks_a_channel and _usable(simulation):
            times.append(self.connect_ms)
        if self._may_publish(simulation):
            times.append(self.due_ms)
        return min(times, default=None)

    @property
    def _lacks_a_channel(self) -> bool:
        return bool((self.every_ms and not self.publisher) or (self.consume and not self.consumer))

    def _may_publish(self, simulation: Simulation) -> bool:
        if not self.every_ms or not self.publisher or self.publisher in self.silent:
            return False
        waiting = ranges.count(self.book.confirmed) - ranges.count(self.book.delivered)
        return len(self.open) < MOST_OPEN and waiting < MOST_WAITING

    def act(self, simulation: Simulation) -> None:
        """What is due now."""
        now_ms = simulation.now_ms
        for channel in [channel for channel, due_ms in self.silent.items() if due_ms <= now_ms]:
            simulation.command(channel, fifo.CLOSE)
            self._gives_up(channel, now_ms)
        if self._lacks_a_channel and now_ms >= self.connect_ms:
            self._connect(simulation)
        for done in [each for each in self.working if each[0] <= now_ms]:
            self.working.remove(done)
            simulation.command(done[1], fifo.SETTLE, done[2])
        while self._may_publish(simulation) and now_ms >= self.due_ms:
            self._publish(simulation)

    def _publish(self, simulation: Simulation) -> None:
        self.book.published += 1
        channel = simulation.servers[server_of(self.publisher)].channels[self.publisher]
        self.open[channel.sent + 1] = self.book.published
        simulation.command(self.publisher, fifo.ENQUEUE, Handed(self.book.published, 0))
        self.due_ms = max(self.due_ms + self.every_ms, simulation.now_ms - self.every_ms)

    # ------------------------------------------------------------------------------------------ connections

    def _connect(self, simulation: Simulation) -> None:
        usable = _usable(simulation)
        if not usable:
            return
        if self.every_ms and not self.publisher:
            self.publisher = self._channel(simulation, usable, consumes=False)
            self.due_ms = simulation.now_ms
        if self.consume and not self.consumer:
            self.consumer = self._channel(simulation, usable, consumes=True)

    def _channel(self, simulation: Simulation, usable: Sequence[str], *, consumes: bool) -> str:
        self.connections += 1
        server = usable[self.connections % len(usable)]
        return simulation.open(server, self.queue, self.connections, consumes=consumes)

    def want(self, simulation: Simulation, every_ms: int, *, consume: bool) -> None:
        """They want something else now."""
        self.connect_ms = max(self.connect_ms, simulation.now_ms)
        self.every_ms, self.consume = every_ms, consume
        for channel in [self.publisher] * (not every_ms) + [self.consumer] * (not consume):
            if channel:
                simulation.command(channel, fifo.CLOSE)
                self._gives_up(channel, simulation.now_ms)

    def _gives_up(self, channel: str, now_ms: int) -> None:
        self.silent.pop(channel, None)
        self.connect_ms = now_ms + RECONNECT_MS
        if channel == self.publisher:
            self.publisher = ""
            self.book.unanswered += len(self.open)
            self.open.clear()
        else:
            self.consumer = ""
            self.working = [each for each in self.working if each[1] != channel]

    def look(self, simulation: Simulation) -> None:
        """How their connections are."""
        for channel in (self.publisher, self.consumer):
            if not channel:
                continue
            server = server_of(channel)
            known = simulation.servers.get(server)
            if known is None or channel not in known.channels:
                self._gives_up(channel, simulation.now_ms)
            elif server in _usable(simulation):
                self.silent.pop(channel, None)
            else:
                self.silent.setdefault(channel, simulation.now_ms + HEARTBEAT_MS)

    # ------------------------------------------------------------------------------------------ what they hear

    def hear_confirm(self, channel: str, command: Command) -> None:
        if channel == self.publisher and command.number in self.open:
            self.book.confirmed = ranges.with_number(self.book.confirmed, self.open.pop(command.number))

    def hear_delivery(self, channel: str, handed: Handed, now_ms: int) -> None:
        if channel == self.consumer:
            self.book.takes(handed)
            self.working.append((now_ms + WORK_MS, channel, handed))


def _usable(simulation: Simulation) -> list[str]:
    """Servers that somebody outside reaches."""
    places = simulation.places
    return [
        name for name in sorted(places)
        if not places[name].off and not places[name].cut and simulation.servers[name].known
    ]  # fmt: skip


def advance(simulation: Simulation, crowds: Sequence[People], until_ms: int) -> None:
    """Servers and people up to then."""
    _hear(simulation, crowds)
    while (due_ms := _next_ms(simulation, crowds)) is not None and due_ms <= until_ms:
        simulation.run(max(due_ms, simulation.now_ms))
        _hear(simulation, crowds)
        for people in crowds:
            people.act(simulation)
    simulation.run(until_ms)
    _hear(simulation, crowds)


def _next_ms(simulation: Simulation, crowds: Sequence[People]) -> int | None:
    times = [simulation.next_ms(), *(people.next_ms(simulation) for people in crowds)]
    return min((each for each in times if each is not None), default=None)


def _hear(simulation: Simulation, crowds: Sequence[People]) -> None:
    """What came reaches them, unless their connection is silent: then it waits until it speaks again, or ends."""
    for people in crowds:
        people.look(simulation)
    silent = {channel for people in crowds for channel in people.silent}
    confirmed, simulation.confirmed = simulation.confirmed, [e for e in simulation.confirmed if e[0] in silent]
    delivered, simulation.delivered = simulation.delivered, [e for e in simulation.delivered if e[0] in silent]
    for people in crowds:
        for channel, command in confirmed:
            if channel not in silent:
                people.hear_confirm(channel, command)
        for channel, handed in delivered:
            if channel not in silent:
                people.hear_delivery(channel, handed, simulation.now_ms)
