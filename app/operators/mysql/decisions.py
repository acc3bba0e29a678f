"""Why a member is primary: what was seen when a view began, who could be chosen, and what decided. Data to show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from app.operators.mysql import views
from app.operators.mysql.views import Peer, View

BEGINS, STAYS, ONLY, VERSION, WEIGHT, UUID = "begins", "stays", "only-one", "version", "weight", "uuid"


class Candidate(NamedTuple):
    name: str
    version: str
    weight: int
    uuid: str


class Decision(NamedTuple):
    """Of a view, by the one who is primary in it."""

    at_ms: int
    view: int
    primary: str
    was: str  # primary in the view before; "": there was none
    why: str  # begins, stays, only-one, version, weight or uuid
    missed: tuple[
        tuple[str, int], ...
    ]  # members of the view before that are in this one no more, and since when silent
    candidates: tuple[Candidate, ...]  # in the order of choice

    @property
    def is_failover(self) -> bool:
        return bool(self.was) and self.was != self.primary


def decision(before: View | None, view: View, silent: Mapping[str, int], at_ms: int) -> Decision:
    voters = sorted((peer for peer in view.peers if peer.online), key=views.rank)
    candidates = tuple(Candidate(peer.name, peer.version, peer.weight, peer.uuid) for peer in voters)
    was = before.primary if before is not None else ""
    gone = [peer.name for peer in before.peers if not view.has(peer)] if before is not None else []
    missed = tuple((name, silent.get(name, at_ms)) for name in gone)
    return Decision(at_ms, view.number, view.primary, was, _why(before, view, voters), missed, candidates)


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
