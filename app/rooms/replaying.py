"""A room is brought back from its journal, under the same budgets as when it lived. Rooms calls `replayed`.

A command that fails now, or did then, is left out; where a step fails the room has stopped, right before it. So replay
never trips over the same thing twice, and whatever is in a journal costs that room alone.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import NamedTuple

from app.api import limits
from app.api.messages import N_, Message, message
from app.cluster import Cluster, Entry
from app.rooms import guard
from app.rooms.boundary import MISTAKE, TOOK_TOO_LONG
from app.rooms.pacer import STRIDE, slices
from app.rooms.storage import Stored

UNREADABLE = N_("This room cannot be brought back (%(error)s). What it did is kept until you reset it.")
TOO_OLD = N_("This room has made %(n)s steps, too many to be brought back. What it did is kept until you reset it.")

log = logging.getLogger(__name__)


class Replayed(NamedTuple):
    """`stopped`: why the room goes no further; without a cluster it could not be brought back at all."""

    cluster: Cluster | None
    stopped: Message | None = None
    journal: Sequence[Entry] = ()  # as it was lived through

    @property
    def is_final(self) -> bool:
        """What is stored is this room, and nothing that another version of us might make more of."""
        return self.cluster is not None and (self.stopped is None or is_final(self.stopped))


class _CommandFails(Exception):
    def __init__(self, number: int, why: str) -> None:
        self.number, self.why = number, why


class _StepFails(Exception):
    def __init__(self, after: int, why: Message) -> None:
        self.after, self.why = after, why


def replayed(stored: Stored) -> Replayed:
    """The cluster that `stored` was."""
    if stored.steps > limits.STEPS_REPLAYED:
        return Replayed(None, message(TOO_OLD, n=stored.steps))
    if stopped := read_reason(stored.stopped):
        stored = stored._replace(journal=[entry for entry in stored.journal if entry.step <= stored.steps])
    while True:
        try:
            return Replayed(_lived_again(stored), stopped, stored.journal)
        except _CommandFails as failed:
            journal = list(stored.journal)
            journal[failed.number] = journal[failed.number]._replace(left_out=failed.why)
            stored = stored._replace(journal=journal)
        except _StepFails as failed:
            journal = [entry for entry in stored.journal if entry.step <= failed.after]
            stored, stopped = stored._replace(steps=failed.after, now_ms=0, journal=journal), failed.why
        except Exception as mistake:  # it is of another version, or no journal
            log.warning("room %s cannot be replayed", stored.id, exc_info=True)
            return Replayed(None, message(UNREADABLE, error=type(mistake).__name__))


def _lived_again(stored: Stored) -> Cluster:
    cluster = Cluster.replay(stored.seed, stored.epoch_ms, stored.journal[:1])
    for number, entry in enumerate(stored.journal[1:], start=1):
        _forward(cluster, entry.step, entry.at_ms)
        _repeat(cluster, number, entry)
    _forward(cluster, stored.steps, stored.now_ms)
    return cluster


def _repeat(cluster: Cluster, number: int, entry: Entry) -> None:
    try:
        with guard.watched():
            cluster.repeat(entry)
    except guard.Overrun:
        raise _CommandFails(number, "slow") from None
    except Exception as mistake:
        log.warning("command %d of a journal is left out", number, exc_info=True)
        raise _CommandFails(number, type(mistake).__name__) from None


def _forward(cluster: Cluster, to_step: int, at_ms: int) -> None:
    """`cluster.forward()`, letting others have the process in between."""
    for _ in slices():
        count = cluster.trace.count
        try:
            with guard.watched():
                cluster.forward(min(to_step, count + STRIDE))
        except guard.Overrun:
            raise _StepFails(cluster.trace.count, message(TOOK_TOO_LONG, n=f"{limits.SLICE_CPU_S:g}")) from None
        except Exception as mistake:
            log.warning("a step of a journal fails", exc_info=True)
            raise _StepFails(cluster.trace.count, message(MISTAKE, error=type(mistake).__name__)) from None
        if cluster.trace.count >= to_step:
            break
        if cluster.trace.count == count:
            raise ValueError("the journal asks for more steps than there are")
    cluster.forward(to_step, at_ms)


# ------------------------------------------------------------------------------------------------- reasons


def is_final(why: Message) -> bool:
    """A mistake may be none in the next version: after a restart it is tried again."""
    return why.text == TOOK_TOO_LONG


def written_reason(why: Message | None) -> str:
    return json.dumps([why.text, dict(why.values)]) if why is not None else ""


def read_reason(text: str) -> Message | None:
    if not text:
        return None
    sentence, values = json.loads(text)
    return Message(sentence, values)
