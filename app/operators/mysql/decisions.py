"""Why a member is primary: what was seen when a view began, who could be chosen, and what decided. Data to show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from app.api.mysql_groups import SILENT_MS
from app.operators.mysql import views
from app.operators.mysql.views import Peer, View

BEGINS, STAYS, ONLY, VERSION, WEIGHT, UUID = "begins", "stays", "only-one", "version", "weight", "uuid"


class Candidate(NamedTuple):
    name: str
    version: str
    weight: int
    uuid: str


class Missed(NamedTuple):
    """A member of the view before that is in this one no more. Who said goodbye was silent for no time."""

    name: str
    since_ms: int  # nothing was heard of it from then on
    unreachable_ms: int | None = None  # it was suspected from then on; None: it did not come to that


class Decision(NamedTuple):
    """Of a view, by the one who is primary in it."""

    at_ms: int
    view: int
    primary: str
    was: str  # primary in the view before; "": there was none
    why: str  # begins, stays, only-one, version, weight or uuid
    missed: tuple[Missed, ...]
    candidates: tuple[Candidate, ...]  # in the order of choice

    @property
    def is_failover(self) -> bool:
        return bool(self.was) and self.was != self.primary


def decision(before: View | None, view: View, silent: Mapping[str, int], at_ms: int) -> Decision:
    voters = sorted((peer for peer in view.peers if peer.online), key=views.rank)
    candidates = tuple(Candidate(peer.name, peer.version, peer.weight, peer.uuid) for peer in voters)
    was = before.primary if before is not None else ""
    gone = [peer.name for peer in before.peers if not view.has(peer)] if before is not None else []
    missed = tuple(_missed(name, silent.get(name, at_ms), at_ms) for name in gone)
    return Decision(at_ms, view.number, view.primary, was, _why(before, view, voters), missed, candidates)


def _missed(name: str, since_ms: int, at_ms: int) -> Missed:
    unreachable_ms = since_ms + SILENT_MS
    return Missed(name, since_ms, unreachable_ms if unreachable_ms <= at_ms else None)


def _why(before: View | None, view: View, voters: list[Peer]) -> str:
    if before is None:
        return BEGINS
    if before.primary == view.primary:
        return STAYS
    if len(voters) < 2:
        return ONLY
    first, second = voters[:2]
    if views.version_key(first.version) != views.version_key(second.version):
        return VERSION
    return WEIGHT if first.weight != second.weight else UUID
