"""A room is brought back from a checkpoint and its journal, under the same budgets as when it lived. Rooms calls
`replayed`.

It begins at a checkpoint that lies some thousand steps back, so that its newest past is there again, too. Where only
another version of us has written any, its newest one counts: the objects as they were then, and the commands since.

A command that fails now, or did then, is left out; where a step fails the room has stopped, right before it. So replay
never trips over the same thing twice, and whatever is in a journal costs that room alone.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from app.api import limits
from app.api.messages import N_, Message, message
from app.cluster import Cluster, Diverges, Entry, checkpoint, replaying
from app.rooms import guard
from app.rooms.boundary import MISTAKE, TOOK_TOO_LONG
from app.rooms.checkpoints import WITHIN, unpacked
from app.rooms.roomfile import Past
from app.rooms.slicing import slices
from app.rooms.storage import Kept, Stored

UNREADABLE = N_("This room cannot be brought back (%(error)s). What it did is kept until you reset it.")
TOO_OLD = N_("This room has made %(n)s steps, too many to be brought back. What it did is kept until you reset it.")

PAST = 5_000  # steps that are lived through again
LOOKED_BACK = 25_000  # steps that are at most, for a look at one of long ago: one press may have made 20,000

log = logging.getLogger(__name__)
Packed = Callable[[int], bytes]  # the checkpoint at that step
P = TypeVar("P", Stored, Past)


class Replayed(NamedTuple):
    """`stopped`: why the room goes no further; without a cluster it could not be brought back at all."""

    cluster: Cluster | None
    stopped: Message | None = None
    journal: Sequence[Entry] = ()  # as it was lived through
    revived: int | None = None  # by another version until now: how many of its commands that has performed

    @property
    def is_final(self) -> bool:
        """What is stored is this room, and nothing that another version of us might make more of."""
        return self.cluster is not None and (self.stopped is None or is_final(self.stopped))


class CommandFails(Exception):
    def __init__(self, number: int, why: str) -> None:
        self.number, self.why = number, why


class StepFails(Exception):
    def __init__(self, after: int, why: Message) -> None:
        self.after, self.why = after, why


def replayed(stored: Stored, kept: Sequence[Kept] = (), packed: Packed = lambda step: b"") -> Replayed:
    """The cluster that `stored` was. `kept`: its checkpoints, oldest first."""
    stopped = read_reason(stored.stopped)
    if stopped is not None:
        stored = stored._replace(journal=[entry for entry in stored.journal if entry.step <= stored.steps])
    why = message(TOO_OLD, n=stored.steps)
    for start in _starts(stored, kept):
        try:
            return _replayed_from(start, stored, stopped, packed)
        except Exception as mistake:  # it is of another version, or no journal
            log.warning("room %s cannot be brought back from step %d", stored.id, start.step, exc_info=True)
            why = message(UNREADABLE, error=type(mistake).__name__)
    return Replayed(None, why)


def _starts(stored: Stored, kept: Sequence[Kept]) -> Iterator[Kept]:
    """Where to begin, the best first. Step 0 is the room's own beginning."""
    version = checkpoint.version()
    ours = [each for each in kept if each.version == version and each.step <= stored.steps]
    yield from (each for each in reversed(ours) if each.step <= stored.steps - PAST)
    is_ours = not stored.retold and all(each.version == version for each in kept)
    beginning = [Kept(0, version, stored.epoch_ms)] if stored.steps <= limits.STEPS_REPLAYED else []
    first = beginning if is_ours else []
    late = [each for each in ours if each.step > stored.steps - PAST]
    yield from (*first, *late) if stored.steps <= PAST + WITHIN else (*late, *first)
    yield from (each for each in reversed(kept) if each.version != version)
    yield from (each._replace(version="") for each in beginning)  # the commands at their times, if not at their steps


def as_it_was(stored: Stored, kept: Sequence[Kept], packed: Packed, step: int) -> Cluster | None:
    """The cluster right after that step, from the checkpoint before it; None: nothing leads there any more."""
    then = up_to(stored, step)
    beginning = [] if stored.retold else [Kept(0, checkpoint.version(), stored.epoch_ms)]
    for start in reversed([*beginning, *(each for each in kept if each.version == checkpoint.version())]):
        if step - LOOKED_BACK <= start.step < step:
            try:
                return _lived_again(start, then, packed)
            except Exception:
                log.warning("room %s: step %d cannot be reached from %d", stored.id, step, start.step, exc_info=True)
    return None


def lives_on(cluster: Cluster, stored: Stored, step: int) -> bool:
    """A cluster of the past goes on, up to and with that step. False: it cannot; what it is then is of no use."""
    try:
        for _ in going_on(cluster, up_to(stored, step)):
            pass
    except Exception:
        log.warning("room %s does not live on to step %d", stored.id, step, exc_info=True)
        return False
    return True


def _replayed_from(start: Kept, stored: Stored, stopped: Message | None, packed: Packed) -> Replayed:
    is_ours = start.version == checkpoint.version()
    while True:
        try:
            if is_ours:
                return Replayed(_lived_again(start, stored, packed), stopped, stored.journal)
            cluster, performed = _revived(start, stored, packed)
            return Replayed(cluster, stopped, list(cluster.journal), performed)
        except CommandFails as failed:
            journal = list(stored.journal)
            journal[failed.number] = journal[failed.number]._replace(left_out=failed.why)
            stored = stored._replace(journal=journal)
        except StepFails as failed:
            if not is_ours:
                raise
            journal = [entry for entry in stored.journal if entry.step <= failed.after]
            stored, stopped = stored._replace(steps=failed.after, now_ms=0, journal=journal), failed.why


def _begun(start: Kept, stored: Stored, packed: Packed, read: Callable[..., Cluster]) -> Cluster:
    if start.step:
        return read(unpacked(packed(start.step)), stored.journal)
    return Cluster.replay(stored.seed, stored.epoch_ms, stored.journal[:1])


def _lived_again(start: Kept, stored: Stored, packed: Packed) -> Cluster:
    cluster = _begun(start, stored, packed, checkpoint.resumed)
    for _ in going_on(cluster, stored):
        pass
    return cluster


def _revived(start: Kept, stored: Stored, packed: Packed) -> tuple[Cluster, int]:
    """What another version wrote goes on by ours: its steps are others, so the commands since come at their times."""
    cluster = _begun(start, stored, packed, checkpoint.revived)
    performed = len(cluster.journal)
    for _ in going_on(cluster, stored, at_times=True):
        pass
    return cluster, performed


# --------------------------------------------------------------------------------------------- going on


def up_to(past: P, step: int) -> P:
    """The same until right after that step."""
    return past._replace(steps=step, now_ms=0, journal=[entry for entry in past.journal if entry.step < step])


def going_on(cluster: Cluster, past: Stored | Past, *, at_times: bool = False) -> Iterator[Entry | None]:
    """As `replaying`, within what a step and a command may take. Others have the process in between.

    Raises CommandFails, StepFails, or Diverges."""
    pieces = replaying(cluster, past.journal, past.steps, past.now_ms, at_times=at_times)
    coming: Entry | None = None
    for _ in slices():
        try:
            with guard.watched():
                coming = next(pieces)
        except StopIteration:
            return
        except Diverges:
            raise
        except (guard.Overrun, Exception) as mistake:
            log.warning("%s of a journal fails", "a step" if coming is None else "a command", exc_info=True)
            raise _failure(cluster, coming, mistake) from None
        yield coming


def _failure(cluster: Cluster, command: Entry | None, mistake: BaseException) -> CommandFails | StepFails:
    """Of the command that came then, or else of the next step."""
    is_slow, error = isinstance(mistake, guard.Overrun), type(mistake).__name__
    if command is not None:
        return CommandFails(len(cluster.journal), "slow" if is_slow else error)
    why = message(TOOK_TOO_LONG, n=f"{limits.SLICE_CPU_S:g}") if is_slow else message(MISTAKE, error=error)
    return StepFails(cluster.trace.count, why)


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
