"""Raft of quorum queues, pure: members are data, and what they do follows from what they are told."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from app.operators.rabbitmq import fifo, people, raft
from app.operators.rabbitmq.fifo import Command, Handed, Queue
from app.operators.rabbitmq.member import (
    FOLLOWER,
    LEADER,
    Append,
    Began,
    Entry,
    Member,
    Members,
    PreVote,
    RequestVote,
    Snapshot,
)  # fmt: skip
from app.operators.rabbitmq.people import People
from app.operators.rabbitmq.simulation import Simulation
from app.operators.rabbitmq.state import Place

NAMES = ("r-server-0", "r-server-1", "r-server-2")


def member(name: str = "r-server-1", *, log: tuple[Entry, ...] = (), **fields: object) -> Member:
    snapshot = Snapshot(0, 0, Queue(), Members(NAMES))
    return Member(name, f"orders/{name}", snapshot, log=log)._replace(**fields)  # type: ignore[arg-type]


ONE = (Entry(1, Began("r-server-0")),)

# ------------------------------------------------------------------------------------------------ decisions

WOULD = {
    "it knows no leader, and its log is no longer": (member(term=1, log=ONE), PreVote("r-server-2", 1, 1, 1, 7), True),
    "it has a leader": (member(term=1, log=ONE, leader="r-server-0"), PreVote("r-server-2", 1, 1, 1, 7), False),
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
    "process": (raft.PROCESS_DIED, 1, 100),
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


@dataclass
class World:
    """A cluster, people who use its queue, and somebody who breaks things."""

    servers: int = 3
    simulation: Simulation = field(init=False)
    people: People = field(init=False)
    starts: int = 0

    def __post_init__(self) -> None:
        self.simulation = Simulation(0, [], [], {})
        self.simulation.change({f"r-server-{n}": Place(f"node-{n}", 0) for n in range(self.servers)})
        self.simulation.declare("orders", self.servers)
        self.people = People("orders", 50, consume=True)

    def run(self, ms: int) -> None:
        until_ms = self.simulation.now_ms + ms
        while self.simulation.now_ms < until_ms:
            people.advance(self.simulation, [self.people], min(until_ms, self.simulation.now_ms + 500))
            self.check()

    def set(self, number: int, **fields: object) -> None:
        name = f"r-server-{number % self.servers}"
        if name in self.simulation.places:
            self.simulation.change({**self.simulation.places, name: self.simulation.places[name]._replace(**fields)})  # type: ignore[arg-type]

    def crash(self, number: int) -> None:
        name = f"r-server-{number % self.servers}"
        self.simulation.change({each: place for each, place in self.simulation.places.items() if each != name})

    def start(self, number: int) -> None:
        name = f"r-server-{number % self.servers}"
        if name not in self.simulation.places:
            place = Place(f"node-{number % self.servers}", self.simulation.now_ms + 1)
            self.simulation.change({**self.simulation.places, name: place})

    def heal(self) -> None:
        for number in range(self.servers):
            self.start(number)
        self.simulation.change(
            {n: p._replace(cut=False, severed=frozenset()) for n, p in self.simulation.places.items()}
        )

    def check(self) -> None:
        members = [
            server.members["orders"] for server in self.simulation.servers.values() if "orders" in server.members
        ]
        leaders = [each.term for each in members if each.role == LEADER]
        assert len({*leaders}) == len(leaders), "one leader in a term"
        for one in members:
            for other in members:
                low = max(one.snapshot.upto, other.snapshot.upto)
                high = min(one.commit, other.commit)
                assert entries(one, low, high) == entries(other, low, high), "what is committed is the same everywhere"
        self.people.book.audit(self.simulation, "orders")
        assert (self.people.book.lost, self.people.book.doubled) == (0, 0)


def entries(of: Member, low: int, high: int) -> tuple[Entry, ...]:
    return of.log[max(0, low - of.snapshot.upto) : max(0, high - of.snapshot.upto)]


numbers = st.integers(0, 4)
faults = st.one_of(
    st.tuples(st.just("crash"), numbers),
    st.tuples(st.just("start"), numbers),
    st.tuples(st.just("cut"), numbers),
    st.tuples(st.just("mend"), numbers),
    st.tuples(st.just("sever"), st.tuples(numbers, numbers)),
    st.tuples(st.just("drain"), numbers),
)


def break_it(world: World, fault: str, which: object) -> None:
    number = which if isinstance(which, int) else 0
    match fault:
        case "crash":
            world.crash(number)
        case "start":
            world.start(number)
        case "cut":
            world.set(number, cut=True)
        case "mend":
            world.set(number, cut=False, severed=frozenset())
        case "sever":
            assert isinstance(which, tuple)
            world.set(which[0], severed=frozenset({f"r-server-{which[1] % world.servers}"}))
        case "drain":
            if f"r-server-{number % world.servers}" in world.simulation.places:
                world.simulation.drain(f"r-server-{number % world.servers}")


@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    servers=st.sampled_from([1, 3, 5]),
    acts=st.lists(st.tuples(st.integers(0, 4_000), faults), max_size=12),
)
def test_what_is_confirmed_is_neither_lost_nor_doubled_without_the_mark(
    servers: int, acts: list[tuple[int, tuple[str, object]]]
) -> None:
    world = World(servers)
    for pause_ms, (fault, which) in acts:
        world.run(pause_ms)
        break_it(world, fault, which)
    world.heal()
    world.run(30_000)
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


def test_a_learner_becomes_a_voter_and_counts() -> None:
    world = World(1)
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
