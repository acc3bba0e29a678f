"""A journal is lived through again in pieces, so that whoever does so may look, pause or end it between any two.

How far it has come is the cluster's own count of steps and commands: it may go on later, and from a checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.cluster.cluster import Cluster, Entry

PIECE = 32  # steps


class Diverges(ValueError):
    """The cluster does something else than the one that wrote the journal."""


def replaying(
    cluster: Cluster,
    journal: Sequence[Entry],
    to_step: int,
    to_ms: int = 0,
    *,
    at_times: bool = False,
    piece: int = PIECE,
) -> Iterator[Entry | None]:
    """The commands that it has not performed yet, each after as many steps as then, and on to that step and time; or,
    `at_times`, each when it came then, however many steps that takes.

    Gives each command right before it is performed, and None after it and after each piece. Raises Diverges, and
    whatever a step or a command raises."""
    # Without one of its commands as many steps take another time.
    is_whole = not any(entry.left_out for entry in journal)

    def until(step: int, at_ms: int) -> Iterator[None]:
        return _at(cluster, at_ms, piece) if at_times else _after(cluster, step, at_ms, piece, by_then=is_whole)

    for entry in journal[len(cluster.journal) :]:
        yield from until(entry.step, entry.at_ms)
        yield entry
        cluster.repeat(entry)
        yield None
    yield from until(to_step, to_ms)


def _after(cluster: Cluster, step: int, at_ms: int, piece: int, *, by_then: bool) -> Iterator[None]:
    """`by_then`: so many steps were made by `at_ms`."""
    while (before := cluster.trace.count) < step:
        cluster.forward(min(step, before + piece))
        is_late = by_then and 0 < at_ms < cluster.now_ms
        if cluster.trace.count < step and (cluster.trace.count == before or is_late):
            raise Diverges("the journal asks for more steps than there are")
        yield None
    cluster.forward(step, at_ms)


def _at(cluster: Cluster, at_ms: int, piece: int) -> Iterator[None]:
    made = piece
    while made == piece:
        made = cluster.advance(at_ms, piece)
        yield None
