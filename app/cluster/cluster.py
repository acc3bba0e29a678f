"""A cluster: the store, the API server and every control loop, as one value that time and commands move forward.

    cluster = Cluster(seed=1)
    cluster.submit(Apply(text))          # -> the Step that records it
    cluster.run()                        # until nothing is left to do
    cluster.objects("Pod", "default")

The same seed and the same commands at the same steps give the same trace, in every process. Rooms (app/rooms) own
clusters and decide when they move; this module knows no wall clock.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.api import errors, limits, times
from app.api.breath import breathing
from app.api.history import History
from app.api.messages import Voice
from app.api.objects import Obj, Ref
from app.apimachinery.scheme.scheme import Scheme
from app.apiserver import customkinds
from app.apiserver.store import Change, Store
from app.cluster import applying, containers, outlook, performing
from app.cluster.applying import Planned
from app.cluster.containers import News, Process
from app.cluster.loops import housed_loops, loops, own_loop
from app.cluster.replay import replaying
from app.commands import YOU as YOU
from app.commands import Apply, Bootstrap, Command, LeaveOut, StrikeController, command_from_json
from app.engine import strikes
from app.engine.engine import Engine
from app.engine.latency import PRESETS
from app.engine.trace import ActorState, Alert, Call, Commanded, Step, Trace, Written, is_visible
from app.look import Look
from app.look.recording import Recording
from app.nodes import machine_controllers
from app.nodes.runtime.shell import Done
from app.registry import bootstrap, builtin

DEFAULT_EPOCH_MS = times.parse("2026-01-01T00:00:00Z")


class Entry(NamedTuple):
    """A command in the journal: submitted after `step` steps, at virtual time `at_ms`."""

    step: int
    at_ms: int
    command: dict[str, Any]
    left_out: str = ""  # why it is not performed: see app.commands.LeaveOut


class Awaited(NamedTuple):
    """A loop that will act at a time of its own, though nothing is left to do."""

    actor: str
    due_ms: int


class Outcome(NamedTuple):
    reason: str  # "quiet", "condition" or "limit"
    steps: int


class Cluster:
    def __init__(
        self,
        seed: int = 1,
        epoch_ms: int = DEFAULT_EPOCH_MS,
        latencies: str = "textbook",
        nodes: int = 3,
        **machine: Any,
    ) -> None:
        self.seed = seed
        self.epoch_ms = epoch_ms
        self.store = Store()
        self.trace = Trace()
        self._rng = random.Random(seed)
        table = PRESETS[latencies]
        makers = (machine_controllers, own_loop, housed_loops())
        self.engine = Engine(builtin.built_in(), self.store, self._rng, epoch_ms, table, self.trace, *makers)
        self._listen()
        self.journal: History[Entry] = History()
        self.applied: list[str] = []  # manifests, as people wrote them
        self.begun: Entry | None = None  # the command that is being performed
        self.on_begin: Callable[[Entry], None] = lambda entry: None  # whoever writes it down before
        self.on_alarm: Callable[[], None] = lambda: None  # whoever is told that a step has called somebody
        self.store.begin_with(bootstrap.objects(epoch_ms))
        for rank, controller in enumerate(loops(), start=2):
            self.engine.start(controller(), rank)
        self.submit(Bootstrap(nodes, latencies, **machine))

    def copy(self) -> Cluster:
        """A cluster that has come as far, in the middle of whatever goes on, and goes its own way from here.

        Objects, steps and changes are shared, for they never change: what is copied is who knows what."""
        copied = Cluster.__new__(Cluster)
        copied.seed, copied.epoch_ms = self.seed, self.epoch_ms
        copied.store, copied.trace = self.store.copy(), self.trace.copy()
        copied.journal, copied.applied = self.journal.copy(), list(self.applied)
        copied.begun, copied.on_begin, copied.on_alarm = None, lambda entry: None, lambda: None
        rng = random.Random(0)
        rng.setstate(self._rng.getstate())
        copied._rng = rng
        copied.engine = self.engine.copy(copied.store, rng, copied.trace)
        copied._listen()
        return copied

    @staticmethod
    def of(own: Mapping[str, Any], store: Store, journal: Sequence[Entry], applied: list[str]) -> Cluster:
        """One that has come as far as `own` says, with nothing that runs yet (app/cluster/checkpoint.py)."""
        cluster = Cluster.__new__(Cluster)
        cluster.seed, cluster.epoch_ms = int(own["seed"]), int(own["epoch_ms"])
        cluster.store, cluster.trace = store, Trace.after(int(own["steps"]))
        cluster.journal, cluster.applied = History.of(journal), applied
        cluster.begun, cluster.on_begin, cluster.on_alarm = None, lambda entry: None, lambda: None
        cluster._rng = rng = random.Random(0)
        rng.setstate(own["random"])
        now_ms, table = int(own["now_ms"]), PRESETS[own["latencies"]]
        scheme = builtin.built_in()
        customkinds.restored(scheme, store, own.get("kinds", ()))
        makers = (machine_controllers, own_loop, housed_loops())
        cluster.engine = Engine(scheme, store, rng, now_ms, table, cluster.trace, *makers)
        cluster._listen()
        cluster.engine.server.taken_bytes = int(own["taken_bytes"])
        return cluster

    def _listen(self) -> None:
        self.engine.on_strike = self._strike
        self.engine.on_alarm = lambda: self.on_alarm()

    def random_state(self) -> tuple[Any, ...]:
        return self._rng.getstate()

    def forget(self) -> Iterator[None]:
        """Give its memory back, piece by piece: nobody asks this cluster any more. Its parts know each other, so that
        without this it would stay until the collector finds it."""
        yield from self.engine.processes.forget()
        self.engine.agenda.clear()
        self.applied.clear()
        yield from self.trace.forget()
        yield from self.journal.forget()
        yield from self.store.forget()

    # ------------------------------------------------------------------------------------------ looking

    @property
    def now_ms(self) -> int:
        return self.engine.now_ms

    @property
    def revision(self) -> int:
        return self.store.revision

    @property
    def taken_bytes(self) -> int:
        """Of all objects that people and API clients wrote since it began."""
        return self.engine.server.taken_bytes

    @property
    def known_from(self) -> int:
        """The oldest revision that is still known."""
        return self.store.known_from

    @property
    def scheme(self) -> Scheme:
        """The kinds that there are. After a change of it the engine is to be told: `engine.follow_kinds`."""
        return self.engine.server.scheme

    @property
    def latencies(self) -> str:
        """The name of the preset that is in force."""
        return next(name for name, preset in PRESETS.items() if preset is self.engine.latencies)

    @property
    def api_down(self) -> bool:
        return self.engine.faults.api_down

    @property
    def at_rest(self) -> bool:
        """Quiet, and none of the loops that act at a time of their own will act."""
        return self.quiet and self.awaited() is None

    @property
    def under_load(self) -> bool:
        """Somebody uses what runs: requests, writes, messages."""
        return outlook.is_used(self.store)

    @property
    def quiet(self) -> bool:
        """Nothing is left to do but heartbeats."""
        return self.engine.quiet

    @property
    def actors(self) -> dict[str, ActorState]:
        return {name: worker.state() for name, worker in self.engine.workers.items()}

    @property
    def voices(self) -> dict[str, Voice]:
        """How each loop speaks of itself, by its name without the machine."""
        loops = {worker.controller.name: worker.controller for worker in self.engine.workers.values()}
        come_and_go = {loop.name: loop for loop in (*machine_controllers(""), *self.engine.housed)}
        return {name: loop.voice for name, loop in {**come_and_go, **loops}.items()}

    def get(self, ref: Ref) -> Obj | None:
        return self.store.get(ref)

    def objects(self, kind: str, namespace: str | None = None) -> list[Obj]:
        return self.store.objects(kind, namespace)

    @property
    def goes_by_the_clock(self) -> bool:
        """Something happens that waits for nobody: requests, writes, messages, chaos, or somebody is called."""
        return self.under_load or self.is_called or outlook.is_chaotic(self.store)

    @property
    def requests_fail(self) -> bool:
        """In the newest second that was worked out."""
        windows = ((load.get("status") or {}).get("window") or {} for load in self.store.objects("Load"))
        return any(window.get("failed") for window in windows)

    @property
    def is_called(self) -> bool:
        """Something is left undone, for somebody who is on call."""
        return bool(self.engine.on_call.alerts)

    @property
    def alerts(self) -> Sequence[Alert]:
        return tuple(self.engine.on_call.alerts.values())

    @property
    def calls(self) -> Sequence[Call]:
        return tuple(self.engine.on_call.calls)

    def count(self, kind: str) -> int:
        return self.store.count(kind)

    def kinds(self) -> list[str]:
        """Kinds that have at least one object."""
        return self.store.kinds()

    def changes_since(self, revision: int) -> Sequence[Change]:
        """Raises Gone if the log no longer reaches back that far."""
        return self.store.changes_since(revision)

    def as_of(self, revision: int) -> Mapping[Ref, Obj]:
        """Every object as it was at `revision`. Raises Gone if that is older than the log."""
        return self.store.at(revision)

    def at(self, step: int) -> Look:
        """The cluster as it was right after that step. Raises NotFound, or Gone if that is too long ago."""
        return Recording.of(self).at(step)

    def matters(self, step: Step) -> bool:
        """Whether people care about that step, which was made just now."""
        return outlook.matters(step, self.engine.workers, self.store.get)

    def next_due_ms(self, *, foreground: bool = True) -> int | None:
        return self.engine.agenda.next_due_ms(foreground=foreground)

    def awaited(self) -> Awaited | None:
        """Which of the loops that act at a time of their own acts next, and when; None: none of them will.

        Background, so that a cluster which waits for the night is quiet; yet it is what people wait for."""
        timer = self.engine.agenda.awaited
        return Awaited(timer.event[1], timer.due_ms) if timer is not None and timer.event is not None else None

    # ------------------------------------------------------------------------------------------ containers

    def process(self, ref: Ref, container: str = "", *, previous: bool = False) -> Process:
        """What `kubectl logs` reads. Raises NotFound, or BadRequest."""
        return containers.process(self.store, self.now_ms, ref, container, previous=previous)

    def printed(self, process: Process, since_ms: int) -> News:
        return containers.printed(self.store, self.now_ms, process, since_ms)

    def execute(self, ref: Ref, container: str, words: Sequence[str] | str, stdin: str = "") -> Done:
        """What `kubectl exec` prints: of a program, or of a line of shell. Raises NotFound, or BadRequest."""
        return containers.execute(self.store, self.now_ms, ref, container, words, stdin)

    # ------------------------------------------------------------------------------------------ moving

    def step(self, until_ms: int | None = None) -> Step | None:
        return self.engine.step(until_ms)

    def step_phase(self) -> Step | None:
        """Run until one visible step was made; None if the cluster is quiet first."""
        for _ in range(limits.STEPS_BY_HAND):
            if self.quiet:
                return None
            step = self.engine.step()
            if step is None or is_visible(step):
                return step
        return None

    def finish_loop(self, actor: str, key: Ref) -> None:
        """Run until the reconcile that `actor` has in flight for `key` is over."""
        for _ in range(limits.STEPS_BY_HAND):
            worker = self.engine.workers.get(actor)
            if worker is None or key not in worker.in_flight:
                return
            self.engine.step()

    def advance(self, to_ms: int, max_steps: int = 1_000_000) -> int:
        """Run what is due up to `to_ms`, heartbeats too, `max_steps` at most. Returns the number of steps made."""
        for made in range(max_steps):
            if self.engine.step(to_ms) is None:
                self.engine.now_ms = max(self.now_ms, to_ms)
                return made
        return max_steps

    def run(
        self, until: str | Callable[[Cluster], bool] = "quiet", limit_ms: int = 1_200_000, limit_steps: int = 1_000_000
    ) -> Outcome:
        """Run until quiet or until a condition holds, within limits of virtual time and steps."""
        latest = self.now_ms + limit_ms
        for made in range(limit_steps):
            if callable(until) and until(self):
                return Outcome("condition", made)
            if self.quiet:
                return Outcome("quiet", made)
            if self.engine.step(latest) is None:
                return Outcome("limit", made)
        return Outcome("limit", limit_steps)

    # ------------------------------------------------------------------------------------------ commands

    def submit(self, command: Command) -> Step:
        """Do what a person asks, now. A refusal is recorded in the step, never raised, and changes nothing.

        What is raised is a mistake of ours: then `begun` is still there, and the cluster is to be thrown away."""
        number = self.trace.count + 1
        entry = Entry(self.trace.count, self.now_ms, command.to_json())
        self.on_begin(entry)
        self.begun = entry
        try:
            results, error, refusal = tuple(performing.perform(self.engine, command)), "", None
        except errors.ApiError as refused:
            results, error, refusal = (), refused.message, refused
        if isinstance(command, Apply) and command.text and refusal is None:
            self.applied.append(command.text)
        record = Commanded(command, results, error, refusal)
        step = self.engine.record(command.author, performing.about(command, results), 0, record)
        for result in breathing(results):
            self.engine.publish(result.changes, number)
        strikes.hope(self.engine)
        self.journal.append(entry)
        self.begun = None
        return step

    def _strike(self, actor: str, limit: str) -> Step:
        """A loop took too much of something that is not the same everywhere: that it ended is in the journal, right
        before the step that it would have made, so that a replay does not come there."""
        return self.submit(StrikeController(actor, limit))

    def leave_out(self, entry: Entry) -> Step:
        """A command of the journal that is not performed; that is all that there is to see of it."""
        self.journal.append(entry)
        left_out = LeaveOut(str(entry.command.get("do", "")), entry.left_out)
        return self.engine.record(YOU, None, 0, Commanded(left_out, ()))

    def repeat(self, entry: Entry) -> Step:
        """As the journal says."""
        return self.leave_out(entry) if entry.left_out else self.submit(command_from_json(entry.command))

    def plan(self, text: str, namespace: str = "default") -> tuple[Planned, ...]:
        """What applying `text` would do, document by document (a server-side dry run).

        Raises ManifestError or another ApiError; its `document` is the one that was refused, if it is one's fault.
        """
        performing.check_api_server(self.engine)
        return applying.plan(self.engine.server, text, namespace)

    def dry_run(self, command: Command) -> tuple[Written, ...]:
        """What an API client's command would write. Raises the ApiError with which it would be refused."""
        performing.check_api_server(self.engine)
        server = self.engine.server.overlay(random.Random(self.trace.count))
        done = performing.requested(server, command)
        return tuple(performing.unwritten(written, self.store) for written in breathing(done))

    def judged(self, operation: str, ref: Ref, subresource: str, obj: Obj) -> tuple[str, ...]:
        """What admission policies want to be told to who asks for something that writes nothing: to CONNECT to a pod.
        Raises Denied."""
        return self.engine.server.judged(operation, ref, obj, None, subresource)

    # ------------------------------------------------------------------------------------------ replay

    @staticmethod
    def replay(seed: int, epoch_ms: int, journal: Sequence[Entry], to_step: int | None = None) -> Cluster:
        """The cluster that this journal made, as it was after `to_step` steps (None: after its last command)."""
        first = command_from_json(journal[0].command)
        assert isinstance(first, Bootstrap)
        machine = {"cpu": first.cpu, "memory": first.memory, "zones": first.zones}
        cluster = Cluster(seed, epoch_ms, first.latencies, first.nodes, **machine)
        until = journal if to_step is None else [entry for entry in journal if entry.step < to_step]
        for _ in replaying(cluster, until, to_step or 0):
            pass
        return cluster

    def forward(self, to_step: int, at_ms: int = 0) -> None:
        """Run until `to_step` steps have been made and it is `at_ms`."""
        while self.trace.count < to_step and self.engine.step() is not None:
            pass
        self.engine.now_ms = max(self.now_ms, at_ms)
