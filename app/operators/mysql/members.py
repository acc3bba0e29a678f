"""A member of a replication group, as plain data, and the messages that members send each other. See group.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from app.api.mysql_groups import SILENT_MS as SILENT_MS
from app.operators.mysql import views
from app.operators.mysql.views import Log, Peer, View

EXPEL_MS = 5_000
RETRY_MS = 1_000

OFFLINE, RECOVERING, ONLINE, ERROR = "OFFLINE", "RECOVERING", "ONLINE", "ERROR"

Ballot = tuple[int, str]  # a round, and who made it


class Proposal(NamedTuple):
    """Of the one who wants a view."""

    ballot: Ballot
    promises: tuple[Promise, ...] = ()
    value: View | None = None  # as soon as a majority promised
    accepted_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    me: Peer
    view: View | None = None
    installed: bool = False  # it holds the base of its view, so that it may vote
    log: Log = ()  # on its disk
    committed: int = 0  # entries of it that a majority held; on its disk, too
    last_view: int = 0  # the newest that it belonged to; on its disk, too
    promised: Ballot | None = None
    accepted: tuple[Ballot, View] | None = None
    proposal: Proposal | None = None
    held: dict[str, int] = field(default_factory=dict)  # as primary: how much of its log each of the others holds
    rows: dict[str, int] = field(default_factory=dict)  # where all write: which entry changed a row last
    silent: dict[str, int] = field(default_factory=dict)  # members that it hears nothing of, and since when
    leaving: tuple[tuple[str, int], ...] = ()  # incarnations that said that they go
    arriving: tuple[Peer, ...] = ()  # those that want to join, or have recovered
    forced: tuple[str, ...] = ()  # somebody ordered that these go on alone
    goes: bool = False  # it said goodbye
    seeds: tuple[str, ...] = ()  # as one that wants to join: whom it asks
    recovery_ms: int = 0  # how long it takes to recover
    recovered_at_ms: int | None = None
    retry_at_ms: int | None = None
    expelled: bool = False

    @property
    def state(self) -> str:
        if self.expelled:
            return ERROR
        if self.view is None:
            return OFFLINE
        return ONLINE if self.votes else RECOVERING

    @property
    def votes(self) -> bool:
        return self.view is not None and self.installed and self.me.name in self.view.voters

    @property
    def orders(self) -> bool:
        """It is primary, or where all write the one that puts transactions in order; and its view has not ended."""
        return self.votes and self.promised is None and self.view is not None and self.view.primary == self.me.name


# -------------------------------------------------------------------------------------------------- messages


class Prepare(NamedTuple):
    sender: str
    view: int
    ballot: Ballot


class Promise(NamedTuple):
    sender: str
    view: int
    ballot: Ballot
    log: Log
    accepted: tuple[Ballot, View] | None


class Accept(NamedTuple):
    sender: str
    view: int
    ballot: Ballot
    value: View


class Accepted(NamedTuple):
    sender: str
    view: int
    ballot: Ballot


class Decide(NamedTuple):
    sender: str
    value: View


class Append(NamedTuple):
    """What the primary holds, and how much of it is committed."""

    sender: str
    view: int
    log: Log
    committed: int


class Ack(NamedTuple):
    sender: str
    view: int
    length: int


class Join(NamedTuple):
    sender: str
    peer: Peer
    log: Log  # what it committed before


class Recovered(NamedTuple):
    sender: str
    view: int
    peer: Peer


class Fetch(NamedTuple):
    """A member that recovers asks for what it misses."""

    sender: str
    view: int


class Leave(NamedTuple):
    sender: str
    incarnation: int


class Hello(NamedTuple):
    sender: str
    view: int


Message = Prepare | Promise | Accept | Accepted | Decide | Append | Ack | Join | Recovered | Fetch | Leave | Hello


class Envelope(NamedTuple):
    to: str
    message: Message


Answer = tuple[Member, list[Envelope]]


# ------------------------------------------------------------------------------------------------- looking


def is_unreachable(member: Member, name: str, now_ms: int) -> bool:
    since = member.silent.get(name)
    return since is not None and now_ms >= since + SILENT_MS


def has_majority(member: Member, now_ms: int) -> bool:
    """As far as it knows: an UNREACHABLE member does not count."""
    if member.view is None:
        return False
    reached = [name for name in member.view.voters if not is_unreachable(member, name, now_ms)]
    return views.is_majority(reached, member.view.voters)


def number(member: Member) -> int:
    """Of its view; 0: it has none."""
    return member.view.number if member.view is not None else 0


def due_ms(member: Member, now_ms: int) -> int | None:
    """When it is to be woken by `tick`, if at all; what was due by now was done."""
    times = [each for each in (member.retry_at_ms, member.recovered_at_ms) if each is not None]
    if member.view is not None:
        for name, since_ms in member.silent.items():
            if member.view.peer(name) is not None:
                marks = (since_ms + SILENT_MS, since_ms + SILENT_MS + EXPEL_MS)
                times += [mark for mark in marks if mark > now_ms]
    return min(times, default=None)
