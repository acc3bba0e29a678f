"""The MySQL servers of one cluster in time: which run, who reaches whom, what their clients write. Pure.

`advance` takes them from the moment up to which they were worked out to now, from what is physically so: processes
(containers as their machines know them), power, and the network. Between two such moments nothing is simulated:
members of a group that hear each other have nothing to do, and who hears nothing of another knows when it will act.
So a group at peace costs nothing, however long it lasts. What goes to and fro between servers takes less than a
millisecond, so all messages that follow from one moment are delivered in it (`Group._settle`), each as group.py wants
it, unless its way is cut.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from app.operators.mysql import clients, group, members
from app.operators.mysql.clients import Writes
from app.operators.mysql.decisions import Decision, decision
from app.operators.mysql.members import Answer, Envelope, Member
from app.operators.mysql.views import Log, Peer

INCREMENTAL_MS, CLONE_MS = 2_000, 10_000
MOST_MESSAGES = 10_000


class Process(NamedTuple):
    """A mysqld, as its machine knows it."""

    name: str  # of its pod
    key: str  # which start of which container
    machine: str
    version: str
    up_ms: int  # from then on it answers
    stop_ms: int | None  # it is told to end: it leaves its group in good order
    dies_ms: int | None  # it is no more


class Place(NamedTuple):
    """What is physically so."""

    processes: Mapping[str, Process]
    routers: Sequence[tuple[str, int, int | None]]  # the machine of each, from when on it serves, and until when
    dark: Mapping[str, int]  # machines without power or network, and since when

    def reach(self, one: str, other: str) -> bool:
        """Whether two machines do."""
        return one == other or not (one in self.dark or other in self.dark)


@dataclass(frozen=True, slots=True)
class Server:
    """A data directory, and the process that works in it, if one does. `member` has both while it runs."""

    name: str
    uuid: str
    incarnation: int = 0
    process: str = ""  # the key of the one that runs, or ran last
    member: Member | None = None  # None: it does not run
    log: Log = ()
    committed: int = 0
    last_view: int = 0
    stopping: bool = False

    @property
    def held(self) -> Log:
        return self.member.log if self.member is not None else self.log


class Order(NamedTuple):
    """What an administrator tells the servers to do."""

    id: int
    do: str  # create, join, leave, force, reboot
    server: str
    seeds: tuple[str, ...] = ()
    method: str = "incremental"
    multi: bool = False
    above: int = 0  # of a group that starts again: the newest view that any of its servers knew


@dataclass(frozen=True, slots=True)
class Servers:
    """All of a cluster, at one moment."""

    until_ms: int
    servers: Mapping[str, Server] = field(default_factory=dict)
    handled: int = 0  # the newest order that was carried out
    decisions: tuple[Decision, ...] = ()  # the newest last
    writes: Writes = field(default_factory=Writes)

    def members(self) -> dict[str, Member]:
        return {name: server.member for name, server in self.servers.items() if server.member is not None}


_KEPT = 6


# ------------------------------------------------------------------------------------------------------- time


def advance(before: Servers, place: Place, orders: Sequence[Order], now_ms: int, seed: str) -> Servers:
    """The servers as they are at `now_ms`. `seed` makes their uuids."""
    running = Group(before, place, seed)
    while (at_ms := running.next_ms()) is not None and at_ms < now_ms:
        running.go_to(at_ms)
    running.go_to(now_ms)
    for order in orders:
        if order.id > before.handled:
            running.obey(order)
    return running.result(max((order.id for order in orders), default=before.handled))


def due_ms(servers: Servers, place: Place) -> int | None:
    """When something happens by itself next."""
    return Group(servers, place, "").next_ms()


class Group:
    """The servers while they are worked out."""

    def __init__(self, before: Servers, place: Place, seed: str) -> None:
        self._before, self._place, self._seed = before, place, seed
        self._now_ms = before.until_ms
        self._servers = dict(before.servers)
        self._decisions = list(before.decisions)
        self._writes = before.writes
        self._flying: list[tuple[str, Envelope]] = []

    def result(self, handled: int) -> Servers:
        writes = self._writes
        if writes.per_second or writes.attempted:
            writes = clients.counted(writes, self._ordering(), [each.held for each in self._servers.values()])
        kept = tuple(self._decisions[-_KEPT:])
        return Servers(self._now_ms, dict(self._servers), max(handled, self._before.handled), kept, writes)

    def next_ms(self) -> int | None:
        """When something happens by itself."""
        times = [at_ms for process in self._place.processes.values() for at_ms in self._marks(process)]
        for member in self._members().values():
            due = members.due_ms(member, self._now_ms)
            times += [] if due is None else [due]
        times += clients.marks(self._writes, self._place.routers)
        return min((each for each in times if each > self._now_ms), default=None)

    def _marks(self, process: Process) -> Iterable[int]:
        server = self._servers.get(process.name)
        marks = (process.up_ms, process.stop_ms, process.dies_ms)
        is_past = server is not None and server.process == process.key and server.member is None
        return () if is_past else [each for each in marks if each is not None]

    def go_to(self, at_ms: int) -> None:
        """Clients write as they can up to then; then that happens which is due."""
        self._write_until(at_ms)
        self._now_ms = at_ms
        self._processes_come_and_go()
        self._links_break_and_mend()
        for name in list(self._members()):
            if (member := self._members().get(name)) is not None:
                self._put(name, group.tick(member, at_ms))
        self._settle()

    # ------------------------------------------------------------------------------------------ processes

    def _processes_come_and_go(self) -> None:
        now = self._now_ms
        for name, server in list(self._servers.items()):
            process = self._place.processes.get(name)
            gone = process is None or process.key != server.process or _is_past(process.dies_ms, now)
            if server.member is not None and gone:
                self._stop(name)
        for name, process in self._place.processes.items():
            server = self._servers.get(name) or Server(name, _uuid(self._seed, name))
            if process.key != server.process and process.up_ms <= now and not _is_past(process.dies_ms, now):
                self._servers[name] = _started(server, process)
            elif server.member is not None and not server.stopping and _is_past(process.stop_ms, now):
                self._servers[name] = replace(server, stopping=True)
                self._put(name, group.leave(server.member))

    def _links_break_and_mend(self) -> None:
        for name, member in self._members().items():
            for peer in member.view.peers if member.view is not None else ():
                known = self._servers[name].member
                if peer.name == name or known is None:
                    continue
                hears = self._hears(name, peer)
                if not hears and peer.name not in known.silent:
                    self._update(name, group.silence(known, peer.name, self._silent_since(peer)))
                elif hears and peer.name in known.silent:
                    self._put(name, group.heard(known, peer.name, self._now_ms))

    def _hears(self, name: str, peer: Peer) -> bool:
        other = self._members().get(peer.name)
        return other is not None and other.me.incarnation == peer.incarnation and self._reach(name, peer.name)

    def _reach(self, one: str, other: str) -> bool:
        processes = self._place.processes
        if one not in processes or other not in processes:
            return False
        return self._place.reach(processes[one].machine, processes[other].machine)

    def _silent_since(self, peer: Peer) -> int:
        """When it died, if that is known; what was cut is noticed now."""
        process = self._place.processes.get(peer.name)
        died_ms = process.dies_ms if process is not None else None
        return died_ms if died_ms is not None and died_ms <= self._now_ms else self._now_ms

    def _stop(self, name: str) -> None:
        self._servers[name] = _stopped(self._servers[name])
        self._writes = clients.without_answer(self._writes, name)

    # ------------------------------------------------------------------------------------------- messages

    def _members(self) -> dict[str, Member]:
        return {name: server.member for name, server in self._servers.items() if server.member is not None}

    def _update(self, name: str, member: Member) -> None:
        self._servers[name] = replace(self._servers[name], member=member)

    def _put(self, name: str, answer: Answer) -> None:
        member, messages = answer
        self._take(name, member)
        self._flying += [(name, each) for each in messages]

    def _take(self, name: str, member: Member) -> None:
        before = self._servers[name].member
        self._update(name, member)
        view = member.view
        if member.orders and view is not None and (before is None or before.view != view):
            older = before.view if before is not None else None
            silent = before.silent if before is not None else {}
            self._decisions.append(decision(older, view, silent, self._now_ms))
        if member.orders:
            self._writes = clients.acknowledge(self._writes, member, self._now_ms)
        if member.expelled:
            self._stop(name)

    def _settle(self) -> None:
        """Every message that follows from this moment arrives, or is lost because nobody is there."""
        flying, self._flying = self._flying, []
        for turn in range(MOST_MESSAGES):
            if turn >= len(flying):
                return
            sender, envelope = flying[turn]
            member = self._members().get(envelope.to)
            if member is not None and (sender == envelope.to or self._reach(sender, envelope.to)):
                answer, messages = group.receive(member, envelope.message, self._now_ms)
                self._take(envelope.to, answer)
                flying += [(envelope.to, each) for each in messages]
                if answer.view is not member.view:
                    self._links_break_and_mend()
                    flying += self._flying
                    self._flying = []

    # -------------------------------------------------------------------------------------------- clients

    def _ordering(self) -> Member | None:
        """The primary that clients find: of those who believe to be one the newest."""
        found = [member for member in self._members().values() if member.orders]
        return max(found, key=members.number, default=None)

    def _write_until(self, at_ms: int) -> None:
        if not self._writes.per_second:
            return
        primary = self._ordering()
        machines = {name: process.machine for name, process in self._place.processes.items()}
        self._writes, count = clients.attempt(
            self._writes, at_ms, primary, self._place.routers, machines, self._place.reach
        )
        if not count or primary is None:
            return
        if primary.view is not None and primary.view.multi:
            self._writes, primary, count = clients.certified(self._writes, primary, count)
            self._update(primary.me.name, primary)
        if count:
            self._put(primary.me.name, group.write(primary, count))
            self._settle()

    # --------------------------------------------------------------------------------------------- orders

    def obey(self, order: Order) -> None:
        member = self._members().get(order.server)
        if member is None:
            return
        match order.do:
            case "create" | "reboot":
                member = replace(member, last_view=max(member.last_view, order.above))
                self._put(order.server, (group.bootstrap(member, multi=order.multi), []))
            case "join":
                recovery_ms = CLONE_MS if order.method == "clone" else INCREMENTAL_MS
                self._put(order.server, group.join(member, order.seeds, recovery_ms, self._now_ms))
            case "leave":
                self._put(order.server, group.leave(member))
            case "force":
                self._put(order.server, group.force(member, order.seeds, self._now_ms))
        self._settle()


# ---------------------------------------------------------------------------------------------------- servers


def _started(server: Server, process: Process) -> Server:
    """With what is on its disk, as another incarnation."""
    incarnation = server.incarnation + 1
    me = Peer(server.name, incarnation, server.uuid, process.version)
    member = group.started(me, server.log, server.committed, server.last_view)
    return replace(server, incarnation=incarnation, process=process.key, member=member, stopping=False)


def _stopped(server: Server) -> Server:
    """What it knew is gone; what it held is on its disk."""
    member = server.member
    if member is None:
        return server
    disk: dict[str, Any] = {"log": member.log, "committed": member.committed, "last_view": member.last_view}
    if member.view is not None:
        disk["last_view"] = member.view.number
    return replace(server, member=None, stopping=False, **disk)


def _is_past(at_ms: int | None, now_ms: int) -> bool:
    return at_ms is not None and at_ms <= now_ms


def _uuid(seed: str, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{seed}/{name}"))
