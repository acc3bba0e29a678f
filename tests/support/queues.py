"""The servers of a queue, its people, and somebody who breaks things: without a cluster, for tests and figures."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from app.operators.rabbitmq import people
from app.operators.rabbitmq.member import LEADER, Entry, Member
from app.operators.rabbitmq.people import Book, People
from app.operators.rabbitmq.simulation import Simulation
from app.operators.rabbitmq.state import Place


@dataclass
class QueueWorld:
    """A queue on so many servers, from its declaration on."""

    servers: int = 3
    simulation: Simulation = field(init=False)
    people: People = field(init=False)

    def __post_init__(self) -> None:
        self.simulation = Simulation(0, [], [], {})
        self.simulation.change({f"r-server-{n}": Place(f"node-{n}", 0) for n in range(self.servers)})
        self.simulation.declare("orders", self.servers)
        self.people = People("orders", 100, consume=True)

    def run(self, ms: int) -> None:
        until_ms = self.simulation.now_ms + ms
        while self.simulation.now_ms < until_ms:
            people.advance(self.simulation, [self.people], min(until_ms, self.simulation.now_ms + 1_000))
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


FAULTS = ("crash", "start", "cut", "mend", "sever", "drain")


def break_it(world: QueueWorld, fault: str, which: object) -> None:
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


def random_run(seed: int) -> Book:
    """Up to a dozen faults within a minute, then all is mended, and the queue is emptied. Raises AssertionError as soon
    as something confirmed is lost, or delivered again without the mark."""
    lots = random.Random(seed)
    world = QueueWorld(lots.choice([1, 3, 3, 5]))
    for _ in range(lots.randrange(1, 12)):
        world.run(lots.randrange(4_000))
        fault = lots.choice(FAULTS)
        numbers = lots.randrange(5), lots.randrange(5)
        break_it(world, fault, numbers if fault == "sever" else numbers[0])
    world.heal()
    world.run(20_000)
    world.people.want(world.simulation, 0, consume=True)
    world.run(10_000)
    leader = world.simulation.leader("orders")
    assert leader is not None, "it works again"
    assert not leader.queue.messages, "all is delivered"
    assert world.simulation.next_ms() is None, "an idle queue sends nothing"
    return world.people.book
