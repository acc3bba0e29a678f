"""A worker runs one controller: its queue, its caches, its memory, and the reconciles it has in flight.

`step` makes the next step of a key and returns its record: Observed, Differed, one Acted per action. Between two steps
the reconcile is plain data in `in_flight`, so the engine can pause there, and the world may change there.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any, NamedTuple

from app.api import errors
from app.api.kinds import Kind
from app.api.objects import Ref
from app.api.parts import Part
from app.apiserver.server import ApiServer
from app.apiserver.store import Written
from app.engine.agenda import Entry, Moved
from app.engine.client import NOT_A_REQUEST, Client, Request
from app.engine.informer import CacheView, Informer, RecordingReader, informers_of
from app.engine.oncall import left_to_people
from app.engine.trace import Acted, ActorState, Differed, Failed, Mistake, Observed, Result, Waited, WokenBy
from app.engine.workqueue import WorkQueue
from app.reconcile import (
    BACKGROUND,
    Action,
    AnyController,
    Controller,
    Delete,
    Difference,
    Failure,
    Pace,
    Remember,
    RequeueAfter,
    Struck,
    TextMistake,
)

PATIENCE = 2  # mistakes in a row that a loop may make before nobody waits for it any more
_LONGEST_ERROR = 400  # characters


@dataclass(slots=True)
class Reconcile:
    """One run of a loop for one key, between its steps."""

    key: Ref
    background: bool
    cause: int  # the step before
    phase: str = "observe"
    observation: Any = None
    outlook: tuple[Difference, ...] | None = None  # its differences, as soon as somebody asked
    differences: tuple[Difference, ...] = ()
    todo: list[tuple[int, int]] = field(default_factory=list)  # (difference, action), next one last
    failed: bool = False
    conflicted: bool = False  # somebody else was faster: the next look will show it
    requeue_ms: int | None = None
    requeue_pace: Pace = BACKGROUND
    entry: Entry | None = None  # its next phase on the agenda

    def copy(self, moved: Moved) -> Reconcile:
        return replace(self, todo=list(self.todo), entry=moved.entry(self.entry) if self.entry else None)


class Refusal(NamedTuple):
    """What was refused of a key, and how often in a row in the same way."""

    failures: tuple[Failure, ...]
    times: int


class Parked(NamedTuple):
    revision: int
    wakes: tuple[WokenBy, ...]
    background: bool


class Worker(Part):
    """`obstacle`: why its requests do not reach the API server, or ""."""

    STATE = (
        "_failures", "_memory", "_own_writes", "_parked", "called", "called_softly", "falls", "frozen", "in_flight",
        "mistakes", "on_call", "received", "refusals", "timers",
    )  # fmt: skip
    PARTS = ("informers", "queue")
    __slots__ = (*STATE, *PARTS, "_client", "_obstacle", "_server", "actor", "controller", "rank", "view")

    def __init__(
        self,
        controller: AnyController,
        rank: int,
        client: Client,
        server: ApiServer,
        obstacle: Callable[[], str] = lambda: "",
        informers: dict[str, Informer] | None = None,
    ) -> None:
        self.controller = controller
        self.actor = controller.actor
        self.rank = rank
        self._server = server
        self.informers = self._new_informers() if informers is None else informers
        self._memory: dict[Ref, Any] = {}
        self.view = self._new_view(obstacle)
        self.queue = WorkQueue(self.urgency)
        self.in_flight: dict[Ref, Reconcile] = {}
        self.timers: dict[Ref, Entry] = {}
        self.called = 0  # "work" entries on the agenda
        self.called_softly: list[Entry] = []  # those of them that are background
        self.received = 0  # events of its watches, those that were lost too
        self.frozen = False  # its process does not run
        self.on_call = False  # a person acts in its place
        self.falls = 0  # how often in a row its process ended by its own mistake
        self.mistakes: dict[Ref | None, Failed] = {}  # None: in what it says of the objects that it is told of
        self.refusals: dict[Ref, Refusal] = {}
        self._client = client
        self._obstacle = obstacle
        self._failures: dict[Ref, tuple[Failure, ...]] = {}  # of the last reconcile
        self._own_writes: dict[Ref, dict[str, int]] = {}  # key -> kind -> revision the cache must have reached
        self._parked: dict[str, dict[Ref, Parked]] = {}  # kind -> keys that wait for that revision

    def _new_view(self, obstacle: Callable[[], str]) -> CacheView:
        return CacheView(self.informers, self._server, obstacle, lambda key: self._memory.get(key))

    @property
    def urgency(self) -> Callable[[Ref], int] | None:
        """What its queue ranks keys by, if by anything."""
        urgency = self.controller.urgency
        return urgency and (lambda key: urgency(key, self.view))

    @property
    def has_room(self) -> bool:
        limit = self.controller.concurrency
        return not limit or len(self.in_flight) < limit

    @property
    def has_business(self) -> bool:
        """There is an object of the kind it reconciles, and that it watches."""
        informer = self.informers.get(self.controller.reconciles)
        return informer is not None and any(map(informer.selected, self._server.store.objects(informer.kind)))

    def state(self) -> ActorState:
        loop, queued = self.controller, len(self.queue)
        # Hundreds of kubelets are asked at every frame, and most of them rest.
        flights = tuple((key, reconcile.phase) for key, reconcile in self.in_flight.items()) if self.in_flight else ()
        mistakes = tuple(Mistake(key, failed) for key, failed in self.mistakes.items()) if self.mistakes else ()
        mistakes += tuple(self._refused()) if self.refusals else ()
        asleep = loop.sleeps and any(informer.asleep for informer in self.informers.values())
        return ActorState(
            loop.name, loop.instance, loop.reconciles, queued, flights, mistakes, loop.only_while,
            loop.runs_in is not None, loop.in_background, asleep,
        )  # fmt: skip

    def _refused(self) -> Iterator[Mistake]:
        """What it writes in vain, and nobody waits for any more."""
        for key, (failures, times) in self.refusals.items():
            if times > PATIENCE:
                newest = failures[-1]
                yield Mistake(key, Failed("act", newest.message, str(newest.code), times, newest.code))

    # ------------------------------------------------------------------------------------------ the three phases

    def observe(
        self, now_ms: int, *, is_stale: bool = False
    ) -> tuple[Ref, tuple[WokenBy, ...], bool, Observed | Waited | Failed]:
        """Take the next key and look at it, or park it until the cache shows the loop's own last writes. One whose
        caches are stale does not wait for that."""
        key, wakes, background = self.queue.get()
        gate = None if is_stale else self._closed_gate(key)
        if gate is not None:
            kind, revision = gate
            self.queue.done(key)
            self._parked.setdefault(kind, {})[key] = Parked(revision, wakes, background)
            return key, wakes, background, Waited("OwnWriteNotSeen", kind, revision)
        failures = self._failures.pop(key, ())
        reader = RecordingReader(self.informers, self._server, now_ms, self._memory.get(key), failures, self._obstacle)
        try:
            observation = self.controller.observe(key, reader)
        except Exception as mistake:
            return key, wakes, background, self.failed("observe", key, mistake, tuple(reader.reads))
        if observation is None:
            self._memory.pop(key, None)
            self._own_writes.pop(key, None)
            self.mistakes.pop(key, None)
        else:
            self.in_flight[key] = Reconcile(key, background, 0, "diff", observation)
        return key, wakes, background, Observed(observation, tuple(reader.reads), wakes)

    def proceed(self, reconcile: Reconcile) -> Differed | Acted | Failed:
        """Its next phase. Whom a person relieved after his diff compares again, and leaves what he would have done.

        Raises Struck."""
        if reconcile.phase == "act" and not (self.on_call and self._is_left(reconcile)):
            return self.act(reconcile)
        return self.diff(reconcile)

    @staticmethod
    def _is_left(reconcile: Reconcile) -> bool:
        return any(d in left_to_people(reconcile.differences) for d, _action in reconcile.todo)

    def diff(self, reconcile: Reconcile) -> Differed | Failed:
        """Raises Struck."""
        try:
            differences = self.outlook(reconcile.key)
        except Struck:
            raise
        except Exception as mistake:
            return self.failed("diff", reconcile.key, mistake)
        self.mistakes.pop(reconcile.key, None)
        reconcile.differences = differences
        left = left_to_people(differences) if self.on_call else ()
        todo = [(d, a) for d, gap in enumerate(differences) if d not in left for a in range(len(gap.actions))]
        reconcile.todo = todo[::-1]
        reconcile.phase = "act"
        if any(not d.background and _writes(d.actions) for d in differences):
            reconcile.background = False
        return Differed(reconcile.observation, differences, left)

    def by_hand(self, action: Action) -> Written:
        """A person does it, with the loop's own words. Raises the ApiError with which it is refused."""
        assert isinstance(action, Request)
        return self._client.request(action)

    def outlook(self, key: Ref) -> tuple[Difference, ...]:
        """What the diff of the reconcile in flight for `key` says, or will say: it is pure, so it may be asked before.

        Raises what the loop's diff raises."""
        reconcile = self.in_flight.get(key)
        if reconcile is None:
            return ()
        if reconcile.outlook is None:
            found = self.controller.diff(reconcile.observation)
            pace = self.controller.pace
            reconcile.outlook = tuple(gap if gap.pace >= pace else replace(gap, pace=pace) for gap in found)
        return reconcile.outlook

    def act(self, reconcile: Reconcile) -> Acted:
        """Perform the next action. After a failure the rest of its Difference is left out."""
        d, a = reconcile.todo.pop()
        difference = reconcile.differences[d]
        action = difference.actions[a]
        result = self._client.perform(action)
        if isinstance(action, Remember):
            self._memory[reconcile.key] = action.value
            if action.value is None:
                del self._memory[reconcile.key]
        elif isinstance(action, RequeueAfter):
            self._want_timer(reconcile, action.delay_ms, difference.pace)
        elif not result.ok and not (isinstance(action, Delete) and result.code == 404):
            reconcile.failed = True
            reconcile.conflicted = reconcile.conflicted or result.reason == "Conflict"
            failure = Failure(difference.reason, result.code, result.message)
            self._failures[reconcile.key] = (*self._failures.get(reconcile.key, ()), failure)
            while reconcile.todo and reconcile.todo[-1][0] == d:
                reconcile.todo.pop()
        self._note_own_writes(reconcile.key, result)
        return Acted(reconcile.observation, reconcile.differences, d, a, action, result, not reconcile.todo)

    def is_refused_again(self, reconcile: Reconcile) -> bool:
        """It was refused so often in the same way that nobody waits for it any more. A conflict does not count:
        that passes. Nor do loops of Kubernetes: they wait for what people will do, for a quota to be raised."""
        key, failures = reconcile.key, self._failures.get(reconcile.key, ())
        before = self.refusals.pop(key, None)
        passes = reconcile.conflicted or any(failure.code >= 500 for failure in failures)
        if passes or self.controller.is_trusted:
            return False
        alike = before is not None and [each[:2] for each in before.failures] == [each[:2] for each in failures]
        times = before.times + 1 if before is not None and alike else 1
        self.refusals[key] = Refusal(failures, times)
        return times > PATIENCE

    def failed(self, phase: str, key: Ref | None, mistake: Exception, reads: tuple[Any, ...] = ()) -> Failed:
        """What went wrong. A request that did not get through is no mistake of the loop."""
        if isinstance(mistake, errors.ApiError):
            return Failed(phase, mistake.message, "", 1, mistake.code, reads)
        before = self.mistakes.pop(key, None)
        times = before.times + 1 if before else 1
        if isinstance(mistake, TextMistake):
            error, where, printed = str(mistake), mistake.where or self.actor, mistake.printed
        else:
            error, where, printed = f"{type(mistake).__name__}: {mistake}", _place_of(mistake), ()
        self.mistakes[key] = failed = Failed(phase, error[:_LONGEST_ERROR], where, times, 0, reads, printed)
        return failed

    def next_action(self, reconcile: Reconcile) -> Action | None:
        if not reconcile.todo:
            return None
        d, a = reconcile.todo[-1]
        return reconcile.differences[d].actions[a]

    @staticmethod
    def is_midway(reconcile: Reconcile) -> bool:
        """It wrote something, and is about to write more; or is about to write the only thing that it has to."""
        requests = [
            (d, a)
            for d, difference in enumerate(reconcile.differences)
            for a, action in enumerate(difference.actions)
            if not isinstance(action, NOT_A_REQUEST)
        ]
        ahead = reconcile.todo[-1:]
        return ahead in ([each] for each in requests[1:]) or (len(requests) == 1 and ahead == requests)

    def next_is_background(self, reconcile: Reconcile) -> bool:
        """It is if all that is still to be done is: a write that waits behind housekeeping is awaited."""
        left = (reconcile.differences[number] for number, _ in reconcile.todo)
        return reconcile.background or (bool(reconcile.todo) and all(gap.background for gap in left))

    def copy(self, client: Client, server: ApiServer, obstacle: Callable[[], str], moved: Moved) -> Worker:
        """The same loop in the same state, in another cluster: the controller is shared, it has none of its own."""
        informers = {kind: informer.copy() for kind, informer in self.informers.items()}
        copied = Worker(self.controller, self.rank, client, server, obstacle, informers)
        copied.queue = self.queue.copy(copied.urgency)
        copied.in_flight = {key: reconcile.copy(moved) for key, reconcile in self.in_flight.items()}
        copied.timers = {key: moved.entry(entry) for key, entry in self.timers.items()}
        copied.called, copied.received = self.called, self.received
        copied.called_softly = [moved.entry(entry) for entry in self.called_softly]
        copied.on_call = self.on_call
        copied.frozen, copied.falls, copied.mistakes = self.frozen, self.falls, dict(self.mistakes)
        copied.refusals = dict(self.refusals)
        copied._memory, copied._failures = dict(self._memory), dict(self._failures)
        copied._own_writes = {key: dict(gates) for key, gates in self._own_writes.items()}
        copied._parked = {kind: dict(waiting) for kind, waiting in self._parked.items()}
        return copied

    def crash(self) -> None:
        """Lose what a process holds: queue, caches, memory, reconciles in flight. A relist must follow."""
        self.queue = WorkQueue(self.urgency)
        self.informers = self._new_informers()
        self.view = self._new_view(self._obstacle)
        self.in_flight.clear()
        self.mistakes.clear()
        self.refusals.clear()
        self._memory.clear()
        self._failures.clear()
        self._own_writes.clear()
        self._parked.clear()

    # ------------------------------------------------------------------------------------------ what it watches

    def _new_informers(self) -> dict[str, Informer]:
        """Of what it always watches, and of what it watches of each kind that there is."""
        loop, kinds = self.controller, self._server.scheme.kinds()
        return informers_of((*loop.wakes, *loop.reads, *(item for row in kinds for item in loop.follows(row))))

    @property
    def follows_kinds(self) -> bool:
        """Whether it watches kinds as they come and go."""
        return type(self.controller).follows is not Controller.follows

    def watch(self, row: Kind) -> Mapping[str, Informer]:
        """The new informers of a kind that has appeared; {} if the loop does not care for it."""
        gained = informers_of(self.controller.follows(row))
        self.informers.update(gained)
        return gained

    def unwatch(self, kind: str) -> None:
        """The kind is gone: nothing is known of its objects any more, and nothing waits for them to be seen."""
        del self.informers[kind]
        for gates in self._own_writes.values():
            gates.pop(kind, None)
        for key, parked in self._parked.pop(kind, {}).items():
            self._unpark(key, parked)

    # ------------------------------------------------------------------------------------------ own writes

    def unpark(self, kind: str) -> bool:
        """Put keys back in the queue that waited for this informer to come as far as it is now."""
        waiting = self._parked.get(kind)
        if not waiting:
            return False
        position = self.informers[kind].position
        ready = [key for key, parked in waiting.items() if parked.revision <= position]
        for key in ready:
            self._unpark(key, waiting.pop(key))
        return bool(ready)

    def _unpark(self, key: Ref, parked: Parked) -> None:
        for wake in parked.wakes:
            self.queue.add(key, wake, parked.background)

    def _closed_gate(self, key: Ref) -> tuple[str, int] | None:
        gates = self._own_writes.get(key)
        if not gates:
            return None
        for kind, revision in tuple(gates.items()):
            if self.informers[kind].position < revision:
                return kind, revision
        del self._own_writes[key]
        return None

    def _note_own_writes(self, key: Ref, result: Result) -> None:
        for change in result.changes:
            informer = self.informers.get(change.ref.kind)
            if informer is None or not (informer.selected(change.new) or informer.selected(change.old)):
                continue
            if self.controller.assumes:
                informer.assume(change)
            elif informer.concerns(change):
                self._own_writes.setdefault(key, {})[change.ref.kind] = change.revision

    @staticmethod
    def _want_timer(reconcile: Reconcile, delay_ms: int, pace: Pace) -> None:
        if reconcile.requeue_ms is None or delay_ms < reconcile.requeue_ms:
            reconcile.requeue_ms = delay_ms
        reconcile.requeue_pace = min(reconcile.requeue_pace, pace)


def _place_of(mistake: Exception) -> str:
    """The line of source that raised it, without the folders of the machine it ran on."""
    last = traceback.extract_tb(mistake.__traceback__)[-1]
    return f"{PurePath(last.filename).name}, line {last.lineno}"


def _writes(actions: tuple[Action, ...]) -> bool:
    return any(not isinstance(action, (RequeueAfter, Remember)) for action in actions)
