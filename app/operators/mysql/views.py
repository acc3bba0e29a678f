"""What the members of a replication group agree on: views, who is primary in one, and a log of transactions.

Everything here is data that never changes, and arithmetic on it. How members come to agree is in group.py.

A log is what a server holds of the group's transactions: entries 1, 2, 3, ... each named after the view that it was
written in. Within one view there is one primary that numbers them, so of two logs that end in the same view one begins
with the other; and it is enough to keep, for each view, up to which entry it wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Peer(NamedTuple):
    """A member, as a view names it. A server that starts again is another incarnation: it has to join anew."""

    name: str
    incarnation: int
    uuid: str
    version: str = "9.1.0"
    weight: int = 50
    online: bool = True  # False: it still recovers what it missed, and has no vote


class Span(NamedTuple):
    """Entries of a log that one view wrote: those after the span before, up to `upto`."""

    view: int
    upto: int


Log = tuple[Span, ...]


class View(NamedTuple):
    number: int
    peers: tuple[Peer, ...]  # in the order in which they came
    primary: str  # of those that vote; where all write, the one that puts their transactions in order
    base: Log  # what every voting member holds when the view begins
    multi: bool = False  # all write

    @property
    def voters(self) -> tuple[str, ...]:
        return tuple(peer.name for peer in self.peers if peer.online)

    @property
    def writers(self) -> tuple[str, ...]:
        return self.voters if self.multi else (self.primary,)

    def peer(self, name: str) -> Peer | None:
        return next((peer for peer in self.peers if peer.name == name), None)

    def has(self, who: Peer) -> bool:
        """That very incarnation."""
        peer = self.peer(who.name)
        return peer is not None and peer.incarnation == who.incarnation


def is_majority(names: Iterable[str], voters: Sequence[str]) -> bool:
    return len(set(names) & set(voters)) * 2 > len(voters)


# ------------------------------------------------------------------------------------------------ primary


def elect(peers: Iterable[Peer]) -> Peer:
    """The lowest version first, then the highest weight, then the lowest uuid in the order of text."""
    return min(peers, key=rank)


def rank(peer: Peer) -> tuple[tuple[int, ...], int, str]:
    return version_key(peer.version), -peer.weight, peer.uuid


def version_key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.partition("-")[0].split(".") if part.isdigit())


def successor(view: View, peers: tuple[Peer, ...], base: Log) -> View:
    """The view after `view` with these members: its primary stays if it can, else there is an election."""
    voters = [peer for peer in peers if peer.online]
    stays = next((peer for peer in voters if peer.name == view.primary and view.has(peer)), None)
    primary = stays or elect(voters)
    return View(view.number + 1, peers, primary.name, base, view.multi)


# ---------------------------------------------------------------------------------------------------- logs


def length(log: Log) -> int:
    return log[-1].upto if log else 0


def grown(log: Log, view: int, by: int) -> Log:
    """With so many entries more, written in that view."""
    kept = log[:-1] if log and log[-1].view == view else log
    return (*kept, Span(view, length(log) + by))


def head(log: Log, upto: int) -> Log:
    """Its first `upto` entries."""
    kept: list[Span] = []
    for span in log:
        before = kept[-1].upto if kept else 0
        if before < upto:
            kept.append(Span(span.view, min(span.upto, upto)))
    return tuple(kept)


def newest(logs: Iterable[Log]) -> Log:
    """The log that holds all that was acknowledged, if the others were of a majority."""
    return max(logs, key=newest_key)


def newest_key(log: Log) -> tuple[int, int]:
    return log[-1].view if log else 0, length(log)


def begins_with(log: Log, other: Log) -> bool:
    return head(log, length(other)) == other


def common(log: Log, other: Log) -> int:
    """How many entries both begin with."""
    same = 0
    for mine, its in zip(log, other, strict=False):
        if mine.view != its.view:
            break
        same = min(mine.upto, its.upto)
        if mine.upto != its.upto:
            break
    return same
