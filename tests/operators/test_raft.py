"""Raft of quorum queues, pure: members are data, and what they do follows from what they are told."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from app.operators.rabbitmq import fifo, raft
from app.operators.rabbitmq.fifo import Command, Handed, Queue
from app.operators.rabbitmq.member import (
    FOLLOWER,
    Append,
    Began,
    Deliver,
    Entry,
    Member,
    Members,
    PreVote,
    RequestVote,
    Snapshot,
    server_of,
)  # fmt: skip
from app.operators.rabbitmq.state import Place, Wire
from tests.support.queues import QueueWorld, break_it, random_run

pytestmark = pytest.mark.long

NAMES = ("r-server-0", "r-server-1", "r-server-2")


def member(name: str = "r-server-1", *, log: tuple[Entry, ...] = (), **fields: object) -> Member:
    snapshot = Snapshot(0, 0, Queue(), Members(NAMES))
    return Member(name, f"orders/{name}", snapshot, log=log)._replace(**fields)  # type: ignore[arg-type]


ONE = (Entry(1, Began("r-server-0")),)

# ------------------------------------------------------------------------------------------------ decisions

WOULD = {
    "it knows no leader, and its log is no longer": (member(term=1, log=ONE), PreVote("r-server-2", 1, 1, 1, 7), True),
    "it has a leader": (member(term=1, log=ONE, leader="r-server-0"), PreVote("r-server-2", 1, 1, 1, 7), False),
    "the leader itself asks, for it has started anew": (
        member(term=1, log=ONE, leader="r-server-2"),
        PreVote("r-server-2", 1, 1, 1, 7),
        True,
    ),
    "its log is longer": (member(term=1, log=ONE * 2), PreVote("r-server-2", 1, 1, 1, 7), False),
    "its log is of a newer term": (
        member(term=2, log=(Entry(2, Began("r-server-0")),)),
        PreVote("r-server-2", 2, 9, 1, 7),
        False,
    ),
    "the term of the one that asks is old": (member(term=3, log=ONE), PreVote("r-server-2", 2, 1, 1, 7), False),
}


@pytest.mark.parametrize(("who", "asked", "granted"), WOULD.values(), ids=WOULD)
def test_whether_it_would_vote(who: Member, asked: PreVote, granted: bool) -> None:
    done = raft.receive(who, asked, 0)
    assert [(to, answer.granted) for to, answer in done.sent] == [("r-server-2", granted)]
    assert done.member.term == who.term, "a question moves no term"


def test_it_votes_once_in_a_term() -> None:
    first = raft.receive(member(log=ONE, term=1), RequestVote("r-server-2", 2, 1, 1), 0)
    again = raft.receive(first.member, RequestVote("r-server-0", 2, 1, 1), 0)
    assert [answer.granted for _, answer in (*first.sent, *again.sent)] == [True, False]


WAITS = {
    "connection closed": (raft.CLOSED, 101, 600),
    "suspected": (raft.SILENT, 5_001, 6_000),
}


@pytest.mark.parametrize(("wait", "least", "most"), WAITS.values(), ids=WAITS)
def test_how_long_it_waits_before_it_asks(wait: raft.Wait, least: int, most: int) -> None:
    timers = [
        raft.lost(member(leader="r-server-0", seed=f"seed {n}"), "r-server-0", wait, 0).timer_ms or 0 for n in range(50)
    ]
    assert all(least <= timer <= most for timer in timers)
    assert len({*timers}) > 10


def test_who_reaches_too_few_does_not_try() -> None:
    done = raft.due(member(timer_ms=5), frozenset({"r-server-1"}), 5)
    assert (done.member.role, done.member.timer_ms, done.sent) == (FOLLOWER, None, ())


def test_a_log_that_differs_gives_way_to_the_leaders() -> None:
    mine = (*ONE, Entry(1, Command(fifo.ENQUEUE, "c", 1, 1)))
    theirs = Entry(2, Began("r-server-2"))
    done = raft.receive(member(term=1, log=mine), Append("r-server-2", 2, 1, 1, (theirs,), 1), 0)
    assert done.member.log == (*ONE, theirs)
    assert [(answer.success, answer.last) for _, answer in done.sent] == [(True, 2)]


def test_a_gap_in_the_log_is_told() -> None:
    done = raft.receive(member(term=1, log=ONE), Append("r-server-0", 1, 5, 1, (), 5), 0)
    assert [(answer.success, answer.last) for _, answer in done.sent] == [(False, 1)]


# ------------------------------------------------------------------------------------------------ the queue


def applied(*commands: Command) -> Queue:
    queue = Queue()
    for command in commands:
        queue = fifo.apply(queue, command).queue
    return queue


def test_a_command_that_comes_again_is_applied_once() -> None:
    once = Command(fifo.ENQUEUE, "a", 1, message=1)
    assert applied(once, once).ready == (Handed(1, 0),)


def test_one_that_comes_too_early_is_not_applied() -> None:
    assert applied(Command(fifo.ENQUEUE, "a", 2, message=2)).ready == ()


@pytest.mark.parametrize("end", [fifo.GONE, fifo.LOST])
def test_what_a_lost_consumer_held_goes_to_another_with_the_mark(end: str) -> None:
    before = applied(Command(fifo.CONSUME, "c", 1), Command(fifo.ENQUEUE, "a", 1, message=1))
    assert before.out == {"c": (Handed(1, 0),)}
    ended = fifo.apply(before, Command(end, "c")).queue
    assert ended.ready == (Handed(1, 1),)
    assert ("c" in ended.numbers) == (end == fifo.LOST), "who is only out of reach may go on"
    assert fifo.apply(ended, Command(fifo.CONSUME, "d", 1)).handed == (("d", Handed(1, 1)),)


def test_what_was_given_to_another_cannot_be_settled_by_the_first() -> None:
    queue = applied(
        Command(fifo.CONSUME, "c", 1),
        Command(fifo.ENQUEUE, "a", 1, 1),
        Command(fifo.LOST, "c"),
        Command(fifo.CONSUME, "d", 1),
    )
    assert fifo.apply(queue, Command(fifo.SETTLE, "c", 2, message=1, times=0)).queue.messages == {1}


# -------------------------------------------------------------------------------------- whatever happens

numbers = st.integers(0, 4)
faults = st.one_of(
    st.tuples(st.just("crash"), numbers),
    st.tuples(st.just("start"), numbers),
    st.tuples(st.just("cut"), numbers),
    st.tuples(st.just("mend"), numbers),
    st.tuples(st.just("sever"), st.tuples(numbers, numbers)),
    st.tuples(st.just("drain"), numbers),
)


@settings(max_examples=30, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    servers=st.sampled_from([1, 3, 5]),
    acts=st.lists(st.tuples(st.integers(0, 4_000), faults), max_size=12),
)
def test_what_is_confirmed_is_neither_lost_nor_doubled_without_the_mark(
    servers: int, acts: list[tuple[int, tuple[str, object]]]
) -> None:
    world = QueueWorld(servers)
    for pause_ms, (fault, which) in acts:
        world.run(pause_ms)
        break_it(world, fault, which)
    world.heal()
    world.run(20_000)
    book = world.people.book
    confirmed = book.confirmed
    world.run(3_000)
    assert book.confirmed != confirmed, "it works again"
    world.people.want(world.simulation, 0, consume=True)
    world.run(10_000)
    leader = world.simulation.leader("orders")
    assert leader is not None
    assert leader.queue.messages == frozenset()
    assert world.simulation.next_ms() is None, "an idle queue sends nothing"


@pytest.mark.parametrize("seed", range(6))
def test_random_faults(seed: int) -> None:
    book = random_run(seed)
    assert book.published > 0


def test_a_leader_that_starts_anew_behind_a_cut_is_followed_by_another() -> None:
    world = QueueWorld(3)
    world.run(2_000)
    led = world.simulation.elections[-1].leader
    number = int(led[-1])
    world.set(number, cut=True)
    world.crash(number)
    world.heal()
    world.run(8_000)
    confirmed = world.people.book.confirmed
    world.run(2_000)
    assert world.people.book.confirmed != confirmed


def test_a_channel_does_not_listen_to_a_leader_that_was_replaced() -> None:
    world = QueueWorld(3)
    world.run(2_000)
    simulation, channel = world.simulation, world.people.consumer
    home, delivered = server_of(channel), len(world.people.book.delivered)
    held = simulation.servers[home].channels[channel]
    simulation.servers[home].channels[channel] = held._replace(route=("", 0), term=2)
    late = Deliver(channel, Handed(1, 0), term=1)
    simulation.wires = [Wire(simulation.now_ms, 0, home, home, "orders", late)]
    simulation.run(simulation.now_ms)
    assert simulation.delivered == []
    assert len(world.people.book.delivered) == delivered


def test_a_server_that_is_alone_leads_again_with_a_long_log() -> None:
    world = QueueWorld(1)
    for _ in range(4):
        world.run(1_700)
        world.crash(0)
        world.start(0)
    world.run(3_000)
    assert [each.leader for each in world.simulation.elections] == ["r-server-0"] * 5


def test_a_learner_becomes_a_voter_and_counts() -> None:
    world = QueueWorld(1)
    world.run(2_000)
    for number in (1, 2):
        world.simulation.change({**world.simulation.places, f"r-server-{number}": Place(f"node-{number}", 0)})
        for _ in range(3):
            world.simulation.grow("orders", 3)
            world.run(1_000)
    leader = world.simulation.leader("orders")
    assert leader is not None
    assert leader.members == Members(NAMES)
    world.crash(0)
    world.run(5_000)
    assert world.simulation.leader("orders") is not None
