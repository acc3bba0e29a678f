"""The processes in which the loops run: what starts, stops, freezes, crashes and wakes them.

The Engine has one `Processes`. Loops of the control plane are started once; those of a machine come and go with its
Machine object, those that run in a pod (app/engine/housing.py) with their container. Faults are followed here
(app/engine/faults.py): a process that stands still has lost its memory when it starts again, and one that reaches the
API server again lists again.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.api.breath import breathe
from app.api.control_plane import CONTROL_PLANE, first_of, is_second, second_of
from app.api.kinds import Kind
from app.api.objects import Obj, Ref
from app.api.own_controllers import OWN_CONTROLLER
from app.apiserver.server import ApiServer
from app.apiserver.store import Change
from app.engine import housing
from app.engine.agenda import Agenda, Moved
from app.engine.client import Client
from app.engine.faults import Faults
from app.engine.housing import Home
from app.engine.informer import Informer
from app.engine.subscriptions import Subscription, Subscriptions
from app.engine.worker import Worker
from app.reconcile import BACKGROUND, AnyController, background_if

LoopsOfMachine = Callable[[str], Sequence[AnyController]]

LoopOf = Callable[[Obj], AnyController]

PHYSICAL = ("Machine", "ControlPlane", "Load", OWN_CONTROLLER)  # kinds whose changes are to be followed
_MACHINE_RANK, _HOUSED_RANK, _OWN_RANK = 1, 900, 1_000
_FIRST_PAUSE_MS, _LONGEST_PAUSE_MS = 1_000, 300_000  # after a process ended by its own mistake


def nobody(definition: Obj) -> AnyController:
    raise NotImplementedError("nobody here knows what to make of a definition")


def second(loop: AnyController) -> AnyController:
    """Another copy of a loop, with a name of its own; Events come of either alike."""
    twin = copy.copy(loop)
    twin.name, twin.component = second_of(loop.name), loop.component or loop.name
    return twin


class Condition(NamedTuple):
    """Of a process."""

    frozen: bool  # it does not run
    unreachable: bool  # it does not reach the API server
    edge: bool  # it goes by events alone
    stale: bool  # its caches stand still


class Processes:
    """`client_of` gives a loop its way to the API server, `loops_of_machine` the loops that run on the machine of a
    name, `loop_of` the one that an OwnController defines, `now_ms` virtual time; `housed` are those of pods."""

    def __init__(
        self,
        server: ApiServer,
        agenda: Agenda,
        faults: Faults,
        client_of: Callable[[AnyController, Callable[[], str], Callable[[], str]], Client],
        now_ms: Callable[[], int],
        loops_of_machine: LoopsOfMachine,
        loop_of: LoopOf,
        housed: Sequence[AnyController],
    ) -> None:
        self.workers: dict[str, Worker] = {}
        self._server = server
        self._agenda = agenda
        self._faults = faults
        self._client_of = client_of
        self._now_ms = now_ms
        self._loops_of_machine = loops_of_machine
        self._loop_of = loop_of
        self._housed = housed
        self._homes: dict[str, Home] = {}  # of those of them that run
        self._on_machine: dict[str, tuple[str, ...]] = {}  # the actors that run there
        self._subscriptions = Subscriptions()

    def take_over(self, original: Processes, moved: Moved) -> None:
        """Run what runs in `original`, in the same state."""
        for actor, worker in original.workers.items():
            obstacle = self._obstacle(actor)
            client = self._client_of(worker.controller, obstacle, self._pod(actor))
            self.workers[actor] = worker.copy(client, self._server, obstacle, moved)
            breathe()
        self._on_machine, self._homes = dict(original._on_machine), dict(original._homes)
        self._subscriptions = original._subscriptions.copy(lambda actor, kind: self.workers[actor].informers[kind])

    def held(self) -> Iterator[tuple[str, Any]]:
        """All that runs, piece by piece: by name."""
        for actor, worker in self.workers.items():
            for kind, informer in worker.informers.items():
                yield f"informers {actor} {kind}", informer.held()
            yield f"worker {actor}", {"rank": worker.rank, "queue": worker.queue.held(), "loop": worker.held()}
        yield "actors", list(self.workers)
        yield "machines", dict(self._on_machine)
        yield "homes", dict(self._homes)
        yield "subscriptions", self._subscriptions.held()

    def resume(self, held: Mapping[str, Any], loops: Mapping[str, AnyController]) -> None:
        """Run what ran then, in the same state. `loops` are those of the control plane, by their names. Raises KeyError
        or ValueError if it cannot be."""
        own = (self._loop_of(definition) for definition in self._server.store.objects(OWN_CONTROLLER))
        loops = {**loops, **{loop.actor: loop for loop in (*self._housed, *own)}}
        for actor in held["actors"]:
            machine = actor.partition("/")[2]
            among = {loop.actor: loop for loop in self._loops_of_machine(machine)} if machine else loops
            loop = second(loops[first_of(actor)]) if is_second(actor) else among[actor]
            obstacle, was = self._obstacle(actor), held[f"worker {actor}"]
            worker = Worker(
                loop, was["rank"], self._client_of(loop, obstacle, self._pod(actor)), self._server, obstacle
            )
            worker.take(was["loop"])
            worker.queue.take(was["queue"])
            for kind, informer in worker.informers.items():
                informer.take(held[f"informers {actor} {kind}"])
            self.workers[actor] = worker
        self._on_machine, self._homes = dict(held["machines"]), dict(held["homes"])
        self._subscriptions.resume(held["subscriptions"], lambda actor, kind: self.workers[actor].informers[kind])

    def watching(self, change: Change) -> Sequence[Subscription]:
        """The informers that the change may concern."""
        return self._subscriptions.watching(change)

    # ------------------------------------------------------------------------------------------ one process

    def start(self, controller: AnyController, rank: int, cause: int = 0) -> None:
        """Run `controller` from now on, in two copies if somebody wants two. Its informers list first, then watch.
        `cause`: the step that started it."""
        self._start(controller, rank, cause)
        if self._faults.is_doubled(controller.actor):
            self._start(second(controller), rank, cause)

    def _start(self, controller: AnyController, rank: int, cause: int) -> None:
        obstacle = self._obstacle(controller.actor)
        worker = Worker(
            controller, rank, self._client_of(controller, obstacle, self._pod(controller.actor)), self._server, obstacle
        )
        self.workers[worker.actor] = worker
        worker.frozen, worker.on_call = self._stands_still(worker), self._faults.is_on_call(worker.actor)
        if not worker.frozen:
            self._begin(worker, cause)

    def forget(self) -> Iterator[None]:
        """Nothing runs any more, and what the loops knew is given back, one after the other."""
        while self.workers:
            self._halt(self.workers.popitem()[1])
            yield

    def _obstacle(self, actor: str) -> Callable[[], str]:
        return lambda: self._faults.obstacle(actor)

    def stop(self, actor: str) -> None:
        for each in (actor, second_of(actor)):
            if each in self.workers:
                self._halt(self.workers.pop(each))

    def crash(self, actor: str, cause: int) -> None:
        """The process dies and starts again: everything it held in memory is lost."""
        worker = self.workers[actor]
        self._halt(worker)
        if not worker.frozen:
            self._begin(worker, cause)

    def fall(self, worker: Worker, cause: int) -> None:
        """The process ends by a mistake of its own in what it is told of: it starts again after a pause that grows."""
        falls, mistakes = worker.falls, dict(worker.mistakes)
        self._halt(worker)
        worker.falls, worker.mistakes = falls + 1, mistakes
        self._begin(worker, cause, min(_FIRST_PAUSE_MS << min(falls, 30), _LONGEST_PAUSE_MS))

    def wake_up(self, worker: Worker, cause: int) -> None:
        """There is something to do: from now on the loop is told of everything it watches."""
        asleep = [kind for kind, informer in worker.informers.items() if informer.asleep]
        for kind in asleep:
            worker.informers[kind].asleep = False
        self._list(worker, asleep, cause)

    def _begin(self, worker: Worker, cause: int, after_ms: int = 0) -> None:
        kinds = tuple(worker.informers)
        if worker.controller.sleeps and not worker.has_business:
            kinds = (worker.controller.reconciles,)
            for kind, informer in worker.informers.items():
                informer.asleep = kind not in kinds
        self._watch(worker, worker.informers, cause, after_ms)

    def _watch(self, worker: Worker, informers: Mapping[str, Informer], cause: int = 0, after_ms: int = 0) -> None:
        """List first, then watch; what sleeps will be woken."""
        self._subscriptions.add(worker.actor, informers)
        awake = [kind for kind, informer in informers.items() if not informer.asleep]
        for kind in awake:
            informers[kind].broken = True  # what is still on its way to the process before never arrives
        self._list(worker, awake, cause, after_ms)

    def _list(self, worker: Worker, kinds: Iterable[str], cause: int, after_ms: int = 0) -> None:
        for kind in kinds:
            softly = after_ms > 0 or worker.controller.in_background
            self._agenda.add(self._now_ms() + after_ms, 0, ("relist", worker.actor, kind, cause), background_if(softly))

    def _halt(self, worker: Worker) -> None:
        for entry in worker.timers.values():
            self._agenda.cancel(entry)
        worker.timers.clear()
        self._subscriptions.remove(worker.actor)
        worker.crash()

    # ------------------------------------------------------------------------------------------ kinds

    def follow_kinds(self) -> Sequence[Worker]:
        """Loops that care for every kind watch those that there are now, and none that is gone. These loops."""
        rows = {row.key: row for row in self._server.scheme.kinds()}
        concerned = [worker for worker in self.workers.values() if worker.follows_kinds]
        for worker in concerned:
            self._follow_kinds(worker, rows)
        return concerned

    def _follow_kinds(self, worker: Worker, rows: Mapping[str, Kind]) -> None:
        loop = worker.controller
        always = {wake.kind for wake in loop.wakes} | {cache.kind for cache in loop.reads}
        for kind in [kind for kind in worker.informers if kind not in rows and kind not in always]:
            worker.unwatch(kind)
            self._subscriptions.drop(worker.actor, kind)
        asleep = any(informer.asleep for informer in worker.informers.values())
        for kind, row in rows.items():
            gained = worker.watch(row) if kind not in worker.informers else {}
            for informer in gained.values():
                informer.asleep = asleep and kind != worker.controller.reconciles
            if gained and not worker.frozen:
                self._watch(worker, gained)

    # ------------------------------------------------------------------------------------------ faults

    def follow(self, change: Change, cause: int) -> None:
        """A machine came or went, or something physical broke or was mended, by that step."""
        if change.old is not None and change.new is not None and change.old["spec"] is change.new["spec"]:
            return
        if change.ref.kind == OWN_CONTROLLER:
            self._follow_own(change, cause)
            return
        name = change.ref.name
        of_machine = change.ref.kind == "Machine"
        actors = self._actors_on(name) if of_machine else tuple(self.workers)
        before = [(actor, self._condition(actor)._replace(frozen=self.workers[actor].frozen)) for actor in actors]
        stale = self._faults.stale_until()
        self._faults.follow(change)
        if change.ref == CONTROL_PLANE:
            self._follow_copies(cause)
            for actor, until_ms in self._faults.stale_until().items():
                if stale.get(actor) != until_ms:
                    due_ms = max(until_ms, self._now_ms())
                    self._agenda.add(due_ms, 0, ("catch-up", actor, until_ms, cause), BACKGROUND)
        if of_machine and change.old is None:
            loops = self._loops_of_machine(name)
            self._on_machine[name] = tuple(loop.actor for loop in loops)
            for loop in loops:
                self.start(loop, _MACHINE_RANK, cause)
        elif of_machine and change.new is None:
            for actor in self._on_machine.pop(name, ()):
                self.stop(actor)
        if of_machine and self._faults.is_silent(name):
            self._await(Ref("Node", "", name))
        for actor in actors:
            if actor in self.workers:
                self.workers[actor].on_call = self._faults.is_on_call(actor)
        for actor, condition in before:
            if actor in self.workers and condition != self._condition(actor):
                self._adapt(self.workers[actor], condition, cause)

    def handed_back(self, left: Iterable[tuple[str, Ref]]) -> list[tuple[Worker, Ref]]:
        """Of what was left to people that which is a loop's own business again."""
        known = ((self.workers.get(actor), key) for actor, key in left)
        return [(worker, key) for worker, key in known if worker is not None and not worker.on_call]

    def _follow_copies(self, cause: int) -> None:
        """Of a loop that nobody elects a leader of two copies run."""
        for actor, worker in tuple(self.workers.items()):
            twin = second_of(actor)
            if self._faults.is_doubled(actor) and twin not in self.workers:
                self._start(second(worker.controller), worker.rank, cause)
            elif not self._faults.is_doubled(actor) and twin in self.workers:
                self.stop(twin)

    def _pod(self, actor: str) -> Callable[[], str]:
        """Its name, of a loop that runs in one."""
        return lambda: home.pod if (home := self._homes.get(first_of(actor))) is not None else ""

    def _actors_on(self, machine: str) -> tuple[str, ...]:
        guests = (actor for actor, home in self._homes.items() if home.machine == machine)
        return (*self._on_machine.get(machine, ()), *guests)

    def house(self, change: Change, cause: int) -> None:
        """A pod changed as its machine knows it: loops that run in pods start, end and move with their containers."""
        for rank, loop in enumerate(self._housed, start=_HOUSED_RANK):
            program = loop.runs_in
            assert program is not None
            if housing.concerns(change.new, program) or housing.concerns(change.old, program):
                self._settle(loop, rank, housing.newest(self._server.store.objects("PodSandbox"), program), cause)

    def _settle(self, loop: AnyController, rank: int, home: Home | None, cause: int) -> None:
        if home == self._homes.get(loop.actor):
            return
        if self._homes.pop(loop.actor, None) is not None:
            del self._faults.at_home[loop.actor]
            self.stop(loop.actor)
        if home is not None:
            self._homes[loop.actor] = home
            self._faults.at_home[loop.actor] = home.machine
            self.start(loop, rank, cause)

    def _follow_own(self, change: Change, cause: int) -> None:
        """Somebody wrote a loop, or another one in its place, or took it away."""
        if change.old is not None:
            self.stop(change.ref.name)
        if change.new is not None:
            self.start(self._loop_of(change.new), _OWN_RANK, cause)

    def _condition(self, actor: str) -> Condition:
        frozen, unreachable = self._stands_still(self.workers[actor]), bool(self._faults.obstacle(actor))
        return Condition(frozen, unreachable, self._faults.is_edge_triggered(actor), self._faults.is_stale(actor))

    def _stands_still(self, worker: Worker) -> bool:
        """Its process does not run: that is broken, or nobody needs it now."""
        needed_by = worker.controller.only_while
        is_needed = not needed_by or bool(self._server.store.count(needed_by))
        return self._faults.is_frozen(worker.actor) or not is_needed

    def _adapt(self, worker: Worker, before: Condition, cause: int) -> None:
        """A process stops, or starts with an empty memory; a watch breaks, or its informer lists again."""
        frozen, unreachable, edge, stale = self._condition(worker.actor)
        was_frozen, was_unreachable, was_edge, was_stale = before
        worker.frozen = frozen
        if frozen != was_frozen or edge != was_edge:
            self._halt(worker)
            if not frozen:
                self._begin(worker, cause)
        elif not frozen and (unreachable != was_unreachable or (was_stale and not stale)):
            for kind, informer in worker.informers.items():
                if not self._server.scheme.is_local(kind):
                    informer.broken = True
                    if not unreachable:
                        self._list(worker, () if informer.asleep else (kind,), cause)
            if not unreachable:
                self._await_retries(worker)

    def _await(self, key: Ref) -> None:
        """Timers for `key` are no mere background any more."""
        for worker in self.workers.values():
            if (entry := worker.timers.get(key)) is not None:
                worker.timers[key] = self._agenda.in_foreground(entry)

    def _await_retries(self, worker: Worker) -> None:
        """What was tried in vain is worth waiting for again: its back-off is no mere background any more."""
        for key, entry in () if worker.controller.in_background else tuple(worker.timers.items()):
            if entry.event is not None and entry.event[3] == "BACKOFF":
                worker.timers[key] = self._agenda.in_foreground(entry)
