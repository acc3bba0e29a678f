"""Servers of a MySQL group with the network between them, for tests that lose any message at any time."""

from __future__ import annotations

from dataclasses import replace

from app.operators.mysql import group, members, views
from app.operators.mysql.members import Answer, Decide, Envelope, Member, Message
from app.operators.mysql.views import Log, Peer, View


def peer(name: str, incarnation: int = 1, **about: object) -> Peer:
    return Peer(name, incarnation, f"uuid-{name}", **about)  # type: ignore[arg-type]


class Net:
    """`members` are the servers that run. Messages wait in `flying` until they are delivered, or lost."""

    def __init__(self, names: str = "abc") -> None:
        self.now_ms = 0
        self.members: dict[str, Member] = {}
        self.disks: dict[str, tuple[Log, int, int]] = {}
        self.incarnations: dict[str, int] = {}
        self.cut: set[frozenset[str]] = set()
        self.flying: list[tuple[str, Envelope]] = []
        self.acknowledged: Log = ()  # the longest that a primary ever acknowledged
        self.views: dict[int, set[View]] = {}  # that somebody entered or announced, by number
        for name in names:
            self.start(name)
        self.put(names[0], (group.bootstrap(self.members[names[0]]), []))

    # what happens to servers

    def start(self, name: str) -> None:
        self.incarnations[name] = self.incarnations.get(name, 0) + 1
        log, committed, last_view = self.disks.get(name, ((), 0, 0))
        self.members[name] = group.started(peer(name, self.incarnations[name]), log, committed, last_view)

    def crash(self, name: str) -> None:
        member = self.members.pop(name)
        self.disks[name] = (member.log, member.committed, member.last_view)
        self.flying = [(sender, each) for sender, each in self.flying if sender != name or each.to != name]

    def join(self, name: str) -> None:
        seeds = tuple(each for each in self.members if each != name)
        self.put(name, group.join(self.members[name], seeds, 10, self.now_ms))

    def write(self, name: str, count: int = 1) -> bool:
        if not self.members[name].orders:
            return False
        self.put(name, group.write(self.members[name], count))
        return True

    def put(self, name: str, answer: Answer) -> None:
        member, messages = answer
        before = self.members.get(name)
        self.members[name] = member
        self.flying += [(name, each) for each in messages]
        for view in (member.view, *(each.message.value for each in messages if isinstance(each.message, Decide))):
            if view is not None:
                self.views.setdefault(view.number, set()).add(view)
        if member.orders and (before is None or member.committed > before.committed):
            self._acknowledge(views.head(member.log, member.committed))
        if member.expelled:
            self.crash(name)

    def _acknowledge(self, log: Log) -> None:
        assert views.begins_with(log, self.acknowledged) or views.begins_with(self.acknowledged, log)
        self.acknowledged = max(log, self.acknowledged, key=views.length)

    # the network

    def reaches(self, one: str, other: str) -> bool:
        return one == other or frozenset((one, other)) not in self.cut

    def deliver(self, place: int = 0) -> None:
        sender, envelope = self.flying.pop(place)
        if envelope.to in self.members and self.reaches(sender, envelope.to):
            self.hand(envelope.to, envelope.message)

    def hand(self, to: str, message: Message) -> None:
        self.put(to, group.receive(self.members[to], message, self.now_ms))

    def settle(self, limit: int = 5_000) -> None:
        """Until nothing is on its way any more."""
        for _ in range(limit):
            if not self.flying:
                return
            self.deliver()
        raise AssertionError("they never stop talking")

    def notice(self) -> None:
        """Whoever hears nothing of a member of its view knows by now, and who hears again too."""
        for name, member in list(self.members.items()):
            for each in member.view.peers if member.view is not None else ():
                if each.name == name:
                    continue
                there = self.members.get(each.name)
                hears = there is not None and there.me.incarnation == each.incarnation and self.reaches(name, each.name)
                if name not in self.members:
                    break
                if not hears:
                    self.members[name] = group.silence(self.members[name], each.name, self.now_ms)
                elif each.name in self.members[name].silent:
                    self.put(name, group.heard(self.members[name], each.name, self.now_ms))

    def wait(self, ms: int) -> None:
        """Time passes; everything that is due happens, and every message arrives at once."""
        until_ms = self.now_ms + ms
        self.notice()
        self.settle()
        while True:
            due = [members.due_ms(member, self.now_ms) for member in self.members.values()]
            next_ms = min((each for each in due if each is not None), default=until_ms + 1)
            if next_ms > until_ms:
                break
            self.now_ms = max(next_ms, self.now_ms + 1)
            self.tick()
            self.notice()
            self.settle()
        self.now_ms = until_ms

    def tick(self) -> None:
        for name in list(self.members):
            if name in self.members:
                self.put(name, group.tick(self.members[name], self.now_ms))

    # looking

    def states(self) -> dict[str, str]:
        return {name: member.state for name, member in sorted(self.members.items())}

    def primary(self) -> str:
        (name,) = [name for name, member in self.members.items() if member.orders]
        return name

    def version(self, name: str, version: str) -> None:
        member = self.members[name]
        self.members[name] = replace(member, me=member.me._replace(version=version))


def of(count: int) -> Net:
    """A group of so many members, all ONLINE; `a` is primary."""
    net = Net("abcdefghi"[:count])
    for name in list(net.members)[1:]:
        net.join(name)
        net.wait(5_000)
    return net
