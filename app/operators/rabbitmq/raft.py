"""Raft, as the members of a quorum queue speak it: who leads, what the log holds, and when an entry counts for good.

Every function takes a member (member.py) and returns it as it is then, with what it sends. A follower that lost its
leader asks first whether it would win (pre_vote), then stands (candidate); who has the votes of more than half of the
members leads. An entry that more than half of them have is committed, and applied (fifo.py). Time is given, timers are
data, and their lots are drawn from a seed that stands in the member. Called by simulation.py. Pure. Models Ra, the Raft
of RabbitMQ: an idle leader sends nothing, and followers watch its process instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.operators.rabbitmq import fifo
from app.operators.rabbitmq.fifo import Command, Handed, Queue
from app.operators.rabbitmq.member import (
    CANDIDATE,
    FOLLOWER,
    LEADER,
    PRE_VOTE,
    Answer,
    Append,
    Appended,
    Began,
    Deliver,
    Done,
    Entry,
    Install,
    Member,
    Members,
    Message,
    Peer,
    PreVote,
    RequestVote,
    Sent,
    Snapshot,
    Stand,
    Tally,
    Voted,
    WouldVote,
    draw,
    majority,
    server_of,
)  # fmt: skip

KEPT_ENTRIES = 32  # applied ones, until the log gives way to a snapshot


class Wait(NamedTuple):
    """How long a member waits until it asks for votes: `base_ms`, and a lot from 1 to `lot_ms`."""

    base_ms: int
    lot_ms: int


CLOSED = Wait(100, 500)  # the connection to the leader's server was closed
SILENT = Wait(5_000, 1_000)  # the server was suspected, since nothing came from it any more
AFTER_A_VOTE = Wait(1_000, 1_000)  # the one that was voted for may fail


# ---------------------------------------------------------------------------------- what happens to a member


def started(member: Member, now_ms: int) -> Member:
    """Its server starts: what was in memory is gone."""
    member = member._replace(
        role=FOLLOWER, leader="", commit=member.snapshot.upto, queue=member.snapshot.queue, timer_ms=None, tally=None,
        peers={},
    )  # fmt: skip
    return _waits(member, CLOSED, now_ms)


def lost(member: Member, server: str, wait: Wait, now_ms: int) -> Member:
    """That server is gone, as far as this member can tell."""
    if member.role != FOLLOWER or member.leader != server:
        return member
    return _waits(member._replace(leader=""), wait, now_ms)


def found(member: Member, server: str, now_ms: int) -> Done:
    """There is a connection to that server, anew."""
    if member.role == LEADER:
        if server not in member.peers:
            return Done(member)
        peer = member.peers[server]
        return _sends(member, (server,), {**member.peers, server: peer._replace(next=peer.match + 1)})
    if not member.leader and member.timer_ms is None:
        return Done(_waits(member, CLOSED, now_ms))
    return Done(member)


def due(member: Member, reachable: frozenset[str], now_ms: int) -> Done:
    """It has waited long enough. Without more than half of the voters a try cannot win, and is not made before another
    connection is found."""
    member = member._replace(timer_ms=None)
    voters = member.members.voters
    if member.role == LEADER or member.leader or member.name not in voters:
        return Done(member)
    if len(reachable & {*voters}) < majority(member.members):
        return Done(member._replace(role=FOLLOWER, tally=None))
    tally = Tally(member.tally.since_ms if member.tally else now_ms, member.last, (member.name,))
    member = _waits(member._replace(role=PRE_VOTE, tally=tally), CLOSED, now_ms)
    if majority(member.members) == 1:
        return _stand(member, now_ms)
    asks = PreVote(member.name, member.term, member.last, member.term_at(member.last), member.draws)
    return Done(member, _to_voters(member, asks))


def hands_over(member: Member, to: str) -> Done:
    """A leader that goes has another one stand."""
    return Done(member, ((to, Stand(member.name, member.term)),) if member.role == LEADER else ())


def propose(member: Member, entries: tuple[Command | Members, ...]) -> Done:
    """A leader takes them into its log, and sends them on."""
    if member.role != LEADER or not entries:
        return Done(member)
    member = member._replace(log=(*member.log, *(Entry(member.term, each) for each in entries)))
    return _spread(member)


def joins(member: Member, server: str) -> Done:
    """A new member there: a learner first, a voter once it has what the others have. One change at a time."""
    now = member.members
    if server in (*now.voters, *now.learners) or now != member.members_at(member.commit):
        return Done(member)
    return propose(member, (Members(now.voters, (*now.learners, server)),))


def receive(member: Member, message: Message, now_ms: int) -> Done:
    if message.term > member.term and not isinstance(message, PreVote):
        member = _follows(member._replace(term=message.term, voted_for=""), "", now_ms)
    match message:
        case PreVote():
            return _would_vote(member, message, now_ms)
        case RequestVote():
            return _vote(member, message, now_ms)
        case WouldVote():
            return _counts_would(member, message, now_ms)
        case Voted():
            return _counts_vote(member, message, now_ms)
        case Append() | Install():
            if message.term < member.term:
                return Done(member, ((message.sender, Appended(member.name, member.term, False, 0)),))
            member = _follows(member, message.sender, now_ms)
            return _takes(member, message) if isinstance(message, Append) else _installs(member, message.snapshot)
        case Appended():
            return _hears(member, message)
        case Stand():
            return _is_told_to_stand(member, message, now_ms)


def _waits(member: Member, wait: Wait, now_ms: int) -> Member:
    """A member that would be the only voter need not wait for anybody."""
    alone = member.members.voters == (member.name,)
    lot = 0 if alone else wait.base_ms + draw(member.seed, member.draws, wait.lot_ms)
    return member._replace(timer_ms=now_ms + lot, draws=member.draws + 1)


def _follows(member: Member, leader: str, now_ms: int) -> Member:
    member = member._replace(role=FOLLOWER, leader=leader, tally=None, peers={})
    if leader:
        return member._replace(timer_ms=None)
    return member if member.timer_ms is not None else _waits(member, CLOSED, now_ms)


# ---------------------------------------------------------------------------------------------- elections


def _is_up_to_date(member: Member, last: int, last_term: int) -> bool:
    return (last_term, last) >= (member.term_at(member.last), member.last)


def _would_vote(member: Member, asked: PreVote, now_ms: int) -> Done:
    """Not while it has a leader; one that leads says so. A leader that asks leads no more: it has started anew."""
    if member.role == LEADER:
        return _sends(member, (asked.sender,), member.peers) if asked.sender in member.peers else Done(member)
    if member.leader == asked.sender:
        member = member._replace(leader="")
    up_to_date = _is_up_to_date(member, asked.last, asked.last_term)
    granted = asked.term >= member.term and up_to_date and not member.leader
    if not up_to_date and not member.leader and member.timer_ms is None:
        member = _waits(member, CLOSED, now_ms)
    return Done(member, ((asked.sender, WouldVote(member.name, member.term, asked.draw, granted)),))


def _counts_would(member: Member, answer: WouldVote, now_ms: int) -> Done:
    if member.role != PRE_VOTE or member.tally is None or answer.draw != member.draws or not answer.granted:
        return Done(member)
    would = (*member.tally.would, *({answer.sender} - {*member.tally.would}))
    member = member._replace(tally=member.tally._replace(would=would))
    return _stand(member, now_ms) if len(would) >= majority(member.members) else Done(member)


def _stand(member: Member, now_ms: int) -> Done:
    assert member.tally is not None
    tally = member.tally._replace(votes=(member.name,))
    member = member._replace(role=CANDIDATE, term=member.term + 1, voted_for=member.name, leader="", tally=tally)
    member = _waits(member, CLOSED, now_ms)
    if majority(member.members) == 1:
        return _lead(member)
    asks = RequestVote(member.name, member.term, member.last, member.term_at(member.last))
    return Done(member, _to_voters(member, asks))


def _is_told_to_stand(member: Member, message: Stand, now_ms: int) -> Done:
    if message.term != member.term or member.role == LEADER or member.name not in member.members.voters:
        return Done(member)
    return _stand(member._replace(tally=Tally(now_ms, member.last, (member.name,))), now_ms)


def _vote(member: Member, asked: RequestVote, now_ms: int) -> Done:
    granted = (
        asked.term == member.term
        and member.role in (FOLLOWER, PRE_VOTE)
        and member.voted_for in ("", asked.sender)
        and _is_up_to_date(member, asked.last, asked.last_term)
    )
    if granted:
        member = _waits(member._replace(role=FOLLOWER, voted_for=asked.sender, tally=None), AFTER_A_VOTE, now_ms)
    return Done(member, ((asked.sender, Voted(member.name, member.term, granted)),))


def _counts_vote(member: Member, answer: Voted, now_ms: int) -> Done:
    if member.role != CANDIDATE or member.tally is None or answer.term != member.term or not answer.granted:
        return Done(member)
    votes = (*member.tally.votes, *({answer.sender} - {*member.tally.votes}))
    member = member._replace(tally=member.tally._replace(votes=votes))
    return _lead(member) if len(votes) >= majority(member.members) else Done(member)


def _lead(member: Member) -> Done:
    began = Entry(member.term, Began(member.name))
    member = member._replace(role=LEADER, leader=member.name, timer_ms=None, peers={}, log=(*member.log, began))
    return _spread(member)


def _to_voters(member: Member, message: Message) -> Sent:
    return tuple((voter, message) for voter in member.members.voters if voter != member.name)


# -------------------------------------------------------------------------------------------- replication


def _spread(member: Member) -> Done:
    """Each other member is sent what it has not been sent, and told what is committed."""
    now = member.members
    others = [each for each in (*now.voters, *now.learners) if each != member.name]
    peers = {each: member.peers.get(each, Peer(member.last)) for each in others}
    if majority(now) == 1:
        member, answers = _commits(member._replace(peers=peers), member.last)
    else:
        answers = ()
    news = tuple(
        each for each, peer in peers.items() if peer.next <= member.last or peer.told < member.commit
    )  # fmt: skip
    done = _sends(member, news, peers)
    return Done(done.member, (*answers, *done.sent))


def _sends(member: Member, servers: tuple[str, ...], peers: Mapping[str, Peer]) -> Done:
    sent: list[tuple[str, Any]] = []
    changed = dict(peers)
    for server in servers:
        peer = peers[server]
        previous = peer.next - 1
        if previous < member.snapshot.upto:
            sent.append((server, Install(member.name, member.term, member.snapshot)))
            previous = member.snapshot.upto
        entries = member.log[previous - member.snapshot.upto :]
        term = member.term_at(previous)
        sent.append((server, Append(member.name, member.term, previous, term, entries, member.commit)))
        changed[server] = peer._replace(next=member.last + 1, told=member.commit)
    return Done(member._replace(peers=changed), tuple(sent))


def _takes(member: Member, sent: Append) -> Done:
    """A follower makes its log what the leader's is."""
    overlap = max(0, member.snapshot.upto - sent.previous)  # those are committed, so they are the same
    previous, entries = sent.previous + overlap, sent.entries[overlap:]
    agreed = sent.previous + len(sent.entries)
    if agreed <= member.snapshot.upto:
        return Done(member, ((sent.sender, Appended(member.name, member.term, True, member.snapshot.upto)),))
    if previous > member.last or (not overlap and member.term_at(previous) != sent.previous_term):
        hint = min(member.last, previous - 1)
        return Done(member, ((sent.sender, Appended(member.name, member.term, False, hint)),))
    place = previous - member.snapshot.upto
    held = member.log[place : place + len(entries)]
    if held != entries:
        member = member._replace(log=(*member.log[:place], *entries))
    member, _ = _commits(member, min(sent.commit, agreed))
    return Done(member, ((sent.sender, Appended(member.name, member.term, True, agreed)),))


def _installs(member: Member, snapshot: Snapshot) -> Done:
    if snapshot.upto > member.commit:
        member = member._replace(snapshot=snapshot, log=(), commit=snapshot.upto, queue=snapshot.queue)
    answer = Appended(member.name, member.term, True, member.commit)
    return Done(member, ((member.leader, answer),))


def _hears(member: Member, answer: Appended) -> Done:
    """A leader learns what another member has."""
    peer = member.peers.get(answer.sender)
    if member.role != LEADER or peer is None or answer.term != member.term:
        return Done(member)
    if not answer.success:
        back = peer._replace(next=max(1, min(answer.last + 1, peer.next - 1)))
        return _sends(member, (answer.sender,), {**member.peers, answer.sender: back})
    if answer.last <= peer.match:
        return Done(member)
    peers = {**member.peers, answer.sender: peer._replace(match=answer.last, next=max(peer.next, answer.last + 1))}
    member, answers = _commits(member._replace(peers=peers), _agreed(member._replace(peers=peers)))
    done = _promotes(member) or _spread(member)
    return Done(done.member, (*answers, *done.sent))


def _agreed(member: Member) -> int:
    """The last entry that more than half of the voters have. Only one of its own term counts by that."""
    matches = sorted(
        (
            member.last if voter == member.name else member.peers.get(voter, Peer(0)).match
            for voter in member.members.voters
        ),
        reverse=True,
    )
    index = matches[majority(member.members) - 1]
    return index if index > member.commit and member.term_at(index) == member.term else member.commit


def _promotes(member: Member) -> Done | None:
    """A learner that has everything becomes a voter, if no other change is under way."""
    now = member.members
    ready = [each for each in now.learners if member.peers[each].match >= member.commit]
    if not ready or now != member.members_at(member.commit):
        return None
    learners = tuple(each for each in now.learners if each != ready[0])
    return propose(member, (Members((*now.voters, ready[0]), learners),))


def _commits(member: Member, index: int) -> tuple[Member, Sent]:
    """Apply what is committed now. Only a leader answers, and only to what came to it: of what came before channels
    will ask it again, and it hands out what is left of that once it has begun."""
    if index <= member.commit:
        return member, ()
    sent: list[tuple[str, Any]] = []
    queue = member.queue
    for entry in member.log[member.commit - member.snapshot.upto : index - member.snapshot.upto]:
        if isinstance(entry.what, Command):
            applied = fifo.apply(queue, entry.what)
            queue = applied.queue
            sent += _answers(queue, entry, applied.handed) if entry.term == member.term else []
        elif isinstance(entry.what, Began) and entry.term == member.term:
            sent += _held(queue, entry.term)
    member = _compacted(member._replace(commit=index, queue=queue))
    return member, tuple(sent) if member.role == LEADER else ()


def _answers(queue: Queue, entry: Entry, handed: tuple[tuple[str, Handed], ...]) -> list[tuple[str, Any]]:
    assert isinstance(entry.what, Command)
    channel = entry.what.channel
    sent: list[tuple[str, Any]] = []
    if entry.what.number:
        sent.append((server_of(channel), Answer(channel, queue.numbers.get(channel, entry.what.number))))
    return sent + [(server_of(to), Deliver(to, each, entry.term)) for to, each in handed]


def _held(queue: Queue, term: int) -> list[tuple[str, Any]]:
    return [
        (server_of(channel), Deliver(channel, each, term)) for channel, held in queue.out.items() for each in held
    ]  # fmt: skip


def handed_out(member: Member, server: str) -> Sent:
    """To channels of that server, once more: what was on its way may be lost, and they know what they had."""
    return tuple(each for each in _held(member.queue, member.term) if each[0] == server) if member.is_settled else ()


def _compacted(member: Member) -> Member:
    applied = member.commit - member.snapshot.upto
    if applied <= KEPT_ENTRIES:
        return member
    snapshot = Snapshot(
        member.commit, member.term_at(member.commit), member.queue, member.members_at(member.commit)
    )  # fmt: skip
    return member._replace(snapshot=snapshot, log=member.log[applied:])
