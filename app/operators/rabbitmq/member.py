"""A member of a quorum queue, the entries of its log, and what members and channels are sent: plain data.

Used by raft.py, which says how they change, and by everybody who looks at them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from app.operators.rabbitmq.fifo import Command, Handed, Queue

FOLLOWER, PRE_VOTE, CANDIDATE, LEADER = "follower", "pre_vote", "candidate", "leader"


class Members(NamedTuple):
    """An entry of the log: who belongs to the queue from here on. Learners are sent everything, and have no vote."""

    voters: tuple[str, ...]
    learners: tuple[str, ...] = ()


class Began(NamedTuple):
    """An entry of the log: that one leads. What came before it is committed with it."""

    leader: str


class Entry(NamedTuple):
    term: int
    what: Command | Members | Began


class Snapshot(NamedTuple):
    """What the log came to."""

    upto: int  # the last entry that is in it
    term: int
    queue: Queue
    members: Members


class Peer(NamedTuple):
    """What a leader knows of another member."""

    next: int  # the entry that it is sent next
    match: int = 0  # up to here it has what the leader has
    told: int = 0  # the commit index that it was told


class Tally(NamedTuple):
    """An election, as the one who stands sees it."""

    since_ms: int
    last: int  # its last entry
    would: tuple[str, ...]  # who said that they would vote for it
    votes: tuple[str, ...] = ()


class Member(NamedTuple):
    name: str  # the server that it is on
    seed: str
    snapshot: Snapshot
    # on its disk
    term: int = 0
    voted_for: str = ""
    log: tuple[Entry, ...] = ()  # after the snapshot
    draws: int = 0
    # in memory
    role: str = FOLLOWER
    leader: str = ""  # "": it knows none
    commit: int = 0
    queue: Queue = Queue()  # after what is committed
    timer_ms: int | None = None
    tally: Tally | None = None
    peers: Mapping[str, Peer] = {}

    @property
    def last(self) -> int:
        return self.snapshot.upto + len(self.log)

    @property
    def members(self) -> Members:
        """They count from when they are in the log."""
        return self.members_at(self.last)

    def members_at(self, index: int) -> Members:
        found = (each.what for each in reversed(self.log[: index - self.snapshot.upto]))
        return next((each for each in found if isinstance(each, Members)), self.snapshot.members)

    def term_at(self, index: int) -> int:
        """Of an entry that it has."""
        place = index - self.snapshot.upto
        return self.log[place - 1].term if place else self.snapshot.term

    @property
    def is_settled(self) -> bool:
        """It leads, and all that was ever committed is applied."""
        return self.role == LEADER and self.term_at(self.commit) == self.term


# ---------------------------------------------------------------------------------------------- messages


class PreVote(NamedTuple):
    sender: str
    term: int
    last: int
    last_term: int
    draw: int  # which of its tries


class WouldVote(NamedTuple):
    sender: str
    term: int
    draw: int
    granted: bool


class RequestVote(NamedTuple):
    sender: str
    term: int
    last: int
    last_term: int


class Voted(NamedTuple):
    sender: str
    term: int
    granted: bool


class Append(NamedTuple):
    sender: str
    term: int
    previous: int
    previous_term: int
    entries: tuple[Entry, ...]
    commit: int


class Install(NamedTuple):
    sender: str
    term: int
    snapshot: Snapshot


class Appended(NamedTuple):
    sender: str
    term: int
    success: bool
    last: int  # up to where they agree, or may


class Stand(NamedTuple):
    """From a leader that goes: no need to ask whether it would win."""

    sender: str
    term: int


class Answer(NamedTuple):
    """To a channel: its commands up to that number are committed."""

    channel: str
    number: int


class Deliver(NamedTuple):
    """To a channel, which does not listen to a leader of an older term than it knows."""

    channel: str
    handed: Handed
    term: int


Message = PreVote | WouldVote | RequestVote | Voted | Append | Install | Appended | Stand
Sent = tuple[tuple[str, Any], ...]
"""To which server, and what: a Message to its member, an Answer or Deliver to one of its channels."""


class Done(NamedTuple):
    member: Member
    sent: Sent = ()


def draw(seed: str, count: int, lot: int) -> int:
    """A number from 1 to `lot` that nobody foresees and a replay draws again."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{count}".encode()).digest()[:8]) % lot + 1


def majority(members: Members) -> int:
    return len(members.voters) // 2 + 1


def server_of(channel: str) -> str:
    return channel.partition("/")[0]
