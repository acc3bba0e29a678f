"""The trace: what each of the four functions that make something happen returned, in order.

`Cluster.submit` -> Commanded; `Informer.deliver` -> Delivered; `Worker.step` -> Observed, Differed, Acted, Waited or
Failed; `Engine.fire` -> Fired. One line in one place appends a Step. What the page shows is drawn from these records
and from nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.api.errors import ApiError
from app.api.history import History
from app.api.objects import Obj, Ref
from app.apiserver.store import Change
from app.apiserver.store import Written as Written
from app.reconcile import Action, Difference


class WokenBy(NamedTuple):
    """Why a key was put in the queue. Travels with the key for the screen; the controller never sees it."""

    why: str  # "ADDED", "MODIFIED", "DELETED", "RELIST", "TIMER", "BACKOFF", "HANDED-BACK"
    ref: Ref | None  # whose change it was
    step: int  # the step that queued it


class Result(NamedTuple):
    """What came of an action. `code` 0 for actions that ask nothing of the API server (RequeueAfter, Remember)."""

    code: int  # HTTP status: 201, 200, 409, ...
    reason: str  # "Created", "OK", "Conflict", ...
    message: str  # Kubernetes' sentence of a failure, else ""
    ref: Ref | None  # the object that was written, with its final name
    obj: Obj | None  # the object as the server returned it
    changes: tuple[Change, ...] = ()  # every change of the store this action made, Events included

    @property
    def ok(self) -> bool:
        return self.code < 400


@dataclass(frozen=True, slots=True)
class Commanded:
    """A person (or an API client) did something."""

    command: Any  # app.commands Command
    results: tuple[Written, ...]
    error: str = ""
    refusal: ApiError | None = None  # the same, with its causes


@dataclass(frozen=True, slots=True)
class Delivered:
    """An informer received a change: its cache moved on, and the keys were queued."""

    change: Change
    queued: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Observed:
    observation: Any  # None: the object is gone, the loop ends here
    reads: tuple[Any, ...]  # every object read: an Obj, or a tuple of Obj where a list was read
    wakes: tuple[WokenBy, ...]


@dataclass(frozen=True, slots=True)
class Differed:
    observation: Any
    differences: tuple[Difference, ...]
    left: tuple[int, ...] = ()  # the places of those that somebody is on call for: the loop does not close them


@dataclass(frozen=True, slots=True)
class Acted:
    observation: Any
    differences: tuple[Difference, ...]
    difference: int  # index in `differences`
    index: int  # index in that difference's actions
    action: Action
    result: Result
    last: bool  # the reconcile ends with this action


@dataclass(frozen=True, slots=True)
class Waited:
    """The key may not be worked on yet: the cache does not show the loop's own last writes."""

    why: str  # "OwnWriteNotSeen"
    kind: str  # of the cache that lags
    revision: int  # up to which it has to come


@dataclass(frozen=True, slots=True)
class Failed:
    """A loop made a mistake, or could not read what it had to; the key is looked at again later, the others go on."""

    phase: str  # "observe", "diff", "act"; "watch": in what it says of what it is told of; "crash": its process died
    error: str  # "KeyError: 'topologyKey'"
    where: str  # "interpod.py, line 120"; "" if it was a request that failed
    times: int  # in a row
    code: int = 0  # HTTP status, if it was a request that failed
    reads: tuple[Any, ...] = ()  # what had been read by then
    printed: tuple[str, ...] = ()  # lines, by a text that somebody wrote
    changes: tuple[Change, ...] = ()  # of a fault that struck here: the ControlPlane says it no more


@dataclass(frozen=True, slots=True)
class Fired:
    """A timer is due: a RequeueAfter or back-off of an earlier step (`set_by`), or an informer's (re)list that such a
    step made necessary (0: the loop began with the cluster). Or a fault struck: an event was lost; or it woke a loop
    whose cache stands still ("STALE"), until that caught up."""

    why: str  # "TIMER", "BACKOFF", "RELIST", "WATCH-BROKEN", "EVENT-LOST", "STALE", "CAUGHT-UP"
    set_by: int  # step number
    queued: tuple[Ref, ...] = ()
    changes: tuple[Change, ...] = ()  # of a fault that struck here, or is over: the ControlPlane says it no more
    unheard: tuple[Ref, ...] = ()  # of an event that was lost unnoticed: the keys that it would have woken


Record = Commanded | Delivered | Observed | Differed | Acted | Waited | Failed | Fired


class Step(NamedTuple):
    number: int  # from 1, without gaps
    at_ms: int  # virtual time
    revision: int  # of the store after it, so that any step can be looked at again
    actor: str  # "replicaset-controller", "kubelet/node-1", "you"; "@kopf": a program outside
    key: Ref | None  # what the actor works on
    cause: int  # number of the step that scheduled this one; 0: none
    record: Record
    background: bool  # heartbeat and what follows from it


class Mistake(NamedTuple):
    """Where a loop fails at present."""

    key: Ref | None  # None: in what it says of the objects that it is told of, so that it does nothing at all
    failed: Failed


class Alert(NamedTuple):
    """What a loop found to do that is left to a person, because somebody is on call for it."""

    actor: str
    key: Ref
    gap: Difference  # as it was seen last; the first, if there are several
    action: Action  # the loop's next, if it might
    more: int  # further differences of this key
    since_ms: int
    step: int  # that saw it last


class Call(NamedTuple):
    """Somebody was called, from the first alert until all are over and nothing is left to do. Times are 0 before."""

    step: int  # that it began with
    since_ms: int
    alerts: int = 1
    over_ms: int = 0  # the last of them was over
    until_ms: int = 0  # and everything that came of it was done
    sent: int = 0  # requests of people, in that time
    lost: int = 0  # those of them that failed
    handed_back: bool = False  # the loop was let to end it


class ActorState(NamedTuple):
    """What the page shows of an actor."""

    name: str
    instance: str
    reconciles: str  # the kind its keys are of
    queue_length: int
    in_flight: tuple[tuple[Ref, str], ...]  # key, phase that comes next
    mistakes: tuple[Mistake, ...] = ()  # of its own; the newest last
    only_while: str = ""  # a kind: its process stands still while there is no object of it
    is_operator: bool = False  # its process is a program in a pod
    in_background: bool = False  # what it does is never told
    asleep: bool = False  # there is nothing yet that it looks after


def is_visible(step: Step) -> bool:
    """What a person follows: people's commands, and of the loops each look, each comparison and each request.

    Not deliveries, timers, heartbeats, and not what a loop notes for itself (RequeueAfter, Remember, Announce).
    """
    record = step.record
    if step.background or isinstance(record, (Delivered, Waited, Fired)):
        return False
    return not isinstance(record, Acted) or record.result.code != 0


def changes_of(step: Step) -> tuple[Change, ...]:
    """What it changed in the store."""
    match step.record:
        case Acted(result=result):
            return result.changes
        case Commanded(results=results):
            return tuple(change for result in results for change in result.changes)
        case Failed(changes=changes) | Fired(changes=changes):
            return changes
    return ()


class Trace:
    """The last `limit` steps, and at most a few hundred more. Numbers go on counting when old steps are dropped."""

    def __init__(self, limit: int = 20_000) -> None:
        self._steps: History[Step] = History(limit)

    def append(self, step: Step) -> None:
        self._steps.append(step)

    @property
    def count(self) -> int:
        """Number of the newest step."""
        return self._steps.end

    @property
    def first(self) -> int:
        """Number of the oldest step kept."""
        return self._steps.first + 1

    def get(self, number: int) -> Step | None:
        return self._steps.get(number - 1)

    def since(self, number: int) -> Sequence[Step]:
        """Steps with a number greater than `number` that are still kept."""
        return self._steps.since(number)

    def forget(self) -> Iterator[None]:
        return self._steps.forget()

    def copy(self) -> Trace:
        copied = Trace()
        copied._steps = self._steps.copy()
        return copied

    @staticmethod
    def after(number: int) -> Trace:
        """One that goes on after that step, and knows nothing of the past."""
        begun = Trace()
        begun._steps = begun._steps.begun_at(number)
        return begun

    def until(self, number: int) -> Trace:
        """The same up to and with that step."""
        past = Trace()
        past._steps = self._steps.until(number)
        return past

    def __iter__(self) -> Iterator[Step]:
        return iter(self._steps)

    def __len__(self) -> int:
        return len(self._steps)
