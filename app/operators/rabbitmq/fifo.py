"""What the log of a quorum queue does when it is applied: the messages, who holds them, and what was asked already.

Every command bears the channel that sent it and a number that counts its commands, so that one that was sent again
after an election is applied once. `apply` is called by each member of the queue (raft.py) with the same commands in the
same order, so all come to the same queue. Pure. Models `rabbit_fifo` of RabbitMQ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

PREFETCH = 10

ENQUEUE, CONSUME, SETTLE, CLOSE = "enqueue", "consume", "settle", "close"
LOST, GONE = "lost", "gone"  # what a leader itself says of a channel: it cannot be reached, it has ended


class Command(NamedTuple):
    do: str
    channel: str
    number: int = 0  # counts the commands of its channel, from 1; 0: it is the leader's own
    message: int = 0
    times: int = 0  # of settle and return: how often the message had been handed out before


class Handed(NamedTuple):
    """A message, and how often it was handed out before: more than never is the redelivered mark."""

    message: int
    times: int


class Queue(NamedTuple):
    ready: tuple[Handed, ...] = ()
    out: Mapping[str, tuple[Handed, ...]] = {}  # by channel of a consumer; one that cannot be reached is not in it
    numbers: Mapping[str, int] = {}  # the newest command of each channel

    @property
    def messages(self) -> frozenset[int]:
        """All that it keeps."""
        handed = (each for group in self.out.values() for each in group)
        return frozenset(each.message for each in (*self.ready, *handed))


class Applied(NamedTuple):
    queue: Queue
    handed: tuple[tuple[str, Handed], ...]  # what goes to whom now


def apply(queue: Queue, command: Command) -> Applied:
    if command.number and command.number != queue.numbers.get(command.channel, 0) + 1:
        return Applied(queue, ())  # it was applied already, or comes before its turn and will come again
    before = queue
    if command.number:
        queue = queue._replace(numbers={**queue.numbers, command.channel: command.number})
    match command.do:
        case "enqueue":
            queue = queue._replace(ready=(*queue.ready, Handed(command.message, 0)))
        case "consume" if command.channel not in queue.out:
            queue = queue._replace(out={**queue.out, command.channel: ()})
        case "settle":
            queue = _without(queue, command.channel, Handed(command.message, command.times))
        case "return":
            handed = Handed(command.message, command.times)
            kept = _without(queue, command.channel, handed)
            queue = kept if kept is queue else _again(kept, (handed,))
        case "close" | "gone" | "lost":
            queue = _ended(queue, command)
    return _handed_out(queue) if queue is not before else Applied(queue, ())


def _without(queue: Queue, channel: str, handed: Handed) -> Queue:
    """As it was if that channel does not hold just that."""
    held = queue.out.get(channel, ())
    if handed not in held:
        return queue
    return queue._replace(out={**queue.out, channel: tuple(each for each in held if each != handed)})


def _ended(queue: Queue, command: Command) -> Queue:
    """What a consumer held goes back, marked. Who is only out of reach may still send what it was about to."""
    held = queue.out.get(command.channel, ())
    out = {channel: each for channel, each in queue.out.items() if channel != command.channel}
    numbers = queue.numbers
    if command.do != LOST:
        numbers = {channel: number for channel, number in numbers.items() if channel != command.channel}
    return _again(queue._replace(out=out, numbers=numbers), held)


def _again(queue: Queue, handed: tuple[Handed, ...]) -> Queue:
    """To the front, in the order in which they came."""
    back = tuple(Handed(each.message, each.times + 1) for each in handed)
    return queue._replace(ready=(*sorted(back), *queue.ready))


def _handed_out(queue: Queue) -> Applied:
    """The oldest messages go to the consumers that hold least, up to what each may hold."""
    ready, out = list(queue.ready), dict(queue.out)
    handed: list[tuple[str, Handed]] = []
    while ready and out:
        channel = min(out, key=lambda name: (len(out[name]), name))
        if len(out[channel]) >= PREFETCH:
            break
        first = ready.pop(0)
        out[channel] = (*out[channel], first)
        handed.append((channel, first))
    return Applied(queue._replace(ready=tuple(ready), out=out), tuple(handed))
