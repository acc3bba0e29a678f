"""What is kept of servers and queues between two looks, as objects: read into what simulation.py moves, and written.

    RabbitServer/r-server-0        # an internal kind: a node of RabbitMQ, with what is on its disk and in its memory
      spec: cluster, disk          # "pvc/UID", or "pod/UID" of an emptyDir: another disk knows nothing
      status:
        place                      # where it ran at the last look: {machine, startedMs, off, cut}; absent: nowhere
        known                      # who belongs to the cluster
        members                    # by queue: a Member
        channels, suspects, wires  # what it has sent and has not arrived yet
        critical                   # without it some queue would have too few
    QuorumQueue/r.orders
      status:
        leader, term, members, learners
        withoutLeader              # only while nobody leads: {sinceMs, before}
        elections                  # the last five: {atMs, sinceMs, tookMs, leader, before, term,
                                   #   members: [[NAME, TERM, ENTRY, VOTE]]}
        book                       # of the people: see app/operators/rabbitmq/people.py
        window                     # what the last second added to it, and untilMs
        people                     # their connections

Records are written as lists with their names in front. Called by servers.py. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from app.api.objects import Obj, name_of
from app.operators.rabbitmq import fifo, member, state
from app.operators.rabbitmq.people import Book, People
from app.operators.rabbitmq.simulation import Simulation
from app.operators.rabbitmq.state import Election, Place, Server

_KEPT_ELECTIONS = 5
_RECORDS: dict[str, type] = {
    name: each
    for module in (fifo, member, state)
    for name, each in vars(module).items()
    if isinstance(each, type) and issubclass(each, tuple) and hasattr(each, "_fields")
}


def written(value: Any) -> Any:
    """As JSON."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return [type(value).__name__, *(written(each) for each in value)]
    if isinstance(value, (tuple, list)):
        return [written(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): written(each) for key, each in value.items()}
    return value


def read(value: Any) -> Any:
    if isinstance(value, list):
        record = _RECORDS.get(value[0]) if value and isinstance(value[0], str) else None
        return record(*map(read, value[1:])) if record is not None else tuple(read(each) for each in value)
    if isinstance(value, dict):
        return {key: read(each) for key, each in value.items()}
    return value


# -------------------------------------------------------------------------------------------------- servers


def server_of(obj: Obj) -> Server:
    status = obj.get("status") or {}
    return Server(
        name_of(obj), tuple(status.get("known", ())), read(status.get("members", {})), read(status.get("channels", {})),
        dict(status.get("suspects", {})),
    )  # fmt: skip


def wires_of(obj: Obj) -> tuple[Any, ...]:
    wires: tuple[Any, ...] = read((obj.get("status") or {}).get("wires", []))
    return wires


def place_of(obj: Obj) -> Place | None:
    found = (obj.get("status") or {}).get("place")
    return Place(found["machine"], found["startedMs"], found["off"], found["cut"]) if found else None


def server_status(simulation: Simulation, name: str) -> dict[str, Any]:
    server, place = simulation.servers[name], simulation.places.get(name)
    status = {
        "known": list(server.known),
        "members": written(server.members),
        "channels": written(server.channels),
        "suspects": dict(server.suspects),
        "wires": written([wire for wire in simulation.wires if wire.sender == name]),
        "critical": name in simulation.places and not simulation.may_go(name),
    }
    if place is not None:
        status["place"] = {
            "machine": place.machine, "startedMs": place.started_ms, "off": place.off, "cut": place.cut,
        }  # fmt: skip
    return status


# --------------------------------------------------------------------------------------------------- queues


def people_of(obj: Obj) -> People:
    spec, status = obj["spec"], obj.get("status") or {}
    book = Book(**{name: _ranges(value) for name, value in (status.get("book") or {}).items()})
    people = People(spec["queue"], 0, consume=False, book=book)
    for name, value in (status.get("people") or {}).items():
        setattr(people, name, read(value))
    people.open = {int(number): message for number, message in people.open.items()}
    people.working = list(people.working)
    return people


def _ranges(value: Any) -> Any:
    return tuple(tuple(each) for each in value) if isinstance(value, list) else value


def book_of(book: Book) -> dict[str, Any]:
    return {each.name: written(getattr(book, each.name)) for each in fields(book)}


def people_status(people: People) -> dict[str, Any]:
    names = [each.name for each in fields(people) if each.name not in ("queue", "book")]
    return {name: written(getattr(people, name)) for name in names}


def queue_status(simulation: Simulation, people: People, before: Mapping[str, Any]) -> dict[str, Any]:
    """Without the window."""
    queue = people.queue
    leader = simulation.leader(queue)
    elections = [_election(each) for each in simulation.elections if each.queue == queue]
    status = {
        "elections": [*before.get("elections", []), *elections][-_KEPT_ELECTIONS:],
        "book": book_of(people.book),
        "people": people_status(people),
        "window": before.get("window", {}),
    }
    if queue in simulation.without_leader:
        since_ms, led = simulation.without_leader[queue]
        status["withoutLeader"] = {"sinceMs": since_ms, "before": led}
    if leader is not None:
        members = leader.members
        status |= {
            "leader": leader.name, "term": leader.term,
            "members": list(members.voters), "learners": list(members.learners),
        }  # fmt: skip
    return status


def _election(election: Election) -> dict[str, Any]:
    return {
        "atMs": election.at_ms,
        "sinceMs": election.since_ms,
        "tookMs": election.at_ms - election.since_ms,
        "leader": election.leader,
        "before": election.before,
        "term": election.term,
        "members": [list(each) for each in election.members],
    }


def replacing(old: Any, new: Any) -> Any:
    """The merge patch after which there is exactly `new`."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    gone = {name: None for name in old if name not in new}
    return gone | {name: replacing(old.get(name), value) for name, value in new.items() if old.get(name) != value}
