"""The engine: one deterministic, single-threaded event loop for the whole cluster.

It pops what is due from the agenda, lets the worker or informer concerned make one step, and puts what follows on the
agenda again. What a step returned is appended to the trace, in one line of `record`. Time is virtual; nothing here
knows a wall clock. The Cluster (app/cluster) owns the engine and submits commands to it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from app.api.breath import breathing
from app.api.objects import Ref
from app.apimachinery.scheme.scheme import Scheme
from app.apiserver import customkinds
from app.apiserver.events import EventRecorder
from app.apiserver.server import ApiServer
from app.apiserver.store import Change, Store
from app.engine import strikes
from app.engine.agenda import Agenda, Entry
from app.engine.client import NOT_A_REQUEST, Client, kind_written
from app.engine.faults import Faults
from app.engine.informer import Informer
from app.engine.latency import Latencies
from app.engine.oncall import OnCall
from app.engine.processes import PHYSICAL, LoopOf, LoopsOfMachine, Processes, nobody
from app.engine.trace import Acted, Differed, Failed, Fired, Observed, Record, Step, Trace, WokenBy
from app.engine.turns import Turns, loop_of
from app.engine.worker import PATIENCE, Reconcile, Worker
from app.reconcile import BACKGROUND, NOW, Action, AnyController, Struck, background_if


class Engine:
    """`loops_of_machine` gives the loops on the machine of a name, `loop_of` the one that an OwnController defines,
    `housed` are those that run in pods. `on_strike` hears which loop took too much of what, and makes the step that
    ends it, `on_alarm` hears of a call."""

    def __init__(
        self,
        scheme: Scheme,
        store: Store,
        rng: random.Random,
        now_ms: int,
        latencies: Latencies,
        trace: Trace,
        loops_of_machine: LoopsOfMachine = lambda name: (),
        loop_of: LoopOf = nobody,
        housed: Sequence[AnyController] = (),
    ) -> None:
        self.store = store
        self.now_ms = now_ms
        self.latencies = latencies
        self.trace = trace
        self.agenda = Agenda()
        self.server = ApiServer(scheme, store, lambda: self.now_ms, rng)
        self.recorder = EventRecorder(self.server)
        self.faults = Faults()
        self.turns = Turns()
        self.on_call = OnCall()
        self._rng = rng
        self.housed = housed
        self._makers = (loops_of_machine, loop_of, housed)
        self.on_strike: Callable[[str, str], Step | None] = lambda actor, limit: None
        self.on_alarm: Callable[[], None] = lambda: None
        self.processes = self._new_processes()

    def copy(self, store: Store, rng: random.Random, trace: Trace) -> Engine:
        """The same machinery in the same state over a copied store, generator and trace, with a scheme of its own."""
        copied = Engine(self.server.scheme.copy(), store, rng, self.now_ms, self.latencies, trace, *self._makers)
        copied.server.taken_bytes = self.server.taken_bytes
        copied.agenda, moved = self.agenda.copy()
        copied.faults = self.faults.copy()
        copied.turns = self.turns.copy(moved)
        copied.on_call = self.on_call.copy()
        copied.recorder = self.recorder.copy(copied.server)
        copied.processes = copied._new_processes()
        copied.processes.take_over(self.processes, moved)
        return copied

    # ------------------------------------------------------------------------------------------ processes

    def _new_processes(self) -> Processes:
        clock = lambda: self.now_ms  # noqa: E731
        return Processes(self.server, self.agenda, self.faults, self._client, clock, *self._makers)

    @property
    def workers(self) -> dict[str, Worker]:
        return self.processes.workers

    def start(self, controller: AnyController, rank: int) -> None:
        """Run `controller` from now on. Its informers list first, then watch."""
        self.processes.start(controller, rank)

    def follow_kinds(self) -> None:
        """To be called when the scheme has gained or lost a kind. Objects go before their kind does."""
        assert all(self.server.scheme.find(kind) for kind in self.store.kinds())
        for worker in self.processes.follow_kinds():
            self._call(worker)  # who waited to see a write of a kind that is gone need not wait any more

    def crash(self, actor: str) -> None:
        """Its process dies and starts again: what it held in memory is lost. That is what the step being made does."""
        self.processes.crash(actor, self.trace.count + 1)

    def _client(self, controller: AnyController, *of_it: Callable[[], str]) -> Client:
        return Client(self.server, self.recorder, controller, lambda: self.latencies.collides(self._rng), *of_it)

    # ------------------------------------------------------------------------------------------ stepping

    def step(self, until_ms: int | None = None) -> Step | None:
        """The next step; None if nothing is due (by `until_ms`, Unix milliseconds)."""
        while (entry := self.agenda.pop(until_ms)) is not None:
            if entry.due_ms > self.now_ms:
                self.now_ms = entry.due_ms
            step = self._perform(entry)
            if self.turns.holder:
                self._give_turn()
            if self.on_call.goes_on and self.on_call.attend(step, self.now_ms, is_quiet=self.quiet):
                self.on_alarm()
            if step is not None:
                return step
        return None

    @property
    def quiet(self) -> bool:
        """Nothing is left to do but heartbeats."""
        return self.agenda.quiet and not self.turns

    @property
    def _takes_turns(self) -> bool:
        """Not while requests are sent: how many of them fail depends on how soon the rules follow."""
        return self.turns.wanted and not self.store.count("Load")

    def _give_turn(self) -> None:
        """Once a loop has nothing in hand any more the next one goes."""
        for kept in self.turns.released():
            assert kept.event is not None
            again = self._put(kept.rank, self.now_ms, kept.event, background=False)
            worker = self.workers.get(kept.event[1])
            if worker is not None and kept.event[0] == "phase" and (flight := worker.in_flight.get(kept.event[2])):
                flight.entry = again

    def _put(self, rank: int, due_ms: int, event: tuple[Any, ...], *, background: bool) -> Entry:
        """What a loop does next goes onto the agenda."""
        if not background:
            self.turns.put(loop_of(event[1]))
        return self.agenda.add(due_ms, rank, event, background_if(background))

    def _in_foreground(self, entry: Entry) -> Entry:
        if entry.background and entry.event is not None:
            self.turns.put(loop_of(entry.event[1]))
        return self.agenda.in_foreground(entry)

    def record(self, actor: str, key: Ref | None, cause: int, record: Record, background: bool = False) -> Step:
        step = Step(self.trace.count + 1, self.now_ms, self.store.revision, actor, key, cause, record, background)
        self.trace.append(step)
        self.on_call.follow(step)
        return step

    def publish(self, changes: Sequence[Change], cause: int, background: bool = False) -> None:
        """Put the deliveries of `changes` to every informer that watches them on the agenda."""
        for change in changes:
            for actor, informer in self.processes.watching(change):
                if informer.asleep or not informer.concerns(change):
                    continue
                delay = self.latencies.stretched(self.latencies.watch_ms, self._rng) + self.faults.watch_delay_ms(actor)
                due = max(self.now_ms + delay, informer.last_due_ms)
                if self.faults.is_stale(actor):
                    due = strikes.hint_ms(self, self.workers[actor], change.ref.kind, due)
                informer.last_due_ms = due
                softly = background or self.workers[actor].controller.in_background
                self.agenda.add(due, 0, ("deliver", actor, change, cause), background_if(softly))
        if sum(customkinds.follow(self.server.scheme, change) for change in changes):  # each of them, not the first
            self.follow_kinds()
        for change in changes:
            if change.ref.kind == "PodSandbox":
                self.processes.house(change, cause)
            elif change.ref.kind in PHYSICAL:
                self.processes.follow(change, cause)
                for worker, key in self.processes.handed_back(self.on_call.alerts):
                    self.queue(worker, (key,), WokenBy("HANDED-BACK", None, cause), False)
                self._await(Ref("Node", "", change.ref.name))

    def _perform(self, entry: Entry) -> Step | None:
        event = entry.event
        assert event is not None
        if event[0] in ("work", "phase") and not entry.background:
            self.turns.taken(loop_of(event[1]))
            if self.latencies.turns and self._takes_turns and not self.turns.may_go(loop_of(event[1]), entry):
                return None
        if event[0] == "catch-up":
            return strikes.catch_up(self, event[1], event[2], event[3])
        worker = self.workers.get(event[1])
        if worker is None:
            return None
        if event[0] == "work":
            worker.called -= 1
            if entry.background:
                worker.called_softly.remove(entry)
        if worker.frozen:
            return None
        match event[0]:
            case "deliver":
                return self._deliver(worker, event[2], event[3], entry.background)
            case "work":
                return self._work(worker)
            case "phase":
                return self._phase(worker, event[2])
            case "timer":
                return self._fire(worker, event[2], event[3], event[4], entry.pace == BACKGROUND)
            case _:
                return self._relist(worker, event[2], event[3])

    # ------------------------------------------------------------------------------------------ informers

    def _deliver(self, worker: Worker, change: Change, cause: int, background: bool) -> Step | None:
        informer = worker.informers.get(change.ref.kind)
        if informer is None or informer.broken or change.revision <= informer.position:
            return None  # a relist shows it, or has shown it already; or the kind is gone
        if self.faults.of_loops and self.faults.drops_next(worker.actor, change.ref.kind):
            return strikes.lose_next(self, worker, informer, change, cause, background)
        worker.received += 1
        if self._is_lost(worker):
            return strikes.lose(self, worker, informer, change, cause, background)
        if worker.controller.sleeps and change.ref.kind == worker.controller.reconciles:
            self.processes.wake_up(worker, self.trace.count + 1)
        if self.faults.of_loops and strikes.is_stale(self, worker, change.ref.kind):
            return strikes.hint(self, worker, informer, change, cause, background)
        by_edge = self.faults.is_edge_triggered(worker.actor)
        try:
            delivered = self.on_call.woken(worker.actor, informer.deliver(change, worker.view, by_edge=by_edge))
        except Exception as mistake:
            return self.fall(worker, change.ref, cause, mistake)
        step = self.record(worker.actor, change.ref, cause, delivered, background)
        self.queue(worker, delivered.queued, WokenBy(change.type, change.ref, step.number), background)
        self.unpark(worker, informer)
        return step

    def _relist(self, worker: Worker, kind: str, cause: int) -> Step | None:
        informer = worker.informers.get(kind)
        if informer is None:
            return None  # the kind is gone
        if worker.controller.sleeps and kind == worker.controller.reconciles and worker.has_business:
            self.processes.wake_up(worker, self.trace.count + 1)
        if not self.server.scheme.is_local(kind) and self.faults.obstacle(worker.actor):
            informer.broken = True  # when requests get through again it is tried again
            return None
        queued: dict[Ref, None] = {}
        number, softly = self.trace.count + 1, worker.controller.in_background
        try:
            for type_, ref, keys in informer.relist(self.store, worker.view):
                queued.update(dict.fromkeys(keys))
                self._add(worker, keys, WokenBy(type_, ref, number), softly)
        except Exception as mistake:
            return self.fall(worker, None, cause, mistake)
        step = self.record(worker.actor, None, cause, Fired("RELIST", cause, tuple(queued)), softly)
        if not any(each.broken for each in worker.informers.values()):
            worker.mistakes.pop(None, None)
        self.unpark(worker, informer)
        self._call(worker)
        return step

    def fall(self, worker: Worker, key: Ref | None, cause: int, mistake: Exception) -> Step:
        """A loop cannot even take what it is told of: it ends, and does nothing on half a picture of the world."""
        step = self.record(worker.actor, key, cause, worker.failed("watch", None, mistake), worker.falls >= PATIENCE)
        self.processes.fall(worker, step.number)
        return step

    def unpark(self, worker: Worker, informer: Informer) -> None:
        if worker.unpark(informer.kind):
            self._call(worker)

    # ------------------------------------------------------------------------------------------ loops

    def queue(self, worker: Worker, keys: Sequence[Ref], wake: WokenBy, background: bool) -> None:
        self._add(worker, keys, wake, background)
        if keys:
            self._call(worker)

    def _add(self, worker: Worker, keys: Sequence[Ref], wake: WokenBy, background: bool) -> None:
        for key in breathing(keys):
            worker.queue.add(key, wake, background)
            if not background:
                self._hurry(worker, key)

    def _await(self, key: Ref) -> None:
        """Who is just about to look at a machine that fell silent is waited for; who has a timer for it is too."""
        for worker in self.workers.values() if self._is_awaited(key) else ():
            waits = worker.queue.hurry(key)
            if waits or key in worker.in_flight:
                self._hurry(worker, key)
            if waits:
                self._call(worker)

    def _hurry(self, worker: Worker, key: Ref) -> None:
        """A key that is no mere background waits for these reconciles to end: they are none either."""
        ahead = [worker.in_flight.get(key)] if worker.has_room else [*worker.in_flight.values()]
        for reconcile in ahead:
            if reconcile is not None and reconcile.entry is not None:
                reconcile.entry = self._in_foreground(reconcile.entry)

    def _call(self, worker: Worker) -> None:
        """Have the worker look at its queue. Entries beyond the keys that wait are not needed."""
        background = worker.queue.background
        if worker.called_softly and not background:
            for entry in worker.called_softly:
                self._in_foreground(entry)
            worker.called_softly.clear()
        if worker.called < len(worker.queue) and worker.has_room:
            worker.called += 1
            entry = self._put(worker.rank, self.now_ms, ("work", worker.actor), background=background)
            if background:
                worker.called_softly.append(entry)

    def _work(self, worker: Worker) -> Step | None:
        if not worker.queue or not worker.has_room:
            return None
        is_stale = self.faults.is_stale(worker.actor)
        key, wakes, background, record = worker.observe(self.now_ms, is_stale=is_stale)
        step = self.record(worker.actor, key, wakes[0].step, record, background)
        if isinstance(record, Failed):
            self._finish(worker, key, step.number, None, record)
        elif isinstance(record, Observed):
            if record.observation is None:
                self._finish(worker, key, step.number, None)
            else:
                reconcile = worker.in_flight[key]
                reconcile.cause = step.number
                self._schedule_phase(worker, reconcile, self.latencies.phase_ms)
        self._call(worker)
        return step

    def _phase(self, worker: Worker, key: Ref) -> Step | None:
        reconcile = worker.in_flight.get(key)
        if reconcile is None:
            return None  # the controller crashed in between
        if self.faults.of_loops and self.faults.crashes_midway(worker.actor) and worker.is_midway(reconcile):
            return strikes.die(self, worker, reconcile)
        background = worker.next_is_background(reconcile)
        try:
            record = worker.proceed(reconcile)
        except Struck as struck:
            return self.on_strike(worker.actor, struck.limit)
        background = background and (isinstance(record, Acted) or reconcile.background)
        step = self.record(worker.actor, key, reconcile.cause, record, background)
        reconcile.cause = step.number
        if isinstance(record, Failed):
            del worker.in_flight[key]
            self._finish(worker, key, step.number, reconcile, record)
            return step
        if isinstance(record, Acted):
            self.publish(record.result.changes, step.number, background)
        if worker.in_flight.get(key) is not reconcile:
            return step  # what it wrote was what it lived for
        action = worker.next_action(reconcile)
        if action is None:
            del worker.in_flight[key]
            self._finish(worker, key, step.number, reconcile)
        else:
            first = self.latencies.phase_ms if isinstance(record, Differed) else 0
            self._schedule_phase(worker, reconcile, first + self._request_ms(action))
        return step

    def _schedule_phase(self, worker: Worker, reconcile: Reconcile, delay_ms: int) -> None:
        due = self.now_ms + self.latencies.stretched(delay_ms, self._rng)
        event = ("phase", worker.actor, reconcile.key)
        background = worker.next_is_background(reconcile) and (worker.queue.background or worker.has_room)
        background = background and not self._is_awaited(reconcile.key)
        reconcile.entry = self._put(worker.rank, due, event, background=background)

    def _finish(
        self, worker: Worker, key: Ref, step: int, reconcile: Reconcile | None, failed: Failed | None = None
    ) -> None:
        """The one place that decides when a key is looked at again."""
        worker.queue.done(key)
        timer = worker.timers.pop(key, None)
        if timer is not None:
            self.agenda.cancel(timer)
        delay, why, pace = None, "TIMER", BACKGROUND
        if reconcile is not None:
            delay, pace = reconcile.requeue_ms, reconcile.requeue_pace
        if failed is not None or (reconcile is not None and reconcile.failed):
            retry = worker.queue.retry_delay_ms(key)
            if delay is None or retry <= delay:
                # With the API server out of reach nothing can come of it before that is mended.
                delay, why, pace = retry, "BACKOFF", background_if(bool(self.faults.obstacle(worker.actor)))
        else:
            worker.queue.forget(key)
            worker.refusals.pop(key, None)
            worker.falls = 0
        pace = max(NOW if self._is_awaited(key) else pace, worker.controller.pace)
        is_refused = reconcile is not None and reconcile.failed and worker.is_refused_again(reconcile)
        if is_refused or (failed is not None and failed.times > PATIENCE):
            pace = BACKGROUND  # who makes one mistake after the other is not waited for: it is named
        if delay is not None:
            event = ("timer", worker.actor, key, why, step)
            worker.timers[key] = self.agenda.add(self.now_ms + delay, 0, event, pace)
        self._call(worker)

    def _is_awaited(self, key: Ref) -> bool:
        """Who waits for a sign of life of a machine that is dark waits for something to happen."""
        return key.kind == "Node" and self.faults.is_silent(key.name)

    def _fire(self, worker: Worker, key: Ref, why: str, set_by: int, background: bool) -> Step:
        worker.timers.pop(key, None)
        step = self.record(worker.actor, key, set_by, Fired(why, set_by, (key,)), background)
        self.queue(worker, (key,), WokenBy(why, None, step.number), background)
        return step

    # ------------------------------------------------------------------------------------------ latency

    def _request_ms(self, action: Action) -> int:
        if isinstance(action, NOT_A_REQUEST):
            return 0
        return self.latencies.local_ms if self.server.scheme.is_local(kind_written(action)) else self.latencies.api_ms

    def _is_lost(self, worker: Worker) -> bool:
        every, rate = self.faults.drop_every(worker.actor), self.latencies.drop_rate
        return bool((every and worker.received % every == 0) or (rate and self._rng.random() < rate))
