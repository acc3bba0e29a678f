"""What only a live cluster can be asked for, at a moment of the past: read from the steps. Called by recording.py.

Which loop waits for what, and how far its reconciles have come, a cluster knows from its workers. Afterwards the trace
tells the same: who queued a key, who looked at it, what came of that, and what ended a process with all that it held.

Two things no step tells: which kind was listed again, and that a loop which runs under load alone has stood still. What
is read then may be wrong until the loop looks at that key again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from app.api.control_plane import CONTROL_PLANE, is_second, second_of
from app.api.objects import Obj, Ref
from app.apiserver.store import Change
from app.commands import CrashController
from app.engine.oncall import OnCall
from app.engine.trace import (
    Acted,
    ActorState,
    Commanded,
    Delivered,
    Differed,
    Failed,
    Fired,
    Mistake,
    Observed,
    Step,
    Waited,
    changes_of,
)


class Process:
    """Of one loop as much as its steps tell."""

    def __init__(self) -> None:
        self.reconciles = ""  # the kind of its keys
        self.queued: dict[Ref, None] = {}
        self.in_flight: dict[Ref, str] = {}  # key -> the phase that comes next
        self.parked: dict[Ref, Waited] = {}
        self.mistakes: dict[Ref | None, Failed] = {}

    @property
    def queue_length(self) -> int:
        """A key that was added again while it is worked on waits for that to end, and is not counted."""
        return sum(key not in self.in_flight for key in self.queued)

    def state(self, loop: ActorState) -> ActorState:
        """Of this loop, which may have been seen at another time."""
        mistakes = tuple(Mistake(key, failed) for key, failed in self.mistakes.items())
        flights = tuple(self.in_flight.items())
        return loop._replace(queue_length=self.queue_length, in_flight=flights, mistakes=mistakes)

    def end(self) -> None:
        """Lose what it held in memory."""
        for held in (self.queued, self.in_flight, self.parked):
            held.clear()

    def follow(self, step: Step) -> None:
        match step.record:
            case Delivered(change, keys):
                self._queue(keys)
                self._unpark(change.revision, change.ref.kind)
            case Fired(why, _, keys):
                self._queue(keys)
                if why == "RELIST":
                    self._unpark(step.revision)
                    self.mistakes.pop(None, None)
            case Failed(phase="watch") as failed:
                self.end()
                self._note(None, failed)
            case Failed(phase="crash"):
                self.end()
                self.mistakes.clear()
            case _ if step.key is not None:
                self._work(step, step.key)

    def _work(self, step: Step, key: Ref) -> None:
        match step.record:
            case Observed(observation):
                self.reconciles = key.kind
                self.queued.pop(key, None)
                self._go_on(key, "diff" if observation is not None else "")
                if observation is None:
                    self.mistakes.pop(key, None)
            case Waited() as waited:
                self.queued.pop(key, None)
                self.parked[key] = waited
            case Differed(_, differences, left):
                acts = any(gap.actions for place, gap in enumerate(differences) if place not in left)
                self._go_on(key, "act" if acts else "")
                self.mistakes.pop(key, None)
            case Acted(last=last):
                self._go_on(key, "" if last else "act")
            case Failed() as failed:
                if failed.phase == "observe":
                    self.queued.pop(key, None)
                self._go_on(key, "")
                self._note(key, failed)

    def _note(self, key: Ref | None, failed: Failed) -> None:
        if not failed.code:
            self.mistakes.pop(key, None)
            self.mistakes[key] = failed

    def _go_on(self, key: Ref, phase: str) -> None:
        if phase:
            self.in_flight[key] = phase
        else:
            self.in_flight.pop(key, None)

    def _queue(self, keys: Iterable[Ref]) -> None:
        self.queued.update(dict.fromkeys(keys))

    def _unpark(self, revision: int, kind: str = "") -> None:
        """Its cache has come so far: for this kind, or for one that was listed again."""
        if not self.parked:
            return
        ready = [key for key, w in self.parked.items() if w.revision <= revision and kind in ("", w.kind)]
        for key in ready:
            del self.parked[key]
        self._queue(ready)


class Processes:
    """Of every loop, as far as it was told of its steps."""

    def __init__(self) -> None:
        self._found: dict[str, Process] = {}

    def follow(self, step: Step) -> None:
        found = self._found
        if not isinstance(step.record, Commanded):
            process = found.get(step.actor)
            if process is None:
                process = found[step.actor] = Process()
            process.follow(step)
        for name in _ended(step):
            for actor, process in found.items():
                if name in (actor, *actor.split("/")):
                    process.end()
                    process.mistakes.clear()

    def actors(self, later: Mapping[str, ActorState], state: Mapping[Ref, Obj]) -> dict[str, ActorState]:
        """The loops that there were then, when there were these objects; `later` are those of a later moment."""
        kinds = {ref.kind for ref in state}
        found = {}
        for actor, loop in _loops(self._found, later, state).items():
            process = self._found.get(actor)
            if process is None or (loop.only_while and loop.only_while not in kinds):
                process = Process()
            found[actor] = process.state(loop)
        return found


def _loops(
    processes: Mapping[str, Process], later: Mapping[str, ActorState], state: Mapping[Ref, Obj]
) -> dict[str, ActorState]:
    """Those of the control plane go on for ever, second copies apart; those of a machine are there as long as it is."""
    found = {actor: loop for actor, loop in later.items() if not loop.instance and not is_second(actor)}
    doubled = _spec(state.get(CONTROL_PLANE)).get("doubled") or {}
    found |= {second_of(actor): found[actor]._replace(name=second_of(actor)) for actor in doubled if actor in found}
    of_machines = {loop.name: loop for loop in later.values() if loop.instance}
    for actor, process in processes.items():
        name, _, machine = actor.partition("/")
        if machine and process.reconciles:
            of_machines.setdefault(name, ActorState(name, machine, process.reconciles, 0, ()))
    for machine in (ref.name for ref in state if ref.kind == "Machine"):
        found |= {f"{name}/{machine}": loop._replace(instance=machine) for name, loop in of_machines.items()}
    return found


def _ended(step: Step) -> Iterator[str]:
    """Whose process ended with this step: an actor, a role, or all on a machine of that name."""
    record = step.record
    if isinstance(record, Commanded) and isinstance(record.command, CrashController) and not record.error:
        yield record.command.actor
    for change in changes_of(step):
        if change.ref.kind == "Machine" and _spec(change.old).get("power") != _spec(change.new).get("power"):
            yield change.ref.name
        elif change.ref.kind == "ControlPlane":
            yield from _told_otherwise(change, "stopped")
            yield from _told_otherwise(change, "edge")
            yield from map(second_of, _told_otherwise(change, "doubled"))


def _told_otherwise(change: Change, fault: str) -> set[str]:
    before, after = _spec(change.old).get(fault) or {}, _spec(change.new).get(fault) or {}
    return set(before) ^ set(after)


def _spec(obj: Obj | None) -> Obj:
    spec: Obj = (obj or {}).get("spec") or {}
    return spec


def on_call(steps: Iterable[Step]) -> OnCall:
    """What was left to people after `steps`. When nothing was left to do no step tells."""
    found = OnCall()
    for step in steps:
        found.follow(step)
    return found


def latencies(state: Mapping[Ref, Obj]) -> str:
    """The preset that was in force: the machines bear it. "" without a machine."""
    return next((str(obj["spec"]["latencies"]) for ref, obj in state.items() if ref.kind == "Machine"), "")


def came_to_rest(later: Sequence[Step], *, at_rest: bool) -> bool:
    """Whether nothing that people follow came afterwards, unless somebody did something; `at_rest`: in the end."""
    set_off: set[int] = set()  # what came of what somebody did
    for step in later:
        if isinstance(step.record, Commanded) or step.cause in set_off or (not step.cause and set_off):
            set_off.add(step.number)
        elif not step.background:
            return False
    return bool(set_off) or at_rest
