"""The servers of a RabbitMQ cluster, where they run, and what is between them: data, and who is linked with whom.

Used by simulation.py, which says how they change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.operators.rabbitmq.fifo import Command, Handed
from app.operators.rabbitmq.member import Member


class Place(NamedTuple):
    """Where a server runs."""

    machine: str
    started_ms: int
    off: bool = False  # the machine has no power
    cut: bool = False  # the machine has no network
    severed: frozenset[str] = frozenset()  # servers to which the way is broken


class Channel(NamedTuple):
    """Of a publisher or a consumer, on the server that it is connected to."""

    name: str  # server/start/number
    queue: str
    sent: int = 0  # how many commands so far
    pending: tuple[Command, ...] = ()  # not answered yet
    route: tuple[str, int] = ("", 0)  # who leads the queue, since which term, as far as its server knows
    consumes: bool = False
    holds: tuple[Handed, ...] = ()  # what it has passed on, until that is settled
    term: int = 0  # the newest of a leader that it knew


class Wire(NamedTuple):
    due_ms: int
    number: int
    sender: str
    to: str
    queue: str
    content: Any


@dataclass(slots=True)
class Server:
    name: str
    known: tuple[str, ...] = ()  # who belongs to the cluster; () before it does itself
    members: dict[str, Member] = field(default_factory=dict)  # by queue
    channels: dict[str, Channel] = field(default_factory=dict)
    suspects: dict[str, int] = field(default_factory=dict)  # whom, from when on


class Election(NamedTuple):
    """What came of one, and what each member had."""

    queue: str
    at_ms: int
    since_ms: int  # when the leader before was lost, or the queue was declared
    leader: str
    before: str
    term: int
    members: tuple[tuple[str, int, int, str], ...]  # server, last term, last entry; voted, unreachable, or ""


def linked(places: Mapping[str, Place], one: str, other: str) -> bool:
    a, b = places.get(one), places.get(other)
    if a is None or b is None or a.off or b.off or one == other or other in a.severed or one in b.severed:
        return False
    return a.machine == b.machine or not (a.cut or b.cut)


def start_of(places: Mapping[str, Place], name: str) -> int | None:
    place = places.get(name)
    return None if place is None else place.started_ms


def parted(before: Mapping[str, Place], now: Mapping[str, Place], one: str, other: str) -> bool:
    """Nothing comes through from `other` to `one`, not even that it has ended."""
    return one not in now or not linked({one: now[one], other: before[other]}, one, other)
