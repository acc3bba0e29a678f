"""How members come to agree on the next view: Paxos, one decision for each view. See group.py.

Who wants another view (`pursue`) asks the voting members of this one for promises with a ballot (`propose`, `prepare`).
A majority promises; what is proposed then is what one of them accepted before, or what is wanted (`promised`). Once a
majority accepted that (`accept`, `accepted`) it is decided, whoever is lost afterwards.
"""

from __future__ import annotations

from dataclasses import replace

from app.operators.mysql import views
from app.operators.mysql.members import (
    EXPEL_MS,
    RETRY_MS,
    SILENT_MS,
    Accept,
    Accepted,
    Answer,
    Decide,
    Envelope,
    Member,
    Message,
    Prepare,
    Promise,
    Proposal,
    number,
)
from app.operators.mysql.views import Peer, View


def _wanted(member: Member, now_ms: int) -> tuple[Peer, ...]:
    """Who should belong to the next view."""
    assert member.view is not None
    peers = [peer for peer in member.view.peers if _stays(member, peer, now_ms)]
    names = {peer.name for peer in peers}
    for wish in member.arriving:
        if member.view.has(wish):
            peers = [wish if peer.name == wish.name else peer for peer in peers]
        elif wish.name not in names and not wish.online:
            peers.append(wish)
    return tuple(peers)


def _stays(member: Member, peer: Peer, now_ms: int) -> bool:
    if member.forced:
        return peer.name in member.forced
    since = member.silent.get(peer.name)
    is_expelled = since is not None and now_ms >= since + SILENT_MS + EXPEL_MS
    return not is_expelled and (peer.name, peer.incarnation) not in member.leaving


def pursue(member: Member, now_ms: int) -> Answer:
    """Propose another view if one is wanted and can be had: the first that is there does so at once, the others later,
    in case that one does not come to it."""
    if not member.votes or member.view is None:
        return member, []
    wanted = _wanted(member, now_ms)
    if wanted == member.view.peers and member.promised is None:
        return replace(member, retry_at_ms=None), []
    reached = [name for name in member.view.voters if name not in member.silent]
    voting = any(peer.online for peer in wanted)
    if not voting or not (member.forced or views.is_majority(reached, member.view.voters)):
        return replace(member, retry_at_ms=None), []  # it waits until somebody is heard again
    if member.retry_at_ms is None and (place := _place(member, reached)):
        return replace(member, retry_at_ms=now_ms + place * RETRY_MS), []
    if member.retry_at_ms is None or now_ms >= member.retry_at_ms:
        return propose(member, now_ms)
    return member, []


def _place(member: Member, reached: list[str]) -> int:
    """Its turn among those that could propose: 0 is the first. One that promised waits for who asked it to."""
    staying = [name for name in reached if name not in {each for each, _ in member.leaving}] or reached
    place = staying.index(member.me.name) if member.me.name in staying else len(staying)
    return place + 1 if member.promised is not None else place


def propose(member: Member, now_ms: int) -> Answer:
    assert member.view is not None
    ballot = ((member.promised[0] if member.promised else 0) + 1, member.me.name)
    place = member.view.voters.index(member.me.name)
    member = replace(member, proposal=Proposal(ballot), retry_at_ms=now_ms + (1 + place) * RETRY_MS)
    return member, to_voters(member, Prepare(member.me.name, number(member), ballot))


def _suffices(member: Member, names: tuple[str, ...]) -> bool:
    assert member.view is not None
    if member.forced:
        return set(member.forced) & set(member.view.voters) <= set(names)
    return views.is_majority(names, member.view.voters)


def to_voters(member: Member, message: Message) -> list[Envelope]:
    assert member.view is not None
    return [Envelope(name, message) for name in member.view.voters]


def prepare(member: Member, message: Prepare, now_ms: int) -> Answer:
    if not member.votes or (member.promised is not None and message.ballot <= member.promised):
        return member, []
    member = replace(member, promised=message.ballot)
    if message.sender != member.me.name:
        member, _ = pursue(replace(member, retry_at_ms=None), now_ms)  # it only sets the time to try it itself
    promise = Promise(member.me.name, message.view, message.ballot, member.log, member.accepted)
    return member, [Envelope(message.sender, promise)]


def promised(member: Member, message: Promise, now_ms: int) -> Answer:
    mine = member.proposal
    if mine is None or mine.ballot != message.ballot or mine.value is not None or member.view is None:
        return member, []
    mine = mine._replace(promises=(*mine.promises, message))
    if not _suffices(member, tuple(each.sender for each in mine.promises)):
        return replace(member, proposal=mine), []
    earlier = [each.accepted for each in mine.promises if each.accepted is not None]
    base = views.newest(each.log for each in mine.promises)
    wanted = _wanted(member, now_ms)
    if not earlier and not any(peer.online for peer in wanted):
        return member, []
    value = max(earlier)[1] if earlier else views.successor(member.view, wanted, base)
    member = replace(member, proposal=mine._replace(value=value))
    return member, to_voters(member, Accept(member.me.name, message.view, mine.ballot, value))


def accept(member: Member, message: Accept, now_ms: int) -> Answer:
    if not member.votes or (member.promised is not None and message.ballot < member.promised):
        return member, []
    member = replace(member, promised=message.ballot, accepted=(message.ballot, message.value))
    return member, [Envelope(message.sender, Accepted(member.me.name, message.view, message.ballot))]


def accepted(member: Member, message: Accepted) -> Answer:
    mine = member.proposal
    if mine is None or mine.ballot != message.ballot or mine.value is None or member.view is None:
        return member, []
    mine = mine._replace(accepted_by=(*mine.accepted_by, message.sender))
    member = replace(member, proposal=mine)
    if not _suffices(member, mine.accepted_by):
        return member, []
    return member, _telling(member, mine.value)


def _telling(member: Member, decided: View | None) -> list[Envelope]:
    assert decided is not None
    assert member.view is not None
    names = dict.fromkeys(peer.name for peer in (*decided.peers, *member.view.peers))
    return [Envelope(name, Decide(member.me.name, decided)) for name in names]
