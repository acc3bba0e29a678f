"""How the servers of a MySQL group agree: each member is plain data, and answers messages with messages. Pure.

    member, messages = receive(member, message, now_ms)

A **view** says who belongs to the group and who is primary. The next view is one decision by Paxos among the voting
members of the view before: whoever wants it asks for promises with a ballot, a majority promises and tells what it
holds, the value begins with the newest log among those, and is decided when a majority accepted it. From its promise on
a member takes no more transactions of the old view, so what a majority held before is in every view after.

A **transaction** is written by the primary into its own log, sent to all, and acknowledged once a majority of the view
holds it. So a primary that was left behind acknowledges nothing more, whatever it believes.

Models Group Replication as far as it can be seen from outside: silence of 5 s makes a member UNREACHABLE, after 5 s
more those who are a majority expel it; who leaves is missed at once; who is no majority waits for ever. How XCom orders
messages is left out. Called by servers.py, which says who reaches whom, and by whoever tries to break it (the tests).
"""

from __future__ import annotations

from dataclasses import replace

from app.operators.mysql import deciding, views
from app.operators.mysql.members import (
    RETRY_MS,
    Accept,
    Accepted,
    Ack,
    Answer,
    Append,
    Decide,
    Envelope,
    Fetch,
    Hello,
    Join,
    Leave,
    Member,
    Message,
    Prepare,
    Promise,
    Recovered,
    number,
)
from app.operators.mysql.views import Log, Peer, View

# ---------------------------------------------------------------------------------------------------- orders


def started(me: Peer, log: Log = (), committed: int = 0, last_view: int = 0) -> Member:
    """A server that has just started, with what is on its disk. It belongs to no group."""
    return Member(me, log=log, committed=committed, last_view=last_view)


def bootstrap(member: Member, *, multi: bool = False) -> Member:
    """Begin a group of its own: the first one, or the one that goes on after all have stopped."""
    me = member.me._replace(online=True)
    view = View(member.last_view + 1, (me,), me.name, member.log, multi)
    alone = started(me, member.log, views.length(member.log), view.number)
    return replace(alone, view=view, installed=True)


def join(member: Member, seeds: tuple[str, ...], recovery_ms: int, now_ms: int) -> Answer:
    """Ask these to be taken in."""
    wanting = replace(member, seeds=seeds, recovery_ms=recovery_ms, retry_at_ms=now_ms + RETRY_MS)
    return wanting, _asking(wanting)


def leave(member: Member) -> Answer:
    """Say goodbye; the others make a view without it, and it stays until that is decided."""
    others = [peer.name for peer in member.view.peers if peer.name != member.me.name] if member.view else []
    if not others:
        return started(member.me, member.log, member.committed, member.last_view), []
    goodbye = Leave(member.me.name, member.me.incarnation)
    return replace(member, goes=True), [Envelope(name, goodbye) for name in others]


def force(member: Member, names: tuple[str, ...], now_ms: int) -> Answer:
    """Go on with these alone, though they are no majority: safe only if the others never come back."""
    return deciding.propose(replace(member, forced=names), now_ms) if member.votes else (member, [])


def write(member: Member, count: int) -> Answer:
    """Write so many transactions; each is acknowledged once `committed` has come so far."""
    assert member.orders
    assert member.view is not None
    return _spread(_commit(replace(member, log=views.grown(member.log, member.view.number, count))))


def certify(member: Member, row: str, snapshot: int, entry: int) -> tuple[Member, bool]:
    """Where all write: whether a transaction that changed `row` may become that entry, if who wrote it knew the first
    `snapshot` entries. Of two that changed the same row without knowing of each other the first one wins."""
    assert member.view is not None
    if snapshot < max(member.rows.get(row, 0), views.length(member.view.base)):
        return member, False
    return replace(member, rows={**member.rows, row: entry}), True


# --------------------------------------------------------------------------------------------- what it hears


def silence(member: Member, name: str, since_ms: int) -> Member:
    """Nothing is heard of that one any more."""
    return member if name in member.silent else replace(member, silent={**member.silent, name: since_ms})


def heard(member: Member, name: str, now_ms: int) -> Answer:
    """That one is heard again: who has the newer view tells the other."""
    member = replace(member, silent={each: since for each, since in member.silent.items() if each != name})
    if member.view is None:
        return member, []
    member, messages = deciding.pursue(member, now_ms)
    return member, [Envelope(name, Hello(member.me.name, number(member))), *messages]


def tick(member: Member, now_ms: int) -> Answer:
    """What it does by itself when its time has come."""
    if member.view is None:
        if member.retry_at_ms is None or now_ms < member.retry_at_ms:
            return member, []
        return replace(member, retry_at_ms=now_ms + RETRY_MS), _asking(member)
    if member.recovered_at_ms is not None and now_ms >= member.recovered_at_ms:
        donor = next((name for name in reversed(member.view.voters) if name not in member.silent), "")
        member = replace(member, recovered_at_ms=now_ms + RETRY_MS)
        return member, [Envelope(donor, Fetch(member.me.name, number(member)))] if donor else []
    return deciding.pursue(member, now_ms)


def _asking(member: Member) -> list[Envelope]:
    wish = Join(member.me.name, member.me._replace(online=False), views.head(member.log, member.committed))
    return [Envelope(seed, wish) for seed in member.seeds]


# --------------------------------------------------------------------------------------------------- receiving


def receive(member: Member, message: Message, now_ms: int) -> Answer:
    """What comes of a message; one of another view is answered with the newer one of both."""
    match message:
        case Decide():
            return _decided(member, message.value, now_ms)
        case Join():
            return _joins(member, message, now_ms)
        case Leave():
            gone = (message.sender, message.incarnation)
            return deciding.pursue(replace(member, leaving=(*member.leaving, gone)), now_ms)
    if member.view is None or member.view.number != message.view:
        return member, _news_for(member, message.sender, message.view)
    match message:
        case Prepare():
            return deciding.prepare(member, message, now_ms)
        case Promise():
            return deciding.promised(member, message, now_ms)
        case Accept():
            return deciding.accept(member, message, now_ms)
        case Accepted():
            return deciding.accepted(member, message)
        case Append():
            return _append(member, message)
        case Ack():
            return _ack(member, message)
        case Fetch():
            return member, [Envelope(message.sender, _holding(member))] if member.votes else []
        case Recovered():
            return deciding.pursue(replace(member, arriving=_with(member.arriving, message.peer)), now_ms)
    return member, _lacking(member, message.sender)


def _news_for(member: Member, name: str, its_number: int) -> list[Envelope]:
    if member.view is None:
        return []
    if its_number > member.view.number:
        return [Envelope(name, Hello(member.me.name, number(member)))]
    return [Envelope(name, Decide(member.me.name, member.view))]


def _joins(member: Member, message: Join, now_ms: int) -> Answer:
    if not member.votes or not views.begins_with(member.log, message.log):
        return member, []  # it is no member itself, or the other holds what nobody here ever wrote
    assert member.view is not None
    if member.view.has(message.peer):
        return member, [Envelope(message.sender, Decide(member.me.name, member.view))]
    return deciding.pursue(replace(member, arriving=_with(member.arriving, message.peer)), now_ms)


def _with(arriving: tuple[Peer, ...], peer: Peer) -> tuple[Peer, ...]:
    return (*(each for each in arriving if each.name != peer.name), peer)


# ----------------------------------------------------------------------------------------------- a new view


def _decided(member: Member, view: View, now_ms: int) -> Answer:
    if member.expelled or view.number <= number(member):
        return member, []
    if not view.has(member.me):
        if member.view is None:
            return member, []
        out = started(member.me, member.log, member.committed, member.last_view)
        return replace(out, expelled=not member.goes), []
    return _enter(member, view, now_ms)


def _enter(member: Member, view: View, now_ms: int) -> Answer:
    peer = view.peer(member.me.name)
    assert peer is not None
    first = member.view is None
    names = {each.name for each in view.peers}
    entered = replace(
        started(peer, member.log, member.committed, view.number),
        view=view,
        silent={name: since for name, since in member.silent.items() if name in names},
        arriving=tuple(each for each in member.arriving if not _is_met(view, each)),
        leaving=tuple(each for each in member.leaving if view.peer(each[0]) is not None),
        forced=member.forced if not names <= set(member.forced) else (),
        goes=member.goes,
        recovery_ms=member.recovery_ms,
        recovered_at_ms=now_ms + member.recovery_ms if first else member.recovered_at_ms,
    )
    if not peer.online:
        return entered, []
    base = view.base
    voting = replace(entered, installed=True, log=base, committed=views.length(base), recovered_at_ms=None)
    voting, messages = deciding.pursue(voting, now_ms)
    if view.primary != peer.name:
        messages = [Envelope(view.primary, Ack(peer.name, view.number, views.length(base))), *messages]
    return voting, messages


def _is_met(view: View, wish: Peer) -> bool:
    """It is in the view as it wants to be, or can never be."""
    there = view.peer(wish.name)
    if there is None:
        return wish.online  # who recovered was expelled meanwhile
    return there.incarnation == wish.incarnation and there.online >= wish.online


# --------------------------------------------------------------------------------------------- transactions


def _holding(member: Member) -> Append:
    assert member.view is not None
    return Append(member.me.name, member.view.number, member.log, member.committed)


def _spread(member: Member) -> Answer:
    assert member.view is not None
    others = [peer.name for peer in member.view.peers if peer.name != member.me.name]
    return member, [Envelope(name, _holding(member)) for name in others]


def _append(member: Member, message: Append) -> Answer:
    assert member.view is not None
    if member.votes:
        if member.promised is not None or message.sender != member.view.primary:
            return member, []
        member = _taken(member, message)
        return member, [Envelope(message.sender, Ack(member.me.name, message.view, views.length(member.log)))]
    if member.recovered_at_ms is None:
        return _taken(member, message), []
    caught_up = replace(_taken(replace(member, log=()), message), recovered_at_ms=None)
    told = Recovered(member.me.name, message.view, member.me._replace(online=True))
    return caught_up, deciding.to_voters(caught_up, told)


def _taken(member: Member, message: Append) -> Member:
    log = message.log if views.length(message.log) > views.length(member.log) else member.log
    return replace(member, log=log, committed=max(member.committed, min(message.committed, views.length(log))))


def _ack(member: Member, message: Ack) -> Answer:
    if not member.orders:
        return member, []
    known = max(member.held.get(message.sender, 0), message.length)
    before = member.committed
    member = _commit(replace(member, held={**member.held, message.sender: known}))
    if member.committed > before:
        return _spread(member)
    return member, _lacking(member, message.sender)


def _lacking(member: Member, name: str) -> list[Envelope]:
    """What the other does not hold yet."""
    behind = member.held.get(name, 0) < views.length(member.log)
    return [Envelope(name, _holding(member))] if member.orders and behind and name != member.me.name else []


def _commit(member: Member) -> Member:
    """A transaction is acknowledged when a majority of the view holds it."""
    assert member.view is not None
    others = (member.held.get(name, 0) for name in member.view.voters if name != member.me.name)
    lengths = sorted([views.length(member.log), *others], reverse=True)
    return replace(member, committed=max(member.committed, lengths[len(lengths) // 2]))
