"""The servers of one RabbitMQ cluster, the wires between them, and the channels of whoever uses their queues.

`Simulation` is made of what the servers have on disk and in memory, is told how things are (which server runs where,
which machine nobody reaches), and goes on to a moment: each message arrives, each timer fires, in order of time. Called
by the loop of the servers (servers.py), and by tests, which cut any wire at any time. Models the connections of Erlang
nodes, Aten's suspicions (a poll each 5 s), and the channels of RabbitMQ's quorum queues.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from heapq import heappop, heappush
from typing import Any

from app.operators.rabbitmq import fifo, raft, state
from app.operators.rabbitmq.fifo import Command, Handed
from app.operators.rabbitmq.member import (
    FOLLOWER,
    LEADER,
    Answer,
    Deliver,
    Done,
    Member,
    Members,
    Snapshot,
    Tally,
    draw,
    majority,
    server_of,
)  # fmt: skip
from app.operators.rabbitmq.state import Channel, Election, Place, Server, Wire

WIRE_MS = 1
POLL_MS = 5_000  # Aten's, as RabbitMQ sets it: up to so long until silence is suspected


class Simulation:
    """`places` are those of the servers that run. `hears` is told of what reaches a channel."""

    def __init__(
        self, now_ms: int, servers: Iterable[Server], wires: Iterable[Wire], places: Mapping[str, Place]
    ) -> None:
        self.now_ms = now_ms
        self.servers = {server.name: server for server in servers}
        self.places = dict(places)
        self.wires = sorted(wires)
        self.elections: list[Election] = []
        self.without_leader: dict[str, tuple[int, str]] = {}  # by queue: since when, and who led before
        self.ended: list[str] = []  # servers that have stopped: who was connected to them notices
        self.confirmed: list[tuple[str, Command]] = []  # by channel
        self.delivered: list[tuple[str, Handed]] = []
        self._count = max((wire.number for wire in self.wires), default=0)

    # ------------------------------------------------------------------------------------------ the wires

    def linked(self, one: str, other: str) -> bool:
        return state.linked(self.places, one, other)

    def acts(self, server: str) -> bool:
        place = self.places.get(server)
        return place is not None and not place.off

    def reaches(self, server: str) -> frozenset[str]:
        return frozenset(other for other in self.servers if self.linked(server, other))

    def change(self, places: Mapping[str, Place]) -> None:
        """From now on it is like that."""
        before, self.places = self.places, dict(places)
        for name in places:
            self.servers.setdefault(name, Server(name))
        restarted = [name for name in self.servers if state.start_of(before, name) != state.start_of(places, name)]
        for name in restarted:
            self._stop(name)
        names = [*self.servers]
        for one, other in ((one, other) for one in names for other in names if one != other):
            was = state.linked(before, one, other)
            now = self.linked(one, other)
            if was and (not now or one in restarted or other in restarted) and one not in restarted:
                self._loses(one, other, closed=other in restarted and not state.parted(before, places, one, other))
        for name in restarted:
            if name in places:
                self._start(name)
        self._form()
        for one, other in ((one, other) for one in names for other in names if one != other):
            fresh = one in restarted or other in restarted or not state.linked(before, one, other)
            if fresh and self.linked(one, other):
                self._finds(one, other)
        self._route()

    def _stop(self, name: str) -> None:
        server = self.servers[name]
        server.channels.clear()
        server.suspects.clear()
        server.members = {
            queue: each._replace(timer_ms=None, role=FOLLOWER, leader="") for queue, each in server.members.items()
        }
        self.ended.append(name)

    def _start(self, name: str) -> None:
        server = self.servers[name]
        server.members = {queue: raft.started(each, self.now_ms) for queue, each in server.members.items()}

    def _form(self) -> None:
        """Who does not belong to the cluster yet joins it; the one of number 0 begins it."""
        formed = {name for name in self.places if self.servers[name].known}
        for name in sorted(self.places):
            server = self.servers[name]
            others = [other for other in sorted(formed) if self.linked(name, other)]
            if not server.known and (others or name.endswith("-0")):
                known = {name} | {each for other in others for each in self.servers[other].known}
                formed.add(name)
                for each in known & {*self.servers}:
                    self.servers[each].known = tuple(sorted(known))

    def _loses(self, one: str, other: str, *, closed: bool) -> None:
        """`one` has no connection to `other` any more."""
        for queue, member in self.servers[one].members.items():
            if member.leader == other:
                self.without_leader.setdefault(queue, (self.now_ms, other))
        if closed:  # the last that came through is that it ended
            self.wires = sorted(wire for wire in self.wires if (wire.sender, wire.to) != (other, one))
            self.servers[one].suspects.pop(other, None)
            self._tells(one, other, raft.CLOSED)
        elif self.acts(one):
            lot = draw(f"{one}/{other}", self.now_ms, POLL_MS)
            self.servers[one].suspects[other] = self.now_ms + lot

    def _tells(self, one: str, other: str, wait: raft.Wait) -> None:
        server = self.servers[one]
        for queue, member in tuple(server.members.items()):
            self._is(one, queue, Done(raft.lost(member, other, wait, self.now_ms)))
            if member.role == LEADER:
                self._clears(one, queue)

    def _finds(self, one: str, other: str) -> None:
        self.servers[one].suspects.pop(other, None)
        for queue, member in tuple(self.servers[one].members.items()):
            self._is(one, queue, raft.found(member, other, self.now_ms))
            if member.role == LEADER:
                self._clears(one, queue)
                self._is(one, queue, Done(self.servers[one].members[queue], raft.handed_out(member, other)))
        for channel in tuple(self.servers[one].channels.values()):
            if channel.route[0] == other:
                self.servers[one].channels[channel.name] = channel._replace(route=("", 0))

    # ------------------------------------------------------------------------------------------ time

    def next_ms(self) -> int | None:
        times = [self.wires[0].due_ms] if self.wires else []
        times += [due_ms for due_ms, _, _ in self.timers()]
        return min(times, default=None)

    def timers(self) -> Iterator[tuple[int, str, str]]:
        """When, on which server, and of what: of a member of a queue, or "/" and the server that is suspected."""
        for name, server in self.servers.items():
            if self.acts(name):
                for queue, member in server.members.items():
                    if member.timer_ms is not None:
                        yield member.timer_ms, name, queue
                yield from ((due_ms, name, f"/{other}") for other, due_ms in server.suspects.items())

    def run(self, until_ms: int) -> None:
        """All that happens up to then."""
        while (due_ms := self.next_ms()) is not None and due_ms <= until_ms:
            self.now_ms = max(self.now_ms, due_ms)
            if self.wires and self.wires[0].due_ms == due_ms:
                self._arrives(heappop(self.wires))
            else:
                self._fires(*min(self.timers())[1:])
        self.now_ms = max(self.now_ms, until_ms)

    def _fires(self, server: str, what: str) -> None:
        if what.startswith("/"):
            del self.servers[server].suspects[what[1:]]
            self._tells(server, what[1:], raft.SILENT)
            self._route()
            return
        member = self.servers[server].members[what]
        self._is(server, what, raft.due(member, self.reaches(server) | {server}, self.now_ms))

    def _send(self, sender: str, to: str, queue: str, content: Any) -> None:
        if sender == to or self.linked(sender, to):
            self._count += 1
            due_ms = self.now_ms + (WIRE_MS if sender != to else 0)
            heappush(self.wires, Wire(due_ms, self._count, sender, to, queue, content))

    def _arrives(self, wire: Wire) -> None:
        if not self.acts(wire.to) or (
            wire.sender != wire.to and wire.sender in self.places and not self.linked(wire.sender, wire.to)
        ):
            return
        server = self.servers[wire.to]
        member = server.members.get(wire.queue)
        match wire.content:
            case Answer(name, number):
                self._answered(server, name, number)
            case Deliver():
                self._passes_on(server, wire.content)
            case Command() if member is not None:
                self._is(wire.to, wire.queue, raft.propose(member, (wire.content,)))
            case Command():
                pass
            case message if member is not None:
                self._is(wire.to, wire.queue, raft.receive(member, message, self.now_ms))

    def _is(self, server: str, queue: str, done: Done) -> None:
        """The member there is now like that, and sends something."""
        before, after = self.servers[server].members[queue], done.member
        self.servers[server].members[queue] = after
        for to, content in done.sent:
            self._send(server, to, queue, content)
        if after.role == LEADER != before.role:
            self._elected(queue, after, before)
        if after.is_settled and not before.is_settled:
            self._clears(server, queue)
        if (before.leader, before.term) != (after.leader, after.term):
            self._route()

    def _elected(self, queue: str, leader: Member, before: Member) -> None:
        tally = before.tally if before.tally is not None else Tally(self.now_ms, leader.last, ())
        since_ms, led = self.without_leader.pop(queue, (tally.since_ms, ""))
        votes = {leader.name, *(leader.tally.votes if leader.tally else ())}
        found = []
        for voter in leader.members.voters:
            other = self.servers[voter].members.get(queue) if voter in self.servers else None
            if other is None or (voter != leader.name and not self.linked(leader.name, voter)):
                found.append((voter, 0, 0, "unreachable"))
            else:
                had = before if voter == leader.name else other  # without the entry that says that it leads
                found.append((voter, had.term_at(had.last), had.last, "voted" if voter in votes else ""))
        self.elections.append(Election(queue, self.now_ms, since_ms, leader.name, led, leader.term, tuple(found)))

    # ------------------------------------------------------------------------------------------ channels

    def open(self, server: str, queue: str, number: int, *, consumes: bool = False) -> str:
        name = f"{server}/{self.places[server].started_ms}/{number}"
        self.servers[server].channels[name] = Channel(name, queue, consumes=consumes)
        self._route()
        return name

    def command(self, channel: str, do: str, handed: Handed = Handed(0, 0)) -> None:  # noqa: B008
        """Nothing, if that channel ended with its server."""
        server = self.servers[server_of(channel)]
        found = server.channels.get(channel)
        if found is None:
            return
        command = Command(do, channel, found.sent + 1, handed.message, handed.times)
        found = found._replace(sent=command.number, pending=(*found.pending, command))
        server.channels[channel] = found
        if found.route[0]:
            self._send(server.name, found.route[0], found.queue, command)

    def _answered(self, server: Server, name: str, number: int) -> None:
        channel = server.channels.get(name)
        if channel is None:
            return
        answered = [each for each in channel.pending if each.number <= number]
        pending = tuple(each for each in channel.pending if each.number > number)
        settled = {Handed(each.message, each.times) for each in answered if each.do == fifo.SETTLE}
        holds = tuple(each for each in channel.holds if each not in settled)
        server.channels[name] = channel._replace(pending=pending, holds=holds)
        self.confirmed += [(name, each) for each in answered]
        if any(each.do == fifo.CLOSE for each in answered):
            del server.channels[name]

    def _passes_on(self, server: Server, sent: Deliver) -> None:
        """Once: a new leader hands out again what it does not know to be settled."""
        channel = server.channels.get(sent.channel)
        if channel is not None and sent.handed not in channel.holds and sent.term >= channel.term:
            holds = (*channel.holds, sent.handed)
            server.channels[channel.name] = channel._replace(holds=holds, term=sent.term)
            self.delivered.append((channel.name, sent.handed))

    def _route(self) -> None:
        """A channel whose queue has another leader sends again what was not answered."""
        for server in self.servers.values():
            for channel in tuple(server.channels.values()):
                route = self._leader_for(server.name, channel.queue)
                if route == channel.route:
                    continue
                term = max(channel.term, route[1])
                channel = server.channels[channel.name] = channel._replace(route=route, term=term)
                if not route[0]:
                    continue
                for command in channel.pending:
                    self._send(server.name, route[0], channel.queue, command)
                if channel.consumes and not any(each.do in (fifo.CONSUME, fifo.CLOSE) for each in channel.pending):
                    self.command(channel.name, fifo.CONSUME)

    def _leader_for(self, server: str, queue: str) -> tuple[str, int]:
        """As its own member knows it; without one, as those know it that it reaches."""
        own = self.servers[server].members.get(queue)
        names = [server] if own is not None and own.members.voters else sorted(self.reaches(server))
        known = [each for name in names if (each := self.servers[name].members.get(queue)) is not None]
        found = [(each.term, each.leader) for each in known if each.leader]
        term, leader = max(found, default=(0, ""))
        return (leader, term) if leader == server or self.linked(server, leader) else ("", 0)

    def _clears(self, server: str, queue: str) -> None:
        """A leader sees to the channels that it cannot reach: they have ended with their server, or hold messages that
        others should get."""
        member = self.servers[server].members[queue]
        if not member.is_settled:
            return
        said: list[Command | Members] = []
        for channel in sorted({*member.queue.numbers, *member.queue.out}):
            home = server_of(channel)
            suspected = home in self.servers[server].suspects  # not for sure yet
            if home == server or self.linked(server, home) or (home not in self.places and not suspected):
                if home not in self.servers or channel not in self.servers[home].channels:
                    said.append(Command(fifo.GONE, channel))
            elif not suspected and channel in member.queue.out:
                said.append(Command(fifo.LOST, channel))
        self._is(server, queue, raft.propose(member, tuple(said)))

    # ------------------------------------------------------------------------------------------ queues

    def leader(self, queue: str) -> Member | None:
        """The one that leads, if one does: of two that think so, that of the newer term."""
        members = [
            each for name, server in self.servers.items() if self.acts(name) and (each := server.members.get(queue))
        ]
        leaders = [each for each in members if each.role == LEADER]
        return max(leaders, key=lambda each: each.term, default=None)

    def declare(self, queue: str, size: int, seed: str = "") -> None:
        """On as many servers as there are, up to `size`; led by the one that leads least."""
        joined = [name for name in sorted(self.places) if self.acts(name) and self.servers[name].known]
        led = {name: sum(each.role == LEADER for each in self.servers[name].members.values()) for name in joined}
        chosen = sorted(joined, key=lambda name: (led[name], name))[:size]
        members = Members(tuple(sorted(chosen)))
        for name in chosen:
            self.servers[name].members[queue] = Member(
                name, f"{seed}/{queue}/{name}", Snapshot(0, 0, fifo.Queue(), members)
            )
        if chosen:
            first = self.servers[chosen[0]].members[queue]
            self._is(chosen[0], queue, Done(first._replace(timer_ms=self.now_ms)))

    def grow(self, queue: str, size: int) -> None:
        """To another server, if there is one and the queue should be on more."""
        leader = self.leader(queue)
        if leader is None or len(leader.members.voters) + len(leader.members.learners) >= size:
            return
        free = [
            name
            for name in sorted(self.places)
            if self.linked(leader.name, name) and queue not in self.servers[name].members
        ]
        if not free or not self.servers[free[0]].known:
            return
        done = raft.joins(leader, free[0])
        if done.member is not leader:
            nobody = Snapshot(0, 0, fifo.Queue(), Members(()))
            self.servers[free[0]].members[queue] = Member(free[0], f"{leader.seed}/{free[0]}", nobody)
            self._is(leader.name, queue, done)

    def may_go(self, server: str) -> bool:
        """Without it each queue that has a voter there would still have more than half."""
        found = [member.members for member in self.servers[server].members.values() if server in member.members.voters]
        return all(
            sum(each == server or self.linked(server, each) for each in members.voters) > majority(members)
            for members in found
        )

    def drain(self, server: str, leaving: Collection[str] = ()) -> None:
        """Another one is to lead what that one leads, if there is one that stays."""
        for queue, member in tuple(self.servers[server].members.items()):
            others = [
                (peer.match, name)
                for name, peer in member.peers.items()
                if self.linked(server, name) and name in member.members.voters and name not in leaving
            ]
            if member.role == LEADER and others:
                self.without_leader.setdefault(queue, (self.now_ms, server))
                self._is(server, queue, raft.hands_over(member, max(others)[1]))
